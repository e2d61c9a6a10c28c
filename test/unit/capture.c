/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading captures: what was written is read; whatever is damaged ends in an error with a message
 * or at the end of the file, after no more packets than there were bytes, plain and compressed.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xskim/skip.h>

#include "capture.h"
#include "log.h"
#include "tape.h"
#include "util.h"

enum { PACKETS = 60, FILE_BYTES_MAX = 1 << 16, DAMAGES = 3000 };

static char plain[64], packed[80], damaged[80];

static void begin(void) {
        uint8_t bytes[200];
        __u64 random = 9;
        struct tape *tape;

        snprintf(plain, sizeof(plain), "/tmp/xskim-capture-%d", getpid());
        snprintf(packed, sizeof(packed), "%s.packed", plain);
        snprintf(damaged, sizeof(damaged), "%s.damaged", plain);
        tape = tape_open(plain, TAPE_ETHERNET);
        for (uint32_t i = 0; i < PACKETS; i++) {
                uint32_t length = 14 + (uint32_t)(xskim_random_next(&random) >> 40) % 180;

                memset(bytes, (int)i, sizeof(bytes));
                tape_put(tape, 1000000000ULL * i + i, bytes, length, length + i);
        }
        tape_close(tape);
}

static void end(void) {
        unlink(plain);
        unlink(packed);
        unlink(damaged);
}

TestSuite(capture, .init = begin, .fini = end, .timeout = 120);

static size_t file_read(const char *path, uint8_t *bytes) {
        FILE *file = fopen(path, "re");
        size_t length;

        cr_assert(file);
        length = fread(bytes, 1, FILE_BYTES_MAX, file);
        fclose(file);
        return length;
}

static void file_write(const char *path, const uint8_t *bytes, size_t length) {
        FILE *file = fopen(path, "we");

        cr_assert(file);
        cr_assert_eq(fwrite(bytes, 1, length, file), length);
        fclose(file);
}

/* Packets until it ends, or until the error that is returned. */
static int read_all(const char *path, uint32_t *ret_packets) {
        struct capture_packet packet;
        struct capture *capture;
        uint32_t count = 0;
        int r;

        error_clear();
        *ret_packets = 0;
        r = capture_open(path, NULL, &capture);
        if (r < 0)
                return r;
        while ((r = capture_next(capture, &packet)) == CAPTURE_PACKET) {
                cr_assert_lt(count++, FILE_BYTES_MAX);
                for (uint32_t i = 0; i < packet.bytes_captured; i++)
                        __asm__ volatile("" ::"r"(packet.bytes[i])); /* for the sanitizers */
        }
        capture_close(capture);
        *ret_packets = count;
        return r;
}

static void pack(const char *tool) {
        char command[256];

        snprintf(command, sizeof(command), "%s %s >%s", tool, plain, packed);
        cr_assert_eq(system(command), 0);
}

static const char *const TOOLS[] = {"cat", "gzip -c", "zstd -qc"};

Test(capture, what_was_written_is_read) {
        for (size_t i = 0; i < ARRAY_SIZE(TOOLS); i++) {
                struct capture_packet packet;
                struct capture *capture;

                pack(TOOLS[i]);
                cr_assert_eq(capture_open(packed, NULL, &capture), 0, "%s", error_message());
                cr_expect_eq(capture_is_compressed(capture), i > 0);
                for (uint32_t round = 0; round < 2; round++) {
                        for (uint32_t n = 0; n < PACKETS; n++) {
                                cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
                                cr_assert_eq(packet.number, n + 1);
                                cr_assert_eq(packet.time_ns, 1000000000ULL * n + n);
                                cr_assert_eq(packet.bytes_wire, packet.bytes_captured + n);
                                cr_assert_eq(packet.bytes[13], n);
                        }
                        cr_assert_eq(capture_next(capture, &packet), CAPTURE_END);
                        cr_assert_eq(capture_position(capture), capture_size(capture));
                        cr_assert_eq(capture_rewind(capture), 0);
                }
                capture_close(capture);
        }
}

/* Wherever it is cut: nothing is made up, and a cut inside a record is told. */
Test(capture, cut_files_end_where_they_are_cut) {
        static uint8_t bytes[FILE_BYTES_MAX];

        for (size_t i = 0; i < ARRAY_SIZE(TOOLS); i++) {
                uint32_t packets, before = 0;
                size_t length;

                pack(TOOLS[i]);
                length = file_read(packed, bytes);
                for (size_t cut = 0; cut < length; cut++) {
                        int r;

                        file_write(damaged, bytes, cut);
                        r = read_all(damaged, &packets);
                        cr_assert_leq(packets, PACKETS);
                        cr_assert_geq(packets, before);
                        cr_assert(r < 0 || (!i && packets < PACKETS), "cut at %zu: %d", cut, r);
                        cr_assert(r >= 0 || *error_message());
                        before = packets;
                }
        }
}

/* However much of it there is: nobody waits for the end of a file that a filter selects nothing of.
 */
Test(capture, an_interrupt_ends_any_file) {
        for (size_t i = 0; i < ARRAY_SIZE(TOOLS); i++) {
                struct capture_packet packet;
                struct capture *capture;

                pack(TOOLS[i]);
                cr_assert_eq(capture_open(packed, NULL, &capture), 0, "%s", error_message());
                cr_expect_eq(capture_next(capture, &packet), CAPTURE_PACKET);
                capture_interrupt(capture);
                cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
                capture_close(capture);
        }
}

/* A header of 6 bytes may ask for terabytes. */
Test(capture, memory_for_unpacking_is_bounded) {
        static const uint8_t asks_2_gb[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 1, 0, 0};
        uint32_t packets;

        file_write(damaged, asks_2_gb, sizeof(asks_2_gb));
        cr_expect_eq(read_all(damaged, &packets), -E2BIG);
        cr_expect(strstr(error_message(), "128 MB"), "%s", error_message());
}

Test(capture, damaged_files_end) {
        static uint8_t bytes[FILE_BYTES_MAX];
        __u64 random = 77;

        for (size_t i = 0; i < ARRAY_SIZE(TOOLS); i++) {
                size_t length;

                pack(TOOLS[i]);
                length = file_read(packed, bytes);
                for (int n = 0; n < DAMAGES; n++) {
                        uint64_t drawn = xskim_random_next(&random);
                        size_t at = (size_t)(drawn >> 20) % length;
                        uint8_t was = bytes[at];
                        uint32_t packets;
                        int r;

                        bytes[at] = (uint8_t)(drawn >> 8);
                        file_write(damaged, bytes, length);
                        r = read_all(damaged, &packets);
                        cr_assert(r == CAPTURE_END || *error_message(), "%d", r);
                        bytes[at] = was;
                }
        }
}
