/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskim serve: ports watched side by side for as long as the machine runs, one loop around them.
 * Owns the loop, the signals, the pages and the log; what becomes of one port is in served.h.
 *
 *     service_open    reads the configuration, listens, tries each port once
 *     service_run     until SIGTERM or SIGINT; SIGHUP reads the configuration anew
 *     service_close   ends the sessions, with their summaries
 *
 * One thread: this one. Beside it are the workers of the sessions, the HTTP server's own, and one
 * that writes standard output; none of them waits for it. What blocks it: a port that is opened or
 * closed (some tens of ms each). Memory: some 250 KB, 4 MB when standard output stands still with
 * `json`, and for each port some 20 KB, two pages of 20 KB, and its session.
 *
 * Needs what xskim_open needs, each time that a port comes back.
 */
#ifndef XSKIM_SERVICE_H
#define XSKIM_SERVICE_H

#include <stdint.h>

struct service;

/*
 * From here on SIGHUP, SIGTERM and SIGINT are blocked, to be taken by service_run. A port that
 * cannot be watched yet is no error, but for want of a privilege (-EPERM, which the log has said).
 * Else the errors of serve_config_read, http_open and notify_open. `path` is borrowed until the
 * end.
 */
int service_open(const char *path, struct service **ret_service);

/* 0 when a signal ended it, or the negative errno of waiting. */
int service_run(struct service *service);

/* NULL is fine. *ret_unaccounted: the sum over all summaries of all ports. Returns NULL. */
struct service *service_close(struct service *service, uint64_t *ret_unaccounted);

#endif
