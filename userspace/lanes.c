/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns senders, belts and stages, one of each a lane. See lanes.h. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "lanes.h"
#include "log.h"
#include "quantile.h"
#include "util.h"

struct lane {
        void *sender;
        struct belt *belt;
        struct stage *stage;
};

struct lanes {
        struct lanes_config config;
        struct stage_common common;
        struct punctuality punctuality; /* of all */
        struct lane lanes[];
};

/* ---- opening ---- */

static int lane_open(const struct lanes *l, uint32_t number, struct lane *lane) {
        const struct sender_operations *operations = l->config.operations;
        struct sender_config sender = l->config.sender;
        int r;

        sender.queue = number;
        r = operations->open(&sender, &lane->sender);
        r = r < 0 ? r : belt_open(sender.chunks, l->config.stamps, &lane->belt);
        for (uint32_t i = 0; i < sender.chunks && r >= 0; i++) {
                struct belt_chunk *chunk = belt_chunk(lane->belt, i);

                chunk->bytes = operations->chunk_bytes(lane->sender, i);
                chunk->rows = operations->chunk_rows(lane->sender, i);
        }
        return r;
}

int lanes_open(const struct lanes_config *config, struct lanes **ret_lanes) {
        struct lanes *l = calloc(1, sizeof(*l) + config->count * sizeof(l->lanes[0]));
        int r = 0;

        if (!l)
                return -ENOMEM;
        l->config = *config;
        for (uint32_t i = 0; i < config->count && r >= 0; i++)
                r = lane_open(l, i, &l->lanes[i]);
        if (r < 0) {
                lanes_close(l);
                return r;
        }
        *ret_lanes = l;
        return 0;
}

struct lanes *lanes_close(struct lanes *l) {
        if (!l)
                return NULL;
        lanes_stop(l);
        for (uint32_t i = 0; i < l->config.count; i++) {
                struct lane *lane = &l->lanes[i];

                stage_close(lane->stage);
                if (lane->sender)
                        l->config.operations->close(lane->sender);
                belt_close(lane->belt);
        }
        free(l);
        return NULL;
}

uint32_t lanes_count(const struct lanes *l) {
        return l->config.count;
}

struct belt *lanes_belt(const struct lanes *l, uint32_t number) {
        return l->lanes[number].belt;
}

const char *lanes_mode(const struct lanes *l) {
        return l->config.operations->mode(l->lanes[0].sender);
}

/* ---- running ---- */

/* The lane's share of the CPUs that the process may use; one lane alone may use them all. */
static int cpu_of(const struct lanes *l, uint32_t number) {
        cpu_set_t cpus;
        uint32_t seen = 0;

        if (l->config.count == 1 || sched_getaffinity(0, sizeof(cpus), &cpus))
                return -1;
        for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
                if (CPU_ISSET((size_t)cpu, &cpus) && seen++ == number)
                        return cpu;
        return -1;
}

int lanes_start(struct lanes *l, const struct stage_config *config) {
        struct stage_config stage = *config;
        int r = 0;

        stage.operations = l->config.operations;
        stage.common = &l->common;
        for (uint32_t i = 0; i < l->config.count && r >= 0; i++) {
                stage.sender = l->lanes[i].sender;
                stage.belt = l->lanes[i].belt;
                stage.cpu = cpu_of(l, i);
                stage.stream = (uint16_t)i;
                r = stage_open(&stage, &l->lanes[i].stage);
        }
        return r;
}

void lanes_stop(struct lanes *l) {
        for (uint32_t i = 0; i < l->config.count; i++)
                if (l->lanes[i].belt)
                        belt_stop(l->lanes[i].belt);
}

/* ---- telling ---- */

/* A lane that never had a packet has ended its rounds before the others. */
static void progress_add(struct xskim_replay_progress *sum,
                         const struct xskim_replay_progress *lane) {
        if (lane->packets)
                sum->rounds = sum->packets ? MIN(sum->rounds, lane->rounds) : lane->rounds;
        sum->packets += lane->packets;
        sum->bytes += lane->bytes;
        sum->late += lane->late;
        sum->position = MAX(sum->position, lane->position);
        sum->start_ns = MAX(sum->start_ns, lane->start_ns);
        sum->now_ns = MAX(sum->now_ns, lane->now_ns);
}

void lanes_progress(struct lanes *l, struct xskim_replay_progress *ret_progress) {
        struct xskim_replay_progress lane;

        *ret_progress = (struct xskim_replay_progress){0};
        for (uint32_t i = 0; i < l->config.count; i++) {
                stage_progress(l->lanes[i].stage, &lane);
                progress_add(ret_progress, &lane);
        }
}

static void stamps_add(struct xskim_replay_stamps *sum, const struct xskim_replay_stamps *lane) {
        sum->wanted = lane->wanted;
        sum->run = lane->run;
        sum->stamped += lane->stamped;
#define ADD(name_, doc_) sum->unstamped.name_ += lane->unstamped.name_;
        XSKIM_REPLAY_UNSTAMPED_ROWS(ADD)
#undef ADD
}

static void result_add(struct xskim_replay_report *report, const struct xskim_replay_result *lane) {
        struct xskim_replay_result *sum = &report->sent;

        progress_add(&sum->progress, &lane->progress);
        stamps_add(&sum->stamps, &lane->stamps);
        sum->refused += lane->refused;
        sum->stalls += lane->stalls;
        sum->stopped |= lane->stopped;
        report->threads[report->thread_count++] =
                (struct xskim_replay_thread){.packets = lane->progress.packets,
                                             .bytes = lane->progress.bytes,
                                             .late = lane->progress.late,
                                             .stamped = lane->stamps.stamped};
}

/* The largest drift of all is that of the run: lanes share a start, not their delays. */
static void timing_add(struct lanes *l, const struct punctuality *lane,
                       struct xskim_replay_report *report) {
        int64_t drift_ns;

        if (!lane)
                return;
        report->timed = true;
        drift_ns = punctuality_drift_ns(lane);
        if (llabs(drift_ns) > llabs(report->drift_ns))
                report->drift_ns = drift_ns;
        histogram_merge(&l->punctuality.errors, &lane->errors);
}

int lanes_end(struct lanes *l, struct xskim_replay_report *report) {
        struct xskim_replay_result result;
        struct histogram_view view;
        int failed = 0;

        for (uint32_t i = 0; i < l->config.count; i++) {
                int r = stage_end(l->lanes[i].stage, &result);

                failed = failed < 0 ? failed : r;
                result_add(report, &result);
                timing_add(l, stage_punctuality(l->lanes[i].stage), report);
        }
        view = histogram_view(&l->punctuality.errors);
        if (report->timed)
                quantile_fill(&view, &report->error_ns);
        return failed;
}
