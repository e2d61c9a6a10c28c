/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF ring buffers as a way out of the kernel, read as well as it can be done: records are decoded
 * where they are, the consumer's position moves once a batch. Each CPU's has at least as many bytes
 * as xskim's staging ring, rounded up to the power of two that a ring buffer has to be (of 72 bytes
 * a record, 8 are its own). Part of the adapter of libbpf (program.h).
 */
#ifndef XSKIM_PROGRAM_RINGBUF_H
#define XSKIM_PROGRAM_RINGBUF_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include <xskim/record.h>

enum { PROGRAM_RINGBUF_RECORD_BYTES = XSKIM_RECORD_BYTES + 8, PROGRAM_RINGBUF_BATCH = 48 };

struct program_ringbuf {
        int fd; /* -1: none; owned if it was made here */
        bool made;
        uint64_t size;
        __u64 *consumer;
        const __u64 *producer;
        const char *bytes;
        uint64_t taken_to; /* where the consumer will be after program_ringbuf_release */
};

#define PROGRAM_RINGBUF_NULL ((struct program_ringbuf){.fd = -1})

/* The size for so many records. */
uint32_t program_ringbuf_size(uint32_t records);

/* Makes one, or maps one that is there. -errno, without a message. */
int program_ringbuf_make(struct program_ringbuf *buffer, uint32_t size);
int program_ringbuf_map(struct program_ringbuf *buffer, int fd, uint32_t size);
void program_ringbuf_close(struct program_ringbuf *buffer);

/* Up to PROGRAM_RINGBUF_BATCH records, in place until program_ringbuf_release; a record that is not
 * submitted yet ends a batch. */
uint32_t program_ringbuf_batch(struct program_ringbuf *buffer,
                               const struct xskim_record *records[PROGRAM_RINGBUF_BATCH]);
void program_ringbuf_release(struct program_ringbuf *buffer);

bool program_ringbuf_is_empty(const struct program_ringbuf *buffer);
/* Since it was made. */
uint64_t program_ringbuf_taken(const struct program_ringbuf *buffer);

#endif
