/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries by a 64-bit key that is a hash already: open addressing over an array of entries, which
 * stand in the order in which they were added. Filled once, then only looked up. Pure.
 */
#ifndef XSKIM_LOOKUP_H
#define XSKIM_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

/* An entry begins with its key. */
struct lookup {
        size_t entry_bytes;
        void *entries;
        uint32_t count;
        uint32_t room;       /* for entries */
        uint32_t *slots;     /* 1 + the entry's number; 0: none */
        uint64_t slot_count; /* a power of two, at least twice the entries */
};

#define LOOKUP_NULL(type_) ((struct lookup){.entry_bytes = sizeof(type_)})

enum { LOOKUP_ENTRIES_MAX = 1 << 30 };

static inline void *lookup_entry(const struct lookup *lookup, uint32_t number) {
        return (char *)lookup->entries + number * lookup->entry_bytes;
}

/* NULL: there is none. */
void *lookup_find(const struct lookup *lookup, uint64_t key);

/* The entry with this key; a new one is 0 behind its key. Moves the others. NULL: no memory, or too
 * many. */
void *lookup_add(struct lookup *lookup, uint64_t key);

/* Gives back what is not used. */
void lookup_fit(struct lookup *lookup);

uint64_t lookup_memory(const struct lookup *lookup);
void lookup_close(struct lookup *lookup);

#endif
