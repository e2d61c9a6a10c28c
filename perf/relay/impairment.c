/* SPDX-License-Identifier: BSD-2-Clause */
/* See impairment.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "impairment.h"
#include "log.h"
#include "util.h"

enum { WORD_BYTES = 64, DIGITS_MAX = 18 };

/* From fine to coarse. */
struct unit {
        const char *name;
        uint64_t factor;
};

static const struct unit time_units[] = {
        {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
static const struct unit share_units[] = {{"%", IMPAIRMENT_ALWAYS / 100}};
static const struct unit rate_units[] = {
        {"bit", 1}, {"kbit", 1000}, {"mbit", 1000000}, {"gbit", 1000000000}};
static const struct unit count_units[] = {{"", 1}};

static const struct row {
        const char *name;
        size_t offset;
        const struct unit *units;
        size_t unit_count;
        uint64_t initial;
        uint64_t min;
        uint64_t max;
} rows[] = {
#define ROW(name_, unit_, initial_, min_, max_, meaning_)                                          \
        {                                                                                          \
                .name = #name_,                                                                    \
                .offset = offsetof(struct impairment, name_),                                      \
                .units = unit_##_units,                                                            \
                .unit_count = ARRAY_SIZE(unit_##_units),                                           \
                .initial = (initial_),                                                             \
                .min = (min_),                                                                     \
                .max = (max_),                                                                     \
        },
        IMPAIRMENT_ROWS(ROW)
#undef ROW
};

static uint64_t *value_of(struct impairment *impairment, const struct row *row) {
        return (uint64_t *)((char *)impairment + row->offset);
}

struct impairment impairment_off(void) {
        struct impairment off;

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                *value_of(&off, &rows[i]) = rows[i].initial;
        return off;
}

static const struct row *row_find(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (!strcmp(rows[i].name, name))
                        return &rows[i];
        return NULL;
}

/* "2.5" as 25 and 1 decimal; the text that follows, or NULL when it is no such number. */
static const char *decimal_read(const char *text, uint64_t *ret_digits, uint64_t *ret_scale) {
        uint64_t digits = 0, scale = 1;
        int count = 0, after_point = -1;

        for (; (*text >= '0' && *text <= '9') || (*text == '.' && after_point < 0); text++) {
                if (*text == '.') {
                        after_point = 0;
                        continue;
                }
                if (++count > DIGITS_MAX)
                        return NULL;
                digits = digits * 10 + (uint64_t)(*text - '0');
                scale *= after_point >= 0 ? 10 : 1;
                after_point += after_point >= 0;
        }
        if (!count || after_point == 0 || count == after_point)
                return NULL;
        *ret_digits = digits;
        *ret_scale = scale;
        return text;
}

static const struct unit *unit_find(const struct row *row, const char *name) {
        for (size_t i = 0; i < row->unit_count; i++)
                if (!strcmp(row->units[i].name, name))
                        return &row->units[i];
        return NULL;
}

/* A value with its unit, the coarsest that leaves an integer. */
static void value_print(const struct row *row, uint64_t value, char *text, size_t bytes) {
        const struct unit *unit = &row->units[0];
        uint64_t rest;
        int length;

        for (size_t i = 0; i < row->unit_count && value; i++)
                if (value % row->units[i].factor == 0)
                        unit = &row->units[i];
        length = snprintf(text, bytes, "%lu", value / unit->factor);
        rest = value % unit->factor;
        if (rest) { /* only shares: their one unit has decimals */
                length += snprintf(text + length, bytes - (size_t)length, ".%07lu", rest);
                while (text[length - 1] == '0')
                        text[--length] = '\0';
        }
        snprintf(text + length, bytes - (size_t)length, "%s", unit->name);
}

static int value_refuse(const struct row *row, const char *text) {
        static const char *const EXAMPLES[] = {"2ms, 100us", "1%, 0.05%", "100mbit, 1.5gbit",
                                               "a whole number"};
        const char *example = row->units == time_units    ? EXAMPLES[0]
                              : row->units == share_units ? EXAMPLES[1]
                              : row->units == rate_units  ? EXAMPLES[2]
                                                          : EXAMPLES[3];

        return error_set(-EINVAL, "%s=%s: is written as %s.", row->name, text, example);
}

static int value_read(const struct row *row, const char *text, uint64_t *ret_value) {
        uint64_t digits, scale;
        const char *end = decimal_read(text, &digits, &scale);
        const struct unit *unit = end ? unit_find(row, end) : NULL;
        char min[WORD_BYTES], max[WORD_BYTES];
        unsigned __int128 value;

        if (!unit)
                return value_refuse(row, text);
        value = (unsigned __int128)digits * unit->factor;
        if (value % scale)
                return error_set(-EINVAL, "%s=%s: more decimals than can be kept.", row->name,
                                 text);
        value /= scale;
        if (value < row->min || value > row->max) {
                value_print(row, row->min, min, sizeof(min));
                value_print(row, row->max, max, sizeof(max));
                return error_set(-EINVAL, "%s=%s: from %s to %s.", row->name, text, min, max);
        }
        *ret_value = (uint64_t)value;
        return 0;
}

static int word_read(char *word, struct impairment *impairment, uint64_t *seen) {
        char *value = strchr(word, '=');
        const struct row *row;

        if (!value)
                return error_set(-EINVAL, "%s: is neither `off` nor NAME=VALUE.\n%s",
                                 *word ? word : "an empty word", impairment_usage());
        *value++ = '\0';
        row = row_find(word);
        if (!row)
                return error_set(-EINVAL, "%s: nothing of this name can be told.\n%s", word,
                                 impairment_usage());
        if (*seen & 1ULL << (row - rows))
                return error_set(-EINVAL, "%s: told twice.", word);
        *seen |= 1ULL << (row - rows);
        return value_read(row, value, value_of(impairment, row));
}

static int contradiction(const struct impairment *told, uint64_t seen) {
        if (told->jitter > told->delay)
                return error_set(-EINVAL, "jitter: larger than the delay that it varies: frames "
                                          "would leave before they came.");
        if (!told->reorder && seen & 1ULL << (row_find("gap") - rows))
                return error_set(-EINVAL, "gap: says nothing without reorder=SHARE.");
        if (!told->slow != !told->extra)
                return error_set(-EINVAL, "slow, extra: one says nothing without the other: "
                                          "slow=SHARE,extra=TIME.");
        if (!told->rate && seen & 1ULL << (row_find("queue") - rows))
                return error_set(-EINVAL, "queue: says nothing without rate=RATE.");
        return 0;
}

int impairment_parse(const char *text, struct impairment *ret_impairment) {
        struct impairment told = impairment_off();
        char word[WORD_BYTES];
        uint64_t seen = 0;
        size_t length;
        int r;

        if (!strcmp(text, "off")) {
                *ret_impairment = told;
                return 0;
        }
        for (;; text += length + 1) {
                length = strcspn(text, ",");
                if (length >= sizeof(word))
                        return error_set(-EINVAL, "%.32s…: too long.", text);
                memcpy(word, text, length);
                word[length] = '\0';
                r = word_read(word, &told, &seen);
                if (r)
                        return r;
                if (!text[length])
                        break;
        }
        r = contradiction(&told, seen);
        if (!r)
                *ret_impairment = told;
        return r;
}

void impairment_print(const struct impairment *impairment, char text[IMPAIRMENT_TEXT_BYTES]) {
        struct impairment told = *impairment;
        size_t length = 0;

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char value[WORD_BYTES];

                if (*value_of(&told, &rows[i]) == rows[i].initial)
                        continue;
                value_print(&rows[i], *value_of(&told, &rows[i]), value, sizeof(value));
                length += (size_t)snprintf(text + length, IMPAIRMENT_TEXT_BYTES - length, "%s%s=%s",
                                           length ? "," : "", rows[i].name, value);
        }
        if (!length)
                snprintf(text, IMPAIRMENT_TEXT_BYTES, "off");
}

bool impairment_holds_frames(const struct impairment *impairment) {
        return impairment->delay || impairment->reorder || impairment->slow || impairment->rate;
}

bool impairment_is_off(const struct impairment *impairment) {
        return !impairment_holds_frames(impairment) && !impairment->loss &&
               !impairment->duplicate && !impairment->corrupt;
}

const char *impairment_usage(void) {
        return "What can be told, joined by commas (times in ns, us, ms, s; shares in %; rates in "
               "bit, kbit, mbit, gbit):"
#define ROW(name_, unit_, initial_, min_, max_, meaning_) "\n  " #name_ "=\t" meaning_
                IMPAIRMENT_ROWS(ROW)
#undef ROW
                        ;
}
