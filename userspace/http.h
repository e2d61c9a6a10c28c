/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages for machines, over HTTP on this machine alone: /metrics, /healthz, /readyz. Owns the
 * listening socket, the connections and the pages; not what is in them. Adapter of libmicrohttpd,
 * in a thread of its own: a scrape costs the service nothing but a lock held for some instructions.
 *
 *     http_open(address, port, &http)
 *     http_publish(http, HTTP_METRICS, …)   as often as there is something new, from any thread
 *     http_close(http)                      ends all connections, frees the pages
 *
 * Bounds: HTTP_CONNECTIONS_MAX connections, each idle for HTTP_IDLE_S at most and with
 * HTTP_CONNECTION_BYTES for its request; beyond that they wait in the socket's queue. A page lives
 * as long as someone still reads it, so there are at most as many old ones as connections.
 *
 * GET and HEAD only (405), without a body (413); other paths are 404. Only loopback addresses: what
 * goes further needs TLS and clients that are known.
 */
#ifndef XSKIM_HTTP_H
#define XSKIM_HTTP_H

#include <stddef.h>
#include <stdint.h>

enum {
        HTTP_CONNECTIONS_MAX = 32,
        HTTP_CONNECTION_BYTES = 16384,
        HTTP_IDLE_S = 10,
};

/* ROW(page, path, content type); of two rows with one path, the request's Accept chooses. */
#define HTTP_PAGES(ROW)                                                                            \
        ROW(HTTP_METRICS, "/metrics", "text/plain; version=0.0.4; charset=utf-8")                  \
        ROW(HTTP_OPENMETRICS, "/metrics",                                                          \
            "application/openmetrics-text; version=1.0.0; charset=utf-8")                          \
        ROW(HTTP_HEALTH, "/healthz", "text/plain; charset=utf-8")                                  \
        ROW(HTTP_READY, "/readyz", "text/plain; charset=utf-8")

#define HTTP_PAGE_ENUM(page_, path_, type_) page_,
enum http_page { HTTP_PAGES(HTTP_PAGE_ENUM) HTTP_PAGE_COUNT };

struct http;

/*
 * Listens on a numeric loopback address (127.0.0.0/8, ::1); port 0: any that is free, see
 * http_port. -EINVAL: another address; the errno of bind (-EADDRINUSE, -EACCES); -ENOMEM. With a
 * message. Until a page is published it is 503.
 */
int http_open(const char *address, uint32_t port, struct http **ret_http);

uint32_t http_port(const struct http *http);

/*
 * From now on requests get this page: `bytes` of `text`, which is on the heap and is taken over in
 * any case, with this HTTP status. `valid_ms` after that it is 503, should nobody have published it
 * anew; 0: valid for ever. -ENOMEM: the old page stays. Never blocks on a reader.
 */
int http_publish(struct http *http, enum http_page page, unsigned int status, uint32_t valid_ms,
                 char *text, size_t bytes);

/* NULL is fine. Returns NULL. */
struct http *http_close(struct http *http);

#endif
