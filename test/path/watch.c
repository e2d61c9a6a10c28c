/* SPDX-License-Identifier: BSD-2-Clause */
/* The main job end to end on a veth: real frames in, a summary out, and the ledger that must
 * balance. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xskim/xskim.h>

#include "lab.h"

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

static void config_lab(struct xskim_config *config) {
        xskim_config_init(config);
        config->ports[0] = LAB_PORT;
        config->port_count = 1;
        config->verdict = XSKIM_VERDICT_DROP;
        config->seed = 1;
        config->interval_ms = 100;
}

/* Opens, sends, stops; *ret is the summary. */
static void session_with(const struct xskim_config *config, uint64_t packets, uint32_t bytes,
                         struct xskim_snapshot *ret) {
        struct xskim_session *session;
        uint64_t before = lab_xdp_packets(LAB_PORT);
        uint8_t packet[2048];

        cr_assert_eq(xskim_open(config, &session), 0, "%s", xskim_error_message());
        cr_assert_eq(lab_send(LAB_PEER, packet, lab_udp(packet, bytes, 1, 2), packets), packets);
        /* the last ones are in veth's ring yet */
        for (int i = 0; i < 100 && lab_xdp_packets(LAB_PORT) - before < packets; i++)
                usleep(20000);
        cr_assert_eq(xskim_stop(session), 0, "%s", xskim_error_message());
        cr_assert_eq(xskim_snapshot(session, 0, ret), 0);
        xskim_close(session);
}

static void balanced(const struct xskim_snapshot *s) {
        cr_assert_eq(s->ledger.unaccounted, 0, "%s", s->ledger.where);
        cr_assert_eq(s->ledger.waiting, 0);
        cr_assert_eq(s->ledger.sampled, s->ledger.decoded + s->ledger.ring_full +
                                                s->ledger.unparsable + s->ledger.lost_in_socket +
                                                s->ledger.malformed);
}

Test(watch, one_packet_is_seen_sampled_and_decoded) {
        struct xskim_config config;
        struct xskim_snapshot s;

        config_lab(&config);
        config.sample = 1;
        session_with(&config, 1, 64, &s);
        balanced(&s);
        cr_assert_eq(s.ledger.seen, 1);
        cr_assert_eq(s.ledger.bytes, 64);
        cr_assert_eq(s.ledger.decoded, 1);
        cr_assert_eq(s.classes.udp, 1);
        cr_assert_eq(s.size.count, 1);
        cr_assert_eq(s.size.max, 64);
}

static const uint32_t rates[] = {1, 64, 1000, 0};

ParameterizedTestParameters(watch, every_packet_is_accounted_for) {
        return cr_make_param_array(const uint32_t, (void *)rates, 4);
}

ParameterizedTest(const uint32_t *sample, watch, every_packet_is_accounted_for, .timeout = 120) {
        struct xskim_config config;
        struct xskim_snapshot s;
        uint64_t before = lab_xdp_packets(LAB_PORT);
        uint64_t packets = getenv("XSKIM_TEST_PACKETS")
                                   ? strtoull(getenv("XSKIM_TEST_PACKETS"), NULL, 10)
                                   : 1000000;

        config_lab(&config);
        config.sample = *sample;
        session_with(&config, packets, 64, &s);
        balanced(&s);
        cr_assert_eq(s.ledger.seen, lab_xdp_packets(LAB_PORT) - before, "the kernel counted %lu",
                     lab_xdp_packets(LAB_PORT) - before);
        cr_assert_eq(s.ledger.seen, packets, "seen %lu of %lu", s.ledger.seen, packets);
        cr_assert_eq(s.ledger.bytes, packets * 64);
        cr_assert_eq(s.classes.ipv4, packets);
        cr_assert_eq(s.classes.udp, packets);
        if (!*sample)
                cr_assert_eq(s.ledger.sampled, 0);
        if (*sample == 1)
                cr_assert_eq(s.ledger.sampled, packets);
        /* every record stands for as many packets, of 64 bytes each */
        if (*sample > 1)
                cr_assert_float_eq(s.estimate_bytes.value, 64.0 * *sample * s.ledger.sampled, 1,
                                   "%f", s.estimate_bytes.value);
}

Test(watch, an_idle_port_ends_with_an_empty_balanced_summary) {
        struct xskim_config config;
        struct xskim_snapshot s;

        config_lab(&config);
        session_with(&config, 0, 64, &s);
        balanced(&s);
        cr_assert_eq(s.ledger.seen, 0);
}
