/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a session as others live it, through the shared library: loops, sinks, snapshots,
 * interruptions, several ports, sessions and workers. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "user.h"

int main(int argc, char *argv[]) {
        return user_main(argc, argv);
}

Test(lifecycle, works_in_a_poll_loop_of_the_callers_own) {
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

Test(lifecycle, has_nothing_due_before_the_interval_is_over, .timeout = 30) {
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

Test(lifecycle, runs_for_its_duration_and_tells_every_sink) {
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

Test(lifecycle, ends_with_the_error_of_a_sink_and_still_gives_the_summary) {
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

Test(lifecycle, can_be_stopped_by_a_sink) {
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

Test(lifecycle, gives_snapshots_while_running_and_the_summary_afterwards) {
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

Test(lifecycle, is_interrupted_from_another_thread, .timeout = 30) {
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

Test(lifecycle, is_interrupted_from_a_signal_handler, .timeout = 30) {
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

Test(lifecycle, does_not_run_at_all_when_interrupted_before, .timeout = 30) {
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

Test(lifecycle, gives_the_summary_on_close_when_nobody_stopped_it) {
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

Test(lifecycle, has_two_sessions_in_one_process_side_by_side) {
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

ParameterizedTestParameters(lifecycle, any_number_of_workers_serves_any_number_of_ports) {
        return cr_make_param_array(const struct layout, (void *)layouts,
                                   sizeof(layouts) / sizeof(layouts[0]));
}

ParameterizedTest(const struct layout *layout, lifecycle,
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
