/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch --shared: beside somebody else's program in libxdp's dispatcher, and nothing left there,
 * however it ends. Where the kernel refuses freplace programs (lockdown), what needs a dispatcher
 * is skipped; the refusal itself is tested everywhere.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <xdp/libxdp.h>

#include "command.h"
#include "counter.skel.h"
#include "lab.h"

enum { PACKETS = 2000, KILLS = 20 };

#define PINS "/sys/fs/bpf/xdp"

/* A port and a bpf file system that nobody has touched. */
static void fresh(void) {
        cr_assert_eq(unshare(CLONE_NEWNS), 0);
        cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        cr_assert_eq(mount("lab", "/sys/fs/bpf", "bpf", 0, NULL), 0);
        lab_fresh();
}

TestSuite(shared, .init = fresh, .timeout = 300);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

/* ---- somebody else ---- */

struct other {
        struct counter_bpf *skeleton;
        struct xdp_program *program;
};

/* Programs in the port's dispatcher; -1 when there is none. */
static int dispatched(void) {
        struct xdp_multiprog *all = xdp_multiprog__get_from_ifindex(lab_ifindex(LAB_PORT));
        int count = -1;

        if (libxdp_get_error(all))
                return -1;
        if (!xdp_multiprog__is_legacy(all))
                count = xdp_multiprog__program_count(all);
        xdp_multiprog__close(all);
        return count;
}

static int quiet(enum libxdp_print_level level, const char *format, va_list arguments) {
        (void)level, (void)format, (void)arguments;
        return 0;
}

static struct other other_attach(void) {
        struct other other = {.skeleton = counter_bpf__open()};
        DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .prog_name = "counter");

        cr_assert(other.skeleton);
        libxdp_set_print(quiet);
        libbpf_set_print(NULL);
        options.obj = other.skeleton->obj;
        other.program = xdp_program__create(&options);
        cr_assert_eq(libxdp_get_error(other.program), 0);
        cr_assert_eq(xdp_program__attach(other.program, lab_ifindex(LAB_PORT), XDP_MODE_NATIVE, 0),
                     0);
        if (dispatched() < 0)
                lab_skip("the kernel refuses libxdp's dispatcher: run this suite without lockdown");
        return other;
}

/* By the map: libxdp loaded it, so the skeleton has mapped nothing. */
static uint64_t other_counted(const struct other *other) {
        uint32_t key = 0;
        uint64_t counted = 0;

        cr_assert_eq(bpf_map_lookup_elem(bpf_map__fd(other->skeleton->maps.bss), &key, &counted),
                     0);
        return counted;
}

static void other_detach(struct other *other) {
        cr_expect_eq(xdp_program__detach(other->program, lab_ifindex(LAB_PORT), XDP_MODE_NATIVE, 0),
                     0);
        xdp_program__close(other->program);
        counter_bpf__destroy(other->skeleton);
}

static void dispatcher_needed(void) {
        struct other other = other_attach();

        other_detach(&other);
}

/* ---- what is there ---- */

static unsigned int directories(void) {
        DIR *open = opendir(PINS);
        unsigned int count = 0;
        struct dirent *entry;

        while (open && (entry = readdir(open)))
                count += entry->d_name[0] != '.';
        if (open)
                closedir(open);
        return count;
}

static void nothing_is_left(void) {
        cr_expect_eq(lab_xdp_program(LAB_PORT), 0, "a program on the port");
        cr_expect_eq(directories(), 0, "pins");
}

static void only_the_other_is_left(const struct other *other) {
        uint64_t before = other_counted(other);
        uint8_t packet[64];

        cr_expect_eq(dispatched(), 1);
        cr_expect_eq(directories(), 1);
        lab_transmit(LAB_PEER, packet, lab_udp(packet, 64, 1, 2), 10);
        cr_expect_eq(other_counted(other) - before, 10, "it counts on");
}

static void send_all(void) {
        uint8_t packet[64];

        lab_transmit(LAB_PEER, packet, lab_udp(packet, 64, 1, 2), PACKETS);
}

/* ---- the command ---- */

#define SHARED_START(...)                                                                          \
        COMMAND_START(NULL, "watch", LAB_PORT, "--shared", "--sample", "1", "--json",              \
                      "--interval", "20ms", ##__VA_ARGS__)

static void ends_having_seen(struct command *command, uint64_t packets) {
        struct command_result result;

        kill(command->pid, SIGINT);
        result = command_end(command);
        cr_assert_eq(result.status, 0, "status %d, signal %d: %s", result.status, result.signal,
                     result.err);
        cr_expect_str_empty(result.err);
        cr_expect(command_summary_has(&result, "\"attach\":\"dispatcher\""), "%s", result.out);
        cr_expect_eq(command_summary(&result, "ledger", "unaccounted"), 0);
        cr_expect_eq(command_summary(&result, "ledger", "seen"), packets);
        cr_expect_eq(command_summary(&result, "ledger", "sampled"), packets);
        command_result_free(&result);
}

static void starts_at_once(const char *option) {
        struct command command =
                COMMAND_START(NULL, "watch", LAB_PORT, "--json", "--duration", "20ms", option);
        struct command_result result = command_end(&command);

        cr_assert_eq(result.status, 0, "%s", result.err);
        cr_expect_eq(command_summary(&result, "ledger", "unaccounted"), 0);
        command_result_free(&result);
}

static void clean_says(const char *port, const char *what) {
        struct command command = COMMAND_START(NULL, "doctor", "--clean", "--json", port);
        struct command_result result = command_end(&command);

        cr_expect_eq(result.status, 0, "%s%s", result.out, result.err);
        cr_expect(strstr(result.out, "\"leftovers\""));
        cr_expect(strstr(result.out, what), "%s", result.out);
        command_result_free(&result);
}

static void killed_while_running(void) {
        struct command command = SHARED_START();

        cr_assert(command_running(&command));
        command_kill(command.pid);
}

/* ---- beside somebody else ---- */

Test(shared, both_see_every_packet_and_the_other_stays) {
        struct other other = other_attach();
        struct command command = SHARED_START();

        cr_assert(command_running(&command));
        cr_expect_eq(dispatched(), 2);
        send_all();
        cr_expect_eq(other_counted(&other), PACKETS);
        ends_having_seen(&command, PACKETS);
        only_the_other_is_left(&other);
        other_detach(&other);
        nothing_is_left();
}

Test(shared, verdict_drop_ends_the_chain) {
        struct other other = other_attach();
        struct command command = SHARED_START("--verdict", "drop");

        cr_assert(command_running(&command));
        send_all();
        cr_expect_eq(other_counted(&other), 0);
        ends_having_seen(&command, PACKETS);
        only_the_other_is_left(&other);
}

Test(shared, somebody_joins_and_leaves_meanwhile) {
        struct command command;
        struct other other;

        dispatcher_needed();
        command = SHARED_START();
        cr_assert(command_running(&command));
        other = other_attach();
        cr_expect_eq(dispatched(), 2);
        send_all();
        cr_expect_eq(other_counted(&other), PACKETS);
        other_detach(&other);
        cr_expect_eq(dispatched(), 1);
        send_all();
        ends_having_seen(&command, 2 * PACKETS);
        nothing_is_left();
}

Test(shared, jumbo_ports_can_be_shared) {
        struct command command;

        dispatcher_needed();
        lab_run("ip link set " LAB_PORT " mtu 9000 && ip link set " LAB_PEER " mtu 9000");
        command = SHARED_START();
        cr_assert(command_running(&command));
        send_all();
        ends_having_seen(&command, PACKETS);
        nothing_is_left();
}

/* ---- leftovers ---- */

Test(shared, next_start_removes_the_leftovers_of_a_killed_one) {
        struct other other = other_attach();

        killed_while_running();
        cr_expect_eq(dispatched(), 2, "this is what has to be removed");
        starts_at_once("--shared");
        only_the_other_is_left(&other);
        other_detach(&other);
        killed_while_running();
        cr_expect_eq(dispatched(), 1);
        starts_at_once(NULL);
        nothing_is_left();
}

Test(shared, doctor_removes_the_leftovers_of_a_killed_one) {
        struct other other = other_attach();

        killed_while_running();
        clean_says(LAB_PORT, "removed: 1 sampler ");
        only_the_other_is_left(&other);
        clean_says(LAB_PORT, "none found");
        killed_while_running();
        clean_says(NULL, "removed: 1 sampler ");
        only_the_other_is_left(&other);
}

Test(shared, a_living_session_is_not_cleaned) {
        struct command command;

        dispatcher_needed();
        command = SHARED_START();
        cr_assert(command_running(&command));
        clean_says(LAB_PORT, "none found");
        clean_says(NULL, "none found");
        send_all();
        ends_having_seen(&command, PACKETS);
        nothing_is_left();
}

Test(shared, a_deleted_interface_leaves_no_pins) {
        struct command command;

        dispatcher_needed();
        command = SHARED_START();
        cr_assert(command_running(&command));
        lab_run("ip link del " LAB_PORT);
        kill(command.pid, SIGINT);
        command_end(&command);
        cr_expect_eq(directories(), 0);
        lab_pair(LAB_PORT, LAB_PEER, 1500);
        killed_while_running();
        lab_run("ip link del " LAB_PORT);
        clean_says(NULL, "removed: 0 samplers");
        cr_expect_eq(directories(), 0);
}

/* How long a session takes from start to end here, so that the kills fall into every part. */
static unsigned int session_us(bool *ret_refused) {
        struct command command = SHARED_START("--duration", "20ms");
        struct timespec start, end;
        struct command_result result;

        clock_gettime(CLOCK_MONOTONIC, &start);
        result = command_end(&command);
        clock_gettime(CLOCK_MONOTONIC, &end);
        *ret_refused = result.status == 5;
        command_result_free(&result);
        return (unsigned int)((end.tv_sec - start.tv_sec) * 1000000 +
                              (end.tv_nsec - start.tv_nsec) / 1000);
}

/* With or without a dispatcher: libxdp attaches alone for a moment where there is none. */
Test(shared, nothing_is_left_after_sigkill_at_any_moment_and_cleaning) {
        unsigned int left = 0, slice;
        bool refused;

        slice = session_us(&refused) / KILLS + 1;
        srand((unsigned int)time(NULL));
        for (unsigned int i = 0; i < KILLS; i++) {
                struct command command = SHARED_START("--duration", "20ms");

                usleep(i * slice + (unsigned int)rand() % slice);
                command_kill(command.pid);
                left += lab_xdp_program(LAB_PORT) || directories();
                clean_says(i % 2 ? LAB_PORT : NULL, "leftovers");
                nothing_is_left();
        }
        cr_expect(left || refused, "no kill came while there was something to leave");
}

/* ---- what is not xskim's, and what cannot be ---- */

Test(shared, pins_of_others_stay) {
        struct counter_bpf *foreign = counter_bpf__open_and_load();
        char directory[64], pin[96];

        cr_assert(foreign);
        mkdir(PINS, 0700);
        snprintf(directory, sizeof(directory), PINS "/dispatch-%d-4000000000",
                 lab_ifindex(LAB_PORT));
        snprintf(pin, sizeof(pin), "%s/prog0-prog", directory);
        cr_assert_eq(mkdir(directory, 0700), 0);
        cr_assert_eq(bpf_obj_pin(bpf_program__fd(foreign->progs.counter), pin), 0);
        usleep(100000);
        clean_says(LAB_PORT, "none found");
        clean_says(NULL, "none found");
        cr_expect_eq(access(pin, F_OK), 0, "it may be another network namespace's");
        cr_assert_eq(unlink(pin), 0);
        clean_says(LAB_PORT, "removed: 0 samplers");
        cr_expect_eq(access(directory, F_OK), -1, "an empty one is nobody's");
        counter_bpf__destroy(foreign);
}

static void is_refused(struct command command, const char *what) {
        struct command_result result = command_end(&command);

        cr_expect_eq(result.status, 5, "%d: %s", result.status, result.err);
        cr_expect(strstr(result.err, what), "%s", result.err);
        cr_expect_str_empty(result.out);
        command_result_free(&result);
        cr_expect_eq(lab_xdp_program(LAB_PORT), 0);
        cr_expect_eq(directories(), 0);
}

/* Older kernels let it, newer ones do not: whichever, the driver has nothing to do with it. */
Test(shared, stack_beside_others_works_or_says_that_the_dispatcher_is_in_the_way) {
        struct command command = SHARED_START("--stack", "--verdict", "pass", "--duration", "50ms");
        struct command_result result = command_end(&command);

        if (!result.status) {
                cr_expect(command_summary_has(&result, "\"attach\":\"dispatcher\""));
        } else {
                cr_expect_eq(result.status, 5, "%d: %s", result.status, result.err);
                cr_expect(strstr(result.err, "dispatcher"), "%s", result.err);
                cr_expect(strstr(result.err, "Run without --s"), "%s", result.err);
                cr_expect_not(strstr(result.err, "driver"), "%s", result.err);
        }
        command_result_free(&result);
        cr_expect_eq(lab_xdp_program(LAB_PORT), 0);
        cr_expect_eq(directories(), 0);
}

/* libxdp, asked to do so, attaches without a dispatcher, as it does by itself under lockdown. */
Test(shared, without_a_dispatcher_nothing_is_attached) {
        setenv("LIBXDP_SKIP_DISPATCHER", "1", 1);
        is_refused(SHARED_START(), "Run without --shared");
}

static void bpffs_hide(void) {
        if (unshare(CLONE_NEWNS) || umount2("/sys/fs/bpf", MNT_DETACH) ||
            mount("none", "/sys/fs/bpf", "tmpfs", 0, NULL))
                _exit(99);
}

Test(shared, without_a_bpf_file_system_it_says_how_to_get_one) {
        is_refused(COMMAND_START(bpffs_hide, "watch", LAB_PORT, "--shared"),
                   "mount -t bpf bpf /sys/fs/bpf");
}

Test(shared, a_program_outside_the_dispatcher_is_not_replaced) {
        struct counter_bpf *foreign = counter_bpf__open_and_load();
        struct command command;
        struct command_result result;

        cr_assert(foreign);
        cr_assert_eq(bpf_xdp_attach(lab_ifindex(LAB_PORT), bpf_program__fd(foreign->progs.counter),
                                    XDP_FLAGS_DRV_MODE, NULL),
                     0);
        command = SHARED_START();
        result = command_end(&command);
        cr_expect_eq(result.status, 1, "%d: %s", result.status, result.err);
        cr_expect(strstr(result.err, "counter"), "%s", result.err);
        cr_expect(strstr(result.err, "not in libxdp's dispatcher"), "%s", result.err);
        cr_expect_neq(lab_xdp_program(LAB_PORT), 0);
        command_result_free(&result);
        counter_bpf__destroy(foreign);
}
