/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what is held back until its place in the order of arrival is known. See arrivals.h. */
#include <errno.h>
#include <stdlib.h>

#include "arrivals.h"
#include "util.h"

enum { NOTHING = UINT32_MAX };

struct held {
        struct arrival arrival;
        uint64_t time_ns; /* not before its predecessor in the ring, whatever the clock says */
        uint32_t next;
};

struct ring {
        uint32_t first;
        uint32_t last;
        uint64_t time_ns; /* of the last one that came */
        uint64_t promised_ns;
};

struct arrivals {
        uint64_t promised_ns; /* the least of all rings' */
        uint64_t given_ns;    /* of the last one given out */
        uint64_t unordered;
        uint32_t ring_count;
        uint32_t active_count;
        uint32_t held_count;
        uint32_t vacant;    /* list of places that were used */
        uint32_t untouched; /* the first of the places that never were */
        struct ring *rings;
        uint32_t *active; /* rings of which some are held */
        struct held held[ARRIVALS_HELD_MAX];
};

int arrivals_open(uint32_t rings, struct arrivals **ret_arrivals) {
        struct arrivals *a = calloc(1, sizeof(*a));

        if (!a)
                return -ENOMEM;
        a->rings = calloc(rings, sizeof(*a->rings));
        a->active = calloc(rings, sizeof(*a->active));
        if (!a->rings || !a->active) {
                arrivals_close(a);
                return -ENOMEM;
        }
        a->ring_count = rings;
        for (uint32_t ring = 0; ring < rings; ring++)
                a->rings[ring].first = a->rings[ring].last = NOTHING;
        a->vacant = NOTHING;
        *ret_arrivals = a;
        return 0;
}

struct arrivals *arrivals_close(struct arrivals *a) {
        if (!a)
                return NULL;
        free(a->rings);
        free(a->active);
        free(a);
        return NULL;
}

bool arrivals_has_room(const struct arrivals *a) {
        return a->held_count < ARRIVALS_HELD_MAX;
}

static uint32_t place_take(struct arrivals *a) {
        uint32_t at = a->vacant;

        if (at == NOTHING)
                return a->untouched++;
        a->vacant = a->held[at].next;
        return at;
}

void arrivals_put(struct arrivals *a, uint32_t number, const struct arrival *arrival) {
        struct ring *ring = &a->rings[number];
        uint32_t at = place_take(a);
        struct held *held = &a->held[at];

        a->held_count++;
        ring->time_ns = MAX(ring->time_ns, arrival->time_ns);
        *held = (struct held){.arrival = *arrival, .time_ns = ring->time_ns, .next = NOTHING};
        a->unordered += held->time_ns < a->given_ns;
        if (ring->first == NOTHING) {
                a->active[a->active_count++] = number;
                ring->first = at;
        } else {
                a->held[ring->last].next = at;
        }
        ring->last = at;
}

void arrivals_promise(struct arrivals *a, uint32_t number, uint64_t time_ns) {
        uint64_t least_ns = UINT64_MAX;

        a->rings[number].promised_ns = MAX(a->rings[number].promised_ns, time_ns);
        for (uint32_t ring = 0; ring < a->ring_count; ring++)
                least_ns = MIN(least_ns, a->rings[ring].promised_ns);
        a->promised_ns = least_ns;
}

static bool is_before(const struct arrivals *a, uint32_t one, uint32_t other) {
        uint64_t time_ns = a->held[a->rings[one].first].time_ns;
        uint64_t other_ns = a->held[a->rings[other].first].time_ns;

        return time_ns < other_ns || (time_ns == other_ns && one < other);
}

/* The place among the active rings of the one whose turn it is. */
static uint32_t next_place(const struct arrivals *a) {
        uint32_t best = 0;

        for (uint32_t i = 1; i < a->active_count; i++)
                if (is_before(a, a->active[i], a->active[best]))
                        best = i;
        return best;
}

bool arrivals_take(struct arrivals *a, bool all, struct arrival *ret_arrival) {
        uint32_t place, at;
        struct ring *ring;
        struct held *held;

        if (!a->active_count)
                return false;
        place = next_place(a);
        ring = &a->rings[a->active[place]];
        at = ring->first;
        held = &a->held[at];
        if (!all && arrivals_has_room(a) && held->time_ns >= a->promised_ns)
                return false;
        *ret_arrival = held->arrival;
        a->given_ns = MAX(a->given_ns, held->time_ns);
        ring->first = held->next;
        held->next = a->vacant;
        a->vacant = at;
        a->held_count--;
        if (ring->first == NOTHING)
                a->active[place] = a->active[--a->active_count];
        return true;
}

uint64_t arrivals_unordered(const struct arrivals *a) {
        return a->unordered;
}

uint64_t arrivals_memory(const struct arrivals *a) {
        return sizeof(*a) + a->ring_count * (sizeof(*a->rings) + sizeof(*a->active));
}
