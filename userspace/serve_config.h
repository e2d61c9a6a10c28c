/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration of xskim serve: what its file may say, each key once. Owns the keys, reading
 * them strictly and printing them; not how YAML is written (yaml.h), and not what is done with
 * them. The keys of a port are rows of WATCH_OPTIONS, so that words and ranges are those of xskim
 * watch.
 *
 * Nothing here is on the heap: a configuration is large (some 10 KB) and holds nothing to free.
 */
#ifndef XSKIM_SERVE_CONFIG_H
#define XSKIM_SERVE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <xskim/xskim.h>

enum { SERVE_ADDRESS_MAX = 64 };

/* One port. Its config is ready for xskim_open: ports[0] points at `name`, so a port is copied by
 * serve_port_copy and in no other way. */
struct serve_port {
        char name[XSKIM_NAME_MAX];
        struct xskim_config config; /* port_count 1 */
};

struct serve_config {
        uint32_t interval_ms; /* between snapshots; every port's config has it, too */
        bool json;            /* JSON lines to standard output */
        char metrics_address[SERVE_ADDRESS_MAX]; /* 127.0.0.1 or ::1; empty without metrics */
        uint32_t metrics_port;                   /* TCP; 0: no metrics */
        unsigned int port_count;                 /* from 1 to XSKIM_PORTS_MAX, names distinct */
        struct serve_port ports[XSKIM_PORTS_MAX];
};

/*
 * Reads a file, which blocks only as long as the disk does. On failure *ret_config is untouched and
 * the message says "FILE:LINE:COLUMN: what, what is allowed": -EINVAL for what the file says, else
 * the errno of reading it.
 */
int serve_config_read(const char *path, struct serve_config *ret_config);

/* The same of bytes; `name` stands for the file in messages. */
int serve_config_parse(const char *name, const char *bytes, size_t length,
                       struct serve_config *ret_config);

/* All defaults, and one port of that name (shorter than XSKIM_NAME_MAX). */
void serve_config_init(struct serve_config *ret_config, const char *port);

/* Every key with its value, and what it means as a comment: YAML that reads back as the same.
 * Negative errno when it cannot be written, with a message. */
int serve_config_print(FILE *stream, const struct serve_config *config);

void serve_port_copy(struct serve_port *to, const struct serve_port *from);

/* Name and all settings: a port that is the same need not be opened anew. */
bool serve_port_same(const struct serve_port *one, const struct serve_port *other);

#endif
