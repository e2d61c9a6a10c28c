/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the mappings of ring buffers. See program_ringbuf.h. */
#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include <xskim/barrier.h>

#include "program_ringbuf.h"
#include "util.h"

_Static_assert(PROGRAM_RINGBUF_RECORD_BYTES == XSKIM_RECORD_BYTES + BPF_RINGBUF_HDR_SZ,
               "a record and its header");

uint32_t program_ringbuf_size(uint32_t records) {
        uint32_t size = 4096;

        while (size < records * XSKIM_RECORD_BYTES)
                size *= 2;
        return size;
}

/* The kernel's Documentation/bpf/ringbuf.rst: one page of the consumer's, then one of the
 * producer's, then the bytes twice in a row. */
int program_ringbuf_map(struct program_ringbuf *buffer, int fd, uint32_t size) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        void *consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        void *producer =
                mmap(NULL, page + 2 * (size_t)size, PROT_READ, MAP_SHARED, fd, (off_t)page);

        buffer->fd = fd;
        buffer->size = size;
        if (consumer != MAP_FAILED)
                buffer->consumer = consumer;
        if (producer != MAP_FAILED) {
                buffer->producer = producer;
                buffer->bytes = (const char *)producer + page;
        }
        return buffer->consumer && buffer->producer ? 0 : -errno;
}

int program_ringbuf_make(struct program_ringbuf *buffer, uint32_t size) {
        int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "each_cpu", 0, 0, size, NULL);

        if (fd < 0)
                return -errno;
        buffer->made = true;
        return program_ringbuf_map(buffer, fd, size);
}

void program_ringbuf_close(struct program_ringbuf *buffer) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);

        if (buffer->consumer)
                munmap(buffer->consumer, page);
        if (buffer->producer)
                munmap((void *)buffer->producer, page + 2 * buffer->size);
        if (buffer->made)
                fd_cleanup(&buffer->fd);
        *buffer = PROGRAM_RINGBUF_NULL;
}

uint32_t program_ringbuf_batch(struct program_ringbuf *buffer,
                               const struct xskim_record *records[PROGRAM_RINGBUF_BATCH]) {
        uint64_t position = *buffer->consumer, end = xskim_load_acquire(buffer->producer);
        uint32_t count = 0;

        while (position < end && count < PROGRAM_RINGBUF_BATCH) {
                const char *header = buffer->bytes + (position & (buffer->size - 1));
                uint32_t length = xskim_submitted_length((const uint32_t *)header);

                if (length & BPF_RINGBUF_BUSY_BIT)
                        break;
                records[count++] = (const void *)(header + BPF_RINGBUF_HDR_SZ);
                position += PROGRAM_RINGBUF_RECORD_BYTES;
        }
        buffer->taken_to = position;
        return count;
}

void program_ringbuf_release(struct program_ringbuf *buffer) {
        xskim_store_release(buffer->consumer, buffer->taken_to);
}

bool program_ringbuf_is_empty(const struct program_ringbuf *buffer) {
        return xskim_load_acquire(buffer->producer) == xskim_load_acquire(buffer->consumer);
}

uint64_t program_ringbuf_taken(const struct program_ringbuf *buffer) {
        return xskim_load_acquire(buffer->consumer) / PROGRAM_RINGBUF_RECORD_BYTES;
}
