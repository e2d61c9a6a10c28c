/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lab of scripts/lab as a test uses it: two hosts with the relay in between, a sender of
 * numbered frames on one, tcpdump on both as a judge of what was sent and what came, and the
 * relay's account. A suite's main is hosts_main, which takes the lab down at the end whatever the
 * tests did.
 */
#ifndef XSKIM_TEST_HOSTS_H
#define XSKIM_TEST_HOSTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* Runs Criterion with its usual arguments; the lab's name is the process's own. */
int hosts_main(int argc, char *argv[]);

/* `scripts/lab WORDS`, printf, with --name and the suite's lab behind the first word; the exit
 * status. What it says goes to hosts_said. */
__attribute__((format(printf, 1, 2))) int hosts_lab(const char *words, ...);
/* `scripts/lab up`, killed after this time with all that it has started, unless it is through. */
void hosts_up_killed(int after_ms);
/* The end of what the last hosts_lab printed, standard error included. */
const char *hosts_said(void);

/* Of one test (.init): no lab is there, whatever the last test left. */
void hosts_fresh(void);

/* up with this impairment (NULL: off), which must succeed. Sending is left to right. */
void hosts_up(const char *told);

/* down, which must succeed and leave nothing; the relay's account is kept. */
void hosts_down(void);

/* Out of the account of left to right, after hosts_down; fails the test when it is not there. */
uint64_t hosts_count(const char *name);
/* All of it, for messages. */
const char *hosts_account(void);
/* Every frame that came in either direction is accounted for. */
void hosts_balanced(void);

/* A network namespace of the lab, by its host, open; the caller closes it. */
int hosts_namespace(const char *host);
pid_t hosts_relay(void);

/* tcpdump on a host's port, running; it writes what passes there in either direction. */
struct hosts_judge {
        pid_t pid;
        char path[64];
        FILE *err;
};

struct hosts_judge hosts_judge_start(const char *host);
/* On a port of the network namespace that the calling thread is in. */
struct hosts_judge hosts_judge_here(const char *port);

struct hosts_frame {
        uint64_t unix_ns; /* by the kernel */
        uint32_t length;
        uint8_t *bytes;
};

struct hosts_frames {
        uint32_t count;
        struct hosts_frame *frames;
};

/* Ends tcpdump, which must not have lost anything, and reads what it wrote. */
struct hosts_frames hosts_judge_end(struct hosts_judge *judge);
void hosts_frames_free(struct hosts_frames *frames);

enum { HOSTS_NUMBER_OFFSET = 42, HOSTS_FRAME_BYTES_MIN = 60 };

/* Sends `count` frames from the host's port, one every `interval_ns` (0: as fast as it goes), by
 * `make` (NULL: UDP of `bytes` bytes with its number behind the headers); for nobody's Ethernet
 * address, so that no stack answers. */
typedef uint32_t hosts_make(uint32_t number, uint8_t *ret_bytes);
void hosts_send(const char *host, uint32_t count, uint64_t interval_ns, uint32_t bytes,
                hosts_make *make);

/* What both judges saw of hosts_send from left to right, through a lab of its own that is down
 * again: all was sent, and the account balances. Frames may be held for 300 ms. */
struct hosts_run {
        struct hosts_frames sent;
        struct hosts_frames came;
};

struct hosts_run hosts_run(const char *told, uint32_t count, uint64_t interval_ns, uint32_t bytes,
                           hosts_make *make);
void hosts_run_free(struct hosts_run *run);

/* The number in a frame of hosts_send. */
uint32_t hosts_number(const struct hosts_frame *frame);

#endif
