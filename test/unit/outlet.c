/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines into pipes that are read, that nobody reads, and that are broken: whole, in order, counted.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "outlet.h"

static struct outlet *outlet;
static int ends[2];

static void begin(void) {
        signal(SIGPIPE, SIG_IGN);
        error_clear();
        cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
        cr_assert_eq(outlet_open(ends[1], &outlet), 0, "%s", error_message());
}

TestSuite(outlet, .init = begin, .timeout = 60);

enum { LINES_MAX = 20000 };

/* Those that were not refused, in order. */
static unsigned int taken[LINES_MAX];
static unsigned int taken_count;

/* Puts a line of so many digits. */
static int put(unsigned int number, unsigned int width) {
        char *line = NULL;
        int r;

        cr_assert_gt(asprintf(&line, "%0*u", (int)width, number), 0);
        r = outlet_put(outlet, line);
        if (!r)
                taken[taken_count++] = number;
        return r;
}

/* Reads whole lines, which must be those that were taken, until there were `most` or the other end
 * is closed. Returns how many there are. */
static unsigned int numbers_read(FILE *from, unsigned int most) {
        unsigned int count = 0;
        size_t bytes = 0;
        char *line = NULL;

        while (count < most && getline(&line, &bytes, from) > 0 && strchr(line, '\n'))
                cr_assert_eq(strtoul(line, NULL, 10), taken[count++]);
        free(line);
        return count;
}

Test(outlet, lines_come_whole_and_in_order) {
        struct outlet_losses losses;
        FILE *from = fdopen(ends[0], "r");

        for (unsigned int i = 0; i < 100; i++)
                cr_assert_eq(put(i, 10), 0);
        outlet = outlet_close(outlet, &losses);
        close(ends[1]);
        cr_expect_eq(numbers_read(from, LINES_MAX), 100);
        cr_expect_eq(losses.full + losses.failed, 0);
        fclose(from);
}

/* Far more than pipe and queue hold; what is put and not lost is what is read. */
/* Far more than pipe and queue hold. */
Test(outlet, one_who_does_not_read_costs_lines_and_no_time) {
        struct outlet_losses losses;
        unsigned int refused = 0;
        FILE *from;

        for (unsigned int i = 0; i < LINES_MAX; i++)
                refused += put(i, 1000) == -ENOBUFS;
        losses = outlet_losses(outlet);
        cr_expect_gt(refused, 0);
        cr_expect_eq(losses.full, refused);
        cr_expect_eq(losses.failed, 0);
        outlet = outlet_close(outlet, &losses);
        close(ends[1]);
        from = fdopen(ends[0], "r");
        cr_expect_eq(numbers_read(from, LINES_MAX), LINES_MAX - losses.full);
        fclose(from);
}

Test(outlet, there_is_room_again_as_soon_as_somebody_reads) {
        unsigned int refused = 0;
        FILE *from = fdopen(ends[0], "r");

        for (unsigned int i = 0; i < 5000; i++)
                refused += put(i, 2000) < 0;
        cr_assert_gt(refused, 0);
        cr_assert_eq(numbers_read(from, taken_count), 5000 - refused);
        taken_count = 0;
        cr_assert_eq(put(5000, 2000), 0);
        cr_expect_eq(numbers_read(from, 1), 1);
        outlet = outlet_close(outlet, NULL);
        fclose(from);
        close(ends[1]);
}

/* Whether writing waits is the pipe's, not ours: whoever has it, too, may decide. */
Test(outlet, a_pipe_that_does_not_wait_loses_no_line) {
        enum { LINES = 200 };
        FILE *from = fdopen(ends[0], "r");
        struct outlet_losses losses;

        cr_assert_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
        for (unsigned int i = 0; i < LINES; i++)
                cr_assert_eq(put(i, 2000), 0);
        cr_expect_eq(numbers_read(from, LINES), LINES);
        outlet = outlet_close(outlet, &losses);
        cr_expect_eq(losses.failed + losses.full, 0);
        fclose(from);
        close(ends[1]);
}

Test(outlet, a_broken_one_is_counted_by_its_errno) {
        struct outlet_losses losses;

        close(ends[0]);
        for (unsigned int i = 0; i < 5; i++)
                cr_assert_eq(put(i, 10), 0);
        outlet = outlet_close(outlet, &losses);
        cr_expect_eq(losses.failed, 5);
        cr_expect_eq(losses.full, 0);
        cr_expect_eq(losses.error, EPIPE);
        close(ends[1]);
}

Test(outlet, what_cannot_be_written_when_it_closes_is_lost_and_counted) {
        struct outlet_losses losses;

        cr_assert_eq(put(0, 1 << 20), 0);
        cr_assert_eq(put(1, 10), 0);
        outlet = outlet_close(outlet, &losses);
        cr_expect_eq(losses.full, 2);
        close(ends[0]);
        close(ends[1]);
}

Test(outlet, none_is_closed_without_ado) {
        outlet_close(outlet, NULL);
        cr_expect_null(outlet_close(NULL, NULL));
}
