/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how a configuration is printed. See serve_config.h. Its defaults are spelled out in the
 * section that explains the keys of a port, and each port says all of its own. */
#include <ctype.h>
#include <string.h>

#include "serve_config.h"
#include "serve_config_keys.h"
#include "stream.h"

enum { COMMENT_COLUMNS = 100 };

/* The text as comments of whole words. */
static void put_comment(FILE *stream, int indent, const char *text) {
        int column = 0, length;

        for (; *text; text += length, text += *text == ' ') {
                length = (int)strcspn(text, " ");
                if (!column || column + 1 + length > COMMENT_COLUMNS)
                        column = fprintf(stream, "%s%*s#", column ? "\n" : "", indent, "");
                column += fprintf(stream, " %.*s", length, text);
        }
        fputc('\n', stream);
}

static void put_quoted(FILE *stream, const char *value) {
        fputc('"', stream);
        for (; *value; value++)
                fprintf(stream, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
        fputs("\"\n", stream);
}

/* Without quotes where YAML sees nothing but a text, a number, true or false. */
static void put_value(FILE *stream, const char *value) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789.,:-";

        if (isalnum((unsigned char)*value) && !value[strspn(value, plain)])
                fprintf(stream, "%s\n", value);
        else
                put_quoted(stream, value);
}

/* A key without a value stands as a comment, to be filled in. */
static void put_key(FILE *stream, int indent, const struct cli_option *row,
                    const struct serve_values *values) {
        char text[CLI_VALUE_BYTES];

        if (!row->show(values, text)) {
                fprintf(stream, "%*s# %s: %s\n", indent, "", row->name, row->argument);
                return;
        }
        fprintf(stream, "%*s%s: ", indent, "", row->name);
        put_value(stream, text);
}

static void put_explained(FILE *stream, int indent, enum serve_section section,
                          const struct serve_values *values) {
        char text[SERVE_KEY_TEXT_BYTES];
        const struct cli_option *row;

        for (size_t i = 0; (row = serve_key(section, i)); i++) {
                serve_key_describe(row, text);
                put_comment(stream, indent, text);
                put_key(stream, indent, row, values);
        }
}

static void put_port(FILE *stream, const struct serve_port *port) {
        const struct serve_values values = {.watch.config = port->config};
        char text[CLI_VALUE_BYTES];
        const struct cli_option *row;

        fprintf(stream, "  - %s: ", SERVE_KEY_NAME);
        put_quoted(stream, port->name); /* a port may be called "on" */
        for (size_t i = 0; (row = serve_key(SERVE_PORT, i)); i++)
                if (row->show(&values, text))
                        put_key(stream, 4, row, &values);
}

static struct serve_values values_of(const struct serve_config *config) {
        struct serve_values values = serve_values_new();

        values.watch.config.interval_ms = config->interval_ms;
        values.watch.json = config->json;
        values.metrics_port = config->metrics_port;
        memcpy(values.metrics_address, config->metrics_address, sizeof(values.metrics_address));
        return values;
}

int serve_config_print(FILE *stream, const struct serve_config *config) {
        struct serve_values values = values_of(config);
        const struct serve_values defaults = serve_values_new();

        put_comment(stream, 0, "What xskim serve does: see xskim.yaml(5).");
        fputc('\n', stream);
        put_explained(stream, 0, SERVE_TOP, &values);
        fprintf(stream, "\n%s:\n", SERVE_KEY_METRICS);
        put_explained(stream, 2, SERVE_METRICS, &values);
        fputc('\n', stream);
        put_comment(stream, 0, "Of every port that does not say otherwise.");
        fprintf(stream, "%s:\n", SERVE_KEY_DEFAULTS);
        put_explained(stream, 2, SERVE_PORT, &defaults);
        fprintf(stream, "\n%s:\n", SERVE_KEY_PORTS);
        for (unsigned int i = 0; i < config->port_count; i++)
                put_port(stream, &config->ports[i]);
        return stream_flush(stream);
}
