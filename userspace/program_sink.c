/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the sink program and its link. See program_sink.h. */
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "program_private.h"
#include "program_sink.h"
/* needs what program_sink.h brings */
#include "sink.skel.h"
#include "util.h"

struct sink {
        struct sink_bpf *skeleton;
        int link;
        struct xskim_sink_counts *counts; /* one for each possible CPU, to read into */
};

static int sink_load(struct sink *s, int ifindex) {
        LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);

        s->skeleton = sink_bpf__open_and_load();
        if (!s->skeleton)
                return error_set(-errno,
                                 "sink program: the kernel refused it (%s). Run 'xskim doctor'; "
                                 "XSKIM_DEBUG=1 shows the verifier's reasons.",
                                 strerror(errno));
        s->link = bpf_link_create(bpf_program__fd(s->skeleton->progs.sink), ifindex, BPF_XDP,
                                  &options);
        if (s->link < 0)
                return error_set(-errno, "sink program: cannot attach it: %s", strerror(errno));
        return 0;
}

int sink_open(int ifindex, struct sink **ret_sink) {
        struct sink *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->link = -1;
        s->counts = calloc(program_cpus_possible(), sizeof(*s->counts));
        program_library_quiet();
        r = s->counts ? sink_load(s, ifindex) : -ENOMEM;
        if (r < 0) {
                sink_close(s);
                return r;
        }
        *ret_sink = s;
        return 0;
}

struct sink *sink_close(struct sink *s) {
        if (!s)
                return NULL;
        fd_cleanup(&s->link);
        sink_bpf__destroy(s->skeleton);
        free(s->counts);
        free(s);
        return NULL;
}

void sink_pass(struct sink *s, bool passing) {
        s->skeleton->bss->passing = passing;
}

int sink_counts(const struct sink *s, struct xskim_sink_counts *ret_counts) {
        struct xskim_sink_counts sum = {0};
        uint32_t first = 0;

        if (bpf_map_lookup_elem(bpf_map__fd(s->skeleton->maps.counts), &first, s->counts))
                return error_set(-errno, "sink program: cannot read its counts: %s",
                                 strerror(errno));
        for (uint32_t cpu = 0; cpu < program_cpus_possible(); cpu++) {
                sum.packets += s->counts[cpu].packets;
                sum.bytes += s->counts[cpu].bytes;
        }
        *ret_counts = sum;
        return 0;
}
