/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the link of a port that runs several programs in turn. See program_switch.h. */
#include <errno.h>
#include <linux/if_link.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include <bpf/bpf.h>

#include "clock.h"
#include "log.h"
#include "program_private.h"
#include "program_switch.h"
#include "util.h"

static int link_create(int program_fd, int ifindex) {
        LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
        int fd = bpf_link_create(program_fd, ifindex, BPF_XDP, &options);

        return fd < 0 ? -errno : fd;
}

static int attach(struct program_switch *s, int program_fd) {
        const char *name = s->port->name;
        int fd = link_create(program_fd, s->port->ifindex);

        switch (fd) {
        case -EBUSY:
        case -EEXIST:
                return program_error_foreign(name, s->port->ifindex, "Detach it.");
        case -EOPNOTSUPP:
        case -EINVAL:
                return error_set(-EOPNOTSUPP, "%s: the driver takes no native XDP program (%s)",
                                 name, strerror(-fd));
        case -EPERM:
                return error_set(fd,
                                 "%s: no privilege to attach XDP. Run as root, or with CAP_BPF and "
                                 "CAP_NET_ADMIN.",
                                 name);
        case -ERANGE:
                return fd;
        default:
                if (fd < 0)
                        return error_set(fd, "%s: cannot attach XDP: %s", name, strerror(-fd));
                s->link = fd;
                return 0;
        }
}

int program_switch_set(struct program_switch *s, int program_fd) {
        if (s->link < 0)
                return attach(s, program_fd);
        if (bpf_link_update(s->link, program_fd, NULL))
                return error_set(-errno, "%s: cannot switch to another XDP program: %s",
                                 s->port->name, strerror(errno));
        return 0;
}

void program_switch_off(struct program_switch *s) {
        fd_cleanup(&s->link);
}

int program_park(int program_fd, int ifindex, int *ret_link) {
        int fd = link_create(program_fd, ifindex);

        if (fd < 0)
                return error_set(fd, "parking port: cannot attach an XDP program: %s",
                                 strerror(-fd));
        *ret_link = fd;
        return 0;
}

/* CPU time of the calling thread, NAN on failure. */
static double runs_ns(int program_fd, const uint8_t *packet, uint32_t bytes, uint32_t repeat) {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = bytes,
                    .repeat = (int)repeat);
        uint64_t start_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);

        if (bpf_prog_test_run_opts(program_fd, &options))
                return NAN;
        return (double)(clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns);
}

/* The kernel says how long it took in whole nanoseconds a run, which is too coarse. A call costs
 * some microseconds besides, which a call with one run tells. */
double program_run_ns(int program_fd, const uint8_t *packet, uint32_t bytes, uint32_t repeat) {
        sigset_t all, before;
        double one_ns, ns;

        /* one that came in between would end it early, and nobody would know after how many runs */
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, &before);
        one_ns = runs_ns(program_fd, packet, bytes, 1);
        ns = runs_ns(program_fd, packet, bytes, repeat);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return (ns - one_ns) / (repeat - 1);
}

int program_statistics_on(int *ret_fd) {
        int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

        if (fd < 0)
                return error_set(-errno, "run-time statistics of programs: cannot enable them: %s",
                                 strerror(errno));
        *ret_fd = fd;
        return 0;
}

int program_statistics(int program_fd, uint64_t *ret_runs, uint64_t *ret_ns) {
        struct bpf_prog_info facts = {0};
        uint32_t size = sizeof(facts);

        if (bpf_obj_get_info_by_fd(program_fd, &facts, &size))
                return error_set(-errno, "run-time statistics: cannot read them: %s",
                                 strerror(errno));
        *ret_runs = facts.run_cnt;
        *ret_ns = facts.run_time_ns;
        return 0;
}
