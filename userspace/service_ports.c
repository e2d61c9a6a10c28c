/* SPDX-License-Identifier: BSD-2-Clause */
/* Which ports a service has, and when they are tried. See service_private.h. */
#include <errno.h>
#include <string.h>

#include "service_private.h"
#include "util.h"

static const struct serve_port *wanted_find(const struct serve_config *config, const char *name) {
        for (unsigned int p = 0; p < config->port_count; p++)
                if (!strcmp(config->ports[p].name, name))
                        return &config->ports[p];
        return NULL;
}

static bool is_served(const struct service *s, const char *name) {
        for (unsigned int p = 0; p < XSKIM_PORTS_MAX; p++)
                if (s->ports[p] && !strcmp(served_port(s->ports[p])->name, name))
                        return true;
        return false;
}

/* Those that go and those that change. */
static void ports_leave(struct service *s) {
        for (unsigned int p = 0; p < XSKIM_PORTS_MAX; p++) {
                const struct serve_port *now, *wanted;

                if (!s->ports[p])
                        continue;
                now = served_port(s->ports[p]);
                wanted = wanted_find(&s->fresh, now->name);
                if (!wanted) {
                        logbook_answer(&s->book, LOGBOOK_NOTICE,
                                       "%s: no longer in the configuration", now->name);
                        s->ports[p] = served_free(s->ports[p]);
                        service_is_at_work(s);
                } else if (!serve_port_same(now, wanted)) {
                        logbook_answer(&s->book, LOGBOOK_NOTICE, "%s: has other settings now",
                                       now->name);
                        served_change(s->ports[p], wanted);
                        service_is_at_work(s);
                }
        }
}

/* There is a place for each: no more ports are allowed than places. */
static void port_add(struct service *s, const struct serve_port *wanted) {
        for (unsigned int p = 0; p < XSKIM_PORTS_MAX; p++) {
                if (s->ports[p])
                        continue;
                s->ports[p] = served_new(wanted, &s->common);
                if (!s->ports[p])
                        SERVICE_LOG(s, LOGBOOK_ERROR,
                                    "%s: no memory to watch it. Reload when there is some.",
                                    wanted->name);
                return;
        }
}

/* The socket that listens is the only thing that stays. */
static void metrics_keep(struct service *s) {
        struct serve_config *fresh = &s->fresh;
        const struct serve_config *now = &s->config;

        if (fresh->metrics_port == now->metrics_port &&
            !strcmp(fresh->metrics_address, now->metrics_address))
                return;
        logbook_answer(&s->book, LOGBOOK_WARNING,
                       "metrics: where it listens does not change while it runs. Restart the "
                       "service for that.");
        fresh->metrics_port = now->metrics_port;
        memcpy(fresh->metrics_address, now->metrics_address, sizeof(fresh->metrics_address));
}

static void config_take(struct service *s) {
        s->config = s->fresh;
        for (unsigned int p = 0; p < s->fresh.port_count; p++)
                serve_port_copy(&s->config.ports[p], &s->fresh.ports[p]);
}

void service_ports_apply(struct service *s) {
        metrics_keep(s);
        ports_leave(s);
        for (unsigned int p = 0; p < s->fresh.port_count; p++)
                if (!is_served(s, s->fresh.ports[p].name))
                        port_add(s, &s->fresh.ports[p]);
        config_take(s);
}

int service_ports_try(struct service *s) {
        int r = 0;

        for (unsigned int p = 0; p < XSKIM_PORTS_MAX; p++) {
                int one;

                if (!s->ports[p] || served_due_ns(s->ports[p]) > s->common.now_ns)
                        continue;
                one = served_try(s->ports[p]);
                service_is_at_work(s);
                if (!one)
                        service_is_changed(s);
                r = one == -EPERM ? one : r;
        }
        return r;
}

uint64_t service_ports_due_ns(const struct service *s) {
        uint64_t due_ns = UINT64_MAX;

        for (unsigned int p = 0; p < XSKIM_PORTS_MAX; p++)
                if (s->ports[p])
                        due_ns = MIN(due_ns, served_due_ns(s->ports[p]));
        return due_ns;
}
