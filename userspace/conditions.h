/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the port under test runs in turn. Owns the programs and sessions of all conditions, which
 * are loaded once and stay, and the link on the port, which is pointed from one to the next.
 *
 * A session of xskim is a real one: it watches a parking port, a veth of its own, with all that
 * belongs to it, and its sampler is put on the port under test besides by updating the link there.
 * That takes a few microseconds, where attaching takes tens of milliseconds, as long as every
 * program is natively attached somewhere else, too, so that the kernel's BPF dispatcher does not
 * change: that is what parking ports are for. Conditions that cannot be switched so (off, stack,
 * shared, command) are slow.
 */
#ifndef XSKIM_CONDITIONS_H
#define XSKIM_CONDITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <xskim/xskim.h>

#include "arena.h"

struct conditions_config {
        const struct arena *arena;
        const struct xskim_bench_condition *asked; /* borrowed until close */
        unsigned int count;
        int tier;          /* enum xskim_tier, of those that name none */
        int collector_cpu; /* of xskim's workers; -1: any */
        uint32_t settle_ms;
};

struct conditions;

/* Loads and parks everything. All calls from one thread, which is in the arena's home namespace and
 * is back there after each. -EBUSY: a program is on the port, named in the message. */
int conditions_open(const struct conditions_config *config, struct conditions **ret_conditions);

/* Stops what runs, detaches, frees. */
struct conditions *conditions_close(struct conditions *conditions);

/* "sample=64", "empty again": unique. The tier's name, or "". */
const char *conditions_name(const struct conditions *conditions, unsigned int condition);
const char *conditions_tier(const struct conditions *conditions, unsigned int condition);
bool conditions_is_slow(const struct conditions *conditions, unsigned int condition);

/* The port runs it when this returns (of another program: when it has had time to settle). The one
 * before is left first. CONDITIONS_CANNOT, with a message: this one cannot, now or ever; the port
 * has the empty program. A negative errno, with a message: the one before could not be left, or the
 * port takes nothing any more. */
enum { CONDITIONS_CANNOT = 1 };
int conditions_enter(struct conditions *conditions, unsigned int condition);

/* Back to the baseline's empty program; another program is stopped first, which may take seconds.
 * One that had ended before by itself has failed: what was measured of it is worth nothing. */
int conditions_leave(struct conditions *conditions);

/* It could not be loaded, or entered, or did not last; the outcome's note says why. */
bool conditions_has_failed(const struct conditions *conditions, unsigned int condition);

/* CPU time of the condition's collector so far: xskim's workers, the consumer of the ring buffer,
 * the other program with its children. */
uint64_t conditions_collector_ns(const struct conditions *conditions, unsigned int condition);

/* Adds to the packets that came to the port while this condition had it; the caller knows. */
void conditions_truth(struct conditions *conditions, unsigned int condition, uint64_t packets);

/* ns a run of the condition's program by BPF_PROG_RUN on this packet, `repeat` times; NAN: it has
 * none. Not while packets are sent. */
double conditions_run_ns(struct conditions *conditions, unsigned int condition,
                         const uint8_t *packet, uint32_t bytes, uint32_t repeat);

/* The kernel's run-time statistics of the program that the condition has on the port (run_cnt,
 * run_time_ns of bpf_prog_info), which count while the descriptor of conditions_statistics_on is
 * open. Without program: both 0. */
int conditions_statistics_on(void);
int conditions_statistics(const struct conditions *conditions, unsigned int condition,
                          uint64_t *ret_runs, uint64_t *ret_ns);

/* Ends all; fills name, tier, kind, number, failed, note, memory_bytes and the account of the
 * outcome (see xskim_bench_outcome), whose truth was told. After that only close. */
int conditions_finish(struct conditions *conditions, struct xskim_bench_outcome *outcomes);

#endif
