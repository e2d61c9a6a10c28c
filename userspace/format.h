/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Figures for people: three digits, a unit, one space between. Owns how a number looks; not where
 * it stands. Pure. Every function returns its text by value, so that a caller writes printf("%s",
 * format_time(ns).text) and owns no buffer. A value that is not finite is "-".
 */
#ifndef XSKIM_FORMAT_H
#define XSKIM_FORMAT_H

#include <stdint.h>

struct format_text {
        char text[40];
};

/* Every digit, in groups of three: 12 441 092. */
struct format_text format_grouped(uint64_t value);

/* Digits significant ones and a decimal prefix: 194 k, 12.44 M with four. */
struct format_text format_short(double value, int digits);

/* A rate of packets: 1.04 Mpps. */
struct format_text format_packet_rate(double packets_per_second);

/* A rate of bits: 9.81 Gbit/s. */
struct format_text format_bit_rate(double bits_per_second);

/* Nanoseconds: 38 ns, 1.62 µs, 41.2 µs, 1.93 ms, 12.0 s, up to days. With three digits at most 7
 * columns. */
struct format_text format_time(double ns, int digits);

/* The number of format_time in the unit that suits `like_ns`: for intervals that share one. */
struct format_text format_time_like(double ns, double like_ns, int digits);

/* A packet's size: 1514 B; from 100 000 as format_bytes. */
struct format_text format_size(double bytes);

/* Memory, KB = 1024 bytes: 196 KB. */
struct format_text format_memory(double bytes);

/* Traffic, decimal: 18.8 GB. */
struct format_text format_bytes(double bytes, int digits);

/* 97.1 %, 0.55 %, 0 %, <0.01 %, >99.9 %: what is not all or nothing never looks so. */
struct format_text format_percent(double percent);

/* hh:mm:ss, the hours as many digits as they need. */
struct format_text format_duration(double seconds);

#endif
