/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of xskim replay share: a fresh lab, a capture, the command, its report. */
#ifndef XSKIM_TEST_REPLAYING_H
#define XSKIM_TEST_REPLAYING_H

#include <stdint.h>

#include <xskim/xskim.h>

#include "command.h"
#include "tape.h"

#define NS_A_MS 1000000ULL
enum { MADE_PACKETS = 500, PACKET_BYTES_MAX = 1514 };

/* Path of the capture that the test made; gone with the test. */
extern char made[64];

/* .init and .fini of a suite: a fresh lab whose peer takes redirected frames. */
void replaying_begin(void);
void replaying_end(void);

/* Frees it when the test ends, however it ends. Returns it. */
void *replaying_keep(void *allocated);

/* Random bytes of random length, from an Ethernet header to the MTU, `gap_ns` apart. */
void replaying_make(unsigned int packets, uint64_t gap_ns);

/* The command's end, with --json. What these return is freed when the test ends. */
#define REPLAY(...) replaying_run((const char *const[]){"replay", "--json", __VA_ARGS__, NULL})
struct command_result replaying_run(const char *const arguments[]);
struct command_result replaying_wait(struct command *command);

/* The text, or number, behind "key": in the report. */
const char *report_text(const struct command_result *result, const char *key);
double report_number(const struct command_result *result, const char *key);

/* All went well, and so many packets were sent, by the port's own counters too. */
void replaying_well(struct command_result result, uint64_t packets);

/* The session at the far end that looks for stamps. */
struct xskim_session *replaying_far_end(enum xskim_verdict verdict);

/* What the replay says it stamped is what came there, thread by thread, and nothing happened to it
 * on the way. Ends the session. */
void replaying_all_came(const struct command_result *result, struct xskim_session *session);

/* Two rounds of the capture arrive at the peer, byte by byte and in order, as tcpdump there has it;
 * and of one in another form, as what its `original` has. */
void replaying_arrives_like(const char *original, const char *path, const char *engine,
                            const char *pace, const char *value);
void replaying_arrives(const char *path, const char *engine, const char *pace, const char *value);

#endif
