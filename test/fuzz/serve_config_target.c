/* SPDX-License-Identifier: BSD-2-Clause */
/* Configurations of any bytes, in buffers of exact size. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "serve_config.h"
#include "serve_config_target.h"
#include "util.h"

#define HOLDS(condition_)                                                                          \
        ({                                                                                         \
                if (!(condition_)) {                                                               \
                        fprintf(stderr, "serve_config: does not hold: %s\n", #condition_);         \
                        abort();                                                                   \
                }                                                                                  \
        })

static struct serve_config config, again;

static int parse(const uint8_t *bytes, size_t length, struct serve_config *ret_config) {
        char *exact = malloc(MAX(length, (size_t)1));
        int r;

        HOLDS(exact);
        if (length)
                memcpy(exact, bytes, length);
        error_clear();
        r = serve_config_parse("it", exact, length, ret_config);
        free(exact);
        return r;
}

/* YAML breaks lines at \n, \r, and three characters beyond ASCII; what is missing at the end is
 * missing in the line behind the last. */
static unsigned int lines_max(const uint8_t *bytes, size_t length) {
        unsigned int lines = 2;

        for (size_t i = 0; i < length; i++)
                lines += bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == 0xc2 ||
                         bytes[i] == 0xe2;
        return lines;
}

static void refusal_check(const uint8_t *bytes, size_t length) {
        static const struct serve_config nothing;
        unsigned int line = 0, column = 0;

        HOLDS(sscanf(error_message(), "it:%u:%u: ", &line, &column) == 2);
        HOLDS(line && line <= lines_max(bytes, length));
        HOLDS(column && column <= length + 1);
        HOLDS(!memcmp(&config, &nothing, sizeof(config)));
        for (const char *c = error_message(); *c; c++)
                HOLDS(*c >= ' ' && *c <= '~');
}

static void bounds_check(void) {
        HOLDS(config.port_count && config.port_count <= XSKIM_PORTS_MAX);
        HOLDS(config.interval_ms >= 10 && config.metrics_port <= 65535);
        HOLDS(!config.metrics_port == !config.metrics_address[0]);
        for (unsigned int i = 0; i < config.port_count; i++) {
                const struct xskim_config *c = &config.ports[i].config;

                HOLDS(c->port_count == 1 && c->ports[0] == config.ports[i].name && *c->ports[0]);
                HOLDS(c->interval_ms == config.interval_ms && c->workers && c->flush_ms);
                HOLDS(!c->transit && !c->expect_path && !c->record_path && !c->duration_ms);
                HOLDS(!c->stack || (c->verdict == XSKIM_VERDICT_PASS && c->sample));
                for (unsigned int other = 0; other < i; other++)
                        HOLDS(strcmp(config.ports[other].name, config.ports[i].name));
        }
}

static void reading_back_check(void) {
        char *text = NULL;
        size_t length;
        FILE *stream = open_memstream(&text, &length);

        HOLDS(stream && !serve_config_print(stream, &config));
        fclose(stream);
        HOLDS(!parse((const uint8_t *)text, length, &again));
        free(text);
        HOLDS(again.interval_ms == config.interval_ms && again.json == config.json);
        HOLDS(again.metrics_port == config.metrics_port);
        HOLDS(!strcmp(again.metrics_address, config.metrics_address));
        HOLDS(again.port_count == config.port_count);
        for (unsigned int i = 0; i < config.port_count; i++)
                HOLDS(serve_port_same(&again.ports[i], &config.ports[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
        int r;

        memset(&config, 0, sizeof(config));
        r = parse(bytes, length, &config);
        HOLDS(!r || r == -EINVAL);
        if (r < 0) {
                refusal_check(bytes, length);
                return 0;
        }
        bounds_check();
        reading_back_check();
        return 0;
}
