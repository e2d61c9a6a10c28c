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

/*
 * While no packet comes to its samplers: the workers empty the rings and sleep, without a flush
 * timer, until they are resumed; then the timer's phase is the one that `random` says. So what a
 * session costs falls into the time in which it has the port, and nowhere else.
 */
int engine_rest(struct xskim_session *session);
int engine_resume(struct xskim_session *session, uint64_t random);

#endif
