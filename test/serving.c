/* SPDX-License-Identifier: BSD-2-Clause */
/* See serving.h. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lab.h"
#include "serving.h"

enum { SERVING_PORT = 9963, BODY_BYTES = 1 << 20 };

void serving_two_pairs(void) {
        lab_fresh();
        lab_pair(SERVING_OTHER_PORT, SERVING_OTHER_PEER, 1500);
}

void serving_send(const char *peer, uint64_t count) {
        uint8_t packet[64];

        cr_assert_eq(lab_send(peer, packet, lab_udp(packet, 64, 1, 2), count), count);
}

/* In one step, so that it is never read half. */
static void configuration_write(const struct serving *s, const char *configuration) {
        char made[80];
        FILE *file;

        snprintf(made, sizeof(made), "%s.new", s->path);
        file = fopen(made, "w");
        cr_assert(file);
        cr_assert_geq(fputs(configuration, file), 0);
        cr_assert_eq(fclose(file), 0);
        cr_assert_eq(rename(made, s->path), 0);
}

static int notify_listen(const char *name) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        size_t length = strlen(name);

        cr_assert_lt(length, sizeof(address.sun_path));
        memcpy(address.sun_path, name, length);
        if (*name == '@')
                address.sun_path[0] = '\0';
        cr_assert_eq(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                     0, "%s", name);
        return fd;
}

struct serving serving_begin(const char *configuration, const char *manager, void (*before)(void)) {
        struct serving s = {.directory = "/tmp/xskim-serve-XXXXXX", .manager = -1};

        cr_assert(mkdtemp(s.directory));
        snprintf(s.path, sizeof(s.path), "%s/xskim.yaml", s.directory);
        configuration_write(&s, configuration);
        lab_run("ip link set lo up");
        if (manager) {
                s.manager = notify_listen(manager);
                setenv("NOTIFY_SOCKET", manager, 1);
        }
        s.command = COMMAND_START(before, "serve", "--config", s.path);
        unsetenv("NOTIFY_SOCKET");
        return s;
}

struct serving serving_start(const char *configuration) {
        struct serving s = serving_begin(configuration, NULL, NULL);

        SERVING_UNTIL(&s, serving_get("/healthz", NULL) == 200);
        return s;
}

static unsigned int answers(const struct serving *s) {
        unsigned int count = 0;

        for (const char *at = serving_log(s); (at = strstr(at, "reload: ")); at++)
                count++;
        return count;
}

void serving_reload(struct serving *s, const char *configuration) {
        unsigned int before = answers(s);

        configuration_write(s, configuration);
        kill(s->command.pid, SIGHUP);
        SERVING_UNTIL(s, answers(s) > before);
}

struct command_result serving_end(struct serving *s, int number) {
        struct command_result result;

        if (number)
                kill(s->command.pid, number);
        result = command_end(&s->command);
        if (s->manager >= 0)
                close(s->manager);
        lab_run("rm -r %s", s->directory);
        return result;
}

void serving_ends_well(struct serving *s) {
        struct command_result result = serving_end(s, SIGTERM);

        cr_expect_eq(result.status, 0, "status %d, signal %d: %s", result.status, result.signal,
                     result.err);
        if (lab_ifindex(LAB_PORT))
                cr_expect_eq(lab_xdp_program(LAB_PORT), 0);
        if (lab_ifindex(SERVING_OTHER_PORT))
                cr_expect_eq(lab_xdp_program(SERVING_OTHER_PORT), 0);
        command_result_free(&result);
}

const char *serving_log(const struct serving *s) {
        static char text[16384];
        ssize_t bytes = pread(fileno(s->command.err), text, sizeof(text) - 1, 0);

        text[bytes > 0 ? bytes : 0] = '\0';
        return text;
}

/* All that comes until the other side closes. */
static char *answer_read(int fd) {
        char *text = calloc(1, BODY_BYTES);
        size_t used = 0;
        ssize_t bytes;

        cr_assert(text);
        while ((bytes = read(fd, text + used, BODY_BYTES - 1 - used)) > 0)
                used += (size_t)bytes;
        return text;
}

int serving_get(const char *path, char **ret_body) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(SERVING_PORT)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), status = 0;
        char request[256], *text, *body;

        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        snprintf(request, sizeof(request),
                 "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
        if (connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
            send(fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
                close(fd);
                return 0;
        }
        text = answer_read(fd);
        close(fd);
        body = strstr(text, "\r\n\r\n");
        if (body && sscanf(text, "HTTP/1.%*c %d", &status) == 1 && ret_body)
                *ret_body = strdup(body + 4);
        free(text);
        return status;
}

double serving_metric(const char *name, const char *port) {
        char key[128], *body = NULL, *at;
        double value = -1;

        if (serving_get("/metrics", &body) != 200) {
                free(body);
                return -1;
        }
        snprintf(key, sizeof(key), "\n%s{port=\"%s\"} ", name, port);
        at = strstr(body, key);
        if (at)
                value = strtod(at + strlen(key), NULL);
        free(body);
        return value;
}

const char *serving_told(struct serving *s) {
        static char text[8192];
        size_t used = 0;
        ssize_t bytes;

        while (used + 2 < sizeof(text) &&
               (bytes = recv(s->manager, text + used, sizeof(text) - 2 - used, 0)) > 0) {
                used += (size_t)bytes;
                text[used++] = '|';
        }
        text[used] = '\0';
        return text;
}

double serving_packets(const char *port) {
        return serving_metric("xskim_packets_total", port);
}

bool serving_is_up(const char *port) {
        return serving_metric("xskim_port_up", port) == 1;
}
