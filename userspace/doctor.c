/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks of the machine, a row each, and the examination as others call it. See doctor.h; the
 * port's checks are in doctor_port.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "log.h"
#include "netdev.h"
#include "notes.h"
#include "privilege.h"
#include "probe.h"
#include "util.h"
#include "worker.h"
#include "xsk.h"

enum { DOCTOR_MTU = 1500 };

struct xskim_check *doctor_next(struct xskim_examination *examination, const char *name) {
        struct xskim_check *check =
                &examination->checks[MIN(examination->count, XSKIM_CHECKS_MAX - 1u)];

        examination->count = MIN(examination->count + 1, (uint32_t)XSKIM_CHECKS_MAX);
        *check = (struct xskim_check){.name = name};
        return check;
}

/* What the result of a try means: there, not allowed to try, or not there. */
static void set_tried(struct xskim_check *check, int r, const char *there, const char *what_for) {
        char missing[128];

        if (!r) {
                check_set(check, XSKIM_CHECK_OK, "%s", there);
        } else if ((r == -EPERM || r == -EACCES) && privilege_missing(missing, sizeof(missing))) {
                check_set(check, XSKIM_CHECK_UNKNOWN, "not allowed to try: see privileges");
        } else if (r == -EPERM || r == -EACCES) {
                check_set(check, XSKIM_CHECK_FAIL,
                          "refused in spite of all privileges; needed for %s", what_for);
                check_todo(check, "look for what forbids it: a container's seccomp, lockdown, LSM");
        } else {
                check_set(check, XSKIM_CHECK_FAIL, "missing (%s); needed for %s", strerror(-r),
                          what_for);
        }
}

static void kernel_check(struct xskim_check *check) {
        struct probe_kernel kernel;
        int r = probe_kernel(&kernel);

        if (r < 0) {
                check_set(check, XSKIM_CHECK_UNKNOWN, "release not readable: %s", strerror(-r));
        } else if (kernel.major > 6 || (kernel.major == 6 && kernel.minor >= 1)) {
                check_set(check, XSKIM_CHECK_OK, "Linux %s", kernel.release);
        } else {
                check_set(check, XSKIM_CHECK_FAIL, "Linux %s; xskim needs 6.1", kernel.release);
                check_todo(check, "boot a kernel of 6.1 or later");
        }
}

static void privilege_check(struct xskim_check *check) {
        char missing[128];

        if (!privilege_missing(missing, sizeof(missing))) {
                check_set(check, XSKIM_CHECK_OK, "all that are needed");
                return;
        }
        check_set(check, XSKIM_CHECK_DENIED, "%s missing", missing);
        check_todo(check, "run as root (sudo), or setcap "
                          "cap_bpf,cap_net_admin,cap_net_raw,cap_sys_admin=ep xskim");
}

static void bpf_check(struct xskim_check *check) {
        const char *refused = NULL;
        int program CLEANUP(fd_cleanup) = -1;
        int r = probe_maps(&refused);

        if (r < 0 && r != -EPERM && r != -EACCES) {
                check_set(check, XSKIM_CHECK_FAIL, "no map of type %s: %s", refused, strerror(-r));
                return;
        }
        r = r ? r : probe_xdp_load(&program);
        set_tried(check, r, "XDP programs and every type of map", "everything");
        if (r == -ENOSYS || r == -EINVAL)
                check_todo(check, "use a kernel with CONFIG_BPF_SYSCALL and CONFIG_NET");
}

static int carrier_attach(int ifindex, const char **ret_step) {
        int program CLEANUP(fd_cleanup) = -1, link CLEANUP(fd_cleanup) = -1;
        int r = probe_xdp_load(&program);

        *ret_step = "an XDP program";
        if (r < 0)
                return r;
        *ret_step = "native XDP on veth";
        r = probe_xdp_attach(program, ifindex, &link);
        r = r ? r : netdev_set_up(ifindex);
        if (r < 0)
                return r;
        *ret_step = "live frames (BPF_PROG_RUN)";
        return probe_xdp_run(program, ifindex);
}

/* A carrier port as a worker has it, in a namespace that goes with it. */
static int carrier_try(const char **ret_step) {
        int ifindex, old, back, r;

        *ret_step = "a network namespace";
        r = netdev_namespace_enter_new(&old);
        if (r < 0)
                return r;
        *ret_step = "a veth pair";
        r = netdev_veth_create("carrier", "carrier.peer", DOCTOR_MTU, &ifindex, NULL);
        r = r ? r : carrier_attach(ifindex, ret_step);
        back = netdev_namespace_return(old);
        if (back < 0)
                *ret_step = "the way back from a network namespace";
        return back < 0 ? back : r;
}

static void carrier_check(struct xskim_check *check) {
        const char *step = NULL;
        char what_for[96];
        int r = carrier_try(&step);

        snprintf(what_for, sizeof(what_for), "carrier ports: %s", step);
        set_tried(check, r, "veth in a namespace, native XDP, live frames", what_for);
        if (check->status == XSKIM_CHECK_FAIL && !check->todo[0])
                check_todo(check, "use a kernel of 6.1 with CONFIG_VETH and CONFIG_NET_NS");
        error_clear();
}

static void xdp_socket_check(struct xskim_check *check) {
        int r = probe_xdp_socket();

        set_tried(check, r, "AF_XDP sockets", "receiving records");
        if (r == -EAFNOSUPPORT)
                check_todo(check, "use a kernel with CONFIG_XDP_SOCKETS");
}

static void io_uring_check(struct xskim_check *check) {
        char disabled[8] = "";
        int r = probe_io_uring();

        probe_file("/proc/sys/kernel/io_uring_disabled", disabled, sizeof(disabled));
        set_tried(check, r, "io_uring", "the workers");
        if (!r || (disabled[0] != '1' && disabled[0] != '2'))
                return;
        check_set(check, XSKIM_CHECK_FAIL, "switched off (kernel.io_uring_disabled = %s)",
                  disabled);
        check_todo(check, "sysctl -w kernel.io_uring_disabled=0");
}

static void membarrier_check(struct xskim_check *check) {
        if (!probe_membarrier())
                check_set(check, XSKIM_CHECK_OK, "grace periods can be waited for");
        else
                check_set(check, XSKIM_CHECK_WARN,
                          "none: 50 ms are waited for instead when detaching");
}

static void tcx_check(struct xskim_check *check) {
        int r = probe_tcx();

        set_tried(check, r, "TCX links, for --stack", "--stack");
        if (check->status != XSKIM_CHECK_FAIL)
                return;
        check->status = XSKIM_CHECK_WARN;
        check_todo(check, "leave --stack out, or boot a kernel of 6.6 or later");
}

static void memlock_check(struct xskim_check *check) {
        /* the UMEM counts again when it is registered with io_uring, for a record file */
        uint64_t needed = 2ULL * WORKER_FRAMES * XSK_FRAME_BYTES, limit = privilege_memlock();

        if (limit == UINT64_MAX)
                check_set(check, XSKIM_CHECK_OK, "no limit on locked memory");
        else if (limit >= needed)
                check_set(check, XSKIM_CHECK_OK,
                          "%llu KB may be locked, a worker needs up to %llu KB",
                          (unsigned long long)limit >> 10, (unsigned long long)needed >> 10);
        else
                check_set(check, XSKIM_CHECK_WARN,
                          "only %llu KB may be locked, a worker needs %llu KB",
                          (unsigned long long)limit >> 10, (unsigned long long)needed >> 10);
        if (check->status == XSKIM_CHECK_WARN)
                check_todo(check, "ulimit -l unlimited, or CAP_IPC_LOCK");
}

static void cpus_check(struct xskim_check *check) {
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);

        check_set(check, cpus > 1 ? XSKIM_CHECK_OK : XSKIM_CHECK_WARN, "%ld online%s", cpus,
                  cpus > 1 ? "" : ": the collector shares it with the packet path");
}

/* Reading the clock is most of what a sample costs; through these it takes a microsecond. */
static void clock_check(struct xskim_check *check) {
        char source[32];
        bool slow;

        if (probe_file("/sys/devices/system/clocksource/clocksource0/current_clocksource", source,
                       sizeof(source)) < 0) {
                check_set(check, XSKIM_CHECK_UNKNOWN, "clock source not readable");
                return;
        }
        slow = !strcmp(source, "hpet") || !strcmp(source, "acpi_pm") || !strcmp(source, "jiffies");
        check_set(check, slow ? XSKIM_CHECK_WARN : XSKIM_CHECK_OK, "clock source %s%s", source,
                  slow ? ": each sample costs far more than it should" : "");
        if (slow)
                check_todo(check, "see 'dmesg' why tsc is not used");
}

/* Of a program rather than of net.core.bpf_jit_enable, which other network namespaces do not show.
 */
static void jit_check(struct xskim_check *check) {
        int program CLEANUP(fd_cleanup) = -1;
        bool compiled;

        if (probe_xdp_load(&program) < 0 || probe_is_compiled(program, &compiled) < 0) {
                check_set(check, XSKIM_CHECK_UNKNOWN, "no program could be loaded to see");
        } else if (compiled) {
                check_set(check, XSKIM_CHECK_OK, "programs are compiled");
        } else {
                check_set(check, XSKIM_CHECK_WARN,
                          "off: programs are interpreted, several times slower");
                check_todo(check, "sysctl -w net.core.bpf_jit_enable=1");
        }
}

static void btf_check(struct xskim_check *check) {
        if (!access("/sys/kernel/btf/vmlinux", R_OK)) {
                check_set(check, XSKIM_CHECK_OK, "the kernel describes its types");
                return;
        }
        check_set(check, XSKIM_CHECK_WARN, "/sys/kernel/btf/vmlinux missing: no --shared");
        check_todo(check, "use a kernel with CONFIG_DEBUG_INFO_BTF");
}

static void bpffs_check(struct xskim_check *check) {
        if (probe_bpffs_is_mounted()) {
                check_set(check, XSKIM_CHECK_OK, "mounted on /sys/fs/bpf");
                return;
        }
        check_set(check, XSKIM_CHECK_WARN, "not mounted: no --shared");
        check_todo(check, "mount -t bpf bpf /sys/fs/bpf");
}

/* libxdp's dispatcher takes freplace programs, which are refused under lockdown. */
static void lockdown_check(struct xskim_check *check) {
        char text[64];

        if (probe_file("/sys/kernel/security/lockdown", text, sizeof(text)) < 0)
                check_set(check, XSKIM_CHECK_OK, "not in this kernel, or not to be seen");
        else if (strstr(text, "[none]"))
                check_set(check, XSKIM_CHECK_OK, "none");
        else
                check_set(check, XSKIM_CHECK_WARN, "%s: no --shared", text);
}

static void unprivileged_check(struct xskim_check *check) {
        char value[8];

        if (probe_file("/proc/sys/kernel/unprivileged_bpf_disabled", value, sizeof(value)) < 0)
                check_set(check, XSKIM_CHECK_UNKNOWN, "unprivileged_bpf_disabled not readable");
        else
                check_set(check, XSKIM_CHECK_OK,
                          "kernel.unprivileged_bpf_disabled = %s; any will do", value);
}

static const struct {
        const char *name;
        void (*look)(struct xskim_check *check);
} rows[] = {
        {"kernel", kernel_check},
        {"privileges", privilege_check},
        {"bpf", bpf_check},
        {"carriers", carrier_check},
        {"af_xdp", xdp_socket_check},
        {"io_uring", io_uring_check},
        {"memlock", memlock_check},
        {"jit", jit_check},
        {"cpus", cpus_check},
        {"clock", clock_check},
        {"membarrier", membarrier_check},
        {"tcx", tcx_check},
        {"btf", btf_check},
        {"bpffs", bpffs_check},
        {"lockdown", lockdown_check},
        {"unprivileged", unprivileged_check},
};

static void doctor_machine(struct xskim_examination *examination) {
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                rows[i].look(doctor_next(examination, rows[i].name));
}

static enum xskim_check_status worst_of(const struct xskim_examination *examination) {
        enum xskim_check_status worst = XSKIM_CHECK_OK;

        for (unsigned int i = 0; i < examination->count; i++)
                worst = MAX(worst, examination->checks[i].status);
        return worst;
}

int xskim_port_in_use(const char *port, bool *ret_in_use) {
        struct netdev_port found;
        int r = netdev_find(port, &found);

        if (r >= 0)
                *ret_in_use = notes_is_in_use(&found);
        return r;
}

int xskim_examine(const char *port, bool clean, struct xskim_examination *ret_examination) {
        struct xskim_examination *e CLEANUP(free_cleanup) = calloc(1, sizeof(*e));
        int r = 0;

        error_clear();
        if (!e)
                return error_set(-ENOMEM, "no memory to examine anything");
        doctor_machine(e);
        if (clean)
                r = doctor_clean(e, port);
        if (!r && port)
                r = doctor_port(e, port);
        if (r < 0)
                return r;
        e->worst = worst_of(e);
        *ret_examination = *e;
        return 0;
}

const char *xskim_check_word(enum xskim_check_status status) {
#define CHECK_STATUS_WORD(status_, word_, doc_) word_,
        static const char *const words[] = {XSKIM_CHECK_ROWS(CHECK_STATUS_WORD)};

        return words[status];
}
