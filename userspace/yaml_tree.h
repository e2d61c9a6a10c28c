/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A YAML file as a tree in which everything knows its place. Owns reading it, by libyaml, and the
 * bounds; not what keys mean. Strict: UTF-8, one document, no key twice in a map, keys that are
 * texts, and none of what configurations do not need and readers overlook: anchors and aliases
 * (nothing can grow), tags. Texts are as they stand: what is true, a number or nothing is for
 * whoever asks.
 */
#ifndef XSKIM_YAML_TREE_H
#define XSKIM_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

enum {
        YAML_TREE_BYTES_MAX = 1 << 18, /* of the file */
        YAML_TREE_NODES_MAX = 4096,
        YAML_TREE_DEPTH_MAX = 8,
};

/* From 1; columns are characters. What is missing at the end may be in the line behind the last. */
struct yaml_place {
        unsigned int line;
        unsigned int column;
};

enum yaml_kind { YAML_TEXT, YAML_MAP, YAML_LIST };

struct yaml_node {
        enum yaml_kind kind;
        bool plain; /* a text without quotes */
        struct yaml_place place;
        const char *key; /* in a map; NULL elsewhere */
        struct yaml_place key_place;
        char *text;              /* of a text, UTF-8 without NUL; NULL for other kinds */
        struct yaml_node *first; /* of a map or list, in the order of the file */
        struct yaml_node *next;  /* of the same map or list */
};

struct yaml_tree;

/* Reads a regular file: it is read on a running service, where a pipe would be waited for. -EINVAL
 * for what is in it, with a message "PATH:LINE:COLUMN: …"; else the errno of reading it, -EFBIG
 * when it is too large. */
int yaml_tree_read(const char *path, struct yaml_tree **ret_tree);

/* The same of bytes; `name` stands for the file in messages and is the caller's until the tree is
 * freed. -EINVAL or -ENOMEM. */
int yaml_tree_parse(const char *name, const char *bytes, size_t length,
                    struct yaml_tree **ret_tree);

/* NULL is fine. Returns NULL. */
struct yaml_tree *yaml_tree_free(struct yaml_tree *tree);

static inline void yaml_tree_cleanup(struct yaml_tree **tree) {
        *tree = yaml_tree_free(*tree);
}

/* Never NULL. */
const struct yaml_node *yaml_tree_root(const struct yaml_tree *tree);

/* The value of a key of a map; NULL when there is none, or no map. */
const struct yaml_node *yaml_tree_find(const struct yaml_node *map, const char *key);

/* -EINVAL with the message "NAME:LINE:COLUMN: …". */
__attribute__((format(printf, 3, 4))) int
yaml_tree_refuse(const struct yaml_tree *tree, struct yaml_place place, const char *format, ...);

/* A text for a message: cut to what one wants to read, control characters and what is not ASCII
 * as '?'. */
enum { YAML_TREE_QUOTE_BYTES = 48 };
struct yaml_quote {
        char text[YAML_TREE_QUOTE_BYTES];
};
struct yaml_quote yaml_tree_quote(const char *text);

#endif
