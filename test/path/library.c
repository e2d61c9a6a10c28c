/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The library as others get it: this program is linked with libxskim.so alone and includes nothing
 * but its public header. Every exported symbol is used; the lab is made with ip(8), packets come
 * from a packet socket, and what arrived is judged by the kernel's own counters.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <xskim/xskim.h>

enum { PAIRS = 2, PACKET_BYTES = 100 };

static const char *const ports[PAIRS] = {"port0", "port1"};
static const char *const peers[PAIRS] = {"peer0", "peer1"};

/* No address is made up by the kernel, so no packet comes but the test's own. */
static void lab_make(void) {
        char command[256];

        if (unshare(CLONE_NEWNET)) {
                perror("a network namespace needs root");
                exit(1);
        }
        for (int i = 0; i < PAIRS; i++) {
                /* a kernel without IPv6 has no such mode, and no need of it */
                snprintf(command, sizeof(command),
                         "ip link add %s type veth peer name %s && "
                         "{ ip link set %s addrgenmode none; ip link set %s addrgenmode none; "
                         "} 2>/dev/null; ip link set %s up && ip link set %s up",
                         ports[i], peers[i], ports[i], peers[i], ports[i], peers[i]);
                if (system(command))
                        exit(1);
        }
}

int main(int argc, char *argv[]) {
        struct criterion_test_set *tests;
        int failed = 0;

        lab_make();
        tests = criterion_initialize();
        if (criterion_handle_args(argc, argv, true))
                failed = !criterion_run_all_tests(tests);
        criterion_finalize(tests);
        return failed;
}

static void packets_send(const char *peer, unsigned int count) {
        struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(peer)};
        char packet[PACKET_BYTES] = {[0] = 2, [6] = 2, [12] = 8};
        int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

        cr_assert(fd >= 0);
        for (unsigned int i = 0; i < count; i++)
                cr_assert_eq(
                        sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to)),
                        sizeof(packet));
        close(fd);
}

/* What the peer could not hand over: veth counts it as the sender's. */
static unsigned long packets_dropped(const char *peer) {
        FILE *file = fopen("/proc/self/net/dev", "re");
        unsigned long dropped = 0;
        char line[512], *place;

        cr_assert(file);
        while (fgets(line, sizeof(line), file)) {
                place = strchr(line, ':');
                if (place && (size_t)(place - line) >= strlen(peer) &&
                    !strncmp(place - strlen(peer), peer, strlen(peer)))
                        cr_assert_eq(
                                sscanf(place + 1, "%*u%*u%*u%*u%*u%*u%*u%*u%*u%*u%*u%lu", &dropped),
                                1);
        }
        fclose(file);
        return dropped;
}

static unsigned int entries_count(const char *path) {
        DIR *directory = opendir(path);
        unsigned int count = 0;

        cr_assert(directory);
        while (readdir(directory))
                count++;
        closedir(directory);
        return count;
}

static bool port_has_program(const char *port) {
        char command[128];

        snprintf(command, sizeof(command), "ip link show %s | grep -q xdp", port);
        return !system(command);
}

static double now_s(void) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void config_of(struct xskim_config *config, unsigned int port_count) {
        xskim_config_init(config);
        for (unsigned int i = 0; i < port_count; i++)
                config->ports[i] = ports[i];
        config->port_count = port_count;
        config->seed = 1;
        config->sample = 1;
        config->interval_ms = 20;
}

static struct xskim_session *session_open(const struct xskim_config *config) {
        struct xskim_session *session = NULL;

        cr_assert_eq(xskim_open(config, &session), 0, "%s", xskim_error_message());
        cr_assert(session);
        return session;
}

/* A sink that counts its calls and gives what it is told to give. */
struct told {
        struct xskim_session *session;
        unsigned int snapshots;
        unsigned int summaries;
        unsigned int misplaced;
        int error;
        bool stops;
        struct xskim_snapshot last;
};

static int told_snapshot(void *context, const struct xskim_snapshot *snapshot) {
        struct told *told = context;

        told->snapshots++;
        told->misplaced += snapshot->final || told->summaries;
        if (told->stops)
                xskim_stop(told->session);
        return told->error;
}

static int told_summary(void *context, const struct xskim_snapshot *summary) {
        struct told *told = context;

        told->summaries++;
        told->misplaced += !summary->final;
        told->last = *summary;
        if (told->stops)
                xskim_stop(told->session);
        return 0;
}

static struct xskim_sink sink_of(struct told *told) {
        return (struct xskim_sink){
                .context = told, .snapshot = told_snapshot, .summary = told_summary};
}

/* The names that a pipe prints, sorted, one a line. */
static void names_read(const char *command, char *text, size_t bytes) {
        FILE *pipe = popen(command, "r");
        size_t length;

        cr_assert(pipe);
        length = fread(text, 1, bytes - 1, pipe);
        text[length] = '\0';
        cr_assert_eq(pclose(pipe), 0);
        cr_assert(length > 0 && length < bytes - 1);
}

Test(library, exports_exactly_what_the_header_declares) {
        char exported[4096], declared[4096];

        names_read("nm -D --defined-only " XSKIM_LIBRARY " | awk '{print $3}' | "
                   "grep -v '^__[ua]\\?[bts]san\\|^_fini$\\|^_init$' | LC_ALL=C sort",
                   exported, sizeof(exported));
        names_read("tr '\\n' ' ' <" XSKIM_HEADER " | grep -o 'XSKIM_PUBLIC [^;(]*(' | "
                   "grep -o 'xskim_[a-z_]*(' | tr -d '(' | LC_ALL=C sort",
                   declared, sizeof(declared));
        cr_assert_str_eq(exported, declared);
}

Test(library, says_its_version_and_no_error_before_there_is_one) {
        unsigned int major, minor, patch;

        cr_assert_eq(sscanf(xskim_version(), "%u.%u.%u", &major, &minor, &patch), 3);
        cr_assert_str_eq(xskim_error_message(), "");
        cr_assert_null(xskim_close(NULL));
}

/* Rows: one field out of range each. */
static void no_ports(struct xskim_config *c) {
        c->port_count = 0;
}
static void too_many_ports(struct xskim_config *c) {
        c->port_count = XSKIM_PORTS_MAX + 1;
}
static void port_without_name(struct xskim_config *c) {
        c->port_count = 2;
        c->ports[1] = NULL;
}
static void port_with_empty_name(struct xskim_config *c) {
        c->ports[0] = "";
}
static void port_twice(struct xskim_config *c) {
        c->port_count = 2;
        c->ports[1] = c->ports[0];
}
static void verdict_unknown(struct xskim_config *c) {
        c->verdict = XSKIM_VERDICT_DROP + 1;
}
static void tier_unknown(struct xskim_config *c) {
        c->tier = XSKIM_TIER_CLASSES + 1;
}
static void sample_too_large(struct xskim_config *c) {
        c->sample = UINT32_MAX;
}
static void interval_too_short(struct xskim_config *c) {
        c->interval_ms = 0;
}
static void flush_zero(struct xskim_config *c) {
        c->flush_ms = 0;
}
static void flush_too_long(struct xskim_config *c) {
        c->flush_ms = UINT32_MAX;
}
static void slots_too_few(struct xskim_config *c) {
        c->ring_slots = 48;
}
static void slots_too_many(struct xskim_config *c) {
        c->ring_slots = 32784;
}
static void slots_not_whole_frames(struct xskim_config *c) {
        c->ring_slots = 1000;
}
static void no_workers(struct xskim_config *c) {
        c->workers = 0;
}
static void too_many_workers(struct xskim_config *c) {
        c->workers = 65;
}
static void too_many_cpus(struct xskim_config *c) {
        c->cpu_count = XSKIM_CPUS_MAX + 1;
}
static void cpu_that_is_not_there(struct xskim_config *c) {
        c->cpu_count = 1;
        c->cpus[0] = 100000;
}
static void stack_with_drop(struct xskim_config *c) {
        c->stack = true;
        c->verdict = XSKIM_VERDICT_DROP;
}
static void stack_without_samples(struct xskim_config *c) {
        c->stack = true;
        c->sample = 0;
}
static void stack_in_generic_mode(struct xskim_config *c) {
        c->stack = c->generic = true;
}

struct bad_config {
        const char *name;
        void (*spoil)(struct xskim_config *config);
};

#define BAD(function_)                                                                             \
        { #function_, function_ }

static const struct bad_config bad_configs[] = {
        BAD(no_ports),
        BAD(too_many_ports),
        BAD(port_without_name),
        BAD(port_twice),
        BAD(verdict_unknown),
        BAD(tier_unknown),
        BAD(sample_too_large),
        BAD(interval_too_short),
        BAD(flush_zero),
        BAD(flush_too_long),
        BAD(slots_too_few),
        BAD(slots_too_many),
        BAD(no_workers),
        BAD(slots_not_whole_frames),
        BAD(too_many_workers),
        BAD(too_many_cpus),
        BAD(cpu_that_is_not_there),
        BAD(stack_with_drop),
        BAD(port_with_empty_name),
        BAD(stack_without_samples),
        BAD(stack_in_generic_mode),
};

static void refused(const char *name, const struct xskim_config *config, int error) {
        struct xskim_session *untouched = (void *)&untouched, *session = untouched;
        unsigned int fds = entries_count("/proc/self/fd");
        unsigned int threads = entries_count("/proc/self/task");

        cr_expect_eq(xskim_open(config, &session), error, "%s: %s", name, xskim_error_message());
        cr_expect_eq(session, untouched, "%s", name);
        cr_expect(strlen(xskim_error_message()) > 10, "%s: no message", name);
        cr_expect_eq(entries_count("/proc/self/fd"), fds, "%s: descriptors are left", name);
        cr_expect_eq(entries_count("/proc/self/task"), threads, "%s: threads are left", name);
}

Test(library, refuses_each_value_out_of_range_with_a_message_and_leaves_nothing) {
        struct xskim_config config;

        for (size_t i = 0; i < sizeof(bad_configs) / sizeof(bad_configs[0]); i++) {
                config_of(&config, 1);
                bad_configs[i].spoil(&config);
                refused(bad_configs[i].name, &config, -EINVAL);
                cr_expect_not(port_has_program(ports[0]), "%s", bad_configs[i].name);
        }
}

Test(library, leaves_nothing_when_the_second_port_cannot_be_had) {
        struct xskim_config config;

        config_of(&config, 2);
        config.ports[1] = "nosuchport";
        refused("unknown port", &config, -ENODEV);
        cr_assert(strstr(xskim_error_message(), "nosuchport"));
        cr_assert_not(port_has_program(ports[0]));
}

Test(library, leaves_the_first_session_alone_when_a_second_wants_its_port) {
        struct xskim_config config;
        struct xskim_session *session;
        struct xskim_snapshot s;

        config_of(&config, 2);
        config.ports[0] = ports[1];
        config.port_count = 1;
        session = session_open(&config);
        config_of(&config, 2);
        refused("a port twice", &config, -EBUSY);
        cr_assert(strstr(xskim_error_message(), ports[1]));
        cr_assert_not(port_has_program(ports[0]));
        packets_send(peers[1], 10);
        cr_assert_eq(xskim_stop(session), 0);
        cr_assert_eq(xskim_snapshot(session, 0, &s), 0);
        cr_assert_eq(s.ledger.seen, 10);
        xskim_close(session);
}

Test(library, works_in_a_poll_loop_of_the_callers_own) {
        struct told told = {0};
        struct xskim_sink sink = sink_of(&told);
        struct xskim_config config;
        struct xskim_session *session;
        struct pollfd waiting = {.events = POLLIN};
        unsigned int wakeups = 0;
        int r = XSKIM_CONTINUE;

        config_of(&config, 1);
        config.duration_ms = 300;
        session = session_open(&config);
        cr_assert_eq(xskim_sink_add(session, &sink), 0);
        waiting.fd = xskim_fd(session);
        cr_assert(waiting.fd >= 0);
        packets_send(peers[0], 10);
        while (r == XSKIM_CONTINUE) {
                cr_assert_eq(poll(&waiting, 1, 5000), 1, "nothing was due for 5 s");
                r = xskim_dispatch(session);
                wakeups++;
        }
        cr_assert_eq(r, XSKIM_ENDED, "%s", xskim_error_message());
        cr_assert_eq(told.summaries, 0);
        cr_assert(told.snapshots >= 1 && told.snapshots <= 15, "%u snapshots", told.snapshots);
        cr_assert(wakeups <= told.snapshots + 6, "%u wake-ups for %u snapshots", wakeups,
                  told.snapshots);
        cr_assert_eq(xskim_stop(session), 0);
        cr_assert_eq(told.summaries, 1);
        cr_assert_eq(told.misplaced, 0);
        cr_assert_eq(told.last.ledger.seen, 10);
        cr_assert_null(xskim_close(session));
        cr_assert_eq(told.summaries, 1);
}

Test(library, has_nothing_due_before_the_interval_is_over, .timeout = 30) {
        struct xskim_config config;
        struct xskim_session *session;
        struct pollfd waiting = {.events = POLLIN};

        config_of(&config, 1);
        config.interval_ms = 60000;
        session = session_open(&config);
        waiting.fd = xskim_fd(session);
        /* the kernel's own news of the attachment */
        while (poll(&waiting, 1, 50) == 1)
                cr_assert_eq(xskim_dispatch(session), XSKIM_CONTINUE);
        packets_send(peers[0], 10);
        cr_assert_eq(poll(&waiting, 1, 100), 0);
        xskim_close(session);
}

Test(library, runs_for_its_duration_and_tells_every_sink) {
        struct told told[XSKIM_SINKS_MAX] = {0};
        struct xskim_sink sink, empty = {0};
        struct xskim_config config;
        struct xskim_session *session;
        double began_s;

        config_of(&config, 1);
        config.duration_ms = 200;
        session = session_open(&config);
        began_s = now_s();
        cr_assert_eq(xskim_sink_add(session, &empty), 0);
        for (int i = 1; i < XSKIM_SINKS_MAX; i++) {
                sink = sink_of(&told[i]);
                cr_assert_eq(xskim_sink_add(session, &sink), 0);
                sink = empty; /* the table was copied */
        }
        cr_assert_eq(xskim_sink_add(session, &empty), -ENOSPC);
        cr_assert(strlen(xskim_error_message()) > 10);
        cr_assert_eq(xskim_run(session), 0, "%s", xskim_error_message());
        cr_assert(now_s() - began_s > 0.15);
        for (int i = 1; i < XSKIM_SINKS_MAX; i++) {
                cr_assert_eq(told[i].snapshots, told[1].snapshots);
                cr_assert_eq(told[i].summaries, 1);
                cr_assert_eq(told[i].misplaced, 0);
        }
        xskim_close(session);
}

Test(library, ends_with_the_error_of_a_sink_and_still_gives_the_summary) {
        struct told fails = {.error = -EFBIG}, fine = {0};
        struct xskim_sink first = sink_of(&fails), second = sink_of(&fine);
        struct xskim_config config;
        struct xskim_session *session;

        config_of(&config, 1);
        session = session_open(&config);
        cr_assert_eq(xskim_sink_add(session, &first), 0);
        cr_assert_eq(xskim_sink_add(session, &second), 0);
        cr_assert_eq(xskim_run(session), -EFBIG);
        cr_assert(strlen(xskim_error_message()) > 10);
        cr_assert_eq(fails.snapshots, 1);
        cr_assert_eq(fine.snapshots, 0);
        cr_assert_eq(fine.summaries, 1);
        cr_assert_not(port_has_program(ports[0]));
        xskim_close(session);
}

Test(library, can_be_stopped_by_a_sink) {
        struct told told = {.stops = true};
        struct xskim_sink sink = sink_of(&told);
        struct xskim_config config;

        config_of(&config, 1);
        told.session = session_open(&config);
        cr_assert_eq(xskim_sink_add(told.session, &sink), 0);
        cr_assert_eq(xskim_run(told.session), 0, "%s", xskim_error_message());
        cr_assert_eq(told.snapshots, 1);
        cr_assert_eq(told.summaries, 1);
        cr_assert_eq(told.misplaced, 0);
        xskim_close(told.session);
}

Test(library, gives_snapshots_while_running_and_the_summary_afterwards) {
        struct told told = {0};
        struct xskim_sink sink = sink_of(&told);
        struct xskim_config config;
        struct xskim_session *session;
        struct xskim_snapshot s;

        config_of(&config, 1);
        session = session_open(&config);
        cr_assert_eq(xskim_sink_add(session, &sink), 0);
        for (unsigned int i = 1; i <= 20; i++) {
                packets_send(peers[0], 100);
                cr_assert_eq(xskim_snapshot(session, 0, &s), 0, "%s", xskim_error_message());
                cr_assert_not(s.final);
                cr_assert_eq(s.ledger.seen + packets_dropped(peers[0]), 100 * i);
                cr_assert_eq(s.ledger.unaccounted, 0, "%s", s.ledger.where);
                cr_assert_str_eq(s.port, ports[0]);
        }
        cr_assert_eq(xskim_snapshot(session, 1, &s), -EINVAL);
        cr_assert(strlen(xskim_error_message()) > 10);
        cr_assert_eq(xskim_stop(session), 0);
        cr_assert_eq(xskim_stop(session), 0);
        cr_assert_eq(told.summaries, 1);
        usleep(50000); /* the interval timer is due */
        cr_assert_eq(xskim_dispatch(session), XSKIM_ENDED);
        cr_assert_eq(xskim_run(session), 0);
        cr_assert_eq(told.misplaced, 0);
        cr_assert_eq(told.summaries, 1);
        cr_assert_eq(xskim_snapshot(session, 0, &s), 0);
        cr_assert(s.final);
        cr_assert_eq(s.ledger.decoded, s.ledger.sampled);
        cr_assert_eq(s.ledger.unaccounted, 0, "%s", s.ledger.where);
        xskim_close(session);
}

static void *interrupt_soon(void *session) {
        usleep(100000);
        xskim_interrupt(session);
        return NULL;
}

Test(library, is_interrupted_from_another_thread, .timeout = 30) {
        struct xskim_config config;
        struct xskim_session *session;
        pthread_t thread;

        config_of(&config, 1);
        config.interval_ms = 60000;
        session = session_open(&config);
        cr_assert_eq(pthread_create(&thread, NULL, interrupt_soon, session), 0);
        cr_assert_eq(xskim_run(session), 0);
        pthread_join(thread, NULL);
        cr_assert_not(port_has_program(ports[0]));
        xskim_close(session);
}

static struct xskim_session *volatile signalled;

static void on_alarm(int signal) {
        (void)signal;
        xskim_interrupt(signalled);
}

Test(library, is_interrupted_from_a_signal_handler, .timeout = 30) {
        struct sigaction action = {.sa_handler = on_alarm};
        struct itimerval soon = {.it_value = {.tv_usec = 100000}};
        struct xskim_config config;

        config_of(&config, 1);
        config.interval_ms = 60000;
        signalled = session_open(&config);
        cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
        cr_assert_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
        cr_assert_eq(xskim_run(signalled), 0);
        xskim_close(signalled);
}

Test(library, does_not_run_at_all_when_interrupted_before, .timeout = 30) {
        struct xskim_config config;
        struct xskim_session *session;

        config_of(&config, 1);
        config.interval_ms = 60000;
        session = session_open(&config);
        xskim_interrupt(session);
        cr_assert_eq(xskim_dispatch(session), XSKIM_ENDED);
        cr_assert_eq(xskim_run(session), 0);
        xskim_close(session);
}

Test(library, gives_the_summary_on_close_when_nobody_stopped_it) {
        struct told told = {0};
        struct xskim_sink sink = sink_of(&told);
        struct xskim_config config;
        struct xskim_session *session;
        unsigned int fds = entries_count("/proc/self/fd");
        unsigned int threads = entries_count("/proc/self/task");

        config_of(&config, 2);
        session = session_open(&config);
        cr_assert_eq(xskim_sink_add(session, &sink), 0);
        cr_assert_null(xskim_close(session));
        cr_assert_eq(told.summaries, 2);
        cr_assert_eq(entries_count("/proc/self/fd"), fds);
        cr_assert_eq(entries_count("/proc/self/task"), threads);
        cr_assert_not(port_has_program(ports[0]));
        cr_assert_not(port_has_program(ports[1]));
}

/* Every packet that the kernel did not drop is in the summary of its own port. */
static void summary_is_complete(struct xskim_session *session, unsigned int port, int pair,
                                unsigned long packets) {
        struct xskim_snapshot s;

        cr_assert_eq(xskim_snapshot(session, port, &s), 0);
        cr_assert(s.final);
        cr_assert_str_eq(s.port, ports[pair]);
        cr_assert_eq(s.ledger.unaccounted, 0, "%s", s.ledger.where);
        cr_assert_eq(s.ledger.waiting, 0);
        cr_assert_eq(s.ledger.seen + packets_dropped(peers[pair]), packets, "%lu of %lu",
                     s.ledger.seen, packets);
        cr_assert(s.ledger.seen > packets / 2);
        cr_assert_eq(s.ledger.bytes, s.ledger.seen * PACKET_BYTES);
        cr_assert_eq(s.ledger.sampled, s.ledger.seen);
        cr_assert_eq(s.ledger.sampled, s.ledger.decoded + s.ledger.ring_full);
        cr_assert(s.ledger.decoded > 0);
        cr_assert_eq(s.size.count, s.ledger.decoded);
        cr_assert_eq(s.size.max, PACKET_BYTES);
}

Test(library, has_two_sessions_in_one_process_side_by_side) {
        struct xskim_session *sessions[PAIRS];
        struct xskim_config config;

        for (int i = 0; i < PAIRS; i++) {
                config_of(&config, 1);
                config.ports[0] = ports[i];
                sessions[i] = session_open(&config);
        }
        packets_send(peers[0], 3000);
        packets_send(peers[1], 2000);
        cr_assert_eq(xskim_stop(sessions[0]), 0);
        packets_send(peers[1], 2000);
        cr_assert_eq(xskim_stop(sessions[1]), 0);
        summary_is_complete(sessions[0], 0, 0, 3000);
        summary_is_complete(sessions[1], 0, 1, 4000);
        xskim_close(sessions[0]);
        xskim_close(sessions[1]);
}

struct layout {
        unsigned int port_count;
        uint32_t workers;
        unsigned int pinned;
        bool busy;
};

static const struct layout layouts[] = {
        {1, 1, 0, false}, {1, 1, 0, true},  {1, 2, 2, false}, {2, 1, 0, false},
        {2, 1, 1, true},  {2, 2, 0, false}, {1, 5, 0, false},
};

ParameterizedTestParameters(library, any_number_of_workers_serves_any_number_of_ports) {
        return cr_make_param_array(const struct layout, (void *)layouts,
                                   sizeof(layouts) / sizeof(layouts[0]));
}

ParameterizedTest(const struct layout *layout, library,
                  any_number_of_workers_serves_any_number_of_ports, .timeout = 60) {
        struct xskim_config config;
        struct xskim_session *session;

        config_of(&config, layout->port_count);
        config.workers = layout->workers;
        config.busy = layout->busy;
        config.cpu_count = layout->pinned;
        for (unsigned int i = 0; i < layout->pinned; i++)
                config.cpus[i] = (int)(i % (unsigned long)sysconf(_SC_NPROCESSORS_ONLN));
        session = session_open(&config);
        for (int round = 0; round < 5; round++)
                for (unsigned int i = 0; i < layout->port_count; i++)
                        packets_send(peers[i], 1000 + 500 * i);
        cr_assert_eq(xskim_stop(session), 0, "%s", xskim_error_message());
        for (unsigned int i = 0; i < layout->port_count; i++)
                summary_is_complete(session, i, (int)i, 5000 + 2500 * i);
        xskim_close(session);
}
