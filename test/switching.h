/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lab as an arena in which conditions take turns: the pair in a namespace of its own, the
 * test's thread in another.
 */
#ifndef XSKIM_TEST_SWITCHING_H
#define XSKIM_TEST_SWITCHING_H

#include <stdint.h>

#include <xskim/xskim.h>

#include "arena.h"
#include "conditions.h"

enum { SWITCHING_PACKET_BYTES = 60 };

/* Path drop, unless a test changes it before it opens conditions. */
extern struct arena switching_arena;

/* .init of a test. */
void switching_fresh(void);

/* To where the ports are, and back. */
void switching_there(void);
void switching_home(void);

/* The program on the port under test; 0: none. */
uint32_t switching_program(void);

/* Conditions as they are asked for, one after another. */
struct switching {
        struct xskim_bench_condition conditions[XSKIM_BENCH_CONDITIONS_MAX];
        unsigned int count;
};
void switching_ask(struct switching *asked, const char *text);

struct conditions *switching_open(const struct switching *asked);
struct conditions *switching_open_settling(const struct switching *asked, uint32_t settle_ms);

/* Gives the port to a condition for so many packets, and tells it. */
void switching_round(struct conditions *conditions, unsigned int number, uint64_t packets);

/* Ends all; nothing may be on the port any more. */
void switching_finish(struct conditions *conditions, const struct switching *asked,
                      struct xskim_bench_outcome *outcomes);

#endif
