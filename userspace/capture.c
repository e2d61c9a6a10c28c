/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the open capture. See capture.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "capture.h"
#include "capture_decoder.h"
#include "capture_stream.h"
#include "log.h"
#include "util.h"

enum { NS_A_SECOND = 1000000000 };

struct capture {
        const char *path;
        const char *name;   /* for people */
        const char *filter; /* expression, or NULL */
        struct bpf_program program;
        struct capture_stream *stream;
        int stop_fd;
        atomic_bool interrupted; /* a file of gigabytes has no pipe that could end */
        pcap_t *pcap;
        bool compressed;
        uint64_t number; /* of the last record */
        uint64_t size;
};

static bool is_standard_input(const struct capture *c) {
        return !strcmp(c->path, "-");
}

static int stream_open(struct capture *c, FILE **ret_file) {
        int fd = is_standard_input(c) ? dup(STDIN_FILENO) : open(c->path, O_RDONLY | O_CLOEXEC);
        struct stat facts;
        int r = fd < 0 ? -errno : 0;

        if (r >= 0 && !fstat(fd, &facts) && S_ISREG(facts.st_mode))
                c->size = (uint64_t)facts.st_size;
        r = r < 0 ? r : capture_stream_open(fd, c->stop_fd, &c->stream, ret_file);
        if (r < 0)
                return error_set(r, "%s: cannot be read: %s", c->name, strerror(-r));
        c->compressed = capture_stream_compression(c->stream);
        return 0;
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

static int filter_compile(struct capture *c) {
        if (!c->filter || c->program.bf_insns)
                return 0;
        if (pcap_compile(c->pcap, &c->program, c->filter, 1, PCAP_NETMASK_UNKNOWN) < 0)
                return error_set(-EINVAL, "--filter \"%s\": %s", c->filter, pcap_geterr(c->pcap));
        return 0;
}

static int too_wide(const struct capture *c) {
        return error_set(-E2BIG,
                         "%s: its %s data takes more than %u MB of memory to unpack.\n"
                         "Pack it anew with a smaller window ('zstd --long' at most 27).",
                         c->name, capture_stream_compression(c->stream),
                         CAPTURE_WINDOW_BYTES_MAX >> 20);
}

/* The file belongs to libpcap as soon as that has taken it. */
static int pcap_begin(struct capture *c) {
        char why[PCAP_ERRBUF_SIZE] = "";
        FILE *file;
        int r = stream_open(c, &file);

        if (r < 0)
                return r;
        c->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
        if (!c->pcap) {
                fclose(file);
                if (capture_stream_is_too_wide(c->stream))
                        return too_wide(c);
                return error_set(-EBADMSG, "%s: cannot be read as a capture: %s", c->name, why);
        }
        c->number = 0;
        r = link_type_check(c);
        return r < 0 ? r : filter_compile(c);
}

static void pcap_end(struct capture *c) {
        if (c->pcap)
                pcap_close(c->pcap);
        c->pcap = NULL;
        c->stream = capture_stream_close(c->stream);
}

int capture_open(const char *path, const char *filter, struct capture **ret_capture) {
        struct capture *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        c->path = path;
        c->filter = filter;
        c->stop_fd = eventfd(0, EFD_CLOEXEC);
        c->name = is_standard_input(c) ? "standard input" : path;
        r = c->stop_fd < 0 ? -errno : pcap_begin(c);
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
        if (c->program.bf_insns)
                pcap_freecode(&c->program);
        fd_cleanup(&c->stop_fd);
        free(c);
        return NULL;
}

void capture_interrupt(struct capture *c) {
        uint64_t one = 1;

        atomic_store_explicit(&c->interrupted, true, memory_order_relaxed);
        (void)!write(c->stop_fd, &one, sizeof(one));
}

static int torn(const struct capture *c) {
        if (capture_stream_is_too_wide(c->stream))
                return too_wide(c);
        return error_set(-EBADMSG,
                         "%s: its %s data is damaged or cut off behind record %" PRIu64 ".",
                         c->name, capture_stream_compression(c->stream), c->number);
}

int capture_next(struct capture *c, struct capture_packet *ret_packet) {
        struct pcap_pkthdr *header;
        const uint8_t *bytes;
        int r;

        if (atomic_load_explicit(&c->interrupted, memory_order_relaxed))
                return CAPTURE_END;
        r = pcap_next_ex(c->pcap, &header, &bytes);
        if (r != 1 && capture_stream_is_torn(c->stream))
                return torn(c);
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
        if (c->filter && !pcap_offline_filter(&c->program, header, bytes))
                return CAPTURE_FILTERED;
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
        uint64_t read = capture_stream_position(c->stream);
        long position = c->size && !read ? ftell(pcap_file(c->pcap)) : -1;

        return position < 0 ? read : (uint64_t)position;
}

uint64_t capture_size(const struct capture *c) {
        return c->size;
}

bool capture_is_compressed(const struct capture *c) {
        return c->compressed;
}
