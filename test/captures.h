/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The capture files of the tests, read with libpcap. They are not part of the project:
 * XSKIM_CAPTURES names their directory, ../shared/captures beside the sources is the default; a
 * test that finds none calls test_skip.
 */
#ifndef XSKIM_TEST_CAPTURES_H
#define XSKIM_TEST_CAPTURES_H

#include <stdint.h>

enum { CAPTURES_MAX = 256, CAPTURE_PATH_MAX = 512 };

struct captures {
        uint32_t count;
        char path[CAPTURES_MAX][CAPTURE_PATH_MAX];
};

/* The packet as far as it was captured; the bytes are only lent. */
typedef void capture_visit(void *context, const uint8_t *bytes, uint32_t length);

/* Where the captures should be. */
const char *captures_directory(void);

/* The *.pcap and *.pcapng files there, by name; none is not an error. */
void captures_find(struct captures *ret_captures);

/* Returns 0, or a negative errno when the file cannot be read or is not Ethernet (printed). */
int capture_read(const char *path, capture_visit *visit, void *context);

/* Writes an Ethernet capture of `count` packets; packet number i comes from `make`. Returns 0 or a
 * negative errno. */
typedef uint32_t capture_make(void *context, uint32_t number, uint8_t *ret_bytes, uint32_t room);
int capture_write(const char *path, uint32_t count, capture_make *make, void *context);

/* Ends the test as skipped and says why; with XSKIM_NO_SKIP=1, as failed. */
__attribute__((format(printf, 1, 2), noreturn)) void test_skip(const char *format, ...);

#endif
