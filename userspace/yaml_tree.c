/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how a YAML file is read. See yaml_tree.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "log.h"
#include "util.h"
#include "yaml_tree.h"

struct yaml_tree {
        const char *name;
        struct yaml_node *root;
        unsigned int node_count; /* of the keys, too */
        struct yaml_node nodes[YAML_TREE_NODES_MAX];
};

/* What a tree is made from. */
struct reading {
        yaml_parser_t parser;
        const char *bytes;
        struct yaml_tree *tree;
};

enum { NODE_TAKEN = 0, NODE_NONE = 1 }; /* the map or list has ended */

/* ---- messages ---- */

int yaml_tree_refuse(const struct yaml_tree *tree, struct yaml_place place, const char *format,
                     ...) {
        char what[1024];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(what, sizeof(what), format, arguments);
        va_end(arguments);
        return error_set(-EINVAL, "%s:%u:%u: %s", tree->name, place.line, place.column, what);
}

struct yaml_quote yaml_tree_quote(const char *text) {
        struct yaml_quote quote;
        size_t length = 0;

        for (; *text && length < sizeof(quote.text) - 4; text++)
                quote.text[length++] = *text >= ' ' && *text <= '~' ? *text : '?';
        strcpy(quote.text + length, *text ? "..." : "");
        return quote;
}

static struct yaml_place place_of(yaml_mark_t mark) {
        return (struct yaml_place){(unsigned int)mark.line + 1, (unsigned int)mark.column + 1};
}

/* Of a byte, which libyaml gives as an offset where it could not even read characters. */
static struct yaml_place place_of_byte(const char *bytes, size_t offset) {
        struct yaml_place place = {1, 1};

        for (; offset--; bytes++) {
                bool is_continued = ((unsigned char)*bytes & 0xc0) == 0x80;

                place.column = *bytes == '\n' ? 1 : place.column + !is_continued;
                place.line += *bytes == '\n';
        }
        return place;
}

static int refuse_yaml(const struct reading *reading) {
        const yaml_parser_t *parser = &reading->parser;

        if (parser->error == YAML_MEMORY_ERROR)
                return error_set(-ENOMEM, "%s: no memory", reading->tree->name);
        if (parser->error == YAML_READER_ERROR)
                return yaml_tree_refuse(reading->tree,
                                        place_of_byte(reading->bytes, parser->problem_offset),
                                        "%s: only UTF-8 text is allowed", parser->problem);
        return yaml_tree_refuse(reading->tree, place_of(parser->problem_mark),
                                "this is not YAML: %s%s%s", parser->problem,
                                parser->context ? ", " : "",
                                parser->context ? parser->context : "");
}

/* ---- nodes ---- */

static int event_next(struct reading *reading, yaml_event_t *ret_event) {
        return yaml_parser_parse(&reading->parser, ret_event) ? 0 : refuse_yaml(reading);
}

static int node_new(struct reading *reading, const yaml_event_t *event, enum yaml_kind kind,
                    struct yaml_node **ret_node) {
        struct yaml_tree *tree = reading->tree;
        struct yaml_node *node;

        if (tree->node_count == YAML_TREE_NODES_MAX)
                return yaml_tree_refuse(tree, place_of(event->start_mark),
                                        "too much: %d keys and values are allowed",
                                        YAML_TREE_NODES_MAX);
        node = &tree->nodes[tree->node_count++];
        node->kind = kind;
        node->place = place_of(event->start_mark);
        *ret_node = node;
        return 0;
}

static int text_take(struct reading *reading, const yaml_event_t *event,
                     struct yaml_node **ret_node) {
        const char *text = (const char *)event->data.scalar.value;
        struct yaml_node *node = NULL;
        int r = node_new(reading, event, YAML_TEXT, &node);

        if (r < 0)
                return r;
        if (strlen(text) != event->data.scalar.length)
                return yaml_tree_refuse(reading->tree, node->place,
                                        "a text without \\0 is allowed");
        node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        node->text = strdup(text);
        if (!node->text)
                return error_set(-ENOMEM, "%s: no memory", reading->tree->name);
        *ret_node = node;
        return 0;
}

static int node_take(struct reading *reading, unsigned int depth, struct yaml_node **ret_node);

static int key_check(const struct reading *reading, const struct yaml_node *map,
                     const struct yaml_node *key) {
        const struct yaml_node *other;

        if (key->kind != YAML_TEXT)
                return yaml_tree_refuse(reading->tree, key->place,
                                        "a key must be a text, not a map or a list");
        other = yaml_tree_find(map, key->text);
        if (other)
                return yaml_tree_refuse(reading->tree, key->place,
                                        "%s: given twice, first in line %u; each key is allowed "
                                        "once",
                                        yaml_tree_quote(key->text).text, other->key_place.line);
        return 0;
}

static int entry_take(struct reading *reading, unsigned int depth, struct yaml_node *map,
                      struct yaml_node **ret_node) {
        struct yaml_node *key = NULL, *value = NULL;
        int r = node_take(reading, depth, &key);

        if (r)
                return r;
        r = key_check(reading, map, key);
        r = r < 0 ? r : node_take(reading, depth, &value);
        if (r)
                return r;
        value->key = key->text;
        value->key_place = key->place;
        *ret_node = value;
        return NODE_TAKEN;
}

/* A map or a list, whose start was the event. */
static int children_take(struct reading *reading, unsigned int depth, const yaml_event_t *event,
                         enum yaml_kind kind, struct yaml_node **ret_node) {
        struct yaml_node *node = NULL, *child = NULL, **end;
        int r = node_new(reading, event, kind, &node);

        if (r < 0)
                return r;
        if (depth == YAML_TREE_DEPTH_MAX)
                return yaml_tree_refuse(reading->tree, node->place,
                                        "nested too deep: %d levels are allowed",
                                        YAML_TREE_DEPTH_MAX);
        end = &node->first;
        do {
                r = kind == YAML_MAP ? entry_take(reading, depth + 1, node, &child)
                                     : node_take(reading, depth + 1, &child);
                if (r == NODE_TAKEN) {
                        *end = child;
                        end = &child->next;
                }
        } while (r == NODE_TAKEN);
        if (r == NODE_NONE)
                *ret_node = node;
        return r < 0 ? r : NODE_TAKEN;
}

/* What may stand before a value; NULL where it does not. */
static void adornment_of(const yaml_event_t *event, const yaml_char_t **ret_anchor,
                         const yaml_char_t **ret_tag) {
        switch (event->type) {
        case YAML_SCALAR_EVENT:
                *ret_anchor = event->data.scalar.anchor;
                *ret_tag = event->data.scalar.tag;
                break;
        case YAML_MAPPING_START_EVENT:
                *ret_anchor = event->data.mapping_start.anchor;
                *ret_tag = event->data.mapping_start.tag;
                break;
        case YAML_SEQUENCE_START_EVENT:
                *ret_anchor = event->data.sequence_start.anchor;
                *ret_tag = event->data.sequence_start.tag;
                break;
        default:
                *ret_anchor = NULL;
                *ret_tag = NULL;
        }
}

static int adornment_check(const struct reading *reading, const yaml_event_t *event) {
        const yaml_char_t *anchor, *tag;

        adornment_of(event, &anchor, &tag);
        if (event->type == YAML_ALIAS_EVENT || anchor)
                return yaml_tree_refuse(reading->tree, place_of(event->start_mark),
                                        "anchors (&) and aliases (*) are not allowed: write the "
                                        "value, in quotes if it begins so");
        if (tag)
                return yaml_tree_refuse(reading->tree, place_of(event->start_mark),
                                        "tags (!) are not allowed: write the value, in quotes if "
                                        "it begins so");
        return 0;
}

/* NODE_TAKEN, or NODE_NONE when the map or list that it would be in has ended. */
static int node_take(struct reading *reading, unsigned int depth, struct yaml_node **ret_node) {
        yaml_event_t event CLEANUP(yaml_event_delete) = {};
        int r = event_next(reading, &event);

        r = r < 0 ? r : adornment_check(reading, &event);
        if (r < 0)
                return r;
        switch (event.type) {
        case YAML_SCALAR_EVENT:
                return text_take(reading, &event, ret_node);
        case YAML_MAPPING_START_EVENT:
                return children_take(reading, depth, &event, YAML_MAP, ret_node);
        case YAML_SEQUENCE_START_EVENT:
                return children_take(reading, depth, &event, YAML_LIST, ret_node);
        default:
                return NODE_NONE;
        }
}

/* ---- the document ---- */

/* The next event, of which only the kind and the place matter. */
static int event_pass(struct reading *reading, yaml_event_type_t *ret_type,
                      struct yaml_place *ret_place) {
        yaml_event_t event CLEANUP(yaml_event_delete) = {};
        int r = event_next(reading, &event);

        *ret_type = event.type;
        *ret_place = place_of(event.start_mark);
        return r;
}

static int document_take(struct reading *reading) {
        struct yaml_tree *tree = reading->tree;
        yaml_event_type_t type;
        struct yaml_place place;
        int r = event_pass(reading, &type, &place); /* the stream's start */

        r = r < 0 ? r : event_pass(reading, &type, &place);
        if (r >= 0 && type == YAML_STREAM_END_EVENT)
                return yaml_tree_refuse(tree, (struct yaml_place){1, 1},
                                        "there is nothing in it: a map of keys is needed");
        r = r < 0 ? r : node_take(reading, 0, &tree->root);
        r = r < 0 ? r : event_pass(reading, &type, &place); /* the document's end */
        r = r < 0 ? r : event_pass(reading, &type, &place);
        if (r >= 0 && type != YAML_STREAM_END_EVENT)
                return yaml_tree_refuse(tree, place,
                                        "a second document begins: one is allowed in a file");
        return r;
}

int yaml_tree_parse(const char *name, const char *bytes, size_t length,
                    struct yaml_tree **ret_tree) {
        struct yaml_tree *tree CLEANUP(yaml_tree_cleanup) = calloc(1, sizeof(*tree));
        struct reading reading = {.bytes = bytes, .tree = tree};
        int r;

        if (!tree)
                return error_set(-ENOMEM, "%s: no memory", name);
        tree->name = name;
        if (!yaml_parser_initialize(&reading.parser))
                return error_set(-ENOMEM, "%s: no memory", name);
        /* Named, so that UTF-16 is not guessed. */
        yaml_parser_set_encoding(&reading.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&reading.parser, (const unsigned char *)bytes, length);
        r = document_take(&reading);
        yaml_parser_delete(&reading.parser);
        if (r >= 0)
                *ret_tree = TAKE_PTR(tree);
        return r;
}

struct yaml_tree *yaml_tree_free(struct yaml_tree *tree) {
        for (unsigned int i = 0; tree && i < tree->node_count; i++)
                free(tree->nodes[i].text);
        free(tree);
        return NULL;
}

/* ---- the file ---- */

static int fail(const char *path, int error) {
        return error_set(error, "%s: cannot be read: %s. Give a file that this user may read.",
                         path, strerror(-error));
}

/* All of it, and whether there was more than fits. */
static int bytes_read(const char *path, char *bytes, size_t size, size_t *ret_length) {
        int fd CLEANUP(fd_cleanup) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat status;
        size_t length = 0;
        ssize_t got;

        if (fd < 0 || fstat(fd, &status))
                return fail(path, -errno);
        if (!S_ISREG(status.st_mode))
                return error_set(-EINVAL,
                                 "%s: a regular file is needed: a pipe would be waited for", path);
        do {
                got = read(fd, bytes + length, size - length);
                length += got > 0 ? (size_t)got : 0;
        } while ((got > 0 && length < size) || (got < 0 && errno == EINTR));
        if (got < 0)
                return fail(path, -errno);
        *ret_length = length;
        return 0;
}

int yaml_tree_read(const char *path, struct yaml_tree **ret_tree) {
        char *bytes CLEANUP(free_cleanup) = malloc(YAML_TREE_BYTES_MAX + 1);
        size_t length = 0;
        int r = bytes ? bytes_read(path, bytes, YAML_TREE_BYTES_MAX + 1, &length)
                      : error_set(-ENOMEM, "%s: no memory", path);

        if (r < 0)
                return r;
        if (length > YAML_TREE_BYTES_MAX)
                return error_set(-EFBIG, "%s: longer than %d bytes, which is what is allowed", path,
                                 YAML_TREE_BYTES_MAX);
        return yaml_tree_parse(path, bytes, length, ret_tree);
}

/* ---- looking ---- */

const struct yaml_node *yaml_tree_root(const struct yaml_tree *tree) {
        return tree->root;
}

const struct yaml_node *yaml_tree_find(const struct yaml_node *map, const char *key) {
        const struct yaml_node *node = map && map->kind == YAML_MAP ? map->first : NULL;

        while (node && strcmp(node->key, key))
                node = node->next;
        return node;
}
