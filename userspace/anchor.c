/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the anchor. See anchor.h. */
#include <stddef.h>

#include "anchor.h"
#include "netdev.h"
#include "netdev_arena.h"

enum { ANCHOR_MTU = 1500 };

static int anchor_make(int (*attach)(void *program, int ifindex), void *program, int *ret_fd) {
        int ifindex, r = netdev_veth_create("anchor0", "anchor1", ANCHOR_MTU, &ifindex, NULL);

        r = r < 0 ? r : attach(program, ifindex);
        return r < 0 ? r : netdev_namespace_open(ret_fd);
}

int anchor_drop(int (*attach)(void *program, int ifindex), void *program, int *ret_fd) {
        int old_fd, back, r = netdev_namespace_enter_new(&old_fd);

        if (r < 0)
                return r;
        r = anchor_make(attach, program, ret_fd);
        back = netdev_namespace_return(old_fd);
        return r < 0 ? r : back;
}
