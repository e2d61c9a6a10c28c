/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record file: what is in it and how it is read back. Pure: encodes into and decodes from the
 * caller's memory; files are opened by record.c (writing) and reader.c (reading).
 *
 * A file is a sequence of pieces, each a multiple of 64 bytes long and aligned to that, in host
 * byte order:
 *
 *   first line     64 bytes of text, RECORDFILE_MAGIC_LINE
 *   description    a block of text: the facts of the session, its ports, and the field tables of
 *                  record.h and frame.h, so that a file explains itself
 *   frames         metadata frames as they came (frame.h), each with a checksum
 *   marks          frames without records: here the worker closed this ring's interval. `sequence`
 *                  and `first_record` are those of the next frame: what was missing at its end
 *   accounts       a block a port and interval: the kernel's side of the account, and what the
 *                  collector counted; the last one says that it is
 *
 * Pieces are written at once by all workers, each at its own place, so a place can stay unwritten:
 * a hole of zeros. The order of one worker's pieces is the order in which it decoded.
 *
 * Reading is safe with any content: nothing is used before its checksum held and its fields were
 * found in their ranges, nothing is allocated. After damage it goes on with the next piece that is
 * whole.
 */
#ifndef XSKIM_RECORDFILE_H
#define XSKIM_RECORDFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xskim/frame.h>
#include <xskim/xskim.h>

#include "account.h"
#include "tally.h"

enum {
        RECORDFILE_STEP = 64,
        RECORDFILE_BLOCK_MAGIC = 0x6b6c6273, /* "sblk" */
        RECORDFILE_BLOCK_VERSION = 3,
        RECORDFILE_PAYLOAD_MAX = 65536,
        /* What recordfile_next wants to see of the file, unless it ends before. */
        RECORDFILE_WINDOW = RECORDFILE_STEP + RECORDFILE_PAYLOAD_MAX,
        /* Room for recordfile_begin. */
        RECORDFILE_BEGIN_MAX = 32768,
        RECORDFILE_FIELDS_MAX = 64,
        RECORDFILE_WORD_MAX = XSKIM_COLUMN_BYTES,
        RECORDFILE_COLUMNS_MAX = RECORDFILE_FIELDS_MAX + 2,
};

#define RECORDFILE_MAGIC_LINE "xskim record file 1"

/* Facts of the session. ROW(name, least, most, doc); where least is most there is nothing to set.
 */
#define RECORDFILE_FACTS(ROW)                                                                      \
        ROW(session, 0, UINT64_MAX, "random number of the run, in every piece")                    \
        ROW(start_unix_ns, 0, UINT64_MAX, "CLOCK_REALTIME at the start")                           \
        ROW(start_ns, 0, UINT64_MAX, "CLOCK_MONOTONIC at the start, the base of all times")        \
        ROW(seed, 0, UINT64_MAX, "of the random skips")                                            \
        ROW(sample, 0, XSKIM_WEIGHT_MAX, "1 packet in so many was sampled; 0: none")               \
        ROW(verdict, 0, XSKIM_VERDICT_DROP, "0 pass, 1 drop")                                      \
        ROW(tier, 0, XSKIM_TIER_CLASSES, "0 counts, 1 classes")                                    \
        ROW(cpus, 1, XSKIM_RINGS_MAX, "ring number = port number * cpus + CPU")                    \
        ROW(workers, 1, XSKIM_WORKERS_MAX, "threads that wrote this file")                         \
        ROW(ring_slots, XSKIM_RING_SLOTS_MIN, XSKIM_RING_SLOTS_MAX, "records in a staging ring")   \
        ROW(transit, 0, 1, "1: stamps were looked for, see the records of stamps")                 \
        ROW(clock_offset_ns, 0, UINT64_MAX,                                                        \
            "the watcher's clock minus the sender's, two's complement")                            \
        ROW(expect, 0, 1, "1: contents were hashed, see the records of contents")                  \
        ROW(frame_version, XSKIM_FRAME_VERSION, XSKIM_FRAME_VERSION, "version of the frames")      \
        ROW(frame_header_bytes, XSKIM_FRAME_HEADER_BYTES, XSKIM_FRAME_HEADER_BYTES,                \
            "bytes before a frame's records")                                                      \
        ROW(record_bytes, XSKIM_RECORD_BYTES, XSKIM_RECORD_BYTES, "bytes of a record")

#define RECORDFILE_FACT_MEMBER(name_, least_, most_, doc_) uint64_t name_;

/* A field of a record, as the file itself describes it. */
struct recordfile_field {
        char name[RECORDFILE_WORD_MAX];
        char unit[RECORDFILE_WORD_MAX];
        uint32_t bit; /* its first one; from the least significant of each 64-bit word */
        uint32_t bits;
        /* TIME: named time_ns, to be completed (tally_record_age_ns); DURATION: of unit gap, to be
         * decoded (xskim_gap_decode) */
        enum xskim_column_kind kind;
};

struct recordfile_facts {
        RECORDFILE_FACTS(RECORDFILE_FACT_MEMBER)
        uint32_t port_count;
        char ports[XSKIM_PORTS_MAX][XSKIM_NAME_MAX];
        /* of the records; when writing they are taken from record.h, whatever is here */
        uint32_t field_count;
        struct recordfile_field fields[RECORDFILE_FIELDS_MAX];
};

enum recordfile_block_type { RECORDFILE_DESCRIPTION = 1, RECORDFILE_ACCOUNT = 2 };

struct recordfile_block {
        uint32_t magic;
        uint16_t version;
        uint16_t type;  /* enum recordfile_block_type; what is unknown is skipped */
        uint64_t bytes; /* of what follows; then zeros up to the next multiple of 64 */
        uint64_t session;
        uint64_t checksum; /* XXH3 of all of it with this field 0 */
        uint64_t reserved[4];
};

/* What the collector counted of a port; the same members as in struct tally. */
#define RECORDFILE_TERMS(ROW)                                                                      \
        ROW(frames)                                                                                \
        ROW(received)                                                                              \
        ROW(malformed)                                                                             \
        ROW(decoded)                                                                               \
        ROW(frames_missing)                                                                        \
        ROW(lost_in_socket)                                                                        \
        ROW(frames_foreign)                                                                        \
        ROW(recorded)                                                                              \
        ROW(record_dropped)

#define RECORDFILE_TERM_MEMBER(name_) uint64_t name_;

struct recordfile_terms {
        RECORDFILE_TERMS(RECORDFILE_TERM_MEMBER)
};

struct recordfile_account {
        struct recordfile_block block;
        uint32_t port;
        uint32_t final; /* 1: the last one of this port */
        struct recordfile_terms terms;
        struct account_kernel kernel;
        char zeros[RECORDFILE_STEP]; /* at least up to the next multiple of 64 */
};

/* ---- writing ---- */

/* The file's beginning: first line and description. Returns its length, or -ENOBUFS. */
int recordfile_begin(const struct recordfile_facts *facts, void *buffer, size_t size);

/* Fills all of *ret_account, to be written as it is. Returns how much of it. */
size_t recordfile_account(uint64_t session, uint32_t port, bool final,
                          const struct account_kernel *kernel, const struct tally *tally,
                          struct recordfile_account *ret_account);

/* A mark for tally_fold of this ring. Its checksum is the writer's to fill, as with frames. */
void recordfile_mark(const struct tally_ring *ring, uint32_t number, uint32_t worker,
                     uint64_t session, uint64_t now_ns, struct xskim_frame_header *ret_mark);

/* ---- reading ---- */

struct recordfile {
        struct recordfile_facts facts;
        uint64_t offset; /* bytes read */
        uint64_t frames;
        uint64_t records;
        uint64_t marks;
        uint64_t accounts;
        uint64_t unknown;        /* blocks of unknown type, skipped */
        uint64_t damages;        /* places where pieces are damaged */
        uint64_t damaged_bytes;  /* skipped there */
        uint64_t hole_bytes;     /* never written */
        uint64_t in_damage;      /* bytes of the damage it is in now; at the end: the torn piece */
        uint32_t ports_complete; /* bit n: port n has its final account */
};

enum recordfile_item_type {
        RECORDFILE_NOTHING, /* skipped: hole, damage, unknown block */
        RECORDFILE_FRAME,
        RECORDFILE_MARK,
        RECORDFILE_ACCOUNTS,
};

/* A piece, still in the window. ring, worker and port are in their ranges, the checksum holds. */
struct recordfile_item {
        enum recordfile_item_type type;
        uint32_t bytes;
        union {
                const struct xskim_frame_header *frame; /* or mark */
                const struct recordfile_account *account;
        };
};

/*
 * Reads the beginning. `window` holds at least RECORDFILE_WINDOW bytes from the file's start on, or
 * all of it, aligned to 8. Returns the bytes read; with a message: -EINVAL (no record file),
 * -EPROTONOSUPPORT (of another version or byte order), -EBADMSG (damaged or cut inside the
 * description).
 */
int recordfile_open(struct recordfile *file, const void *window, size_t bytes);

/*
 * Reads the next piece. `window` starts where the last call ended and holds at least
 * RECORDFILE_WINDOW bytes, or all that is left; aligned to 8. Returns how far it got: a multiple of
 * 64 unless it is the end; 0 only for an empty window.
 */
size_t recordfile_next(struct recordfile *file, const void *window, size_t bytes,
                       struct recordfile_item *ret_item);

/* At the end of the file: */
bool recordfile_is_cut(const struct recordfile *file);
bool recordfile_is_damaged(const struct recordfile *file);

/* The columns of the file's records: port, CPU, then the fields. Returns how many. */
uint32_t recordfile_columns(const struct recordfile_facts *facts,
                            struct xskim_column ret_columns[RECORDFILE_COLUMNS_MAX]);

/* The values of a record of this frame, one a column; a name points into the facts. */
void recordfile_values(const struct recordfile_facts *facts, const struct xskim_frame_header *frame,
                       const void *record, union xskim_value ret_values[RECORDFILE_COLUMNS_MAX]);

/* The field's bits out of a record; an address's 16 bytes are copied out. */
uint64_t recordfile_field_value(const struct recordfile_field *field, const void *record);
void recordfile_field_address(const struct recordfile_field *field, const void *record,
                              uint8_t ret_address[16]);

#endif
