/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of a passage: what both ends know together, what is in doubt, what the relay says.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "json_passage.h"
#include "passage_view.h"
#include "util.h"

static const char ACCOUNT[] =
        "{\"type\":\"relay\",\"left_to_right\":{\"impair\":\"loss=1%\",\"seen\":1000,"
        "\"received\":1000,\"lost\":10,\"forwarded\":990,"
        "\"lateness_ns\":{\"p50\":5000,\"p99\":70000}},"
        "\"right_to_left\":{\"impair\":\"off\",\"lost\":77},\"unaccounted\":0}";

static struct passage_result result;

static void result_make(void) {
        memset(&result, 0, sizeof(result));
        result.replayed = result.watched = true;
        result.report.file = "a.pcap";
        result.report.port = "left0";
        result.report.engine = "afxdp";
        result.report.mode = "copy";
        result.report.sent.progress.packets = 1000;
        result.report.sent.stamps.wanted = true;
        result.report.sent.stamps.stamped = 1000;
        result.summary.transit.enabled = true;
        result.summary.transit.stream_count = 1;
        result.summary.transit.sum.received = 990;
        result.summary.transit.sum.lost = 8;
        snprintf(result.relay, sizeof(result.relay), "%s", ACCOUNT);
}

static const char *view(void) {
        static char text[PASSAGE_VIEW_BYTES];

        passage_view(&result, 80, text, sizeof(text));
        return text;
}

TestSuite(passage, .init = result_make);

Test(passage, the_last_ones_are_missed_by_both_ends_together) {
        cr_expect_eq(passage_missing(&result), 10);
        cr_expect(strstr(view(), "(2 of them behind the last that did)"), "%s", view());
        result.summary.transit.sum.lost = 10;
        cr_expect(!strstr(view(), "behind the last"), "%s", view());
}

Test(passage, what_xskim_lost_is_not_the_path_s) {
        cr_expect(!strstr(view(), "doubt"), "%s", view());
        result.summary.transit.unrecorded = 1;
        cr_expect(strstr(view(), "doubt"), "%s", view());
        cr_expect_eq(passage_doubtful(&result), 1);
}

Test(passage, what_the_relay_says_is_read) {
        struct json_relay relay;

        cr_assert(json_relay_read(ACCOUNT, &relay));
        cr_expect_str_eq(relay.impair, "loss=1%");
        cr_expect_eq(relay.lost, 10, "of the direction that was used");
        cr_expect_eq(relay.forwarded, 990);
        cr_expect_eq(relay.late_p99_ns, 70000);
        cr_expect(strstr(view(), "told loss=1%:"), "%s", view());
}

Test(passage, what_is_no_account_is_none) {
        static const char *const texts[] = {"",     "{",
                                            "[]",   "{\"left_to_right\":7}",
                                            "null", "{\"left_to_right\":{\"impair\":3}}"};
        struct json_relay relay;

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                cr_expect(!json_relay_read(texts[i], &relay), "%s", texts[i]);
        result.relay[0] = '\0';
        cr_expect(!strstr(view(), "relay"), "%s", view());
}

static json_t *object(void) {
        char *line;
        json_t *all;

        cr_assert_eq(json_passage(&result, &line), 0);
        all = json_loads(line, 0, NULL);
        cr_assert(all, "%s", line);
        free(line);
        return all;
}

Test(passage, the_object_has_both_ends) {
        static const char *const parts[] = {"watch", "transit", "cost", "ledger", "lab"};
        json_t *all = object();

        cr_expect_str_eq(json_string_value(json_object_get(all, "type")), "replay");
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                cr_expect(json_is_object(json_object_get(all, parts[i])), "%s", parts[i]);
        cr_expect_eq(
                json_integer_value(json_object_get(json_object_get(all, "transit"), "received")),
                990);
        json_decref(all);
        result.watched = false;
        result.relay[0] = '\0';
        all = object();
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                cr_expect(json_is_null(json_object_get(all, parts[i])), "%s", parts[i]);
        json_decref(all);
}
