/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sampler beside other XDP programs: in libxdp's dispatcher, which runs its programs in turn by
 * `freplace`. See program_private.h. What a killed process leaves there is program_clean.c's.
 */
#include <errno.h>
#include <linux/magic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/un.h>

#include "log.h"
#include "program_private.h"
#include "util.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* Before the others: it counts what arrives, not what they let through. */
enum { PROGRAM_SHARED_PRIORITY = 1 };

uint64_t program_owner_namespace(void) {
        int fd CLEANUP(fd_cleanup) = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        uint64_t cookie = 0;
        socklen_t size = sizeof(cookie);

        if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size))
                return 0;
        return cookie;
}

int program_owner_hold(uint32_t states_id, int ifindex, int *ret_fd) {
        int fd CLEANUP(fd_cleanup) = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        int length = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "xskim sampler %u %d",
                              states_id, ifindex);
        socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);

        if (fd < 0 || bind(fd, (const struct sockaddr *)&name, size))
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int owner_set(struct programs *p, struct program_attached *a) {
        struct bpf_map_info facts = {0};
        uint32_t size = sizeof(facts);

        a->sampler->rodata_owner->owner_namespace = program_owner_namespace();
        if (bpf_obj_get_info_by_fd(bpf_map__fd(p->carrier->maps.states), &facts, &size))
                return -errno;
        return program_owner_hold(facts.id, a->ifindex, &a->owner);
}

/* Where libxdp looks for it. */
static int bpffs_require(const char *port) {
        const char *set = secure_getenv("LIBXDP_BPFFS"), *path = set ? set : "/sys/fs/bpf";
        struct statfs found;

        if (!statfs(path, &found) && found.f_type == BPF_FS_MAGIC)
                return 0;
        return error_set(-EOPNOTSUPP,
                         "%s: no bpf file system is mounted on %s, where libxdp's dispatcher keeps "
                         "its programs.\n'mount -t bpf bpf %s' makes one ('ip netns exec' hides "
                         "the one that is there), or run without --shared.",
                         port, path, path);
}

static int shared_create(struct program_attached *a, enum xskim_verdict verdict) {
        DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .obj = a->sampler->obj,
                            .prog_name = bpf_program__name(a->program));
        int r;

        a->shared = xdp_program__create(&options);
        r = (int)libxdp_get_error(a->shared);
        if (r) {
                a->shared = NULL;
                return r;
        }
        r = xdp_program__set_run_prio(a->shared, PROGRAM_SHARED_PRIORITY);
        for (unsigned int action = XDP_ABORTED; action <= XDP_REDIRECT && !r; action++)
                r = xdp_program__set_chain_call_enabled(
                        a->shared, action, action == XDP_PASS && verdict == XSKIM_VERDICT_PASS);
        return r;
}

/* libxdp attaches a program alone, without a word, where it cannot have its dispatcher. */
static int dispatcher_require(const struct program_attached *a) {
        struct xdp_multiprog *found = xdp_multiprog__get_from_ifindex(a->ifindex);
        int r = (int)libxdp_get_error(found);
        bool alone = !r && xdp_multiprog__is_legacy(found);

        if (r)
                return r;
        xdp_multiprog__close(found);
        return alone ? -EPERM : 0;
}

/* What libxdp's refusals mean here; what is left is as with a link. */
static int error_join(const struct program_port *port, int error) {
        if (error == -EPERM)
                return error_set(
                        -EOPNOTSUPP,
                        "%s: the kernel refuses libxdp's dispatcher (freplace programs; look at "
                        "/sys/kernel/security/lockdown). Run without --shared.",
                        port->name);
        if (error == -EINVAL && port->stack)
                return error_set(-EOPNOTSUPP,
                                 "%s: this kernel takes no program into libxdp's dispatcher that "
                                 "makes room for a time stamp before the packet, as --stack does "
                                 "(newer ones do not).\nRun without --stack, or without --shared.",
                                 port->name);
        return error;
}

int program_shared_join(struct programs *p, const struct program_port *port) {
        struct program_attached *a = &p->ports[port->number];
        int r = bpffs_require(port->name);

        r = r ? r : owner_set(p, a);
        r = r ? r : shared_create(a, port->verdict);
        a->shared_mode = port->generic ? XDP_MODE_SKB : XDP_MODE_NATIVE;
        r = r ? r : xdp_program__attach(a->shared, a->ifindex, a->shared_mode, 0);
        r = r ? r : dispatcher_require(a);
        if (!r)
                return 0;
        program_shared_leave(a);
        return error_join(port, r);
}

void program_shared_leave(struct program_attached *a) {
        struct program_cleaned cleaned;
        int r = 0;

        if (a->shared && xdp_program__fd(a->shared) >= 0)
                r = xdp_program__detach(a->shared, a->ifindex, a->shared_mode, 0);
        xdp_program__close(a->shared);
        a->shared = NULL;
        fd_cleanup(&a->owner);
        /* the port or its dispatcher was taken away: the pins are still there */
        if (r)
                program_clean(a->ifindex, &cleaned);
}
