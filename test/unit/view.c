/* SPDX-License-Identifier: BSD-2-Clause */
/* The views: what fits, what is always there, what colour may do. */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

#include <xskim/skip.h>

#include "page.h"
#include "snapshots.h"
#include "util.h"
#include "view.h"

static char text[VIEW_BYTES];

/* Takes the escape sequences out, in place; returns how many there were. */
static unsigned int strip(char *s) {
        unsigned int count = 0;
        char *out = s;

        while (*s)
                if (*s == '\033') {
                        count++;
                        s += strcspn(s, "m") + 1;
                } else {
                        *out++ = *s++;
                }
        *out = '\0';
        return count;
}

/* Every line at most so wide, as many lines as were told, only printable characters. */
static void check_shape(unsigned int lines, unsigned int columns) {
        unsigned int counted = 0;
        char *line = text, *end;

        strip(text);
        for (; (end = strchr(line, '\n')); line = end + 1, counted++) {
                *end = '\0';
                cr_expect_leq(page_width(line), columns, "%u columns: %s", page_width(line), line);
                for (char *c = line; *c; c++)
                        cr_assert((unsigned char)*c >= 0x20, "a control character in %s", line);
        }
        cr_assert_eq(*line, '\0', "the last line has no end");
        cr_assert_eq(counted, lines);
}

static const struct view_screen SMALL = {.columns = VIEW_COLUMNS, .rows = VIEW_ROWS};
static const struct view_screen PAPER = {.columns = VIEW_COLUMNS};

Test(view, live_fits_80x24_for_any_snapshot) {
        struct xskim_snapshot snapshots[] = {{}, snapshot_usual(), snapshot_huge()};

        for (size_t i = 0; i < ARRAY_SIZE(snapshots); i++)
                for (int colour = 0; colour < 2; colour++) {
                        struct view_screen screen = SMALL;
                        unsigned int lines;

                        screen.colour = colour;
                        lines = view_render(VIEW_LIVE, &screen, &snapshots[i], text, sizeof(text));
                        cr_expect_leq(lines, VIEW_ROWS, "%u lines", lines);
                        check_shape(lines, VIEW_COLUMNS);
                }
}

Test(view, paper_is_never_wider_than_80) {
        struct xskim_snapshot snapshots[] = {{}, snapshot_usual(), snapshot_huge()};

        for (size_t i = 0; i < ARRAY_SIZE(snapshots); i++)
                for (enum view_kind kind = VIEW_LIVE; kind <= VIEW_TRANSIT; kind++)
                        check_shape(view_render(kind, &PAPER, &snapshots[i], text, sizeof(text)),
                                    VIEW_COLUMNS);
}

/* Any bytes at all make a page. */
Test(view, any_snapshot_keeps_the_shape) {
        __u64 random = 7;

        for (int i = 0; i < 500; i++) {
                struct xskim_snapshot s;
                struct view_screen screen = {.columns = 40 + i % 100, .rows = 5 + i % 40};
                unsigned char *bytes = (unsigned char *)&s;

                for (size_t j = 0; j < sizeof(s); j++)
                        bytes[j] = xskim_random_next(&random) >> (i % 56);
                s.port[XSKIM_NAME_MAX - 1] = '\0';
                s.final = s.partial = s.gap.biased = s.stack.biased = false;
                s.delivery.biased = s.size.biased = false;
                s.transit.enabled = i % 2;
                s.transit.sum.latency.biased = false;
                s.transit.sum.delay_variation.pdv.biased = false;
                s.transit.sum.delay_variation.ipdv.biased = false;
                s.expect.enabled = i % 3;
                s.expect.file[XSKIM_NOTE_BYTES - 1] = '\0';
                s.ledger.where[XSKIM_NOTE_BYTES - 1] = '\0';
                for (int j = 0; j < XSKIM_NOTES_MAX; j++)
                        s.notes[j][XSKIM_NOTE_BYTES - 1] = '\0';
                check_shape(view_render(i % 4, &screen, &s, text, sizeof(text)), screen.columns);
        }
}

static bool is_shown(const char *words) {
        return strstr(text, words);
}

Test(view, live_shows_the_answer_and_the_ledger) {
        struct xskim_snapshot s = snapshot_usual();

        view_render(VIEW_LIVE, &SMALL, &s, text, sizeof(text));
        cr_expect(is_shown("1.04 Mpps"));
        cr_expect(is_shown("9.81 Gbit/s"));
        cr_expect(is_shown("6.30 µs [5.60, 7.00 µs]"), "P99 of gap with its interval: %s", text);
        cr_expect(is_shown("unaccounted 0"));
        cr_expect(is_shown("seen 12 441 092"));
        cr_expect(is_shown("samples'"), "min and max are the samples'");
        cr_expect(is_shown("00:00:12"));
        cr_expect(is_shown("1 in 64"));
        cr_expect(is_shown("GRO and GSO"));
        cr_expect(is_shown("stack      not measured"));
}

/* The names of the ledger's rows are all there, from the table. */
Test(view, every_row_of_the_ledger_is_in_sight) {
        struct xskim_snapshot s = snapshot_usual();
        uint64_t number = 1001;
        char expected[64];

#define NUMBER_TERM(name_, unit_, doc_) s.ledger.name_ = number++;
        XSKIM_LEDGER_ROWS(NUMBER_TERM)
        view_render(VIEW_LIVE, &SMALL, &s, text, sizeof(text));
        for (uint64_t i = 1001; i < number; i++) {
                snprintf(expected, sizeof(expected), " 1 %03u", (unsigned int)(i - 1000));
                cr_expect(is_shown(expected), "%s is missing in %s", expected, text);
        }
}

Test(view, transit_is_shown_when_it_was_asked_for) {
        struct xskim_snapshot s = snapshot_usual();

        view_render(VIEW_LIVE, &SMALL, &s, text, sizeof(text));
        cr_expect(!is_shown("transit"));
        s.transit.enabled = true;
        view_render(VIEW_LIVE, &SMALL, &s, text, sizeof(text));
        cr_expect(is_shown("no packet with a stamp seen"), "%s", text);
        s.transit.stream_count = 2;
        s.transit.streams[1].run = 0xbeef;
        s.transit.streams[1].number = 7;
        s.transit.sum.received = 123456;
        s.transit.sum.lost = 17;
        s.transit.sum.reordered = 5;
        s.transit.sum.latency = distribution_made(123456, 2000000);
        s.transit.unrecorded = 3;
        view_render(VIEW_SUMMARY, &PAPER, &s, text, sizeof(text));
        cr_expect(is_shown("received 123 456  lost 17  duplicated 0  reordered 5"), "%s", text);
        cr_expect(is_shown("corrupted 0"));
        cr_expect(is_shown("unrecorded 3"));
        cr_expect(is_shown("transit   200 µs 2.00 ms 4.00 ms 18.0 ms [16.0, 20.0 ms]"), "%s", text);
        cr_expect(is_shown("stream    0000beef/7  received 0  lost 0"), "%s", text);
        cr_expect(is_shown("pdv"));
}

Test(view, what_was_expected_is_shown_when_something_was) {
        struct xskim_snapshot s = snapshot_usual();

        view_render(VIEW_LIVE, &SMALL, &s, text, sizeof(text));
        cr_expect(!is_shown("expect"));
        s.expect = (struct xskim_expect){
                .enabled = true, .packets = 13622, .matched = 13619, .missing = 2, .changed = 1};
        view_render(VIEW_LIVE, &SMALL, &s, text, sizeof(text));
        cr_expect(is_shown("expect    packets 13 622  matched 13 619  missing 2  changed 1"), "%s",
                  text);
        cr_expect(is_shown("duplicated 0"));
        cr_expect(is_shown("extra 0"));
        cr_expect(!is_shown("incomparable"));
        s.expect.extra = 7;
        s.expect.extra_classes.arp = 4;
        s.expect.extra_classes.icmpv6 = 3;
        s.expect.incomparable = 5;
        s.expect.unrecorded = 6;
        view_render(VIEW_SUMMARY, &PAPER, &s, text, sizeof(text));
        cr_expect(is_shown("of the extra: arp 4  icmpv6 3"), "%s", text);
        cr_expect(is_shown("incomparable 5"));
        cr_expect(is_shown("unrecorded 6"));
}

Test(view, summary_has_bounds_and_intervals_of_every_quantile) {
        struct xskim_snapshot s = snapshot_usual();

        view_render(VIEW_SUMMARY, &PAPER, &s, text, sizeof(text));
        cr_expect(is_shown("(699,701 ns]"), "%s", text);
        cr_expect(is_shown("[698,702 ns]"));
        cr_expect(is_shown("(1.399,1.401 µs]"));
        cr_expect(is_shown("[5.600,7.000 µs]"));
        cr_expect(is_shown("[6.300,70.00 µs]"));
        cr_expect(is_shown("mean      gap 875 ns"));
        cr_expect(is_shown("summary"));
}

/* What the small screen leaves out of the summary is in the details, and the other way round. */
Test(view, summary_and_details_together_leave_nothing_out) {
        static const char *const words[] = {"rate ",    "p50",        "bucket ",   "mean ",
                                            "classes ", "parse ",     "estimate ", "cost ",
                                            "ledger ",  "first note", "last note"};
        static char both[2 * VIEW_BYTES];
        struct xskim_snapshot s = snapshot_usual();
        struct view_screen screen = {.columns = VIEW_COLUMNS, .rows = 20};

        s.parse.cut_l4 = 3;
        s.parse.complete -= 3;
        s.note_count = XSKIM_NOTES_MAX;
        strcpy(s.notes[0], "first note");
        strcpy(s.notes[XSKIM_NOTES_MAX - 1], "last note");
        view_render(VIEW_DETAILS, &PAPER, &s, both, VIEW_BYTES);
        view_render(VIEW_SUMMARY, &screen, &s, text, sizeof(text));
        strcat(both, text);
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                cr_expect(strstr(both, words[i]), "%s is missing in %s", words[i], both);
}

Test(view, an_interval_without_an_upper_bound_says_so) {
        struct xskim_snapshot s = snapshot_usual();

        s.gap.quantiles[XSKIM_P99].ci95_high = XSKIM_UNBOUNDED;
        view_render(VIEW_LIVE, &SMALL, &s, text, sizeof(text));
        cr_expect(is_shown("6.30 µs [5.60 µs, ∞)"), "%s", text);
}

Test(view, an_imbalance_is_said_and_stays_on_a_small_screen) {
        struct xskim_snapshot s = snapshot_usual();
        struct view_screen tiny = {.columns = VIEW_COLUMNS, .rows = 12};

        s.ledger.unaccounted = 3;
        strcpy(s.ledger.where, "carried = received + lost_in_socket");
        view_render(VIEW_LIVE, &tiny, &s, text, sizeof(text));
        cr_expect(is_shown("unaccounted 3: carried = received + lost_in_socket"), "%s", text);
}

Test(view, colour_only_when_told_and_only_with_a_meaning) {
        struct xskim_snapshot s = snapshot_usual();
        struct view_screen colour = SMALL;
        unsigned int calm, alarmed;

        s.note_count = 0;
        view_render(VIEW_LIVE, &SMALL, &s, text, sizeof(text));
        cr_expect_not(is_shown("\033"));
        colour.colour = true;
        view_render(VIEW_LIVE, &colour, &s, text, sizeof(text));
        calm = strip(text);
        cr_expect_eq(calm, 0, "nothing to say, yet %u escape sequences", calm);
        s.ledger.unaccounted = 1;
        view_render(VIEW_LIVE, &colour, &s, text, sizeof(text));
        cr_expect(is_shown("\033[1;31m"));
        alarmed = strip(text);
        cr_expect_eq(alarmed, 2);
}

/* Neither heads over nothing, nor costs of 0 that nobody measured. */
Test(view, what_was_not_measured_is_not_shown_as_nothing) {
        static const char *const words[] = {"min, max",  "bucket",    "mean      ", "by class",
                                            "ns/packet", "ns/sample", "ns/record"};
        struct xskim_snapshot s = {.port = "eth1", .tier = XSKIM_TIER_CLASSES, .sample = 64};

        view_render(VIEW_SUMMARY, &PAPER, &s, text, sizeof(text));
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                cr_expect_not(is_shown(words[i]), "%s:\n%s", words[i], text);
        cr_expect(is_shown("no packet seen"));
        cr_expect(is_shown("path not timed"));
        s.cost.timed_runs = 1;
        s.sample = 0;
        view_render(VIEW_SUMMARY, &PAPER, &s, text, sizeof(text));
        cr_expect(is_shown("ns/packet"));
        cr_expect_not(is_shown("ns/sample"));
}

Test(view, sampling_off_estimates_nothing) {
        struct xskim_snapshot s = snapshot_usual();

        s.sample = 0;
        view_render(VIEW_BLOCK, &PAPER, &s, text, sizeof(text));
        cr_expect(is_shown("sample off"));
        cr_expect(is_shown("sampling is off"));
}
