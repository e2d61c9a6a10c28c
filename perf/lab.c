/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the benchmark's namespace and its packets. See lab.h. */
#include <errno.h>
#include <linux/if_link.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench.h"
#include "clock.h"
#include "empty.skel.h"
#include "lab.h"
#include "log.h"
#include "netdev.h"
#include "privilege.h"

enum {
        LAB_PORT_MTU = 1500,
        LAB_SPIN_NS = 200000, /* a sleep is late by some tens of microseconds */
        LAB_TRANSFERS = 20000,
};

int lab_must(int result, const char *what) {
        if (result >= 0)
                return result;
        fprintf(stderr, "perf: %s: %s%s%s\n", what, strerror(-result), *error_message() ? ": " : "",
                error_message());
        exit(EXIT_FAILURE);
}

int lab_port(const char *name) {
        char peer[NETDEV_NAME_MAX];
        int ifindex, peer_ifindex;

        snprintf(peer, sizeof(peer), "%.10s.peer", name);
        lab_must(netdev_veth_create(name, peer, LAB_PORT_MTU, &ifindex, &peer_ifindex), name);
        lab_must(netdev_set_up(ifindex), name);
        lab_must(netdev_set_up(peer_ifindex), peer);
        return ifindex;
}

void lab_pin(int cpu) {
        cpu_set_t cpus;

        CPU_ZERO(&cpus);
        CPU_SET((size_t)cpu, &cpus);
        lab_must(-pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus), "pinning to a CPU");
}

/* Ethernet and IPv4 headers of a packet of `bytes` bytes; returns where the payload begins. */
static uint8_t *packet_begin(struct lab_packet *packet, uint32_t bytes, uint8_t protocol) {
        static const uint8_t HEADERS[] = {
                0x02, 0, 0, 0, 0,   2, 0x02, 0, 0,  0, 0, 1, 0x08, 0, /* Ethernet */
                0x45, 0, 0, 0, 0,   1, 0x40, 0, 64, 0, 0, 0,          /* IPv4, don't fragment */
                192,  0, 2, 1, 192, 0, 2,    2,
        };
        uint32_t total = bytes - 14;

        *packet = (struct lab_packet){.bytes = bytes};
        memcpy(packet->start, HEADERS, sizeof(HEADERS));
        packet->start[16] = (uint8_t)(total >> 8);
        packet->start[17] = (uint8_t)total;
        packet->start[23] = protocol;
        return packet->start + sizeof(HEADERS);
}

static struct lab_packet udp64, tcp1500; /* made once, read by any thread */

static void packets_make(void) {
        static const uint8_t UDP[] = {0x30, 0x39, 0x00, 0x35, 0, 26, 0, 0};
        static const uint8_t TCP[] = {
                0x30, 0x39, 0x01, 0xbb, 0, 0, 0, 1,  0,    0,    0,    1,    0x80, 0x10, 0xff, 0xff,
                0,    0,    0,    0,    1, 1, 8, 10, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
        };

        memcpy(packet_begin(&udp64, 60, 17), UDP, sizeof(UDP));
        memcpy(packet_begin(&tcp1500, LAB_PACKET_BYTES_MAX, 6), TCP, sizeof(TCP));
}

const struct lab_packet *lab_packet_udp64(void) {
        return &udp64;
}

const struct lab_packet *lab_packet_tcp1500(void) {
        return &tcp1500;
}

void lab_open(void) {
        int old_fd;

        lab_must(netdev_namespace_enter_new(&old_fd), "network namespace");
        close(old_fd);
        privilege_memlock_raise();
        packets_make();
}

int lab_attach(int program_fd, int ifindex) {
        LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
        int fd = bpf_link_create(program_fd, ifindex, BPF_XDP, &options);

        return lab_must(fd < 0 ? -errno : fd, "attaching a program");
}

int lab_empty_program(int ifindex) {
        struct empty_bpf *skeleton = empty_bpf__open_and_load();
        int fd;

        lab_must(skeleton ? 0 : -errno, "loading the empty program");
        fd = bpf_program__fd(skeleton->progs.empty);
        lab_attach(fd, ifindex);
        return fd;
}

static void run(int program_fd, struct bpf_test_run_opts *options) {
        int r;

        do
                r = bpf_prog_test_run_opts(program_fd, options);
        while (r == -EINTR || r == -EAGAIN);
        lab_must(r, "running a program");
}

double lab_run_ns(int program_fd, const struct lab_packet *packet, uint32_t repeat) {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet->start,
                    .data_size_in = packet->bytes, .repeat = (int)repeat);

        run(program_fd, &options);
        return options.duration + 0.5;
}

double lab_run_wall_ns(int program_fd, const struct lab_packet *packet, uint32_t repeat) {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet->start,
                    .data_size_in = packet->bytes, .repeat = (int)repeat);
        uint64_t start = bench_now_ns();

        run(program_fd, &options);
        return (double)(bench_now_ns() - start) / repeat;
}

double lab_run_live_ns(int program_fd, const struct lab_packet *packet, uint32_t repeat,
                       int ifindex) {
        struct xdp_md context = {.data_end = packet->bytes, .ingress_ifindex = (uint32_t)ifindex};
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet->start,
                    .data_size_in = packet->bytes, .ctx_in = &context,
                    .ctx_size_in = sizeof(context), .repeat = (int)repeat,
                    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
        uint64_t start = bench_now_ns();

        run(program_fd, &options);
        return (double)(bench_now_ns() - start) / repeat;
}

void lab_pause_ns(uint64_t ns) {
        uint64_t until = bench_now_ns() + ns;

        if (ns > LAB_SPIN_NS) {
                struct timespec time = {.tv_sec = (time_t)(ns / 1000000000),
                                        .tv_nsec = (long)(ns % 1000000000)};

                clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
                return;
        }
        while (bench_now_ns() < until)
                ;
}

uint64_t lab_thread_cpu_ns(void) {
        return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* The line goes there and back; each side waits for the other's value. */
static _Atomic uint64_t transferred __attribute__((aligned(128)));

static void *transfer_main(void *context) {
        lab_pin(LAB_COLLECTOR_CPU);
        for (uint64_t i = 0; i < LAB_TRANSFERS; i++) {
                while (atomic_load(&transferred) != 2 * i + 1)
                        ;
                atomic_store(&transferred, 2 * i + 2);
        }
        return context;
}

double lab_line_transfer_ns(void) {
        uint64_t start_ns = 0;
        pthread_t other;

        atomic_store(&transferred, 0);
        lab_must(-pthread_create(&other, NULL, transfer_main, NULL), "second thread");
        for (uint64_t i = 0; i < LAB_TRANSFERS; i++) {
                if (i == 1) /* the other thread is there */
                        start_ns = bench_now_ns();
                atomic_store(&transferred, 2 * i + 1);
                while (atomic_load(&transferred) != 2 * i + 2)
                        ;
        }
        start_ns = bench_now_ns() - start_ns;
        pthread_join(other, NULL);
        return (double)start_ns / (2 * (LAB_TRANSFERS - 1));
}
