/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader of record files under any input: reads, prints, replays, makes summaries. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksum.h"
#include "log.h"
#include "record_print.h"
#include "recordfile.h"
#include "recordfile_target.h"
#include "replay.h"
#include "util.h"

#define HOLDS(condition_)                                                                          \
        ({                                                                                         \
                if (!(condition_)) {                                                               \
                        fprintf(stderr, "record file: does not hold: %s\n", #condition_);          \
                        abort();                                                                   \
                }                                                                                  \
        })

static const struct recordfile_facts FACTS = {
        .session = 0x5e5510,
        .sample = 16,
        .tier = XSKIM_TIER_CLASSES,
        .cpus = 2,
        .workers = 2,
        .ring_slots = XSKIM_RING_SLOTS_MIN,
        .port_count = 2,
        .ports = {"eth0", "eth1"},
};

static size_t frame_sign(uint8_t *at, size_t left) {
        struct xskim_frame_header *header = (void *)at;
        size_t bytes;

        if (left < sizeof(*header))
                return 0;
        header->records %= XSKIM_FRAME_RECORDS_MAX + 1;
        bytes = sizeof(*header) + header->records * sizeof(struct xskim_record);
        if (bytes > left)
                return 0;
        header->version = XSKIM_FRAME_VERSION;
        header->session = FACTS.session;
        header->checksum = 0;
        header->checksum = checksum_of(header, bytes);
        return bytes;
}

static size_t block_sign(uint8_t *at, size_t left) {
        struct recordfile_block *block = (void *)at;
        size_t bytes;

        if (left < sizeof(*block))
                return 0;
        block->bytes %= RECORDFILE_PAYLOAD_MAX + 1;
        bytes = (sizeof(*block) + block->bytes + RECORDFILE_STEP - 1) & ~(RECORDFILE_STEP - 1UL);
        if (bytes > left)
                return 0;
        block->version = RECORDFILE_BLOCK_VERSION;
        block->session = FACTS.session;
        block->checksum = 0;
        block->checksum = checksum_of(block, bytes);
        return bytes;
}

static void pieces_sign(uint8_t *bytes, size_t length) {
        size_t at = 0, signed_bytes;
        uint32_t magic;

        while (length - at >= RECORDFILE_STEP) {
                memcpy(&magic, bytes + at, sizeof(magic));
                signed_bytes = magic == XSKIM_FRAME_MAGIC ? frame_sign(bytes + at, length - at)
                               : magic == RECORDFILE_BLOCK_MAGIC
                                       ? block_sign(bytes + at, length - at)
                                       : 0;
                at += MAX(signed_bytes, (size_t)RECORDFILE_STEP);
        }
}

static void check_item(const struct recordfile *file, const struct recordfile_item *item) {
        const struct recordfile_facts *facts = &file->facts;

        if (item->type == RECORDFILE_FRAME || item->type == RECORDFILE_MARK) {
                HOLDS(item->frame->ring < facts->port_count * facts->cpus);
                HOLDS(item->frame->worker < facts->workers);
                HOLDS(item->bytes ==
                      XSKIM_FRAME_HEADER_BYTES + item->frame->records * (size_t)XSKIM_RECORD_BYTES);
        }
        if (item->type == RECORDFILE_ACCOUNTS)
                HOLDS(item->account->port < facts->port_count);
}

static void summaries_make(struct replay *replay, const struct recordfile *file) {
        struct xskim_snapshot *snapshot = malloc(sizeof(*snapshot));

        HOLDS(snapshot && !replay_end(replay));
        for (uint32_t port = 0; port < file->facts.port_count; port++) {
                replay_snapshot(replay, port, snapshot);
                HOLDS(memchr(snapshot->port, 0, sizeof(snapshot->port)));
                HOLDS(memchr(snapshot->ledger.where, 0, sizeof(snapshot->ledger.where)));
                HOLDS(!snapshot->ledger.unaccounted == !snapshot->ledger.where[0]);
                HOLDS(snapshot->note_count <= XSKIM_NOTES_MAX);
        }
        free(snapshot);
}

static void frame_print(FILE *nowhere, const struct recordfile_facts *facts,
                        const struct xskim_frame_header *frame) {
        const struct xskim_record *records = (const void *)(frame + 1);
        struct xskim_column columns[RECORDFILE_COLUMNS_MAX];
        union xskim_value values[RECORDFILE_COLUMNS_MAX];
        uint32_t count = recordfile_columns(facts, columns);

        record_print_head(nowhere, RECORD_TEXT, columns, count);
        for (uint32_t i = 0; i < frame->records; i++) {
                recordfile_values(facts, frame, &records[i], values);
                record_print(nowhere, RECORD_JSON, columns, count, values);
        }
}

static void file_read(const uint8_t *bytes, size_t length) {
        static FILE *nowhere;
        struct replay *replay = NULL;
        struct recordfile_item item;
        struct recordfile file;
        int r = recordfile_open(&file, bytes, length);

        error_clear();
        if (r < 0)
                return;
        if (!nowhere)
                nowhere = fopen("/dev/null", "w");
        HOLDS(nowhere && !replay_open(&file.facts, &replay));
        for (size_t at = (size_t)r, taken; at < length; at += taken) {
                taken = recordfile_next(&file, bytes + at, length - at, &item);
                HOLDS(taken > 0 && taken <= length - at);
                HOLDS(taken % RECORDFILE_STEP == 0 || taken == length - at);
                check_item(&file, &item);
                if (item.type == RECORDFILE_FRAME)
                        frame_print(nowhere, &file.facts, item.frame);
                HOLDS(!replay_item(replay, &item));
        }
        HOLDS(file.offset == length);
        summaries_make(replay, &file);
        replay_close(replay);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
        size_t begin = 0, rest = length ? length - 1 : 0;
        /* exactly as long as the file, so that a sanitizer sees a byte read too far */
        uint8_t *file = malloc(RECORDFILE_BEGIN_MAX + rest), *exact;

        HOLDS(file != NULL);
        if (length && bytes[0] & 1)
                begin = (size_t)recordfile_begin(&FACTS, file, RECORDFILE_BEGIN_MAX);
        if (rest)
                memcpy(file + begin, bytes + 1, rest);
        if (begin)
                pieces_sign(file + begin, rest);
        exact = realloc(file, begin + rest ? begin + rest : 1);
        HOLDS(exact != NULL);
        file_read(exact, begin + rest);
        free(exact);
        return 0;
}
