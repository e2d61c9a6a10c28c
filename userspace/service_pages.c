/* SPDX-License-Identifier: BSD-2-Clause */
/* What a service publishes of itself: pages, and its status. See service_private.h. */
#include <errno.h>
#include <string.h>

#include "log.h"
#include "metrics.h"
#include "service_private.h"
#include "util.h"

static const uint64_t MS = 1000000;

/* The text is taken over. */
static void publish(struct service *s, enum http_page page, unsigned int status, uint64_t period_ns,
                    char *text, size_t bytes) {
        uint32_t valid_ms = (uint32_t)(MAX(period_ns / MS, SERVICE_BEAT_MS) * SERVICE_MISSED_BEATS);
        int r;

        error_clear();
        r = text ? http_publish(s->http, page, status, valid_ms, text, bytes) : -ENOMEM;
        if (r < 0)
                SERVICE_LOG(s, LOGBOOK_ERROR, "metrics: a page could not be made: %s",
                            service_message(r));
}

static unsigned int figures_gather(struct service *s) {
        unsigned int count = 0;

        for (unsigned int p = 0; p < XSKIM_PORTS_MAX; p++)
                if (s->ports[p])
                        s->figures[count++] = *served_figures(s->ports[p]);
        return count;
}

static void page_print(struct service *s, enum http_page page, enum metrics_format format,
                       unsigned int count) {
        char *text = NULL;
        size_t bytes = 0;
        FILE *stream = open_memstream(&text, &bytes);

        if (stream)
                metrics_print(stream, format, s->figures, count);
        if (stream && fclose(stream)) {
                free(text);
                text = NULL;
        }
        publish(s, page, 200, s->clocks[SERVICE_METRICS].period_ns, text, bytes);
}

void service_publish_metrics(struct service *s) {
        unsigned int count = figures_gather(s);

        if (!s->http)
                return;
        page_print(s, HTTP_METRICS, METRICS_TEXT, count);
        page_print(s, HTTP_OPENMETRICS, METRICS_OPENMETRICS, count);
}

/* ---- the beat ---- */

static bool is_watched(const struct service *s, const char *name) {
        for (unsigned int p = 0; p < XSKIM_PORTS_MAX; p++)
                if (s->ports[p] && !strcmp(served_port(s->ports[p])->name, name))
                        return served_fd(s->ports[p]) >= 0;
        return false;
}

/* "watching 2 of 3 ports, not eth1". Returns whether all are. */
static bool status_make(const struct service *s, char status[SERVICE_STATUS_BYTES]) {
        char absent[SERVICE_STATUS_BYTES / 2 + XSKIM_PORTS_MAX * XSKIM_NAME_MAX] = "";
        unsigned int watched = 0;
        size_t used = 0;

        for (unsigned int p = 0; p < s->config.port_count; p++) {
                if (is_watched(s, s->config.ports[p].name))
                        watched++;
                else
                        used += (size_t)snprintf(absent + used, sizeof(absent) - used, "%s %s",
                                                 used ? "," : ", not", s->config.ports[p].name);
        }
        snprintf(status, SERVICE_STATUS_BYTES, "watching %u of %u ports%.*s", watched,
                 s->config.port_count, SERVICE_STATUS_BYTES - 64, absent);
        return watched == s->config.port_count;
}

static void text_publish(struct service *s, enum http_page page, unsigned int status,
                         const char *text) {
        char *line = NULL;
        int length = asprintf(&line, "%s\n", text);

        publish(s, page, status, s->clocks[SERVICE_BEAT].period_ns, length < 0 ? NULL : line,
                length < 0 ? 0 : (size_t)length);
}

void service_publish_beat(struct service *s) {
        char status[SERVICE_STATUS_BYTES];
        bool all = status_make(s, status);

        if (strcmp(status, s->status) && notify_tell(&s->notify, "STATUS=%s", status))
                memcpy(s->status, status, sizeof(s->status));
        if (!s->http)
                return;
        text_publish(s, HTTP_HEALTH, 200, "alive");
        text_publish(s, HTTP_READY, all ? 200 : 503, status);
}
