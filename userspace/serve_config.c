/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how the configuration of xskim serve is read. See serve_config.h. */
#include <errno.h>
#include <string.h>

#include "log.h"
#include "serve_config.h"
#include "serve_config_keys.h"
#include "util.h"
#include "yaml_tree.h"

enum { WORDS_BYTES = 512 };

/* ---- keys ---- */

static void word_add(char words[static WORDS_BYTES], const char *word) {
        size_t used = strlen(words);

        snprintf(words + used, WORDS_BYTES - used, "%s%s", used ? ", " : "", word);
}

static bool is_among(const char *const *names, const char *name) {
        for (; *names; names++)
                if (!strcmp(*names, name))
                        return true;
        return false;
}

static const struct cli_option *key_find(enum serve_section section, const char *name) {
        const struct cli_option *row;

        for (size_t i = 0; (row = serve_key(section, i)); i++)
                if (!strcmp(row->name, name))
                        return row;
        return NULL;
}

/* Each key is a row of the section, or one of the others (ended by NULL). */
static int keys_check(const struct yaml_tree *tree, const struct yaml_node *map,
                      enum serve_section section, const char *const *others) {
        char allowed[WORDS_BYTES] = "";
        const struct yaml_node *node = map->first;
        const struct cli_option *row;

        while (node && (key_find(section, node->key) || is_among(others, node->key)))
                node = node->next;
        if (!node)
                return 0;
        for (size_t i = 0; (row = serve_key(section, i)); i++)
                word_add(allowed, row->name);
        for (; *others; others++)
                word_add(allowed, *others);
        return yaml_tree_refuse(tree, node->key_place,
                                "%s: there is no such key here; allowed are %s",
                                yaml_tree_quote(node->key).text, allowed);
}

static int map_check(const struct yaml_tree *tree, const struct yaml_node *node, const char *what,
                     enum serve_section section, const char *const *others) {
        if (node->kind != YAML_MAP)
                return yaml_tree_refuse(tree, node->place, "%s: a map of keys is allowed here",
                                        what);
        return keys_check(tree, node, section, others);
}

/* ---- values ---- */

/* Of a flag only what is plainly so: yes, on and "true" mean something to one reader of YAML and
 * something else to another. */
static int flag_take(const struct yaml_node *node, const struct cli_option *row,
                     struct serve_values *values) {
        if (!node->plain || (strcmp(node->text, "true") && strcmp(node->text, "false")))
                return -EINVAL;
        return strcmp(node->text, "true") ? 0 : row->parse(values, NULL);
}

static int value_take(const struct yaml_tree *tree, const struct yaml_node *node,
                      const struct cli_option *row, struct serve_values *values) {
        int r;

        if (node->kind != YAML_TEXT)
                return yaml_tree_refuse(
                        tree, node->place, "%s: one value is needed here, not a %s: give %s",
                        row->name, node->kind == YAML_MAP ? "map" : "list", serve_key_allowed(row));
        r = row->argument ? row->parse(values, node->text) : flag_take(node, row, values);
        if (r < 0)
                return yaml_tree_refuse(tree, node->place, "%s: \"%s\" is not allowed: give %s",
                                        row->name, yaml_tree_quote(node->text).text,
                                        serve_key_allowed(row));
        return 0;
}

/* Each row of the section once: from the map, else from the other one (either may be NULL), else
 * its default. */
static int section_take(const struct yaml_tree *tree, enum serve_section section,
                        const struct yaml_node *map, const struct yaml_node *other,
                        struct serve_values *values) {
        const struct cli_option *row;
        int r = 0;

        for (size_t i = 0; (row = serve_key(section, i)) && r >= 0; i++) {
                const struct yaml_node *node = yaml_tree_find(map, row->name);

                node = node ? node : yaml_tree_find(other, row->name);
                if (node)
                        r = value_take(tree, node, row, values);
                else if (row->fallback)
                        r = row->parse(values, row->fallback);
        }
        return r;
}

/* ---- ports ---- */

static int name_take(const struct yaml_tree *tree, const struct yaml_node *map,
                     struct serve_port *port) {
        const struct yaml_node *name = yaml_tree_find(map, SERVE_KEY_NAME);

        if (!name)
                return yaml_tree_refuse(tree, map->place, "a port without a name: give name, %s",
                                        SERVE_NAME_ALLOWED);
        if (name->kind != YAML_TEXT || !serve_name_is_allowed(name->text))
                return yaml_tree_refuse(tree, name->place, "name: \"%s\" is not allowed: give %s",
                                        name->kind == YAML_TEXT ? yaml_tree_quote(name->text).text
                                                                : "...",
                                        SERVE_NAME_ALLOWED);
        snprintf(port->name, sizeof(port->name), "%s", name->text);
        return 0;
}

/* Where a setting that excludes another one stands: the port's own come first. */
static struct yaml_place conflict_place(const struct serve_conflict *conflict,
                                        const struct yaml_node *map,
                                        const struct yaml_node *defaults) {
        const struct yaml_node *node = yaml_tree_find(map, conflict->key);

        node = node ? node : yaml_tree_find(map, conflict->with);
        node = node ? node : yaml_tree_find(defaults, conflict->key);
        return node ? node->place : map->place;
}

static int conflicts_check(const struct yaml_tree *tree, const struct yaml_node *map,
                           const struct yaml_node *defaults, const struct serve_port *port) {
        for (const struct serve_conflict *row = SERVE_CONFLICTS; row->key; row++)
                if (row->is_there(&port->config))
                        return yaml_tree_refuse(tree, conflict_place(row, map, defaults),
                                                "%s: %s and %s exclude each other: %s", port->name,
                                                row->key, row->with, row->reason);
        return 0;
}

static void port_set(struct serve_port *port, const struct xskim_config *config) {
        port->config = *config;
        port->config.ports[0] = port->name;
        port->config.port_count = 1;
}

/* `values` has the interval. */
static int port_take(const struct yaml_tree *tree, const struct yaml_node *map,
                     const struct yaml_node *defaults, struct serve_values values,
                     struct serve_port *port) {
        static const char *const others[] = {SERVE_KEY_NAME, NULL};
        int r = map_check(tree, map, "a port", SERVE_PORT, others);

        r = r < 0 ? r : name_take(tree, map, port);
        r = r < 0 ? r : section_take(tree, SERVE_PORT, map, defaults, &values);
        if (r < 0)
                return r;
        port_set(port, &values.watch.config);
        return conflicts_check(tree, map, defaults, port);
}

static int port_add(const struct yaml_tree *tree, const struct yaml_node *map,
                    const struct yaml_node *defaults, const struct serve_values *values,
                    struct serve_config *config) {
        struct serve_port *port = &config->ports[config->port_count];
        int r;

        if (config->port_count == XSKIM_PORTS_MAX)
                return yaml_tree_refuse(tree, map->place, "ports: 1 to %d are allowed",
                                        XSKIM_PORTS_MAX);
        r = port_take(tree, map, defaults, *values, port);
        for (unsigned int i = 0; i < config->port_count && r >= 0; i++)
                if (!strcmp(port->name, config->ports[i].name))
                        r = yaml_tree_refuse(tree, yaml_tree_find(map, SERVE_KEY_NAME)->place,
                                             "name: %s is there already; each port is allowed once",
                                             port->name);
        config->port_count++;
        return r;
}

static int ports_take(const struct yaml_tree *tree, const struct yaml_node *defaults,
                      const struct serve_values *values, struct serve_config *config) {
        const struct yaml_node *root = yaml_tree_root(tree),
                               *ports = yaml_tree_find(root, SERVE_KEY_PORTS);
        int r = 0;

        if (!ports)
                return yaml_tree_refuse(tree, root->place,
                                        "ports is missing: give a list of ports");
        if (ports->kind != YAML_LIST || !ports->first)
                return yaml_tree_refuse(tree, ports->place,
                                        "ports: a list of 1 to %d ports is allowed, each a map "
                                        "that begins with - name:",
                                        XSKIM_PORTS_MAX);
        for (const struct yaml_node *map = ports->first; map && r >= 0; map = map->next)
                r = port_add(tree, map, defaults, values, config);
        return r;
}

/* ---- the whole ---- */

/* The defaults are checked for themselves, too: each port may say something else. */
static int defaults_check(const struct yaml_tree *tree, const struct yaml_node *defaults) {
        static const char *const others[] = {NULL};
        struct serve_values scratch = serve_values_new();
        int r;

        if (!defaults)
                return 0;
        r = map_check(tree, defaults, SERVE_KEY_DEFAULTS, SERVE_PORT, others);
        return r < 0 ? r : section_take(tree, SERVE_PORT, defaults, NULL, &scratch);
}

static int metrics_take(const struct yaml_tree *tree, struct serve_values *values) {
        static const char *const others[] = {NULL};
        const struct yaml_node *metrics = yaml_tree_find(yaml_tree_root(tree), SERVE_KEY_METRICS);
        int r = 0;

        if (metrics)
                r = map_check(tree, metrics, SERVE_KEY_METRICS, SERVE_METRICS, others);
        return r < 0 ? r : section_take(tree, SERVE_METRICS, metrics, NULL, values);
}

static void values_set(struct serve_config *config, const struct serve_values *values) {
        config->interval_ms = values->watch.config.interval_ms;
        config->json = values->watch.json;
        config->metrics_port = values->metrics_port;
        memcpy(config->metrics_address, values->metrics_address, sizeof(config->metrics_address));
}

static int tree_take(const struct yaml_tree *tree, struct serve_config *config) {
        static const char *const others[] = {SERVE_KEY_METRICS, SERVE_KEY_DEFAULTS, SERVE_KEY_PORTS,
                                             NULL};
        const struct yaml_node *root = yaml_tree_root(tree),
                               *defaults = yaml_tree_find(root, SERVE_KEY_DEFAULTS);
        struct serve_values values = serve_values_new();
        int r = map_check(tree, root, "the file", SERVE_TOP, others);

        r = r < 0 ? r : section_take(tree, SERVE_TOP, root, NULL, &values);
        r = r < 0 ? r : metrics_take(tree, &values);
        r = r < 0 ? r : defaults_check(tree, defaults);
        if (r < 0)
                return r;
        values_set(config, &values);
        return ports_take(tree, defaults, &values, config);
}

static void config_copy(struct serve_config *to, const struct serve_config *from) {
        *to = *from;
        for (unsigned int i = 0; i < to->port_count; i++)
                serve_port_copy(&to->ports[i], &from->ports[i]);
}

static int tree_read(const struct yaml_tree *tree, struct serve_config *ret_config) {
        struct serve_config *config CLEANUP(free_cleanup) = calloc(1, sizeof(*config));
        int r = config ? tree_take(tree, config) : error_set(-ENOMEM, "configuration: no memory");

        if (r >= 0)
                config_copy(ret_config, config);
        return r;
}

int serve_config_parse(const char *name, const char *bytes, size_t length,
                       struct serve_config *ret_config) {
        struct yaml_tree *tree CLEANUP(yaml_tree_cleanup) = NULL;
        int r = yaml_tree_parse(name, bytes, length, &tree);

        return r < 0 ? r : tree_read(tree, ret_config);
}

int serve_config_read(const char *path, struct serve_config *ret_config) {
        struct yaml_tree *tree CLEANUP(yaml_tree_cleanup) = NULL;
        int r = yaml_tree_read(path, &tree);

        return r < 0 ? r : tree_read(tree, ret_config);
}

void serve_config_init(struct serve_config *ret_config, const char *port) {
        struct serve_values values = serve_values_new();

        memset(ret_config, 0, sizeof(*ret_config));
        for (enum serve_section section = 0; section < SERVE_SECTIONS; section++)
                section_take(NULL, section, NULL, NULL, &values); /* defaults are allowed values */
        values_set(ret_config, &values);
        snprintf(ret_config->ports[0].name, sizeof(ret_config->ports[0].name), "%s", port);
        port_set(&ret_config->ports[0], &values.watch.config);
        ret_config->port_count = 1;
}

/* ---- ports, compared ---- */

void serve_port_copy(struct serve_port *to, const struct serve_port *from) {
        memmove(to->name, from->name, sizeof(to->name));
        port_set(to, &from->config);
}

static bool is_same_value(const struct cli_option *row, const struct serve_port *one,
                          const struct serve_port *other) {
        const struct serve_values left = {.watch.config = one->config},
                                  right = {.watch.config = other->config};
        char left_text[CLI_VALUE_BYTES] = "", right_text[CLI_VALUE_BYTES] = "";

        return row->show(&left, left_text) == row->show(&right, right_text) &&
               !strcmp(left_text, right_text);
}

bool serve_port_same(const struct serve_port *one, const struct serve_port *other) {
        const struct cli_option *row;

        if (strcmp(one->name, other->name) || one->config.interval_ms != other->config.interval_ms)
                return false;
        for (size_t i = 0; (row = serve_key(SERVE_PORT, i)); i++)
                if (!is_same_value(row, one, other))
                        return false;
        return true;
}
