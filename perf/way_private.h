/* SPDX-License-Identifier: BSD-2-Clause */
/* What the ways share with way.c, and nobody else. */
#ifndef XSKIM_PERF_WAY_PRIVATE_H
#define XSKIM_PERF_WAY_PRIVATE_H

#include "collector.h"
#include "sampling.h"
#include "way.h"

struct way_operations {
        void (*open)(struct way *way);
        void (*close)(struct way *way);
        bool (*is_drained)(const struct way *way);
        uint64_t (*taken)(const struct way *way);
        void (*counts)(struct way *way, struct way_counts *ret_counts);
        /* The first record that was left on the packet path's CPU, in place; NULL: not mapped. */
        const struct xskim_record *(*first)(const struct way *way);
};

struct way {
        enum way_kind kind;
        struct way_config config;
        const struct way_operations *operations;
        void *own; /* of the kind's */
        int program_fd;
        int link_fd;   /* -1: the session's own */
        int states_fd; /* -1: the session's own */
        uint64_t record_memory;
        struct collector *collector; /* NULL: the session's own */
        struct xskim_session *session;
};

extern const struct way_operations WAY_SESSION, WAY_RINGBUF, WAY_MAPPED, WAY_SELF;

/* What program_port.c sets in the sampler's constants. */
#define WAY_CONFIGURE(constants_, config_)                                                         \
        do {                                                                                       \
                struct xskim_skip skip_ = sampling_skip((config_)->sample);                        \
                                                                                                   \
                (constants_)->port_number = 0;                                                     \
                (constants_)->cpu_count = program_cpus_possible();                                 \
                (constants_)->verdict =                                                            \
                        (config_)->verdict == XSKIM_VERDICT_DROP ? XDP_DROP : XDP_PASS;            \
                (constants_)->count_classes = (config_)->tier == XSKIM_TIER_CLASSES;               \
                (constants_)->weight = (config_)->sample ? (config_)->sample : 1;                  \
                (constants_)->ring_slots = (config_)->ring_slots;                                  \
                (constants_)->sampling_off = !(config_)->sample;                                   \
                (constants_)->skip_of.mantissa = skip_.mantissa;                                   \
                (constants_)->skip_of.shift = skip_.shift;                                         \
        } while (0)

/* Sets up the sampler's state as program_port.c does, and attaches it. */
void way_start(struct way *way);

/* Counters of the sampler, all CPUs; what the collector decoded. */
void way_counts_of_peer(struct way *way, struct way_counts *ret_counts);

#endif
