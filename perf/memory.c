/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel memory of a session with the defaults and one port: `cost.kernel_memory_bytes`, and where
 * it goes, each map and program by the kernel's own account (memlock in fdinfo). The bound is the
 * white paper's figure for a session, on 2 CPUs; the note says how many there are. UMEM and carrier
 * ports are shown apart, as everywhere.
 *
 * usage: perf-memory [--json]
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "bench.h"
#include "lab.h"
#include "program.h"
#include "util.h"

static const double BOUND_BYTES = 320 * 1024;

enum { MEMORY_OBJECTS_MAX = 128 };

/* A map or program that this process holds, once however many descriptors it has. */
struct object {
        bool is_map;
        unsigned int id;
        unsigned long long bytes;
        char name[BPF_OBJ_NAME_LEN];
};

struct objects {
        struct object list[MEMORY_OBJECTS_MAX];
        size_t count;
};

static bool object_read(int fd, struct object *object) {
        char path[64], line[128];
        FILE *file;

        *object = (struct object){.id = 0};
        snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
        file = fopen(path, "r");
        if (!file)
                return false;
        while (fgets(line, sizeof(line), file)) {
                if (sscanf(line, "map_id: %u", &object->id) == 1)
                        object->is_map = true;
                sscanf(line, "prog_id: %u", &object->id);
                sscanf(line, "memlock: %llu", &object->bytes);
        }
        fclose(file);
        return object->id && object->bytes;
}

static void object_name(int fd, struct object *object) {
        struct bpf_map_info map = {0};
        struct bpf_prog_info program = {0};
        uint32_t map_size = sizeof(map), program_size = sizeof(program);

        if (object->is_map && !bpf_obj_get_info_by_fd(fd, &map, &map_size))
                memcpy(object->name, map.name, sizeof(object->name));
        else if (!object->is_map && !bpf_obj_get_info_by_fd(fd, &program, &program_size))
                memcpy(object->name, program.name, sizeof(object->name));
}

static void objects_add(struct objects *objects, int fd) {
        struct object object;

        if (objects->count == MEMORY_OBJECTS_MAX || !object_read(fd, &object))
                return;
        for (size_t i = 0; i < objects->count; i++)
                if (objects->list[i].id == object.id && objects->list[i].is_map == object.is_map)
                        return;
        object_name(fd, &object);
        objects->list[objects->count++] = object;
}

static void objects_find(struct objects *objects) {
        DIR *directory = opendir("/proc/self/fd");
        struct dirent *entry;

        lab_must(directory ? 0 : -errno, "/proc/self/fd");
        while ((entry = readdir(directory)))
                if (entry->d_name[0] != '.')
                        objects_add(objects, atoi(entry->d_name));
        closedir(directory);
}

static int figure_print(const char *name, double bytes, double bound, const char *note, bool json) {
        struct bench_figure figure = bench_compare(
                &bytes, NULL, 1, isnan(bound) ? BENCH_NONE : BENCH_VALUE_AT_MOST, bound);

        figure.name = name;
        figure.unit = "bytes";
        figure.note = note;
        bench_print(&figure, json);
        return bench_status(&figure, 1);
}

static double breakdown_print(const struct objects *objects, bool json) {
        char name[64];
        double sum = 0;

        for (size_t i = 0; i < objects->count; i++) {
                const struct object *object = &objects->list[i];

                snprintf(name, sizeof(name), "memory_%s_%s", object->is_map ? "map" : "program",
                         object->name);
                figure_print(name, (double)object->bytes, NAN, NULL, json);
                sum += (double)object->bytes;
        }
        return sum;
}

int main(int argc, char **argv) {
        struct xskim_snapshot *snapshot CLEANUP(free_cleanup) = calloc(1, sizeof(*snapshot));
        bool json = bench_wants_json(argc, argv);
        struct objects objects = {.count = 0};
        struct xskim_session *session;
        struct xskim_config config;
        double total, sum;
        char note[64];
        int status;

        if (!snapshot)
                abort();
        lab_open();
        lab_port("memory");
        xskim_config_init(&config);
        config.ports[0] = "memory";
        config.port_count = 1;
        lab_must(xskim_open(&config, &session), "opening a session");
        lab_must(xskim_snapshot(session, 0, snapshot), "snapshot");
        objects_find(&objects);
        total = (double)snapshot->cost.kernel_memory_bytes;
        snprintf(note, sizeof(note), "%u possible CPUs, %u slots a ring", program_cpus_possible(),
                 config.ring_slots);
        status = figure_print("kernel_memory", total, BOUND_BYTES, note, json);
        sum = breakdown_print(&objects, json);
        figure_print("memory_socket_and_io_uring", total - sum, NAN,
                     "kernel_memory less the maps and programs above", json);
        figure_print("memory_carriers", (double)snapshot->cost.carrier_memory_bytes, NAN,
                     "apart: UMEM and carrier ports", json);
        figure_print("memory_user", (double)snapshot->cost.user_memory_bytes, NAN, "apart", json);
        xskim_close(session);
        return status;
}
