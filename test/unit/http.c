/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages over HTTP, on real sockets of the loopback: to those who ask well, who ask badly, who read
 * slowly, and who are too many. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "captures.h"
#include "http.h"
#include "log.h"
#include "process.h"
#include "util.h"

enum { ANSWER_BYTES = 1 << 16, PATIENCE_S = 20, BIG_BYTES = 8 << 20 };

#define OPENMETRICS "application/openmetrics-text"

static struct http *http;

static void publish(enum http_page page, unsigned int status, uint32_t valid_ms, const char *text) {
        cr_assert_eq(http_publish(http, page, status, valid_ms, strdup(text), strlen(text)), 0);
}

static void setup(void) {
        cr_assert_eq(http_open("127.0.0.1", 0, &http), 0, "%s", error_message());
        cr_assert_gt(http_port(http), 0);
}

static void teardown(void) {
        http = http_close(http);
}

TestSuite(http, .init = setup, .fini = teardown, .timeout = 120);

/* ---- a client ---- */

static int client_open(int receive_bytes) {
        struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)http_port(http)),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        const struct timeval patience = {.tv_sec = PATIENCE_S};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        cr_assert_geq(fd, 0);
        if (receive_bytes)
                setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0, "%s", strerror(errno));
        return fd;
}

/* It may hang up before it has heard everything. */
static void client_say(int fd, const char *text) {
        size_t bytes = strlen(text);

        for (ssize_t sent; bytes; text += sent, bytes -= (size_t)sent) {
                sent = send(fd, text, bytes, MSG_NOSIGNAL);
                if (sent < 0)
                        return;
        }
}

/* Reads until the other side has finished; gives how much there was. */
static size_t client_hear(int fd, char *answer, size_t bytes) {
        size_t heard = 0;
        ssize_t more;

        while (heard < bytes - 1 && (more = recv(fd, answer + heard, bytes - 1 - heard, 0)) > 0)
                heard += (size_t)more;
        answer[heard] = '\0';
        return heard;
}

static const char *ask(const char *request) {
        static char answer[ANSWER_BYTES];
        int fd = client_open(0);

        client_say(fd, request);
        client_hear(fd, answer, sizeof(answer));
        close(fd);
        return answer;
}

#define ASK(method_, path_, headers_)                                                              \
        ask(method_ " " path_ " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" headers_ "\r\n")

static unsigned int status_of(const char *answer) {
        unsigned int status = 0;

        sscanf(answer, "HTTP/1.1 %u ", &status);
        return status;
}

static const char *body_of(const char *answer) {
        const char *end = strstr(answer, "\r\n\r\n");

        return end ? end + 4 : "no end of the headers";
}

static void expect_answer(const char *answer, unsigned int status, const char *body) {
        cr_expect_eq(status_of(answer), status, "%s", answer);
        cr_expect_str_eq(body_of(answer), body, "%s", answer);
}

/* ---- pages ---- */

Test(http, serves_each_page_as_what_it_is) {
        const char *answer;

        publish(HTTP_METRICS, 200, 0, "text\n");
        publish(HTTP_OPENMETRICS, 200, 0, "open\n");
        publish(HTTP_HEALTH, 200, 0, "healthy\n");
        publish(HTTP_READY, 503, 0, "eth7 is away\n");
        answer = ASK("GET", "/metrics", "");
        expect_answer(answer, 200, "text\n");
        cr_expect(strstr(answer, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
        cr_expect(strstr(answer, "\r\nContent-Length: 5\r\n"));
        answer = ASK("GET", "/metrics", "Accept: " OPENMETRICS ";version=1.0.0,*/*;q=0.1\r\n");
        expect_answer(answer, 200, "open\n");
        cr_expect(strstr(answer, "\r\nContent-Type: " OPENMETRICS "; version=1.0.0"));
        expect_answer(ASK("GET", "/metrics", "Accept: */*\r\n"), 200, "text\n");
        expect_answer(ASK("GET", "/metrics?a=b", ""), 200, "text\n");
        expect_answer(ASK("GET", "/healthz", ""), 200, "healthy\n");
        expect_answer(ASK("GET", "/readyz", ""), 503, "eth7 is away\n");
}

Test(http, says_the_length_alone_when_asked_for_the_head) {
        const char *answer;

        publish(HTTP_METRICS, 200, 0, "seventeen letters");
        answer = ASK("HEAD", "/metrics", "");
        expect_answer(answer, 200, "");
        cr_expect(strstr(answer, "\r\nContent-Length: 17\r\n"), "%s", answer);
}

Test(http, a_page_is_503_before_it_is_there_and_when_nobody_renews_it) {
        cr_expect_eq(status_of(ASK("GET", "/healthz", "")), 503);
        publish(HTTP_HEALTH, 200, 1, "healthy\n");
        usleep(20000);
        cr_expect_eq(status_of(ASK("GET", "/healthz", "")), 503);
        publish(HTTP_HEALTH, 200, 3600000, "healthy again\n");
        expect_answer(ASK("GET", "/healthz", ""), 200, "healthy again\n");
        publish(HTTP_HEALTH, 500, 0, "not well\n");
        expect_answer(ASK("GET", "/healthz", ""), 500, "not well\n");
}

Test(http, answers_several_requests_of_one_connection) {
        char answer[4096];
        int fd = client_open(0);

        publish(HTTP_METRICS, 200, 0, "text\n");
        publish(HTTP_HEALTH, 200, 0, "healthy\n");
        client_say(fd, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
                       "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
                       "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
                       "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        client_hear(fd, answer, sizeof(answer));
        close(fd);
        cr_expect(strstr(answer, "\r\n\r\ntext\nHTTP/1.1 200 "), "%s", answer);
        cr_expect(strstr(answer, "HTTP/1.1 404 "), "%s", answer);
        cr_expect(strstr(answer, "\r\n\r\nhealthy\n"), "%s", answer);
}

/* ---- what it refuses ---- */

Test(http, refuses_what_it_does_not_do_and_goes_on) {
        const char *answer;

        publish(HTTP_METRICS, 200, 0, "text\n");
        cr_expect_eq(status_of(ASK("GET", "/", "")), 404);
        cr_expect_eq(status_of(ASK("GET", "/metrics/", "")), 404);
        cr_expect_eq(status_of(ASK("GET", "/metrics/../../etc/passwd", "")), 404);
        answer = ASK("DELETE", "/metrics", "");
        cr_expect_eq(status_of(answer), 405);
        cr_expect(strstr(answer, "\r\nAllow: GET, HEAD\r\n"), "%s", answer);
        cr_expect_eq(status_of(ASK("get", "/metrics", "")), 405);
        cr_expect_eq(status_of(ASK("POST", "/metrics", "Content-Length: 5\r\n")), 405,
                     "without waiting for the body");
        cr_expect_eq(status_of(ASK("GET", "/metrics", "Content-Length: 1000000000\r\n")), 413);
        cr_expect_eq(status_of(ASK("GET", "/metrics", "Transfer-Encoding: chunked\r\n")), 413);
        cr_expect_eq(status_of(ASK("GET", "/metrics", "Content-Length: 0\r\n")), 200);
        expect_answer(ASK("GET", "/metrics", ""), 200, "text\n");
}

/* Each is answered with an error, or the connection ends; the next one is served. */
Test(http, survives_what_is_no_request) {
        static const char *const rows[] = {
                "\r\n\r\n\r\n",
                "GET\r\n\r\n",
                "GET /metrics\r\n\r\n",
                "GET /metrics HTTP/9.9\r\n\r\n",
                "GET /metrics HTTP/1.1\r\n\r\n", /* no Host */
                "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
                "GET /%00%ff%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                "\x16\x03\x01\x02\x01\x01\xfc\x03\x03 a TLS hello\r\n\r\n",
        };
        char *large = malloc(1 << 20);
        int fd;

        publish(HTTP_METRICS, 200, 0, "text\n");
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char answer[ANSWER_BYTES];

                fd = client_open(0);
                client_say(fd, rows[i]);
                shutdown(fd, SHUT_WR);
                client_hear(fd, answer, sizeof(answer));
                close(fd);
                cr_expect_null(strstr(answer, "200 OK"), "%s: %s", rows[i], answer);
                expect_answer(ASK("GET", "/metrics", ""), 200, "text\n");
        }
        strcpy(large, "GET /metrics HTTP/1.1\r\nHost: x\r\nX: ");
        memset(large + strlen(large), 'x', (1 << 20) - strlen(large));
        large[(1 << 20) - 1] = '\0';
        cr_expect_null(strstr(ask(large), "200 OK"), "more headers than there is room for");
        free(large);
        expect_answer(ASK("GET", "/metrics", ""), 200, "text\n");
}

Test(http, listens_on_the_loopback_alone) {
        static const char *const rows[] = {"0.0.0.0",          "192.0.2.1", "::",    "2001:db8::1",
                                           "::ffff:127.0.0.1", "localhost", "127.1", "",
                                           "127.0.0.1:80",     "128.0.0.1", "[::1]"};
        struct http *untouched = (void *)&untouched, *other = untouched;

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                error_clear();
                cr_expect_eq(http_open(rows[i], 0, &other), -EINVAL, "%s", rows[i]);
                cr_expect(strstr(error_message(), "127.0.0.1 or ::1"), "%s", error_message());
        }
        cr_expect_eq(http_open("127.0.0.1", 65536, &other), -EINVAL);
        error_clear();
        cr_expect_eq(http_open("127.0.0.1", http_port(http), &other), -EADDRINUSE);
        cr_expect(strstr(error_message(), "choose another port"), "%s", error_message());
        cr_expect_eq(other, untouched);
        cr_expect_eq(http_open("127.0.0.2", http_port(http), &other), 0, "all of 127.0.0.0/8");
        http_close(other);
}

/* ---- who reads slowly, and who are many ---- */

static char *page_big(char letter, size_t bytes) {
        char *text = malloc(bytes);

        cr_assert(text);
        memset(text, letter, bytes);
        return text;
}

/* The page that it asked for stays whole for it; nobody else waits. */
Test(http, a_slow_reader_holds_up_nobody_and_gets_what_it_asked_for) {
        int slow = client_open(4096);
        char *answer = malloc(BIG_BYTES + 4096);
        size_t heard;

        cr_assert_eq(http_publish(http, HTTP_METRICS, 200, 0, page_big('a', BIG_BYTES), BIG_BYTES),
                     0);
        client_say(slow, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        cr_assert_eq(recv(slow, answer, 1, 0), 1, "the answer has begun");
        for (int i = 0; i < 20; i++) {
                char text[32];

                snprintf(text, sizeof(text), "page %d\n", i);
                publish(HTTP_METRICS, 200, 0, text);
                expect_answer(ASK("GET", "/metrics", ""), 200, text);
        }
        heard = client_hear(slow, answer + 1, BIG_BYTES + 4095) + 1;
        close(slow);
        cr_expect_eq(strspn(body_of(answer), "a"), BIG_BYTES);
        cr_expect_eq(heard, BIG_BYTES + (size_t)(body_of(answer) - answer));
        free(answer);
}

Test(http, who_come_when_it_is_full_are_served_later) {
        int idle[HTTP_CONNECTIONS_MAX], late;
        char answer[4096];

        publish(HTTP_METRICS, 200, 0, "text\n");
        for (int i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
                idle[i] = client_open(0);
                client_say(idle[i], "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
                cr_assert_eq(recv(idle[i], answer, 1, 0), 1, "connection %d is served", i);
        }
        late = client_open(0);
        client_say(late, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        cr_expect_eq(poll(&(struct pollfd){.fd = late, .events = POLLIN}, 1, 200), 0,
                     "no more than its limit at once");
        for (int i = 0; i < HTTP_CONNECTIONS_MAX; i++)
                close(idle[i]);
        client_hear(late, answer, sizeof(answer));
        close(late);
        expect_answer(answer, 200, "text\n");
}

enum { READERS = 6, ROUNDS = 200, PAGE_BYTES = 30000 };

/* What arrives is one page, not parts of two. */
static void *read_often(void *context) {
        char *answer = malloc(ANSWER_BYTES);
        uintptr_t torn = 0;

        (void)context;
        for (int i = 0; i < ROUNDS; i++) {
                int fd = client_open(0);
                const char *body;

                client_say(fd, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                client_hear(fd, answer, ANSWER_BYTES);
                close(fd);
                body = body_of(answer);
                torn += strlen(body) != PAGE_BYTES ||
                        strspn(body, (const char[]){*body, '\0'}) != PAGE_BYTES;
        }
        free(answer);
        return (void *)torn;
}

Test(http, pages_are_whole_while_they_change) {
        pthread_t readers[READERS];
        void *torn;

        cr_assert_eq(
                http_publish(http, HTTP_METRICS, 200, 0, page_big('a', PAGE_BYTES), PAGE_BYTES), 0);
        for (int i = 0; i < READERS; i++)
                cr_assert_eq(pthread_create(&readers[i], NULL, read_often, NULL), 0);
        for (int i = 0; i < 5000; i++)
                http_publish(http, HTTP_METRICS, 200, 0, page_big((char)('a' + i % 26), PAGE_BYTES),
                             PAGE_BYTES);
        for (int i = 0; i < READERS; i++) {
                pthread_join(readers[i], &torn);
                cr_expect_null(torn, "%zu pages were torn", (size_t)torn);
        }
}

/* ---- what it holds ---- */

Test(http, leaves_neither_descriptors_nor_threads) {
        unsigned int fds, threads;

        teardown();
        fds = process_entries("/proc/self/fd");
        threads = process_entries("/proc/self/task");
        setup();
        publish(HTTP_METRICS, 200, 0, "text\n");
        expect_answer(ASK("GET", "/metrics", ""), 200, "text\n");
        cr_expect_gt(process_entries("/proc/self/task"), threads, "it has a thread of its own");
        close(client_open(0));
        teardown();
        cr_expect_eq(process_entries("/proc/self/fd"), fds);
        cr_expect_eq(process_entries("/proc/self/task"), threads);
        cr_assert_null(http_close(NULL));
}

Test(http, its_thread_holds_no_capability) {
        char self[16];

        snprintf(self, sizeof(self), "%d", getpid());
        if (process_thread_has(self, "CapEff:\t0000000000000000\n"))
                test_skip("nobody here has a capability");
        cr_expect_eq(
                process_threads_with((const char *const[]){"CapEff:\t0000000000000000\n", NULL}),
                1);
        cr_expect_eq(
                process_threads_with((const char *const[]){"CapPrm:\t0000000000000000\n", NULL}),
                1);
        cr_expect_eq(process_threads_with((const char *const[]){"NoNewPrivs:\t1\n", NULL}), 1);
        cr_expect_not(process_thread_has(self, "NoNewPrivs:\t1\n"), "the others stay as they are");
}
