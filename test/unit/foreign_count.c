/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts of packets in what other programs print, as they print it. */
#include <criterion/criterion.h>
#include <string.h>

#include "foreign_count.h"

static const struct {
        const char *text;
        bool known;
        uint64_t seen;
        uint64_t dropped;
} CASES[] = {
        /* tcpdump */
        {"tcpdump: listening on veth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n"
         "1234 packets captured\n1234 packets received by filter\n0 packets dropped by kernel\n",
         true, 1234, 0},
        {"100 packets captured\n350 packets received by filter\n200 packets dropped by kernel\n",
         true, 150, 200},
        {"1 packet captured\n1 packet received by filter\n0 packets dropped by kernel\n", true, 1,
         0},
        {"0 packets captured\n9 packets received by filter\n1 packet dropped by kernel\n", true, 8,
         1},
        {"0 packets captured\n0 packets received by filter\n0 packets dropped by kernel\n"
         "5 packets dropped by interface\n",
         true, 0, 5},
        /* dumpcap */
        {"Capturing on 'veth0'\nFile: /dev/null\nPackets captured: 5678\n"
         "Packets received/dropped on interface 'veth0': 5678/22 (pcap:22/dumpcap:0/flushed:0/"
         "ps_ifdrop:0) (99.6%)\n",
         true, 5678, 22},
        /* xdpdump */
        {"listening on veth0, ingress XDP program ID 5 func empty, capture mode entry\n"
         "\n77 packets captured\n3 packets dropped by perf ring\n",
         true, 77, 3},
        /* others */
        {"saw 5 packets, then 17 packets\n", true, 17, 0},
        {"Packets processed: none; packets: 42", true, 42, 0},
        {"total packets=9", true, 9, 0},
        {"1,234,567 packets", true, 1234567, 0},
        /* captured wins over a larger number */
        {"1000000 packets expected\n10 packets captured\n", true, 10, 0},
        /* nothing to be had */
        {"", false, 0, 0},
        {"sh: 1: tcpdmp: not found\n", false, 0, 0},
        {"12 subpackets", false, 0, 0},
        {"12 packetised", false, 0, 0},
        {"packets", false, 0, 0},
        {"many packets\n12\n", false, 0, 0},
        {"99999999999999999999999999 packets captured", false, 0, 0},
};

Test(foreign_count, is_what_the_program_says) {
        for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
                struct foreign_count count = foreign_count_read(CASES[i].text);

                cr_assert_eq(count.known, CASES[i].known, "%s", CASES[i].text);
                cr_assert_eq(count.seen, CASES[i].seen, "%s: %lu", CASES[i].text,
                             (unsigned long)count.seen);
                cr_assert_eq(count.dropped, CASES[i].dropped, "%s: %lu", CASES[i].text,
                             (unsigned long)count.dropped);
        }
}

/* Any piece of a text is read without harm, its words cut anywhere. */
Test(foreign_count, cut_texts_are_read_too) {
        char text[512];

        for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
                for (size_t from = 0; from <= strlen(CASES[i].text); from++)
                        for (size_t to = from; to <= strlen(CASES[i].text); to++) {
                                memcpy(text, CASES[i].text + from, to - from);
                                text[to - from] = '\0';
                                foreign_count_read(text);
                        }
}
