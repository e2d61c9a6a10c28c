/* SPDX-License-Identifier: BSD-2-Clause */
/* Where and how a measurement was made: what somebody has to know to judge it, or to repeat it.
 * Owns reading that from the machine. */
#ifndef XSKIM_ENVIRONMENT_H
#define XSKIM_ENVIRONMENT_H

enum {
        ENVIRONMENT_TEXT_BYTES = 256,
        ENVIRONMENT_COMMAND_BYTES = 4096,
        ENVIRONMENT_MITIGATIONS_MAX = 48,
};

/* Texts; what is not known is "unknown". ROW(name, bytes, how it is called, doc) */
#define ENVIRONMENT_ROWS(ROW)                                                                      \
        ROW(command, ENVIRONMENT_COMMAND_BYTES, "command", "as a shell would read it again")       \
        ROW(when, ENVIRONMENT_TEXT_BYTES, "when", "local time and its distance to UTC")            \
        ROW(kernel, ENVIRONMENT_TEXT_BYTES, "kernel", "name, release, machine")                    \
        ROW(cpu, ENVIRONMENT_TEXT_BYTES, "CPU", "the model")                                       \
        ROW(virtualisation, ENVIRONMENT_TEXT_BYTES, "virtualisation",                              \
            "what says that this is a virtual machine; or none is seen")                           \
        ROW(governor, ENVIRONMENT_TEXT_BYTES, "frequency governor", "of the first CPU")            \
        ROW(clocksource, ENVIRONMENT_TEXT_BYTES, "clock source", "of the kernel")                  \
        ROW(jit, ENVIRONMENT_TEXT_BYTES, "BPF JIT", "on or off, and hardening")                    \
        ROW(xskim, ENVIRONMENT_TEXT_BYTES, "xskim", "version")                                     \
        ROW(libbpf, ENVIRONMENT_TEXT_BYTES, "libbpf", "version, when built")                       \
        ROW(clang, ENVIRONMENT_TEXT_BYTES, "clang", "version, which compiled the BPF programs")

struct environment_mitigation {
        char name[48];                      /* of the weakness, as the kernel calls it */
        char state[ENVIRONMENT_TEXT_BYTES]; /* as the kernel says */
};

#define ENVIRONMENT_MEMBER(name_, bytes_, title_, doc_) char name_[bytes_];

struct environment {
        ENVIRONMENT_ROWS(ENVIRONMENT_MEMBER)
        unsigned int cpus; /* online */
        unsigned int mitigation_count;
        struct environment_mitigation mitigations[ENVIRONMENT_MITIGATIONS_MAX]; /* by name */
};

/* The words are those of the command line, without the program's name. */
void environment_take(int argc, char *const argv[], struct environment *ret_environment);

#endif
