/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A running `xskim serve` as its surroundings see it: the configuration file, what it logs, its
 * pages over HTTP, what it tells the service manager. In the network namespace of the test; nothing
 * outlives it.
 */
#ifndef XSKIM_TEST_SERVING_H
#define XSKIM_TEST_SERVING_H

#include <stdbool.h>
#include <stdint.h>

#include "command.h"

/* Besides LAB_PORT and LAB_PEER. */
#define SERVING_OTHER_PORT "lab2"
#define SERVING_OTHER_PEER "lab3"

#define SERVING_LISTEN "127.0.0.1:9963"

/* Configurations begin with it. */
#define SERVING_HEAD "interval: 100ms\nmetrics:\n  listen: " SERVING_LISTEN "\n"

struct serving {
        struct command command;
        char directory[32];
        char path[64]; /* of the configuration */
        int manager;   /* the socket of the service manager; -1: none */
};

/* For a suite: a namespace with both pairs of ports. */
void serving_two_pairs(void);

/* UDP packets of 64 bytes. */
void serving_send(const char *peer, uint64_t count);

/* Starts it with this configuration (YAML) and waits until it serves pages. */
struct serving serving_start(const char *configuration);

/* Likewise, without waiting. `manager`: of NOTIFY_SOCKET, "/…" or "@…" (a path must be free);
 * `before` runs in the child before exec. Both may be NULL. */
struct serving serving_begin(const char *configuration, const char *manager, void (*before)(void));

/* Writes the configuration, sends SIGHUP and waits until it has answered in its log. */
void serving_reload(struct serving *serving, const char *configuration);

/* Sends the signal (0: none) and waits for its end. */
struct command_result serving_end(struct serving *serving, int number);

/* SIGTERM ends it with status 0, and nothing of it is left on a port. */
void serving_ends_well(struct serving *serving);

/* What it has logged so far. Static, until the next call. */
const char *serving_log(const struct serving *serving);

/* GET: the HTTP status, 0 when nobody listens; the body is on the heap (NULL: not wanted). */
int serving_get(const char *path, char **ret_body);

/* The value of NAME{port="PORT"} on /metrics, or -1: there is none. */
double serving_metric(const char *name, const char *port);

/* Of a port: packets seen, and whether it is watched, as /metrics has it. */
double serving_packets(const char *port);
bool serving_is_up(const char *port);

/* What the service manager was told since the last call, datagrams separated by "|". Static. */
const char *serving_told(struct serving *serving);

/* Waits until the expression is so, 10 s at most, then fails the test. */
#define SERVING_UNTIL(serving_, expression_)                                                       \
        do {                                                                                       \
                int tries_ = 0;                                                                    \
                while (!(expression_) && tries_++ < 1000)                                          \
                        usleep(10000);                                                             \
                cr_assert(tries_ < 1000, "not so within 10 s: %s; the log:\n%s", #expression_,     \
                          serving_log(serving_));                                                  \
        } while (0)

#endif
