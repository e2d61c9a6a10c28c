/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How the load of an experiment tells the pacer program what to send when, and hears what was. The
 * load writes what is told before a run, but for `stop`; the pacer writes the rest. Host byte
 * order.
 */
#ifndef XSKIM_PACE_H
#define XSKIM_PACE_H

#include <linux/types.h>

enum {
        XSKIM_PACE_ROWS = 16,        /* room for kinds of packets; a power of two */
        XSKIM_PACE_HEAD_BYTES = 60,  /* of a frame, that are written: as long as the shortest is */
        XSKIM_PACE_MARK_OFFSET = 42, /* Ethernet, IPv4, UDP */
        XSKIM_PACE_FRAMES_MAX = 4096,
        XSKIM_PACE_MAGIC = 0x6d696b73,
};

/* At the beginning of every payload. */
struct xskim_pace_mark {
        __u32 magic;  /* XSKIM_PACE_MAGIC */
        __u32 run;    /* counts the runs of the process */
        __u64 due_ns; /* CLOCK_MONOTONIC; 0: as fast as it goes */
} __attribute__((packed));

struct xskim_pace_row {
        __u32 bytes; /* of the frame */
        __u8 head[XSKIM_PACE_HEAD_BYTES];
};

struct xskim_pace_control {
        /* told */
        struct xskim_pace_row rows[XSKIM_PACE_ROWS]; /* in turn, the first `kinds` of them */
        __u64 kinds;
        __u64 pps;      /* 0: as fast as it goes */
        __u64 start_ns; /* when number 0 is due */
        __u64 until_ns; /* with a rate, nothing is sent after that */
        __u64 total;    /* packets of the run of the load */
        __u64 batch;    /* frames that the kernel makes and sends off together */
        __u64 stop;
        __u32 run;
        __u32 reserved;
        /* answered; the first two begin at 0 with each BPF_PROG_RUN, the others with the load's */
        __u64 frames;
        __u64 launched; /* how many of late_ns were written */
        __u64 leaving;  /* packets in the batch that is being made */
        __u64 row;      /* of the next packet */
        __u64 sent;     /* number of the next packet */
        __u64 refused;  /* what found no port */
        __u64 bytes;
        __u64 late_ns[XSKIM_PACE_FRAMES_MAX]; /* handed over - due, of each; with a rate */
};

#endif
