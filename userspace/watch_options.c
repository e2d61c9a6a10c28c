/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the options of xskim watch. See watch_options.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli_value.h"
#include "util.h"
#include "watch_options.h"

enum {
        INTERVAL_MIN_MS = 10,
        INTERVAL_MAX_MS = 24 * 3600 * 1000,
        FLUSH_MAX_MS = 60000,
        SAMPLE_MAX = (1 << 24) - 1, /* a record's weight has 24 bits */
        WORKERS_MAX = 64,
        RING_SLOTS_UNIT = 48, /* records of a metadata frame */
        RING_SLOTS_MIN = 96,
        RING_SLOTS_MAX = 32736,
        LOOPS_MAX = 1000000000,
};
static const uint64_t DURATION_MAX_MS = 3650ULL * 24 * 3600 * 1000;

static const char *const VERDICTS[] = {
        [XSKIM_VERDICT_PASS] = "pass", [XSKIM_VERDICT_DROP] = "drop"};
static const char *const TIERS[] = {
        [XSKIM_TIER_COUNTS] = "counts", [XSKIM_TIER_CLASSES] = "classes"};

static struct xskim_config *config_of(void *target) {
        return &((struct watch_options *)target)->config;
}

/* ---- reading ---- */

static int parse_verdict(void *target, const char *value) {
        size_t index;
        int r = cli_value_choice(value, VERDICTS, ARRAY_SIZE(VERDICTS), &index);

        if (r >= 0)
                config_of(target)->verdict = (enum xskim_verdict)index;
        return r;
}

static int parse_tier(void *target, const char *value) {
        size_t index;
        int r = cli_value_choice(value, TIERS, ARRAY_SIZE(TIERS), &index);

        if (r >= 0)
                config_of(target)->tier = (enum xskim_tier)index;
        return r;
}

static int parse_sample(void *target, const char *value) {
        if (!strcmp(value, "off")) {
                config_of(target)->sample = 0;
                return 0;
        }
        return cli_value_u32(value, 1, SAMPLE_MAX, &config_of(target)->sample);
}

static int parse_seed(void *target, const char *value) {
        return cli_value_number(value, 0, UINT64_MAX, &config_of(target)->seed);
}

static int parse_interval(void *target, const char *value) {
        uint64_t ms;
        int r = cli_value_duration(value, INTERVAL_MIN_MS, INTERVAL_MAX_MS, &ms);

        if (r >= 0)
                config_of(target)->interval_ms = (uint32_t)ms;
        return r;
}

static int parse_duration(void *target, const char *value) {
        return cli_value_duration(value, 1, DURATION_MAX_MS, &config_of(target)->duration_ms);
}

static int parse_record(void *target, const char *value) {
        if (!*value)
                return -EINVAL;
        config_of(target)->record_path = value;
        return 0;
}

static int parse_workers(void *target, const char *value) {
        return cli_value_u32(value, 1, WORKERS_MAX, &config_of(target)->workers);
}

static int parse_cpu(void *target, const char *value) {
        struct xskim_config *config = config_of(target);
        size_t count;
        int r = cli_value_cpus(value, config->cpus, ARRAY_SIZE(config->cpus), &count);

        if (r >= 0)
                config->cpu_count = (unsigned int)count;
        return r;
}

static int parse_ring_slots(void *target, const char *value) {
        uint32_t slots;
        int r = cli_value_u32(value, RING_SLOTS_MIN, RING_SLOTS_MAX, &slots);

        if (r < 0)
                return r;
        if (slots % RING_SLOTS_UNIT)
                return -EINVAL;
        config_of(target)->ring_slots = slots;
        return 0;
}

static int parse_flush_ms(void *target, const char *value) {
        return cli_value_u32(value, 1, FLUSH_MAX_MS, &config_of(target)->flush_ms);
}

static int parse_json(void *target, const char *value) {
        (void)value;
        ((struct watch_options *)target)->json = true;
        return 0;
}

static int parse_clock_offset(void *target, const char *value) {
        bool negative = *value == '-';
        uint64_t number;
        int r = cli_value_number(value + negative, 0, INT64_MAX, &number);

        if (r >= 0)
                config_of(target)->clock_offset_ns = negative ? -(int64_t)number : (int64_t)number;
        return r;
}

static int parse_expect(void *target, const char *value) {
        if (!*value)
                return -EINVAL;
        config_of(target)->expect_path = value;
        return 0;
}

static int parse_expect_filter(void *target, const char *value) {
        if (!*value)
                return -EINVAL;
        config_of(target)->expect_filter = value;
        return 0;
}

static int parse_expect_loops(void *target, const char *value) {
        return cli_value_number(value, 1, LOOPS_MAX, &config_of(target)->expect_loops);
}

/* The flags of the configuration: the member has the option's name. */
#define FLAG(name_)                                                                                \
        static int parse_##name_(void *target, const char *value) {                                \
                (void)value;                                                                       \
                config_of(target)->name_ = true;                                                   \
                return 0;                                                                          \
        }
FLAG(stack)
FLAG(transit)
FLAG(busy)
FLAG(generic)
FLAG(shared)
FLAG(force)

/* ---- showing, of the options that xskim serve takes, too ---- */

static const struct xskim_config *config_in(const void *target) {
        return &((const struct watch_options *)target)->config;
}

__attribute__((format(printf, 2, 3))) static bool shown(char text[static CLI_VALUE_BYTES],
                                                        const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, CLI_VALUE_BYTES, format, arguments);
        va_end(arguments);
        return true;
}

#define SHOW(name_, ...)                                                                           \
        static bool show_##name_(const void *target, char text[static CLI_VALUE_BYTES]) {          \
                return shown(text, __VA_ARGS__);                                                   \
        }
SHOW(verdict, "%s", VERDICTS[config_in(target)->verdict])
SHOW(tier, "%s", TIERS[config_in(target)->tier])
SHOW(seed, "%" PRIu64, config_in(target)->seed)
SHOW(workers, "%" PRIu32, config_in(target)->workers)
SHOW(ring_slots, "%" PRIu32, config_in(target)->ring_slots)
SHOW(flush_ms, "%" PRIu32, config_in(target)->flush_ms)
SHOW(json, "%s", ((const struct watch_options *)target)->json ? "true" : "false")

#define SHOW_FLAG(name_) SHOW(name_, "%s", config_in(target)->name_ ? "true" : "false")
SHOW_FLAG(stack)
SHOW_FLAG(busy)
SHOW_FLAG(generic)
SHOW_FLAG(shared)
SHOW_FLAG(force)

static bool show_sample(const void *target, char text[static CLI_VALUE_BYTES]) {
        uint32_t sample = config_in(target)->sample;

        return sample ? shown(text, "%" PRIu32, sample) : shown(text, "off");
}

static bool show_interval(const void *target, char text[static CLI_VALUE_BYTES]) {
        uint32_t ms = config_in(target)->interval_ms;

        return ms % 1000 ? shown(text, "%" PRIu32 "ms", ms)
                         : shown(text, "%" PRIu32 "s", ms / 1000);
}

static bool show_cpu(const void *target, char text[static CLI_VALUE_BYTES]) {
        const struct xskim_config *config = config_in(target);
        size_t used = 0;

        for (unsigned int i = 0; i < config->cpu_count && used < CLI_VALUE_BYTES; i++)
                used += (size_t)snprintf(text + used, CLI_VALUE_BYTES - used, "%s%d", i ? "," : "",
                                         config->cpus[i]);
        return config->cpu_count;
}

/* ---- the rows ---- */

const struct cli_option WATCH_OPTIONS[] = {
        {"verdict", "pass|drop", "pass",
         "what happens to packets: pass leaves a host's own traffic alone; drop is for TAP and "
         "SPAN "
         "ports and puts the port in promiscuous mode while watching",
         "pass or drop", parse_verdict, show_verdict},
        {"sample", "N|off", "64",
         "samples 1 packet in N on average, at random; 1: every packet; off: only what is counted "
         "of "
         "every packet",
         "a number from 1 to 16777215, or off", parse_sample, show_sample},
        {"seed", "N", "0", "of the random choice, for repeatable runs; 0: from the kernel",
         "a number from 0 to 18446744073709551615", parse_seed, show_seed},
        {"tier", "counts|classes", "classes",
         "what is counted of every packet: packets and bytes; or also classes, sizes and how "
         "parsing "
         "ended",
         "counts or classes", parse_tier, show_tier},
        {"stack", NULL, NULL,
         "measures from XDP to tc ingress, with --verdict pass, on Linux 6.6 and later; newer "
         "kernels do not let it be combined with --shared",
         NULL, parse_stack, show_stack},
        {"transit", NULL, NULL,
         "looks for the stamps of xskim replay --stamp: latency, loss, copies, reordering, delay "
         "variation and damage of the packets that carry them, sampled or not",
         NULL, parse_transit},
        {"clock-offset", "NS", "0",
         "with --transit: this machine's CLOCK_MONOTONIC minus the sender's, taken off each "
         "latency",
         "a whole number of nanoseconds, which may be negative", parse_clock_offset},
        {"expect", "FILE", NULL,
         "holds what arrives against the packets of this capture: missing, changed, duplicated and "
         "extra ones; the exit status is 3 when there are any. Not with --transit",
         "the name of a file", parse_expect},
        {"expect-filter", "EXPRESSION", NULL,
         "of the capture only what this expression of libpcap selects is expected",
         "an expression of libpcap", parse_expect_filter},
        {"expect-loops", "N", "1", "how often the capture is sent (xskim replay --loop)",
         "a number from 1 to 1000000000", parse_expect_loops},
        {"interval", "TIME", "1s", "between two snapshots",
         "seconds (0.5) or a time with a unit (200ms, 1s, 1m), from 10ms to 24h", parse_interval,
         show_interval},
        {"duration", "TIME", NULL, "ends after it; without it, ^C or SIGTERM ends",
         "seconds (0.5) or a time with a unit (200ms, 10s, 5m, 1h), from 1ms to 87600h",
         parse_duration},
        {"json", NULL, NULL,
         "prints JSON, one object a line: snapshots, then a summary for each port", NULL,
         parse_json, show_json},
        {"record", "FILE", NULL, "writes every sampled record to FILE; xskim read prints it",
         "the name of a file", parse_record},
        {"workers", "N", "1", "threads that collect, each with its share of the staging rings",
         "a number from 1 to 64", parse_workers, show_workers},
        {"cpu", "LIST", NULL,
         "pins the workers to these CPUs, one each; without it they are not pinned",
         "CPU numbers and ranges, each CPU once, as 0,1 or 0-3, 64 at most", parse_cpu, show_cpu},
        {"ring-slots", "N", "1536", "records that a staging ring holds, one ring a port and CPU",
         "a multiple of 48 from 96 to 32736", parse_ring_slots, show_ring_slots},
        {"flush-ms", "N", "40", "a record waits at most so many milliseconds for others",
         "a number from 1 to 60000", parse_flush_ms, show_flush_ms},
        {"busy", NULL, NULL,
         "workers spin instead of sleeping: a CPU each, for the shortest delivery", NULL,
         parse_busy, show_busy},
        {"generic", NULL, NULL, "uses generic (SKB) mode; never chosen without being asked for",
         NULL, parse_generic, show_generic},
        {"shared", NULL, NULL, "joins libxdp's dispatcher, beside other XDP programs", NULL,
         parse_shared, show_shared},
        {"force", NULL, NULL,
         "allows --verdict drop on a port that has an address or the default route", NULL,
         parse_force, show_force},
        {},
};

const struct cli_option *watch_option_find(const char *name) {
        for (const struct cli_option *option = WATCH_OPTIONS; option->name; option++)
                if (!strcmp(option->name, name))
                        return option;
        return NULL;
}
