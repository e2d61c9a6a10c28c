/* SPDX-License-Identifier: BSD-2-Clause */
/* What probe.bpf.c leaves for the test that ran it. */
#ifndef XSKIM_TEST_PROBE_H
#define XSKIM_TEST_PROBE_H

#include "describe.h"

struct probe_result {
        struct xskim_record record;
        struct xskim_parsed parsed;
        __u64 runs[XSKIM_CLASS_COUNT]; /* keeps what classify_only finds alive */
};

#endif
