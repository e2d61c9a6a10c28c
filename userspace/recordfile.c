/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns reading a record file piece by piece. See recordfile.h; writing is in
 * recordfile_write.c, what a record looks like outside in recordfile_column.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checksum.h"
#include "log.h"
#include "recordfile_text.h"
#include "util.h"

_Static_assert(sizeof(struct recordfile_block) == RECORDFILE_STEP, "a block's header is one step");
_Static_assert(sizeof(struct recordfile_account) <= RECORDFILE_PAYLOAD_MAX,
               "an account is a block");

/* ---- one piece: its length when it is whole, else 0 ---- */

static size_t block_whole(const struct recordfile_block *block) {
        return (sizeof(*block) + (size_t)block->bytes + RECORDFILE_STEP - 1) &
               ~(size_t)(RECORDFILE_STEP - 1);
}

static size_t block_length(const void *window, size_t bytes) {
        const struct recordfile_block *block = window;
        size_t length;

        if (bytes < sizeof(*block) || block->magic != RECORDFILE_BLOCK_MAGIC ||
            block->version != RECORDFILE_BLOCK_VERSION || block->bytes > RECORDFILE_PAYLOAD_MAX)
                return 0;
        length = block_whole(block);
        if (length > bytes ||
            checksum_around(window, length, offsetof(struct recordfile_block, checksum)) !=
                    block->checksum)
                return 0;
        return length;
}

static size_t frame_length(const void *window, size_t bytes) {
        const struct xskim_frame_header *header = window;
        size_t length;

        if (bytes < sizeof(*header) || header->magic != XSKIM_FRAME_MAGIC ||
            header->version != XSKIM_FRAME_VERSION || header->records > XSKIM_FRAME_RECORDS_MAX)
                return 0;
        length = sizeof(*header) + header->records * sizeof(struct xskim_record);
        if (length > bytes ||
            checksum_around(window, length, offsetof(struct xskim_frame_header, checksum)) !=
                    header->checksum)
                return 0;
        return length;
}

static bool frame_is_possible(const struct recordfile *file,
                              const struct xskim_frame_header *header) {
        return header->session == file->facts.session &&
               header->ring < file->facts.port_count * file->facts.cpus &&
               header->worker < file->facts.workers;
}

static bool account_is_possible(const struct recordfile *file,
                                const struct recordfile_account *account) {
        return account->port < file->facts.port_count &&
               account->kernel.verdict <= XSKIM_VERDICT_DROP &&
               account->kernel.tier <= XSKIM_TIER_CLASSES &&
               account->kernel.sample <= XSKIM_WEIGHT_MAX &&
               account->kernel.note_count <= XSKIM_NOTES_MAX;
}

static void frame_book(struct recordfile *file, const struct xskim_frame_header *header,
                       struct recordfile_item *item) {
        item->type = header->records ? RECORDFILE_FRAME : RECORDFILE_MARK;
        item->frame = header;
        file->frames += header->records > 0;
        file->marks += !header->records;
        file->records += header->records;
}

static void account_book(struct recordfile *file, const struct recordfile_account *account,
                         struct recordfile_item *item) {
        item->type = RECORDFILE_ACCOUNTS;
        item->account = account;
        file->accounts++;
        if (account->final)
                file->ports_complete |= 1U << account->port;
}

/* Recognises a block that is whole; false: it cannot be of this file. */
static bool block_take(struct recordfile *file, const struct recordfile_block *block,
                       struct recordfile_item *item) {
        const struct recordfile_account *account = (const void *)block;

        if (block->session != file->facts.session)
                return false;
        if (block->type != RECORDFILE_ACCOUNT ||
            block->bytes != offsetof(struct recordfile_account, zeros) - sizeof(*block)) {
                file->unknown++;
                return true;
        }
        if (!account_is_possible(file, account))
                return false;
        account_book(file, account, item);
        return true;
}

static size_t piece_take(struct recordfile *file, const void *window, size_t bytes,
                         struct recordfile_item *item) {
        size_t length = frame_length(window, bytes);

        if (length) {
                if (!frame_is_possible(file, window))
                        return 0;
                frame_book(file, window, item);
                return length;
        }
        length = block_length(window, bytes);
        return length && block_take(file, window, item) ? length : 0;
}

/* ---- what is no piece ---- */

static bool is_hole(const void *window, size_t bytes) {
        static const char zeros[RECORDFILE_STEP];

        return !memcmp(window, zeros, bytes);
}

/* Damage that is over: what was read since is whole again. */
static void damage_close(struct recordfile *file) {
        if (!file->in_damage)
                return;
        file->damages++;
        file->damaged_bytes += file->in_damage;
        file->in_damage = 0;
}

size_t recordfile_next(struct recordfile *file, const void *window, size_t bytes,
                       struct recordfile_item *ret_item) {
        size_t length;

        *ret_item = (struct recordfile_item){.type = RECORDFILE_NOTHING};
        if (!bytes)
                return 0;
        length = piece_take(file, window, bytes, ret_item);
        if (length) {
                damage_close(file);
        } else {
                length = MIN(bytes, (size_t)RECORDFILE_STEP);
                if (!file->in_damage && is_hole(window, length))
                        file->hole_bytes += length;
                else
                        file->in_damage += length;
        }
        ret_item->bytes = (uint32_t)length;
        file->offset += length;
        return length;
}

bool recordfile_is_cut(const struct recordfile *file) {
        return file->ports_complete != (1U << file->facts.port_count) - 1;
}

bool recordfile_is_damaged(const struct recordfile *file) {
        return file->damages || (file->in_damage && !recordfile_is_cut(file));
}

/* ---- the beginning ---- */

static int first_line_check(const char *window, size_t bytes) {
        char line[RECORDFILE_STEP + 1];

        snprintf(line, sizeof(line), "%-63s\n", RECORDFILE_MAGIC_LINE);
        if (bytes >= RECORDFILE_STEP && !memcmp(window, line, RECORDFILE_STEP))
                return 0;
        if (!bytes)
                return error_set(-EBADMSG, "it is empty");
        if (bytes < RECORDFILE_STEP && !memcmp(window, line, bytes))
                return error_set(-EBADMSG, "it is cut inside its first line");
        if (bytes >= RECORDFILE_STEP &&
            !memcmp(window, RECORDFILE_MAGIC_LINE, strlen(RECORDFILE_MAGIC_LINE) - 1))
                return error_set(-EPROTONOSUPPORT,
                                 "its first line is not \"%s\": it is damaged, or of another "
                                 "version of xskim",
                                 RECORDFILE_MAGIC_LINE);
        return error_set(-EINVAL, "it is not a record file of xskim");
}

static int description_check(const struct recordfile_block *block, size_t bytes) {
        if (bytes >= sizeof(*block) && block->magic == __builtin_bswap32(RECORDFILE_BLOCK_MAGIC))
                return error_set(-EPROTONOSUPPORT,
                                 "it was written on a machine of the other byte order; read it "
                                 "there");
        if (bytes < sizeof(*block) ||
            (block->bytes <= RECORDFILE_PAYLOAD_MAX && block_whole(block) > bytes))
                return error_set(-EBADMSG, "it is cut inside its description");
        return error_set(-EBADMSG, "its description is damaged (checksum)");
}

int recordfile_open(struct recordfile *file, const void *window, size_t bytes) {
        const struct recordfile_block *block;
        size_t length;
        int r = first_line_check(window, bytes);

        *file = (struct recordfile){0};
        if (r < 0)
                return r;
        block = (const void *)((const char *)window + RECORDFILE_STEP);
        bytes -= RECORDFILE_STEP;
        length = block_length(block, bytes);
        if (!length || block->type != RECORDFILE_DESCRIPTION)
                return description_check(block, bytes);
        r = recordfile_text_read((const char *)(block + 1), (size_t)block->bytes, &file->facts);
        if (!r && block->session != file->facts.session)
                r = error_set(-EBADMSG, "its description contradicts itself: session");
        if (r < 0)
                return r;
        file->offset = RECORDFILE_STEP + length;
        return (int)file->offset;
}
