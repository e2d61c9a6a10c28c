/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the reading thread. See feeder.h. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "feeder.h"
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
        struct belt_chunk *chunk; /* being filled */
        struct timeline timeline; /* of this round */
        uint8_t *scratch;         /* where packets are changed; NULL: they are sent as they are */
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

static void chunk_post(struct feeder *f) {
        if (!f->chunk)
                return;
        f->chunk->position = capture_position(f->config.capture);
        belt_post(f->config.belt);
        f->chunk = NULL;
}

static bool has_room(const struct belt_chunk *chunk, uint32_t bytes) {
        return chunk->count < XSKIM_LAUNCH_CHUNK_PACKETS &&
               chunk->used + bytes <= XSKIM_LAUNCH_CHUNK_BYTES;
}

/* False: the belt was stopped. */
static bool packet_place(struct feeder *f, const struct capture_packet *packet,
                         const struct belt_stamp *stamp) {
        uint32_t bytes = packet->bytes_captured;
        struct belt_chunk *chunk;

        if (f->chunk && !has_room(f->chunk, bytes))
                chunk_post(f);
        if (!f->chunk)
                f->chunk = belt_take_empty(f->config.belt);
        chunk = f->chunk;
        if (!chunk)
                return false;
        memcpy(chunk->bytes + chunk->used, packet->bytes, bytes);
        chunk->rows[chunk->count] =
                (struct xskim_launch_packet){.place = chunk->used, .bytes = bytes};
        if (chunk->stamps)
                chunk->stamps[chunk->count] = *stamp;
        chunk->offsets_ns[chunk->count++] = timeline_place(&f->timeline, packet->time_ns);
        chunk->longest = MAX(chunk->longest, bytes);
        chunk->used += (bytes + PLACE_UNIT - 1) / PLACE_UNIT * PLACE_UNIT;
        return true;
}

/* False: the belt was stopped. */
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

static void round_end(struct feeder *f) {
        f->counts.backwards += f->timeline.backwards;
        f->counts.shortened += f->timeline.shortened;
        if (!f->chunk)
                return;
        f->chunk->last = true;
        f->chunk->pause_ns = timeline_pause_ns(&f->timeline);
        chunk_post(f);
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
        while (going && (r = capture_next(f->config.capture, &packet)) > CAPTURE_END)
                if (r == CAPTURE_FILTERED)
                        f->counts.filtered++;
                else
                        going = packet_take(f, &packet);
        if (!going || (r <= CAPTURE_END && belt_is_stopped(f->config.belt)))
                return -ECANCELED;
        r = bad_forgive(f, r);
        round_end(f);
        if (!r && !f->timeline.packets)
                return error_set(-ENOENT, "The capture has no packet that can be sent.");
        return r;
}

/* Once when it stays on the belt, else as often as it is wanted. */
static int rounds_read(struct feeder *f, bool *ret_resident) {
        uint64_t round = 1;
        int r = round_read(f);

        *ret_resident = r >= 0 && belt_holds_all(f->config.belt);
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
        belt_end(f->config.belt, resident);
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
