/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser's counts by class against tshark's: over every file of the captures, and over a
 * capture of generated packets (options, extension headers, fragments, tags, cut ones), which needs
 * no captures. Each filter is printed once, each count next to tshark's.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "captures.h"
#include "packets.h"
#include "tshark.h"
#include "util.h"

enum { GENERATED = 3000 };

struct drawn {
        uint64_t random;
        struct packet packet;
};

static void count_packet(void *context, const uint8_t *bytes, uint32_t length) {
        uint64_t *counts = context;
        struct xskim_parsed parsed;
        uint32_t row;

        xskim_classify(bytes, bytes + length, &parsed);
        for (row = 0; row < CLASSES_ROWS; row++)
                counts[row] += class_in_row(parsed.class, row);
}

static void judge(const char *path) {
        uint64_t ours[CLASSES_ROWS] = {0}, theirs[CLASSES_ROWS] = {0};
        const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
        uint32_t row;

        cr_assert_eq(capture_read(path, count_packet, ours), 0);
        cr_assert_eq(tshark_count(path, theirs), 0);
        for (row = 0; row < CLASSES_ROWS; row++) {
                fprintf(stderr, "%-26s %-10s xskim %7lu  tshark %7lu\n", name, class_rows[row].name,
                        ours[row], theirs[row]);
                cr_expect_eq(ours[row], theirs[row], "%s: %s: xskim %lu, tshark %lu with: %s", name,
                             class_rows[row].name, ours[row], theirs[row], class_rows[row].filter);
        }
}

static void need_tshark(void) {
        const char *reason;

        if (!tshark_usable(&reason))
                test_skip("%s", reason);
}

Test(captures, filters_are_printed) {
        uint32_t row;

        for (row = 0; row < CLASSES_ROWS; row++) {
                fprintf(stderr, "%-10s %s\n", class_rows[row].name, class_rows[row].filter);
                cr_expect_null(strchr(class_rows[row].filter, '\''), "a shell would split it");
        }
}

/* A header that tshark reads on its own terms: mobility, HIP and shim6 end its chain; it wants type
 * 0 routing headers of whole addresses and an ICV in AH. */
static _Bool extension_judged(uint8_t kind, uint8_t length) {
        return kind < 135 && !(kind == 43 && length % 2) && !(kind == 51 && !length);
}

/* Only what tshark and these filters can follow, see classes.h; and an IPv6 payload length of 0 is
 * the end of the packet for tshark, no statement for the parser. */
static _Bool judged(const struct packet_plan *plan, const struct packet *packet, uint32_t length) {
        struct xskim_parsed cut = packet_expected(packet, length);
        _Bool ipv6 = xskim_class_l3(cut.class) == XSKIM_L3_ipv6;
        uint32_t i;

        if (plan->tags > XSKIM_TAGS_MAX || plan->extensions > XSKIM_EXTENSIONS_MAX ||
            plan->fault == PACKET_VERSION || (ipv6 && plan->fault == PACKET_LENGTH_ZERO))
                return 0;
        for (i = 0; i < plan->extensions; i++)
                if (!extension_judged(plan->extension[i], plan->extension_length[i]))
                        return 0;
        if (cut.outcome != XSKIM_OUTCOME_cut_l3)
                return 1;
        if (ipv6)
                return length < cut.l3_offset + XSKIM_IPV6_BYTES;
        return packet->parsed.outcome != XSKIM_OUTCOME_malformed &&
               length < cut.l3_offset + XSKIM_IPV4_BYTES;
}

static uint32_t make_judged(void *context, uint32_t number, uint8_t *ret_bytes, uint32_t room) {
        struct drawn *drawn = context;
        struct packet *packet = &drawn->packet;
        struct packet_plan plan;
        uint32_t length;

        (void)number;
        do {
                packet_plan_draw(&drawn->random, &plan);
                plan.calm = 1;
                packet_build(&drawn->random, &plan, packet);
                length = packet->length;
                if (!packet_below(&drawn->random, 3))
                        length = packet_below(&drawn->random, MIN(length, 120));
        } while (length > room || !judged(&plan, packet, length));
        memcpy(ret_bytes, packet->bytes, length);
        return length;
}

Test(captures, generated_packets_count_as_tshark_counts, .timeout = 300) {
        static struct drawn drawn = {.random = 21};
        char path[] = "/tmp/xskim-generated-XXXXXX";
        int fd CLEANUP(fd_cleanup) = -1;

        need_tshark();
        fd = mkstemp(path);
        cr_assert_geq(fd, 0);
        cr_assert_eq(capture_write(path, GENERATED, make_judged, &drawn), 0);
        judge(path);
        unlink(path);
}

Test(captures, files_count_as_tshark_counts, .timeout = 600) {
        static struct captures captures;
        uint32_t i;

        need_tshark();
        captures_find(&captures);
        if (!captures.count)
                test_skip("no captures in %s (XSKIM_CAPTURES)", captures_directory());
        for (i = 0; i < captures.count; i++)
                judge(captures.path[i]);
}
