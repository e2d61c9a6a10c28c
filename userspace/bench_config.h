/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked of an experiment, condition by condition. Pure. */
#ifndef XSKIM_BENCH_CONFIG_H
#define XSKIM_BENCH_CONFIG_H

#include <stdbool.h>

#include <xskim/xskim.h>

/* -EINVAL, with a message, for what xskim_bench_open does not take. */
int bench_config_check(const struct xskim_bench_config *config);

/* Comparing them is comparing something with itself. */
bool bench_condition_is_same(const struct xskim_bench_condition *a,
                             const struct xskim_bench_condition *b);

#endif
