/* SPDX-License-Identifier: BSD-2-Clause */
/* See report.h. */
#include <stdio.h>

#include "quantile.h"
#include "report.h"

static const struct {
        const char *text;
        const char *key;
} names[FATE_DIRECTIONS] = {
        [FATE_LEFT_TO_RIGHT] = {"left to right", "left_to_right"},
        [FATE_RIGHT_TO_LEFT] = {"right to left", "right_to_left"},
};

static const struct {
        const char *name;
        size_t offset;
        const char *meaning;
} rows[] = {
#define ROW(name_, socket_, frame_, meaning_) {#name_, offsetof(struct counts, name_), meaning_},
        COUNTS_ROWS(ROW)
#undef ROW
};

const char *report_name(enum fate_direction which) {
        return names[which].text;
}

static uint64_t value(const struct direction *direction, size_t row) {
        return *(const uint64_t *)((const char *)&direction->counts + rows[row].offset);
}

static struct xskim_distribution lateness(const struct direction *direction) {
        struct histogram_view view = histogram_view(direction->lateness);
        struct xskim_distribution distribution = {0};

        quantile_fill(&view, &distribution);
        return distribution;
}

uint64_t report_unaccounted(const struct direction directions[FATE_DIRECTIONS]) {
        uint64_t sum = 0;

        for (int i = 0; i < FATE_DIRECTIONS; i++)
                sum += counts_unaccounted(&directions[i].counts);
        return sum;
}

static void print_json(const struct direction *direction, FILE *to) {
        struct xskim_distribution late = lateness(direction);
        char told[IMPAIRMENT_TEXT_BYTES];

        impairment_print(&direction->told, told);
        fprintf(to, "\"%s\":{\"impair\":\"%s\"", names[direction->which].key, told);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                fprintf(to, ",\"%s\":%lu", rows[i].name, value(direction, i));
        fprintf(to, ",\"lateness_ns\":{\"count\":%lu,\"min\":%lu", late.count, late.min);
#define QUANTILE(rank_, name_, doc_)                                                               \
        fprintf(to, ",\"" #name_ "\":%lu", late.quantiles[rank_].value);
        XSKIM_QUANTILE_ROWS(QUANTILE)
#undef QUANTILE
        fprintf(to, ",\"max\":%lu},\"unaccounted\":%lu}", late.max,
                counts_unaccounted(&direction->counts));
}

static void print_lateness(const struct direction *direction, FILE *to) {
        struct xskim_distribution late = lateness(direction);

        fprintf(to, "  %-14s  late by", report_name(direction->which));
#define QUANTILE(rank_, name_, doc_)                                                               \
        fprintf(to, "  " #name_ " %.1f us", (double)late.quantiles[rank_].value / 1000);
        XSKIM_QUANTILE_ROWS(QUANTILE)
#undef QUANTILE
        fprintf(to, "  max %.1f us\n", (double)late.max / 1000);
}

static void print_text(const struct direction *directions, FILE *to) {
        char told[IMPAIRMENT_TEXT_BYTES];

        fprintf(to, "%-16s", "");
        for (int d = 0; d < FATE_DIRECTIONS; d++)
                fprintf(to, " %15s", report_name(directions[d].which));
        fprintf(to, "\n");
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                fprintf(to, "%-16s %15lu %15lu  %s\n", rows[i].name, value(&directions[0], i),
                        value(&directions[1], i), rows[i].meaning);
        fprintf(to, "%-16s %15lu %15lu\n", "unaccounted", counts_unaccounted(&directions[0].counts),
                counts_unaccounted(&directions[1].counts));
        fprintf(to, "From when a frame was due (or came, if it need not wait) until the port had "
                    "it:\n");
        for (int d = 0; d < FATE_DIRECTIONS; d++)
                print_lateness(&directions[d], to);
        for (int d = 0; d < FATE_DIRECTIONS; d++) {
                impairment_print(&directions[d].told, told);
                fprintf(to, "  %-14s  was told %s\n", report_name(directions[d].which), told);
        }
}

void report_print(const struct direction directions[FATE_DIRECTIONS], bool as_json, FILE *to) {
        if (!as_json) {
                print_text(directions, to);
                return;
        }
        fprintf(to, "{\"type\":\"relay\",");
        for (int d = 0; d < FATE_DIRECTIONS; d++) {
                print_json(&directions[d], to);
                fprintf(to, ",");
        }
        fprintf(to, "\"unaccounted\":%lu}\n", report_unaccounted(directions));
}
