/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the plain values of a configuration. See xskim.h; what is wrong with one, engine.c knows. */
#include <xskim/xskim.h>

void xskim_config_init(struct xskim_config *config) {
        *config = (struct xskim_config){
                .verdict = XSKIM_VERDICT_PASS,
                .tier = XSKIM_TIER_CLASSES,
                .sample = 64,
                .interval_ms = 1000,
                .flush_ms = 40,
                .ring_slots = 1536,
                .expect_loops = 1,
                .workers = 1,
        };
}
