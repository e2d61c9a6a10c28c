/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the descriptor of the record file. See record.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "log.h"
#include "record.h"
#include "util.h"

/* All of it, or an error. */
static int bytes_write(int fd, const void *bytes, size_t count, uint64_t offset) {
        const char *at = bytes;

        while (count) {
                ssize_t written = pwrite(fd, at, count, (off_t)offset);

                if (written < 0 && errno == EINTR)
                        continue;
                if (written <= 0)
                        return written ? -errno : -ENOSPC;
                at += written;
                offset += (uint64_t)written;
                count -= (size_t)written;
        }
        return 0;
}

static int beginning_write(struct record *record, const struct recordfile_facts *facts) {
        char *begin CLEANUP(free_cleanup) = malloc(RECORDFILE_BEGIN_MAX);
        int bytes = begin ? recordfile_begin(facts, begin, RECORDFILE_BEGIN_MAX) : -ENOMEM;

        if (bytes < 0)
                return bytes;
        atomic_store(&record->end, (uint64_t)bytes);
        return bytes_write(record->fd, begin, (size_t)bytes, 0);
}

int record_open(struct record *record, const char *path, const struct recordfile_facts *facts) {
        int r;

        *record = RECORD_NULL;
        record->session = facts->session;
        record->account = calloc(1, sizeof(*record->account));
        if (!record->account)
                return -ENOMEM;
        record->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        r = record->fd < 0 ? -errno : beginning_write(record, facts);
        if (r < 0) {
                record_close(record);
                return error_set(r, "%s: cannot write the record file: %s", path, strerror(-r));
        }
        return 0;
}

void record_close(struct record *record) {
        fd_cleanup(&record->fd);
        free(record->account);
        record->account = NULL;
}

void record_account(struct record *record, uint32_t port, bool final,
                    const struct account_kernel *kernel, const struct tally *tally) {
        size_t bytes =
                recordfile_account(record->session, port, final, kernel, tally, record->account);
        int r = bytes_write(record->fd, record->account, bytes, record_place(record, bytes));

        if (r < 0 && !record->error)
                record->error = r;
}
