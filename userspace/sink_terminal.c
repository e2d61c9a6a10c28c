/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the terminal's state while watching. See sink_terminal.h. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include "log.h"
#include "sink_terminal.h"
#include "stream.h"
#include "terminal.h"
#include "util.h"
#include "view.h"

/* ECMA-48 and, for the cursor, the DEC private mode 25 that every terminal in use has. */
#define CURSOR_HIDE "\033[?25l"
#define CURSOR_SHOW "\033[?25h"
#define HOME "\033[H"
#define CLEAR_LINE "\033[2K"
#define CLEAR_BELOW "\033[J"

enum {
        COLUMNS_MIN = 40,
        ROWS_STACKED_MIN = 12, /* rate, percentiles and ledger of a port */
        ROWS_PROMPT = 2,       /* below the summary */
};

struct terminal {
        FILE *stream;
        bool live;
        bool colour;
        bool started; /* the live screen is up, the cursor hidden */
        unsigned int port_count;
        unsigned int turn; /* of the port that is shown when not all have room */
        struct xskim_snapshot ports[XSKIM_PORTS_MAX];
        char text[VIEW_BYTES];
};

static struct view_screen screen_size(const struct terminal *terminal) {
        struct view_screen screen = {
                .columns = VIEW_COLUMNS, .rows = VIEW_ROWS, .colour = terminal->colour};
        struct winsize size;

        if (ioctl(fileno(terminal->stream), TIOCGWINSZ, &size) < 0 || !size.ws_col || !size.ws_row)
                return screen;
        screen.columns = MAX((unsigned int)size.ws_col, (unsigned int)COLUMNS_MIN);
        screen.rows = size.ws_row;
        return screen;
}

/* ---- ^Z ---- */

static volatile sig_atomic_t stopped_fd;

static void cursor_put(const char *sequence) {
        int saved = errno;

        (void)!write(stopped_fd, sequence, strlen(sequence));
        errno = saved;
}

static void on_stop(int number);

static void signal_take(int number, void (*action)(int number)) {
        const struct sigaction what = {.sa_handler = action, .sa_flags = SA_RESTART};
        struct sigaction before;

        /* whoever started us so that ^Z does nothing is obeyed */
        if (!sigaction(number, NULL, &before) && before.sa_handler != SIG_IGN)
                sigaction(number, &what, NULL);
}

static void on_continue(int number) {
        (void)number;
        cursor_put(CURSOR_HIDE);
        signal_take(SIGTSTP, on_stop);
}

/* The shell gets its cursor back; the process stops when this returns. */
static void on_stop(int number) {
        cursor_put(CURSOR_SHOW);
        signal_take(number, SIG_DFL);
        raise(number);
}

/* ---- the live screen ---- */

/* What was on the screen goes up into the scroll-back first, so that nothing of it is lost. */
static void start(struct terminal *terminal, unsigned int rows) {
        if (terminal->started)
                return;
        terminal->started = true;
        stopped_fd = fileno(terminal->stream);
        signal_take(SIGTSTP, on_stop);
        signal_take(SIGCONT, on_continue);
        fputs(CURSOR_HIDE, terminal->stream);
        while (rows--)
                fputc('\n', terminal->stream);
}

static void stop(struct terminal *terminal) {
        if (!terminal->started)
                return;
        terminal->started = false;
        signal_take(SIGCONT, SIG_DFL);
        signal_take(SIGTSTP, SIG_DFL);
        fputs(HOME CLEAR_BELOW CURSOR_SHOW, terminal->stream);
}

/* Each line is cleared before it is written: a line that fills the last column leaves the cursor on
 * it, and clearing then would take the last character. No newline after the last row: it would
 * scroll. */
static void draw_line(struct terminal *terminal, unsigned int *row, const char *line,
                      size_t length) {
        fputs((*row)++ ? "\n" CLEAR_LINE : HOME CLEAR_LINE, terminal->stream);
        fwrite(line, 1, length, terminal->stream);
}

static void draw_text(struct terminal *terminal, unsigned int *row) {
        const char *line = terminal->text, *end;

        for (; (end = strchr(line, '\n')); line = end + 1)
                draw_line(terminal, row, line, end - line);
}

static bool is_room_for_all(struct terminal *terminal, struct view_screen screen) {
        return terminal->port_count == 1 || screen.rows / terminal->port_count >= ROWS_STACKED_MIN;
}

static void draw(struct terminal *terminal) {
        struct view_screen screen = screen_size(terminal), part = screen;
        unsigned int first = 0, count = terminal->port_count, row = 0;

        start(terminal, screen.rows);
        if (!is_room_for_all(terminal, screen)) {
                first = terminal->turn++ / count % count;
                count = 1;
        }
        part.rows = screen.rows / count;
        for (unsigned int i = first; i < first + count; i++) {
                view_render(VIEW_LIVE, &part, &terminal->ports[i], terminal->text,
                            sizeof(terminal->text));
                draw_text(terminal, &row);
        }
        while (row < screen.rows)
                draw_line(terminal, &row, "", 0);
}

/* The place of a port, by its name; at most XSKIM_PORTS_MAX of them in a session. */
static unsigned int port_index(struct terminal *terminal, const char *name) {
        unsigned int i = 0;

        while (i < terminal->port_count &&
               strncmp(terminal->ports[i].port, name, XSKIM_NAME_MAX) != 0)
                i++;
        if (i == terminal->port_count)
                terminal->port_count = MIN(terminal->port_count + 1, (unsigned int)XSKIM_PORTS_MAX);
        return MIN(i, XSKIM_PORTS_MAX - 1U);
}

/* ---- the operations ---- */

static unsigned int render(struct terminal *terminal, enum view_kind kind, unsigned int rows,
                           const struct xskim_snapshot *snapshot) {
        struct view_screen screen = {
                .columns = VIEW_COLUMNS, .rows = rows, .colour = terminal->colour};

        return view_render(kind, &screen, snapshot, terminal->text, sizeof(terminal->text));
}

static void print(struct terminal *terminal) {
        fputs(terminal->text, terminal->stream);
        fputc('\n', terminal->stream);
}

static int on_snapshot(void *context, const struct xskim_snapshot *snapshot) {
        struct terminal *terminal = context;

        if (terminal->live) {
                terminal->ports[port_index(terminal, snapshot->port)] = *snapshot;
                draw(terminal);
        } else {
                render(terminal, VIEW_BLOCK, 0, snapshot);
                print(terminal);
        }
        return stream_flush(terminal->stream);
}

/* What a screen cannot hold goes first, so that the answer is what stays on it, prompt included. */
static int on_summary(void *context, const struct xskim_snapshot *summary) {
        struct terminal *terminal = context;
        unsigned int rows = terminal->live ? screen_size(terminal).rows : UINT32_MAX;

        stop(terminal);
        if (render(terminal, VIEW_SUMMARY, 0, summary) + ROWS_PROMPT > rows) {
                render(terminal, VIEW_DETAILS, 0, summary);
                print(terminal);
                render(terminal, VIEW_SUMMARY, MAX(rows, VIEW_ROWS / 2U) - ROWS_PROMPT, summary);
        }
        print(terminal);
        return stream_flush(terminal->stream);
}

int sink_terminal_open(FILE *stream, struct xskim_sink *ret_sink) {
        struct terminal *terminal = calloc(1, sizeof(*terminal));
        const char *kind = getenv("TERM");
        bool capable = isatty(fileno(stream)) && (!kind || strcmp(kind, "dumb") != 0);

        if (!terminal)
                return error_set(-ENOMEM, "the view: out of memory");
        terminal->stream = stream;
        terminal->live = capable;
        terminal->colour = capable && terminal_has_colour(stream);
        *ret_sink = (struct xskim_sink){
                .context = terminal, .snapshot = on_snapshot, .summary = on_summary};
        return 0;
}

void sink_terminal_close(struct xskim_sink *sink) {
        struct terminal *terminal = sink->context;

        if (terminal) {
                stop(terminal);
                fflush(terminal->stream);
        }
        free(terminal);
        *sink = (struct xskim_sink){};
}
