/* SPDX-License-Identifier: BSD-2-Clause */
/* See program_rivals.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "log.h"
#include "program_private.h"
#include "program_rivals.h"
#include "program_trial.h"
#include "util.h"
/* need what program_private.h brings */
#include "claim_branch.skel.h"
#include "claim_lock.skel.h"
#include "claim_overflow.skel.h"

static const struct {
        const char *name;
        const void *(*bytes)(size_t *size);
        const char *programs[PROGRAM_RIVALS];
        const char *maps[PROGRAM_RIVALS];
} kinds[] = {
        [PROGRAM_RIVALS_LOCK] = {"claim_lock",
                                 claim_lock_bpf__elf_bytes,
                                 {"claim_lock_shared", "claim_lock_own"},
                                 {"shared_map", "own_map"}},
        [PROGRAM_RIVALS_BRANCH] = {"claim_branch",
                                   claim_branch_bpf__elf_bytes,
                                   {"claim_branch_branching", "claim_branch_predicated"},
                                   {"states", "states"}},
        [PROGRAM_RIVALS_OVERFLOW] = {"claim_overflow",
                                     claim_overflow_bpf__elf_bytes,
                                     {"claim_overflow_hash", "claim_overflow_ring"},
                                     {"hash", "ring"}},
};

struct program_rivals {
        enum program_rivals_kind kind;
        struct bpf_object *object;
        int links[PROGRAM_RIVALS];
};

static int map_fd(const struct program_rivals *r, int rival) {
        return bpf_object__find_map_fd_by_name(r->object, kinds[r->kind].maps[rival]);
}

int program_rivals_fd(const struct program_rivals *r, int rival) {
        return bpf_program__fd(
                bpf_object__find_program_by_name(r->object, kinds[r->kind].programs[rival]));
}

static int rivals_start(struct program_rivals *r, const int ifindexes[PROGRAM_RIVALS]) {
        size_t size = 0;
        const void *bytes = kinds[r->kind].bytes(&size);
        int e;

        r->object = bpf_object__open_mem(bytes, size, NULL);
        if (!r->object)
                return error_set(-errno, "%s: cannot open: %s", kinds[r->kind].name,
                                 strerror(errno));
        e = bpf_object__load(r->object);
        if (e < 0)
                return error_set(e, "%s: the kernel refused it: %s", kinds[r->kind].name,
                                 strerror(-e));
        for (int i = 0; i < PROGRAM_RIVALS && e >= 0; i++)
                e = program_trial_attach(program_rivals_fd(r, i), ifindexes[i], &r->links[i]);
        return e;
}

int program_rivals_open(enum program_rivals_kind kind, const int ifindexes[PROGRAM_RIVALS],
                        struct program_rivals **ret_rivals) {
        struct program_rivals *r = calloc(1, sizeof(*r));
        int e;

        if (!r)
                return -ENOMEM;
        program_library_quiet();
        r->kind = kind;
        for (int i = 0; i < PROGRAM_RIVALS; i++)
                r->links[i] = -1;
        e = rivals_start(r, ifindexes);
        if (e < 0) {
                program_rivals_close(r);
                return e;
        }
        *ret_rivals = r;
        return 0;
}

struct program_rivals *program_rivals_close(struct program_rivals *r) {
        if (!r)
                return NULL;
        for (int i = 0; i < PROGRAM_RIVALS; i++)
                fd_cleanup(&r->links[i]);
        bpf_object__close(r->object);
        free(r);
        return NULL;
}

/* Adds up what stands in an element of a per-CPU map, a row of 64-bit words on each CPU. */
static int words_sum(int fd, uint32_t key, uint64_t *ret_words, size_t bytes) {
        uint32_t cpus = program_cpus_possible();
        uint64_t *all CLEANUP(free_cleanup) = calloc(cpus, bytes);

        if (!all)
                return -ENOMEM;
        if (bpf_map_lookup_elem(fd, &key, all))
                return error_set(-errno, "rivals: cannot read their counts: %s", strerror(errno));
        memset(ret_words, 0, bytes);
        for (size_t i = 0; i < cpus * (bytes / sizeof(*all)); i++)
                ret_words[i % (bytes / sizeof(*all))] += all[i];
        return 0;
}

int program_rivals_locked(const struct program_rivals *r, int rival,
                          struct xskim_lock_counts *ret_counts) {
        /* as in claim_lock.bpf.c; only the kernel knows the lock by name */
        struct {
                uint64_t lock;
                struct xskim_lock_counts counts;
        } shared;
        uint32_t first = 0;

        if (rival)
                return words_sum(map_fd(r, rival), first, (uint64_t *)ret_counts,
                                 sizeof(*ret_counts));
        if (bpf_map_lookup_elem(map_fd(r, rival), &first, &shared))
                return error_set(-errno, "rivals: cannot read their counts: %s", strerror(errno));
        *ret_counts = shared.counts;
        return 0;
}

int program_rivals_branched(const struct program_rivals *r, int rival,
                            struct xskim_branch_state *ret_state) {
        return words_sum(map_fd(r, rival), (uint32_t)rival, (uint64_t *)ret_state,
                         sizeof(*ret_state));
}

int program_rivals_overflown(const struct program_rivals *r,
                             struct xskim_overflow_counts *ret_counts) {
        struct bpf_map *map = bpf_object__find_map_by_name(r->object, ".bss");
        uint32_t first = 0;

        if (!map || bpf_map_lookup_elem(bpf_map__fd(map), &first, ret_counts))
                return error_set(-errno, "rivals: cannot read their counts: %s", strerror(errno));
        return 0;
}

static uint64_t hash_entries(int fd) {
        uint64_t entries = 0, key, *before = NULL;

        while (!bpf_map_get_next_key(fd, before, &key)) {
                before = &key;
                entries++;
        }
        return entries;
}

/* Each entry has a header of 8 bytes before it; nobody has consumed any. */
static int ring_entries(int fd, uint64_t *ret_entries) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        const unsigned long *producer = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, (off_t)page);

        if (producer == MAP_FAILED)
                return error_set(-errno, "rivals: cannot map the ring buffer: %s", strerror(errno));
        *ret_entries = *producer / (XSKIM_OVERFLOW_ENTRY_BYTES + 8);
        munmap((void *)producer, page);
        return 0;
}

int program_rivals_stored(const struct program_rivals *r, int rival, uint64_t *ret_entries) {
        if (rival)
                return ring_entries(map_fd(r, rival), ret_entries);
        *ret_entries = hash_entries(map_fd(r, rival));
        return 0;
}
