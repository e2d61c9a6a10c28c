/* SPDX-License-Identifier: BSD-2-Clause */
/* See rig.h. */
#include <criterion/criterion.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "lab.h"
#include "log.h"
#include "netdev.h"
#include "rig.h"
#include "sampling.h"

enum { RIG_CARRIER_MTU = 3498 };

static void worker_start(struct rig *rig, const struct rig_config *config) {
        struct worker_config worker = {
                .ports = 1,
                .cpus = rig->cpus,
                .workers = 1,
                .ring_slots = config->slots,
                .flush_ns = (uint64_t)config->flush_ms * 1000000,
                .cpu = config->worker_cpu,
                .doorbell_only = true,
                .programs = rig->programs,
                .record = &rig->record,
                .failed_fd = rig->failed_fd,
                .carrier_name = "rig0",
        };
        int old_fd, peer;

        rig->record = RECORD_NULL;
        cr_assert_eq(netdev_namespace_enter_new(&old_fd), 0);
        cr_assert_eq(
                netdev_veth_create("rig0", "rig1", RIG_CARRIER_MTU, &worker.carrier_ifindex, &peer),
                0);
        cr_assert_eq(program_carrier_attach(rig->programs, 0, worker.carrier_ifindex), 0);
        cr_assert_eq(netdev_set_up(worker.carrier_ifindex), 0);
        cr_assert_eq(netdev_set_up(peer), 0);
        cr_assert_eq(worker_open(&worker, &rig->worker), 0, "%s", error_message());
        cr_assert_eq(netdev_namespace_return(old_fd), 0);
}

static void sampler_start(struct rig *rig, const struct rig_config *config) {
        struct program_port port = {
                .name = LAB_PORT,
                .mtu = 1500,
                .verdict = XSKIM_VERDICT_DROP,
                .tier = XSKIM_TIER_CLASSES,
                .sample = config->sample,
                .skip = sampling_skip(config->sample),
                .ifindex = lab_ifindex(LAB_PORT),
        };
        struct xskim_mode mode;
        uint64_t seeds[XSKIM_RINGS_MAX];

        for (uint32_t cpu = 0; cpu < rig->cpus; cpu++)
                seeds[cpu] = sampling_seed(config->seed, cpu);
        port.seeds = seeds;
        cr_assert_eq(program_port_attach(rig->programs, &port, &mode), 0, "%s", error_message());
        rig->sampler_fd = program_sampler_fd(rig->programs, 0);
}

void rig_open(struct rig *rig, const struct rig_config *config) {
        struct program_config programs = {.ports = 1,
                                          .cpus = program_cpus_possible(),
                                          .workers = 1,
                                          .ring_slots = config->slots};

        memset(rig, 0, sizeof(*rig));
        rig->cpus = programs.cpus;
        rig->slots = config->slots;
        rig->failed_fd = eventfd(0, EFD_CLOEXEC);
        rig->states = calloc(rig->cpus, sizeof(*rig->states));
        cr_assert(rig->states && rig->failed_fd >= 0);
        cr_assert_eq(programs_open(&programs, &rig->programs), 0, "%s", error_message());
        worker_start(rig, config);
        sampler_start(rig, config);
}

void rig_close(struct rig *rig) {
        program_port_detach(rig->programs, 0);
        worker_close(rig->worker);
        programs_close(rig->programs);
        free(rig->states);
        close(rig->failed_fd);
}

void rig_pin(int cpu) {
        cpu_set_t cpus;

        CPU_ZERO(&cpus);
        CPU_SET((size_t)cpu, &cpus);
        cr_assert_eq(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
}

void rig_send(struct rig *rig, const void *packet, uint32_t bytes, uint32_t count) {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = bytes,
                    .repeat = (int)count);

        cr_assert_eq(bpf_prog_test_run_opts(rig->sampler_fd, &options), 0);
        cr_assert_eq(options.retval, XDP_DROP);
}

struct xskim_ring_control *rig_control(struct rig *rig, int cpu) {
        return &program_ring_controls(rig->programs)[cpu];
}

struct xskim_sampler_counters rig_counters(struct rig *rig) {
        struct xskim_sampler_counters sum = {0};

        cr_assert_eq(program_states_read(rig->programs, 0, rig->states), 0);
        for (uint32_t cpu = 0; cpu < rig->cpus; cpu++) {
#define SUM(name_, unit_, doc_) sum.name_ += rig->states[cpu].counters.name_;
                XSKIM_SAMPLER_COUNTERS(SUM)
#undef SUM
        }
        return sum;
}
