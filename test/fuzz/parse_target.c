/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser under any input. The input is copied into a buffer that ends where the packet ends, so
 * that a sanitizer sees a byte read too far; the promises below are checked in every build.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "parse_target.h"

enum { POISON = 0xa5 };

#define HOLDS(condition_)                                                                          \
        ({                                                                                         \
                if (!(condition_)) {                                                               \
                        fprintf(stderr, "parser: does not hold: %s\n", #condition_);               \
                        abort();                                                                   \
                }                                                                                  \
        })

/* Exactly one L3 and one L4, and only those that exist. */
static void check_class(const struct xskim_parsed *parsed) {
        __u8 l3 = xskim_class_l3(parsed->class), l4 = xskim_class_l4(parsed->class);
        _Bool ip = l3 == XSKIM_L3_ipv4 || l3 == XSKIM_L3_ipv6;

        HOLDS(l3 < XSKIM_L3_COUNT && l4 < XSKIM_L4_COUNT);
        HOLDS(ip || l4 == XSKIM_L4_none);
        HOLDS(ip || !(parsed->class & XSKIM_CLASS_fragments));
        HOLDS(l4 != XSKIM_L4_none || !parsed->protocol);
        HOLDS(parsed->class & XSKIM_CLASS_vlan || !parsed->vlan_tci);
        if (ip && parsed->outcome == XSKIM_OUTCOME_complete)
                HOLDS(l4 != XSKIM_L4_none);
}

static void check_outcome(const struct xskim_parsed *parsed) {
        _Bool cut = parsed->outcome == XSKIM_OUTCOME_cut_l2 ||
                    parsed->outcome == XSKIM_OUTCOME_cut_l3 ||
                    parsed->outcome == XSKIM_OUTCOME_cut_l4;

        HOLDS(parsed->outcome < XSKIM_OUTCOME_COUNT);
        HOLDS(cut == !!(parsed->class & XSKIM_CLASS_truncated));
        if (parsed->outcome == XSKIM_OUTCOME_cut_l2)
                HOLDS(xskim_class_l3(parsed->class) == XSKIM_L3_other_l3);
        if (parsed->outcome == XSKIM_OUTCOME_cut_l4)
                HOLDS(parsed->l4_offset);
}

static void check_offsets(const struct xskim_parsed *parsed, size_t length) {
        _Bool l3 = xskim_class_l3(parsed->class) != XSKIM_L3_other_l3;

        HOLDS(parsed->l3_offset <= length && parsed->l4_offset <= length);
        HOLDS(!!parsed->l3_offset == l3);
        HOLDS(!parsed->l4_offset || parsed->l4_offset >= parsed->l3_offset + XSKIM_IPV4_BYTES);
        HOLDS(parsed->l4_offset < XSKIM_OFFSET_MAX);
}

/* Describing repeats the class and keeps off the caller's fields. */
static void check_record(const struct xskim_record *record, const struct xskim_parsed *parsed) {
        HOLDS(record->class == parsed->class);
        HOLDS(record->protocol == parsed->protocol);
        HOLDS(record->vlan_tci == parsed->vlan_tci);
        HOLDS(!record->time_ns && !record->gap && !record->weight && !record->wire_length);
        if (parsed->outcome != XSKIM_OUTCOME_complete)
                HOLDS(!record->source_port && !record->destination_port && !record->tcp_flags);
        if (xskim_class_l4(parsed->class) != XSKIM_L4_tcp)
                HOLDS(!record->tcp_flags && !record->tcp_timestamp && !record->tcp_echo);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
        struct xskim_record record = {}, again = {};
        struct xskim_parsed parsed, before;
        uint8_t *packet = malloc(length ? length : 1);

        if (!packet)
                return 0;
        if (length)
                memcpy(packet, bytes, length);
        memset(&parsed, POISON, sizeof(parsed));
        xskim_classify(packet, packet + length, &parsed);
        before = parsed;
        xskim_describe(packet, packet + length, &parsed, &record);
        xskim_describe(packet, packet + length, &parsed, &again);
        HOLDS(parsed.class == before.class && parsed.outcome == before.outcome);
        HOLDS(!memcmp(&record, &again, sizeof(record)));
        HOLDS(!length || !memcmp(packet, bytes, length));
        check_class(&parsed);
        check_outcome(&parsed);
        check_offsets(&parsed, length);
        check_record(&record, &parsed);
        free(packet);
        return 0;
}
