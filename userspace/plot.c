/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the runs of gnuplot. See plot.h. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "plot.h"
#include "util.h"

enum { SAID_BYTES = 512, LINE_BYTES = 65536 };

static char PROGRAM[] = "gnuplot";

int plot_find(void) {
        const char *path = getenv("PATH");
        char file[PATH_MAX];

        while (path && *path) {
                size_t length = strcspn(path, ":");

                snprintf(file, sizeof(file), "%.*s/%s", (int)length, path, PROGRAM);
                if (!access(file, X_OK))
                        return 0;
                path += length + (path[length] == ':');
        }
        return error_set(-EOPNOTSUPP,
                         "--report needs gnuplot for its plots, which is not in PATH.\n"
                         "Install it: 'apt-get install gnuplot-nox'.");
}

/* -d: nobody's start-up file changes what is drawn. */
static void child_run(FILE *script, FILE *out, FILE *err) {
        static char plainly[] = "-d";
        sigset_t none;

        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        setenv("LC_ALL", "C", true);
        if (dup2(fileno(script), STDIN_FILENO) >= 0 && dup2(fileno(out), STDOUT_FILENO) >= 0 &&
            dup2(fileno(err), STDERR_FILENO) >= 0)
                execvp(PROGRAM, (char *const[]){PROGRAM, plainly, NULL});
        _exit(126);
}

static int run(FILE *script, FILE *out, FILE *err) {
        int status = 0;
        pid_t child;

        /* the child reads from where the descriptor stands, which it shares */
        if (fflush(script) || fseek(script, 0, SEEK_SET) || lseek(fileno(script), 0, SEEK_SET))
                return error_set(-errno, "gnuplot's script cannot be written: %s", strerror(errno));
        child = fork();
        if (child < 0)
                return error_set(-errno, "gnuplot cannot be started: %s", strerror(errno));
        if (!child)
                child_run(script, out, err);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
                ;
        return status;
}

static int complain(FILE *err, int status) {
        char said[SAID_BYTES];
        ssize_t length = pread(fileno(err), said, sizeof(said) - 1, 0);

        said[MAX(length, (ssize_t)0)] = '\0';
        return error_set(-EIO, "gnuplot failed (status %d): %s", status, said);
}

/* Without what stands before the element, which only a file of its own has, and without what no
 * picture here uses: their names would be there twice in a page. */
static int svg_copy(FILE *from, FILE *to) {
        char line[LINE_BYTES];
        bool inside = false, unused = false;

        rewind(from);
        while (fgets(line, sizeof(line), from)) {
                inside |= !strncmp(line, "<svg", 4);
                unused |= !strncmp(line, "<defs>", 6);
                if (inside && !unused)
                        fputs(line, to);
                unused &= strncmp(line, "</defs>", 7) != 0;
        }
        return inside && !unused ? 0 : -EIO;
}

static void close_file(FILE **file) {
        if (*file)
                fclose(*file);
}

int plot_draw(FILE *script, FILE *to) {
        CLEANUP(close_file) FILE *out = tmpfile();
        CLEANUP(close_file) FILE *err = tmpfile();
        int r;

        if (!out || !err)
                return error_set(-errno, "gnuplot: no temporary file: %s", strerror(errno));
        r = run(script, out, err);
        if (!r)
                r = svg_copy(out, to);
        return r > 0 || r == -EIO ? complain(err, r) : r;
}
