/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the pacer program, its maps and its link. See program_pacer.h. */
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "program_pacer.h"
#include "program_private.h"
/* needs what program_pacer.h brings */
#include "pacer.skel.h"
#include "util.h"

struct pacer {
        struct pacer_bpf *skeleton;
        int link;
};

static int pacer_load(struct pacer *p, int ifindex) {
        uint32_t first = 0;

        p->skeleton = pacer_bpf__open_and_load();
        if (!p->skeleton)
                return error_set(-errno,
                                 "pacer program: the kernel refused it (%s). Run 'xskim doctor'; "
                                 "XSKIM_DEBUG=1 shows the verifier's reasons.",
                                 strerror(errno));
        if (bpf_map_update_elem(bpf_map__fd(p->skeleton->maps.ports), &first, &ifindex, 0))
                return error_set(-errno, "pacer: cannot enter the port: %s", strerror(errno));
        return 0;
}

int pacer_open(int ifindex, struct pacer **ret_pacer) {
        struct pacer *p = calloc(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        p->link = -1;
        program_library_quiet();
        r = pacer_load(p, ifindex);
        if (r < 0) {
                pacer_close(p);
                return r;
        }
        *ret_pacer = p;
        return 0;
}

struct pacer *pacer_close(struct pacer *p) {
        if (!p)
                return NULL;
        fd_cleanup(&p->link);
        pacer_bpf__destroy(p->skeleton);
        free(p);
        return NULL;
}

int pacer_attach(void *pacer, int ifindex) {
        LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
        struct pacer *p = pacer;

        p->link = bpf_link_create(bpf_program__fd(p->skeleton->progs.pacer), ifindex, BPF_XDP,
                                  &options);
        if (p->link < 0)
                return error_set(-errno, "pacer: cannot attach it: %s", strerror(errno));
        return 0;
}

struct xskim_pace_control *pacer_control(const struct pacer *p) {
        return &p->skeleton->bss->control;
}

/* The interface only has to be one; see launch_run. */
int pacer_run(struct pacer *p, uint32_t frames, const uint8_t *frame, uint32_t bytes) {
        struct xskim_pace_control *control = pacer_control(p);
        struct xdp_md context = {.data_end = bytes, .ingress_ifindex = 1};
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = bytes,
                    .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = (int)frames,
                    .batch_size = (uint32_t)control->batch, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
        int r;

        control->frames = control->launched = 0;
        r = bpf_prog_test_run_opts(bpf_program__fd(p->skeleton->progs.pacer), &options);
        if (r < 0 && r != -EINTR && r != -EAGAIN)
                return error_set(r, "pacer: cannot run it: %s", strerror(-r));
        return 0;
}
