/* SPDX-License-Identifier: BSD-2-Clause */
/* See program_trial.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "program_private.h"
#include "program_trial.h"
#include "util.h"
/* need what program_private.h brings */
#include "registry.h"
#include "skeletons.h"

enum {
        TRIAL_LOG_BYTES = 16384,
        TRIAL_LOG_STATISTICS = 4, /* BPF_LOG_STATS */
        TRIAL_REPEAT_MANY = 4096, /* a system call is less than 1 ns a run then */
};

static const struct bpf_insn return_pass = {
        .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS};
static const struct bpf_insn leave = {.code = BPF_JMP | BPF_EXIT};

static int instructions_load(const struct bpf_insn *instructions, uint32_t count, int *ret_fd) {
        int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "xskim_trial", "Dual BSD/GPL", instructions,
                               count, NULL);

        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

int program_trial_length(uint32_t count, int *ret_fd) {
        static const struct bpf_insn add = {
                .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_0, .imm = 0};
        struct bpf_insn *instructions CLEANUP(free_cleanup) = calloc(count, sizeof(*instructions));

        if (!instructions)
                return -ENOMEM;
        instructions[0] = return_pass;
        for (uint32_t i = 1; i + 1 < count; i++)
                instructions[i] = add;
        instructions[count - 1] = leave;
        return instructions_load(instructions, count, ret_fd);
}

int program_trial_stack(uint32_t bytes, int *ret_fd) {
        const struct bpf_insn instructions[] = {
                {.code = BPF_ST | BPF_B | BPF_MEM,
                 .dst_reg = BPF_REG_10,
                 .off = (int16_t) - (int)bytes},
                return_pass,
                leave,
        };

        return instructions_load(instructions, ARRAY_SIZE(instructions), ret_fd);
}

int program_trial_session(void) {
        struct sampler_bpf *sampler;
        struct carrier_bpf *carrier;
        int r = -EINVAL;

        program_library_quiet();
        sampler = sampler_bpf__open();
        carrier = carrier_bpf__open();
        if (sampler && carrier) {
                r = sampler_bpf__load(sampler);
                r = r ? r : carrier_bpf__load(carrier);
        }
        sampler_bpf__destroy(sampler);
        carrier_bpf__destroy(carrier);
        return r;
}

/* ---- the registry ---- */

/* "stack depth 128+0+64": frames of the program and of its functions. */
static uint32_t log_stack_bytes(const char *log) {
        const char *at = strstr(log, "stack depth ");
        uint32_t sum = 0;
        char *end;

        if (!at)
                return 0;
        at += strlen("stack depth ");
        for (;; at = end + 1) {
                sum += (uint32_t)strtoul(at, &end, 10);
                if (end == at || *end != '+')
                        return sum;
        }
}

static void trial_fill(const struct bpf_program *program, const char *log,
                       struct program_trial *ret_trial) {
        struct bpf_prog_info facts = {0};
        uint32_t size = sizeof(facts);

        *ret_trial = (struct program_trial){.stack_bytes = log_stack_bytes(log)};
        snprintf(ret_trial->name, sizeof(ret_trial->name), "%s", bpf_program__name(program));
        if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &facts, &size))
                return;
        ret_trial->instructions = facts.xlated_prog_len / sizeof(struct bpf_insn);
        ret_trial->verified = facts.verified_insns;
        ret_trial->jited_bytes = facts.jited_prog_len;
}

struct trials {
        struct program_trial *list;
        int count;
};

/* Programs of one object share maps and constants, so they are loaded together; each has its own
 * part of the log. */
static int object_load(struct bpf_object *object, char *logs) {
        struct bpf_program *program;
        int i = 0;

        bpf_object__for_each_program(program, object) {
                if (i == PROGRAM_TRIALS_MAX)
                        return -ENOSPC;
                bpf_program__set_autoload(program, true);
                bpf_program__set_log_level(program, TRIAL_LOG_STATISTICS);
                bpf_program__set_log_buf(program, logs + i++ * TRIAL_LOG_BYTES, TRIAL_LOG_BYTES);
        }
        return bpf_object__load(object);
}

static int object_try(const char *name, const void *bytes, size_t size, struct trials *trials) {
        char *logs CLEANUP(free_cleanup) = calloc(PROGRAM_TRIALS_MAX, TRIAL_LOG_BYTES);
        struct bpf_object *object = logs ? bpf_object__open_mem(bytes, size, NULL) : NULL;
        struct bpf_program *program;
        int i = 0, r = object ? object_load(object, logs) : -ENOMEM;

        if (r < 0) {
                bpf_object__close(object);
                return error_set(r, "program %s: the kernel refused it: %s", name, strerror(-r));
        }
        bpf_object__for_each_program(program, object) {
                if (trials->count == PROGRAM_TRIALS_MAX)
                        break;
                trial_fill(program, logs + i++ * TRIAL_LOG_BYTES, &trials->list[trials->count]);
                trials->list[trials->count++].object = name;
        }
        bpf_object__close(object);
        return 0;
}

int program_trial_registry(struct program_trial list[PROGRAM_TRIALS_MAX]) {
        static const struct {
                const char *name;
                const void *(*bytes)(size_t *size);
        } objects[] = {
#define OBJECT(name_, summary_) {#name_, name_##_bpf__elf_bytes},
                XSKIM_PROGRAMS(OBJECT)
#undef OBJECT
        };
        struct trials trials = {.list = list};

        program_library_quiet();
        for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
                size_t size = 0;
                const void *bytes = objects[i].bytes(&size);
                int r = object_try(objects[i].name, bytes, size, &trials);

                if (r < 0)
                        return r;
        }
        return trials.count;
}

/* ---- runs ---- */

int program_trial_attach(int program_fd, int ifindex, int *ret_link_fd) {
        LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
        int fd = bpf_link_create(program_fd, ifindex, BPF_XDP, &options);

        if (fd < 0)
                return error_set(-errno, "trial: cannot attach the program: %s", strerror(errno));
        *ret_link_fd = fd;
        return 0;
}

int program_trial_run(int program_fd, const void *packet, uint32_t bytes, uint32_t repeat,
                      uint64_t *ret_ns) {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = bytes,
                    .repeat = (int)repeat);
        uint64_t start_ns = clock_monotonic_ns();
        int r = bpf_prog_test_run_opts(program_fd, &options);

        if (r < 0)
                return error_set(r, "trial: cannot run the program: %s", strerror(-r));
        *ret_ns = repeat < TRIAL_REPEAT_MANY ? (uint64_t)options.duration * repeat
                                             : clock_monotonic_ns() - start_ns;
        return 0;
}
