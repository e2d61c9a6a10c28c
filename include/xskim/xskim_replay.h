/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures back on the wire: configuration, run and report of `xskim replay`. Part of xskim.h,
 * which includes it.
 */
#ifndef XSKIM_XSKIM_REPLAY_H
#define XSKIM_XSKIM_REPLAY_H

#include "xskim_figures.h"

enum {
        XSKIM_REPLAY_LATE_NS = 100000, /* handed over later than this counts as late */
        XSKIM_REPLAY_THREADS_MAX = 64,
};

enum xskim_replay_pace_kind {
        XSKIM_REPLAY_CAPTURED, /* as captured, times the speed */
        XSKIM_REPLAY_PACKETS,  /* so many packets a second */
        XSKIM_REPLAY_BITS, /* so many bits a second: of packets from Ethernet header to payload */
        XSKIM_REPLAY_TOP,  /* at once */
};

enum { XSKIM_REPLAY_SPEED_ONE = 1000000 };

struct xskim_replay_pace {
        enum xskim_replay_pace_kind pace;
        uint64_t speed; /* millionths: XSKIM_REPLAY_SPEED_ONE is as captured */
        uint64_t rate;  /* of XSKIM_REPLAY_PACKETS or XSKIM_REPLAY_BITS, a second */
};

enum {
        XSKIM_REPLAY_MAC_BYTES = 6,
        XSKIM_REPLAY_ADDRESS_BYTES_MAX = 16,
};

enum xskim_replay_family { XSKIM_REPLAY_NO_NET, XSKIM_REPLAY_IPV4, XSKIM_REPLAY_IPV6 };

/* Addresses of the family that begin with the first `bits` of `from` get those of `to`. */
struct xskim_replay_net {
        enum xskim_replay_family family;
        uint32_t bits;
        uint8_t from[XSKIM_REPLAY_ADDRESS_BYTES_MAX];
        uint8_t to[XSKIM_REPLAY_ADDRESS_BYTES_MAX];
};

struct xskim_replay_mac {
        bool wanted;
        uint8_t bytes[XSKIM_REPLAY_MAC_BYTES];
};

/* In the order in which it is done; zeroed changes nothing. */
struct xskim_replay_editing {
        uint32_t truncate_bytes; /* longer packets are cut; 0: none */
        bool pad;                /* what the capture cut off becomes zeros */
        bool vlan_pop;           /* the outermost tag, where there is one */
        bool vlan_push;          /* then one is put in front (802.1Q) */
        uint16_t vlan_tci;
        struct xskim_replay_mac destination;
        bool group_kept; /* destinations that are group addresses stay as they are */
        struct xskim_replay_mac source;
        struct xskim_replay_net source_net;
        struct xskim_replay_net destination_net;
        uint32_t min_bytes; /* shorter packets are filled up with zeros; 0: none */
};

/* Where the packets' Ethernet addresses come from. ROW(name, doc) */
#define XSKIM_REPLAY_ADDRESS_ROWS(ROW)                                                             \
        ROW(captured, "as captured")                                                               \
        ROW(given, "as given")                                                                     \
        ROW(neighbour, "the port's neighbour")                                                     \
        ROW(port, "the port's own")                                                                \
        ROW(arrival, "the port where they arrive")

#define XSKIM_REPLAY_ADDRESS_MEMBER(name_, doc_) XSKIM_REPLAY_ADDRESS_##name_,
enum xskim_replay_address_from { XSKIM_REPLAY_ADDRESS_ROWS(XSKIM_REPLAY_ADDRESS_MEMBER) };

struct xskim_replay_address {
        enum xskim_replay_address_from from;
        uint8_t bytes[XSKIM_REPLAY_MAC_BYTES]; /* captured: of no meaning */
};

struct xskim_replay_addresses {
        struct xskim_replay_address destination;
        struct xskim_replay_address source;
};

/* So far; may be asked for at any time. */
struct xskim_replay_progress {
        uint64_t packets;
        uint64_t bytes;
        uint64_t rounds;   /* finished ones */
        uint64_t position; /* in the file, of the chunk that is being sent */
        uint64_t start_ns; /* CLOCK_MONOTONIC, of the first packet; 0: not yet */
        uint64_t now_ns;   /* of the last hand-over */
        uint64_t late;
};

/* Why a packet was sent without a stamp, with `stamp`. ROW(name, doc) */
#define XSKIM_REPLAY_UNSTAMPED_ROWS(ROW)                                                           \
        ROW(not_ip, "neither IPv4 nor IPv6")                                                       \
        ROW(cut, "captured shorter than its headers say")                                          \
        ROW(malformed, "a header contradicts itself")                                              \
        ROW(fragment, "a fragment")                                                                \
        ROW(protocol, "not TCP, UDP, ICMP or ICMPv6, or behind more headers than are followed")    \
        ROW(length, "its length fields are 0 or contradict each other")                            \
        ROW(small, "no room over its payload, which is shorter than a stamp")

struct xskim_replay_unstamped {
        XSKIM_REPLAY_UNSTAMPED_ROWS(XSKIM_U64_MEMBER_2)
};

/* Zeroed when none were wanted; else packets sent + refused = stamped + all of `unstamped`. */
struct xskim_replay_stamps {
        bool wanted;
        uint32_t run;     /* random, not 0; what stamps and `xskim watch --transit` call run */
        uint64_t stamped; /* numbers given, from 0 on; a refused packet has had one, too */
        struct xskim_replay_unstamped unstamped;
};

struct xskim_replay_result {
        struct xskim_replay_progress progress;
        struct xskim_replay_stamps stamps;
        uint64_t refused;
        uint64_t stalls; /* times when it had to wait for the feeder, after the start */
        bool stopped;    /* by stop_fd */
};

/* Why a packet of the capture is not sent. ROW(name, doc) */
#define XSKIM_REPLAY_SKIP_ROWS(ROW)                                                                \
        ROW(too_short, "shorter than an Ethernet header")                                          \
        ROW(too_long, "longer than the port takes")

/* What else was noted. ROW(name, doc) */
#define XSKIM_REPLAY_NOTE_ROWS(ROW)                                                                \
        ROW(filtered, "not selected by --filter, not sent")                                        \
        ROW(unreadable, "places where the capture could not be read any further (--skip-bad)")     \
        ROW(padded, "cut short by the capture, filled up with zeros to their length on the wire")  \
        ROW(cut_short, "cut short by the capture, sent as captured")                               \
        ROW(backwards, "stamped before their predecessor, sent right behind it")                   \
        ROW(shortened, "after a gap longer than --max-gap, which was shortened to it")

struct xskim_replay_counts {
        XSKIM_REPLAY_SKIP_ROWS(XSKIM_U64_MEMBER_2)
        XSKIM_REPLAY_NOTE_ROWS(XSKIM_U64_MEMBER_2)
};

/* Cumulative; of everybody who sends there. */
struct xskim_replay_port_sent {
        uint64_t packets;
        uint64_t dropped; /* tx_dropped: a full queue, a receiver that takes none */
};

/* ROW(name, doc) */
#define XSKIM_REPLAY_ENGINE_ROWS(ROW)                                                              \
        ROW(auto, "takes what suits pace and port, and says which and why")                        \
        ROW(afxdp, "the TX ring of an AF_XDP socket: the punctual way")                            \
        ROW(xdp, "live frames out of BPF maps: the fast way")

#define XSKIM_REPLAY_ENGINE_MEMBER(name_, doc_) XSKIM_REPLAY_ENGINE_##name_,
enum xskim_replay_engine {
        XSKIM_REPLAY_ENGINE_ROWS(XSKIM_REPLAY_ENGINE_MEMBER) XSKIM_REPLAY_ENGINE_COUNT
};

/* xskim_replay_config_init fills it. */
struct xskim_replay_config {
        const char *file;
        const char *port;
        enum xskim_replay_engine engine;
        struct xskim_replay_pace pace;
        uint64_t rounds; /* 0: without end */
        uint64_t duration_ms;
        uint64_t limit;
        uint32_t threads; /* that send; each packet of a flow by the same; see xskim_replay_open. 0:
                             one; at top speed with `afxdp` one for each TX queue and CPU */
        uint64_t gap_ms_max; /* longer gaps are shortened to it */
        const char *filter;  /* NULL: none */
        bool skip_bad;
        struct xskim_replay_editing editing;
        bool to_neighbour; /* destination: the address of the port's neighbour */
        bool from_port;    /* source: the port's own address */
        /* destination: the address of this port of the caller's namespace; NULL: not so */
        const char *to_port;
        /* Both of them when the kernel knows just one neighbour behind the port, and destinations
         * that are group addresses stay; else as captured. */
        bool to_known_neighbour;

        /* Every packet that can gets a stamp (stamp.h): behind its payload where it still fits the
         * port then, else over the payload's end. Ends after 2^48 packets. */
        bool stamp;
        bool stamp_over; /* likewise, but always over the payload's end: lengths stay */
};

enum { XSKIM_REPLAY_WHY_BYTES = 128 };

/* One of several threads. Its number is the stream of its stamps. */
struct xskim_replay_thread {
        uint64_t packets;
        uint64_t bytes;
        uint64_t late;
        uint64_t stamped;
};

struct xskim_replay_report {
        const char *file;
        const char *port;
        const char *engine;
        const char *mode;                 /* how the port takes the engine's packets */
        char why[XSKIM_REPLAY_WHY_BYTES]; /* this engine was taken */
        struct xskim_replay_pace pace;
        struct xskim_replay_addresses addresses;
        struct xskim_replay_result sent;
        unsigned int thread_count;
        struct xskim_replay_thread threads[XSKIM_REPLAY_THREADS_MAX];
        struct xskim_replay_counts feeder;
        struct xskim_replay_port_sent port_sent; /* by the port's own counters, of everybody */
        bool timed;                              /* else the two below are empty */
        struct xskim_distribution error_ns;      /* |sent at - due at| */
        int64_t drift_ns;                        /* of the thread that drifted most */
};

/* All packets that were sent without a stamp, whatever the reason. */
XSKIM_PUBLIC uint64_t xskim_replay_unstamped(const struct xskim_replay_report *report);

/* Packets that were read and not sent, whatever the reason. */
XSKIM_PUBLIC uint64_t xskim_replay_skipped(const struct xskim_replay_report *report);

/* From the first packet's due time to the last hand-over. */
XSKIM_PUBLIC double xskim_replay_duration_s(const struct xskim_replay_progress *progress);

struct xskim_replay;

/* Every packet once, at captured timing, unchanged, by the engine that suits; file and port are the
 * caller's. */
XSKIM_PUBLIC void xskim_replay_config_init(struct xskim_replay_config *config);

/*
 * Opens capture and port; everything that can be refused is refused here, before the first packet.
 * Needs CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW (-EPERM). -EINVAL: the filter; the errno of opening
 * the file; -ENODEV, -ENETDOWN: the port; -ERANGE: it has fewer CPUs than `threads`, or with
 * `afxdp` fewer TX queues. Each thread has a CPU and a queue of its own then, and up to 64 MB of
 * memory. Strings of the configuration are borrowed until close.
 * *ret_replay is untouched on failure.
 */
XSKIM_PUBLIC int xskim_replay_open(const struct xskim_replay_config *config,
                                   struct xskim_replay **ret_replay);
/* NULL is fine. Returns NULL. */
XSKIM_PUBLIC struct xskim_replay *xskim_replay_close(struct xskim_replay *replay);

struct xskim_replay_watch {
        void *context;
        uint32_t interval_ms; /* 0: never called */
        void (*progress)(void *context, const struct xskim_replay_progress *progress, double share);
};

/* Sends; returns when all is sent, or xskim_replay_interrupt was called, or something failed. In
 * all cases the report is filled. share: of the whole run, 0 to 1, below 0 when nobody knows. */
XSKIM_PUBLIC int xskim_replay_run(struct xskim_replay *replay,
                                  const struct xskim_replay_watch *watch,
                                  struct xskim_replay_report *ret_report);

/* Ends the run soon; may be called from a signal handler. */
XSKIM_PUBLIC void xskim_replay_interrupt(struct xskim_replay *replay);

#endif
