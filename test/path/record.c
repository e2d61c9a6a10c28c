/* SPDX-License-Identifier: BSD-2-Clause */
/* A run that is recorded: the file gives the same summary as the live run, and the command reads it
 * wherever it is cut. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xskim/xskim.h>

#include "command.h"
#include "lab.h"
#include "recordfile.h"
#include "recording.h"

enum { PACKETS = 300000 };

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

struct recorded {
        char path[64];
        uint8_t *bytes;
        size_t length;
        struct xskim_snapshot live;
};

static void file_load(struct recorded *recorded) {
        FILE *file = fopen(recorded->path, "rb");
        struct stat status;

        cr_assert_not_null(file, "%s", recorded->path);
        cr_assert_eq(fstat(fileno(file), &status), 0);
        recorded->length = (size_t)status.st_size;
        recorded->bytes = malloc(recorded->length);
        cr_assert_not_null(recorded->bytes);
        cr_assert_eq(fread(recorded->bytes, 1, recorded->length, file), recorded->length);
        fclose(file);
}

static void run_recorded(struct xskim_config *config, struct recorded *ret_recorded) {
        struct xskim_session *session;
        uint8_t packet[2048];
        uint64_t sent = 0;
        int fd;

        *ret_recorded = (struct recorded){.path = "/tmp/xskim-record-XXXXXX"};
        fd = mkstemp(ret_recorded->path);
        cr_assert_geq(fd, 0);
        close(fd);
        config->record_path = ret_recorded->path;
        cr_assert_eq(xskim_open(config, &session), 0, "%s", xskim_error_message());
        for (uint32_t bytes = 64; bytes < 1500; bytes += 250) {
                sent += lab_send(LAB_PEER, packet, lab_udp(packet, bytes, 1, 2), PACKETS / 6);
                cr_assert_geq(xskim_dispatch(session), 0, "%s", xskim_error_message());
        }
        cr_assert_eq(sent, PACKETS);
        cr_assert_eq(xskim_stop(session), 0, "%s", xskim_error_message());
        cr_assert_eq(xskim_snapshot(session, 0, &ret_recorded->live), 0);
        xskim_close(session);
        file_load(ret_recorded);
}

static void recorded_end(struct recorded *recorded) {
        unlink(recorded->path);
        free(recorded->bytes);
}

static void check_same(struct xskim_config *config, bool lossy) {
        struct xskim_snapshot read[XSKIM_PORTS_MAX];
        struct recordfile file;
        struct recorded recorded;

        run_recorded(config, &recorded);
        lab_balanced(&recorded.live);
        cr_assert(recorded.live.gap.biased || !lossy, "nothing was lost: nothing is tested");
        cr_assert_gt(recording_read(recorded.bytes, recorded.length, &file, read), 0);
        cr_expect_not(recordfile_is_cut(&file));
        cr_expect_not(recordfile_is_damaged(&file));
        cr_expect_eq(file.records, recorded.live.ledger.recorded);
        cr_expect_eq(file.hole_bytes, 0);
        recording_same(&read[0], &recorded.live);
        recorded_end(&recorded);
}

Test(record, every_packet_sampled) {
        struct xskim_config config;

        lab_config(&config);
        check_same(&config, false);
}

Test(record, one_in_sixteen_by_two_workers) {
        struct xskim_config config;

        lab_config(&config);
        config.sample = 16;
        config.workers = 2;
        check_same(&config, false);
}

/* What was lost makes the percentiles weighted differently in each interval. */
Test(record, with_rings_that_overrun) {
        struct xskim_config config;

        lab_config(&config);
        config.ring_slots = 96;
        config.interval_ms = 10;
        check_same(&config, true);
}

enum { FLOWS = 100, FLOW_PACKETS = 100 };

/* How often each source port is in the file. */
static void flows_count(const struct recorded *recorded, uint32_t counts[FLOWS]) {
        struct recordfile_item item;
        struct recordfile file;
        int begin = recordfile_open(&file, recorded->bytes, recorded->length);
        size_t at = (size_t)begin, used = 1;

        cr_assert_gt(begin, 0);
        for (; used; at += used) {
                const struct xskim_record *records;

                used = recordfile_next(&file, recorded->bytes + at, recorded->length - at, &item);
                if (item.type != RECORDFILE_FRAME)
                        continue;
                records = (const void *)(item.frame + 1);
                for (uint32_t i = 0; i < item.frame->records; i++) {
                        cr_assert_lt(records[i].source_port, FLOWS);
                        counts[records[i].source_port]++;
                }
        }
}

/* The rings go round several times; each flow is a part of one round. */
Test(record, has_every_record_once) {
        struct recorded recorded = {.path = "/tmp/xskim-record-XXXXXX"};
        struct xskim_session *session;
        struct xskim_config config;
        uint32_t counts[FLOWS] = {0};
        uint8_t packet[64];
        int fd = mkstemp(recorded.path);

        cr_assert_geq(fd, 0);
        close(fd);
        lab_config(&config);
        config.record_path = recorded.path;
        cr_assert_eq(xskim_open(&config, &session), 0, "%s", xskim_error_message());
        for (uint16_t flow = 0; flow < FLOWS; flow++) {
                lab_send(LAB_PEER, packet, lab_udp(packet, 64, flow, 2), FLOW_PACKETS);
                usleep(1000);
        }
        cr_assert_eq(xskim_stop(session), 0, "%s", xskim_error_message());
        cr_assert_eq(xskim_snapshot(session, 0, &recorded.live), 0);
        xskim_close(session);
        file_load(&recorded);
        flows_count(&recorded, counts);
        lab_balanced(&recorded.live);
        cr_expect_eq(recorded.live.ledger.ring_full, 0);
        for (int flow = 0; flow < FLOWS; flow++)
                cr_expect_eq(counts[flow], FLOW_PACKETS, "flow %d: %u", flow, counts[flow]);
        recorded_end(&recorded);
}

Test(record, the_command_reads_it_whole_and_cut) {
        struct command_result result;
        struct xskim_config config;
        struct recorded recorded;
        struct command command;

        lab_config(&config);
        config.sample = 16;
        run_recorded(&config, &recorded);
        command = COMMAND_START(NULL, "read", "--json", recorded.path);
        result = command_end(&command);
        cr_expect_eq(result.status, 0, "%s", result.err);
        cr_expect_eq(command_summary(&result, "ledger", "seen"), PACKETS);
        cr_expect_eq(command_summary(&result, "ledger", "unaccounted"), 0);
        cr_expect_not_null(strstr(result.out, "{\"type\": \"record\", \"port\": \"" LAB_PORT "\""));
        command_result_free(&result);
        cr_assert_eq(truncate(recorded.path, (off_t)recorded.length - 1), 0);
        command = COMMAND_START(NULL, "read", "--json", "--summary", recorded.path);
        result = command_end(&command);
        cr_expect_eq(result.status, 1);
        cr_expect_not_null(strstr(result.err, "cut after"), "%s", result.err);
        cr_expect(command_summary_has(&result, "\"partial\":true"));
        command_result_free(&result);
        recorded_end(&recorded);
}

/* ---- a file that is there already ---- */

static const char PRECIOUS[] = "the record of another run";

static void precious_make(char *path) {
        int fd = mkstemp(path);

        cr_assert_geq(fd, 0);
        cr_assert_eq(write(fd, PRECIOUS, sizeof(PRECIOUS)), sizeof(PRECIOUS));
        close(fd);
}

static void precious_check(const char *path) {
        char text[sizeof(PRECIOUS) + 1];
        FILE *file = fopen(path, "rb");

        cr_assert_not_null(file);
        cr_expect_eq(fread(text, 1, sizeof(text), file), sizeof(PRECIOUS));
        cr_expect_eq(memcmp(text, PRECIOUS, sizeof(PRECIOUS)), 0);
        fclose(file);
}

static void packets_send(void *context) {
        uint8_t packet[64];
        uint32_t bytes = lab_udp(packet, sizeof(packet), 1, 2);

        (void)context;
        while (true)
                lab_send(LAB_PEER, packet, bytes, 1000);
}

static void open_fails(const struct xskim_config *config, int error) {
        struct xskim_session *session;

        cr_assert_eq(xskim_open(config, &session), error, "%s", xskim_error_message());
        cr_expect(strlen(xskim_error_message()) > 10);
}

/* The first port is attached, and its packets are in the rings, when the second turns out to be
 * taken. */
Test(record, a_session_that_cannot_start_leaves_the_file_as_it_was, .timeout = 60) {
        char path[] = "/tmp/xskim-precious-XXXXXX", absent[] = "/tmp/xskim-absent-XXXXXX";
        struct xskim_session *other;
        struct xskim_config config, taken;
        pid_t sender;
        int fd;

        lab_pair("rec0", "rec1", 1500);
        precious_make(path);
        lab_config(&config);
        config.record_path = path;
        config.ports[config.port_count++] = "nosuchport";
        open_fails(&config, -ENODEV);
        precious_check(path);
        taken = config;
        taken.record_path = NULL;
        taken.ports[0] = "rec0";
        taken.port_count = 1;
        other = lab_session_open(&taken);
        config.ports[1] = "rec0";
        config.busy = true;
        sender = command_fork(packets_send, NULL);
        for (int i = 0; i < 3; i++)
                open_fails(&config, -EBUSY);
        precious_check(path);
        fd = mkstemp(absent);
        close(fd);
        unlink(absent);
        config.record_path = absent;
        open_fails(&config, -EBUSY);
        cr_expect_neq(access(absent, F_OK), 0, "a file is left that was not there before");
        command_kill(sender);
        xskim_close(other);
        unlink(absent);
        unlink(path);
}

Test(record, a_pipe_is_refused_and_not_waited_for, .timeout = 20) {
        char directory[] = "/tmp/xskim-pipe-XXXXXX", path[64];
        struct xskim_config config;
        int reader;

        cr_assert_not_null(mkdtemp(directory));
        snprintf(path, sizeof(path), "%s/pipe", directory);
        cr_assert_eq(mkfifo(path, 0600), 0);
        lab_config(&config);
        config.record_path = path;
        open_fails(&config, -ENXIO);
        cr_expect_not_null(strstr(xskim_error_message(), "regular file"));
        reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        cr_assert_geq(reader, 0);
        open_fails(&config, -ESPIPE);
        cr_expect_not_null(strstr(xskim_error_message(), "regular file"));
        close(reader);
        config.record_path = directory;
        open_fails(&config, -EISDIR);
        unlink(path);
        rmdir(directory);
}
