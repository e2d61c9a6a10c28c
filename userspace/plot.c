/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the runs of gnuplot. See plot.h. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "log.h"
#include "plot.h"
#include "util.h"

enum { SAID_BYTES = 512, LINE_BYTES = 65536 };

static char PROGRAM[] = "gnuplot";

int plot_find(const char *option) {
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
                         "%s needs gnuplot for its plots, which is not in PATH.\n"
                         "Install it: 'apt-get install gnuplot-nox'.",
                         option);
}

/* -d: nobody's start-up file changes what is drawn. */
static int run(FILE *script, FILE *out, FILE *err) {
        static char plainly[] = "-d";

        /* the child reads from where the descriptor stands, which it shares */
        if (fflush(script) || fseek(script, 0, SEEK_SET) || lseek(fileno(script), 0, SEEK_SET))
                return error_set(-errno, "gnuplot's script cannot be written: %s", strerror(errno));
        return child_run((char *const[]){PROGRAM, plainly, NULL}, script, out, err);
}

static int complain(FILE *err, int status) {
        char said[SAID_BYTES];

        child_said(err, said, sizeof(said));
        return error_set(-EIO, "gnuplot failed (status %d): %s", status, said);
}

/* Without what stands before the element, which only a file of its own has, and without what no
 * picture here needs: their names would be there twice in a page. Who uses them all the same is
 * gnuplot 6, for the dot that a line without length is: there a picture has a mark anyway. */
static int svg_copy(FILE *from, FILE *to) {
        char line[LINE_BYTES];
        bool inside = false, unused = false;

        rewind(from);
        while (fgets(line, sizeof(line), from)) {
                inside |= !strncmp(line, "<svg", 4);
                unused |= !strncmp(line, "<defs>", 6);
                if (inside && !unused && !strstr(line, "<use "))
                        fputs(line, to);
                unused &= strncmp(line, "</defs>", 7) != 0;
        }
        return inside && !unused ? 0 : -EIO;
}

int plot_draw(FILE *script, FILE *to) {
        CLEANUP(file_cleanup) FILE *out = child_file();
        CLEANUP(file_cleanup) FILE *err = child_file();
        int r;

        if (!out || !err)
                return error_set(-errno, "gnuplot: no temporary file: %s", strerror(errno));
        r = run(script, out, err);
        if (!r)
                r = svg_copy(out, to);
        return r > 0 || r == -EIO ? complain(err, r) : r;
}
