/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a service, its loop and its signals. See service.h. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "clock.h"
#include "json.h"
#include "log.h"
#include "service_private.h"
#include "util.h"

enum {
        SIGNALS_PLACE = XSKIM_PORTS_MAX, /* behind the ports' places, in what is waited for */
        PLACES,
        WAIT_MS_MAX = 60000,
};

static const uint64_t MS = 1000000;

const char *service_message(int r) {
        const char *message = *error_message() ? error_message() : xskim_error_message();

        return *message ? message : strerror(-r);
}

/* ---- JSON lines ---- */

/* Output that fails, or stands still, is no reason to stop watching. */
void service_losses_tell(struct service *s, const struct outlet_losses *losses) {
        uint64_t lost = losses->full + losses->failed;

        if (lost > s->lines_lost)
                SERVICE_LOG(s, LOGBOOK_ERROR, "JSON: lost %" PRIu64 " lines, since the start: %s",
                            lost,
                            losses->error ? strerror(losses->error)
                                          : "standard output does not take them fast enough");
        s->lines_lost = lost;
}

static void line_put(struct service *s, const struct xskim_snapshot *snapshot,
                     enum json_type type) {
        char *line;

        if (!s->config.json)
                return;
        error_clear();
        if (json_line(snapshot, type, &line) < 0)
                SERVICE_LOG(s, LOGBOOK_ERROR, "JSON: a line is lost: %s", service_message(-ENOMEM));
        else
                (void)outlet_put(s->outlet, line); /* see service_losses_tell */
}

static int on_snapshot(void *context, const struct xskim_snapshot *snapshot) {
        line_put(context, snapshot, JSON_SNAPSHOT);
        return 0;
}

static int on_summary(void *context, const struct xskim_snapshot *summary) {
        line_put(context, summary, JSON_SUMMARY);
        return 0;
}

/* ---- time ---- */

/* Due when the period has passed since it was done last, however late that was. */
static void clock_set(struct service_clock *clock, uint64_t period_ns, uint64_t now) {
        clock->period_ns = period_ns;
        clock->due_ns = period_ns ? now + period_ns : UINT64_MAX;
}

void service_clocks_set(struct service *s) {
        uint64_t now = s->common.now_ns;

        clock_set(&s->clocks[SERVICE_METRICS], MAX(s->config.interval_ms, SERVICE_PAGE_MS_MIN) * MS,
                  now);
        clock_set(&s->clocks[SERVICE_BEAT], SERVICE_BEAT_MS * MS, now);
}

void service_is_changed(struct service *s) {
        s->clocks[SERVICE_METRICS].due_ns = s->clocks[SERVICE_BEAT].due_ns = s->common.now_ns;
}

/* What has no room now is told with a later beat: without it the service is killed in the end. */
static void ready_tell(struct service *s) {
        s->ready_owed = !notify_tell(&s->notify, "READY=1");
}

static void beat(struct service *s) {
        if (s->ready_owed)
                ready_tell(s);
        const struct outlet_losses losses = outlet_losses(s->outlet);

        service_losses_tell(s, &losses);
        service_publish_beat(s);
        logbook_settle(&s->book, s->common.now_ns, false);
}

static void watchdog_feed(struct service *s) {
        notify_tell(&s->notify, "WATCHDOG=1");
}

void service_is_at_work(struct service *s) {
        if (s->clocks[SERVICE_WATCHDOG].period_ns)
                watchdog_feed(s);
}

static void (*const CHORES[SERVICE_CHORE_COUNT])(struct service *s) = {
        [SERVICE_METRICS] = service_publish_metrics,
        [SERVICE_BEAT] = beat,
        [SERVICE_WATCHDOG] = watchdog_feed,
};

static void chores_do(struct service *s) {
        for (unsigned int c = 0; c < SERVICE_CHORE_COUNT; c++) {
                struct service_clock *clock = &s->clocks[c];

                if (clock->due_ns > s->common.now_ns)
                        continue;
                CHORES[c](s);
                clock_set(clock, clock->period_ns, s->common.now_ns);
        }
}

static int wait_ms(const struct service *s) {
        uint64_t due_ns = service_ports_due_ns(s), now = clock_monotonic_ns();

        for (unsigned int c = 0; c < SERVICE_CHORE_COUNT; c++)
                due_ns = MIN(due_ns, s->clocks[c].due_ns);
        if (due_ns <= now)
                return 0;
        return (int)MIN((due_ns - now + MS - 1) / MS, (uint64_t)WAIT_MS_MAX);
}

/* ---- signals ---- */

/* A file that is not right changes nothing. */
static void reload(struct service *s) {
        int r;

        notify_tell(&s->notify, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                    clock_monotonic_ns() / 1000);
        error_clear();
        r = serve_config_read(s->path, &s->fresh);
        if (r < 0) {
                logbook_answer(&s->book, LOGBOOK_ERROR, "reload: refused, and nothing changes: %s",
                               service_message(r));
        } else {
                /* each port's summary is told, however like it is to an earlier one */
                logbook_settle(&s->book, s->common.now_ns, true);
                service_ports_apply(s);
                service_ports_try(s);
                service_clocks_set(s);
                service_is_changed(s);
                logbook_answer(&s->book, LOGBOOK_NOTICE, "reload: %s is in force", s->path);
        }
        ready_tell(s);
}

static void signals_take(struct service *s) {
        struct signalfd_siginfo taken;

        while (read(s->signal_fd, &taken, sizeof(taken)) == sizeof(taken)) {
                if (taken.ssi_signo == SIGHUP)
                        reload(s);
                else
                        s->ending = true;
        }
}

static int signals_open(struct service *s) {
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGHUP);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (s->signal_fd < 0)
                return error_set(-errno, "service: no descriptor for signals: %s", strerror(errno));
        return 0;
}

/* ---- the loop ---- */

static void waits_make(const struct service *s, struct pollfd waits[PLACES]) {
        for (unsigned int p = 0; p < XSKIM_PORTS_MAX; p++)
                waits[p] = (struct pollfd){
                        .fd = s->ports[p] ? served_fd(s->ports[p]) : -1,
                        .events = POLLIN,
                };
        waits[SIGNALS_PLACE] = (struct pollfd){.fd = s->signal_fd, .events = POLLIN};
}

static void port_serve(struct service *s, unsigned int place) {
        if (!served_dispatch(s->ports[place]))
                service_is_changed(s);
}

static int turn(struct service *s) {
        struct pollfd waits[PLACES];

        waits_make(s, waits);
        if (poll(waits, PLACES, wait_ms(s)) < 0 && errno != EINTR)
                return error_set(-errno, "service: cannot wait: %s", strerror(errno));
        s->common.now_ns = clock_monotonic_ns();
        for (unsigned int p = 0; p < XSKIM_PORTS_MAX; p++)
                if (waits[p].revents)
                        port_serve(s, p);
        /* last: after it a place may be another port's */
        if (waits[SIGNALS_PLACE].revents)
                signals_take(s);
        if (s->ending)
                return 0;
        service_ports_try(s);
        chores_do(s);
        return 0;
}

int service_run(struct service *s) {
        int r = 0;

        ready_tell(s);
        while (!s->ending && r >= 0)
                r = turn(s);
        return r;
}

/* ---- its life ---- */

static int metrics_listen(struct service *s) {
        const struct serve_config *config = &s->config;

        if (!config->metrics_port)
                return 0;
        return http_open(config->metrics_address, config->metrics_port, &s->http);
}

/* The configuration that is in force has no ports yet, so all are new. */
static int start(struct service *s) {
        int r = serve_config_read(s->path, &s->fresh);

        if (r < 0)
                return r;
        s->config.metrics_port = s->fresh.metrics_port;
        memcpy(s->config.metrics_address, s->fresh.metrics_address,
               sizeof(s->config.metrics_address));
        r = signals_open(s);
        r = r < 0 ? r : notify_open(&s->notify);
        r = r < 0 ? r : outlet_open(STDOUT_FILENO, &s->outlet);
        r = r < 0 ? r : metrics_listen(s);
        if (r < 0)
                return r;
        clock_set(&s->clocks[SERVICE_WATCHDOG], notify_watchdog_ns() / 2, s->common.now_ns);
        service_ports_apply(s);
        service_clocks_set(s);
        service_is_changed(s);
        r = service_ports_try(s);
        if (r >= 0)
                chores_do(s);
        return r;
}

int service_open(const char *path, struct service **ret_service) {
        struct service *s = calloc(1, sizeof(*s));
        uint64_t unaccounted;
        int r;

        error_clear();
        if (!s)
                return error_set(-ENOMEM, "service: no memory");
        s->path = path;
        s->book.stream = stderr;
        s->book.numbered = notify_is_journal(STDERR_FILENO);
        s->common.book = &s->book;
        s->common.now_ns = clock_monotonic_ns();
        s->common.line =
                (struct xskim_sink){.context = s, .snapshot = on_snapshot, .summary = on_summary};
        s->notify = NOTIFY_NULL;
        s->signal_fd = -1;
        r = start(s);
        if (r < 0) {
                service_close(s, &unaccounted);
                return r;
        }
        *ret_service = s;
        return 0;
}

struct service *service_close(struct service *s, uint64_t *ret_unaccounted) {
        struct outlet_losses losses = {};

        *ret_unaccounted = 0;
        if (!s)
                return NULL;
        notify_tell(&s->notify, "STOPPING=1");
        /* each port's summary is told, however like it is to an earlier one */
        logbook_settle(&s->book, s->common.now_ns, true);
        for (unsigned int p = 0; p < XSKIM_PORTS_MAX; p++)
                s->ports[p] = served_free(s->ports[p]);
        s->outlet = outlet_close(s->outlet, &losses);
        service_losses_tell(s, &losses);
        s->http = http_close(s->http);
        logbook_settle(&s->book, s->common.now_ns, true);
        *ret_unaccounted = s->common.unaccounted;
        notify_close(&s->notify);
        fd_cleanup(&s->signal_fd);
        free(s);
        return NULL;
}
