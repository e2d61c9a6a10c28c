/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A user of the library: what the tests need that are linked with libxskim.so alone and include
 * nothing but its public header. The lab is made with ip(8), packets come from a packet socket, and
 * what arrived is judged by the kernel's own counters.
 */
#ifndef XSKIM_TEST_USER_H
#define XSKIM_TEST_USER_H

#include <stdbool.h>

#include <xskim/xskim.h>

enum { PAIRS = 2, PACKET_BYTES = 100 };

extern const char *const ports[PAIRS]; /* watched */
extern const char *const peers[PAIRS]; /* where packets enter */

/* Runs Criterion in a network namespace with the pairs. */
int user_main(int argc, char *argv[]);

void packets_send(const char *peer, unsigned int count);

/* Since the lab was made. */
unsigned long packets_dropped(const char *peer);

/* Entries of a directory: descriptors and threads of this process. */
unsigned int entries_count(const char *path);

bool port_has_program(const char *port);
double now_s(void);

/* Every packet sampled, on the first ports of the lab. */
void config_of(struct xskim_config *config, unsigned int port_count);

/* A test fails when it cannot. */
struct xskim_session *session_open(const struct xskim_config *config);

/* A sink that counts its calls and gives what it is told to give. */
struct told {
        struct xskim_session *session;
        unsigned int snapshots;
        unsigned int summaries;
        unsigned int misplaced;
        int error;
        bool stops;
        struct xskim_snapshot last;
};

struct xskim_sink sink_of(struct told *told);

#endif
