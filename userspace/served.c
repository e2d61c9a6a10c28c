/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the life of one port. See served.h. */
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "log.h"
#include "served.h"
#include "util.h"

static const uint64_t MS = 1000000;

struct served {
        struct serve_port port;
        struct served_common *common;
        struct xskim_session *session; /* NULL: not watched */
        bool summed;                   /* the session's summary is in the base */
        unsigned int notes_told;       /* of the session */
        struct figures base;           /* sessions before this one */
        struct figures figures;
        uint64_t sessions;
        unsigned int ifindex; /* that the name meant when the session began */
        uint64_t since_ns;    /* watched, or not */
        uint64_t due_ns;
        uint32_t pause_ms;
        char reason[LOGBOOK_MESSAGE_BYTES]; /* why it is not watched, as it was logged */
};

/* Of the command's own files, or else the library's. */
static const char *message_of(int r) {
        const char *message = *error_message() ? error_message() : xskim_error_message();

        return *message ? message : strerror(-r);
}

#define LOG(served_, level_, ...)                                                                  \
        logbook_add((served_)->common->book, (served_)->common->now_ns, level_, __VA_ARGS__)

static double seconds_since(const struct served *s, uint64_t then_ns) {
        return (double)(s->common->now_ns - then_ns) / 1e9;
}

/* ---- what a session tells ---- */

static const struct xskim_buckets *buckets_read(struct served *s) {
        for (unsigned int d = 0; d < XSKIM_DISTRIBUTION_COUNT; d++)
                if (xskim_buckets(s->session, 0, (enum xskim_distribution_name)d,
                                  &s->common->buckets[d]) < 0)
                        return NULL;
        return s->common->buckets;
}

/* Those that were there from the beginning belong to the port; others are what became of it. Some
 * begin with its name. */
static void notes_tell(struct served *s, const struct xskim_snapshot *snapshot,
                       enum logbook_level level) {
        for (; s->notes_told < snapshot->note_count; s->notes_told++) {
                const char *note = snapshot->notes[s->notes_told];
                size_t length = strlen(s->port.name);
                bool named = !strncmp(note, s->port.name, length) && strchr(": ", note[length]);

                LOG(s, level, "%s%s%s", named ? "" : s->port.name, named ? "" : ": ", note);
        }
}

static int on_snapshot(void *context, const struct xskim_snapshot *snapshot) {
        struct served *s = context;

        figures_now(&s->base, snapshot, buckets_read(s), &s->figures);
        notes_tell(s, snapshot, LOGBOOK_WARNING);
        return s->common->line.snapshot(s->common->line.context, snapshot);
}

static void ledger_judge(struct served *s, const struct xskim_snapshot *summary) {
        if (!summary->ledger.unaccounted)
                return;
        s->common->unaccounted += summary->ledger.unaccounted;
        LOG(s, LOGBOOK_ERROR,
            "%s: the ledger does not balance: %" PRIu64 " unaccounted for (%s).\n"
            "Its figures cannot be relied on; this is a defect of xskim, please report it.",
            summary->port, summary->ledger.unaccounted, summary->ledger.where);
}

/* Short, for the log; all of it is in the line. */
static void summary_tell(struct served *s, const struct xskim_snapshot *summary) {
        const struct xskim_ledger *l = &summary->ledger;

        LOG(s, LOGBOOK_NOTICE,
            "%s: ended after %.1f s: seen %" PRIu64 " packets, sampled %" PRIu64
            ", lost before %" PRIu64 ", unaccounted %" PRIu64,
            summary->port, summary->duration_s, l->seen, l->sampled, l->lost_before,
            l->unaccounted);
}

static int on_summary(void *context, const struct xskim_snapshot *summary) {
        struct served *s = context;

        figures_base_add(&s->base, summary, buckets_read(s));
        s->summed = true;
        notes_tell(s, summary, LOGBOOK_WARNING);
        summary_tell(s, summary);
        ledger_judge(s, summary);
        return s->common->line.summary(s->common->line.context, summary);
}

/* ---- its life ---- */

/* A session that could not give its summary leaves the last of its snapshots. */
static void session_end(struct served *s) {
        int r = xskim_stop(s->session);

        if (r < 0)
                LOG(s, LOGBOOK_ERROR, "%s: its session ended with an error: %s", s->port.name,
                    message_of(r));
        if (!s->summed) {
                s->base = s->figures;
                s->base.ended++;
        }
        s->session = xskim_close(s->session);
        s->since_ns = s->common->now_ns;
        figures_now(&s->base, NULL, NULL, &s->figures);
}

static void pause_lengthen(struct served *s, int r) {
        s->due_ns = s->common->now_ns + s->pause_ms * MS;
        s->pause_ms =
                r == -ENODEV ? SERVED_PAUSE_MS_MIN : MIN(s->pause_ms * 2, SERVED_PAUSE_MS_MAX);
}

/* Once for each reason: it may be so for days. */
static int wait_on(struct served *s, int r) {
        const char *message = message_of(r);

        if (strncmp(s->reason, message, sizeof(s->reason) - 1)) {
                snprintf(s->reason, sizeof(s->reason), "%s", message);
                LOG(s, LOGBOOK_WARNING, "%s\n%s is not watched; it is tried again until it is.",
                    s->reason, s->port.name);
        }
        pause_lengthen(s, r);
        return r;
}

/* Its mode, and what there is to say of the port, before the first interval is over. */
static void session_begin(struct served *s) {
        struct xskim_snapshot snapshot;

        s->summed = false;
        s->notes_told = 0;
        s->reason[0] = '\0';
        if (s->sessions++)
                LOG(s, LOGBOOK_NOTICE, "%s: watched again, after %.1f s", s->port.name,
                    seconds_since(s, s->since_ns));
        else
                LOG(s, LOGBOOK_NOTICE, "%s: watched", s->port.name);
        s->since_ns = s->common->now_ns;
        if (xskim_snapshot(s->session, 0, &snapshot) < 0) {
                LOG(s, LOGBOOK_ERROR, "%s: no first snapshot: %s", s->port.name, message_of(-EIO));
                return;
        }
        figures_now(&s->base, &snapshot, buckets_read(s), &s->figures);
        notes_tell(s, &snapshot, LOGBOOK_DETAIL);
}

int served_try(struct served *s) {
        const struct xskim_sink sink = {
                .context = s, .snapshot = on_snapshot, .summary = on_summary};
        int r;

        error_clear();
        r = xskim_open(&s->port.config, &s->session);
        if (r < 0)
                return wait_on(s, r);
        s->ifindex = if_nametoindex(s->port.name);
        xskim_sink_add(s->session, &sink);
        session_begin(s);
        return 0;
}

/* A session stays with its device, but the configuration means the name. A device that is gone says
 * so itself: it is looked for last, for it may go meanwhile. */
static bool is_renamed(const struct served *s) {
        char name[IF_NAMESIZE];

        return if_nametoindex(s->port.name) != s->ifindex && if_indextoname(s->ifindex, name);
}

bool served_dispatch(struct served *s) {
        int r;

        if (!s->session)
                return false;
        error_clear();
        r = xskim_dispatch(s->session);
        if (r == XSKIM_CONTINUE && !is_renamed(s))
                return true;
        if (r == XSKIM_CONTINUE)
                LOG(s, LOGBOOK_WARNING, "%s: the device has another name now", s->port.name);
        if (r < 0)
                LOG(s, LOGBOOK_ERROR, "%s: no longer watched: %s", s->port.name, message_of(r));
        if (s->common->now_ns - s->since_ns >= SERVED_LASTED_MS * MS)
                s->pause_ms = SERVED_PAUSE_MS_MIN;
        session_end(s);
        pause_lengthen(s, r < 0 ? r : -ENODEV);
        return false;
}

void served_change(struct served *s, const struct serve_port *port) {
        if (s->session)
                session_end(s);
        serve_port_copy(&s->port, port);
        s->reason[0] = '\0';
        s->due_ns = s->common->now_ns;
        s->pause_ms = SERVED_PAUSE_MS_MIN;
}

struct served *served_new(const struct serve_port *port, struct served_common *common) {
        struct served *s = calloc(1, sizeof(*s));

        if (!s)
                return NULL;
        s->common = common;
        s->since_ns = common->now_ns;
        served_change(s, port);
        memcpy(s->base.port, s->port.name, sizeof(s->base.port));
        figures_now(&s->base, NULL, NULL, &s->figures);
        return s;
}

struct served *served_free(struct served *s) {
        if (!s)
                return NULL;
        if (s->session)
                session_end(s);
        free(s);
        return NULL;
}

const struct serve_port *served_port(const struct served *s) {
        return &s->port;
}

const struct figures *served_figures(const struct served *s) {
        return &s->figures;
}

int served_fd(const struct served *s) {
        return s->session ? xskim_fd(s->session) : -1;
}

uint64_t served_due_ns(const struct served *s) {
        return s->session ? UINT64_MAX : s->due_ns;
}
