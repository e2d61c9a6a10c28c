/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captured traffic through the whole path: each capture file, replayed by tcpreplay into the peer
 * while the command watches the port, counts by class as tshark counts the file.
 *
 * A frame sent through a packet socket keeps its VLAN tag inside, where XDP sees it, whether the
 * peer has txvlan on or off; only the kernel's own VLAN devices put it beside the packet. tcpreplay
 * sends what was captured of a packet, so that is what counts.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "captures.h"
#include "command.h"
#include "lab.h"
#include "tshark.h"

TestSuite(replay, .init = lab_fresh, .timeout = 300);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

struct total {
        uint64_t packets;
        uint64_t bytes;
};

static void total_add(void *context, const uint8_t *bytes, uint32_t length) {
        struct total *total = context;

        (void)bytes;
        total->packets++;
        total->bytes += length;
}

static void need_programs(void) {
        const char *reason;

        if (!tshark_usable(&reason))
                test_skip("%s", reason);
        if (system("tcpreplay --version > /dev/null 2>&1"))
                test_skip("there is no tcpreplay (Debian: apt install tcpreplay)");
}

static void judge(const struct command_result *result, const char *path) {
        const char *name = strrchr(path, '/') + 1;
        uint64_t theirs[CLASSES_ROWS];
        struct total total = {0};

        cr_assert_eq(result->status, 0, "%s: %s", name, result->err);
        cr_assert_eq(capture_read(path, total_add, &total), 0);
        cr_expect_eq(command_summary(result, "ledger", "seen"), total.packets, "%s", name);
        cr_expect_eq(command_summary(result, "ledger", "bytes"), total.bytes, "%s", name);
        cr_expect_eq(command_summary(result, "ledger", "unaccounted"), 0, "%s", name);
        cr_expect_eq(command_summary(result, "ledger", "sampled"), total.packets, "%s", name);
        cr_assert_eq(tshark_count(path, theirs), 0);
        for (uint32_t row = 0; row < CLASSES_ROWS; row++) {
                uint64_t ours = command_summary(result, "classes", class_rows[row].name);

                cr_expect_eq(ours, theirs[row], "%s: %s: xskim %lu, tshark %lu with: %s", name,
                             class_rows[row].name, ours, theirs[row], class_rows[row].filter);
        }
}

static void replay(const char *path) {
        struct command command = COMMAND_START(NULL, "watch", LAB_PORT, "--verdict", "drop",
                                               "--sample", "1", "--json", "--interval", "1h");
        struct command_result result;

        cr_assert(command_attached(&command, LAB_PORT));
        lab_run("tcpreplay --topspeed -q -i " LAB_PEER " '%s' > /dev/null 2>&1", path);
        kill(command.pid, SIGINT);
        result = command_end(&command);
        judge(&result, path);
        command_result_free(&result);
}

Test(replay, captures_count_as_tshark_counts) {
        static struct captures captures;

        need_programs();
        captures_find(&captures);
        if (!captures.count)
                test_skip("no captures in %s (XSKIM_CAPTURES)", captures_directory());
        /* a tagged packet of 1518 bytes and more needs room */
        lab_run("ip link set " LAB_PORT " mtu 3000; ip link set " LAB_PEER " mtu 3000");
        for (uint32_t i = 0; i < captures.count; i++)
                replay(captures.path[i]);
}
