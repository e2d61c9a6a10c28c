/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the anchor. See anchor.h. */
#include <stddef.h>

#include "anchor.h"
#include "netdev.h"
#include "netdev_arena.h"
#include "program_launch.h"

enum { ANCHOR_MTU = 1500 };

static int anchor_make(struct launch *launch, int *ret_fd) {
        int ifindex, r = netdev_veth_create("anchor0", "anchor1", ANCHOR_MTU, &ifindex, NULL);

        r = r < 0 ? r : launch_attach(launch, ifindex);
        return r < 0 ? r : netdev_namespace_open(ret_fd);
}

int anchor_drop(struct launch *launch, int *ret_fd) {
        int old_fd, back, r = netdev_namespace_enter_new(&old_fd);

        if (r < 0)
                return r;
        r = anchor_make(launch, ret_fd);
        back = netdev_namespace_return(old_fd);
        return r < 0 ? r : back;
}
