/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the launcher program, its maps and its link. See program_launch.h. */
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "program_launch.h"
#include "program_private.h"
/* needs what program_launch.h brings */
#include "launcher.skel.h"
#include "util.h"

struct launch {
        struct launcher_bpf *skeleton;
        int link;
        uint8_t *chunks;
        struct xskim_launch_packet *rows;
        size_t chunks_bytes;
        size_t rows_bytes;
        uint8_t frame[XSKIM_LAUNCH_PACKET_BYTES_MAX]; /* what frames hold before they are loaded */
};

static int program_load(struct launch *l, uint32_t chunks) {
        int r = 0;

        l->skeleton = launcher_bpf__open();
        if (!l->skeleton)
                return error_set(-errno, "launcher program: cannot open: %s", strerror(errno));
        r = bpf_map__set_max_entries(l->skeleton->maps.chunks, chunks);
        r = r ? r
              : bpf_map__set_max_entries(l->skeleton->maps.rows,
                                         chunks * XSKIM_LAUNCH_CHUNK_PACKETS);
        r = r ? r : launcher_bpf__load(l->skeleton);
        if (r < 0)
                return error_set(r,
                                 "launcher program: the kernel refused it (%s). Run 'xskim "
                                 "doctor'; XSKIM_DEBUG=1 shows the verifier's reasons.",
                                 strerror(-r));
        return 0;
}

static size_t map_bytes(const struct bpf_map *map) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        size_t bytes = (size_t)bpf_map__value_size(map) * bpf_map__max_entries(map);

        return (bytes + page - 1) / page * page;
}

static int map_map(const struct bpf_map *map, size_t *ret_bytes, void *ret_address) {
        size_t bytes = map_bytes(map);
        void *address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

        if (address == MAP_FAILED)
                return error_set(-errno, "launcher's packets: cannot map them: %s",
                                 strerror(errno));
        *ret_bytes = bytes;
        *(void **)ret_address = address;
        return 0;
}

static int port_enter(struct launch *l, int ifindex) {
        uint32_t first = 0;

        if (bpf_map_update_elem(bpf_map__fd(l->skeleton->maps.ports), &first, &ifindex, 0))
                return error_set(-errno, "launcher: cannot enter the port: %s", strerror(errno));
        return 0;
}

int launch_open(int ifindex, uint32_t chunks, struct launch **ret_launch) {
        struct launch *l = calloc(1, sizeof(*l));
        int r;

        if (!l)
                return -ENOMEM;
        l->link = -1;
        program_library_quiet();
        r = program_load(l, chunks);
        r = r ? r : map_map(l->skeleton->maps.chunks, &l->chunks_bytes, &l->chunks);
        r = r ? r : map_map(l->skeleton->maps.rows, &l->rows_bytes, &l->rows);
        r = r ? r : port_enter(l, ifindex);
        if (r < 0) {
                launch_close(l);
                return r;
        }
        *ret_launch = l;
        return 0;
}

struct launch *launch_close(struct launch *l) {
        if (!l)
                return NULL;
        fd_cleanup(&l->link);
        if (l->chunks)
                munmap(l->chunks, l->chunks_bytes);
        if (l->rows)
                munmap(l->rows, l->rows_bytes);
        launcher_bpf__destroy(l->skeleton);
        free(l);
        return NULL;
}

int launch_attach(void *launch, int ifindex) {
        LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
        struct launch *l = launch;

        l->link = bpf_link_create(bpf_program__fd(l->skeleton->progs.launcher), ifindex, BPF_XDP,
                                  &options);
        if (l->link < 0)
                return error_set(-errno, "launcher: cannot attach it: %s", strerror(errno));
        return 0;
}

uint8_t *launch_bytes(const struct launch *l, uint32_t chunk) {
        return l->chunks + (size_t)chunk * bpf_map__value_size(l->skeleton->maps.chunks);
}

struct xskim_launch_packet *launch_rows(const struct launch *l, uint32_t chunk) {
        return l->rows + (size_t)chunk * XSKIM_LAUNCH_CHUNK_PACKETS;
}

/* Frames only shrink, which is cheaper than growing: they start as long as the longest packet, or
 * as what is copied in blocks. The interface only has to be one; 1 is the loopback interface of
 * every namespace. */
int launch_run(struct launch *l, const struct launch_run *run, struct launch_result *ret) {
        struct xskim_launch_control *control = &l->skeleton->bss->control, before;
        uint32_t least = run->count > 1 ? XSKIM_LAUNCH_DIRECT_BYTES : 0;
        uint32_t bytes = MIN(MAX(run->bytes, least), sizeof(l->frame));
        struct xdp_md context = {.data_end = bytes, .ingress_ifindex = 1};
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = l->frame, .data_size_in = bytes,
                    .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = (int)run->count,
                    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
        int r;

        control->next = (uint64_t)run->chunk * XSKIM_LAUNCH_CHUNK_PACKETS + run->first;
        control->timed = run->timed;
        before = *control;
        r = bpf_prog_test_run_opts(bpf_program__fd(l->skeleton->progs.launcher), &options);
        if (r < 0 && r != -EINTR && r != -EAGAIN)
                return error_set(r, "launcher: cannot run it: %s", strerror(-r));
        *ret = (struct launch_result){.sent = (uint32_t)(control->sent - before.sent),
                                      .refused = (uint32_t)(control->refused - before.refused)};
        return 0;
}
