/* SPDX-License-Identifier: BSD-2-Clause */
/* What of a session the library's own experiments need and xskim.h does not give. */
#ifndef XSKIM_ENGINE_H
#define XSKIM_ENGINE_H

#include <stdint.h>

#include <xskim/xskim.h>

/* xskim_open, but that a message that is there stays, and that with `forward_to` the verdict is to
 * send every packet out of this interface of the namespace in which the sampler runs. */
int engine_open(const struct xskim_config *config, int forward_to,
                struct xskim_session **ret_session);

/* The descriptor of the first port's sampler, borrowed. */
int engine_sampler_fd(const struct xskim_session *session);

/* CPU time of all workers until now, without a word with them. */
uint64_t engine_collector_ns(const struct xskim_session *session);

#endif
