/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys of xskim.yaml, as rows of options. Owns which keys there are and what a value of metrics
 * is; most rows are those of xskim watch. Reading, printing and the manual page derive from it. To
 * add a key of a port, add the name of its row in watch_options.c to the list, and give the row a
 * `show`. Pure.
 */
#ifndef XSKIM_SERVE_CONFIG_KEYS_H
#define XSKIM_SERVE_CONFIG_KEYS_H

#include "cli.h"
#include "serve_config.h"
#include "watch_options.h"

enum serve_section { SERVE_TOP, SERVE_METRICS, SERVE_PORT, SERVE_SECTIONS };

/* The target of all rows. */
struct serve_values {
        struct watch_options watch; /* first: the rows of xskim watch take it as theirs */
        char metrics_address[SERVE_ADDRESS_MAX];
        uint32_t metrics_port;
};

/* Plain values: no key has been read. */
struct serve_values serve_values_new(void);

/* The rows of a section in the order of the file; NULL beyond the last. */
const struct cli_option *serve_key(enum serve_section section, size_t index);

/* What a key is for, what it takes and its default, as sentences for a person. Of help that speaks
 * of options the dashes are left out. */
enum { SERVE_KEY_TEXT_BYTES = 1024 };
void serve_key_describe(const struct cli_option *row, char text[static SERVE_KEY_TEXT_BYTES]);

/* "give" what, when a value was refused. */
const char *serve_key_allowed(const struct cli_option *row);

/* Keys that hold other keys: maps and the list of ports. */
extern const char SERVE_KEY_METRICS[], SERVE_KEY_DEFAULTS[], SERVE_KEY_PORTS[], SERVE_KEY_NAME[];

/* What a port may be called: what the kernel allows, of printable ASCII. */
bool serve_name_is_allowed(const char *name);
extern const char SERVE_NAME_ALLOWED[];

/* Settings that exclude each other. */
struct serve_conflict {
        const char *key; /* of a port; the one to point at, if the file has it */
        const char *with;
        bool (*is_there)(const struct xskim_config *config);
        const char *reason;
};
/* Ended by a row without a key. */
extern const struct serve_conflict SERVE_CONFLICTS[];

#endif
