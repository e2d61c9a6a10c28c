/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of conditions.h share, and nobody else. */
#ifndef XSKIM_CONDITIONS_PRIVATE_H
#define XSKIM_CONDITIONS_PRIVATE_H

#include "conditions.h"
#include "program_switch.h"

struct condition {
        struct conditions *all;
        unsigned int number;
        const struct xskim_bench_condition *asked; /* borrowed */
        const struct condition_operations *operations;
        enum xskim_tier tier;
        bool tiered; /* has one */
        char name[XSKIM_BENCH_NAME_BYTES];
        bool failed;
        char note[XSKIM_BENCH_WORDS_BYTES];
        uint64_t truth;
        bool opened; /* all of it: only then is there an account */
        void *own;   /* the operations' */
};

/* What can be done with a condition of a kind. NULL: nothing is to be done. */
struct condition_operations {
        bool slow; /* to switch to */
        bool has_tier;
        /* while it has the port there is the empty program on it, too */
        bool keeps_empty;
        /* Loads and parks, in the parking namespace; the condition is failed, not the experiment,
         * when it cannot and `optional`. */
        bool optional;
        int (*open)(struct condition *condition);
        /* Tells what several conditions share that it is this one's turn. */
        int (*turn)(const struct condition *condition);
        /* What it has on the port while it is entered; -1: nothing. */
        int (*program_fd)(const struct condition *condition);
        /* Of fast ones, when the port has been taken away and before it is given to it: whatever
         * works for it sleeps in between. */
        int (*rest)(struct condition *condition);
        int (*resume)(struct condition *condition);
        /* Of slow ones: takes and gives back the port; in the port's namespace. */
        int (*enter)(struct condition *condition);
        int (*leave)(struct condition *condition);
        uint64_t (*collector_ns)(const struct condition *condition);
        /* Ends it and fills the account of the outcome; in the parking namespace. */
        int (*finish)(struct condition *condition, struct xskim_bench_outcome *outcome);
        void (*close)(struct condition *condition); /* in the parking namespace */
};

struct conditions {
        struct conditions_config config;
        int parking;                  /* the network namespace of the parking ports */
        unsigned int parked;          /* ports made there */
        struct program_peer *idle;    /* the empty program between conditions */
        struct program_peer *burning; /* that of all conditions that burn; NULL: there are none */
        struct program_switch port;   /* the one under test */
        enum xskim_verdict verdict;   /* of the path */
        int forward_to;               /* of the path; 0: none */
        bool multi_buffer;            /* the port wants programs for multi-buffer packets */
        struct condition *current;    /* NULL: the empty program */
        bool finished;
        unsigned int count;
        struct condition conditions[XSKIM_BENCH_CONDITIONS_MAX];
};

/* A parking port more, up, in the parking namespace, where the caller is. */
int conditions_parking_port(struct conditions *conditions, char name[static XSKIM_NAME_MAX],
                            int *ret_ifindex);

/* By how much what the condition saw differs from what came to the port. 0 where that is not known
 * to the packet, because not only the load sends there: on ports that are not ours, and with TCP,
 * whose ends send whenever they like. */
uint64_t condition_unseen(const struct condition *condition, uint64_t seen);

/* conditions_name.c */

/* As it was asked for; the second of the same is "empty again", further ones are numbered. Not
 * counted among the others yet. Sets the tier, too. */
void condition_name_make(struct condition *condition, bool has_tier);
/* Empty: it has none. */
const char *condition_tier_name(const struct condition *condition);

/* conditions_session.c: sessions of xskim, parked, and on the port itself. */
extern const struct condition_operations CONDITION_SESSION, CONDITION_SESSION_DIRECT;

/* conditions_command.c: other programs. */
extern const struct condition_operations CONDITION_COMMAND;

/* conditions_peer.c: programs that observe nothing. */
extern const struct condition_operations CONDITION_EMPTY, CONDITION_BURN;

/* conditions_sampler.c: the sampler with other ways out. */
extern const struct condition_operations CONDITION_SAMPLER;

#endif
