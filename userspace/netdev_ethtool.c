/* SPDX-License-Identifier: BSD-2-Clause */
/* What drivers say by ethtool ioctls: name, queues, features, statistics of their own. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "netdev.h"
#include "netdev_private.h"
#include "util.h"

enum {
        STRINGS_MAX = 65536, /* mlx5 with many queues has some thousands */
};

int netdev_ethtool(const char *name, void *command) {
        int fd CLEANUP(fd_cleanup) = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = {.ifr_data = command};

        if (fd < 0)
                return -errno;
        snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
        return ioctl(fd, SIOCETHTOOL, &request) ? -errno : 0;
}

/* How many strings the set has; 0 when the driver does not tell. */
static uint32_t strings_count(const char *name, uint32_t set) {
        union {
                struct ethtool_sset_info header;
                uint32_t words[sizeof(struct ethtool_sset_info) / sizeof(uint32_t) + 1];
        } sets = {.header = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << set}};

        if (netdev_ethtool(name, &sets) < 0 || !sets.header.sset_mask)
                return 0;
        /* the count follows the header */
        return MIN(sets.words[ARRAY_SIZE(sets.words) - 1], (uint32_t)STRINGS_MAX);
}

/* The set's names, or NULL; the caller frees them. */
static struct ethtool_gstrings *strings_read(const char *name, uint32_t set, uint32_t count) {
        struct ethtool_gstrings *strings CLEANUP(free_cleanup) =
                calloc(1, sizeof(*strings) + (size_t)count * ETH_GSTRING_LEN);

        if (!count || !strings)
                return NULL;
        strings->cmd = ETHTOOL_GSTRINGS;
        strings->string_set = set;
        strings->len = count;
        /* another count than asked for: the driver changed its mind in between */
        if (netdev_ethtool(name, strings) < 0 || strings->len != count)
                return NULL;
        return TAKE_PTR(strings);
}

static const char *string_at(const struct ethtool_gstrings *strings, uint32_t i) {
        return (const char *)strings->data + (size_t)i * ETH_GSTRING_LEN;
}

/* Features that change what XDP sees; names of the kernel's net/ethtool/common.c. */
static const struct {
        const char *name;
        size_t member;
} feature_rows[] = {
        {"rx-vlan-hw-parse", offsetof(struct netdev_port, vlan_stripping)},
        {"rx-lro", offsetof(struct netdev_port, lro)},
        {"rx-gro-hw", offsetof(struct netdev_port, gro_hw)},
        {"rx-gro", offsetof(struct netdev_port, gro)},
};

static void feature_take(struct netdev_port *port, const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(feature_rows); i++) {
                if (!strncmp(name, feature_rows[i].name, ETH_GSTRING_LEN))
                        *(bool *)((char *)port + feature_rows[i].member) = true;
        }
}

static void features_describe(struct netdev_port *port) {
        uint32_t count = strings_count(port->name, ETH_SS_FEATURES), blocks = (count + 31) / 32;
        struct ethtool_gstrings *names CLEANUP(free_cleanup) =
                strings_read(port->name, ETH_SS_FEATURES, count);
        struct ethtool_gfeatures *features CLEANUP(free_cleanup) =
                calloc(1, sizeof(*features) + blocks * sizeof(features->features[0]));

        if (!names || !features)
                return;
        features->cmd = ETHTOOL_GFEATURES;
        features->size = blocks;
        if (netdev_ethtool(port->name, features) < 0)
                return;
        for (uint32_t i = 0; i < count; i++) {
                if (features->features[i / 32].active >> (i % 32) & 1)
                        feature_take(port, string_at(names, i));
        }
}

void netdev_ethtool_describe(struct netdev_port *port) {
        struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
        struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};

        if (!netdev_ethtool(port->name, &driver))
                snprintf(port->driver, sizeof(port->driver), "%.31s", driver.driver);
        if (!netdev_ethtool(port->name, &channels)) {
                if (channels.rx_count + channels.combined_count)
                        port->rx_queues = channels.rx_count + channels.combined_count;
                if (channels.tx_count + channels.combined_count)
                        port->tx_queues = channels.tx_count + channels.combined_count;
        }
        features_describe(port);
}

/* Drivers of which it is known what they count; `minus` is part of `plus`. The kernel's
 * drivers/net/veth.c and virtio_net.c, whose prefix changed from rx_queue_N to rxN. */
static const struct drop_row {
        const char *driver;
        const char *plus;
        const char *minus;
} drop_rows[] = {
        {"veth", "drops", NULL},
        {"virtio_net", "drops", "xdp_drops"},
};

static bool is_of_queue(const char *string, const char *what) {
        unsigned int queue;
        int end = 0;

        if (!what)
                return false;
        if (sscanf(string, "rx_queue_%u_%n", &queue, &end) != 1 || !end)
                end = 0;
        if (!end && (sscanf(string, "rx%u_%n", &queue, &end) != 1 || !end))
                return false;
        return !strcmp(string + end, what);
}

static uint64_t drops_sum(const struct drop_row *row, const struct ethtool_gstrings *names,
                          const struct ethtool_stats *values) {
        uint64_t plus = 0, minus = 0;
        char string[ETH_GSTRING_LEN + 1];

        for (uint32_t i = 0; i < names->len; i++) {
                snprintf(string, sizeof(string), "%.32s", string_at(names, i));
                plus += is_of_queue(string, row->plus) ? values->data[i] : 0;
                minus += is_of_queue(string, row->minus) ? values->data[i] : 0;
        }
        return plus > minus ? plus - minus : 0;
}

static const struct drop_row *drop_row_of(const char *name) {
        struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};

        if (netdev_ethtool(name, &driver) < 0)
                return NULL;
        for (size_t i = 0; i < ARRAY_SIZE(drop_rows); i++) {
                if (!strncmp(driver.driver, drop_rows[i].driver, sizeof(driver.driver)))
                        return &drop_rows[i];
        }
        return NULL;
}

uint64_t netdev_ethtool_drops(const char *name) {
        const struct drop_row *row = drop_row_of(name);
        uint32_t count = row ? strings_count(name, ETH_SS_STATS) : 0;
        struct ethtool_gstrings *names CLEANUP(free_cleanup) =
                strings_read(name, ETH_SS_STATS, count);
        struct ethtool_stats *values CLEANUP(free_cleanup) =
                calloc(1, sizeof(*values) + (size_t)count * sizeof(values->data[0]));

        if (!names || !values)
                return 0;
        values->cmd = ETHTOOL_GSTATS;
        values->n_stats = count;
        if (netdev_ethtool(name, values) < 0 || values->n_stats != count)
                return 0;
        return drops_sum(row, names, values);
}
