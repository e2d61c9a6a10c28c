/* SPDX-License-Identifier: BSD-2-Clause */
/* Every capture there is through xskim replay: what arrives at the other end, judged by tcpdump, is
 * what is in the capture, byte by byte and in order, by both engines. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "captures.h"
#include "lab.h"
#include "replaying.h"
#include "util.h"

TestSuite(player_captures, .init = replaying_begin, .fini = replaying_end, .timeout = 600);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

static const char *const ENGINES[] = {"xdp", "afxdp"};

static void captures_require(struct captures *captures) {
        captures_find(captures);
        if (!captures->count)
                test_skip("no captures in %s (XSKIM_CAPTURES)", captures_directory());
}

/* From the first to the last packet. */
static uint64_t length_ns(const char *path) {
        struct tape_packets packets = tape_read(path);
        uint64_t ns = packets.packet[packets.count - 1].time_ns - packets.packet[0].time_ns;

        tape_free(&packets);
        return ns;
}

/* At captured timing, the long ones at a hundred times that; and at top speed. */
Test(player_captures, captures_arrive_as_captured) {
        enum { LONG_NS = 2000000000 };
        static struct captures captures;

        /* one of them has packets with two tags */
        lab_run("ip link set " LAB_PORT " mtu 1600; ip link set " LAB_PEER " mtu 1600");
        captures_require(&captures);
        for (uint32_t c = 0; c < captures.count; c++)
                for (size_t i = 0; i < ARRAY_SIZE(ENGINES); i++) {
                        replaying_arrives(captures.path[c], ENGINES[i], "--speed",
                                          length_ns(captures.path[c]) > LONG_NS ? "100" : "1");
                        replaying_arrives(captures.path[c], ENGINES[i], "--top-speed", NULL);
                }
}

/* Each of them in one form or another, by both engines. */
Test(player_captures, other_forms_of_captures_arrive_alike) {
        static const char *const forms[] = {
                "editcap -F pcapng %s %s",
                "editcap -F nsecpcap %s %s",
                "editcap -F pcapng %s - | gzip >%s",
                "editcap -F nsecpcap %s - | zstd -q >%s",
        };
        static struct captures captures;

        lab_run("ip link set " LAB_PORT " mtu 1600; ip link set " LAB_PEER " mtu 1600");
        captures_require(&captures);
        if (system("editcap --version >/dev/null 2>&1"))
                test_skip("editcap is not installed (wireshark-common)");
        for (uint32_t c = 0; c < captures.count; c++) {
                char shell[CAPTURE_PATH_MAX + 128];

                snprintf(shell, sizeof(shell), forms[c % ARRAY_SIZE(forms)], captures.path[c],
                         made);
                lab_run("%s", shell);
                for (size_t i = 0; i < ARRAY_SIZE(ENGINES); i++)
                        replaying_arrives_like(captures.path[c], made, ENGINES[i],
                                               i ? "--speed" : "--top-speed", i ? "100" : NULL);
        }
}
