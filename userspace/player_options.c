/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the options of xskim replay. See player_options.h. */
#include <errno.h>
#include <string.h>

#include "cli_value.h"
#include "log.h"
#include "player_options.h"
#include "util.h"

enum {
        GAP_MAX_MS = 24 * 3600 * 1000,
        SETTLE_MAX_MS = 3600 * 1000,
        VLAN_MAX = 4095,
        SIZE_MIN = 14,
        SIZE_MAX_ASKED = 65535,
};
static const uint64_t DURATION_MAX_MS = 3650ULL * 24 * 3600 * 1000;
static const uint64_t RATE_MAX = 1000000000000ULL;
static const uint64_t SPEED_MAX = 1000000ULL * XSKIM_REPLAY_SPEED_ONE;

static struct xskim_replay_config *config_of(void *target) {
        return &((struct player_options *)target)->config;
}

static void pace_set(void *target, struct xskim_replay_pace pace) {
        config_of(target)->pace = pace;
        ((struct player_options *)target)->paces++;
}

static int parse_engine(void *target, const char *value) {
#define NAME(name_, doc_) [XSKIM_REPLAY_ENGINE_##name_] = #name_,
        static const char *const names[] = {XSKIM_REPLAY_ENGINE_ROWS(NAME)};
        size_t index;
        int r = cli_value_choice(value, names, ARRAY_SIZE(names), &index);

        if (r >= 0)
                config_of(target)->engine = (enum xskim_replay_engine)index;
        return r;
}

static int parse_speed(void *target, const char *value) {
        uint64_t millionths;
        int r = cli_value_decimal(value, 1, SPEED_MAX, &millionths);

        if (r >= 0)
                pace_set(target, (struct xskim_replay_pace){.pace = XSKIM_REPLAY_CAPTURED,
                                                            .speed = millionths});
        return r;
}

static int parse_rate(void *target, const char *value) {
        struct xskim_replay_pace pace = {0};
        enum cli_rate kind;
        int r = cli_value_rate(value, RATE_MAX, &kind, &pace.rate);

        if (r < 0)
                return r;
        pace.pace = kind == CLI_RATE_PACKETS ? XSKIM_REPLAY_PACKETS : XSKIM_REPLAY_BITS;
        pace_set(target, pace);
        return 0;
}

static int parse_top_speed(void *target, const char *value) {
        (void)value;
        pace_set(target, (struct xskim_replay_pace){.pace = XSKIM_REPLAY_TOP});
        return 0;
}

static int parse_loop(void *target, const char *value) {
        return cli_value_number(value, 0, UINT64_MAX, &config_of(target)->rounds);
}

static int parse_duration(void *target, const char *value) {
        return cli_value_duration(value, 1, DURATION_MAX_MS, &config_of(target)->duration_ms);
}

static int parse_limit(void *target, const char *value) {
        return cli_value_number(value, 1, UINT64_MAX, &config_of(target)->limit);
}

static int parse_max_gap(void *target, const char *value) {
        return cli_value_duration(value, 0, GAP_MAX_MS, &config_of(target)->gap_ms_max);
}

static struct xskim_replay_editing *editing_of(void *target) {
        return &config_of(target)->editing;
}

/* `word`: the one that leaves it to the port. Whoever says one address says both: what is not
 * given stays as captured. */
static int parse_mac(struct xskim_replay_config *config, const char *value, const char *word,
                     struct xskim_replay_mac *mac, bool *asked) {
        int r = 0;

        *mac = (struct xskim_replay_mac){0};
        *asked = !strcmp(value, word);
        config->to_known_neighbour = false;
        if (*asked || !strcmp(value, "captured"))
                return 0;
        r = cli_value_mac(value, mac->bytes);
        mac->wanted = r >= 0;
        return r;
}

static int parse_dst_mac(void *target, const char *value) {
        struct xskim_replay_config *config = config_of(target);

        return parse_mac(config, value, "neighbour", &config->editing.destination,
                         &config->to_neighbour);
}

static int parse_src_mac(void *target, const char *value) {
        struct xskim_replay_config *config = config_of(target);

        return parse_mac(config, value, "port", &config->editing.source, &config->from_port);
}

static int parse_net(struct xskim_replay_net *net, const char *value) {
        struct cli_net_pair pair;
        int r = cli_value_net_pair(value, &pair);

        if (r < 0)
                return r;
        net->family = pair.ipv6 ? XSKIM_REPLAY_IPV6 : XSKIM_REPLAY_IPV4;
        net->bits = pair.bits;
        memcpy(net->from, pair.from, sizeof(net->from));
        memcpy(net->to, pair.to, sizeof(net->to));
        return 0;
}

static int parse_src_net(void *target, const char *value) {
        return parse_net(&editing_of(target)->source_net, value);
}

static int parse_dst_net(void *target, const char *value) {
        return parse_net(&editing_of(target)->destination_net, value);
}

static int parse_vlan_push(void *target, const char *value) {
        uint32_t number;
        int r = cli_value_u32(value, 0, VLAN_MAX, &number);

        if (r < 0)
                return r;
        editing_of(target)->vlan_push = true;
        editing_of(target)->vlan_tci = (uint16_t)number;
        return 0;
}

static int parse_vlan_pop(void *target, const char *value) {
        (void)value;
        editing_of(target)->vlan_pop = true;
        return 0;
}

static int parse_truncate(void *target, const char *value) {
        return cli_value_u32(value, SIZE_MIN, SIZE_MAX_ASKED, &editing_of(target)->truncate_bytes);
}

static int parse_min_size(void *target, const char *value) {
        return cli_value_u32(value, SIZE_MIN, SIZE_MAX_ASKED, &editing_of(target)->min_bytes);
}

static int parse_pad(void *target, const char *value) {
        (void)value;
        editing_of(target)->pad = true;
        return 0;
}

static int parse_filter(void *target, const char *value) {
        if (!*value)
                return -EINVAL;
        config_of(target)->filter = value;
        return 0;
}

static int parse_skip_bad(void *target, const char *value) {
        (void)value;
        config_of(target)->skip_bad = true;
        return 0;
}

static int parse_stamp(void *target, const char *value) {
        (void)value;
        config_of(target)->stamp = true;
        return 0;
}

static int parse_stamp_over(void *target, const char *value) {
        config_of(target)->stamp_over = true;
        return parse_stamp(target, value);
}

static int parse_lab(void *target, const char *value) {
        (void)value;
        ((struct player_options *)target)->lab = true;
        return 0;
}

static int parse_word(const char **word, const char *value) {
        if (!*value)
                return -EINVAL;
        *word = value;
        return 0;
}

static int parse_impair(void *target, const char *value) {
        return parse_word(&((struct player_options *)target)->impair, value);
}

static int parse_arrive(void *target, const char *value) {
        return parse_word(&((struct player_options *)target)->arrive, value);
}

static int parse_report(void *target, const char *value) {
        return parse_word(&((struct player_options *)target)->report, value);
}

static int parse_settle(void *target, const char *value) {
        uint64_t ms;
        int r = cli_value_duration(value, 0, SETTLE_MAX_MS, &ms);

        if (r >= 0)
                ((struct player_options *)target)->settle_ms = (uint32_t)ms;
        return r;
}

static int parse_threads(void *target, const char *value) {
        return cli_value_u32(value, 1, XSKIM_REPLAY_THREADS_MAX, &config_of(target)->threads);
}

static int parse_json(void *target, const char *value) {
        (void)value;
        ((struct player_options *)target)->json = true;
        return 0;
}

const struct cli_option PLAYER_OPTIONS[] = {
        {"speed", "X", NULL, "at captured timing, X times as fast; captured timing is the default",
         "a number from 0.000001 to 1000000", parse_speed},
        {"rate", "RATE", NULL,
         "evenly, so many packets or bits a second (bits of Ethernet frames without FCS)",
         "a number with a unit, as 2Mpps, 500kpps, 800Mbps or 1.5Gbps", parse_rate},
        {"top-speed", NULL, NULL, "as fast as it goes", NULL, parse_top_speed},
        {"loop", "N", "1",
         "plays the capture N times, with its mean gap in between; 0: without end",
         "a number from 0 to 18446744073709551615", parse_loop},
        {"duration", "TIME", NULL, "ends after it: nothing is sent that is due later",
         "seconds (0.5) or a time with a unit (200ms, 10s, 5m, 1h), from 1ms to 87600h",
         parse_duration},
        {"limit", "N", NULL, "ends after N packets", "a number from 1 to 18446744073709551615",
         parse_limit},
        {"max-gap", "TIME", "1h",
         "waits no longer than this for the next packet of the capture; longer gaps are shortened "
         "to it and counted",
         "seconds (0.5) or a time with a unit (200ms, 10s, 5m, 1h), from 0 to 24h", parse_max_gap},
        {"dst-mac", "MAC|neighbour|captured", NULL,
         "sends to this address, or to the one neighbour that the kernel knows behind the port, or "
         "as captured; without it and --src-mac, from the port to its neighbour when just one is "
         "known (what was sent to a group still is), else as captured",
         "an address as 02:00:00:00:00:01, or neighbour, or captured", parse_dst_mac},
        {"src-mac", "MAC|port|captured", NULL,
         "sends from this address, or from the port's own, or as captured",
         "an address as 02:00:00:00:00:01, or port, or captured", parse_src_mac},
        {"src-net", "NET=NEW", NULL,
         "moves IP source addresses from one network to another; checksums follow",
         "networks of one kind without host bits, as 10.1.0.0/16=192.168.0.0 or "
         "2001:db8::/32=fd00::",
         parse_src_net},
        {"dst-net", "NET=NEW", NULL, "likewise destination addresses",
         "networks of one kind without host bits, as 10.1.0.0/16=192.168.0.0 or "
         "2001:db8::/32=fd00::",
         parse_dst_net},
        {"vlan-pop", NULL, NULL, "takes the outermost VLAN tag off, where there is one", NULL,
         parse_vlan_pop},
        {"vlan-push", "VID", NULL, "puts an 802.1Q tag in front", "a number from 0 to 4095",
         parse_vlan_push},
        {"truncate", "BYTES", NULL, "cuts longer packets to it", "a number from 14 to 65535",
         parse_truncate},
        {"pad", NULL, NULL,
         "fills packets that the capture cut short up with zeros, to their length on the wire",
         NULL, parse_pad},
        {"min-size", "BYTES", NULL, "fills shorter packets up with zeros, in the end",
         "a number from 14 to 65535", parse_min_size},
        {"filter", "EXPRESSION", NULL,
         "sends only what it selects: an expression as of tcpdump, pcap-filter(7)", "an expression",
         parse_filter},
        {"skip-bad", NULL, NULL,
         "a capture that is cut off or damaged is played as far as it can be read, which is "
         "counted "
         "and no error",
         NULL, parse_skip_bad},
        {"stamp", NULL, NULL,
         "gives every packet that can carry one a stamp, for xskim watch --transit at the other "
         "end: 32 bytes behind the payload, or over its end where the packet would get too long "
         "for the port",
         NULL, parse_stamp},
        {"stamp-over", NULL, NULL,
         "likewise, but always over the end of the payload, so that lengths stay", NULL,
         parse_stamp_over},
        {"threads", "N", NULL,
         "sends from so many threads, each on a CPU of its own, with afxdp to a TX queue of its "
         "own; packets of a flow go by the same one, in order (default 1; at top speed with afxdp "
         "one for each TX queue, as far as there are CPUs)",
         "a number from 1 to 64", parse_threads},
        {"engine", "auto|afxdp|xdp", "auto",
         "what sends: afxdp an AF_XDP socket on the port, the punctual way; xdp live frames out of "
         "BPF maps, the fast way where a port takes redirected frames; auto what suits the pace",
         "auto, afxdp or xdp", parse_engine},
        {"lab", NULL, NULL,
         "makes a lab on this machine (two hosts, a relay in between), stamps, sends from its left "
         "host, watches at its right one, and takes it down: then there is no PORT",
         NULL, parse_lab},
        {"impair", "WHAT", NULL,
         "with --lab: what the relay does to the packets, as delay=2ms,jitter=100us,loss=1%,"
         "duplicate=0.5%,reorder=1%,corrupt=0.1%,rate=100mbit,seed=7",
         "what xskim-relay --help lists", parse_impair},
        {"arrive", "PORT2", NULL,
         "stamps, and watches this port of this machine, where the packets arrive", "a port",
         parse_arrive},
        {"settle", "TIME", "500ms",
         "with --arrive: watches for so long after the last packet was sent",
         "seconds (0.5) or a time with a unit (200ms, 10s), from 0 to 1h", parse_settle},
        {"report", "FILE", NULL,
         "writes an HTML page that needs nothing else: plots of latency, rates and losses over "
         "time, figures, environment; needs gnuplot",
         "the name of a file", parse_report},
        {"json", NULL, NULL, "prints the report as one JSON object, \"type\": \"replay\"", NULL,
         parse_json},
        {},
};

static bool is_watched(const struct player_options *options) {
        return options->lab || options->arrive;
}

int player_options_check(const struct player_options *options, int operands) {
        if (options->paces > 1)
                return error_set(-EINVAL, "replay: give one of --speed, --rate and --top-speed");
        if (options->lab && options->arrive)
                return error_set(-EINVAL, "replay: give one of --lab and --arrive");
        if (options->impair && !options->lab)
                return error_set(-EINVAL, "replay: --impair is for the lab: give --lab, too");
        if (options->lab && operands > 1)
                return error_set(-EINVAL, "replay: with --lab there is no PORT: it makes its own");
        if (!options->lab && operands < 2)
                return error_set(-EINVAL, "replay: give a FILE and a PORT, or --lab");
        return 0;
}

bool player_options_passage(const struct player_options *options,
                            struct passage_config *ret_passage) {
        struct xskim_replay_config *replay = &ret_passage->replay;

        *ret_passage = (struct passage_config){
                .replay = options->config,
                .lab = options->lab,
                .impair = options->impair,
                .arrive = options->arrive,
                .settle_ms = options->settle_ms,
        };
        if (is_watched(options))
                replay->stamp = true;
        return is_watched(options) || options->report;
}
