/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how typed values are read. See cli_value.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cli_value.h"
#include "util.h"

enum { CPU_NUMBER_MAX = 8191 };

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

/* Digits from *text on, which moves behind them. -EINVAL when there are none. */
static int take_number(const char **text, uint64_t *ret_value) {
        uint64_t value = 0;
        bool overflow = false;

        if (!is_digit(**text))
                return -EINVAL;
        for (; is_digit(**text); (*text)++) {
                overflow |= __builtin_mul_overflow(value, 10ULL, &value);
                overflow |= __builtin_add_overflow(value, (uint64_t)(**text - '0'), &value);
        }
        if (overflow)
                return -ERANGE;
        *ret_value = value;
        return 0;
}

static int within(uint64_t value, uint64_t min, uint64_t max, uint64_t *ret_value) {
        if (value < min || value > max)
                return -ERANGE;
        *ret_value = value;
        return 0;
}

int cli_value_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value) {
        uint64_t value;
        int r = take_number(&text, &value);

        if (r == -EINVAL || *text)
                return -EINVAL;
        return r < 0 ? r : within(value, min, max, ret_value);
}

int cli_value_u32(const char *text, uint64_t min, uint64_t max, uint32_t *ret_value) {
        uint64_t number;
        int r = cli_value_number(text, min, max, &number);

        if (r >= 0)
                *ret_value = (uint32_t)number;
        return r;
}

/* Digits behind the point, as millionths; more than six of them are finer than anything here. */
static int take_fraction(const char **text, uint64_t *ret_millionths) {
        uint64_t millionths = 0, place = 100000;

        if (!is_digit(**text))
                return -EINVAL;
        for (; is_digit(**text); (*text)++, place /= 10) {
                if (!place && **text != '0')
                        return -ERANGE;
                millionths += place * (**text - '0');
        }
        *ret_millionths = millionths;
        return 0;
}

static int unit_ms(const char *text, uint64_t *ret_ms) {
        static const struct {
                const char *name;
                uint64_t ms;
        } units[] = {{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60000}, {"h", 3600000}};

        for (size_t i = 0; i < ARRAY_SIZE(units); i++)
                if (!strcmp(text, units[i].name)) {
                        *ret_ms = units[i].ms;
                        return 0;
                }
        return -EINVAL;
}

int cli_value_duration(const char *text, uint64_t min_ms, uint64_t max_ms, uint64_t *ret_ms) {
        uint64_t whole = 0, millionths = 0, ms, unit;
        int r = take_number(&text, &whole), fraction = 0;

        if (r == -EINVAL)
                return r;
        if (*text == '.') {
                text++;
                fraction = take_fraction(&text, &millionths);
        }
        if (fraction == -EINVAL || unit_ms(text, &unit) < 0)
                return -EINVAL;
        if (r < 0 || fraction < 0 || millionths * unit % 1000000 ||
            __builtin_mul_overflow(whole, unit, &ms) ||
            __builtin_add_overflow(ms, millionths * unit / 1000000, &ms))
                return -ERANGE;
        return within(ms, min_ms, max_ms, ret_ms);
}

/* Digits with or without a point from *text on, as millionths; *text moves behind them. */
static int take_decimal(const char **text, uint64_t *ret_millionths) {
        uint64_t whole = 0, millionths = 0;
        int r = take_number(text, &whole), fraction = 0;

        if (r == -EINVAL)
                return r;
        if (**text == '.') {
                (*text)++;
                fraction = take_fraction(text, &millionths);
        }
        if (fraction == -EINVAL)
                return fraction;
        if (r < 0 || fraction < 0 || __builtin_mul_overflow(whole, 1000000ULL, &whole) ||
            __builtin_add_overflow(whole, millionths, &millionths))
                return -ERANGE;
        *ret_millionths = millionths;
        return 0;
}

int cli_value_decimal(const char *text, uint64_t min, uint64_t max, uint64_t *ret_millionths) {
        uint64_t millionths;
        int r = take_decimal(&text, &millionths);

        if (r < 0)
                return r;
        return *text ? -EINVAL : within(millionths, min, max, ret_millionths);
}

/* k, M, G or nothing. */
static uint64_t take_prefix(const char **text) {
        static const struct {
                char name;
                uint64_t factor;
        } prefixes[] = {{'k', 1000}, {'M', 1000000}, {'G', 1000000000}};

        for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
                if (**text == prefixes[i].name) {
                        (*text)++;
                        return prefixes[i].factor;
                }
        return 1;
}

int cli_value_rate(const char *text, uint64_t max, enum cli_rate *ret_kind, uint64_t *ret_rate) {
        static const char *const kinds[] = {[CLI_RATE_PACKETS] = "pps", [CLI_RATE_BITS] = "bps"};
        uint64_t millionths, factor, rate;
        int r = take_decimal(&text, &millionths);
        unsigned __int128 product;
        size_t kind;

        if (r < 0)
                return r;
        factor = take_prefix(&text);
        r = cli_value_choice(text, kinds, ARRAY_SIZE(kinds), &kind);
        if (r < 0)
                return r;
        product = (unsigned __int128)millionths * factor;
        if (product % 1000000 || product / 1000000 > max)
                return -ERANGE;
        rate = (uint64_t)(product / 1000000);
        if (!rate)
                return -ERANGE;
        *ret_kind = (enum cli_rate)kind;
        *ret_rate = rate;
        return 0;
}

static int digit_of(char c) {
        if (is_digit(c))
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int cli_value_mac(const char *text, uint8_t ret_mac[6]) {
        uint8_t mac[6];

        for (size_t i = 0; i < sizeof(mac); i++, text += 3) {
                int high = digit_of(text[0]), low = high < 0 ? -1 : digit_of(text[1]);

                if (low < 0 || text[2] != (i + 1 < sizeof(mac) ? ':' : '\0'))
                        return -EINVAL;
                mac[i] = (uint8_t)(high << 4 | low);
        }
        memcpy(ret_mac, mac, sizeof(mac));
        return 0;
}

static int take_address(const char *text, size_t length, int family, uint8_t *ret_address) {
        char address[64];

        if (length >= sizeof(address))
                return -EINVAL;
        memcpy(address, text, length);
        address[length] = '\0';
        return inet_pton(family, address, ret_address) == 1 ? 0 : -EINVAL;
}

/* What is behind the network's bits. */
static bool has_host_bits(const uint8_t *address, uint32_t bits, uint32_t bytes) {
        for (uint32_t i = bits; i < bytes * 8; i++)
                if (address[i / 8] & 0x80 >> i % 8)
                        return true;
        return false;
}

int cli_value_net_pair(const char *text, struct cli_net_pair *ret_pair) {
        const char *slash = strchr(text, '/'), *equals = strchr(text, '='),
                   *behind = slash ? slash + 1 : text;
        struct cli_net_pair pair = {.ipv6 = strchr(text, ':')};
        int family = pair.ipv6 ? AF_INET6 : AF_INET, r;
        uint32_t bytes = pair.ipv6 ? 16 : 4;
        uint64_t bits = 0;

        if (!slash || !equals || equals < slash || take_number(&behind, &bits) || behind != equals)
                return -EINVAL;
        r = take_address(text, (size_t)(slash - text), family, pair.from);
        r = r < 0 ? r : take_address(equals + 1, strlen(equals + 1), family, pair.to);
        if (r < 0)
                return r;
        pair.bits = (uint32_t)MIN(bits, (uint64_t)UINT32_MAX);
        if (bits > bytes * 8 || has_host_bits(pair.from, pair.bits, bytes) ||
            has_host_bits(pair.to, pair.bits, bytes))
                return -ERANGE;
        *ret_pair = pair;
        return 0;
}

int cli_value_choice(const char *text, const char *const *names, size_t count, size_t *ret_index) {
        for (size_t i = 0; i < count; i++)
                if (!strcmp(text, names[i])) {
                        *ret_index = i;
                        return 0;
                }
        return -EINVAL;
}

static int add_cpu(int *cpus, size_t max, size_t *count, int cpu) {
        for (size_t i = 0; i < *count; i++)
                if (cpus[i] == cpu)
                        return -EINVAL;
        if (*count == max)
                return -ERANGE;
        cpus[(*count)++] = cpu;
        return 0;
}

/* One number or range. */
static int take_cpus(const char **text, int *cpus, size_t max, size_t *count) {
        uint64_t first, last;
        int r = take_number(text, &first);

        if (r < 0)
                return r;
        last = first;
        if (**text == '-') {
                (*text)++;
                r = take_number(text, &last);
        }
        if (r < 0)
                return r;
        if (last > CPU_NUMBER_MAX || first > CPU_NUMBER_MAX)
                return -ERANGE;
        if (last < first)
                return -EINVAL;
        for (uint64_t cpu = first; cpu <= last && r >= 0; cpu++)
                r = add_cpu(cpus, max, count, (int)cpu);
        return r;
}

int cli_value_cpus(const char *text, int *cpus, size_t max, size_t *ret_count) {
        size_t count = 0;
        int r = take_cpus(&text, cpus, max, &count);

        while (r >= 0 && *text == ',') {
                text++;
                r = take_cpus(&text, cpus, max, &count);
        }
        if (r < 0)
                return r;
        if (*text)
                return -EINVAL;
        *ret_count = count;
        return 0;
}
