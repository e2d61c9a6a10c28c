/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how a packet is changed to carry a stamp. See stamp.h. */
#include <stdbool.h>
#include <string.h>

#include "stamp.h"
#include "util.h"

enum { LENGTH_MAX = 65535, IPV4_CHECKSUM = 10, UDP_LENGTH = 4 };

/* A packet that may carry a stamp. */
struct bearer {
        struct xskim_parsed parsed;
        uint32_t payload; /* where it begins */
        uint32_t end;     /* of the network packet */
};

static void write16(uint8_t *at, uint16_t value) {
        at[0] = (uint8_t)(value >> 8);
        at[1] = (uint8_t)value;
}

/* ---- checksums (RFC 1071, RFC 1624 equation 3) ---- */

static uint16_t folded(uint64_t sum) {
        while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
        return (uint16_t)sum;
}

/* The sum of the stamp's words; at an odd place they are the other way round. */
static uint16_t stamp_sum(const uint8_t *at, bool odd) {
        uint64_t sum = 0;
        uint16_t word;

        for (uint32_t i = 0; i < XSKIM_STAMP_BYTES; i += 2)
                sum += xskim_read16(at + i);
        word = folded(sum);
        return odd ? (uint16_t)(word << 8 | word >> 8) : word;
}

/* What the checksum becomes when `old` is replaced by `new` among what it covers. */
static uint16_t checksum_replace(uint16_t checksum, uint16_t old, uint16_t new) {
        return (uint16_t)~folded((uint64_t)(uint16_t)~checksum + (uint16_t)~old + new);
}

static void checksum_update(uint8_t *packet, const struct stamp_spot *spot, uint16_t old,
                            uint16_t new) {
        uint16_t checksum;

        if (!spot->checksum)
                return;
        checksum = checksum_replace(xskim_read16(packet + spot->checksum), old, new);
        write16(packet + spot->checksum, !checksum && spot->udp ? 0xffff : checksum);
}

/* Where the transport checksum is in its header. */
static uint32_t checksum_offset(uint8_t l4) {
        return l4 == XSKIM_L4_tcp ? 16 : l4 == XSKIM_L4_udp ? 6 : 2;
}

/* ---- what carries a stamp ---- */

static enum stamp_outcome outcome_of(const struct xskim_parsed *parsed) {
        uint8_t l3 = xskim_class_l3(parsed->class);

        if (parsed->outcome == XSKIM_OUTCOME_malformed)
                return STAMP_malformed;
        if (parsed->outcome == XSKIM_OUTCOME_too_deep)
                return STAMP_protocol;
        if (parsed->outcome != XSKIM_OUTCOME_complete)
                return STAMP_cut;
        if (l3 != XSKIM_L3_ipv4 && l3 != XSKIM_L3_ipv6)
                return STAMP_not_ip;
        return parsed->class & XSKIM_CLASS_fragments ? STAMP_fragment : STAMP_done;
}

/* UDP says its length once more. */
static bool lengths_agree(const uint8_t *packet, const struct bearer *bearer) {
        uint32_t l4 = bearer->parsed.l4_offset;

        return xskim_class_l4(bearer->parsed.class) != XSKIM_L4_udp ||
               xskim_read16(packet + l4 + UDP_LENGTH) == bearer->end - l4;
}

static enum stamp_outcome bearer_find(const uint8_t *packet, uint32_t length,
                                      struct bearer *bearer) {
        const uint8_t *packet_end = packet + length;
        enum stamp_outcome outcome;
        uint8_t l4;

        xskim_classify(packet, packet_end, &bearer->parsed);
        outcome = outcome_of(&bearer->parsed);
        if (outcome != STAMP_done)
                return outcome;
        l4 = xskim_class_l4(bearer->parsed.class);
        if (l4 != XSKIM_L4_tcp && l4 != XSKIM_L4_udp && l4 != XSKIM_L4_icmp &&
            l4 != XSKIM_L4_icmpv6)
                return STAMP_protocol;
        bearer->end = xskim_network_end(packet, packet_end, &bearer->parsed);
        bearer->payload = xskim_payload_start(packet, packet_end, &bearer->parsed);
        if (!bearer->end)
                return STAMP_length;
        if (bearer->end > length)
                return STAMP_cut;
        if (!bearer->payload || bearer->payload > bearer->end)
                return STAMP_malformed;
        return lengths_agree(packet, bearer) ? STAMP_done : STAMP_length;
}

/* ---- making room ---- */

static void spot_fill(const uint8_t *packet, const struct bearer *bearer, uint32_t trailer,
                      struct stamp_spot *spot) {
        uint8_t l4 = xskim_class_l4(bearer->parsed.class);
        uint32_t checksum = bearer->parsed.l4_offset + checksum_offset(l4);

        spot->udp = l4 == XSKIM_L4_udp;
        spot->checksum = spot->udp && !xskim_read16(packet + checksum) ? 0 : checksum;
        spot->trailer = trailer;
        spot->odd = (trailer - bearer->parsed.l4_offset) & 1;
        spot->payload_check =
                stamp_payload_check(packet + bearer->payload, trailer - bearer->payload);
}

/* The length field at `at` grows by a stamp; returns what it was. */
static uint16_t length_grow(uint8_t *at) {
        uint16_t old = xskim_read16(at);

        write16(at, (uint16_t)(old + XSKIM_STAMP_BYTES));
        return old;
}

static void network_grow(uint8_t *header, uint8_t l3) {
        uint16_t old;

        if (l3 == XSKIM_L3_ipv6) {
                length_grow(header + 4);
                return;
        }
        old = length_grow(header + 2);
        write16(header + IPV4_CHECKSUM, checksum_replace(xskim_read16(header + IPV4_CHECKSUM), old,
                                                         (uint16_t)(old + XSKIM_STAMP_BYTES)));
}

/* The transport's length, in the pseudo-header, which only ICMP has not, and in UDP's own. */
static void transport_grow(uint8_t *packet, const struct bearer *bearer,
                           const struct stamp_spot *spot) {
        uint8_t *header = packet + bearer->parsed.l4_offset;
        uint16_t old = (uint16_t)(bearer->end - bearer->parsed.l4_offset);
        uint16_t new = (uint16_t)(old + XSKIM_STAMP_BYTES);

        if (xskim_class_l4(bearer->parsed.class) != XSKIM_L4_icmp)
                checksum_update(packet, spot, old, new);
        if (!spot->udp)
                return;
        length_grow(header + UDP_LENGTH);
        checksum_update(packet, spot, old, new);
}

static enum stamp_outcome append(uint8_t *packet, uint32_t length, uint32_t room,
                                 const struct bearer *bearer, struct stamp_spot *spot) {
        uint32_t end = bearer->end + XSKIM_STAMP_BYTES;
        uint8_t l3 = xskim_class_l3(bearer->parsed.class);
        uint8_t *network = packet + bearer->parsed.l3_offset;

        if (end > room ||
            xskim_read16(network + (l3 == XSKIM_L3_ipv4 ? 2 : 4)) + XSKIM_STAMP_BYTES > LENGTH_MAX)
                return STAMP_large;
        spot_fill(packet, bearer, bearer->end, spot);
        memset(packet + bearer->end, 0, XSKIM_STAMP_BYTES);
        network_grow(network, l3);
        transport_grow(packet, bearer, spot);
        spot->length = MAX(length, end);
        return STAMP_done;
}

static enum stamp_outcome lay_over(const uint8_t *packet, uint32_t length,
                                   const struct bearer *bearer, struct stamp_spot *spot) {
        if (bearer->end - bearer->payload < XSKIM_STAMP_BYTES)
                return STAMP_small;
        spot_fill(packet, bearer, bearer->end - XSKIM_STAMP_BYTES, spot);
        spot->length = length;
        return STAMP_done;
}

enum stamp_outcome stamp_prepare(uint8_t *packet, uint32_t length, uint32_t room,
                                 enum stamp_mode mode, struct stamp_spot *ret_spot) {
        struct stamp_spot spot = {0};
        struct bearer bearer;
        enum stamp_outcome outcome = bearer_find(packet, length, &bearer);

        if (outcome != STAMP_done)
                return outcome;
        outcome = mode == STAMP_APPEND ? append(packet, length, room, &bearer, &spot)
                                       : lay_over(packet, length, &bearer, &spot);
        if (outcome == STAMP_done)
                *ret_spot = spot;
        return outcome;
}

/* ---- writing and reading ---- */

uint32_t stamp_payload_check(const uint8_t *payload, uint32_t bytes) {
        uint32_t whole = bytes - bytes % XSKIM_HASH_STRIPE, padded = xskim_hash_padded(bytes);
        uint8_t last[XSKIM_HASH_STRIPE] = {0};
        struct xskim_hash hash;

        xskim_hash_begin(&hash);
        for (uint32_t at = 0; at < whole; at += XSKIM_HASH_STRIPE)
                xskim_hash_stripe(&hash, payload + at);
        if (padded > whole) {
                memcpy(last, payload + whole, bytes - whole);
                xskim_hash_stripe(&hash, last);
        }
        return (uint32_t)xskim_hash_end(&hash, padded);
}

void stamp_write(uint8_t *packet, const struct stamp_spot *spot, uint32_t run, uint16_t stream,
                 uint64_t sequence, uint64_t sent_ns) {
        uint8_t *trailer = packet + spot->trailer;
        uint16_t old = stamp_sum(trailer, spot->odd);
        uint64_t place = (uint64_t)stream << XSKIM_STAMP_SEQUENCE_BITS |
                         (sequence & XSKIM_STAMP_SEQUENCE_MASK);
        struct xskim_stamp wire = {
                .magic = XSKIM_NET32(XSKIM_STAMP_MAGIC),
                .run = XSKIM_NET32(run),
                .place = XSKIM_NET64(place),
                .sent_ns = XSKIM_NET64(sent_ns),
                .payload_check = XSKIM_NET32(spot->payload_check),
        };

        wire.check = XSKIM_NET32(xskim_stamp_check(&wire));
        memcpy(trailer, &wire, sizeof(wire));
        checksum_update(packet, spot, old, stamp_sum(trailer, spot->odd));
}

enum stamp_outcome stamp_read(const uint8_t *packet, uint32_t length,
                              struct stamp_reading *ret_reading) {
        struct bearer bearer;
        struct xskim_stamp wire;
        enum stamp_outcome outcome = bearer_find(packet, length, &bearer);
        uint32_t trailer, check;

        if (outcome != STAMP_done)
                return outcome;
        trailer = bearer.end - XSKIM_STAMP_BYTES;
        if (bearer.end - bearer.payload < XSKIM_STAMP_BYTES)
                return STAMP_absent;
        memcpy(&wire, packet + trailer, sizeof(wire));
        if (!xskim_stamp_is_there(&wire))
                return STAMP_absent;
        check = stamp_payload_check(packet + bearer.payload, trailer - bearer.payload);
        *ret_reading = (struct stamp_reading){
                .run = XSKIM_NET32(wire.run),
                .stream = xskim_stamp_stream(XSKIM_NET64(wire.place)),
                .sequence = xskim_stamp_sequence(XSKIM_NET64(wire.place)),
                .sent_ns = XSKIM_NET64(wire.sent_ns),
                .faults = !xskim_stamp_is_whole(&wire)               ? XSKIM_STAMP_DAMAGED
                          : XSKIM_NET32(wire.payload_check) != check ? XSKIM_PAYLOAD_DAMAGED
                                                                     : 0,
        };
        return STAMP_done;
}

static const struct {
        const char *name;
        const char *doc;
} OUTCOMES[] = {
#define OUTCOME(name_, doc_) [STAMP_##name_] = {#name_, doc_},
        STAMP_OUTCOMES(OUTCOME)
#undef OUTCOME
};

const char *stamp_outcome_name(enum stamp_outcome outcome) {
        return OUTCOMES[outcome].name;
}

const char *stamp_outcome_doc(enum stamp_outcome outcome) {
        return OUTCOMES[outcome].doc;
}
