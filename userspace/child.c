/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the running of other programs. See child.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "log.h"
#include "util.h"

FILE *child_file(void) {
        FILE *file = tmpfile();

        if (file)
                fcntl(fileno(file), F_SETFD, FD_CLOEXEC);
        return file;
}

static void become(char *const words[], FILE *in, FILE *out, FILE *err) {
        sigset_t none;

        setsid();
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        signal(SIGXFSZ, SIG_DFL);
        for (int number = SIGHUP; number <= SIGTERM; number++)
                signal(number, SIG_DFL);
        setenv("LC_ALL", "C", 1);
        if ((!in || dup2(fileno(in), STDIN_FILENO) >= 0) && dup2(fileno(out), STDOUT_FILENO) >= 0 &&
            dup2(fileno(err), STDERR_FILENO) >= 0)
                execvp(words[0], words);
        _exit(126);
}

int child_run(char *const words[], FILE *in, FILE *out, FILE *err) {
        int status = 0;
        pid_t child = fork();

        if (child < 0)
                return error_set(-errno, "%s cannot be started: %s", words[0], strerror(errno));
        if (!child)
                become(words, in, out, err);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
                ;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void child_said(FILE *from, char *text, size_t bytes) {
        ssize_t length = pread(fileno(from), text, bytes - 1, 0);

        text[MAX(length, (ssize_t)0)] = '\0';
}
