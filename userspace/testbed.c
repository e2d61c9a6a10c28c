/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the runs of scripts/lab. See testbed.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "log.h"
#include "testbed.h"
#include "util.h"

enum { SAID_BYTES = 1024, ACCOUNT_BYTES = 8192, NAME_BYTES = 24, WORDS_MAX = 16 };

struct testbed {
        char script[PATH_MAX];
        char name[NAME_BYTES]; /* r and the process's number */
        char hurry[64];        /* the script looks for a file of this name */
        char said[SAID_BYTES];
        char account[ACCOUNT_BYTES];
};

/* ---- where it is ---- */

/* Beside the command in its build tree, or where it was installed. */
static int script_find(char ret_path[static PATH_MAX]) {
        char self[PATH_MAX - sizeof("/../perf/relay/lab")];
        const char *told = getenv("XSKIM_LAB");
        ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
        char *slash;

        self[MAX(length, (ssize_t)0)] = '\0';
        slash = strrchr(self, '/');
        if (slash)
                *slash = '\0';
        snprintf(ret_path, PATH_MAX, "%s/../perf/relay/lab", self);
        if (told)
                snprintf(ret_path, PATH_MAX, "%s", told);
        else if (access(ret_path, X_OK) < 0)
                snprintf(ret_path, PATH_MAX, "%s/lab", XSKIM_LAB_DIRECTORY);
        if (!access(ret_path, X_OK))
                return 0;
        return error_set(-ENOENT,
                         "%s: the lab's script is not there: %s.\n"
                         "It is installed with xskim; XSKIM_LAB may name another one.",
                         ret_path, strerror(errno));
}

/* ---- runs ---- */

/* Its exit status, or a negative errno. What it printed is in account, what it said in said. */
static int script_run(struct testbed *t, char *const words[]) {
        CLEANUP(file_cleanup) FILE *out = child_file();
        CLEANUP(file_cleanup) FILE *err = child_file();
        int status;

        if (!out || !err)
                return error_set(-errno, "the lab: no temporary file: %s", strerror(errno));
        status = child_run(words, NULL, out, err);
        child_said(out, t->account, sizeof(t->account));
        child_said(err, t->said, sizeof(t->said));
        return status;
}

/* By the script's exit status, with the end of what it said. */
static int failure(const struct testbed *t, int status) {
        static const int errors[] = {[2] = EINVAL, [4] = EPERM, [5] = EOPNOTSUPP};
        int error = EIO;

        if (status < 0)
                return status;
        if (status < (int)ARRAY_SIZE(errors) && errors[status])
                error = errors[status];
        return error_set(-error, "the lab could not be made (status %d):\n%s", status, t->said);
}

/* ---- life ---- */

int testbed_open(const char *impair, struct testbed **ret_testbed) {
        static char off[] = "off", impair_word[] = "--impair", up[] = "up", name[] = "--name",
                    mtu_word[] = "--mtu", for_word[] = "--for";
        struct testbed *t = calloc(1, sizeof(*t));
        char mtu[16], owner[16];
        int status;

        if (!t)
                return -ENOMEM;
        snprintf(t->name, sizeof(t->name), "r%d", getpid());
        snprintf(t->hurry, sizeof(t->hurry), "/run/xskim-lab/xskim-%s/hurry", t->name);
        snprintf(mtu, sizeof(mtu), "%d", TESTBED_MTU);
        snprintf(owner, sizeof(owner), "%d", getpid());
        status = script_find(t->script);
        if (!status) {
                char *const words[] = {t->script,   up,
                                       name,        t->name,
                                       mtu_word,    mtu,
                                       for_word,    owner,
                                       impair_word, impair ? (char *)(uintptr_t)impair : off,
                                       NULL};

                status = script_run(t, words);
                status = status ? failure(t, status) : 0;
        }
        t->account[0] = '\0';
        if (status)
                free(t);
        else
                *ret_testbed = t;
        return status;
}

struct testbed *testbed_close(struct testbed *t) {
        static char down[] = "down", name[] = "--name";
        bool told = error_is_set();

        if (!t)
                return NULL;
        script_run(t, (char *const[]){t->script, down, name, t->name, NULL});
        error_forget(told);
        free(t);
        return NULL;
}

int testbed_enter(const struct testbed *t, enum testbed_host host) {
        static const char *const hosts[] = {[TESTBED_LEFT] = "left", [TESTBED_RIGHT] = "right"};
        CLEANUP(fd_cleanup) int fd = -1;
        char path[64];

        snprintf(path, sizeof(path), "/run/netns/xskim-%s-%s", t->name, hosts[host]);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || setns(fd, CLONE_NEWNET))
                return error_set(-errno, "%s: the lab's host cannot be entered: %s", path,
                                 strerror(errno));
        return 0;
}

int testbed_finish(struct testbed *t) {
        static char finish[] = "finish", name[] = "--name", json[] = "--json";
        int status = script_run(t, (char *const[]){t->script, finish, name, t->name, json, NULL});

        if (status < 0)
                return status;
        t->account[strcspn(t->account, "\n")] = '\0';
        if (status || !t->account[0])
                return error_set(-EIO,
                                 "the lab's relay left no account (status %d): it ended before it "
                                 "was told to.\n%s",
                                 status, t->said);
        return 0;
}

/* Not by a signal to the script: it may not be there yet, or not yet listen. */
void testbed_hurry(const struct testbed *t) {
        int fd = open(t->hurry, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

        if (fd >= 0)
                close(fd);
}

const char *testbed_account(const struct testbed *t) {
        return t && t->account[0] ? t->account : NULL;
}
