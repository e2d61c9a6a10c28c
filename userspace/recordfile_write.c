/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how pieces of a record file are made. See recordfile.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "checksum.h"
#include "recordfile.h"
#include "util.h"

struct text {
        char *start;
        size_t size;
        size_t length;
};

__attribute__((format(printf, 2, 3))) static void text_add(struct text *text, const char *format,
                                                           ...) {
        size_t room = text->length < text->size ? text->size - text->length : 0;
        va_list arguments;
        int length;

        va_start(arguments, format);
        length = vsnprintf(room ? text->start + text->length : NULL, room, format, arguments);
        va_end(arguments);
        text->length += (size_t)MAX(length, 0);
}

static void facts_add(struct text *text, const struct recordfile_facts *facts) {
        text_add(text, "#fact\tname\tvalue\tmeaning\n");
#define ADD(name_, least_, most_, doc_)                                                            \
        text_add(text, "fact\t%s\t%" PRIu64 "\t%s\n", #name_,                                      \
                 (uint64_t)(least_) == (uint64_t)(most_) ? (uint64_t)(least_) : facts->name_,      \
                 doc_);
        RECORDFILE_FACTS(ADD)
#undef ADD
        text_add(text, "#port\tnumber\tname\n");
        for (uint32_t port = 0; port < facts->port_count; port++)
                text_add(text, "port\t%u\t%.*s\n", port, XSKIM_NAME_MAX - 1, facts->ports[port]);
}

static void field_add(struct text *text, const char *table, const char *name, uint32_t *bit,
                      size_t bits, const char *kind, const char *unit, const char *doc) {
        text_add(text, "%s\t%s\t%u\t%zu\t%s\t%s\t%s\n", table, name, *bit, bits, kind, unit, doc);
        *bit += (uint32_t)bits;
}

static void fields_add(struct text *text) {
        uint32_t bit = 0;

        text_add(text, "#record, stamp (a record of weight 0) or header\tname\tfirst "
                       "bit\tbits\tkind\tunit\tmeaning\n");
#define ADD(name_, bits_, unit_, doc_)                                                             \
        field_add(text, "record", #name_, &bit, bits_, "number", unit_, doc_);
#define ADD_ADDRESS(name_, doc_) field_add(text, "record", #name_, &bit, 128, "address", "", doc_);
        XSKIM_RECORD_FIELDS(ADD, ADD_ADDRESS)
#undef ADD
#undef ADD_ADDRESS
        bit = 0;
#define ADD(name_, bits_, unit_, doc_)                                                             \
        field_add(text, "stamp", #name_, &bit, bits_, "number", unit_, doc_);
        XSKIM_STAMP_RECORD_FIELDS(ADD)
#undef ADD
        bit = 0;
#define ADD(type_, name_, unit_, doc_)                                                             \
        field_add(text, "header", #name_, &bit, sizeof(type_) * 8, "number", unit_, doc_);
        XSKIM_FRAME_FIELDS(ADD)
#undef ADD
}

/* Zeros up to the next multiple of 64; returns the whole length. */
static size_t block_finish(struct recordfile_block *block, enum recordfile_block_type type,
                           uint64_t session, size_t payload) {
        size_t bytes = sizeof(*block) + payload;
        size_t whole = (bytes + RECORDFILE_STEP - 1) & ~(size_t)(RECORDFILE_STEP - 1);

        *block = (struct recordfile_block){
                .magic = RECORDFILE_BLOCK_MAGIC,
                .version = RECORDFILE_BLOCK_VERSION,
                .type = (uint16_t)type,
                .bytes = payload,
                .session = session,
        };
        memset((char *)block + bytes, 0, whole - bytes);
        block->checksum = checksum_of(block, whole);
        return whole;
}

int recordfile_begin(const struct recordfile_facts *facts, void *buffer, size_t size) {
        struct recordfile_block *block = (void *)((char *)buffer + RECORDFILE_STEP);
        const size_t before = RECORDFILE_STEP + sizeof(*block);
        struct text text = {.start = (char *)(block + 1)};
        char line[RECORDFILE_STEP + 1];

        if (size < before + RECORDFILE_STEP)
                return -ENOBUFS;
        text.size = size - before - RECORDFILE_STEP;
        snprintf(line, sizeof(line), "%-63s\n", RECORDFILE_MAGIC_LINE);
        memcpy(buffer, line, RECORDFILE_STEP);
        text_add(&text, "xskim\t%s\n", XSKIM_VERSION);
        facts_add(&text, facts);
        fields_add(&text);
        if (text.length >= text.size)
                return -ENOBUFS;
        return RECORDFILE_STEP +
               (int)block_finish(block, RECORDFILE_DESCRIPTION, facts->session, text.length);
}

size_t recordfile_account(uint64_t session, uint32_t port, bool final,
                          const struct account_kernel *kernel, const struct tally *tally,
                          struct recordfile_account *ret_account) {
        ret_account->port = port;
        ret_account->final = final;
#define COPY(name_) ret_account->terms.name_ = tally->name_;
        RECORDFILE_TERMS(COPY)
#undef COPY
        ret_account->kernel = *kernel;
        return block_finish(&ret_account->block, RECORDFILE_ACCOUNT, session,
                            offsetof(struct recordfile_account, zeros) -
                                    sizeof(struct recordfile_block));
}

void recordfile_mark(const struct tally_ring *ring, uint32_t number, uint32_t worker,
                     uint64_t session, uint64_t now_ns, struct xskim_frame_header *ret_mark) {
        *ret_mark = (struct xskim_frame_header){
                .magic = XSKIM_FRAME_MAGIC,
                .version = XSKIM_FRAME_VERSION,
                .ring = number,
                .worker = worker,
                .sequence = ring->sequence,
                .first_record = ring->first_record,
                .time_ns = now_ns,
                .ring_full = ring->ring_full,
                .session = session,
                .decoded_ns = now_ns,
        };
}
