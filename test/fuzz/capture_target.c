/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading captures of any bytes, as they are and compressed, and what a replay does to their
 * packets, in buffers of exact size. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "capture.h"
#include "capture_target.h"
#include "editing.h"
#include "log.h"
#include "stamp.h"
#include "util.h"

enum {
        /* An input of some bytes may unpack to a file without end. */
        PACKETS_MAX = 5000,
        BYTES_MAX = 4 << 20,
        ETHERNET_BYTES = 14,
        CAPTURED_MAX = 262144, /* what libpcap takes for a packet's length at the most */
        EDITED_MAX = 65536,
        GZIP_WINDOW = 15 + 16,
        DEFLATE_MEMORY = 8,
        SLACK_BYTES = 64,
        UNTOUCHED = 0xa5,
};

#define HOLDS(condition_)                                                                          \
        ({                                                                                         \
                if (!(condition_)) {                                                               \
                        fprintf(stderr, "capture: does not hold: %s\n", #condition_);              \
                        abort();                                                                   \
                }                                                                                  \
        })

struct bytes {
        uint8_t *at;
        size_t length;
};

/* ---- what a replay does to a packet ---- */

/* Networks that half of all addresses are in, or any. */
static struct xskim_replay_editing editing_of(uint8_t choice, uint8_t size) {
        struct xskim_replay_editing editing = {
                .pad = choice & CAPTURE_EDIT_PAD,
                .vlan_pop = choice & CAPTURE_EDIT_POP,
                .vlan_push = choice & CAPTURE_EDIT_PUSH,
                .vlan_tci = 0x0fff,
                .destination = {.wanted = choice & CAPTURE_EDIT_MAC, .bytes = {2, 1}},
                .source = {.wanted = choice & CAPTURE_EDIT_MAC, .bytes = {2, 2}},
        };

        if (choice & CAPTURE_EDIT_IPV4)
                editing.source_net = (struct xskim_replay_net){.family = XSKIM_REPLAY_IPV4,
                                                               .bits = size & 1 ? size % 33 : 1,
                                                               .to = {192, 168, 255, 255}};
        if (choice & CAPTURE_EDIT_IPV6)
                editing.destination_net =
                        (struct xskim_replay_net){.family = XSKIM_REPLAY_IPV6,
                                                  .bits = size & 1 ? size % 129 : 2,
                                                  .to = {0xfd, 0xff}};
        if (choice & CAPTURE_EDIT_TRUNCATE)
                editing.truncate_bytes = ETHERNET_BYTES + size;
        if (choice & CAPTURE_EDIT_FILL)
                editing.min_bytes = ETHERNET_BYTES + size * 4U;
        return editing;
}

static void packet_stamp(const uint8_t *packet, uint32_t length, uint32_t slack,
                         enum stamp_mode mode) {
        uint8_t *frame = malloc(length + slack);
        struct stamp_spot spot = {0};
        struct stamp_reading got;

        HOLDS(frame != NULL);
        memcpy(frame, packet, length);
        if (stamp_prepare(frame, length, length + slack, mode, &spot) == STAMP_done) {
                HOLDS(spot.length >= length && spot.length <= length + slack);
                stamp_write(frame, &spot, 1, 2, 3, 4);
                HOLDS(stamp_read(frame, spot.length, &got) == STAMP_done);
                HOLDS(got.sequence == 3 && !got.faults);
        } else {
                HOLDS(!memcmp(frame, packet, length));
        }
        free(frame);
}

/* As the feeder does it: see feeder.c. */
static void packet_edit(const struct xskim_replay_editing *editing,
                        const struct capture_packet *packet, uint8_t size) {
        uint32_t most = editing->truncate_bytes ? editing->truncate_bytes : UINT32_MAX;
        uint32_t kept = MIN(packet->bytes_captured, most);
        uint32_t wire = MAX(kept, MIN(packet->bytes_wire, most)), room, length;
        uint8_t *edited;

        if (kept < ETHERNET_BYTES || kept > EDITED_MAX || (editing->pad && wire > EDITED_MAX))
                return;
        room = (editing->pad ? wire : kept) + editing_room(editing);
        edited = malloc(room);
        HOLDS(edited != NULL);
        memcpy(edited, packet->bytes, kept);
        memset(edited + kept, UNTOUCHED, room - kept);
        length = editing_apply(editing, edited, kept, wire);
        HOLDS(length >= MAX(editing->min_bytes, (uint32_t)ETHERNET_BYTES) && length <= room);
        for (uint32_t at = MAX(length, editing->pad ? wire : kept); at < room; at++)
                HOLDS(edited[at] == UNTOUCHED);
        if (!editing_is_needed(editing))
                HOLDS(length == kept && !memcmp(edited, packet->bytes, kept));
        packet_stamp(edited, length, size % SLACK_BYTES, size & 1 ? STAMP_OVER : STAMP_APPEND);
        free(edited);
}

/* ---- reading ---- */

/* What one round of a capture gave. */
struct round {
        int outcome;
        uint64_t packets;
        uint64_t bytes;
        uint64_t hash; /* FNV-1a of all that was read */
};

static uint64_t hash_add(uint64_t hash, const void *bytes, size_t length) {
        const uint8_t *at = bytes;

        for (size_t i = 0; i < length; i++)
                hash = (hash ^ at[i]) * 0x100000001b3ULL;
        return hash;
}

static void packet_check(struct round *round, const struct capture_packet *packet) {
        HOLDS(packet->number == round->packets);
        HOLDS(packet->bytes_captured <= CAPTURED_MAX);
        round->bytes += packet->bytes_captured;
        round->hash = hash_add(round->hash, packet->bytes, packet->bytes_captured);
        round->hash = hash_add(round->hash, &packet->time_ns, sizeof(packet->time_ns));
        round->hash = hash_add(round->hash, &packet->bytes_wire, sizeof(packet->bytes_wire));
}

static struct round round_read(struct capture *capture, uint8_t choice, uint8_t size) {
        struct xskim_replay_editing editing = editing_of(choice, size);
        struct round round = {0};
        struct capture_packet packet;
        int r = CAPTURE_PACKET;

        while (round.packets < PACKETS_MAX && round.bytes < BYTES_MAX &&
               (r = capture_next(capture, &packet)) > CAPTURE_END) {
                round.packets++;
                packet_check(&round, &packet);
                if (r == CAPTURE_PACKET)
                        packet_edit(&editing, &packet, size);
        }
        HOLDS(r >= 0 || *error_message());
        HOLDS(!capture_size(capture) || capture_position(capture) <= capture_size(capture));
        round.outcome = r;
        error_clear();
        return round;
}

static void same(const struct round *a, const struct round *b) {
        HOLDS(a->outcome == b->outcome && a->packets == b->packets && a->bytes == b->bytes);
        HOLDS(a->hash == b->hash);
}

static struct round path_read(const char *path, const uint8_t *head, bool again) {
        const char *filter = head[0] & CAPTURE_WAY_FILTER ? "ip and udp port 53" : NULL;
        struct capture *capture = NULL;
        struct round round, next;
        int r = capture_open(path, filter, &capture);

        if (r < 0) {
                HOLDS(*error_message() && !capture);
                error_clear();
                return (struct round){.outcome = r};
        }
        round = round_read(capture, head[1], head[2]);
        if (again) {
                HOLDS(!capture_rewind(capture));
                next = round_read(capture, head[1], head[2]);
                same(&round, &next);
        }
        capture_close(capture);
        return round;
}

static struct round descriptor_read(int fd, const uint8_t *head, bool again) {
        char path[32];

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        return path_read(path, head, again);
}

static struct round file_read(struct bytes file, const uint8_t *head) {
        int fd = memfd_create("capture", MFD_CLOEXEC);
        struct round round;

        HOLDS(fd >= 0 && write(fd, file.at, file.length) == (ssize_t)file.length);
        round = descriptor_read(fd, head, head[0] & CAPTURE_WAY_AGAIN);
        close(fd);
        return round;
}

/* False: it does not fit into a pipe. */
static bool pipe_read(struct bytes file, const uint8_t *head, struct round *ret_round) {
        int ends[2], room;
        bool fits;

        HOLDS(!pipe2(ends, O_CLOEXEC));
        room = fcntl(ends[1], F_GETPIPE_SZ);
        fits = file.length <= (size_t)room;
        if (fits) {
                HOLDS(write(ends[1], file.at, file.length) == (ssize_t)file.length);
                close(ends[1]);
                *ret_round = descriptor_read(ends[0], head, false);
        } else {
                close(ends[1]);
        }
        close(ends[0]);
        return fits;
}

/* ---- packing ---- */

static void gzip_append(struct bytes *out, const uint8_t *bytes, size_t length) {
        z_stream stream = {.next_in = (Bytef *)bytes, .avail_in = (uInt)length};
        size_t bound;

        HOLDS(deflateInit2(&stream, 1, Z_DEFLATED, GZIP_WINDOW, DEFLATE_MEMORY,
                           Z_DEFAULT_STRATEGY) == Z_OK);
        bound = deflateBound(&stream, length);
        out->at = realloc(out->at, out->length + bound);
        HOLDS(out->at != NULL);
        stream.next_out = out->at + out->length;
        stream.avail_out = (uInt)bound;
        HOLDS(deflate(&stream, Z_FINISH) == Z_STREAM_END);
        out->length += bound - stream.avail_out;
        deflateEnd(&stream);
}

static void zstd_append(struct bytes *out, const uint8_t *bytes, size_t length) {
        size_t bound = ZSTD_compressBound(length);

        out->at = malloc(bound);
        HOLDS(out->at != NULL);
        out->length = ZSTD_compress(out->at, bound, bytes, length, 1);
        HOLDS(!ZSTD_isError(out->length));
}

static struct bytes packed(struct bytes file, uint8_t way) {
        struct bytes out = {0};
        size_t half = way == CAPTURE_WAY_SPLIT ? file.length / 2 : 0;

        if (way == CAPTURE_WAY_ZSTD) {
                zstd_append(&out, file.at, file.length);
                return out;
        }
        if (way == CAPTURE_WAY_SPLIT)
                gzip_append(&out, file.at, half);
        gzip_append(&out, file.at + half, file.length - half);
        return out;
}

/* Packed once more it would be unpacked once: other bytes. */
static bool is_packed(struct bytes file) {
        return (file.length >= 2 && !memcmp(file.at, "\x1f\x8b", 2)) ||
               (file.length >= 4 && !memcmp(file.at, "\x28\xb5\x2f\xfd", 4));
}

static void packed_read(struct bytes file, const uint8_t *head, const struct round *plain) {
        struct bytes out = packed(file, head[0] & CAPTURE_WAY_PACKED);
        struct round round = file_read(out, head);

        if (!is_packed(file))
                same(&round, plain);
        free(out.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
        struct bytes file = {(uint8_t *)bytes + CAPTURE_TARGET_HEAD, length - CAPTURE_TARGET_HEAD};
        struct round plain, other;

        if (length < CAPTURE_TARGET_HEAD)
                return 0;
        plain = file_read(file, bytes);
        if (bytes[0] & CAPTURE_WAY_PIPE && pipe_read(file, bytes, &other))
                same(&other, &plain);
        if (bytes[0] & CAPTURE_WAY_PACKED)
                packed_read(file, bytes, &plain);
        return 0;
}
