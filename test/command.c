/* SPDX-License-Identifier: BSD-2-Clause */
/* See command.h. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "netdev.h"

enum { ARGUMENTS_MAX = 32, WAIT_US = 2000, WAITS = 30000 };

/* In the child: ends with its parent, and takes signals as a program started by a shell does. */
static void child_begin(void) {
        sigset_t none;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
}

struct command command_start(void (*before)(void), const char *const arguments[]) {
        struct command command = {.out = tmpfile(), .err = tmpfile()};
        static char name[] = "xskim";
        char *argv[ARGUMENTS_MAX] = {name};

        for (size_t i = 0; arguments[i] && i + 2 < ARGUMENTS_MAX; i++)
                argv[i + 1] = (char *)arguments[i];
        cr_assert(command.out && command.err);
        command.pid = fork();
        cr_assert_geq(command.pid, 0);
        if (command.pid)
                return command;
        child_begin();
        dup2(fileno(command.out), STDOUT_FILENO);
        dup2(fileno(command.err), STDERR_FILENO);
        if (before)
                before();
        execv(XSKIM_COMMAND, argv);
        _exit(98);
}

static pid_t wait_bounded(pid_t pid, int *status, struct rusage *usage) {
        pid_t ended = 0;

        for (int i = 0; i < WAITS && !ended; i++) {
                ended = wait4(pid, status, WNOHANG, usage);
                if (!ended)
                        usleep(WAIT_US);
        }
        return ended;
}

static void read_back(FILE *file, char *text, size_t bytes) {
        rewind(file);
        text[fread(text, 1, bytes - 1, file)] = '\0';
        fclose(file);
}

struct command_result command_end(struct command *command) {
        struct command_result result = {.status = -1};
        struct rusage usage = {0};
        struct stat facts;
        int status = 0;

        if (wait_bounded(command->pid, &status, &usage) != command->pid) {
                command_kill(command->pid);
                cr_assert_fail("the command did not end");
        }
        if (WIFEXITED(status))
                result.status = WEXITSTATUS(status);
        else
                result.signal = WTERMSIG(status);
        result.resident_bytes_max = (uint64_t)usage.ru_maxrss * 1024;
        cr_assert_eq(fstat(fileno(command->out), &facts), 0);
        result.out = calloc(1, (size_t)facts.st_size + 1);
        cr_assert(result.out);
        read_back(command->out, result.out, (size_t)facts.st_size + 1);
        read_back(command->err, result.err, sizeof(result.err));
        return result;
}

void command_result_free(struct command_result *result) {
        free(result->out);
        result->out = NULL;
}

static bool is_attached(const struct command *command, const char *port) {
        struct netdev_port found;

        (void)command;
        return !netdev_find(port, &found) && found.xdp_program_id;
}

static bool has_printed(const struct command *command, const char *port) {
        struct stat facts;

        (void)port;
        return !fstat(fileno(command->out), &facts) && facts.st_size;
}

static bool wait_for(bool (*is_so)(const struct command *, const char *),
                     const struct command *command, const char *port) {
        for (int i = 0; i < WAITS; i++) {
                siginfo_t ended = {0};

                if (is_so(command, port))
                        return true;
                waitid(P_PID, (id_t)command->pid, &ended, WEXITED | WNOHANG | WNOWAIT);
                if (ended.si_pid)
                        return false;
                usleep(WAIT_US);
        }
        cr_assert_fail("the command neither came so far nor ended");
        return false;
}

bool command_attached(const struct command *command, const char *port) {
        return wait_for(is_attached, command, port);
}

bool command_running(const struct command *command) {
        return wait_for(has_printed, command, NULL);
}

static const char *summary_line(const struct command_result *result) {
        const char *line = strstr(result->out, "{\"type\":\"summary\"");

        cr_assert(line, "no summary; standard error says: %s", result->err);
        return line;
}

uint64_t command_summary(const struct command_result *result, const char *object,
                         const char *name) {
        const char *place = summary_line(result);
        char key[64];

        if (object) {
                snprintf(key, sizeof(key), "\"%s\":{", object);
                place = strstr(place, key);
                cr_assert(place, "no %s in the summary", object);
        }
        snprintf(key, sizeof(key), "\"%s\":", name);
        place = strstr(place, key);
        cr_assert(place, "no %s in the summary", name);
        return strtoull(place + strlen(key), NULL, 10);
}

bool command_summary_has(const struct command_result *result, const char *text) {
        return strstr(summary_line(result), text);
}

pid_t command_fork(void (*body)(void *context), void *context) {
        pid_t pid = fork();

        cr_assert_geq(pid, 0);
        if (pid)
                return pid;
        child_begin();
        body(context);
        _exit(0);
}

void command_kill(pid_t pid) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}
