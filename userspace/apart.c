/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the process that stays behind. See apart.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"
#include "util.h"

enum { PRECEDENCE = -20 };

static const int PASSED_ON[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static volatile sig_atomic_t child;

static void pass_on(int number) {
        if (child > 0)
                kill((pid_t)child, number);
}

static void signals_block(int how, sigset_t *before) {
        sigset_t passed;

        sigemptyset(&passed);
        for (size_t i = 0; i < ARRAY_SIZE(PASSED_ON); i++)
                sigaddset(&passed, PASSED_ON[i]);
        sigprocmask(how, &passed, before);
}

/* A child that was killed makes a parent that was. */
static _Noreturn void stay_behind(void) {
        const struct sigaction action = {.sa_handler = pass_on};
        int status = 0;

        for (size_t i = 0; i < ARRAY_SIZE(PASSED_ON); i++)
                sigaction(PASSED_ON[i], &action, NULL);
        signals_block(SIG_UNBLOCK, NULL);
        while (waitpid((pid_t)child, &status, 0) < 0 && errno == EINTR)
                ;
        if (WIFSIGNALED(status)) {
                signal(WTERMSIG(status), SIG_DFL);
                raise(WTERMSIG(status));
        }
        /* nothing of this process is to be flushed: the child has it all */
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

static void precedence_take(void) {
        int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);

        if (fd >= 0) {
                (void)!write(fd, "-20", strlen("-20"));
                close(fd);
        }
        setpriority(PRIO_PROCESS, 0, PRECEDENCE);
}

void apart_go(void) {
        sigset_t before;
        pid_t parent = getpid(), pid;

        signals_block(SIG_BLOCK, &before);
        pid = fork();
        if (pid > 0) {
                child = pid;
                stay_behind();
        }
        if (!pid) {
                prctl(PR_SET_PDEATHSIG, SIGTERM);
                if (getppid() != parent)
                        raise(SIGTERM);
                setsid();
        }
        precedence_take();
        sigprocmask(SIG_SETMASK, &before, NULL);
}
