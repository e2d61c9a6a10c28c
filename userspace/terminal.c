/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks the terminal. See terminal.h. */
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "terminal.h"
#include "util.h"

static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP};

unsigned int terminal_columns(FILE *stream, const struct terminal_columns *columns) {
        struct winsize size;
        unsigned int found;

        if (columns->piped && !isatty(fileno(stream)))
                return columns->piped;
        if (ioctl(fileno(stream), TIOCGWINSZ, &size) < 0 || !size.ws_col)
                return columns->unknown;
        found = MAX((unsigned int)size.ws_col, columns->least);
        return columns->most ? MIN(found, columns->most) : found;
}

bool terminal_has_colour(FILE *stream) {
        const char *no_colour = getenv("NO_COLOR");

        return isatty(fileno(stream)) && !(no_colour && *no_colour);
}

void terminal_signals(void (*action)(int number)) {
        const struct sigaction what = {.sa_handler = action};

        for (size_t i = 0; i < ARRAY_SIZE(SIGNALS); i++)
                sigaction(SIGNALS[i], &what, NULL);
}

void terminal_signals_mask(int how) {
        sigset_t set;

        sigemptyset(&set);
        for (size_t i = 0; i < ARRAY_SIZE(SIGNALS); i++)
                sigaddset(&set, SIGNALS[i]);
        sigprocmask(how, &set, NULL);
}
