/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the descriptor of the record file. See record.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

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
        record->session = facts->session;
        atomic_store(&record->end, (uint64_t)bytes);
        return bytes_write(record->fd, begin, (size_t)bytes, 0);
}

/* A device has nothing to lose, and no length. */
static int file_empty(int fd) {
        struct stat facts;

        if (fstat(fd, &facts))
                return -errno;
        return S_ISREG(facts.st_mode) && ftruncate(fd, 0) ? -errno : 0;
}

static int error_record(const char *path, int error) {
        if (error == -ESPIPE || error == -ENXIO)
                return error_set(error,
                                 "%s: cannot be a record file: several places of it are written at "
                                 "once, which a pipe does not allow. Give a regular file.",
                                 path);
        return error_set(error, "%s: cannot write the record file: %s", path, strerror(-error));
}

/* O_NONBLOCK while opening only: a pipe without a reader is refused, not waited for. */
static int file_open(struct record *record, const char *path) {
        const int flags = O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC;

        record->fd = open(path, flags | O_EXCL, 0644);
        record->created = record->fd >= 0;
        if (!record->created)
                record->fd = open(path, flags, 0644);
        if (record->fd < 0 || lseek(record->fd, 0, SEEK_SET) < 0)
                return -errno;
        return fcntl(record->fd, F_SETFL, 0) ? -errno : 0;
}

int record_open(struct record *record, const char *path) {
        int r;

        *record = RECORD_NULL;
        record->path = path;
        record->account = calloc(1, sizeof(*record->account));
        r = record->account ? file_open(record, path) : -ENOMEM;
        return r < 0 ? error_record(path, r) : 0;
}

static void record_decide(struct record *record, int state) {
        pthread_mutex_lock(&record->mutex);
        if (record->state == RECORD_OPENING)
                record->state = state;
        pthread_cond_broadcast(&record->decided);
        pthread_mutex_unlock(&record->mutex);
}

int record_begin(struct record *record, const struct recordfile_facts *facts) {
        int r = file_empty(record->fd);

        r = r ? r : beginning_write(record, facts);
        if (r < 0)
                return error_record(record->path, r);
        record_decide(record, RECORD_BEGUN);
        return 0;
}

void record_give_up(struct record *record) {
        record_decide(record, RECORD_GIVEN_UP);
        if (record->state == RECORD_GIVEN_UP && record->created)
                unlink(record->path);
        record->created = false;
}

bool record_await(struct record *record) {
        bool begun;

        if (!record_is_open(record))
                return true;
        pthread_mutex_lock(&record->mutex);
        while (record->state == RECORD_OPENING)
                pthread_cond_wait(&record->decided, &record->mutex);
        begun = record->state == RECORD_BEGUN;
        pthread_mutex_unlock(&record->mutex);
        return begun;
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
