/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of xskim watch --expect share: the lab of replaying.h, watched at its other end.
 */
#ifndef XSKIM_TEST_EXPECTING_H
#define XSKIM_TEST_EXPECTING_H

#include <stdint.h>

#include <xskim/xskim.h>

#include "captures.h"
#include "command.h"

/* Path of a second capture that the test makes; gone with the test. */
extern char other[64];

/* .init and .fini of a suite. */
void expecting_begin(void);
void expecting_end(void);

/* Those of the directory; without any the test is skipped. */
const struct captures *captures_here(void);
/* The one with this in its name, and how many packets there are in one. */
const char *capture_named(const char *name);
uint64_t packets_of(const char *path);

/* The command, attached to LAB_PEER; and its end, when all that was sent has had time to arrive. */
#define WATCH(...)                                                                                 \
        watch_start((const char *const[]){"watch", LAB_PEER, "--verdict", "drop", "--json",        \
                                          "--ring-slots", "32736", __VA_ARGS__, NULL})
struct command watch_start(const char *const arguments[]);
struct command_result watch_end(struct command *watch);

/* The figures of its summary, which add up. */
struct xskim_expect told(const struct command_result *result);
void all_is_well(const struct command_result *result, uint64_t packets);

enum { ONE_BYTES = 100 };

/* A UDP packet whose last byte is the given one; a capture of copies of it, cut to `captured`. */
void one_packet(uint8_t *ret_packet, uint8_t last);
void one_write(const char *path, uint8_t last, uint32_t captured, int copies);

#endif
