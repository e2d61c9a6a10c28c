/* SPDX-License-Identifier: BSD-2-Clause */
/* Adds up per-CPU state. See source.h. */
#include <errno.h>
#include <string.h>

#include <xskim/barrier.h>

#include "log.h"
#include "source.h"
#include "util.h"

int source_open(struct source *s, struct programs *programs, uint32_t port, uint32_t cpus,
                bool stack) {
        *s = (struct source){.programs = programs, .port = port, .cpus = cpus, .stack = stack};
        s->states = calloc(cpus, sizeof(*s->states));
        s->stacks = stack ? calloc(cpus, sizeof(*s->stacks)) : NULL;
        s->cpu_seen = calloc(cpus, sizeof(*s->cpu_seen));
        s->cpu_sampled = calloc(cpus, sizeof(*s->cpu_sampled));
        if (!s->states || (stack && !s->stacks) || !s->cpu_seen || !s->cpu_sampled) {
                source_close(s);
                return -ENOMEM;
        }
        return 0;
}

void source_close(struct source *s) {
        free(s->states);
        free(s->stacks);
        free(s->cpu_seen);
        free(s->cpu_sampled);
        *s = SOURCE_NULL;
}

static void words_add(uint64_t *into, const uint64_t *from, size_t count) {
        for (size_t i = 0; i < count; i++)
                into[i] += from[i];
}

static void state_add(struct account_kernel *k, const struct xskim_sampler_state *s) {
#define ADD_COUNTER(name_, unit_, doc_) k->counters.name_ += s->counters.name_;
        XSKIM_SAMPLER_COUNTERS(ADD_COUNTER)
#undef ADD_COUNTER
        k->remaining += s->countdown + s->held;
        for (int run = 0; run < XSKIM_RUN_COUNT; run++) {
                k->timed[run].runs += s->timed[run].runs;
                k->timed[run].ns += s->timed[run].ns;
        }
        words_add((uint64_t *)k->outcomes, (const uint64_t *)s->outcomes, XSKIM_OUTCOME_COUNT);
        words_add((uint64_t *)k->classes, (const uint64_t *)s->classes, XSKIM_CLASS_COUNT);
        words_add((uint64_t *)k->sizes, (const uint64_t *)s->sizes, XSKIM_SIZE_BUCKETS);
}

static void stack_add(struct xskim_stack_state *into, const struct xskim_stack_state *from) {
        if (!from->count)
                return;
        if (!into->count || from->min_ns < into->min_ns)
                into->min_ns = from->min_ns;
        into->max_ns = MAX(into->max_ns, from->max_ns);
        into->count += from->count;
        into->sum_ns += from->sum_ns;
        words_add((uint64_t *)into->buckets, (const uint64_t *)from->buckets, XSKIM_STACK_BUCKETS);
}

static void controls_add(const struct source *s, struct account_kernel *k) {
        const struct xskim_ring_control *c =
                program_ring_controls(s->programs) + (size_t)s->port * s->cpus;

        for (uint32_t cpu = 0; cpu < s->cpus; cpu++) {
                k->carried += c[cpu].carried;
                k->frames += c[cpu].frames;
                k->tail += xskim_load_acquire(&c[cpu].tail);
                k->head += xskim_load_acquire(&c[cpu].head);
        }
}

static void busiest_find(const struct source *s, struct account_kernel *k) {
        for (uint32_t cpu = 0; cpu < s->cpus; cpu++) {
                uint64_t packets = s->states[cpu].counters.seen - s->cpu_seen[cpu];

                if (packets < k->busiest_cpu_packets)
                        continue;
                k->busiest_cpu_packets = packets;
                k->busiest_cpu_samples = s->states[cpu].counters.sampled - s->cpu_sampled[cpu];
        }
}

static void interval_end(struct source *s, const struct account_kernel *k) {
        s->seen = k->counters.seen;
        s->bytes = k->counters.bytes;
        for (uint32_t cpu = 0; cpu < s->cpus; cpu++) {
                s->cpu_seen[cpu] = s->states[cpu].counters.seen;
                s->cpu_sampled[cpu] = s->states[cpu].counters.sampled;
        }
}

void source_rewind(struct source *s) {
        s->seen = s->bytes = 0;
        memset(s->cpu_seen, 0, s->cpus * sizeof(*s->cpu_seen));
        memset(s->cpu_sampled, 0, s->cpus * sizeof(*s->cpu_sampled));
}

int source_read(struct source *s, bool next_interval, struct account_kernel *k) {
        int r;

        controls_add(s, k);
        /* control pages before states: see the prototype */
        xskim_compiler_barrier();
        r = program_states_read(s->programs, s->port, s->states);
        if (!r && s->stack)
                r = program_stacks_read(s->programs, s->port, s->stacks);
        if (r < 0)
                return error_set(r, "port %u: cannot read the sampler's state: %s", s->port,
                                 strerror(-r));
        for (uint32_t cpu = 0; cpu < s->cpus; cpu++) {
                state_add(k, &s->states[cpu]);
                if (s->stack)
                        stack_add(&k->stack, &s->stacks[cpu]);
        }
        busiest_find(s, k);
        k->interval_packets = k->counters.seen - s->seen;
        k->interval_bytes = k->counters.bytes - s->bytes;
        if (next_interval)
                interval_end(s, k);
        return 0;
}
