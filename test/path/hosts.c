/* SPDX-License-Identifier: BSD-2-Clause */
/* scripts/lab: what `up` promises about the hosts, and that `down` leaves nothing, whatever
 * happened in between. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hosts.h"
#include "lab.h"
#include "util.h"

TestSuite(hosts, .init = hosts_fresh, .timeout = 120);

int main(int argc, char *argv[]) {
        return hosts_main(argc, argv);
}

Test(hosts, they_reach_each_other_by_ipv4_and_ipv6) {
        hosts_up(NULL);
        cr_expect_eq(hosts_lab("exec left ping -c 1 -W 2 192.0.2.2"), 0, "%s", hosts_said());
        cr_expect_eq(hosts_lab("exec right ping -c 1 -W 2 2001:db8::1"), 0, "%s", hosts_said());
        cr_expect_eq(hosts_lab("status"), 0, "%s", hosts_said());
        hosts_down();
        hosts_balanced();
        cr_expect_neq(hosts_lab("status"), 0);
}

Test(hosts, the_wire_is_silent_until_somebody_sends) {
        struct hosts_judge left, right;
        struct hosts_frames on_left, on_right;

        hosts_up(NULL);
        left = hosts_judge_start("left");
        right = hosts_judge_start("right");
        sleep(3);
        on_left = hosts_judge_end(&left);
        on_right = hosts_judge_end(&right);
        cr_expect_eq(on_left.count, 0);
        cr_expect_eq(on_right.count, 0);
        hosts_down();
        cr_expect_eq(hosts_count("received"), 0, "%s", hosts_account());
        hosts_frames_free(&on_left);
        hosts_frames_free(&on_right);
}

/* Without offloads a frame is what was sent: nothing of TCP is left to a card that is not there. */
Test(hosts, frames_arrive_as_they_were_sent) {
        hosts_up(NULL);
        cr_expect_eq(hosts_lab("exec right sh -c 'iperf3 -s -1 -D && sleep 0.3'"), 0);
        cr_expect_eq(hosts_lab("exec left timeout 10 iperf3 -c 192.0.2.2 -n 2M"), 0, "%s",
                     hosts_said());
        hosts_down();
        hosts_balanced();
        cr_expect_gt(hosts_count("received"), 500, "%s", hosts_account());
        cr_expect_eq(hosts_count("unfinished"), 0, "%s", hosts_account());
        cr_expect_eq(hosts_count("too_long"), 0, "%s", hosts_account());
}

Test(hosts, up_twice_is_up_once_and_other_words_replace_only_the_relay) {
        pid_t relay;

        hosts_up("delay=1ms");
        relay = hosts_relay();
        hosts_up("delay=1ms");
        cr_expect_eq(hosts_relay(), relay, "the same again changed something");
        cr_assert_eq(hosts_lab("exec left ip link add stays type veth"), 0, "%s", hosts_said());
        hosts_up("delay=2ms");
        cr_expect_neq(hosts_relay(), relay);
        cr_expect_eq(hosts_lab("exec left ip link show stays"), 0, "%s", hosts_said());
        hosts_down();
        cr_expect(strstr(hosts_account(), "\"impair\":\"delay=2ms\""), "%s", hosts_account());
}

Test(hosts, each_direction_may_be_told_its_own) {
        cr_assert_eq(hosts_lab("up --left-to-right loss=100%% --right-to-left delay=1ms"), 0, "%s",
                     hosts_said());
        cr_expect_neq(hosts_lab("exec right ping -c 1 -W 1 192.0.2.1"), 0, "%s", hosts_said());
        hosts_down();
        hosts_balanced();
        cr_expect_eq(hosts_count("lost"), 1, "%s", hosts_account());
}

Test(hosts, a_command_s_exit_status_is_passed_on) {
        hosts_up(NULL);
        cr_expect_eq(hosts_lab("exec right sh -c 'exit 7'"), 7);
        hosts_down();
        cr_expect_eq(hosts_lab("exec right true"), 1, "%s", hosts_said());
}

Test(hosts, wrong_words_change_nothing) {
        pid_t relay;

        cr_expect_eq(hosts_lab("up --impair loss=1"), 2, "%s", hosts_said());
        cr_expect(strstr(hosts_said(), "1%"), "%s", hosts_said());
        hosts_down();
        hosts_up(NULL);
        relay = hosts_relay();
        cr_expect_eq(hosts_lab("up --impair loss=1"), 2, "%s", hosts_said());
        cr_expect_eq(hosts_lab("up --by magic"), 2, "%s", hosts_said());
        cr_expect_eq(hosts_lab("up --mtu 67"), 2, "%s", hosts_said());
        cr_expect_eq(hosts_lab("sideways"), 2, "%s", hosts_said());
        cr_expect_eq(hosts_relay(), relay);
        cr_expect_eq(hosts_lab("status"), 0, "%s", hosts_said());
        hosts_down();
}

/* A kernel without netem says so and stays as it was; one that has it takes it. */
Test(hosts, netem_is_used_where_it_is_or_its_absence_is_said) {
        int status = hosts_lab("up --by netem --impair delay=1ms,duplicate=1%%");

        if (status == 5)
                cr_expect(strstr(hosts_said(), "no netem"), "%s", hosts_said());
        else
                cr_expect_eq(status, 0, "%s", hosts_said());
        hosts_down();
}

Test(hosts, nothing_is_left_after_sigkill_of_the_relay) {
        hosts_up("delay=1ms");
        kill(hosts_relay(), SIGKILL);
        cr_expect_neq(hosts_lab("status"), 0, "%s", hosts_said());
        hosts_down();
        hosts_up("delay=1ms");
        kill(hosts_relay(), SIGKILL);
        hosts_up("delay=1ms");
        cr_expect_eq(hosts_lab("exec left ping -c 1 -W 2 192.0.2.2"), 0, "%s", hosts_said());
        hosts_down();
}

/* `up` killed at any moment of its third of a second: down removes what there is, or up repairs it.
 */
Test(hosts, nothing_is_left_after_sigkill_of_up_at_any_moment) {
        for (int i = 1; i <= 8; i++) {
                hosts_up_killed(45 * i);
                if (i % 2)
                        hosts_up("delay=1ms");
                hosts_down();
        }
}

Test(hosts, what_runs_in_a_host_ends_with_it) {
        hosts_up(NULL);
        cr_assert_eq(hosts_lab("exec left sh -c 'sleep 1000 >/dev/null 2>&1 &'"), 0);
        hosts_down();
}

Test(hosts, several_labs_stand_side_by_side) {
        hosts_up(NULL);
        cr_assert_eq(hosts_lab("up --name other%d", getpid()), 0, "%s", hosts_said());
        hosts_down();
        cr_expect_eq(hosts_lab("exec --name other%d left ping -c 1 -W 2 192.0.2.2", getpid()), 0,
                     "%s", hosts_said());
        cr_expect_eq(hosts_lab("down --name other%d", getpid()), 0, "%s", hosts_said());
}
