/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long a start takes, until the sampler is attached.
 *
 *   start_library   xskim_open, in this process
 *   start_command   `xskim watch`, from fork to the program seen on the port (asked every
 *                   millisecond)
 *
 * The command is the one of this build, beside the directory of this program, or $XSKIM.
 *
 * usage: perf-start [--json]
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "lab.h"
#include "log.h"
#include "netdev.h"
#include "util.h"
#include "way.h"

enum { START_TIMES = 10, START_LOOK_NS = 1000000 };

static const double BOUND_MS = 300;
static const uint64_t START_NS_MAX = 5000000000;

static double library_ms(void) {
        struct xskim_session *session;
        struct xskim_config config;
        uint64_t start_ns = bench_now_ns();
        double ms;

        xskim_config_init(&config);
        config.ports[0] = "start";
        config.port_count = 1;
        lab_must(xskim_open(&config, &session), "opening a session");
        ms = (double)(bench_now_ns() - start_ns) / 1e6;
        xskim_close(session);
        return ms;
}

static _Noreturn void command_become(const char *command) {
        int null_fd = open("/dev/null", O_WRONLY);

        dup2(null_fd, STDOUT_FILENO);
        execl(command, command, "watch", "start", "--json", (char *)NULL);
        fprintf(stderr, "perf: %s: %s\n", command, strerror(errno));
        _exit(EXIT_FAILURE);
}

static double command_ms(const char *command) {
        uint64_t start_ns = bench_now_ns();
        struct netdev_port port;
        pid_t child = fork();
        double ms;
        int status;

        lab_must(child < 0 ? -errno : 0, "fork");
        if (!child)
                command_become(command);
        do {
                lab_pause_ns(START_LOOK_NS);
                lab_must(netdev_find("start", &port), "the port");
                if (waitpid(child, &status, WNOHANG) == child)
                        lab_must(-ECHILD, "the command ended");
                if (bench_now_ns() - start_ns > START_NS_MAX)
                        lab_must(-ETIMEDOUT, "the command");
        } while (!port.xdp_program_id);
        ms = (double)(bench_now_ns() - start_ns) / 1e6;
        kill(child, SIGTERM);
        waitpid(child, &status, 0);
        return ms;
}

static const char *command_find(const char *program) {
        static char path[4096];
        char *copy CLEANUP(free_cleanup) = strdup(program);

        if (getenv("XSKIM"))
                return getenv("XSKIM");
        snprintf(path, sizeof(path), "%s/../userspace/xskim", dirname(copy));
        return path;
}

static int figure_print(const char *name, double *ms, bool json) {
        struct bench_figure figure =
                bench_compare(ms, NULL, START_TIMES, BENCH_VALUE_AT_MOST, BOUND_MS);

        figure.name = name;
        figure.unit = "ms";
        bench_print(&figure, json);
        return bench_status(&figure, 1);
}

int main(int argc, char **argv) {
        const char *command = command_find(argv[0]);
        bool json = bench_wants_json(argc, argv);
        double library[START_TIMES], watch[START_TIMES];
        int status, one;

        lab_open();
        lab_port("start");
        for (int i = 0; i < START_TIMES; i++) {
                library[i] = library_ms();
                watch[i] = command_ms(command);
        }
        status = figure_print("start_library", library, json);
        one = figure_print("start_command", watch, json);
        return MAX(status, one);
}
