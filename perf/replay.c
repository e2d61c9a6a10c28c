/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskim replay beside tcpreplay, trafgen and a flood of one packet.
 *
 *   replay_xdp, replay_afxdp   packets a second at top speed into a port that drops them, by the
 *                              receiving port's counters while each contender is at it; afxdp takes
 *                              both of the port's queues
 *   replay_afxdp_one           likewise, by one thread
 *   replay_timing              P99 of |arrived at - due at| at captured timing, by the kernel's
 *                              time stamps in a tcpdump on the other end, from the earliest packets
 *   replay_timing_said         what xskim says itself, no more than the judge by a fifth
 *   replay_timing_said_least   and no less
 *   replay_drift               between the first and the last second of a minute, likewise judged
 *
 * The command is the one of this build, beside the directory of this program, or $XSKIM. The
 * capture of the top speed is $XSKIM_CAPTURES/modbus-big.pcap, or one that is made: 13622 packets
 * of about the same length. A contender that is not installed is left out, and said so.
 *
 * usage: perf-replay [--json]
 */
#include <libgen.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench.h"
#include "contender.h"
#include "flood.skel.h"
#include "lab.h"
#include "netdev.h"
#include "util.h"

enum {
        RATE_ROUNDS = 7,
        RATE_BEGIN_NS = 200000000,
        RATE_SLICE_NS = 300000000,
        FLOWING_PACKETS = 10000,
        LOOK_NS = 1000000,
        LOOKS_MAX = 10000,

        TIMING_ROUNDS = 5,
        TIMING_PACKETS = 4000,
        TIMING_GAP_NS = 500000,
        DRIFT_PACKETS = 60000,
        DRIFT_GAP_NS = 1000000,
        DRIFT_ENDS = 1000,
        TOP_PACKETS = 13622,
        TOP_BYTES_MAX = 80,
        SETTLE_NS = 300000000,
        FLOOD_RUN = 100000,
};

struct paths {
        char directory[64];
        char top[128], timing[128], drift[128], judged[128], config[128];
        char xskim[4096];
};

static struct paths paths;
static uint64_t sent_ns[DRIFT_PACKETS], arrived_ns[DRIFT_PACKETS];

static void paths_make(const char *program) {
        char *copy CLEANUP(free_cleanup) = strdup(program);
        const char *captures = getenv("XSKIM_CAPTURES");

        snprintf(paths.directory, sizeof(paths.directory), "/tmp/xskim-perf-XXXXXX");
        lab_must(mkdtemp(paths.directory) ? 0 : -1, "a temporary directory");
        snprintf(paths.xskim, sizeof(paths.xskim), "%s/../userspace/xskim", dirname(copy));
        if (getenv("XSKIM"))
                snprintf(paths.xskim, sizeof(paths.xskim), "%s", getenv("XSKIM"));
        snprintf(paths.timing, sizeof(paths.timing), "%s/timing.pcap", paths.directory);
        snprintf(paths.drift, sizeof(paths.drift), "%s/drift.pcap", paths.directory);
        snprintf(paths.judged, sizeof(paths.judged), "%s/judged.pcap", paths.directory);
        snprintf(paths.config, sizeof(paths.config), "%s/top.cfg", paths.directory);
        snprintf(paths.top, sizeof(paths.top), "%s/modbus-big.pcap", captures ? captures : "");
        if (access(paths.top, R_OK)) {
                snprintf(paths.top, sizeof(paths.top), "%s/top.pcap", paths.directory);
                contender_capture(paths.top, TOP_PACKETS, TOP_BYTES_MAX, 1000, sent_ns);
        }
}

static void paths_remove(void) {
        char command[128];

        snprintf(command, sizeof(command), "rm -rf %s", paths.directory);
        lab_must(system(command) ? -1 : 0, command);
}

/* ---- top speed ---- */

static const struct contender XDP = {{paths.xskim, "replay", paths.top, "top", "--engine", "xdp",
                                      "--top-speed", "--loop", "0", "--json"}};
static const struct contender AFXDP = {{paths.xskim, "replay", paths.top, "top", "--engine",
                                        "afxdp", "--top-speed", "--loop", "0", "--json"}};
static const struct contender AFXDP_ONE = {{paths.xskim, "replay", paths.top, "top", "--engine",
                                            "afxdp", "--top-speed", "--loop", "0", "--threads", "1",
                                            "--json"}};
static const struct contender TCPREPLAY = {
        {"tcpreplay", "--topspeed", "-K", "--loop", "1000000", "-i", "top", paths.top}};
static const struct contender TRAFGEN = {
        {"trafgen", "--no-sock-mem", "-P1", "--out", "top", "--in", paths.config}};

static struct {
        int program_fd;
        int anchor;
        int peer;
} flood;

static uint64_t packets_arrived(void) {
        struct netdev_counters counters;

        lab_must(netdev_counters(flood.peer, &counters), "the port's counters");
        return counters.packets;
}

/* With two queues, which afxdp takes; the others send to the first. */
static int top_make(void) {
        static const char make[] = "ip link add top numtxqueues 2 numrxqueues 2 type veth"
                                   " peer name top.peer numtxqueues 2 numrxqueues 2"
                                   " && ip link set top up && ip link set top.peer up";
        struct netdev_port port;

        lab_must(system(make) ? -1 : 0, make);
        lab_must(netdev_find("top", &port), "the sending port");
        return port.ifindex;
}

static void flood_open(void) {
        struct flood_bpf *skeleton = flood_bpf__open();
        struct netdev_port peer;

        skeleton->rodata->target = (uint32_t)top_make();
        flood.anchor = lab_port("anchor");
        lab_must(netdev_find("top.peer", &peer), "the receiving port");
        flood.peer = peer.ifindex;
        lab_must(flood_bpf__load(skeleton), "loading the flood");
        flood.program_fd = bpf_program__fd(skeleton->progs.flood);
        lab_attach(flood.program_fd, flood.anchor);
        lab_attach(bpf_program__fd(skeleton->progs.discard), flood.peer);
}

static pid_t flood_start(void) {
        pid_t pid = fork();

        lab_must(pid < 0 ? -1 : 0, "fork");
        if (pid) {
                setpgid(pid, pid);
                return pid;
        }
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
                lab_run_live_ns(flood.program_fd, lab_packet_udp64(), FLOOD_RUN, flood.anchor);
}

/* Packets a second of a child that is sending. Ends it. */
static double rate_of(pid_t pid) {
        uint64_t before = packets_arrived(), start_ns, packets;
        int looks = 0;
        double rate;

        while (packets_arrived() - before < FLOWING_PACKETS && looks++ < LOOKS_MAX)
                lab_pause_ns(LOOK_NS);
        lab_must(looks < LOOKS_MAX ? 0 : -1, "a contender sends nothing");
        lab_pause_ns(RATE_BEGIN_NS);
        packets = packets_arrived();
        start_ns = bench_now_ns();
        lab_pause_ns(RATE_SLICE_NS);
        rate = (double)(packets_arrived() - packets) * 1e9 / (double)(bench_now_ns() - start_ns);
        contender_kill(pid);
        return rate;
}

static int compare_print(const char *name, const double *values, const double *baselines,
                         const char *baseline_name, double bound, bool json) {
        double value[RATE_ROUNDS], baseline[RATE_ROUNDS];
        struct bench_figure figure;

        memcpy(value, values, sizeof(value));
        memcpy(baseline, baselines, sizeof(baseline));
        figure = bench_compare(value, baseline, RATE_ROUNDS,
                               isnan(bound) ? BENCH_NONE : BENCH_RATIO_AT_LEAST, bound);
        figure.name = name;
        figure.unit = "packets/s";
        figure.baseline_name = baseline_name;
        bench_print(&figure, json);
        return bench_status(&figure, 1);
}

static bool trafgen_prepare(void) {
        const struct contender convert = {
                {"netsniff-ng", "--in", paths.top, "--out", paths.config, "--silent"}};
        char out[CONTENDER_OUT_BYTES];

        if (!contender_is_installed("trafgen") || !contender_is_installed("netsniff-ng")) {
                fprintf(stderr, "perf: trafgen is not installed (netsniff-ng): left out\n");
                return false;
        }
        contender_run(&convert, out);
        return true;
}

static int rates(bool json) {
        double xdp[RATE_ROUNDS], afxdp[RATE_ROUNDS], tcpreplay[RATE_ROUNDS], trafgen[RATE_ROUNDS],
                live[RATE_ROUNDS], one_thread[RATE_ROUNDS];
        bool with_trafgen = trafgen_prepare();
        int status, one;

        flood_open();
        for (int i = 0; i < RATE_ROUNDS; i++) {
                xdp[i] = rate_of(contender_start(&XDP, -1));
                tcpreplay[i] = rate_of(contender_start(&TCPREPLAY, -1));
                one_thread[i] = rate_of(contender_start(&AFXDP_ONE, -1));
                afxdp[i] = rate_of(contender_start(&AFXDP, -1));
                live[i] = rate_of(flood_start());
                if (with_trafgen)
                        trafgen[i] = rate_of(contender_start(&TRAFGEN, -1));
        }
        status = compare_print("replay_xdp", xdp, tcpreplay, "tcpreplay --topspeed -K", 8, json);
        one = compare_print("replay_xdp_flood", xdp, live, "flood of one packet", 0.8, json);
        status = MAX(status, one);
        one = compare_print("replay_afxdp", afxdp, tcpreplay, "tcpreplay --topspeed -K", 2, json);
        status = MAX(status, one);
        one = compare_print("replay_afxdp_one", one_thread, tcpreplay, "tcpreplay --topspeed -K",
                            NAN, json);
        status = MAX(status, one);
        if (with_trafgen)
                one = compare_print("replay_afxdp_trafgen", one_thread, trafgen, "trafgen, one CPU",
                                    1.2, json);
        return MAX(status, one);
}

/* ---- timing ---- */

static const struct contender JUDGE = {{"tcpdump", "-i", "timing.peer", "-w", paths.judged, "-B",
                                        "65536", "-s", "64", "-Q", "in", "--immediate-mode", "-U",
                                        "-Z", "root", "--time-stamp-precision=nano"}};

static int compare_ns(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

/* How late each packet arrived, from the first percentile of all, which took nothing but the way.
 */
static uint32_t errors_of(uint32_t packets, double *errors_us) {
        uint32_t count = contender_stamps(paths.judged, arrived_ns, packets);
        double *sorted CLEANUP(free_cleanup) = calloc(packets, sizeof(*sorted));
        double base;

        lab_must(sorted && count == packets ? 0 : -1, "tcpdump did not see every packet");
        for (uint32_t i = 0; i < count; i++)
                sorted[i] = errors_us[i] = (double)(int64_t)((arrived_ns[i] - arrived_ns[0]) -
                                                             (sent_ns[i] - sent_ns[0])) /
                                           1e3;
        qsort(sorted, count, sizeof(*sorted), compare_ns);
        base = sorted[count / 100];
        for (uint32_t i = 0; i < count; i++)
                errors_us[i] -= base;
        return count;
}

static void judged_run(const struct contender *contender, char out[CONTENDER_OUT_BYTES]) {
        pid_t judge = contender_start(&JUDGE, -1);

        lab_pause_ns(SETTLE_NS);
        contender_run(contender, out);
        lab_pause_ns(SETTLE_NS);
        contender_kill(judge);
}

static double p99_of(double *errors_us, uint32_t count) {
        for (uint32_t i = 0; i < count; i++)
                errors_us[i] = fabs(errors_us[i]);
        qsort(errors_us, count, sizeof(*errors_us), compare_ns);
        return errors_us[(uint32_t)((double)(count - 1) * 0.99)];
}

static double p99_judged_us(const struct contender *contender, double *errors_us, char *out) {
        judged_run(contender, out);
        return p99_of(errors_us, errors_of(TIMING_PACKETS, errors_us));
}

static double said(const char *out, const char *key) {
        const char *place = strstr(out, key);

        lab_must(place ? 0 : -1, "the report of xskim replay");
        return strtod(place + strlen(key), NULL) / 1e3;
}

static int timing_print(const char *name, double *values, double *baselines,
                        const char *baseline_name, enum bench_bound kind, double bound, bool json) {
        struct bench_figure figure = bench_compare(values, baselines, TIMING_ROUNDS, kind, bound);

        figure.name = name;
        figure.unit = "us";
        figure.baseline_name = baseline_name;
        bench_print(&figure, json);
        return bench_status(&figure, 1);
}

static int timings(double *errors_us, bool json) {
        const struct contender ours = {{paths.xskim, "replay", paths.timing, "timing", "--json"}};
        const struct contender theirs = {{"tcpreplay", "-T", "gtod", "-i", "timing", paths.timing}};
        double judged[TIMING_ROUNDS], own[TIMING_ROUNDS], tcpreplay[TIMING_ROUNDS];
        double again[TIMING_ROUNDS], more[TIMING_ROUNDS];
        double own_too[TIMING_ROUNDS], still[TIMING_ROUNDS];
        char out[CONTENDER_OUT_BYTES];
        int status, one;

        contender_capture(paths.timing, TIMING_PACKETS, LAB_PACKET_BYTES_MAX, TIMING_GAP_NS,
                          sent_ns);
        for (int i = 0; i < TIMING_ROUNDS; i++) {
                judged[i] = again[i] = more[i] = still[i] = p99_judged_us(&ours, errors_us, out);
                own[i] = own_too[i] = said(out, "\"p99\":");
                tcpreplay[i] = p99_judged_us(&theirs, errors_us, out);
        }
        status = timing_print("replay_timing", judged, tcpreplay, "tcpreplay -T gtod",
                              BENCH_RATIO_AT_MOST, 0.1, json);
        one = timing_print("replay_timing_p99", again, NULL, NULL, BENCH_VALUE_AT_MOST, 50, json);
        status = MAX(status, one);
        one = timing_print("replay_timing_said", own, more, "judged by tcpdump",
                           BENCH_RATIO_AT_MOST, 1.2, json);
        status = MAX(status, one);
        one = timing_print("replay_timing_said_least", own_too, still, "judged by tcpdump",
                           BENCH_RATIO_AT_LEAST, 0.8, json);
        return MAX(status, one);
}

static double median_us(double *values, uint32_t count) {
        return bench_median(values, count).value;
}

static int drift(double *errors_us, bool json) {
        const struct contender ours = {{paths.xskim, "replay", paths.drift, "timing", "--json"}};
        char out[CONTENDER_OUT_BYTES];
        struct bench_figure figure;
        double us;

        contender_capture(paths.drift, DRIFT_PACKETS, LAB_PACKET_BYTES_MAX, DRIFT_GAP_NS, sent_ns);
        judged_run(&ours, out);
        errors_of(DRIFT_PACKETS, errors_us);
        us = fabs(median_us(errors_us + DRIFT_PACKETS - DRIFT_ENDS, DRIFT_ENDS) -
                  median_us(errors_us, DRIFT_ENDS));
        figure = bench_compare(&us, NULL, 1, BENCH_VALUE_AT_MOST, 10);
        figure.name = "replay_drift";
        figure.unit = "us";
        figure.note = "over a minute";
        bench_print(&figure, json);
        return bench_status(&figure, 1);
}

int main(int argc, char **argv) {
        double *errors_us CLEANUP(free_cleanup) = calloc(DRIFT_PACKETS, sizeof(*errors_us));
        bool json = bench_wants_json(argc, argv);
        int status, one;

        lab_must(errors_us ? 0 : -1, "memory");
        lab_open();
        paths_make(argv[0]);
        status = rates(json);
        lab_port("timing");
        one = timings(errors_us, json);
        status = MAX(status, one);
        one = drift(errors_us, json);
        paths_remove();
        return MAX(status, one);
}
