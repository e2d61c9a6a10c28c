/* SPDX-License-Identifier: BSD-2-Clause */
/* Which thread a packet goes to: the same for all of a flow, and evenly over flows. */
#include <criterion/criterion.h>
#include <string.h>

#include <xskim/skip.h>

#include "flow.h"
#include "lab.h"
#include "util.h"

enum { BYTES = 100, SHARES = 1 << 20, IPV4_AT = 14, FRAGMENT_AT = 20, PORTS_AT = 34 };

static uint8_t packet[BYTES];

static uint32_t share(void) {
        return flow_share(packet, BYTES, SHARES);
}

static void udp(uint16_t source, uint16_t destination) {
        lab_udp(packet, BYTES, source, destination);
}

/* An address, a port, the protocol make another flow; all else does not. */
Test(flow, is_addresses_protocol_and_ports) {
        static const uint32_t parts[] = {23, 26, 29, 30, 33, PORTS_AT, PORTS_AT + 3};
        static const uint32_t others[] = {0, 6, 15, 18, 22, 24, 38, 40, 60, 99};
        uint32_t mine;

        udp(1000, 2000);
        mine = share();
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                packet[parts[i]] ^= 1;
                cr_expect_neq(share(), mine, "byte %u", parts[i]);
                packet[parts[i]] ^= 1;
        }
        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                packet[others[i]] ^= 1;
                cr_expect_eq(share(), mine, "byte %u", others[i]);
                packet[others[i]] ^= 1;
        }
}

Test(flow, tags_and_lengths_are_no_part) {
        uint8_t tagged[BYTES + 4];
        uint32_t mine;

        udp(1000, 2000);
        mine = share();
        memcpy(tagged, packet, 12);
        memcpy(tagged + 12, "\x81\x00\x00\x07", 4);
        memcpy(tagged + 16, packet + 12, BYTES - 12);
        cr_expect_eq(flow_share(tagged, sizeof(tagged), SHARES), mine);
        cr_expect_eq(flow_share(packet, 60, SHARES), mine);
}

/* The first has ports, the others do not, and what looks like them is payload. */
Test(flow, fragments_stay_together) {
        uint32_t first, later;

        udp(1000, 2000);
        packet[FRAGMENT_AT] = 0x20;
        first = share();
        udp(7, 8);
        packet[FRAGMENT_AT] = 0x20;
        packet[FRAGMENT_AT + 1] = 100;
        later = share();
        cr_expect_eq(first, later);
        packet[26] ^= 1;
        cr_expect_neq(share(), later);
}

Test(flow, without_ip_it_is_the_mac_addresses) {
        uint32_t mine;

        udp(1, 2);
        packet[12] = 0x88;
        packet[13] = 0xcc;
        mine = share();
        packet[50] ^= 1;
        cr_expect_eq(share(), mine);
        packet[0] ^= 1;
        cr_expect_neq(share(), mine);
        packet[0] ^= 1;
        packet[11] ^= 1;
        cr_expect_neq(share(), mine);
}

Test(flow, ipv6_is_told_apart_to_the_last_byte) {
        uint32_t mine;

        memset(packet, 0, BYTES);
        memcpy(packet + 12, "\x86\xdd\x60\0\0\0\0\x2e\x11\x40", 10);
        mine = share();
        for (uint32_t at = 22; at < 58; at++) {
                packet[at] ^= 1;
                cr_expect_neq(share(), mine, "byte %u", at);
                packet[at] ^= 1;
        }
        packet[60] ^= 1;
        cr_expect_eq(share(), mine);
}

/* 10000 flows over 4: each has 2500, and 5 standard deviations are 217. */
Test(flow, many_flows_are_spread_evenly) {
        uint32_t counts[4] = {0};

        for (uint16_t i = 0; i < 10000; i++) {
                udp(i, 53);
                counts[flow_share(packet, BYTES, 4)]++;
        }
        for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
                cr_expect(counts[i] > 2283 && counts[i] < 2717, "%u", counts[i]);
}

Test(flow, any_bytes_will_do) {
        __u64 random = 5;

        for (int i = 0; i < 100000; i++) {
                uint32_t bytes = xskim_random_next(&random) % (BYTES + 1);
                uint8_t exact[BYTES];

                udp(1, 2);
                for (uint32_t at = 0; at < bytes; at++)
                        exact[at] = i % 2 ? packet[at] : (uint8_t)xskim_random_next(&random);
                cr_assert_lt(flow_share(exact, bytes, 3), 3);
        }
}
