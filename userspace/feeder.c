/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the reading thread. See feeder.h. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "feeder.h"
#include "flow.h"
#include "log.h"
#include "timeline.h"
#include "util.h"

enum {
        PLACE_UNIT = 16, /* packets start on such a boundary, for the sake of copying */
        VLAN_TAG_BYTES = 4,
        ETHER_TYPE_AT = 12,
        /* No packet that is sent comes near it. */
        SCRATCH_BYTES = 1 << 16,
};

struct feeder {
        struct feeder_config config;
        pthread_t thread;
        bool started;
        struct belt_chunk *chunks[XSKIM_REPLAY_THREADS_MAX]; /* being filled, one a belt */
        struct timeline timeline;                            /* of this round */
        struct pacing_round round;
        uint64_t placed;  /* packets, in all rounds */
        uint8_t *scratch; /* where packets are changed; NULL: they are sent as they are */
        struct xskim_replay_counts counts;
        int error;
        char message[2048];
};

/* IEEE 802.1Q and 802.1ad: the kernel forwards what exceeds the MTU by a tag. */
static bool is_tagged(const struct capture_packet *packet) {
        const uint8_t *type = packet->bytes + ETHER_TYPE_AT;

        return (type[0] == 0x81 && type[1] == 0x00) || (type[0] == 0x88 && type[1] == 0xa8);
}

static uint32_t bytes_max(const struct feeder *f, const struct capture_packet *packet) {
        return f->config.bytes_max + (is_tagged(packet) ? VLAN_TAG_BYTES : 0);
}

static bool is_wanted(struct feeder *f, const struct capture_packet *packet) {
        uint32_t bytes = packet->bytes_captured;

        if (bytes < XSKIM_LAUNCH_PACKET_BYTES_MIN) {
                f->counts.too_short++;
                return false;
        }
        if (bytes > bytes_max(f, packet)) {
                f->counts.too_long++;
                return false;
        }
        return true;
}

/* What it keeps of the capture's bytes, and the length that it is to have then. */
static void lengths_of(const struct feeder *f, const struct capture_packet *packet,
                       uint32_t *ret_kept, uint32_t *ret_wire) {
        uint32_t most = f->config.editing.truncate_bytes;

        *ret_kept = most ? MIN(packet->bytes_captured, most) : packet->bytes_captured;
        *ret_wire = most ? MIN(packet->bytes_wire, most) : packet->bytes_wire;
        *ret_wire = MAX(*ret_wire, *ret_kept);
}

/* The packet as it is to be sent, lent until the next one. False: there is no room for it. */
static bool packet_edit(struct feeder *f, struct capture_packet *packet) {
        const struct xskim_replay_editing *editing = &f->config.editing;
        uint32_t kept, wire;

        if (!f->scratch || packet->bytes_captured < XSKIM_LAUNCH_PACKET_BYTES_MIN)
                return true;
        lengths_of(f, packet, &kept, &wire);
        if (kept > SCRATCH_BYTES || (editing->pad && wire > SCRATCH_BYTES)) {
                f->counts.too_long++;
                return false;
        }
        memcpy(f->scratch, packet->bytes, kept);
        packet->bytes_captured = editing_apply(editing, f->scratch, kept, wire);
        packet->bytes = f->scratch;
        return true;
}

/* Of a packet that is sent, by what the capture had of it. */
static void cut_count(struct feeder *f, const struct capture_packet *original) {
        uint32_t kept, wire;

        lengths_of(f, original, &kept, &wire);
        if (kept == wire)
                return;
        if (f->config.editing.pad)
                f->counts.padded++;
        else
                f->counts.cut_short++;
}

/* Behind the payload where the port takes that, else over it. The packet is in the scratch space.
 */
static struct belt_stamp packet_stamp(struct feeder *f, struct capture_packet *packet) {
        uint32_t bytes = packet->bytes_captured;
        struct belt_stamp stamp = {.outcome = STAMP_large};

        if (!f->config.stamp_over)
                stamp.outcome = stamp_prepare(f->scratch, bytes, bytes_max(f, packet), STAMP_APPEND,
                                              &stamp.spot);
        if (stamp.outcome == STAMP_large)
                stamp.outcome = stamp_prepare(f->scratch, bytes, bytes, STAMP_OVER, &stamp.spot);
        if (stamp.outcome == STAMP_done)
                packet->bytes_captured = stamp.spot.length;
        return stamp;
}

static void chunk_post(struct feeder *f, uint32_t belt) {
        if (!f->chunks[belt])
                return;
        f->chunks[belt]->position = capture_position(f->config.capture);
        belt_post(f->config.belts[belt]);
        f->chunks[belt] = NULL;
}

/* All at once, so that no packet waits here for others while later ones are sent. With that every
 * belt gets as many chunks as one belt alone would, at most. */
static void chunks_post(struct feeder *f) {
        for (uint32_t belt = 0; belt < f->config.belt_count; belt++)
                chunk_post(f, belt);
}

static bool has_room(const struct belt_chunk *chunk, uint32_t bytes) {
        return chunk->count < XSKIM_LAUNCH_CHUNK_PACKETS &&
               chunk->used + bytes <= XSKIM_LAUNCH_CHUNK_BYTES;
}

/* One with room for a packet of so many bytes. NULL: the belt was stopped. */
static struct belt_chunk *chunk_take(struct feeder *f, uint32_t belt, uint32_t bytes) {
        struct belt_chunk **chunk = &f->chunks[belt];

        if (*chunk && !has_room(*chunk, bytes))
                chunks_post(f);
        if (!*chunk)
                *chunk = belt_take_empty(f->config.belts[belt], false);
        if (!*chunk) {
                chunks_post(f);
                *chunk = belt_take_empty(f->config.belts[belt], true);
        }
        return *chunk;
}

static uint32_t belt_of(const struct feeder *f, const struct capture_packet *packet) {
        if (f->config.belt_count == 1)
                return 0;
        return flow_share(packet->bytes, packet->bytes_captured, f->config.belt_count);
}

/* False: the belt was stopped, or this was the last packet that is wanted. */
static bool packet_place(struct feeder *f, const struct capture_packet *packet,
                         const struct belt_stamp *stamp) {
        uint32_t bytes = packet->bytes_captured;
        struct belt_chunk *chunk = chunk_take(f, belt_of(f, packet), bytes);

        if (!chunk)
                return false;
        memcpy(chunk->bytes + chunk->used, packet->bytes, bytes);
        chunk->rows[chunk->count] =
                (struct xskim_launch_packet){.place = chunk->used, .bytes = bytes};
        if (chunk->stamps)
                chunk->stamps[chunk->count] = *stamp;
        chunk->places[chunk->count++] =
                pacing_place(&f->round, timeline_place(&f->timeline, packet->time_ns), bytes);
        chunk->longest = MAX(chunk->longest, bytes);
        chunk->used += (bytes + PLACE_UNIT - 1) / PLACE_UNIT * PLACE_UNIT;
        return ++f->placed != f->config.limit;
}

/* Likewise. */
static bool packet_take(struct feeder *f, struct capture_packet *packet) {
        struct capture_packet original = *packet;
        struct belt_stamp stamp = {0};

        if (!packet_edit(f, packet) || !is_wanted(f, packet))
                return true;
        cut_count(f, &original);
        if (f->config.stamp)
                stamp = packet_stamp(f, packet);
        return packet_place(f, packet, &stamp);
}

static void last_post(struct feeder *f, uint32_t belt) {
        f->chunks[belt]->last = true;
        f->chunks[belt]->end =
                pacing_end(&f->round, f->timeline.offset_ns, timeline_pause_ns(&f->timeline));
        chunk_post(f, belt);
}

/* Every belt is told of the end; those with packets first. False: a belt was stopped. */
static bool round_end(struct feeder *f) {
        bool told[XSKIM_REPLAY_THREADS_MAX] = {false};

        for (uint32_t belt = 0; belt < f->config.belt_count; belt++) {
                told[belt] = f->chunks[belt];
                if (told[belt])
                        last_post(f, belt);
        }
        for (uint32_t belt = 0; belt < f->config.belt_count && f->timeline.packets; belt++) {
                if (told[belt])
                        continue;
                f->chunks[belt] = belt_take_empty(f->config.belts[belt], true);
                if (!f->chunks[belt])
                        return false;
                last_post(f, belt);
        }
        return true;
}

/* Whether somebody has had enough. */
static bool is_stopped(struct feeder *f) {
        bool stopped = false;

        for (uint32_t belt = 0; belt < f->config.belt_count; belt++)
                stopped |= belt_is_stopped(f->config.belts[belt]);
        return stopped;
}

/* What cannot be read ends the round, as its end does. */
static int bad_forgive(struct feeder *f, int r) {
        if (r >= 0 || !f->config.skip_bad)
                return r;
        error_clear();
        f->counts.unreadable++;
        return CAPTURE_END;
}

/* One round. What was read before an error is sent all the same. */
static int round_read(struct feeder *f) {
        struct capture_packet packet;
        bool going = true;
        int r;

        f->timeline = (struct timeline){.gap_ns_max = f->config.gap_ns_max};
        f->round = (struct pacing_round){.pace = f->config.pace};
        while (going && (r = capture_next(f->config.capture, &packet)) > CAPTURE_END)
                if (r == CAPTURE_FILTERED)
                        f->counts.filtered++;
                else
                        going = packet_take(f, &packet);
        f->counts.backwards += f->timeline.backwards;
        f->counts.shortened += f->timeline.shortened;
        if (!going || (r <= CAPTURE_END && is_stopped(f)))
                return -ECANCELED;
        r = bad_forgive(f, r);
        if (!round_end(f))
                return -ECANCELED;
        if (!r && !f->timeline.packets)
                return error_set(-ENOENT, "The capture has no packet that can be sent.");
        return r;
}

static bool stays(struct feeder *f) {
        bool all = true;

        for (uint32_t belt = 0; belt < f->config.belt_count; belt++)
                all &= belt_holds_all(f->config.belts[belt]);
        return all;
}

/* Once when it stays on the belts, else as often as it is wanted. */
static int rounds_read(struct feeder *f, bool *ret_resident) {
        uint64_t round = 1;
        int r = round_read(f);

        *ret_resident = r >= 0 && stays(f);
        while (r >= 0 && !*ret_resident && round++ != f->config.rounds) {
                r = capture_rewind(f->config.capture);
                r = r < 0 ? r : round_read(f);
        }
        return r == -ECANCELED ? 0 : r;
}

static void *thread_main(void *context) {
        struct feeder *f = context;
        bool resident = false;

        error_clear();
        f->error = rounds_read(f, &resident);
        if (f->error < 0)
                snprintf(f->message, sizeof(f->message), "%s", error_message());
        chunks_post(f);
        for (uint32_t belt = 0; belt < f->config.belt_count; belt++)
                belt_end(f->config.belts[belt], resident);
        return NULL;
}

int feeder_open(const struct feeder_config *config, struct feeder **ret_feeder) {
        struct feeder *f = calloc(1, sizeof(*f));
        bool changes = config->stamp || editing_is_needed(&config->editing);
        int r;

        if (!f)
                return -ENOMEM;
        f->config = *config;
        if (changes)
                f->scratch = malloc(SCRATCH_BYTES + editing_room(&config->editing));
        if (changes && !f->scratch) {
                free(f);
                return -ENOMEM;
        }
        r = -pthread_create(&f->thread, NULL, thread_main, f);
        if (r < 0) {
                free(f->scratch);
                free(f);
                return error_set(r, "cannot start a thread: %s", strerror(-r));
        }
        f->started = true;
        *ret_feeder = f;
        return 0;
}

int feeder_end(struct feeder *f, struct xskim_replay_counts *ret_counts) {
        if (f->started)
                pthread_join(f->thread, NULL);
        f->started = false;
        *ret_counts = f->counts;
        return f->error < 0 ? error_set(f->error, "%s", f->message) : 0;
}

struct feeder *feeder_close(struct feeder *f) {
        struct xskim_replay_counts counts;

        if (!f)
                return NULL;
        if (f->started)
                feeder_end(f, &counts);
        free(f->scratch);
        free(f);
        return NULL;
}
