/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the sleeping and spinning of the stage. See waiter.h. */
#include <errno.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "loop.h"
#include "netdev.h"
#include "util.h"
#include "waiter.h"

enum {
        /* How long before the point it stops sleeping: twice as late as it was woken lately. */
        MARGIN_NS_MIN = 60000,
        MARGIN_NS_MAX = 2000000,
        MARGIN_DECAY = 64, /* a late wake-up is forgotten by this fraction each time */
        /* Between two looks while there is no time to sleep: when there is time for one, and at
         * all.
         */
        LOOK_NS = 5000000,
        LOOK_NS_MAX = 50000000,
        GLANCE_NS = 20000, /* what a look may take */
        SLEEP_NS_MAX = 1000000000,
        EVENTS = 8,
        TOKEN_STOP = 1,
        TOKEN_PORT = 2,
};

struct waiter {
        struct waiter_config config;
        struct loop *loop;
        int monitor_fd;
        uint64_t margin_ns;
        uint64_t looked_ns;
        bool stopped;
};

int waiter_open(const struct waiter_config *config, struct waiter **ret_waiter) {
        struct waiter *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        *w = (struct waiter){.config = *config, .monitor_fd = -1, .margin_ns = MARGIN_NS_MAX};
        r = loop_open(&w->loop);
        r = r < 0 ? r : loop_poll(w->loop, config->stop_fd, TOKEN_STOP);
        if (config->ifindex && r >= 0)
                r = netdev_monitor_open(&w->monitor_fd);
        if (config->ifindex && r >= 0)
                r = loop_poll(w->loop, w->monitor_fd, TOKEN_PORT);
        if (r < 0) {
                waiter_close(w);
                return r;
        }
        *ret_waiter = w;
        return 0;
}

struct waiter *waiter_close(struct waiter *w) {
        if (!w)
                return NULL;
        loop_close(w->loop);
        fd_cleanup(&w->monitor_fd);
        free(w);
        return NULL;
}

static int port_look(const struct waiter *w) {
        struct netdev_port port;
        int r = netdev_find(w->config.port, &port);

        if (r >= 0 && !port.up)
                return error_set(-ENETDOWN, "%s: went down while it was being replayed to.",
                                 w->config.port);
        return r;
}

static int port_judge(const struct waiter *w, const struct netdev_event *event) {
        if (event->type == NETDEV_LOOK_AGAIN)
                return port_look(w);
        if (event->ifindex != w->config.ifindex || event->type == NETDEV_UP)
                return 0;
        return error_set(-ENETDOWN, "%s: %s while it was being replayed to.", w->config.port,
                         event->type == NETDEV_GONE ? "was removed" : "went down");
}

static int port_events(struct waiter *w) {
        struct netdev_event events[EVENTS];
        int count = 0, r = 0;

        while (r >= 0 && (count = netdev_monitor_read(w->monitor_fd, events, EVENTS)) > 0)
                for (int i = 0; i < count && r >= 0; i++)
                        r = port_judge(w, &events[i]);
        return r < 0 ? r : MIN(count, 0);
}

static int event_take(struct waiter *w, const struct loop_event *event) {
        int r = 0;

        if (event->token == TOKEN_STOP)
                w->stopped = true;
        else if (event->token == TOKEN_PORT)
                r = port_events(w);
        if (r >= 0 && !event->more && event->token == TOKEN_PORT)
                r = loop_poll(w->loop, w->monitor_fd, TOKEN_PORT);
        return r;
}

/* Sleeps at most so long. */
static int sleep_ns(struct waiter *w, uint64_t ns) {
        struct loop_event events[EVENTS];
        int r, count = loop_wait(w->loop, ns, events, EVENTS);

        r = count;
        for (int i = 0; i < count && r >= 0; i++)
                r = event_take(w, &events[i]);
        w->looked_ns = clock_monotonic_ns();
        return r;
}

/* Until `until_ns`, and learns how late it is woken. */
static int sleep_until(struct waiter *w, uint64_t now, uint64_t until_ns) {
        uint64_t wake = now + MIN(until_ns - now, (uint64_t)SLEEP_NS_MAX);
        int r = sleep_ns(w, wake - now);

        w->margin_ns -= w->margin_ns / MARGIN_DECAY;
        if (w->looked_ns > wake)
                w->margin_ns = MAX(w->margin_ns, 2 * (w->looked_ns - wake));
        w->margin_ns = MIN(MAX(w->margin_ns, MARGIN_NS_MIN), MARGIN_NS_MAX);
        return r;
}

static int outcome(const struct waiter *w, int r) {
        return r < 0 ? r : w->stopped ? WAITER_STOP : WAITER_DUE;
}

int waiter_look(struct waiter *w) {
        int r = 0;

        if (clock_monotonic_ns() - w->looked_ns > LOOK_NS)
                r = sleep_ns(w, 0);
        return outcome(w, r);
}

/* Packets that follow each other closely leave no time to sleep, and none may ever be late. */
static int glance(struct waiter *w, uint64_t now, uint64_t until_ns) {
        uint64_t ago_ns = now - w->looked_ns;
        bool has_time = now + GLANCE_NS < until_ns || now >= until_ns;

        return ago_ns > (has_time ? LOOK_NS : LOOK_NS_MAX) ? sleep_ns(w, 0) : 0;
}

int waiter_wait(struct waiter *w, uint64_t until_ns) {
        uint64_t now = clock_monotonic_ns();
        int r = 0;

        while (r >= 0 && !w->stopped && now + w->margin_ns < until_ns) {
                r = sleep_until(w, now, until_ns - w->margin_ns);
                now = clock_monotonic_ns();
        }
        r = r < 0 ? r : glance(w, now, until_ns);
        while (r >= 0 && !w->stopped && now < until_ns)
                now = clock_monotonic_ns();
        return outcome(w, r);
}
