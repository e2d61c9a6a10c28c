/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values that a person types, read strictly: nothing before or after, no overflow, within its
 * range. Pure. All return 0, -EINVAL (not such a value) or -ERANGE (one, but out of range); *ret
 * untouched on failure (the array of cpus is not).
 */
#ifndef XSKIM_CLI_VALUE_H
#define XSKIM_CLI_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits only. */
int cli_value_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value);
/* `max` fits. */
int cli_value_u32(const char *text, uint64_t min, uint64_t max, uint32_t *ret_value);

/* Seconds with decimals (0.5), or with a unit: 200ms, 1s, 2m, 1h. Whole milliseconds only. */
int cli_value_duration(const char *text, uint64_t min_ms, uint64_t max_ms, uint64_t *ret_ms);

/* With or without a point and at most six digits behind it; in millionths, like its bounds. */
int cli_value_decimal(const char *text, uint64_t min, uint64_t max, uint64_t *ret_millionths);

/* A rate above 0: 2Mpps, 500kpps, 800Mbps, 1.5Gbps; decimal prefixes. Whole packets or bits a
 * second only. */
enum cli_rate { CLI_RATE_PACKETS, CLI_RATE_BITS };
int cli_value_rate(const char *text, uint64_t max, enum cli_rate *ret_kind, uint64_t *ret_rate);

/* 02:00:00:00:00:01, six bytes. */
int cli_value_mac(const char *text, uint8_t ret_mac[6]);

/* From one network to another: 10.0.0.0/8=192.168.0.0 or 2001:db8::/32=fd00::. Host bits must be 0,
 * and both sides of one family. Bytes behind the address are untouched. */
enum { CLI_ADDRESS_BYTES_MAX = 16 };
struct cli_net_pair {
        bool ipv6;
        uint32_t bits;
        uint8_t from[CLI_ADDRESS_BYTES_MAX];
        uint8_t to[CLI_ADDRESS_BYTES_MAX];
};
int cli_value_net_pair(const char *text, struct cli_net_pair *ret_pair);

/* The place of the text among the names, all of it. */
int cli_value_choice(const char *text, const char *const *names, size_t count, size_t *ret_index);

/* CPU numbers and ranges, each CPU once: 0,1 or 0-3 or 0,2-3. -ERANGE when there are more than
 * `max`. */
int cli_value_cpus(const char *text, int *cpus, size_t max, size_t *ret_count);

#endif
