/* SPDX-License-Identifier: BSD-2-Clause */
/* Record files as others read them, through the shared library: what a session recorded comes back,
 * whole, cut and from a pipe. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user.h"

enum { PACKETS = 500 };

int main(int argc, char *argv[]) {
        return user_main(argc, argv);
}

/* A file that goes with the test; the summaries of the run that wrote it. */
struct recorded {
        char path[32];
        struct xskim_snapshot live[PAIRS];
};

static void recorded_end(struct recorded *recorded) {
        unlink(recorded->path);
}

static void file_make(struct recorded *ret_recorded) {
        int fd;

        *ret_recorded = (struct recorded){.path = "/tmp/xskim-reader-XXXXXX"};
        fd = mkstemp(ret_recorded->path);
        cr_assert(fd >= 0);
        close(fd);
}

/* Into a file that has something in it, more than the run will write. */
static void run_recorded(struct recorded *ret_recorded) {
        struct xskim_session *session;
        struct xskim_config config;

        file_make(ret_recorded);
        cr_assert_eq(truncate(ret_recorded->path, 1 << 20), 0);
        config_of(&config, PAIRS);
        config.record_path = ret_recorded->path;
        session = session_open(&config);
        for (int i = 0; i < PAIRS; i++)
                packets_send(peers[i], PACKETS);
        cr_assert_eq(xskim_stop(session), 0, "%s", xskim_error_message());
        for (unsigned int i = 0; i < PAIRS; i++) {
                cr_assert_eq(xskim_snapshot(session, i, &ret_recorded->live[i]), 0);
                cr_assert(ret_recorded->live[i].ledger.recorded > 0);
        }
        xskim_close(session);
}

static struct xskim_reader *reader_open(const char *path) {
        struct xskim_reader *reader = NULL;

        cr_assert_eq(xskim_reader_open(path, &reader), 0, "%s", xskim_error_message());
        cr_assert(reader);
        return reader;
}

static unsigned int column_find(const struct xskim_reader *reader, const char *name) {
        unsigned int count, i;
        const struct xskim_column *columns = xskim_reader_columns(reader, &count);

        for (i = 0; i < count && strcmp(columns[i].name, name) != 0; i++)
                ;
        cr_assert(i < count, "no column %s", name);
        return i;
}

/* Reads to the end; how many there are of each port. */
static void records_count(struct xskim_reader *reader, uint64_t ret_counts[PAIRS]) {
        unsigned int length = column_find(reader, "wire_length");
        const union xskim_value *values;
        int r;

        while ((r = xskim_reader_next(reader, &values)) == XSKIM_CONTINUE) {
                cr_assert_eq(values[length].number, PACKET_BYTES);
                for (int i = 0; i < PAIRS; i++)
                        ret_counts[i] += !strcmp(values[0].name, ports[i]);
        }
        cr_assert_eq(r, XSKIM_ENDED, "%s", xskim_error_message());
        cr_assert_eq(xskim_reader_next(reader, &values), XSKIM_ENDED);
}

static void summaries_check(struct xskim_reader *reader, const struct recorded *recorded) {
        struct xskim_snapshot read;

        for (unsigned int i = 0; i < PAIRS; i++) {
                const struct xskim_snapshot *live = &recorded->live[i];

                cr_assert_eq(xskim_reader_summary(reader, i, &read), 0, "%s",
                             xskim_error_message());
                cr_expect(read.final && !read.partial);
                cr_expect_str_eq(read.port, live->port);
                cr_expect_eq(memcmp(&read.ledger, &live->ledger, sizeof(read.ledger)), 0);
                cr_expect_eq(memcmp(&read.gap, &live->gap, sizeof(read.gap)), 0);
                cr_expect_eq(memcmp(&read.size, &live->size, sizeof(read.size)), 0);
        }
        cr_expect_eq(xskim_reader_summary(reader, PAIRS, &read), -EINVAL);
        cr_expect(strlen(xskim_error_message()) > 10);
}

Test(reader, gives_every_record_and_the_summary_of_the_run) {
        struct recorded recorded;
        struct xskim_reader *reader;
        uint64_t counts[PAIRS] = {0};
        unsigned int fds = entries_count("/proc/self/fd");

        run_recorded(&recorded);
        reader = reader_open(recorded.path);
        cr_assert_eq(xskim_reader_ports(reader), PAIRS);
        cr_expect_eq(column_find(reader, "port"), 0);
        cr_expect_eq(column_find(reader, "cpu"), 1);
        records_count(reader, counts);
        for (int i = 0; i < PAIRS; i++)
                cr_expect_eq(counts[i], recorded.live[i].ledger.recorded);
        summaries_check(reader, &recorded);
        cr_expect_eq(xskim_reader_judge(reader), 0, "%s", xskim_error_message());
        cr_assert_null(xskim_reader_close(reader));
        cr_expect_eq(entries_count("/proc/self/fd"), fds, "descriptors are left");
        recorded_end(&recorded);
}

Test(reader, gives_the_summary_to_who_wants_no_records) {
        struct recorded recorded;
        struct xskim_reader *reader;
        const union xskim_value *values;

        run_recorded(&recorded);
        reader = reader_open(recorded.path);
        cr_assert_eq(xskim_reader_next(reader, &values), XSKIM_CONTINUE);
        summaries_check(reader, &recorded);
        cr_expect_eq(xskim_reader_judge(reader), 0, "%s", xskim_error_message());
        cr_expect_eq(xskim_reader_next(reader, &values), XSKIM_ENDED);
        xskim_reader_close(reader);
        recorded_end(&recorded);
}

Test(reader, reads_standard_input) {
        struct recorded recorded;
        struct xskim_reader *reader;

        run_recorded(&recorded);
        cr_assert(freopen(recorded.path, "r", stdin));
        reader = reader_open(NULL);
        summaries_check(reader, &recorded);
        xskim_reader_close(reader);
        recorded_end(&recorded);
}

Test(reader, says_what_is_missing_of_a_file_that_was_cut) {
        struct recorded recorded;
        struct xskim_reader *reader;
        struct xskim_snapshot read;
        uint64_t counts[PAIRS] = {0};
        struct stat status;

        run_recorded(&recorded);
        cr_assert_eq(stat(recorded.path, &status), 0);
        cr_assert_eq(truncate(recorded.path, status.st_size - 100), 0);
        reader = reader_open(recorded.path);
        records_count(reader, counts);
        cr_expect(counts[0] > 0 && counts[0] <= recorded.live[0].ledger.recorded);
        cr_assert_eq(xskim_reader_summary(reader, PAIRS - 1, &read), 0);
        cr_expect(read.partial);
        cr_expect_eq(xskim_reader_judge(reader), -EBADMSG);
        cr_expect(strstr(xskim_error_message(), "cut"), "%s", xskim_error_message());
        cr_expect(strstr(xskim_error_message(), recorded.path));
        xskim_reader_close(reader);
        recorded_end(&recorded);
}

static void refused(const char *path, int error) {
        struct xskim_reader *untouched = (void *)&untouched, *reader = untouched;
        unsigned int fds = entries_count("/proc/self/fd");

        cr_expect_eq(xskim_reader_open(path, &reader), error, "%s: %s", path,
                     xskim_error_message());
        cr_expect_eq(reader, untouched);
        cr_expect(strstr(xskim_error_message(), path), "%s", xskim_error_message());
        cr_expect_eq(entries_count("/proc/self/fd"), fds, "descriptors are left");
}

Test(reader, refuses_what_is_no_record_file_by_its_name) {
        struct recorded recorded;
        FILE *file;

        refused("/nosuchfile", -ENOENT);
        refused("/tmp", -EISDIR);
        file_make(&recorded);
        refused(recorded.path, -EBADMSG);
        file = fopen(recorded.path, "w");
        cr_assert(file);
        fprintf(file, "%-63s\n%-63s\n", "xskim record file 2", "");
        fclose(file);
        refused(recorded.path, -EPROTONOSUPPORT);
        refused("/proc/self/exe", -EINVAL);
        cr_assert_null(xskim_reader_close(NULL));
        recorded_end(&recorded);
}
