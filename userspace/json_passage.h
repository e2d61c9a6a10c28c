/* SPDX-License-Identifier: BSD-2-Clause */
/* A passage as JSON, and the account of the lab's relay read from it. Part of json.h's adapter of
 * jansson. */
#ifndef XSKIM_JSON_PASSAGE_H
#define XSKIM_JSON_PASSAGE_H

#include <xskim/xskim.h>

#include "passage.h"

/*
 * The object of json_player with what the watch found, as its summary has it: "watch" (its port,
 * mode and duration), "transit", "cost", "ledger", each null when nothing was watched; and "lab",
 * {"relay": its account} or null. The caller frees the line. -ENOMEM.
 */
int json_passage(const struct passage_result *result, char **ret_line);

/* What the relay says it did, left to right. ROW(name, how it is called beside the measurement) */
#define JSON_RELAY_ROWS(ROW)                                                                       \
        ROW(seen, "frames that reached its socket")                                                \
        ROW(received, "frames that came to it")                                                    \
        ROW(forwarded, "frames and copies that it passed on")                                      \
        ROW(lost, "lost, as told")                                                                 \
        ROW(duplicated, "copies made, as told")                                                    \
        ROW(reordered, "reordered, as told")                                                       \
        ROW(corrupted, "corrupted, as told")                                                       \
        ROW(queue_full, "no room in the queue of its rate")                                        \
        ROW(limit_reached, "too many under way")                                                   \
        ROW(too_long, "longer than its port takes")                                                \
        ROW(send_failed, "not taken by its port")                                                  \
        ROW(socket_dropped, "came faster than it could take them")                                 \
        ROW(waiting, "still under way when it was stopped")

#define JSON_RELAY_MEMBER(name_, text_) uint64_t name_;

struct json_relay {
        char impair[256];
        JSON_RELAY_ROWS(JSON_RELAY_MEMBER)
        uint64_t late_p50_ns; /* behind the delay that it was told */
        uint64_t late_p99_ns;
        uint64_t unaccounted; /* of both directions */
};

/* False: that is no account. */
bool json_relay_read(const char *account, struct json_relay *ret_relay);

#endif
