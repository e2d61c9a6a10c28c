/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns who gets which page. See http.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "accept.h"
#include "clock.h"
#include "http.h"
#include "log.h"
#include "unprivileged.h"
#include "util.h"

enum { HTTP_BACKLOG = 128 };

#define PAGE_ROW(page_, path_, type_) [page_] = {path_, type_},

static const struct {
        const char *path;
        const char *type;
} PAGES[HTTP_PAGE_COUNT] = {HTTP_PAGES(PAGE_ROW)};

/* What is answered instead of a page. ROW(refusal, status, text) */
#define REFUSALS(ROW)                                                                              \
        ROW(REFUSED_PATH, MHD_HTTP_NOT_FOUND, "there are /metrics, /healthz and /readyz\n")        \
        ROW(REFUSED_METHOD, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n")                    \
        ROW(REFUSED_BODY, MHD_HTTP_CONTENT_TOO_LARGE, "requests have no body here\n")              \
        ROW(REFUSED_YET, MHD_HTTP_SERVICE_UNAVAILABLE, "not yet: the service has just begun\n")    \
        ROW(REFUSED_STALE, MHD_HTTP_SERVICE_UNAVAILABLE, "the service does not turn any more\n")

#define REFUSAL_ENUM(refusal_, status_, text_) refusal_,
#define REFUSAL_ROW(refusal_, status_, text_) [refusal_] = {status_, text_},
enum refusal { REFUSALS(REFUSAL_ENUM) REFUSAL_COUNT };

static const struct {
        unsigned int status;
        const char *text;
} REFUSED[REFUSAL_COUNT] = {REFUSALS(REFUSAL_ROW)};

/* A response is counted by the library: whoever still reads one keeps it. */
struct page {
        struct MHD_Response *response; /* NULL: none yet */
        unsigned int status;
        uint64_t until_ns; /* 0: for ever */
};

struct http {
        struct MHD_Daemon *daemon;
        int listen_fd; /* until the daemon has it */
        uint32_t port;
        pthread_mutex_t lock; /* of the pages; never held while anybody reads or writes */
        struct page pages[HTTP_PAGE_COUNT];
        struct MHD_Response *refusals[REFUSAL_COUNT];
};

/* ---- answering: on the library's thread ---- */

static enum MHD_Result refuse(struct http *http, struct MHD_Connection *connection,
                              enum refusal refusal) {
        return MHD_queue_response(connection, REFUSED[refusal].status, http->refusals[refusal]);
}

static const char *header_of(struct MHD_Connection *connection, const char *name) {
        return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Of the rows of this path the one that is wanted most, the first one if there are several. */
static enum http_page page_of(const char *path, const char *accept) {
        enum http_page best = HTTP_PAGE_COUNT;

        for (enum http_page page = 0; page < HTTP_PAGE_COUNT; page++) {
                if (strcmp(path, PAGES[page].path))
                        continue;
                if (best == HTTP_PAGE_COUNT || accept_quality(accept, PAGES[page].type) >
                                                       accept_quality(accept, PAGES[best].type))
                        best = page;
        }
        return best;
}

static enum MHD_Result page_answer(struct http *http, struct MHD_Connection *connection,
                                   const char *path) {
        enum http_page number = page_of(path, header_of(connection, MHD_HTTP_HEADER_ACCEPT));
        enum MHD_Result r;
        struct page *page;

        if (number == HTTP_PAGE_COUNT)
                return refuse(http, connection, REFUSED_PATH);
        pthread_mutex_lock(&http->lock);
        page = &http->pages[number];
        if (!page->response)
                r = refuse(http, connection, REFUSED_YET);
        else if (page->until_ns && clock_monotonic_ns() > page->until_ns)
                r = refuse(http, connection, REFUSED_STALE);
        else
                r = MHD_queue_response(connection, page->status, page->response);
        pthread_mutex_unlock(&http->lock);
        return r;
}

static bool has_body(struct MHD_Connection *connection) {
        const char *length = header_of(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);

        return (length && strcmp(length, "0")) ||
               header_of(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

/* Called when the headers are there and again at the request's end. What is refused at the headers
 * is refused before anything of a body is read, and the connection ends. */
static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_bytes, void **request) {
        static int begun;
        struct http *http = context;

        (void)version;
        (void)upload;
        if (*request)
                return *upload_bytes ? MHD_NO : page_answer(http, connection, path);
        *request = &begun;
        if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
                return refuse(http, connection, REFUSED_METHOD);
        return has_body(connection) ? refuse(http, connection, REFUSED_BODY) : MHD_YES;
}

/* ---- the address ---- */

union address {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
};

/* Bytes of the address; 0: not a numeric one of this machine alone. */
static socklen_t address_read(const char *text, uint32_t port, union address *ret_address) {
        struct in6_addr v6;
        struct in_addr v4;

        if (inet_pton(AF_INET, text, &v4) == 1 && ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET) {
                ret_address->v4 = (struct sockaddr_in){
                        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = v4};
                return sizeof(ret_address->v4);
        }
        if (inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6)) {
                ret_address->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                                        .sin6_port = htons((uint16_t)port),
                                                        .sin6_addr = v6};
                return sizeof(ret_address->v6);
        }
        return 0;
}

static const char *bind_advice(int error) {
        switch (error) {
        case EADDRINUSE:
                return "Somebody listens there (ss -ltnp shows who); choose another port";
        case EACCES:
                return "Ports below 1024 need CAP_NET_BIND_SERVICE; choose another port";
        case EADDRNOTAVAIL:
                return "This namespace has no such address: is lo up?";
        default:
                return "Choose another address or port";
        }
}

static int socket_listen(const union address *address, socklen_t bytes, int *ret_fd) {
        CLEANUP(fd_cleanup)
        int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const int on = 1;

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
            bind(fd, &address->any, bytes) || listen(fd, HTTP_BACKLOG))
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int listen_open(const char *text, uint32_t port, struct http *http) {
        union address address;
        socklen_t bytes = port > UINT16_MAX ? 0 : address_read(text, port, &address);
        int r;

        if (!bytes)
                return error_set(-EINVAL,
                                 "http: %s port %u: only on this machine's loopback, by number: "
                                 "127.0.0.1 or ::1, and a port up to 65535",
                                 text, port);
        r = socket_listen(&address, bytes, &http->listen_fd);
        if (r < 0)
                return error_set(r, "http: cannot listen on %s port %u: %s. %s.", text, port,
                                 strerror(-r), bind_advice(-r));
        getsockname(http->listen_fd, &address.any, &bytes);
        /* the port stands in the same place in both */
        http->port = ntohs(address.v4.sin_port);
        return 0;
}

/* ---- opening and closing ---- */

static struct MHD_Response *response_new(const char *type, enum MHD_ResponseMemoryMode mode,
                                         char *text, size_t bytes) {
        struct MHD_Response *response = MHD_create_response_from_buffer(bytes, text, mode);

        if (!response && mode == MHD_RESPMEM_MUST_FREE)
                free(text);
        if (!response)
                return NULL;
        if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES &&
            MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES)
                return response;
        MHD_destroy_response(response);
        return NULL;
}

static int refusals_open(struct http *http) {
        for (enum refusal i = 0; i < REFUSAL_COUNT; i++) {
                char *text = (char *)REFUSED[i].text;

                http->refusals[i] = response_new(PAGES[HTTP_HEALTH].type, MHD_RESPMEM_PERSISTENT,
                                                 text, strlen(text));
                if (!http->refusals[i])
                        return -ENOMEM;
        }
        MHD_add_response_header(http->refusals[REFUSED_METHOD], MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
        return 0;
}

/* From here on the socket is the daemon's. */
static int daemon_start(void *context) {
        struct http *http = context;

        http->daemon = MHD_start_daemon(
                MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, http,
                MHD_OPTION_LISTEN_SOCKET, TAKE_FD(http->listen_fd), MHD_OPTION_CONNECTION_LIMIT,
                (unsigned int)HTTP_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
                (unsigned int)HTTP_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                (size_t)HTTP_CONNECTION_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
        return http->daemon ? 0 : -EIO;
}

int http_open(const char *address, uint32_t port, struct http **ret_http) {
        struct http *http = calloc(1, sizeof(*http));
        int r;

        if (!http)
                return error_set(-ENOMEM, "http: no memory");
        http->listen_fd = -1;
        pthread_mutex_init(&http->lock, NULL);
        r = refusals_open(http);
        r = r ? r : listen_open(address, port, http);
        r = r ? r : unprivileged_call(daemon_start, http);
        if (r < 0) {
                http_close(http);
                return error_set(r, "http: cannot serve: %s", strerror(-r));
        }
        *ret_http = http;
        return 0;
}

uint32_t http_port(const struct http *http) {
        return http->port;
}

int http_publish(struct http *http, enum http_page number, unsigned int status, uint32_t valid_ms,
                 char *text, size_t bytes) {
        struct page *page = &http->pages[number];
        struct page next = {
                .response = response_new(PAGES[number].type, MHD_RESPMEM_MUST_FREE, text, bytes),
                .status = status,
                .until_ns = valid_ms ? clock_monotonic_ns() + (uint64_t)valid_ms * 1000000 : 0,
        };
        struct MHD_Response *before;

        if (!next.response)
                return error_set(-ENOMEM, "http: no memory for %s", PAGES[number].path);
        pthread_mutex_lock(&http->lock);
        before = page->response;
        *page = next;
        pthread_mutex_unlock(&http->lock);
        if (before)
                MHD_destroy_response(before);
        return 0;
}

struct http *http_close(struct http *http) {
        if (!http)
                return NULL;
        if (http->daemon)
                MHD_stop_daemon(http->daemon);
        fd_cleanup(&http->listen_fd);
        for (enum http_page page = 0; page < HTTP_PAGE_COUNT; page++)
                if (http->pages[page].response)
                        MHD_destroy_response(http->pages[page].response);
        for (enum refusal i = 0; i < REFUSAL_COUNT; i++)
                if (http->refusals[i])
                        MHD_destroy_response(http->refusals[i]);
        pthread_mutex_destroy(&http->lock);
        free(http);
        return NULL;
}
