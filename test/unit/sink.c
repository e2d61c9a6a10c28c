/* SPDX-License-Identifier: BSD-2-Clause */
/* The sinks: text and JSON into a file, the live screen on a pseudo terminal, outputs that fail. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "sink_json.h"
#include "sink_terminal.h"
#include "snapshots.h"
#include "util.h"

static char output[1 << 20];

typedef int sink_open_fn(FILE *stream, struct xskim_sink *ret_sink);
typedef void sink_close_fn(struct xskim_sink *sink);

/* Two snapshots and a summary of each port into the stream. */
static void feed(FILE *stream, sink_open_fn *open, sink_close_fn *close, unsigned int ports) {
        struct xskim_snapshot s = snapshot_usual();
        struct xskim_sink sink;

        cr_assert_eq(open(stream, &sink), 0);
        for (unsigned int round = 0; round < 3; round++)
                for (unsigned int port = 0; port < ports; port++) {
                        snprintf(s.port, sizeof(s.port), "port%u", port);
                        cr_assert_eq((round < 2 ? sink.snapshot : sink.summary)(sink.context, &s),
                                     0, "%s", error_message());
                }
        close(&sink);
}

static unsigned int occurrences(const char *text, const char *word) {
        unsigned int count = 0;

        while ((text = strstr(text, word))) {
                count++;
                text += strlen(word);
        }
        return count;
}

static void read_file(FILE *stream) {
        rewind(stream);
        output[fread(output, 1, sizeof(output) - 1, stream)] = '\0';
        fclose(stream);
}

Test(sink, json_is_a_line_each) {
        FILE *file = tmpfile();

        feed(file, sink_json_open, sink_json_close, 2);
        read_file(file);
        cr_expect_eq(occurrences(output, "\n"), 6);
        cr_expect_eq(occurrences(output, "{\"type\":\"snapshot\","), 4);
        cr_expect_eq(occurrences(output, "{\"type\":\"summary\","), 2);
}

Test(sink, text_is_a_block_each_without_escapes) {
        FILE *file = tmpfile();

        feed(file, sink_terminal_open, sink_terminal_close, 2);
        read_file(file);
        cr_expect_eq(occurrences(output, "unaccounted 0"), 6);
        cr_expect_eq(occurrences(output, " port1 "), 3);
        cr_expect_eq(occurrences(output, "  summary\n"), 2);
        cr_expect_eq(occurrences(output, "\033"), 0);
}

/* The process stops as by ^Z between two screens; its parent has it go on. */
static void stop_between(FILE *stream) {
        struct xskim_snapshot s = snapshot_usual();
        struct xskim_sink sink;

        cr_assert_eq(sink_terminal_open(stream, &sink), 0);
        sink.snapshot(sink.context, &s);
        raise(SIGTSTP);
        sink.summary(sink.context, &s);
        sink_terminal_close(&sink);
}

static void terminal_read(int master) {
        size_t used = strlen(output);
        ssize_t length;

        while ((length = read(master, output + used, sizeof(output) - 1 - used)) > 0)
                used += (size_t)length;
        output[used] = '\0';
}

Test(sink, the_cursor_is_there_while_it_is_stopped, .timeout = 20) {
        struct winsize size = {.ws_row = 24, .ws_col = 80};
        int master, slave, status;
        FILE *stream;
        pid_t child;

        setenv("TERM", "xterm", 1);
        cr_assert_eq(openpty(&master, &slave, NULL, NULL, &size), 0);
        stream = fdopen(slave, "w");
        child = fork();
        if (!child) {
                setpgid(0, 0); /* a stopped orphan would not be stopped at all */
                signal(SIGTSTP, SIG_DFL);
                stop_between(stream);
                _exit(0);
        }
        cr_assert_eq(waitpid(child, &status, WUNTRACED), child);
        cr_assert(WIFSTOPPED(status), "it did not stop");
        output[0] = '\0';
        fcntl(master, F_SETFL, O_NONBLOCK);
        terminal_read(master);
        cr_expect_str_eq(strrchr(output, '\033'), "\033[?25h", "the cursor is hidden");
        kill(child, SIGCONT);
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_expect(WIFEXITED(status) && !WEXITSTATUS(status));
        output[0] = '\0';
        terminal_read(master);
        cr_expect_eq(strncmp(output, "\033[?25l", 6), 0, "it goes on without hiding it");
        cr_expect_not_null(strstr(output, "\033[?25h"));
        fclose(stream);
        close(master);
}

static void feed_terminal(unsigned short rows, unsigned int ports) {
        struct winsize size = {.ws_row = rows, .ws_col = 80};
        int master, slave;
        ssize_t length;
        FILE *stream;
        size_t used = 0;

        cr_assert_eq(openpty(&master, &slave, NULL, NULL, &size), 0);
        stream = fdopen(slave, "w");
        if (!fork()) {
                close(master);
                setvbuf(stream, NULL, _IOFBF, 1 << 16);
                feed(stream, sink_terminal_open, sink_terminal_close, ports);
                _exit(0);
        }
        fclose(stream);
        while ((length = read(master, output + used, sizeof(output) - 1 - used)) > 0)
                used += length;
        output[used] = '\0';
        close(master);
}

Test(sink, live_screen_hides_the_cursor_and_gives_it_back) {
        const char *hidden, *shown;

        unsetenv("NO_COLOR");
        setenv("TERM", "xterm", 1);
        feed_terminal(24, 1);
        hidden = strstr(output, "\033[?25l");
        shown = strstr(output, "\033[?25h");
        cr_assert(hidden && shown);
        cr_expect_lt(hidden, shown);
        cr_expect_eq(occurrences(output, "\033[?25l"), 1);
        cr_expect_eq(occurrences(output, "\033[?25h"), 1);
        cr_expect_eq(occurrences(output, "\033[H"), 3, "two screens and the end");
        cr_expect(strstr(shown, "  summary\r\n"), "the summary stays");
        cr_expect(strstr(output, "\033[33m"), "a note is coloured");
}

Test(sink, no_color_takes_the_colour_and_nothing_else) {
        setenv("NO_COLOR", "1", 1);
        setenv("TERM", "xterm", 1);
        feed_terminal(24, 1);
        cr_expect_null(strstr(output, "\033[33m"));
        cr_expect_not_null(strstr(output, "\033[?25l"));
}

Test(sink, a_screen_never_scrolls_and_ports_share_it_or_take_turns) {
        setenv("TERM", "xterm", 1);
        feed_terminal(24, 2);
        cr_expect(strstr(output, "^C ends"));
        for (const char *screen = strstr(output, "\033[H\033[2K"), *next; screen; screen = next) {
                char part[16384];

                next = strstr(screen + 1, "\033[H");
                if (!next)
                        break;
                snprintf(part, sizeof(part), "%.*s", (int)(next - screen), screen);
                cr_expect_eq(occurrences(part, "\n"), 23, "24 rows: %s", part);
                next = strstr(screen + 1, "\033[H\033[2K");
        }
        feed_terminal(16, 2);
        cr_expect(strstr(output, " port0 ") && strstr(output, " port1 "));
}

static void expect_failure(const char *path, sink_open_fn *open, sink_close_fn *close, int error) {
        struct xskim_snapshot s = snapshot_usual();
        FILE *stream = fopen(path, "w");
        struct xskim_sink sink;

        error_clear();
        cr_assert_eq(open(stream, &sink), 0);
        cr_expect_eq(sink.snapshot(sink.context, &s), error);
        cr_expect(strstr(error_message(), strerror(-error)), "%s", error_message());
        close(&sink);
}

Test(sink, a_full_disk_is_an_error_with_a_message) {
        expect_failure("/dev/full", sink_json_open, sink_json_close, -ENOSPC);
        expect_failure("/dev/full", sink_terminal_open, sink_terminal_close, -ENOSPC);
}

Test(sink, a_reader_that_went_is_an_error_with_a_message) {
        struct xskim_snapshot s = snapshot_usual();
        struct xskim_sink sink;
        FILE *stream;
        int fds[2];

        signal(SIGPIPE, SIG_IGN);
        cr_assert_eq(pipe(fds), 0);
        close(fds[0]);
        stream = fdopen(fds[1], "w");
        error_clear();
        cr_assert_eq(sink_json_open(stream, &sink), 0);
        cr_expect_eq(sink.snapshot(sink.context, &s), -EPIPE);
        cr_expect(strstr(error_message(), "Broken pipe"), "%s", error_message());
}
