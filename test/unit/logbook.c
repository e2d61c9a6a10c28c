/* SPDX-License-Identifier: BSD-2-Clause */
/* What a service logs, what it holds back, and that it says how much that was. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logbook.h"

static struct logbook book;
static char *printed;
static size_t printed_bytes;

static void begin(void) {
        book = (struct logbook){.stream = open_memstream(&printed, &printed_bytes)};
        cr_assert(book.stream);
}

static void end(void) {
        fclose(book.stream);
        free(printed);
}

TestSuite(logbook, .init = begin, .fini = end);

static void has_printed(const char *text) {
        fflush(book.stream);
        cr_expect_str_eq(printed, text);
}

static const uint64_t QUIET = LOGBOOK_QUIET_NS;

Test(logbook, levels_are_words_for_people_and_numbers_for_the_journal) {
        logbook_add(&book, 1, LOGBOOK_ERROR, "%s: %d", "eth0", 1);
        logbook_add(&book, 1, LOGBOOK_WARNING, "two\nlines");
        book.numbered = true;
        logbook_add(&book, 1, LOGBOOK_NOTICE, "eth0: watched");
        logbook_add(&book, 1, LOGBOOK_DETAIL, "more\nlines");
        has_printed("xskim: error: eth0: 1\nxskim: warning: two\nxskim: warning: lines\n"
                    "<5>eth0: watched\n<6>more\n<6>lines\n");
}

Test(logbook, the_same_message_comes_once_in_a_while_and_the_rest_is_counted) {
        for (uint64_t i = 0; i < 5; i++)
                logbook_add(&book, i, LOGBOOK_NOTICE, "eth0: gone\nmore");
        has_printed("xskim: eth0: gone\nxskim: more\n");
        logbook_settle(&book, QUIET - 1, false);
        has_printed("xskim: eth0: gone\nxskim: more\n");
        logbook_settle(&book, QUIET, false);
        has_printed("xskim: eth0: gone\nxskim: more\nxskim: (4 more like it) eth0: gone\n");
        logbook_settle(&book, 3 * QUIET, true);
        has_printed("xskim: eth0: gone\nxskim: more\nxskim: (4 more like it) eth0: gone\n");
}

Test(logbook, a_message_is_told_anew_when_its_time_is_over) {
        logbook_add(&book, 0, LOGBOOK_NOTICE, "a");
        logbook_add(&book, QUIET - 1, LOGBOOK_NOTICE, "a");
        logbook_add(&book, QUIET, LOGBOOK_NOTICE, "a");
        has_printed("xskim: a\nxskim: (1 more like it) a\nxskim: a\n");
}

Test(logbook, numbers_that_stand_alone_make_no_other_message) {
        logbook_add(&book, 0, LOGBOOK_NOTICE, "eth0: after 3.2 s: gone");
        logbook_add(&book, 0, LOGBOOK_NOTICE, "eth0: after 12.75 s: gone");
        logbook_add(&book, 0, LOGBOOK_NOTICE, "eth1: after 3.2 s: gone");
        logbook_add(&book, 0, LOGBOOK_NOTICE, "eth0: after 3.2 s: gon");
        logbook_add(&book, 0, LOGBOOK_NOTICE, "eth0: after s: gone");
        has_printed("xskim: eth0: after 3.2 s: gone\nxskim: eth1: after 3.2 s: gone\n"
                    "xskim: eth0: after 3.2 s: gon\nxskim: eth0: after s: gone\n");
}

Test(logbook, what_is_held_back_is_told_when_it_ends) {
        logbook_add(&book, 0, LOGBOOK_ERROR, "a");
        logbook_add(&book, 1, LOGBOOK_ERROR, "a");
        logbook_settle(&book, 2, true);
        has_printed("xskim: error: a\nxskim: error: (1 more like it) a\n");
}

Test(logbook, it_is_bounded_and_still_says_what_it_held_back) {
        char line[64];

        logbook_add(&book, 0, LOGBOOK_NOTICE, "first");
        logbook_add(&book, 0, LOGBOOK_NOTICE, "first");
        for (int i = 0; i < LOGBOOK_MESSAGES_MAX; i++) {
                snprintf(line, sizeof(line), "message-%d", i);
                logbook_add(&book, 1 + (uint64_t)i, LOGBOOK_NOTICE, "%s", line);
        }
        fflush(book.stream);
        cr_expect(strstr(printed, "xskim: (1 more like it) first\n"), "%s", printed);
        for (int i = 0; i < LOGBOOK_MESSAGES_MAX; i++) {
                snprintf(line, sizeof(line), "xskim: message-%d\n", i);
                cr_expect(strstr(printed, line), "no %s", line);
        }
}

Test(logbook, an_answer_to_a_person_is_never_held_back) {
        for (int i = 0; i < 3; i++)
                logbook_answer(&book, LOGBOOK_NOTICE, "reload: done");
        has_printed("xskim: reload: done\nxskim: reload: done\nxskim: reload: done\n");
}

Test(logbook, one_who_does_not_read_costs_lines_and_no_time, .timeout = 30) {
        static const char filling[4096];
        char read_back[65536 + 4096];
        FILE *memory = book.stream;
        ssize_t bytes;
        int ends[2];

        cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
        while (write(ends[1], filling, sizeof(filling)) > 0)
                ;
        cr_assert_eq(fcntl(ends[1], F_SETFL, 0), 0);
        book.stream = fdopen(ends[1], "w");
        setvbuf(book.stream, NULL, _IONBF, 0);
        logbook_add(&book, 1, LOGBOOK_NOTICE, "nobody reads this");
        while (read(ends[0], read_back, sizeof(read_back)) > 0)
                ;
        logbook_add(&book, 1, LOGBOOK_NOTICE, "eth0: watched");
        bytes = read(ends[0], read_back, sizeof(read_back) - 1);
        cr_assert_gt(bytes, 0);
        read_back[bytes] = '\0';
        cr_expect_str_eq(read_back, "xskim: (lines of the log lost before: 1) eth0: watched\n");
        fclose(book.stream);
        close(ends[0]);
        book.stream = memory;
}

Test(logbook, an_overlong_message_is_cut_and_recognised) {
        char text[LOGBOOK_MESSAGE_BYTES * 2];

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        logbook_add(&book, 0, LOGBOOK_NOTICE, "%s", text);
        logbook_add(&book, 0, LOGBOOK_NOTICE, "%s", text);
        fflush(book.stream);
        cr_expect_eq(printed_bytes, strlen("xskim: ") + LOGBOOK_MESSAGE_BYTES - 1 + 1);
}
