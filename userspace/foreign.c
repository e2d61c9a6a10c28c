/* SPDX-License-Identifier: BSD-2-Clause */
/* The caller's side of another program. The guard is in foreign_guard.c. See foreign.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "foreign.h"
#include "foreign_guard.h"
#include "log.h"
#include "util.h"

enum {
        FOREIGN_COMMAND_BYTES = 1024,
        FOREIGN_INTERRUPT_MS = 2000,
        FOREIGN_TERMINATE_MS = FOREIGN_STOP_MS_MAX - FOREIGN_INTERRUPT_MS,
        FOREIGN_SAID_BYTES = 120, /* of what it printed, in a message */
};

struct foreign {
        char command[FOREIGN_COMMAND_BYTES];
        char name[32];             /* its first word */
        struct guard_board *board; /* shared with the guard */
        pid_t guard;               /* 0: does not run */
        int guard_fd;              /* pidfd */
        uint64_t started_ns;
        uint64_t cpu_ns; /* of rounds that are over */
        uint32_t rounds;
        uint32_t counted; /* rounds with a count */
        struct foreign_count count;
};

/* ---- the command ---- */

static bool needs_quotes(const char *port) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789._:@-+";

        return port[strspn(port, plain)] != '\0';
}

/* Appends; false: no room. */
static bool text_add(char *into, size_t bytes, const char *text, size_t length) {
        size_t at = strlen(into);

        if (at + length + 1 > bytes)
                return false;
        memcpy(into + at, text, length);
        into[at + length] = '\0';
        return true;
}

static bool port_add(char *into, size_t bytes, const char *port) {
        bool fits;

        if (!needs_quotes(port))
                return text_add(into, bytes, port, strlen(port));
        fits = text_add(into, bytes, "'", 1);
        for (; *port && fits; port++)
                fits = *port == '\'' ? text_add(into, bytes, "'\\''", 4)
                                     : text_add(into, bytes, port, 1);
        return fits && text_add(into, bytes, "'", 1);
}

static bool command_make(struct foreign *f, const char *command, const char *port) {
        static const char place[] = "{port}";
        const char *found;
        bool fits = true;

        while (fits && (found = strstr(command, place))) {
                fits = text_add(f->command, sizeof(f->command), command,
                                (size_t)(found - command)) &&
                       port_add(f->command, sizeof(f->command), port);
                command = found + strlen(place);
        }
        return fits && text_add(f->command, sizeof(f->command), command, strlen(command));
}

int foreign_open(const char *command, const char *port, struct foreign **ret_foreign) {
        struct foreign *f = calloc(1, sizeof(*f));
        void *board;

        if (!f)
                return -ENOMEM;
        f->guard_fd = -1;
        snprintf(f->name, sizeof(f->name), "%.*s", (int)strcspn(command, " \t"), command);
        board = mmap(NULL, sizeof(*f->board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                     -1, 0);
        f->board = board == MAP_FAILED ? NULL : board;
        if (!f->board || !command_make(f, command, port)) {
                int r = f->board ? -E2BIG : -ENOMEM;

                foreign_close(f);
                return error_set(r, "command: %s",
                                 r == -E2BIG ? "it is too long" : "no memory for its output");
        }
        *ret_foreign = f;
        return 0;
}

struct foreign *foreign_close(struct foreign *f) {
        bool told = error_is_set();

        if (!f)
                return NULL;
        if (f->guard)
                foreign_stop(f);
        error_forget(told);
        if (f->board)
                munmap(f->board, sizeof(*f->board));
        free(f);
        return NULL;
}

/* ---- its processes ---- */

/* What it printed: the beginning, where an error is, in one line. */
static void said(const struct foreign *f, char *text, size_t bytes) {
        uint64_t printed = atomic_load(&f->board->printed);
        size_t length = MIN((size_t)MIN(printed, (uint64_t)GUARD_HEAD_BYTES), bytes - 1);

        memcpy(text, f->board->head, length);
        text[length] = '\0';
        for (char *c = text; *c; c++)
                if ((unsigned char)*c < ' ' || *c == 0x7f)
                        *c = ' ';
        while (length && text[length - 1] == ' ')
                text[--length] = '\0';
}

static int error_ended(const struct foreign *f) {
        char text[FOREIGN_SAID_BYTES];
        int status = atomic_load(&f->board->status);
        uint64_t after_ns = clock_monotonic_ns() - f->started_ns;

        said(f, text, sizeof(text));
        if (WIFSIGNALED(status))
                return error_set(-ECHILD, "%s: a signal (%d) ended it; it said: %s", f->name,
                                 WTERMSIG(status), text);
        return error_set(-ECHILD, "%s: it ended by itself (status %d, within %.1f s); it said: %s",
                         f->name, WEXITSTATUS(status), (double)after_ns / 1e9, text);
}

/* The guard is gone, and with it all that it guarded. */
static bool is_gone_within(const struct foreign *f, int timeout_ms) {
        struct pollfd wait = {.fd = f->guard_fd, .events = POLLIN};
        uint64_t until_ns = clock_monotonic_ns() + (uint64_t)timeout_ms * 1000000;
        int r;

        do {
                uint64_t now_ns = clock_monotonic_ns();

                timeout_ms = now_ns < until_ns ? (int)((until_ns - now_ns + 999999) / 1000000) : 0;
                r = poll(&wait, 1, timeout_ms);
        } while (r < 0 && errno == EINTR);
        return r > 0;
}

static void text_count(struct foreign *f) {
        char text[GUARD_HEAD_BYTES + GUARD_TAIL_BYTES + 1];
        struct foreign_count one;

        guard_printed(f->board, text);
        one = foreign_count_read(text);
        f->rounds++;
        f->counted += one.known;
        f->count.seen += one.seen;
        f->count.dropped += one.dropped;
}

static void reap(struct foreign *f) {
        while (waitpid(f->guard, NULL, 0) < 0 && errno == EINTR)
                ;
        fd_cleanup(&f->guard_fd);
        f->guard = 0;
        f->cpu_ns += atomic_load(&f->board->cpu_ns);
}

int foreign_start(struct foreign *f, uint32_t settle_ms) {
        int r;

        memset(f->board, 0, sizeof(*f->board));
        f->started_ns = clock_monotonic_ns();
        r = guard_start(f->command, f->board, &f->guard);
        if (r < 0)
                return error_set(r, "%s: cannot start it: %s", f->name, strerror(-r));
        f->guard_fd = (int)syscall(SYS_pidfd_open, f->guard, 0);
        if (f->guard_fd < 0) {
                r = error_set(-errno, "%s: cannot watch it: %s", f->name, strerror(errno));
                kill(f->guard, SIGTERM);
                reap(f);
                return r;
        }
        if (!is_gone_within(f, (int)settle_ms))
                return 0;
        reap(f);
        return error_ended(f);
}

bool foreign_runs(const struct foreign *f) {
        return f->guard && !is_gone_within(f, 0);
}

int foreign_stop(struct foreign *f) {
        bool early;

        if (!f->guard)
                return 0;
        early = is_gone_within(f, 0);
        if (!early) {
                kill(-atomic_load(&f->board->group), SIGINT);
                if (!is_gone_within(f, FOREIGN_INTERRUPT_MS))
                        kill(-atomic_load(&f->board->group), SIGTERM);
                if (!is_gone_within(f, FOREIGN_TERMINATE_MS))
                        kill(f->guard, SIGTERM); /* which kills all that it guards */
        }
        reap(f);
        text_count(f);
        return early ? error_ended(f) : 0;
}

uint64_t foreign_cpu_ns(const struct foreign *f) {
        return f->cpu_ns + (f->guard ? guard_cpu_ns(f->guard) : 0);
}

struct foreign_count foreign_count(const struct foreign *f) {
        struct foreign_count count = f->count;

        count.known = f->rounds && f->counted == f->rounds;
        return count;
}
