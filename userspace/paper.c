/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what pages have in common. See paper.h. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "html.h"
#include "log.h"
#include "paper.h"
#include "plot.h"
#include "util.h"

/* Two colour schemes, by what the reader's system prefers. gnuplot's black becomes the text's
 * colour. */
static const char STYLE[] =
        ":root{color-scheme:light dark;--ink:#1b1f24;--dim:#5d6670;--rule:#d8dde2;--paper:#fff}\n"
        "@media(prefers-color-scheme:dark){:root{--ink:#e3e6e9;--dim:#9aa4ae;--rule:#3a4149;"
        "--paper:#15181c}}\n"
        "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
        "max-width:62rem;margin:2rem auto;padding:0 1rem}\n"
        "h1{font-size:1.5rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin-top:2.2rem}\n"
        ".answer{font-size:1.15rem}.dim,figcaption span{color:var(--dim)}\n"
        "figure{margin:1.6rem 0}figcaption{margin-bottom:.4rem}figcaption b{margin-right:.6rem}\n"
        "svg{width:100%;height:auto;display:block}\n"
        "svg [fill=\"black\"]{fill:var(--ink)}svg [stroke=\"black\"]{stroke:var(--ink)}\n"
        "svg [color=\"black\"]{color:var(--ink)}\n"
        "table{border-collapse:collapse}th,td{text-align:left;padding:.2rem 1.2rem .2rem 0;"
        "border-bottom:1px solid var(--rule);vertical-align:top;overflow-wrap:anywhere}\n"
        "th{white-space:nowrap}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-"
        "space:nowrap}\n"
        "pre,code{font:13px/1.4 ui-monospace,monospace}pre{overflow-x:auto}\n";

/* ---- what stands on it ---- */

void paper_begin(FILE *to, const char *title) {
        fprintf(to, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
        html_text(to, title);
        fprintf(to, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", STYLE);
        html_text(to, title);
        fprintf(to, "</h1>\n");
}

void paper_end(FILE *to) {
        fprintf(to, "</body>\n</html>\n");
}

int paper_chart(FILE *to, const char *title, const char *note,
                void (*write)(const void *context, FILE *to), const void *context) {
        CLEANUP(file_cleanup) FILE *script = tmpfile();
        int r;

        if (!script)
                return error_set(-errno, "gnuplot: no temporary file: %s", strerror(errno));
        write(context, script);
        fprintf(to, "<figure><figcaption><b>%s</b> <span>%s</span></figcaption>\n", title, note);
        r = plot_draw(script, to);
        fprintf(to, "</figure>\n");
        return r;
}

void paper_row(FILE *to, const char *name, const char *text) {
        fprintf(to, "<tr><th scope=\"row\">%s<td>", name);
        html_text(to, text);
        fprintf(to, "\n");
}

/* ---- the file ---- */

static int complain(const struct paper *paper, int error) {
        return error_set(-error, "%s: the report cannot be written: %s. %s%s.", paper->path,
                         strerror(error),
                         error == ENOSPC || error == EDQUOT ? "Make room, or write elsewhere"
                                                            : "Give another ",
                         error == ENOSPC || error == EDQUOT ? "" : paper->option);
}

int paper_check(const struct paper *paper) {
        char path[PATH_MAX];
        struct stat found;
        int r = plot_find(paper->option);

        if (r < 0)
                return r;
        snprintf(path, sizeof(path), "%s", paper->path);
        if (!stat(paper->path, &found) && S_ISDIR(found.st_mode))
                return complain(paper, EISDIR);
        return access(dirname(path), W_OK) < 0 ? complain(paper, errno) : 0;
}

/* What was written reaches the disk before it gets its name: a full one is noticed. */
static int finish(FILE *file, const char *path, const char *to) {
        int error = fflush(file) || ferror(file) || fsync(fileno(file)) ? (errno ? errno : EIO) : 0;

        if (fclose(file) && !error)
                error = errno;
        if (!error && rename(path, to))
                error = errno;
        return error;
}

/* Of a page that is not whole. */
static int close_failed(FILE *file) {
        fclose(file);
        return ECANCELED;
}

int paper_write(const struct paper *paper, int (*put)(FILE *to, void *context), void *context) {
        char path[PATH_MAX];
        mode_t mask = umask(0);
        int fd, r, error;
        FILE *file;

        umask(mask);
        snprintf(path, sizeof(path), "%s.XXXXXX", paper->path);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd < 0)
                return complain(paper, errno);
        fchmod(fd, 0666 & ~mask);
        file = fdopen(fd, "w");
        if (!file) {
                close(fd);
                unlink(path);
                return complain(paper, errno);
        }
        r = put(file, context);
        error = r < 0 ? close_failed(file) : finish(file, path, paper->path);
        if (error)
                unlink(path);
        return r < 0 ? r : error ? complain(paper, error) : 0;
}
