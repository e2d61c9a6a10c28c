/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libxskim: watch network ports with XDP, end to end, with percentiles, own cost and a ledger that
 * balances.
 *
 * A session goes through these calls, all from one thread:
 *
 *     xskim_config_init(&config)        plain values; change what you need
 *     xskim_open(&config, &session)     allocates everything, attaches; blocks some tens of ms, and
 *                                       as long as it takes to read what is expected
 *     xskim_sink_add(session, &sink)    who is told; any number up to XSKIM_SINKS_MAX
 *     xskim_run(session)                until it ends; or xskim_fd and xskim_dispatch in your loop
 *     xskim_close(session)              detaches, empties the rings, tells the summary, frees
 *
 * A record file: xskim_reader_open, _columns, _next, _summary, _judge, _close. A machine or a port:
 * xskim_examine.
 *
 * Nothing is allocated after xskim_open has returned. Worker threads are the library's own; sinks
 * run on the caller's thread, inside xskim_dispatch, xskim_run and xskim_stop.
 *
 * Errors: every function returns 0 or a negative errno, unless it says otherwise; the message for
 * the person, with what to do, is in xskim_error_message(). Positive values are outcomes,
 * documented at the function.
 *
 * Capabilities: xskim_open needs CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN (for the
 * network namespace of the carrier ports); nothing afterwards, and the workers hold none.
 */
#ifndef XSKIM_H
#define XSKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xskim_figures.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
        XSKIM_PORTS_MAX = 16,
        XSKIM_SINKS_MAX = 8,
        XSKIM_CPUS_MAX = 64,
        XSKIM_NAME_MAX = 16,
        XSKIM_NOTES_MAX = 8,
        XSKIM_NOTE_BYTES = 256,
};

enum xskim_verdict { XSKIM_VERDICT_PASS, XSKIM_VERDICT_DROP };
enum xskim_tier { XSKIM_TIER_COUNTS, XSKIM_TIER_CLASSES };

/* What xskim was asked to do. Initialise with xskim_config_init: all defaults are set there. */
struct xskim_config {
        const char *ports[XSKIM_PORTS_MAX]; /* interface names in the caller's network namespace */
        unsigned int port_count;
        enum xskim_verdict verdict; /* default pass */
        enum xskim_tier tier;       /* default classes */
        uint32_t sample; /* 1 in so many on average, 1 = every packet, 0 = off; default 64 */
        uint64_t seed;   /* of the random skips; 0 = from the kernel */
        bool stack;      /* measure XDP to tc ingress; needs verdict pass and Linux 6.6 */
        bool busy;       /* workers spin instead of sleeping */
        bool generic;    /* SKB mode, only when asked for */
        bool shared;     /* join libxdp's dispatcher */
        bool transit;    /* follow stamped packets: latency, loss, copies, reordering */
        int64_t clock_offset_ns;   /* with transit: this clock minus the sender's */
        const char *expect_path;   /* a capture that arrivals are held against; NULL = none; not
                                      with transit */
        const char *expect_filter; /* only what it selects is expected (libpcap); NULL = all */
        uint64_t expect_loops;     /* how often the capture is sent; default 1 */
        bool force; /* allow verdict drop on a port with an address or the default route */
        uint32_t interval_ms;     /* between snapshots; default 1000 */
        uint64_t duration_ms;     /* then xskim_run returns; 0 = until stopped */
        uint32_t flush_ms;        /* bound on the age of a lone record; default 40 */
        uint32_t ring_slots;      /* records in a staging ring, a multiple of 48, 96 to 32736 */
        uint32_t workers;         /* default 1 */
        int cpus[XSKIM_CPUS_MAX]; /* CPU of each worker, the rest unpinned */
        unsigned int cpu_count;
        const char *record_path; /* NULL = no record file; one that is there is replaced, once
                                    nothing can fail any more */
};

/* Counts per class. ROW(name, doc); every packet counts once under an L3 row and, if it is IP, once
 * under an L4 row unless it is cut before its protocol is known. */
#define XSKIM_CLASS_ROWS(ROW)                                                                      \
        ROW(ipv4, "IPv4")                                                                          \
        ROW(ipv6, "IPv6")                                                                          \
        ROW(arp, "ARP")                                                                            \
        ROW(other_l3, "neither IPv4, IPv6 nor ARP")                                                \
        ROW(tcp, "TCP over IPv4 or IPv6")                                                          \
        ROW(udp, "UDP over IPv4 or IPv6")                                                          \
        ROW(icmp, "ICMP (protocol 1)")                                                             \
        ROW(icmpv6, "ICMPv6 (protocol 58)")                                                        \
        ROW(sctp, "SCTP (protocol 132)")                                                           \
        ROW(other, "any other protocol over IPv4 or IPv6")                                         \
        ROW(fragments, "IPv4 and IPv6 fragments")                                                  \
        ROW(vlan, "VLAN-tagged, as far as XDP sees tags")                                          \
        ROW(truncated, "ended inside a header")

/* How parsing ended, exactly one per packet; rows of classes.h. */
#define XSKIM_PARSE_ROWS(ROW)                                                                      \
        ROW(complete, "every header read")                                                         \
        ROW(cut_l2, "cut inside Ethernet or VLAN")                                                 \
        ROW(cut_l3, "cut inside the network header")                                               \
        ROW(cut_l4, "cut inside the transport header")                                             \
        ROW(malformed, "a header contradicts itself")                                              \
        ROW(too_deep, "more tags or extension headers than are followed")

/* The ledger; ROW(name, unit, doc). Identities: see xskim_ledger.unaccounted. */
#define XSKIM_LEDGER_ROWS(ROW)                                                                     \
        ROW(lost_before, "packets",                                                                \
            "lost before XDP by the port's own counters, since the attach")                        \
        ROW(seen, "packets", "reached the sampler")                                                \
        ROW(bytes, "bytes", "their bytes")                                                         \
        ROW(sampled, "packets", "sampled")                                                         \
        ROW(not_sampled, "packets", "passed over by the skips drawn")                              \
        ROW(stamped, "packets", "carried a stamp, with transit: each leaves a record of it")       \
        ROW(hashed, "packets", "hashed, with expect: each leaves a record of what it is")          \
        ROW(staged, "records", "of samples, stamps and contents, left in a staging ring")          \
        ROW(ring_full, "records", "for which the staging ring had no room")                        \
        ROW(unparsable, "packets", "sampled, but cut before the EtherType")                        \
        ROW(carried, "records", "loaded into metadata frames")                                     \
        ROW(lost_in_socket, "records", "in frames that the AF_XDP socket dropped")                 \
        ROW(received, "records", "in frames that arrived")                                         \
        ROW(malformed, "records", "in frames that do not decode")                                  \
        ROW(decoded, "records", "decoded into the distributions")                                  \
        ROW(waiting, "records", "in the staging rings now, from the ring indexes")                 \
        ROW(recorded, "records", "written to the record file")                                     \
        ROW(record_dropped, "records", "not written: the file or the frame pool had no room")      \
        ROW(unaccounted, "packets", "sum of the absolute residuals of all identities")

#define XSKIM_U64_MEMBER_3(name_, unit_, doc_) uint64_t name_;
#define XSKIM_ESTIMATE_MEMBER(name_, doc_) struct xskim_estimate name_;

struct xskim_ledger {
        XSKIM_LEDGER_ROWS(XSKIM_U64_MEMBER_3)
        char where[XSKIM_NOTE_BYTES]; /* which identity does not hold, by how much; empty when all
                                         do */
};

struct xskim_classes {
        XSKIM_CLASS_ROWS(XSKIM_U64_MEMBER_2)
};

struct xskim_expect {
        bool enabled;
        char file[XSKIM_NOTE_BYTES]; /* as it was named */
        uint64_t loops;
        XSKIM_EXPECT_ROWS(XSKIM_U64_MEMBER_2)
        struct xskim_classes extra_classes; /* what was extra */
};

struct xskim_parse {
        XSKIM_PARSE_ROWS(XSKIM_U64_MEMBER_2)
};

struct xskim_class_estimates {
        XSKIM_CLASS_ROWS(XSKIM_ESTIMATE_MEMBER)
};

/* What the telemetry itself costs; ROW(type, name, doc) */
#define XSKIM_COST_ROWS(ROW)                                                                       \
        ROW(double, ns_per_packet,                                                                 \
            "a run of the sampler that does not sample; with sample 1, where there is none, the "  \
            "mean")                                                                                \
        ROW(double, ns_per_sample,                                                                 \
            "what a sample adds to that: in its own run, and in the run that ends its gap; with "  \
            "sample 1 its whole run")                                                              \
        ROW(double, ns_per_packet_mean,                                                            \
            "over all packets, by how often each kind of run happened")                            \
        ROW(uint64_t, timed_runs, "how many runs were timed, once in 2^14")                        \
        ROW(double, path_cpu_percent,                                                              \
            "of the busiest CPU of the packet path, at the rate of the interval")                  \
        ROW(double, collector_cpu_percent, "of one core, all workers")                             \
        ROW(double, ns_per_record, "worker CPU time for a record")                                 \
        ROW(uint64_t, system_calls, "of all workers")                                              \
        ROW(uint64_t, wakeups, "of all workers, from sleep")                                       \
        ROW(uint64_t, kernel_memory_bytes,                                                         \
            "of this port: programs, maps, its share of socket and io_uring rings")                \
        ROW(uint64_t, carrier_memory_bytes, "carrier ports and UMEM, all workers")                 \
        ROW(uint64_t, user_memory_bytes, "allocated by the library, UMEM left out")

#define XSKIM_TYPED_MEMBER(type_, name_, doc_) type_ name_;

struct xskim_cost {
        XSKIM_COST_ROWS(XSKIM_TYPED_MEMBER)
};

/* How the port is attached, as obtained; ROW(name, doc) */
#define XSKIM_MODE_ROWS(ROW)                                                                       \
        ROW(xdp, "native, generic or offloaded")                                                   \
        ROW(xsk, "copy or zerocopy")                                                               \
        ROW(clock, "xdp: read by the sampler")                                                     \
        ROW(attach, "link or dispatcher")

#define XSKIM_MODE_MEMBER(name_, doc_) char name_[16];

struct xskim_mode {
        XSKIM_MODE_ROWS(XSKIM_MODE_MEMBER)
};

/* State of one port: what was seen since the attach (summary and record) or until now (snapshot).
 */
struct xskim_snapshot {
        char port[XSKIM_NAME_MAX];
        enum xskim_verdict verdict;
        enum xskim_tier tier;
        uint32_t sample;
        bool final;   /* the summary: taken after detach, grace period and emptying of the rings */
        bool partial; /* read from a record file that was cut */
        uint64_t start_unix_ns; /* CLOCK_REALTIME at the attach */
        double duration_s;      /* since the attach */
        double interval_s; /* what pps and bps are taken over; the whole duration in the summary */
        double pps;
        double bps;
        uint64_t attach_lost; /* packets that the port's counters lost while attaching and detaching
                               */
        struct xskim_mode mode;
        struct xskim_ledger ledger;
        struct xskim_classes classes; /* all 0 in tier counts */
        struct xskim_parse parse;
        struct xskim_distribution gap;
        struct xskim_distribution stack;
        struct xskim_distribution delivery;
        struct xskim_distribution size;
        struct xskim_estimate estimate_packets;
        struct xskim_estimate estimate_bytes;
        struct xskim_class_estimates estimate_classes;
        struct xskim_transit transit;
        struct xskim_expect expect;
        struct xskim_cost cost;
        unsigned int note_count;
        char notes[XSKIM_NOTES_MAX]
                  [XSKIM_NOTE_BYTES]; /* what changes silently what XDP sees here; port events */
};

/* An operations table: any of them may be NULL. A negative return ends the session with that error.
 */
struct xskim_sink {
        void *context;
        int (*snapshot)(void *context,
                        const struct xskim_snapshot *snapshot); /* one port, each interval */
        int (*summary)(void *context,
                       const struct xskim_snapshot *summary); /* one port, once, at the end */
};

struct xskim_session;

XSKIM_PUBLIC void xskim_config_init(struct xskim_config *config);

/*
 * Opens a session: checks the configuration (-EINVAL), the privileges (-EPERM), the kernel's
 * features (-EOPNOTSUPP), loads, attaches
 * (-EBUSY when a foreign program is there), starts the workers. On failure *ret_session is
 * untouched and nothing is left behind.
 */
XSKIM_PUBLIC int xskim_open(const struct xskim_config *config, struct xskim_session **ret_session);

/* Copies the operations table; -ENOSPC when there are XSKIM_SINKS_MAX already. */
XSKIM_PUBLIC int xskim_sink_add(struct xskim_session *session, const struct xskim_sink *sink);

/* A descriptor that polls readable when xskim_dispatch has something to do. Owned by the session.
 */
XSKIM_PUBLIC int xskim_fd(const struct xskim_session *session);

enum { XSKIM_CONTINUE = 0, XSKIM_ENDED = 1 };

/* Does what is due without blocking (but for the sinks). Returns XSKIM_CONTINUE, XSKIM_ENDED
 * (duration is over, stop was asked for, or a port went away: see the notes), or a negative errno.
 */
XSKIM_PUBLIC int xskim_dispatch(struct xskim_session *session);

/* Dispatches until it ends, then xskim_stop. */
XSKIM_PUBLIC int xskim_run(struct xskim_session *session);

/* Asks a running session to end; callable from a signal handler and from any thread. */
XSKIM_PUBLIC void xskim_interrupt(struct xskim_session *session);

/* Detaches, waits for the grace period, empties the rings, calls the sinks' summary. Once; then it
 * does nothing. */
XSKIM_PUBLIC int xskim_stop(struct xskim_session *session);

/* The state of port number `port` now, or the summary after xskim_stop. */
XSKIM_PUBLIC int xskim_snapshot(struct xskim_session *session, unsigned int port,
                                struct xskim_snapshot *ret_snapshot);

/*
 * The buckets behind a distribution of port number `port`: what was counted since the attach. Of
 * the moment of that port's last snapshot (told to the sinks, or asked for), or of its summary: ask
 * right after it. Empty before the first, and of what is not measured. Needs no capability, does
 * not block. -EINVAL: no such port or distribution; *ret_buckets is then untouched.
 */
XSKIM_PUBLIC int xskim_buckets(const struct xskim_session *session, unsigned int port,
                               enum xskim_distribution_name name,
                               struct xskim_buckets *ret_buckets);

/* Stops if need be and frees. NULL is fine. Returns NULL. */
XSKIM_PUBLIC struct xskim_session *xskim_close(struct xskim_session *session);

/* ---- record files ---- */

enum xskim_column_kind {
        XSKIM_COLUMN_NUMBER,
        XSKIM_COLUMN_TIME,     /* a number: ns, CLOCK_MONOTONIC of the machine that recorded */
        XSKIM_COLUMN_DURATION, /* a number: ns */
        XSKIM_COLUMN_ADDRESS,  /* IPv6, or IPv4 mapped into it (RFC 4291, section 2.5.5.2) */
        XSKIM_COLUMN_NAME,
};

enum { XSKIM_COLUMN_BYTES = 32 };

/* A field of a record, by the file's own table of fields; the first two are port and cpu. */
struct xskim_column {
        char name[XSKIM_COLUMN_BYTES]; /* printable, nothing in it that CSV or JSON quotes */
        char unit[XSKIM_COLUMN_BYTES]; /* empty: none */
        unsigned int bits;             /* that a number can have */
        enum xskim_column_kind kind;
};

union xskim_value {
        uint64_t number;
        uint8_t address[16]; /* in network byte order */
        const char *name;
};

struct xskim_reader;

/*
 * Opens a record file and reads its beginning; NULL: standard input. No capability is needed.
 * The errno of open and read; -EINVAL (no record file), -EPROTONOSUPPORT (of another version or
 * byte order), -EBADMSG (empty, or damaged or cut inside its beginning), -ENOMEM. *ret_reader is
 * then untouched.
 */
XSKIM_PUBLIC int xskim_reader_open(const char *path, struct xskim_reader **ret_reader);

/* The columns of its records, borrowed until the reader is closed; how many ports it is about. */
XSKIM_PUBLIC const struct xskim_column *xskim_reader_columns(const struct xskim_reader *reader,
                                                             unsigned int *ret_count);
XSKIM_PUBLIC unsigned int xskim_reader_ports(const struct xskim_reader *reader);

/* The next record of a sample (stamps are in the summary's transit, contents are left out): its
 * values, one a column, until the next call. XSKIM_CONTINUE; XSKIM_ENDED (no values); the errno of
 * read, -ENOMEM. Places that are damaged are passed over: see judge. */
XSKIM_PUBLIC int xskim_reader_next(struct xskim_reader *reader,
                                   const union xskim_value **ret_values);

/* Reads what is left and gives the summary of a port, recomputed from the records: that of the live
 * run, or of what there is (`partial`). Errors as with xskim_reader_next; -EINVAL: no such port. */
XSKIM_PUBLIC int xskim_reader_summary(struct xskim_reader *reader, unsigned int port,
                                      struct xskim_snapshot *ret_summary);

/* Reads what is left and says whether all is there. -EBADMSG, with the message saying which: it is
 * damaged, it is cut, records are absent, or a ledger does not balance. Errors as with next. */
XSKIM_PUBLIC int xskim_reader_judge(struct xskim_reader *reader);

/* NULL is fine. Returns NULL. */
XSKIM_PUBLIC struct xskim_reader *xskim_reader_close(struct xskim_reader *reader);

/* ---- may it run here? ---- */

/* How a check came out, from good to bad. ROW(status, word, doc); the word is for people and
 * machines. */
#define XSKIM_CHECK_ROWS(ROW)                                                                      \
        ROW(XSKIM_CHECK_OK, "ok", "as it should be")                                               \
        ROW(XSKIM_CHECK_UNKNOWN, "unknown", "could not be found out")                              \
        ROW(XSKIM_CHECK_WARN, "warn", "a session runs, but with less than it could have")          \
        ROW(XSKIM_CHECK_DENIED, "fail", "a privilege that a session needs is missing")             \
        ROW(XSKIM_CHECK_FAIL, "fail", "a feature that a session needs is missing")

#define XSKIM_CHECK_STATUS(status_, word_, doc_) status_,
enum xskim_check_status { XSKIM_CHECK_ROWS(XSKIM_CHECK_STATUS) };

enum { XSKIM_CHECKS_MAX = 40, XSKIM_CHECK_BYTES = 192 };

/* What was looked at, what was found, what to do about it. */
struct xskim_check {
        const char *name; /* one word, stable; static */
        bool of_port;     /* else of the machine */
        enum xskim_check_status status;
        char found[XSKIM_CHECK_BYTES];
        char todo[XSKIM_CHECK_BYTES]; /* empty: nothing */
};

struct xskim_examination {
        enum xskim_check_status worst;
        unsigned int count;
        struct xskim_check checks[XSKIM_CHECKS_MAX]; /* the machine's, then the port's */
};

/*
 * Examines the machine and, unless it is NULL, a port of the calling thread's network namespace:
 * may a session run, and what would it not see? Finds out by trying, on a veth pair in a namespace
 * of its own where the calling thread is meanwhile; the port is only asked. Blocks some tens of
 * milliseconds. Needs no capability; what it may not try is XSKIM_CHECK_UNKNOWN.
 *
 * With `clean`, removes what killed sessions left in libxdp's dispatcher, of the port or of every
 * port of the namespace (NULL), and says what as one more check; that takes CAP_SYS_ADMIN.
 *
 * -ENODEV: there is no such port; *ret_examination is then untouched.
 */
XSKIM_PUBLIC int xskim_examine(const char *port, bool clean,
                               struct xskim_examination *ret_examination);

/* Whether verdict drop would cut somebody off there, and is refused without force: an address, the
 * default route, a bridge or bond above it. Needs no capability. -ENODEV and others, with a
 * message.
 */
XSKIM_PUBLIC int xskim_port_in_use(const char *port, bool *ret_in_use);

XSKIM_PUBLIC const char *xskim_check_word(enum xskim_check_status status);

/* The last error of this thread, one or more lines: what failed, on what, why, and what to do.
 * Never NULL. */
XSKIM_PUBLIC const char *xskim_error_message(void);

XSKIM_PUBLIC const char *xskim_version(void);

/* ---- captures back on the wire ---- */

#include "xskim_replay.h"

/* ---- what telemetry costs ---- */

#include "xskim_bench.h"
#include "xskim_claims.h"

#ifdef __cplusplus
}
#endif

#endif
