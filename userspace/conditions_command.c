/* SPDX-License-Identifier: BSD-2-Clause */
/* Conditions that are another program, beside an empty one in XDP. See conditions.h. */
#include <errno.h>
#include <stdio.h>

#include "conditions_private.h"
#include "foreign.h"
#include "program_peer.h"
#include "util.h"

static int command_open(struct condition *condition) {
        struct foreign *foreign;
        int r = foreign_open(condition->asked->command, condition->all->port.port->name, &foreign);

        if (!r)
                condition->own = foreign;
        return r;
}

static int command_program_fd(const struct condition *condition) {
        return program_peer_fd(condition->all->idle);
}

static int command_enter(struct condition *condition) {
        return foreign_start(condition->own, condition->all->config.settle_ms);
}

static int command_leave(struct condition *condition) {
        return foreign_stop(condition->own);
}

static uint64_t command_collector_ns(const struct condition *condition) {
        return foreign_cpu_ns(condition->own);
}

/* What stands behind its figures. One that was not ready when it was measured cost nothing. */
static void count_judge(struct condition *condition, const struct foreign_count *count) {
        if (condition->note[0] || !condition->truth)
                return;
        if (!count->known)
                snprintf(condition->note, sizeof(condition->note), "does not say what it saw");
        else if ((count->seen + count->dropped) * 2 < condition->truth)
                snprintf(condition->note, sizeof(condition->note),
                         "knows of less than half of the packets: had it settled after %u ms?",
                         condition->all->config.settle_ms);
}

static int command_finish(struct condition *condition, struct xskim_bench_outcome *outcome) {
        struct foreign_count count = foreign_count(condition->own);

        count_judge(condition, &count);
        outcome->seen = count.seen;
        outcome->seen_known = count.known;
        outcome->lost_records = count.dropped;
        return 0;
}

static void command_close(struct condition *condition) {
        condition->own = foreign_close(condition->own);
}

const struct condition_operations CONDITION_COMMAND = {
        .slow = true,
        .optional = true,
        .keeps_empty = true,
        .open = command_open,
        .program_fd = command_program_fd,
        .enter = command_enter,
        .leave = command_leave,
        .collector_ns = command_collector_ns,
        .finish = command_finish,
        .close = command_close,
};
