/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What killed processes left of their samplers in libxdp's dispatcher: found, told from everything
 * else, removed. See program.h.
 *
 * libxdp keeps the programs of a dispatcher as pins in <bpffs>/xdp/dispatch-<ifindex>-<program id>,
 * and makes a new dispatcher for every change: pins it, attaches it, removes the old pins. So there
 * is a sampler that nobody reads, in an attached dispatcher; and there are, after a kill in between
 * or when the interface was deleted, directories of dispatchers that are not attached.
 *
 * Other network namespaces have other interfaces of the same number: a directory is touched only if
 * one of its samplers names this namespace, or if nothing is in it that is not also in the
 * dispatcher attached here.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "log.h"
#include "program_private.h"
#include "util.h"

enum {
        CLEAN_MAPS_MAX = 16,     /* a sampler has six */
        CLEAN_PROGRAMS_MAX = 16, /* a dispatcher has ten */
        /* Somebody may be between pinning and attaching a dispatcher. */
        CLEAN_YOUNG_MS = 50,
};

/* What a program is, to the cleaner. */
enum kind {
        KIND_FOREIGN,
        KIND_KEPT, /* a sampler of a living process, or of another network namespace */
        KIND_LEFT,
};

/* What two maps of a sampler say. */
struct owner {
        uint64_t namespace;
        uint32_t states_id;
};

/* ---- programs ---- */

static void map_look(uint32_t id, struct owner *owner) {
        int fd CLEANUP(fd_cleanup) = bpf_map_get_fd_by_id(id);
        struct bpf_map_info facts = {0};
        uint32_t size = sizeof(facts), key = 0;

        if (fd < 0 || bpf_obj_get_info_by_fd(fd, &facts, &size))
                return;
        if (!strcmp(facts.name, "states"))
                owner->states_id = id;
        if (!strcmp(facts.name, ".rodata.owner") && facts.value_size == sizeof(owner->namespace))
                bpf_map_lookup_elem(fd, &key, &owner->namespace);
}

static enum kind kind_of(int program, int ifindex) {
        uint32_t maps[CLEAN_MAPS_MAX];
        struct bpf_prog_info facts = {.map_ids = (uintptr_t)maps, .nr_map_ids = CLEAN_MAPS_MAX};
        uint32_t size = sizeof(facts);
        struct owner owner = {0};
        int held CLEANUP(fd_cleanup) = -1;

        if (bpf_obj_get_info_by_fd(program, &facts, &size) ||
            strncmp(facts.name, "sampler", strlen("sampler")) != 0)
                return KIND_FOREIGN;
        for (uint32_t i = 0; i < MIN(facts.nr_map_ids, (uint32_t)CLEAN_MAPS_MAX); i++)
                map_look(maps[i], &owner);
        if (!owner.namespace || !owner.states_id)
                return KIND_FOREIGN;
        if (owner.namespace != program_owner_namespace())
                return KIND_KEPT;
        return program_owner_hold(owner.states_id, ifindex, &held) ? KIND_KEPT : KIND_LEFT;
}

static uint32_t id_of(int program) {
        struct bpf_prog_info facts = {0};
        uint32_t size = sizeof(facts);

        return bpf_obj_get_info_by_fd(program, &facts, &size) ? 0 : facts.id;
}

/* ---- attached ---- */

/* What is attached to an interface, and what is in it when that is a dispatcher. */
struct attached {
        struct xdp_multiprog *all; /* NULL: nothing */
        struct xdp_program *programs[CLEAN_PROGRAMS_MAX];
        size_t count;
};

static void attached_cleanup(struct attached *attached) {
        xdp_multiprog__close(attached->all);
}

/* libxdp 1.3.1 loses a descriptor when asked about a program that is no dispatcher; so it is asked
 * only where there may be something to remove. */
static bool attached_is_worth_asking(int ifindex) {
        LIBBPF_OPTS(bpf_xdp_query_opts, query);
        struct bpf_prog_info facts = {0};
        uint32_t size = sizeof(facts), id;
        int fd CLEANUP(fd_cleanup) = -1;

        if (bpf_xdp_query(ifindex, 0, &query))
                return false;
        id = query.prog_id ? query.prog_id : query.drv_prog_id;
        fd = id ? bpf_prog_get_fd_by_id(id) : -1;
        if (fd < 0 || bpf_obj_get_info_by_fd(fd, &facts, &size))
                return false;
        return !strcmp(facts.name, "xdp_dispatcher") || kind_of(fd, ifindex) == KIND_LEFT;
}

static int attached_find(int ifindex, struct attached *attached) {
        struct xdp_program *program = NULL;
        struct xdp_multiprog *all;
        int r;

        if (!attached_is_worth_asking(ifindex))
                return 0;
        all = xdp_multiprog__get_from_ifindex(ifindex);
        r = (int)libxdp_get_error(all);
        if (r)
                return r == -ENOENT || r == -ENODEV ? 0 : r;
        attached->all = all;
        if (xdp_multiprog__is_legacy(all) && xdp_multiprog__main_prog(all))
                attached->programs[attached->count++] = xdp_multiprog__main_prog(all);
        else
                while ((program = xdp_multiprog__next_prog(program, all)) &&
                       attached->count < CLEAN_PROGRAMS_MAX)
                        attached->programs[attached->count++] = program;
        return 0;
}

static bool attached_is_in(const struct attached *attached, uint32_t id) {
        for (size_t i = 0; i < attached->count; i++)
                if (xdp_program__id(attached->programs[i]) == id)
                        return true;
        return false;
}

static int attached_clean(int ifindex, struct program_cleaned *cleaned) {
        struct attached attached CLEANUP(attached_cleanup) = {0};
        struct xdp_program *left[CLEAN_PROGRAMS_MAX];
        size_t count = 0;
        int r = attached_find(ifindex, &attached);

        for (size_t i = 0; i < attached.count && !r; i++)
                if (kind_of(xdp_program__fd(attached.programs[i]), ifindex) == KIND_LEFT)
                        left[count++] = attached.programs[i];
        if (r || !count)
                return r;
        r = xdp_program__detach_multi(left, count, ifindex,
                                      xdp_multiprog__attach_mode(attached.all), 0);
        cleaned->samplers += r ? 0 : (uint32_t)count;
        return r;
}

/* ---- pins ---- */

/* A pin is a program, or the link of one to the dispatcher. */
static int pin_open(int directory, const char *name) {
        int link CLEANUP(fd_cleanup) = -1;
        struct bpf_link_info facts = {0};
        uint32_t size = sizeof(facts);
        char path[64 + NAME_MAX];

        snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", directory, name);
        if (!strstr(name, "-link"))
                return bpf_obj_get(path);
        link = bpf_obj_get(path);
        if (link < 0 || bpf_obj_get_info_by_fd(link, &facts, &size))
                return -1;
        return bpf_prog_get_fd_by_id(facts.prog_id);
}

/* What the pins of one directory are. */
struct pins {
        unsigned int left;
        unsigned int kept;
        unsigned int strangers; /* neither ours nor in what is attached; or not to be read */
};

static void pins_count(DIR *directory, int ifindex, const struct attached *attached,
                       struct pins *pins) {
        struct dirent *entry;

        rewinddir(directory);
        while ((entry = readdir(directory))) {
                int program CLEANUP(fd_cleanup) = -1;
                enum kind kind;

                if (entry->d_name[0] == '.')
                        continue;
                program = pin_open(dirfd(directory), entry->d_name);
                kind = program < 0 ? KIND_FOREIGN : kind_of(program, ifindex);
                pins->left += kind == KIND_LEFT;
                pins->kept += kind == KIND_KEPT;
                pins->strangers += kind == KIND_FOREIGN &&
                                   (program < 0 || !attached_is_in(attached, id_of(program)));
        }
}

static int pins_remove(DIR *parent, DIR *directory, const char *name,
                       struct program_cleaned *cleaned) {
        struct dirent *entry;

        rewinddir(directory);
        while ((entry = readdir(directory)))
                if (entry->d_name[0] != '.' && unlinkat(dirfd(directory), entry->d_name, 0))
                        return -errno;
        if (unlinkat(dirfd(parent), name, AT_REMOVEDIR))
                return -errno;
        cleaned->directories++;
        return 0;
}

static bool is_young(DIR *directory) {
        struct timespec now;
        struct stat facts;

        if (fstat(dirfd(directory), &facts) || clock_gettime(CLOCK_REALTIME, &now))
                return true;
        return (now.tv_sec - facts.st_mtim.tv_sec) * 1000 +
                       (now.tv_nsec - facts.st_mtim.tv_nsec) / 1000000 <
               CLEAN_YOUNG_MS;
}

static void directory_cleanup(DIR **directory) {
        if (*directory)
                closedir(*directory);
}

/* 1: it is to go, but somebody may be about to attach it. */
static int directory_clean(DIR *parent, const char *name, int ifindex, uint32_t dispatcher,
                           struct program_cleaned *cleaned) {
        struct attached attached CLEANUP(attached_cleanup) = {0};
        int fd CLEANUP(fd_cleanup) = openat(dirfd(parent), name, O_DIRECTORY | O_CLOEXEC);
        DIR *directory CLEANUP(directory_cleanup) = fd < 0 ? NULL : fdopendir(fd);
        struct pins pins = {0};
        int r;

        if (!directory)
                return -errno;
        fd = -1;
        r = attached_find(ifindex, &attached);
        if (r < 0)
                return r;
        if (attached.all && xdp_program__id(xdp_multiprog__main_prog(attached.all)) == dispatcher)
                return 0;
        flock(dirfd(parent), LOCK_EX); /* libxdp's own, for pins; not while asking libxdp */
        pins_count(directory, ifindex, &attached, &pins);
        if (pins.kept || (pins.strangers && !pins.left))
                r = 0;
        else if (is_young(directory))
                r = 1;
        else
                r = pins_remove(parent, directory, name, cleaned);
        flock(dirfd(parent), LOCK_UN);
        return r;
}

/* Returns how many directories are still too young, or the last error. */
static int directories_clean(DIR *parent, int ifindex, struct program_cleaned *cleaned) {
        int r, young = 0, failed = 0;
        struct dirent *entry;

        rewinddir(parent);
        while ((entry = readdir(parent))) {
                uint32_t dispatcher;
                int of;

                if (sscanf(entry->d_name, "dispatch-%d-%u", &of, &dispatcher) != 2 ||
                    (ifindex && of != ifindex))
                        continue;
                r = directory_clean(parent, entry->d_name, of, dispatcher, cleaned);
                young += r > 0;
                failed = r < 0 ? r : failed;
        }
        return failed ? failed : young;
}

static int pins_clean(int ifindex, struct program_cleaned *cleaned) {
        const char *set = secure_getenv("LIBXDP_BPFFS");
        DIR *parent CLEANUP(directory_cleanup) = NULL;
        char path[PATH_MAX];
        int young;

        snprintf(path, sizeof(path), "%s/xdp", set ? set : "/sys/fs/bpf");
        parent = opendir(path);
        if (!parent)
                return errno == ENOENT ? 0 : -errno;
        young = directories_clean(parent, ifindex, cleaned);
        if (young <= 0)
                return young;
        usleep(CLEAN_YOUNG_MS * 1000);
        young = directories_clean(parent, ifindex, cleaned);
        return MIN(young, 0);
}

/* ---- all of it ---- */

static int interfaces_clean(struct program_cleaned *cleaned) {
        struct if_nameindex *all = if_nameindex();
        int r, failed = 0;

        if (!all)
                return -errno;
        for (const struct if_nameindex *one = all; one->if_index; one++) {
                r = attached_clean((int)one->if_index, cleaned);
                failed = r < 0 ? r : failed;
        }
        if_freenameindex(all);
        return failed;
}

int program_clean(int ifindex, struct program_cleaned *ret_cleaned) {
        int r, pins;

        *ret_cleaned = (struct program_cleaned){0};
        program_library_quiet();
        r = ifindex ? attached_clean(ifindex, ret_cleaned) : interfaces_clean(ret_cleaned);
        pins = pins_clean(ifindex, ret_cleaned);
        return r < 0 ? r : pins;
}
