/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of xskim bench. Owns their rows and what they set; not what an experiment does. */
#ifndef XSKIM_BENCH_OPTIONS_H
#define XSKIM_BENCH_OPTIONS_H

#include <stdbool.h>

#include <xskim/xskim.h>

#include "budget.h"
#include "cli.h"

/* The target of the rows. Texts are borrowed from the command line. */
struct bench_options {
        struct xskim_bench_config config;
        const char *conditions; /* a list; NULL: those of the path */
        const char *baseline;   /* a condition; NULL: that of the path */
        unsigned int command_count;
        const char *commands[XSKIM_BENCH_CONDITIONS_MAX];
        bool budgeted;
        struct budget budget;
        const char *html; /* NULL: no page */
        bool json;
        bool quick;
        bool sized;     /* a size of packets was said */
        bool precise;   /* a precision was said */
        bool time_said; /* a longest time was said */
};

/* The conditions, and command lines to begin with. */
extern const struct cli_term BENCH_TERMS[];
extern const struct cli_term BENCH_EXAMPLES[];

/* Ended by a row without a name. */
extern const struct cli_option BENCH_OPTIONS[];

/*
 * What no single option can see, after all were read: what --quick stands for, the conditions in
 * their order with the baseline and the same again in front. -EINVAL with a message.
 */
int bench_options_finish(struct bench_options *options);

#endif
