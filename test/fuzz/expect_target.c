/* SPDX-License-Identifier: BSD-2-Clause */
/* Content and identity of any bytes, in buffers of exact size, and expectations of any course: what
 * a path may change changes nothing, and the figures add up whatever comes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xskim/parse.h>

#include "expect_target.h"
#include "expectation.h"
#include "util.h"

#define HOLDS(condition_)                                                                          \
        ({                                                                                         \
                if (!(condition_)) {                                                               \
                        fprintf(stderr, "expect: does not hold: %s\n", #condition_);               \
                        abort();                                                                   \
                }                                                                                  \
        })

/* ---- frames ---- */

static struct content content_made(const uint8_t *frame, size_t length) {
        struct content content = {0};

        HOLDS(content_of(frame, (uint32_t)length, &content));
        return content;
}

static bool is_same(struct content one, struct content other) {
        return one.content == other.content && one.identity == other.identity;
}

static struct xskim_parsed parsed_made(const uint8_t *frame, size_t length) {
        struct xskim_parsed parsed;

        xskim_classify(frame, frame + length, &parsed);
        return parsed;
}

/* Other addresses, one tag more (unless they are cut or too many), one hop less. */
static void frame_travel(const uint8_t *frame, size_t length, uint8_t *moved) {
        struct xskim_parsed before = parsed_made(frame, length), after;
        struct content content = content_made(frame, length);

        memset(moved, 0x22, 12);
        memcpy(moved + 12, "\x81\x00\x00\x07", 4);
        memcpy(moved + 16, frame + 12, length - 12);
        after = parsed_made(moved, length + 4);
        if (before.outcome == XSKIM_OUTCOME_cut_l2 || before.outcome != after.outcome ||
            before.l3_offset + 4 != after.l3_offset)
                return;
        HOLDS(is_same(content_made(moved, length + 4), content));
        if (xskim_class_l3(after.class) != XSKIM_L3_ipv4 ||
            after.outcome == XSKIM_OUTCOME_malformed || after.l3_offset + 20 > length + 4)
                return;
        moved[after.l3_offset + 8]--;
        moved[after.l3_offset + 1] ^= 0xb8;
        HOLDS(is_same(content_made(moved, length + 4), content));
}

static void frame_try(const uint8_t *bytes, size_t length) {
        uint8_t *frame = malloc(MAX(length, (size_t)1)), *moved = malloc(length + 4);
        struct content content = {1, 2, 3};

        HOLDS(frame && moved);
        memcpy(frame, bytes, length);
        if (length > 12)
                frame_travel(frame, length, moved);
        else
                HOLDS(!content_of(frame, (uint32_t)length, &content) && content.content == 1);
        free(frame);
        free(moved);
}

/* ---- expectations ---- */

static void report_check(const struct expectation *e, uint64_t packets, uint64_t arrivals) {
        struct xskim_expect told;

        expectation_report(e, arrivals, true, &told);
        HOLDS(told.packets == packets);
        HOLDS(told.packets == told.matched + told.changed + told.incomparable + told.missing);
        HOLDS(arrivals ==
              told.matched + told.changed + told.incomparable + told.duplicated + told.extra);
        HOLDS(told.missing <= packets && told.extra <= arrivals && !told.unrecorded);
}

/* The first half is expected; contents and identities are few, and belong together as they may. */
static void course_try(const uint8_t *bytes, size_t length) {
        uint64_t loops = 1 + bytes[0] % 5, packets = 0, arrivals = 0;
        size_t pairs = (length - 1) / 2;
        struct expectation *e;

        HOLDS(!expectation_open(loops, &e));
        for (size_t i = 0; i < pairs; i++) {
                const uint8_t *pair = bytes + 1 + 2 * i;
                const struct content packet = {
                        .content = pair[0] % 32, .identity = pair[1] % 16, .class = pair[1] % 4};

                if (i < pairs / 2) {
                        HOLDS(!expectation_add(e, pair[0] == 255 ? NULL : &packet, pair[1] & 128));
                        packets += loops;
                } else {
                        expectation_put(e, &packet);
                        arrivals++;
                }
                report_check(e, packets, arrivals);
        }
        expectation_close(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
        if (length < 2)
                return 0;
        if (bytes[0] & 1)
                frame_try(bytes + 1, length - 1);
        else
                course_try(bytes + 1, length - 1);
        return 0;
}
