/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the table of entries by key. See lookup.h. */
#include <string.h>

#include "lookup.h"
#include "util.h"

enum { LOOKUP_ROOM_LEAST = 64 };

static uint64_t key_of(const struct lookup *l, uint32_t number) {
        uint64_t key;

        memcpy(&key, lookup_entry(l, number), sizeof(key));
        return key;
}

/* The slot that holds the key, or the one where it would be. */
static uint32_t *slot_of(const struct lookup *l, uint64_t key) {
        uint64_t at = key & (l->slot_count - 1);

        while (l->slots[at] && key_of(l, l->slots[at] - 1) != key)
                at = (at + 1) & (l->slot_count - 1);
        return &l->slots[at];
}

void *lookup_find(const struct lookup *l, uint64_t key) {
        uint32_t *slot = l->slot_count ? slot_of(l, key) : NULL;

        return slot && *slot ? lookup_entry(l, *slot - 1) : NULL;
}

static int slots_make(struct lookup *l, uint64_t count) {
        uint32_t *slots = calloc(count, sizeof(*slots));

        if (!slots)
                return -1;
        free(l->slots);
        l->slots = slots;
        l->slot_count = count;
        for (uint32_t number = 0; number < l->count; number++)
                *slot_of(l, key_of(l, number)) = number + 1;
        return 0;
}

static int room_make(struct lookup *l) {
        uint32_t room = l->room ? l->room * 2 : LOOKUP_ROOM_LEAST;
        void *entries;

        if (l->room >= LOOKUP_ENTRIES_MAX)
                return -1;
        entries = realloc(l->entries, room * l->entry_bytes);
        if (!entries)
                return -1;
        l->entries = entries;
        l->room = room;
        return slots_make(l, (uint64_t)room * 2);
}

void *lookup_add(struct lookup *l, uint64_t key) {
        void *entry = lookup_find(l, key);

        if (entry)
                return entry;
        if (l->count == l->room && room_make(l) < 0)
                return NULL;
        entry = lookup_entry(l, l->count);
        memset(entry, 0, l->entry_bytes);
        memcpy(entry, &key, sizeof(key));
        *slot_of(l, key) = ++l->count;
        return entry;
}

void lookup_fit(struct lookup *l) {
        void *entries = l->count ? realloc(l->entries, l->count * l->entry_bytes) : NULL;

        if (!entries)
                return;
        l->entries = entries;
        l->room = l->count;
}

uint64_t lookup_memory(const struct lookup *l) {
        return l->room * l->entry_bytes + l->slot_count * sizeof(*l->slots);
}

void lookup_close(struct lookup *l) {
        free(l->entries);
        free(l->slots);
        *l = (struct lookup){.entry_bytes = l->entry_bytes};
}
