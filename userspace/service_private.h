/* SPDX-License-Identifier: BSD-2-Clause */
/* The service, shared by service.c (life, loop), service_ports.c (which ports there are) and
 * service_pages.c (what is published), and nobody else. */
#ifndef XSKIM_SERVICE_PRIVATE_H
#define XSKIM_SERVICE_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "http.h"
#include "logbook.h"
#include "notify.h"
#include "outlet.h"
#include "serve_config.h"
#include "served.h"
#include "service.h"

enum {
        SERVICE_STATUS_BYTES = 512,
        SERVICE_PAGE_MS_MIN = 100, /* the least between two pages: a scrape is rarer */
        SERVICE_BEAT_MS = 1000,
        SERVICE_MISSED_BEATS = 3, /* then the service is taken for stuck, and its pages for old */
};

/* What is done time and again. */
enum service_chore { SERVICE_METRICS, SERVICE_BEAT, SERVICE_WATCHDOG, SERVICE_CHORE_COUNT };

struct service_clock {
        uint64_t due_ns;
        uint64_t period_ns; /* 0: never */
};

struct service {
        const char *path;
        struct serve_config config; /* in force */
        struct serve_config fresh;  /* being read */
        struct logbook book;
        struct served_common common;
        struct outlet *outlet; /* standard output, of JSON lines */
        uint64_t lines_lost;   /* as it was logged */
        struct notify notify;
        struct http *http; /* NULL: no metrics */
        int signal_fd;
        struct served *ports[XSKIM_PORTS_MAX]; /* a place stays a port's own; NULL: free */
        struct service_clock clocks[SERVICE_CHORE_COUNT];
        struct figures figures[XSKIM_PORTS_MAX]; /* working space */
        char status[SERVICE_STATUS_BYTES];       /* as it was told */
        bool ready_owed;                         /* READY=1 could not be told yet */
        bool ending;
};

#define SERVICE_LOG(service_, level_, ...)                                                         \
        logbook_add(&(service_)->book, (service_)->common.now_ns, level_, __VA_ARGS__)

/* The message of a failure: of the command's own files, or else the library's. */
const char *service_message(int r);

/* Logs that lines were lost, when more were than the last time. */
void service_losses_tell(struct service *service, const struct outlet_losses *losses);

/* Tells the watchdog that what takes long goes on: a driver may take a second for a port. */
void service_is_at_work(struct service *service);

/* Chores have other periods, or are due at once. */
void service_clocks_set(struct service *service);
void service_is_changed(struct service *service);

/* ---- service_ports.c ---- */

/* Makes the ports what `fresh` says, which is in force from now on. */
void service_ports_apply(struct service *service);

/* Tries those that are due. 0, or -EPERM: the process may not. Failures are logged. */
int service_ports_try(struct service *service);

/* When the next one is due, CLOCK_MONOTONIC; UINT64_MAX: all are watched. */
uint64_t service_ports_due_ns(const struct service *service);

/* ---- service_pages.c ---- */

void service_publish_metrics(struct service *service);

/* Health, readiness, and the status for the service manager when it is another one. */
void service_publish_beat(struct service *service);

#endif
