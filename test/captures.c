/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <glob.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "captures.h"
#include "util.h"

enum { SNAP_BYTES = 65535 };

const char *captures_directory(void) {
        const char *directory = getenv("XSKIM_CAPTURES");

        return directory && *directory ? directory : XSKIM_CAPTURES_DEFAULT;
}

void captures_find(struct captures *ret_captures) {
        char pattern[CAPTURE_PATH_MAX];
        glob_t found = {0};
        size_t i;

        ret_captures->count = 0;
        snprintf(pattern, sizeof(pattern), "%s/*.pcap*", captures_directory());
        if (glob(pattern, 0, NULL, &found) == 0)
                for (i = 0; i < found.gl_pathc && i < CAPTURES_MAX; i++)
                        snprintf(ret_captures->path[ret_captures->count++], CAPTURE_PATH_MAX, "%s",
                                 found.gl_pathv[i]);
        globfree(&found);
}

int capture_read(const char *path, capture_visit *visit, void *context) {
        char error[PCAP_ERRBUF_SIZE];
        struct pcap_pkthdr *header;
        const uint8_t *bytes;
        pcap_t *file = pcap_open_offline(path, error);
        int r;

        if (!file) {
                fprintf(stderr, "%s\n", error);
                return -EIO;
        }
        if (pcap_datalink(file) != DLT_EN10MB) {
                fprintf(stderr, "%s: not Ethernet\n", path);
                pcap_close(file);
                return -EPROTOTYPE;
        }
        while ((r = pcap_next_ex(file, &header, &bytes)) == 1)
                visit(context, bytes, header->caplen);
        if (r != PCAP_ERROR_BREAK)
                fprintf(stderr, "%s: %s\n", path, pcap_geterr(file));
        pcap_close(file);
        return r == PCAP_ERROR_BREAK ? 0 : -EIO;
}

int capture_write(const char *path, uint32_t count, capture_make *make, void *context) {
        static uint8_t bytes[SNAP_BYTES];
        struct pcap_pkthdr header = {.ts = {.tv_sec = 1}};
        pcap_t *dead = pcap_open_dead(DLT_EN10MB, SNAP_BYTES);
        pcap_dumper_t *file = dead ? pcap_dump_open(dead, path) : NULL;
        uint32_t number;
        int r = file ? 0 : -EIO;

        for (number = 0; file && number < count; number++) {
                header.caplen = header.len = make(context, number, bytes, sizeof(bytes));
                pcap_dump((uint8_t *)file, &header, bytes);
        }
        if (file && pcap_dump_flush(file))
                r = -EIO;
        if (file)
                pcap_dump_close(file);
        if (dead)
                pcap_close(dead);
        return r;
}

void test_skip(const char *format, ...) {
        const char *never = getenv("XSKIM_NO_SKIP");
        char reason[512];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(reason, sizeof(reason), format, arguments);
        va_end(arguments);
        if (never && !strcmp(never, "1"))
                cr_assert_fail("must not be skipped (XSKIM_NO_SKIP=1): %s", reason);
        fprintf(stderr, "skipped: %s\n", reason);
        cr_skip("%s", reason);
        abort();
}
