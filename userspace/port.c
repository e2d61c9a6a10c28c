/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns a port's attachment and what it was like before. See port.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "notes.h"
#include "port.h"
#include "sampling.h"
#include "util.h"

void port_note(struct port *port, const char *format, ...) {
        va_list arguments;

        if (port->note_count == XSKIM_NOTES_MAX)
                return;
        va_start(arguments, format);
        vsnprintf(port->notes[port->note_count++], XSKIM_NOTE_BYTES, format, arguments);
        va_end(arguments);
}

int port_open(struct port *port, const struct xskim_config *config, uint32_t number) {
        int r = netdev_find(config->ports[number], &port->netdev);

        port->number = number;
        if (r < 0)
                return r;
        if (config->verdict == XSKIM_VERDICT_DROP && !config->force)
                r = notes_refuse_drop(&port->netdev);
        port->note_count = notes_make(&port->netdev, port->notes, XSKIM_NOTES_MAX);
        return r;
}

/* Promiscuous only to look: a TAP port sees frames for everybody. */
static int promiscuous_start(struct port *port, const struct xskim_config *config) {
        if (config->verdict != XSKIM_VERDICT_DROP)
                return 0;
        return netdev_promiscuous_open(port->netdev.ifindex, &port->promiscuous_fd);
}

int port_attach(struct port *port, const struct xskim_config *config, struct programs *programs,
                uint32_t cpus, const uint64_t *seeds) {
        struct program_port program = {
                .name = port->netdev.name,
                .number = port->number,
                .ifindex = port->netdev.ifindex,
                .mtu = port->netdev.mtu,
                .verdict = config->verdict,
                .tier = config->tier,
                .sample = config->sample,
                .skip = sampling_skip(config->sample),
                .seeds = seeds,
                .stack = config->stack,
                .transit = config->transit,
                .expect = config->expect_path,
                .generic = config->generic,
                .shared = config->shared,
                .forward_to = port->forward_to,
        };
        struct netdev_counters before;
        int r = source_open(&port->source, programs, port->number, cpus, config->stack);

        port->programs = programs;
        r = r ? r : promiscuous_start(port, config);
        r = r ? r : netdev_counters(port->netdev.ifindex, &before);
        if (r < 0)
                return r;
        port->start_unix_ns = clock_unix_ns();
        port->start_ns = port->interval_start_ns = clock_monotonic_ns();
        r = program_port_attach(programs, &program, &port->mode);
        port->attached = !r;
        r = r ? r : netdev_counters(port->netdev.ifindex, &port->attached_at);
        if (!r)
                port->attach_lost = netdev_counters_lost(&before, &port->attached_at);
        return r;
}

/* Keeps the last reading when the port does not answer any more. */
static void lost_read(struct port *port) {
        struct netdev_counters now;

        if (port->gone || netdev_counters(port->netdev.ifindex, &now) < 0)
                return;
        port->lost_before = netdev_counters_lost(&port->attached_at, &now);
}

void port_detach(struct port *port) {
        struct netdev_counters before, after;
        bool known, told = error_is_set();

        if (!port->attached)
                return;
        port->attached = false;
        lost_read(port);
        known = !port->gone && !netdev_counters(port->netdev.ifindex, &before);
        program_port_detach(port->programs, port->number);
        port->end_ns = clock_monotonic_ns();
        if (known && !netdev_counters(port->netdev.ifindex, &after))
                port->attach_lost += netdev_counters_lost(&before, &after);
        fd_cleanup(&port->promiscuous_fd);
        error_forget(told);
}

void port_close(struct port *port) {
        port_detach(port);
        fd_cleanup(&port->promiscuous_fd);
        source_close(&port->source);
}

void port_event(struct port *port, enum netdev_event_type type) {
        double at_s = (double)(clock_monotonic_ns() - port->start_ns) / 1e9;

        if (type == NETDEV_GONE && !port->gone) {
                lost_read(port);
                port->gone = true;
                port_note(port,
                          "after %.1f s: the port is gone (deleted, or moved to another "
                          "network namespace)",
                          at_s);
        } else if (type == NETDEV_DOWN && port->netdev.running) {
                port_note(port, "after %.1f s: the port went down", at_s);
        } else if (type == NETDEV_UP && !port->netdev.running) {
                port_note(port, "after %.1f s: the port came up", at_s);
        }
        if (type == NETDEV_DOWN || type == NETDEV_UP)
                port->netdev.running = type == NETDEV_UP;
}

int port_account(struct port *port, const struct xskim_config *config, bool next_interval,
                 struct account_kernel *k) {
        uint64_t now_ns = port->end_ns ? port->end_ns : clock_monotonic_ns();
        int r = source_read(&port->source, next_interval, k);
        bool told = error_is_set();

        if (r < 0)
                return r;
        if (port->attached)
                lost_read(port);
        error_forget(told);
        snprintf(k->port, sizeof(k->port), "%s", port->netdev.name);
        k->verdict = config->verdict;
        k->tier = config->tier;
        k->sample = config->sample;
        k->start_unix_ns = port->start_unix_ns;
        k->duration_ns = now_ns - port->start_ns;
        k->interval_ns = now_ns - port->interval_start_ns;
        k->lost_before = port->lost_before;
        k->attach_lost = port->attach_lost;
        k->mode = port->mode;
        k->note_count = port->note_count;
        memcpy(k->notes, port->notes, sizeof(k->notes));
        if (next_interval)
                port->interval_start_ns = now_ns;
        return 0;
}
