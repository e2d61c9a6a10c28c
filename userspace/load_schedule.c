/* SPDX-License-Identifier: BSD-2-Clause */
/* What is sent when: lengths, contents, times. Calls nothing. See load_private.h. */
#include <string.h>

#include "load_private.h"

enum {
        NS_A_SECOND = 1000000000,
        ETHERNET_BYTES = 14,
        IP_BYTES = 20,
        /* of the dynamic range, RFC 6335 */
        SOURCE_PORT = 49152 + 7,
};

uint64_t load_due_ns(uint64_t pps, uint64_t number) {
        return (uint64_t)((unsigned __int128)number * NS_A_SECOND / pps);
}

uint64_t load_due_count(uint64_t pps, uint64_t since_ns) {
        /* number * 1e9 / pps, rounded down, <= since  <=>  number * 1e9 < (since + 1) * pps */
        unsigned __int128 parts = ((unsigned __int128)since_ns + 1) * pps;

        return (uint64_t)((parts + NS_A_SECOND - 1) / NS_A_SECOND);
}

uint32_t load_frame_bytes(uint32_t packet_bytes, uint64_t number) {
        /* 7 of 64, 4 of 594, 1 of 1518, mixed well */
        static const uint16_t mix[LOAD_MIX_FRAMES] = {64,   594, 64,  64, 594, 64,
                                                      1518, 64,  594, 64, 64,  594};

        if (packet_bytes == XSKIM_BENCH_IMIX)
                packet_bytes = mix[number % LOAD_MIX_FRAMES];
        return packet_bytes - LOAD_FCS_BYTES;
}

static void word_put(uint8_t *at, uint32_t word) {
        at[0] = (uint8_t)(word >> 8);
        at[1] = (uint8_t)word;
}

/* RFC 1071, of a header whose checksum is 0. */
static uint32_t header_checksum(const uint8_t *header) {
        uint32_t sum = 0;

        for (int i = 0; i < IP_BYTES; i += 2)
                sum += (uint32_t)header[i] << 8 | header[i + 1];
        sum = (sum & 0xffff) + (sum >> 16);
        return ~(sum + (sum >> 16)) & 0xffff;
}

void load_frame_build(const struct arena *arena, uint32_t bytes, uint8_t *frame) {
        static const uint8_t ip[] = {
                [0] = 0x45, [6] = 0x40 /* do not fragment */, [8] = 64, [9] = 17};
        uint8_t *header = frame + ETHERNET_BYTES, *udp = header + IP_BYTES;

        memset(frame, 0, bytes);
        memcpy(frame, arena->rx_mac, sizeof(arena->rx_mac));
        memcpy(frame + sizeof(arena->rx_mac), arena->tx_mac, sizeof(arena->tx_mac));
        frame[12] = 0x08;
        memcpy(header, ip, sizeof(ip));
        word_put(header + 2, bytes - ETHERNET_BYTES);
        memcpy(header + 12, arena->tx_address, sizeof(arena->tx_address));
        memcpy(header + 16, arena->rx_address, sizeof(arena->rx_address));
        word_put(header + 10, header_checksum(header));
        word_put(udp, SOURCE_PORT);
        word_put(udp + 2, ARENA_UDP_PORT);
        word_put(udp + 4, bytes - ETHERNET_BYTES - IP_BYTES);
}
