/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the rows of xskim.yaml. See serve_config_keys.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli_value.h"
#include "serve_config_keys.h"
#include "util.h"

enum { TCP_PORT_MAX = 65535 };

const char SERVE_KEY_METRICS[] = "metrics";
const char SERVE_KEY_DEFAULTS[] = "defaults";
const char SERVE_KEY_PORTS[] = "ports";
const char SERVE_KEY_NAME[] = "name";

/* ---- metrics ---- */

/* How an address stands before its port, and alone. */
static const struct {
        const char *written;
        const char *address;
} LOOPBACKS[] = {{"127.0.0.1:", "127.0.0.1"}, {"[::1]:", "::1"}};

static int parse_listen(void *target, const char *value) {
        struct serve_values *values = target;
        uint32_t port = 0;
        int r = -EINVAL;

        if (!strcmp(value, "off")) {
                values->metrics_port = 0;
                values->metrics_address[0] = '\0';
                return 0;
        }
        for (size_t i = 0; i < ARRAY_SIZE(LOOPBACKS) && r == -EINVAL; i++) {
                size_t length = strlen(LOOPBACKS[i].written);

                if (!strncmp(value, LOOPBACKS[i].written, length))
                        r = cli_value_u32(value + length, 1, TCP_PORT_MAX, &port);
                if (r >= 0)
                        snprintf(values->metrics_address, sizeof(values->metrics_address), "%s",
                                 LOOPBACKS[i].address);
        }
        if (r >= 0)
                values->metrics_port = port;
        return r;
}

static bool show_listen(const void *target, char text[static CLI_VALUE_BYTES]) {
        const struct serve_values *values = target;

        snprintf(text, CLI_VALUE_BYTES, "off");
        for (size_t i = 0; i < ARRAY_SIZE(LOOPBACKS) && values->metrics_port; i++)
                if (!strcmp(values->metrics_address, LOOPBACKS[i].address))
                        snprintf(text, CLI_VALUE_BYTES, "%s%u", LOOPBACKS[i].written,
                                 values->metrics_port);
        return true;
}

static const struct cli_option METRICS_OPTIONS[] = {
        {"listen", "ADDRESS:PORT|off", "127.0.0.1:9963",
         "where /metrics, /healthz and /readyz are served by HTTP, to this machine alone",
         "127.0.0.1:PORT or \"[::1]:PORT\" with a port from 1 to 65535, or off", parse_listen,
         show_listen},
        {},
};

/* ---- sections ---- */

enum { KEYS_MAX = 16 };

/* Of xskim watch; a section has these or rows of its own. */
static const char *const WATCHED[SERVE_SECTIONS][KEYS_MAX] = {
        [SERVE_TOP] = {"interval", "json"},
        [SERVE_PORT] = {"verdict", "tier", "sample", "seed", "stack", "workers", "cpu",
                        "ring-slots", "flush-ms", "busy", "generic", "shared", "force"},
};

struct serve_values serve_values_new(void) {
        struct serve_values values = {};

        xskim_config_init(&values.watch.config);
        return values;
}

const struct cli_option *serve_key(enum serve_section section, size_t index) {
        if (section == SERVE_METRICS)
                return index < ARRAY_SIZE(METRICS_OPTIONS) && METRICS_OPTIONS[index].name
                               ? &METRICS_OPTIONS[index]
                               : NULL;
        return index < KEYS_MAX && WATCHED[section][index]
                       ? watch_option_find(WATCHED[section][index])
                       : NULL;
}

/* ---- words ---- */

const char *serve_key_allowed(const struct cli_option *row) {
        return row->argument ? row->allowed : "true or false, without quotes";
}

static void dashes_drop(char *text) {
        char *to = text;

        for (const char *from = text; *from; from++) {
                while ((from == text || from[-1] == ' ') && from[0] == '-' && from[1] == '-')
                        from += 2;
                *to++ = *from;
        }
        *to = '\0';
}

void serve_key_describe(const struct cli_option *row, char text[static SERVE_KEY_TEXT_BYTES]) {
        const char *fallback = row->argument ? row->fallback : "false";

        snprintf(text, SERVE_KEY_TEXT_BYTES, "%s. Takes %s%s%s.", row->help, serve_key_allowed(row),
                 fallback ? "; the default is " : "", fallback ? fallback : "");
        dashes_drop(text);
}

/* ---- ports ---- */

const char SERVE_NAME_ALLOWED[] =
        "the name of a network interface: 1 to 15 printable ASCII characters, no blank, '/' or ':'";

/* As dev_valid_name of the kernel. */
bool serve_name_is_allowed(const char *name) {
        size_t length = strlen(name);

        if (!length || length >= XSKIM_NAME_MAX || !strcmp(name, ".") || !strcmp(name, ".."))
                return false;
        for (; *name; name++)
                if (*name <= ' ' || *name > '~' || *name == '/' || *name == ':')
                        return false;
        return true;
}

static bool is_dropped_timed(const struct xskim_config *config) {
        return config->stack && config->verdict == XSKIM_VERDICT_DROP;
}

static bool is_unsampled_timed(const struct xskim_config *config) {
        return config->stack && !config->sample;
}

static bool is_generic_timed(const struct xskim_config *config) {
        return config->stack && config->generic;
}

const struct serve_conflict SERVE_CONFLICTS[] = {
        {"stack", "verdict", is_dropped_timed,
         "dropped packets do not reach the stack; stack: true needs verdict: pass"},
        {"stack", "sample", is_unsampled_timed,
         "only sampled packets are timed; stack: true needs sample: N"},
        {"stack", "generic", is_generic_timed,
         "the time is not carried in generic mode; stack: true needs generic: false"},
        {},
};
