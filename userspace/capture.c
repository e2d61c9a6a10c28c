/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the open capture. See capture.h. */
#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "capture.h"
#include "log.h"
#include "util.h"

enum { NS_A_SECOND = 1000000000 };

struct capture {
        const char *path;
        const char *name; /* for people */
        pcap_t *pcap;
        uint64_t number; /* of the last record */
        uint64_t size;
};

static bool is_standard_input(const struct capture *c) {
        return !strcmp(c->path, "-");
}

/* The stream belongs to libpcap as soon as that has taken it. */
static FILE *stream_open(struct capture *c) {
        int fd = is_standard_input(c) ? dup(STDIN_FILENO) : -1;
        FILE *stream = fd >= 0 ? fdopen(fd, "re") : fopen(c->path, "re");
        struct stat facts;

        if (!stream) {
                error_set(-errno, "%s: cannot be read: %s", c->name, strerror(errno));
                return NULL;
        }
        if (!fstat(fileno(stream), &facts) && S_ISREG(facts.st_mode))
                c->size = (uint64_t)facts.st_size;
        return stream;
}

static int link_type_check(const struct capture *c) {
        int type = pcap_datalink(c->pcap);
        const char *name = pcap_datalink_val_to_name(type);

        if (type == DLT_EN10MB)
                return 0;
        return error_set(-EPROTOTYPE,
                         "%s: its packets are of link type %s (%d), not Ethernet.\n"
                         "Only Ethernet captures can be replayed.",
                         c->name, name ? name : "unknown", type);
}

static int pcap_begin(struct capture *c) {
        char why[PCAP_ERRBUF_SIZE] = "";
        FILE *stream = stream_open(c);

        if (!stream)
                return -errno;
        c->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
        if (!c->pcap) {
                fclose(stream);
                return error_set(-EBADMSG, "%s: cannot be read as a capture: %s", c->name, why);
        }
        c->number = 0;
        return link_type_check(c);
}

static void pcap_end(struct capture *c) {
        if (c->pcap)
                pcap_close(c->pcap);
        c->pcap = NULL;
}

int capture_open(const char *path, struct capture **ret_capture) {
        struct capture *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        c->path = path;
        c->name = is_standard_input(c) ? "standard input" : path;
        r = pcap_begin(c);
        if (r < 0) {
                capture_close(c);
                return r;
        }
        *ret_capture = c;
        return 0;
}

struct capture *capture_close(struct capture *c) {
        if (!c)
                return NULL;
        pcap_end(c);
        free(c);
        return NULL;
}

int capture_next(struct capture *c, struct capture_packet *ret_packet) {
        struct pcap_pkthdr *header;
        const uint8_t *bytes;
        int r = pcap_next_ex(c->pcap, &header, &bytes);

        if (r == PCAP_ERROR_BREAK)
                return CAPTURE_END;
        c->number++;
        if (r != 1)
                return error_set(-EBADMSG, "%s: record %" PRIu64 " cannot be read: %s", c->name,
                                 c->number, pcap_geterr(c->pcap));
        *ret_packet = (struct capture_packet){
                .bytes = bytes,
                .bytes_captured = header->caplen,
                .bytes_wire = header->len,
                /* tv_usec holds nanoseconds: the precision that was asked for */
                .time_ns = (uint64_t)header->ts.tv_sec * NS_A_SECOND + (uint64_t)header->ts.tv_usec,
                .number = c->number,
        };
        return CAPTURE_PACKET;
}

int capture_rewind(struct capture *c) {
        if (is_standard_input(c))
                return error_set(-ESPIPE,
                                 "standard input: is too long to be kept in memory, so it cannot "
                                 "be replayed again. Give a file, or no --loop.");
        pcap_end(c);
        return pcap_begin(c);
}

uint64_t capture_position(const struct capture *c) {
        long position = c->size ? ftell(pcap_file(c->pcap)) : -1;

        return position < 0 ? 0 : (uint64_t)position;
}

uint64_t capture_size(const struct capture *c) {
        return c->size;
}
