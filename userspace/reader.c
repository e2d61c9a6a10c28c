/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A record file being read, as others read it: the public side of recordfile.h and replay.h. Owns
 * the descriptor and the window through which the file passes. What is kept does not grow with the
 * file; the figures of its summary are collected while it is read.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xskim/xskim.h>

#include "log.h"
#include "recordfile.h"
#include "replay.h"
#include "util.h"

enum { READER_WHY_BYTES = 512 };

struct xskim_reader {
        char *name; /* for messages */
        int fd;
        bool ended;
        bool replayed; /* nothing is left to read, the figures are complete */
        size_t at;     /* of what is not read yet; a multiple of 64 */
        size_t have;
        struct recordfile file;
        struct replay *replay;
        const struct xskim_frame_header *frame; /* in the window; NULL: none under way */
        uint32_t next;                          /* of its records */
        uint32_t column_count;
        struct xskim_column columns[RECORDFILE_COLUMNS_MAX];
        union xskim_value values[RECORDFILE_COLUMNS_MAX];
        char window[4 * RECORDFILE_WINDOW] __attribute__((aligned(64)));
};

static int error_read(const struct xskim_reader *reader) {
        return error_set(-errno, "%s: cannot be read: %s", reader->name, strerror(errno));
}

/* Fills the window, unless the file ends before. */
static int window_fill(struct xskim_reader *reader) {
        ssize_t count;

        if (reader->have - reader->at >= RECORDFILE_WINDOW || reader->ended)
                return 0;
        memmove(reader->window, reader->window + reader->at, reader->have - reader->at);
        reader->have -= reader->at;
        reader->at = 0;
        while (!reader->ended && reader->have < sizeof(reader->window)) {
                count = read(reader->fd, reader->window + reader->have,
                             sizeof(reader->window) - reader->have);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count < 0)
                        return error_read(reader);
                reader->ended = !count;
                reader->have += (size_t)count;
        }
        return 0;
}

static int beginning_read(struct xskim_reader *reader) {
        char why[READER_WHY_BYTES];
        int r = window_fill(reader);

        if (r < 0)
                return r;
        r = recordfile_open(&reader->file, reader->window, reader->have);
        if (r < 0) {
                snprintf(why, sizeof(why), "%s", error_message());
                error_clear();
                return error_set(r, "%s: cannot be read as a record file: %s.", reader->name, why);
        }
        reader->at = (size_t)r;
        reader->column_count = recordfile_columns(&reader->file.facts, reader->columns);
        return replay_open(&reader->file.facts, &reader->replay);
}

static int reader_start(struct xskim_reader *reader, const char *path) {
        reader->name = strdup(path ? path : "standard input");
        if (!reader->name)
                return -ENOMEM;
        reader->fd = path ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
        return reader->fd < 0 ? error_read(reader) : beginning_read(reader);
}

int xskim_reader_open(const char *path, struct xskim_reader **ret_reader) {
        struct xskim_reader *reader = calloc(1, sizeof(*reader));
        int r;

        error_clear();
        if (!reader)
                return error_set(-ENOMEM, "no memory to read a record file");
        reader->fd = -1;
        r = reader_start(reader, path);
        if (r < 0) {
                xskim_reader_close(reader);
                return r;
        }
        *ret_reader = reader;
        return 0;
}

const struct xskim_column *xskim_reader_columns(const struct xskim_reader *reader,
                                                unsigned int *ret_count) {
        *ret_count = reader->column_count;
        return reader->columns;
}

unsigned int xskim_reader_ports(const struct xskim_reader *reader) {
        return reader->file.facts.port_count;
}

/* The next piece of the file; XSKIM_ENDED: there is none. */
static int piece_read(struct xskim_reader *reader) {
        struct recordfile_item item;
        int r = window_fill(reader);

        reader->frame = NULL;
        if (r < 0)
                return r;
        if (reader->at == reader->have)
                return XSKIM_ENDED;
        reader->at += recordfile_next(&reader->file, reader->window + reader->at,
                                      reader->have - reader->at, &item);
        if (item.type == RECORDFILE_FRAME) {
                reader->frame = item.frame;
                reader->next = 0;
        }
        return replay_item(reader->replay, &item);
}

int xskim_reader_next(struct xskim_reader *reader, const union xskim_value **ret_values) {
        const struct xskim_record *records;
        int r = 0;

        error_clear();
        do {
                while (!r && !(reader->frame && reader->next < reader->frame->records))
                        r = piece_read(reader);
                if (r)
                        return r;
                records = (const void *)(reader->frame + 1);
                /* those of stamps and contents have other fields */
        } while (!records[reader->next].weight && ++reader->next);
        recordfile_values(&reader->file.facts, reader->frame, &records[reader->next++],
                          reader->values);
        *ret_values = reader->values;
        return XSKIM_CONTINUE;
}

static int rest_read(struct xskim_reader *reader) {
        int r = reader->replayed ? XSKIM_ENDED : 0;

        while (!r)
                r = piece_read(reader);
        if (r < 0)
                return r;
        if (!reader->replayed)
                r = replay_end(reader->replay);
        reader->replayed = r >= 0;
        return MIN(r, 0);
}

int xskim_reader_summary(struct xskim_reader *reader, unsigned int port,
                         struct xskim_snapshot *ret_summary) {
        int r;

        error_clear();
        if (port >= reader->file.facts.port_count)
                return error_set(-EINVAL, "port number %u: %u are in %s", port,
                                 reader->file.facts.port_count, reader->name);
        r = rest_read(reader);
        if (!r)
                replay_snapshot(reader->replay, port, ret_summary);
        return r;
}

static int damage_judge(const struct xskim_reader *reader, uint64_t absent) {
        const struct recordfile *file = &reader->file;

        if (recordfile_is_damaged(file))
                return error_set(-EBADMSG,
                                 "%s: damaged places: %" PRIu64 ", %" PRIu64
                                 " bytes skipped, %" PRIu64
                                 " records absent; the checksums of the rest hold.\n"
                                 "Copy it again if there is another.",
                                 reader->name, file->damages + (file->in_damage > 0),
                                 file->damaged_bytes + file->in_damage, absent);
        if (recordfile_is_cut(file))
                return error_set(-EBADMSG,
                                 "%s: cut after %" PRIu64
                                 " bytes: the last accounts are missing%s.\n"
                                 "Either the run did not end by itself or the copy is incomplete; "
                                 "what is there was read.",
                                 reader->name, file->offset,
                                 file->in_damage ? ", and its last piece is torn" : "");
        if (absent)
                return error_set(-EBADMSG,
                                 "%s: %" PRIu64
                                 " records that the run says it wrote are not there.",
                                 reader->name, absent);
        return 0;
}

int xskim_reader_judge(struct xskim_reader *reader) {
        struct xskim_snapshot summary;
        uint64_t absent = 0, unaccounted = 0;
        int r;

        error_clear();
        r = rest_read(reader);
        for (uint32_t port = 0; !r && port < reader->file.facts.port_count; port++) {
                absent += replay_absent(reader->replay, port);
                replay_snapshot(reader->replay, port, &summary);
                unaccounted += summary.ledger.unaccounted;
        }
        r = r ? r : damage_judge(reader, absent);
        if (r || !unaccounted)
                return r;
        return error_set(-EBADMSG, "%s: the ledger does not balance.", reader->name);
}

struct xskim_reader *xskim_reader_close(struct xskim_reader *reader) {
        if (!reader)
                return NULL;
        reader->replay = replay_close(reader->replay);
        fd_cleanup(&reader->fd);
        free(reader->name);
        free(reader);
        return NULL;
}
