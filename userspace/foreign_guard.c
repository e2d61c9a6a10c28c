/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guard's process. It is forked from a process with threads and does not exec, so it calls only
 * what is safe in a signal handler. See foreign_guard.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "foreign_guard.h"
#include "util.h"

enum {
        GUARD_PATH_BYTES = 64,
        GUARD_READS = 32,    /* as much as a pipe holds, and more than that */
        GUARD_AGAIN_MS = 20, /* between two looks for what has not died of SIGKILL yet */
        GUARD_READY_FD = STDERR_FILENO + 1,
};

extern char **environ;

/* ---- what was printed ---- */

static void printed_add(struct guard_board *board, const char *text, size_t bytes) {
        uint64_t printed = atomic_load(&board->printed);

        for (size_t i = 0; i < bytes; i++, printed++)
                if (printed < GUARD_HEAD_BYTES)
                        board->head[printed] = text[i];
                else
                        board->tail[(printed - GUARD_HEAD_BYTES) % GUARD_TAIL_BYTES] = text[i];
        atomic_store(&board->printed, printed);
}

void guard_printed(const struct guard_board *board,
                   char text[static GUARD_HEAD_BYTES + GUARD_TAIL_BYTES + 1]) {
        uint64_t printed = atomic_load(&board->printed);
        uint64_t head = MIN(printed, (uint64_t)GUARD_HEAD_BYTES), tail = printed - head;
        uint64_t first = tail > GUARD_TAIL_BYTES ? tail - GUARD_TAIL_BYTES : 0;
        char *to = text + head;

        memcpy(text, board->head, head);
        for (uint64_t i = first; i < tail; i++)
                *to++ = board->tail[i % GUARD_TAIL_BYTES];
        *to = '\0';
        /* a string to whoever reads it */
        for (char *c = text; c < to; c++)
                *c = *c ? *c : ' ';
}

/* ---- its children ---- */

/* Without the library's formatting. */
static void path_make(char path[static GUARD_PATH_BYTES], pid_t pid) {
        const char *parts[] = {"/proc/", "/task/", "/children"};
        char digits[16], *first = digits + sizeof(digits) - 1;

        *first = '\0';
        for (; pid; pid /= 10)
                *--first = (char)('0' + pid % 10);
        path[0] = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                strcat(path, parts[i]);
                if (i + 1 < ARRAY_SIZE(parts))
                        strcat(path, first);
        }
}

/* The children of a process's first thread (the guard and shells have no other). */
static size_t children_of(pid_t pid, pid_t *pids, size_t most) {
        char path[GUARD_PATH_BYTES], text[1024];
        size_t count = 0;
        ssize_t length;
        pid_t one = 0;
        int fd;

        path_make(path, pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        length = fd < 0 ? 0 : read(fd, text, sizeof(text));
        fd_cleanup(&fd);
        for (ssize_t i = 0; i < length && count < most; i++) {
                if (text[i] >= '0' && text[i] <= '9') {
                        one = one * 10 + (text[i] - '0');
                        continue;
                }
                if (one)
                        pids[count++] = one;
                one = 0;
        }
        return count;
}

static void all_kill(const struct guard_board *board) {
        pid_t pids[GUARD_PROCESSES_MAX];
        size_t count = children_of(getpid(), pids, ARRAY_SIZE(pids));

        kill(-atomic_load(&board->group), SIGKILL);
        /* what left the group is ours once its parent is gone */
        for (size_t i = 0; i < count; i++)
                kill(pids[i], SIGKILL);
}

/* Says whether there are any left. */
static bool children_reap(struct guard_board *board) {
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                if (pid == atomic_load(&board->group))
                        atomic_store(&board->status, status);
        return !(pid < 0 && errno == ECHILD);
}

static uint64_t time_ns(struct timeval time) {
        return (uint64_t)time.tv_sec * 1000000000ULL + (uint64_t)time.tv_usec * 1000;
}

static uint64_t children_cpu_ns(void) {
        struct rusage usage;

        if (getrusage(RUSAGE_CHILDREN, &usage))
                return 0;
        return time_ns(usage.ru_utime) + time_ns(usage.ru_stime);
}

/* ---- the guard ---- */

/* Bounded: who prints without end does not keep the guard from what else it has to do. */
static void output_read(struct guard_board *board, int *output) {
        char text[4096];
        ssize_t length = 1;

        for (int i = 0; i < GUARD_READS && length > 0; i++) {
                length = read(*output, text, sizeof(text));
                if (length > 0)
                        printed_add(board, text, (size_t)length);
        }
        if (!length)
                fd_cleanup(output);
}

static void guard_loop(struct guard_board *board, int output, int signals) {
        struct signalfd_siginfo heard;
        bool killing = false;

        do {
                struct pollfd waits[] = {{.fd = signals, .events = POLLIN},
                                         {.fd = output, .events = POLLIN}};

                poll(waits, 2, killing ? GUARD_AGAIN_MS : -1);
                while (read(signals, &heard, sizeof(heard)) == sizeof(heard))
                        killing |= heard.ssi_signo == SIGTERM;
                if (output >= 0)
                        output_read(board, &output);
                if (killing)
                        all_kill(board);
        } while (children_reap(board));
        if (output >= 0)
                output_read(board, &output);
}

/* A fresh process image, as a shell would start it. */
static void become(const char *command, int output) {
        char *const words[] = {"sh", "-c", (char *)command, NULL};
        sigset_t none;

        setpgid(0, 0);
        for (int number = 1; number < NSIG; number++)
                signal(number, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        if (dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0)
                execve("/bin/sh", words, environ);
        _exit(127);
}

/* Nothing of the caller's stays open but `ready`, which becomes GUARD_READY_FD. */
static void descriptors_leave(int ready) {
        int null;

        if (dup2(ready, GUARD_READY_FD) < 0 || fcntl(GUARD_READY_FD, F_SETFD, FD_CLOEXEC) ||
            syscall(SYS_close_range, GUARD_READY_FD + 1, ~0U, 0))
                _exit(1);
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int fd = 0; fd < GUARD_READY_FD; fd++)
                if (dup2(null, fd) < 0)
                        _exit(1);
        fd_cleanup(&null);
}

static int signals_listen(void) {
        sigset_t all;

        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        return signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void guard_main(const char *command, struct guard_board *board, pid_t caller, int ready) {
        int output[2], signals;
        pid_t leader;

        setsid();
        descriptors_leave(ready);
        signals = signals_listen();
        prctl(PR_SET_NAME, "xskim guard");
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != caller || signals < 0 || pipe2(output, O_CLOEXEC))
                _exit(1);
        leader = fork();
        if (!leader)
                become(command, output[1]);
        if (leader < 0)
                _exit(1);
        setpgid(leader, leader);
        atomic_store(&board->group, leader);
        close(GUARD_READY_FD);
        close(output[1]);
        fcntl(output[0], F_SETFL, O_NONBLOCK);
        guard_loop(board, output[0], signals);
        atomic_store(&board->cpu_ns, children_cpu_ns());
        _exit(0);
}

int guard_start(const char *command, struct guard_board *board, pid_t *ret_guard) {
        pid_t caller = getpid(), guard;
        int ready[2], r;
        char none;

        if (pipe2(ready, O_CLOEXEC))
                return -errno;
        guard = fork();
        if (!guard)
                guard_main(command, board, caller, ready[1]);
        r = guard < 0 ? -errno : 0;
        close(ready[1]);
        /* the end of the pipe comes when guard and program have let go of it */
        while (!r && read(ready[0], &none, 1) < 0 && errno == EINTR)
                ;
        close(ready[0]);
        if (!r)
                *ret_guard = guard;
        return r;
}

/* ---- CPU time, asked by the caller ---- */

/* Of the children that a process has waited for: fields 16 and 17 of proc_pid_stat(5). */
static uint64_t waited_ns(pid_t pid) {
        unsigned long long user = 0, kernel = 0;
        char path[GUARD_PATH_BYTES], text[1024];
        const char *behind;
        size_t length;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        file = fopen(path, "re");
        if (!file)
                return 0;
        length = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
        text[length] = '\0';
        /* the name before it may have anything in it */
        behind = strrchr(text, ')');
        if (!behind ||
            sscanf(behind + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %llu %llu",
                   &user, &kernel) != 2)
                return 0;
        return (user + kernel) * (1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK));
}

static uint64_t own_ns(pid_t pid) {
        clockid_t clock;

        return clock_getcpuclockid(pid, &clock) ? 0 : clock_read_ns(clock);
}

uint64_t guard_cpu_ns(pid_t guard) {
        pid_t pids[GUARD_PROCESSES_MAX] = {guard};
        uint64_t sum_ns = 0;
        size_t count = 1;

        for (size_t i = 0; i < count; i++) {
                sum_ns += waited_ns(pids[i]) + (i ? own_ns(pids[i]) : 0);
                count += children_of(pids[i], pids + count, ARRAY_SIZE(pids) - count);
        }
        return sum_ns;
}
