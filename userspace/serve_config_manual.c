/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the manual page of xskim.yaml. See serve_config_manual.h. */
#include "roff.h"
#include "serve_config_keys.h"
#include "serve_config_manual.h"
#include "stream.h"
#include "yaml_tree.h"

static const char DESCRIPTION[] =
        "What xskim serve does: which ports it watches, how, and who is told. It is read when the "
        "service starts, and again on SIGHUP; a file with a fault changes nothing then.\n"
        "It is YAML, read strictly: a key that is not below, a key given twice, a value of another "
        "kind or out of its range is an error that names the line and the column. One document, in "
        "UTF-8; no anchors, aliases or tags. true and false stand for themselves alone: yes, on "
        "and the like are errors.\n"
        "xskim check-config FILE says whether a file is right, and xskim dump-config prints all "
        "keys with their defaults, or those of a file with what it says.";

const char SERVE_CONFIG_EXAMPLE[] = "interval: 5s\n"
                                    "metrics:\n"
                                    "  listen: 127.0.0.1:9963\n"
                                    "defaults:\n"
                                    "  sample: 128\n"
                                    "ports:\n"
                                    "  - name: eth0\n"
                                    "    stack: true\n"
                                    "  - name: tap0\n"
                                    "    verdict: drop\n"
                                    "    sample: 1\n";

static void put_keys(FILE *stream, enum serve_section section) {
        char text[SERVE_KEY_TEXT_BYTES];
        const struct cli_option *row;

        for (size_t i = 0; (row = serve_key(section, i)); i++) {
                serve_key_describe(row, text);
                roff_term(stream, row->name, text);
        }
}

static void put_ports(FILE *stream) {
        char text[SERVE_KEY_TEXT_BYTES];

        roff_section(stream, "KEYS OF A PORT");
        roff_prose(stream, "Given in defaults for all ports, or for one port, which comes first.");
        snprintf(text, sizeof(text), "Always needed, and not in defaults: %s. Each port once.",
                 SERVE_NAME_ALLOWED);
        roff_term(stream, SERVE_KEY_NAME, text);
        put_keys(stream, SERVE_PORT);
        roff_section(stream, "WHAT EXCLUDES EACH OTHER");
        for (const struct serve_conflict *row = SERVE_CONFLICTS; row->key; row++) {
                snprintf(text, sizeof(text), "%s and %s", row->key, row->with);
                roff_term(stream, text, row->reason);
        }
}

static void put_bounds(FILE *stream) {
        char text[SERVE_KEY_TEXT_BYTES];

        snprintf(text, sizeof(text),
                 "A file has at most %d bytes, %d keys and values, and %d levels.",
                 YAML_TREE_BYTES_MAX, YAML_TREE_NODES_MAX, YAML_TREE_DEPTH_MAX);
        roff_section(stream, "BOUNDS");
        roff_prose(stream, text);
}

int serve_config_manual(FILE *stream) {
        char ports[SERVE_KEY_TEXT_BYTES];

        roff_title(stream, "XSKIM.YAML", 5, "xskim.yaml", "the configuration of xskim serve");
        roff_section(stream, "DESCRIPTION");
        roff_prose(stream, DESCRIPTION);
        roff_section(stream, "KEYS");
        put_keys(stream, SERVE_TOP);
        roff_term(stream, SERVE_KEY_METRICS, "A map with the keys of METRICS.");
        roff_term(stream, SERVE_KEY_DEFAULTS,
                  "A map with keys of a port, for every port that does not say otherwise.");
        snprintf(
                ports, sizeof(ports),
                "A list of the ports that are watched, from 1 to %d, each a map with name and keys "
                "of a port.",
                XSKIM_PORTS_MAX);
        roff_term(stream, SERVE_KEY_PORTS, ports);
        roff_section(stream, "METRICS");
        put_keys(stream, SERVE_METRICS);
        put_ports(stream);
        put_bounds(stream);
        roff_section(stream, "EXAMPLE");
        roff_example(stream,
                     "A host's own traffic, and a TAP port of which every packet is recorded:",
                     SERVE_CONFIG_EXAMPLE);
        roff_section(stream, "SEE ALSO");
        fputs(".BR xskim (1)\n", stream);
        return stream_flush(stream);
}
