/* SPDX-License-Identifier: BSD-2-Clause */
/* See tape.h. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "tape.h"

enum {
        NS_A_SECOND = 1000000000,
        SNAP_BYTES = 65535,
        WAIT_US = 10000,
        QUIET_WAITS = 50,
        ENOUGH_WAITS = 10,
        FILE_HEAD_BYTES = 24, /* pcap-savefile(5) */
        PACKET_HEAD_BYTES = 16,
        JUDGED_BYTES_MAX = 2048,
        READY_WAITS = 500,
};

struct tape {
        pcap_t *pcap;
        pcap_dumper_t *file;
};

struct tape *tape_open(const char *path, int link_type) {
        struct tape *tape = calloc(1, sizeof(*tape));

        cr_assert(tape);
        tape->pcap = pcap_open_dead_with_tstamp_precision(link_type, SNAP_BYTES,
                                                          PCAP_TSTAMP_PRECISION_NANO);
        tape->file = pcap_dump_open(tape->pcap, path);
        cr_assert(tape->file, "%s", pcap_geterr(tape->pcap));
        return tape;
}

void tape_put(struct tape *tape, uint64_t time_ns, const void *bytes, uint32_t captured,
              uint32_t wire) {
        struct pcap_pkthdr header = {.ts = {.tv_sec = (time_t)(time_ns / NS_A_SECOND),
                                            .tv_usec = (suseconds_t)(time_ns % NS_A_SECOND)},
                                     .caplen = captured,
                                     .len = wire};

        pcap_dump((uint8_t *)tape->file, &header, bytes);
}

void tape_close(struct tape *tape) {
        cr_assert_eq(pcap_dump_flush(tape->file), 0);
        pcap_dump_close(tape->file);
        pcap_close(tape->pcap);
        free(tape);
}

static void packet_keep(struct tape_packets *all, const struct pcap_pkthdr *header,
                        const uint8_t *bytes) {
        struct tape_packet *packet;

        if (!(all->count & (all->count - 1))) {
                all->packet = realloc(all->packet,
                                      (all->count ? all->count * 2 : 1) * sizeof(*all->packet));
                cr_assert(all->packet);
        }
        packet = &all->packet[all->count++];
        *packet = (struct tape_packet){.time_ns = (uint64_t)header->ts.tv_sec * NS_A_SECOND +
                                                  (uint64_t)header->ts.tv_usec,
                                       .captured = header->caplen,
                                       .wire = header->len,
                                       .bytes = malloc(header->caplen)};
        memcpy(packet->bytes, bytes, header->caplen);
}

struct tape_packets tape_read(const char *path) {
        char why[PCAP_ERRBUF_SIZE];
        pcap_t *pcap =
                pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
        struct tape_packets all = {0};
        struct pcap_pkthdr *header;
        const uint8_t *bytes;

        cr_assert(pcap, "%s", why);
        while (pcap_next_ex(pcap, &header, &bytes) == 1)
                packet_keep(&all, header, bytes);
        pcap_close(pcap);
        return all;
}

void tape_free(struct tape_packets *packets) {
        for (size_t i = 0; i < packets->count; i++)
                free(packets->packet[i].bytes);
        free(packets->packet);
        *packets = (struct tape_packets){0};
}

void tape_equal(const struct tape_packets *sent, const struct tape_packets *received,
                unsigned int rounds) {
        cr_assert_eq(received->count, sent->count * rounds, "%zu packets arrived of %zu x %u",
                     received->count, sent->count, rounds);
        for (size_t i = 0; i < received->count; i++) {
                const struct tape_packet *a = &sent->packet[i % sent->count];
                const struct tape_packet *b = &received->packet[i];

                cr_assert_eq(a->captured, b->captured, "packet %zu has %u bytes, not %u", i,
                             b->captured, a->captured);
                cr_assert_eq(memcmp(a->bytes, b->bytes, a->captured), 0, "packet %zu differs", i);
        }
}

static void judge_run(void *context) {
        struct judge *judge = context;
        int log = open(judge->log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        dup2(log, STDERR_FILENO);
        /* frames of 2 KB in 128 MB: room for 65536 packets, so that none is lost at top speed */
        execlp("tcpdump", "tcpdump", "-i", judge->port, "-w", judge->path, "-B", "131072", "-s",
               "2048", "-Q", "in", "--immediate-mode", "-U", "-Z", "root",
               "--time-stamp-precision=nano", NULL);
        _exit(98);
}

static bool is_listening(const struct judge *judge) {
        char line[256] = "";
        FILE *log = fopen(judge->log, "re");

        if (log) {
                (void)!fread(line, 1, sizeof(line) - 1, log);
                fclose(log);
        }
        return strstr(line, "listening on");
}

struct judge judge_start(const char *port) {
        struct judge judge = {0};
        int waits = 0;

        snprintf(judge.path, sizeof(judge.path), "/tmp/xskim-judge-%d.pcap", getpid());
        snprintf(judge.log, sizeof(judge.log), "/tmp/xskim-judge-%d.log", getpid());
        snprintf(judge.port, sizeof(judge.port), "%s", port);
        unlink(judge.log);
        judge.pid = command_fork(judge_run, &judge);
        while (!is_listening(&judge) && waits++ < READY_WAITS)
                usleep(WAIT_US);
        cr_assert_lt(waits, READY_WAITS, "tcpdump does not listen");
        return judge;
}

static off_t size_of(const char *path) {
        struct stat facts;

        return stat(path, &facts) ? 0 : facts.st_size;
}

/* Until the file has not grown for so long, or has been that large for a moment. */
static void judge_settle(const struct judge *judge, off_t enough) {
        off_t before = -1;

        for (int quiet = 0; quiet < (before == enough ? ENOUGH_WAITS : QUIET_WAITS); quiet++) {
                off_t now = size_of(judge->path);

                quiet = now == before ? quiet : 0;
                before = now;
                usleep(WAIT_US);
        }
}

static int compare(const void *a, const void *b) {
        const struct tape_packet *x = a, *y = b;

        return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

/* The kernel stamps packets as they come, but gives a tap those of a batch that no protocol wants
 * after the others. Stamps may be equal, so only what is out of order is moved. */
static void in_order_of_arrival(struct tape_packets *packets) {
        for (size_t i = 1; i < packets->count; i++)
                for (size_t at = i;
                     at && compare(&packets->packet[at - 1], &packets->packet[at]) > 0; at--) {
                        struct tape_packet later = packets->packet[at - 1];

                        packets->packet[at - 1] = packets->packet[at];
                        packets->packet[at] = later;
                }
}

static struct tape_packets judge_end_at(struct judge *judge, off_t enough) {
        struct tape_packets packets;

        judge_settle(judge, enough);
        kill(judge->pid, SIGINT);
        waitpid(judge->pid, NULL, 0);
        packets = tape_read(judge->path);
        in_order_of_arrival(&packets);
        unlink(judge->path);
        unlink(judge->log);
        return packets;
}

struct tape_packets judge_end(struct judge *judge) {
        return judge_end_at(judge, 0);
}

struct tape_packets judge_end_of(struct judge *judge, const struct tape_packets *sent,
                                 unsigned int rounds) {
        off_t enough = FILE_HEAD_BYTES;

        for (size_t i = 0; i < sent->count; i++) {
                uint32_t bytes = sent->packet[i].captured;

                bytes = bytes < JUDGED_BYTES_MAX ? bytes : JUDGED_BYTES_MAX;
                enough += (off_t)rounds * (PACKET_HEAD_BYTES + bytes);
        }
        return judge_end_at(judge, enough);
}
