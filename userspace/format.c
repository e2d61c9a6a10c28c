/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how numbers look. See format.h. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "format.h"
#include "util.h"

struct unit {
        double factor;
        const char *name;
};

static const struct unit TIME_UNITS[] = {
        {1, "ns"}, {1e3, "µs"}, {1e6, "ms"}, {1e9, "s"}, {3.6e12, "h"}, {8.64e13, "d"},
};
static const struct unit MEMORY_UNITS[] = {
        {1, "B"},       {0x1p10, "KB"}, {0x1p20, "MB"}, {0x1p30, "GB"},
        {0x1p40, "TB"}, {0x1p50, "PB"}, {0x1p60, "EB"},
};
static const char *const PREFIXES[] = {"", "k", "M", "G", "T", "P", "E", "Z"};

static struct format_text absent(void) {
        return (struct format_text){"-"};
}

/* Digits after the point so that there are `digits` in all. */
static int decimals(double value, int digits) {
        int places = digits - 1;
        double limit = 10;

        while (places > 0 && value >= limit - 0.5 * pow(10, -places)) {
                limit *= 10;
                places--;
        }
        return places;
}

/* The largest unit in which the value, rounded to three digits, is at least 1. */
static const struct unit *unit_of(const struct unit *units, size_t count, double value) {
        size_t i = count - 1;

        while (i > 0 && value < units[i].factor * (1 - 0.5e-3))
                i--;
        return &units[i];
}

static struct format_text with_unit(const struct unit *units, size_t count, double value,
                                    int digits) {
        struct format_text ret;
        const struct unit *unit;
        double scaled;
        int places;

        if (!isfinite(value))
                return absent();
        value = fmax(value, 0);
        unit = unit_of(units, count, value);
        scaled = value / unit->factor;
        places = decimals(scaled, digits);
        /* A whole number of the smallest unit has no fraction to show. */
        if (unit == units && value == floor(value))
                places = 0;
        snprintf(ret.text, sizeof(ret.text), "%.*f %s", places, scaled, unit->name);
        return ret;
}

/* "12.44 M" + "B": prefix and unit stand together. */
static struct format_text decimal(double value, int digits, const char *unit) {
        struct format_text ret;
        unsigned int i = 0;
        int places;

        if (!isfinite(value))
                return absent();
        value = fmax(value, 0);
        if (value == floor(value) && value < 1000) {
                snprintf(ret.text, sizeof(ret.text), "%.0f%s%s", value, *unit ? " " : "", unit);
                return ret;
        }
        while (i + 1 < ARRAY_SIZE(PREFIXES) && value >= 1000 - 0.5 * pow(10, 3 - digits)) {
                value /= 1000;
                i++;
        }
        places = decimals(value, digits);
        snprintf(ret.text, sizeof(ret.text), "%.*f%s%s%s", places, value,
                 *PREFIXES[i] || *unit ? " " : "", PREFIXES[i], unit);
        return ret;
}

struct format_text format_grouped(uint64_t value) {
        struct format_text ret;
        char digits[24];
        size_t length = snprintf(digits, sizeof(digits), "%" PRIu64, value), used = 0;

        for (size_t i = 0; i < length; i++) {
                if (i && (length - i) % 3 == 0)
                        ret.text[used++] = ' ';
                ret.text[used++] = digits[i];
        }
        ret.text[used] = '\0';
        return ret;
}

struct format_text format_short(double value, int digits) {
        return decimal(value, digits, "");
}

struct format_text format_packet_rate(double packets_per_second) {
        return decimal(packets_per_second, 3, "pps");
}

struct format_text format_bit_rate(double bits_per_second) {
        return decimal(bits_per_second, 3, "bit/s");
}

struct format_text format_bytes(double bytes, int digits) {
        return decimal(bytes, digits, "B");
}

/* Beyond 999 days nobody waits for a packet; the column stays in its width. */
struct format_text format_time(double ns, int digits) {
        if (isfinite(ns) && ns >= 1000 * 8.64e13)
                return (struct format_text){">999 d"};
        return with_unit(TIME_UNITS, ARRAY_SIZE(TIME_UNITS), ns, digits);
}

struct format_text format_time_like(double ns, double like_ns, int digits) {
        struct format_text ret;
        double scaled;

        if (!isfinite(ns) || !isfinite(like_ns))
                return absent();
        scaled = fmax(ns, 0) / unit_of(TIME_UNITS, ARRAY_SIZE(TIME_UNITS), like_ns)->factor;
        snprintf(ret.text, sizeof(ret.text), "%.*f",
                 like_ns < 999.5 && scaled == floor(scaled) ? 0 : decimals(scaled, digits), scaled);
        return ret;
}

struct format_text format_size(double bytes) {
        struct format_text ret;

        if (!isfinite(bytes) || bytes >= 99999.5)
                return format_bytes(bytes, 3);
        snprintf(ret.text, sizeof(ret.text), "%.0f B", fmax(bytes, 0));
        return ret;
}

struct format_text format_memory(double bytes) {
        return with_unit(MEMORY_UNITS, ARRAY_SIZE(MEMORY_UNITS), bytes, 3);
}

struct format_text format_percent(double percent) {
        struct format_text ret;

        if (!isfinite(percent))
                return absent();
        percent = fmax(percent, 0);
        if (percent == 0)
                snprintf(ret.text, sizeof(ret.text), "0 %%");
        else if (percent < 0.005)
                snprintf(ret.text, sizeof(ret.text), "<0.01 %%");
        else if (percent >= 99.95 && percent < 100)
                snprintf(ret.text, sizeof(ret.text), ">99.9 %%");
        else if (percent < 1e6)
                snprintf(ret.text, sizeof(ret.text), "%.*f %%",
                         percent < 0.995   ? 2
                         : percent < 99.95 ? 1
                                           : 0,
                         percent);
        else
                snprintf(ret.text, sizeof(ret.text), "%.2g %%", percent);
        return ret;
}

struct format_text format_duration(double seconds) {
        struct format_text ret;
        uint64_t whole;

        if (!isfinite(seconds))
                return absent();
        whole = (uint64_t)fmin(fmax(seconds, 0), 1e15);
        snprintf(ret.text, sizeof(ret.text), "%02" PRIu64 ":%02u:%02u", whole / 3600,
                 (unsigned int)(whole / 60 % 60), (unsigned int)(whole % 60));
        return ret;
}
