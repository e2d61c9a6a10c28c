/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs of one watched port: sampler and stack program, their set-up, attach and detach. See
 * program.h. */
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "program_private.h"
#include "util.h"

enum {
        /* linux/bpf.h of 6.1 does not have it yet. */
        PROGRAM_TCX_INGRESS = 46,
        /* A sampler without multi-buffer support is refused above what fits one page; below, it
           saves a call. */
        PROGRAM_SINGLE_BUFFER_MTU = 1500,
};

int program_states_start(int map_fd, uint32_t key, uint32_t cpus, const uint64_t *seeds,
                         uint32_t sample, struct xskim_skip skip, uint32_t ring_slots) {
        struct xskim_sampler_state *states CLEANUP(free_cleanup) = calloc(cpus, sizeof(*states));

        if (!states)
                return -ENOMEM;
        for (uint32_t cpu = 0; cpu < cpus; cpu++) {
                struct xskim_sampler_state *s = &states[cpu];

                s->random = seeds[cpu];
                s->countdown = sample ? xskim_skip_draw(&s->random, skip)
                                      : 1ULL << XSKIM_COUNTDOWN_OFF_SHIFT;
                s->counters.drawn = s->countdown;
                s->timed_at = s->timed_due = XSKIM_TIMED_EVERY;
                s->head_next = XSKIM_RING_HIGH_WATER(ring_slots);
        }
        return bpf_map_update_elem(map_fd, &key, states, 0) ? -errno : 0;
}

static int states_start(struct programs *p, const struct program_port *port) {
        int r = program_states_start(bpf_map__fd(p->carrier->maps.states), port->number,
                                     p->config.cpus, port->seeds, port->sample, port->skip,
                                     p->config.ring_slots);

        if (r < 0)
                return error_set(r, "%s: cannot set up the sampler's state: %s", port->name,
                                 strerror(-r));
        return 0;
}

static void sampler_configure(const struct programs *p, const struct program_port *port,
                              bool multi_buffer, struct sampler_bpf *sampler) {
        struct sampler_bpf__rodata *constants = sampler->rodata;

        constants->port_number = port->number;
        constants->cpu_count = p->config.cpus;
        constants->verdict = port->verdict == XSKIM_VERDICT_DROP ? XDP_DROP : XDP_PASS;
        constants->count_classes = port->tier == XSKIM_TIER_CLASSES;
        constants->multi_buffer = multi_buffer;
        constants->stamp_stack = port->stack;
        constants->weight = port->sample ? port->sample : 1;
        constants->ring_slots = p->config.ring_slots;
        constants->sampling_off = !port->sample;
        constants->skip_of.mantissa = port->skip.mantissa;
        constants->skip_of.shift = port->skip.shift;
        constants->forward_to = (uint32_t)port->forward_to;
}

static int maps_share(const struct programs *p, struct sampler_bpf *sampler) {
        const struct carrier_bpf *carrier = p->carrier;
        int r = bpf_map__reuse_fd(sampler->maps.states, bpf_map__fd(carrier->maps.states));

        r = r ? r : bpf_map__reuse_fd(sampler->maps.rings, bpf_map__fd(carrier->maps.rings));
        r = r ? r
              : bpf_map__reuse_fd(sampler->maps.ring_controls,
                                  bpf_map__fd(carrier->maps.ring_controls));
        return r ? r : bpf_map__reuse_fd(sampler->maps.doorbells, p->doorbells_fd);
}

/* The stack stamp of --stack is what the shared ones lack. */
static struct bpf_program *sampler_choose(const struct program_port *port,
                                          struct sampler_bpf *sampler) {
        bool shared = port->shared && !port->stack;

        if (port->forward_to)
                return sampler->progs.sampler_forward;
        if (port->expect)
                return shared ? sampler->progs.sampler_expect_shared
                              : sampler->progs.sampler_expect;
        if (port->transit)
                return shared ? sampler->progs.sampler_transit_shared
                              : sampler->progs.sampler_transit;
        return shared ? sampler->progs.sampler_shared : sampler->progs.sampler;
}

/* Opens and configures; libxdp's dispatcher does the loading itself. */
static int sampler_open(struct programs *p, const struct program_port *port, bool multi_buffer) {
        struct program_attached *a = &p->ports[port->number];
        uint32_t flags;
        int r;

        sampler_bpf__destroy(a->sampler);
        a->sampler = sampler_bpf__open();
        if (!a->sampler)
                return error_set(-errno, "sampler program: cannot open: %s", strerror(errno));
        sampler_configure(p, port, multi_buffer, a->sampler);
        a->program = sampler_choose(port, a->sampler);
        bpf_program__set_autoload(a->sampler->progs.sampler, false);
        bpf_program__set_autoload(a->program, true);
        if (multi_buffer) {
                flags = bpf_program__flags(a->program);
                bpf_program__set_flags(a->program, flags | BPF_F_XDP_HAS_FRAGS);
        }
        r = maps_share(p, a->sampler);
        if (r < 0)
                return error_set(r, "%s: cannot share the maps: %s", port->name, strerror(-r));
        return 0;
}

int program_error_foreign(const char *port, int ifindex, const char *advice) {
        LIBBPF_OPTS(bpf_xdp_query_opts, query);
        struct bpf_prog_info facts = {0};
        uint32_t size = sizeof(facts), id;
        char tag[2 * sizeof(facts.tag) + 1] = "?";
        int fd CLEANUP(fd_cleanup) = -1;

        bpf_xdp_query(ifindex, 0, &query);
        id = query.prog_id       ? query.prog_id
             : query.drv_prog_id ? query.drv_prog_id
                                 : query.skb_prog_id;
        fd = id ? bpf_prog_get_fd_by_id(id) : -1;
        if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &facts, &size))
                for (size_t i = 0; i < sizeof(facts.tag); i++)
                        snprintf(tag + 2 * i, 3, "%02x", facts.tag[i]);
        return error_set(-EBUSY,
                         "%s: another XDP program is attached (%s, id %u, tag %s).\n"
                         "xskim replaces nobody. %s",
                         port, facts.name[0] ? facts.name : "name not readable", id, tag, advice);
}

static int error_attach(const struct program_port *port, int error) {
        switch (error) {
        case -EBUSY:
        case -EEXIST:
                return program_error_foreign(
                        port->name, port->ifindex,
                        port->shared ? "It is not in libxdp's dispatcher, or not visibly so: "
                                       "detach it."
                                     : "Detach it, or run with --shared to join it through "
                                       "libxdp's dispatcher.");
        case -EOPNOTSUPP:
        case -EINVAL:
                return error_set(-EOPNOTSUPP,
                                 "%s: the driver takes no native XDP program here (%s). Run with "
                                 "--generic (slower, in the stack), or see 'xskim doctor %s'.",
                                 port->name, strerror(-error), port->name);
        case -ERANGE:
                return error_set(error,
                                 "%s: the driver refuses XDP at MTU %u. Lower it ('ip link set %s "
                                 "mtu 1500'), on veth the peer's.",
                                 port->name, port->mtu, port->name);
        case -EPERM:
                return error_set(error,
                                 "%s: no privilege to attach XDP. Run as root, or with CAP_BPF and "
                                 "CAP_NET_ADMIN.",
                                 port->name);
        default:
                return error_set(error, "%s: cannot attach the sampler: %s", port->name,
                                 strerror(-error));
        }
}

static int sampler_link(struct programs *p, const struct program_port *port) {
        struct program_attached *a = &p->ports[port->number];
        LIBBPF_OPTS(bpf_link_create_opts, options,
                    .flags = port->generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
        int r = sampler_bpf__load(a->sampler);

        if (r < 0)
                return error_set(r,
                                 "sampler program: the kernel refused it (%s). Run 'xskim doctor'; "
                                 "XSKIM_DEBUG=1 shows the verifier's reasons.",
                                 strerror(-r));
        a->sampler_link =
                bpf_link_create(bpf_program__fd(a->program), port->ifindex, BPF_XDP, &options);
        return a->sampler_link < 0 ? -errno : 0;
}

static int sampler_try(struct programs *p, const struct program_port *port, bool multi_buffer) {
        int r = sampler_open(p, port, multi_buffer);

        if (r < 0)
                return r;
        return port->shared ? program_shared_join(p, port) : sampler_link(p, port);
}

/* What the driver can receive may be more than the port's own MTU: on veth it is the peer's. */
static int sampler_attach(struct programs *p, const struct program_port *port) {
        bool multi_buffer = port->mtu > PROGRAM_SINGLE_BUFFER_MTU || port->generic;
        int r = sampler_try(p, port, multi_buffer);

        if (r == -ERANGE && !multi_buffer)
                r = sampler_try(p, port, true);
        /* a message that is there stays */
        return r < 0 ? error_attach(port, r) : 0;
}

static int stack_attach(struct programs *p, const struct program_port *port) {
        struct program_attached *a = &p->ports[port->number];
        int r;

        a->stack = stack_bpf__open();
        if (!a->stack)
                return error_set(-errno, "stack program: cannot open: %s", strerror(errno));
        a->stack->rodata->port_number = 0;
        r = stack_bpf__load(a->stack);
        if (r < 0)
                return error_set(r, "stack program: the kernel refused it: %s", strerror(-r));
        a->stack_link = bpf_link_create(bpf_program__fd(a->stack->progs.stack), port->ifindex,
                                        (enum bpf_attach_type)PROGRAM_TCX_INGRESS, NULL);
        if (a->stack_link < 0)
                return error_set(-EOPNOTSUPP,
                                 "%s: --stack attaches to tc ingress by a TCX link, which needs "
                                 "Linux 6.6 (%s). Run without --stack.",
                                 port->name, strerror(errno));
        return 0;
}

int program_port_attach(struct programs *p, const struct program_port *port,
                        struct xskim_mode *mode) {
        struct program_attached *a = &p->ports[port->number];
        struct program_cleaned cleaned;
        int r = states_start(p, port);

        /* if it cannot, attaching says what is in the way */
        program_clean(port->ifindex, &cleaned);
        a->ifindex = port->ifindex;
        /* tc first: it only listens, and no stamp is to go unread */
        if (!r && port->stack)
                r = stack_attach(p, port);
        r = r ? r : sampler_attach(p, port);
        if (r < 0) {
                program_port_close(p, port->number);
                return r;
        }
        snprintf(mode->xdp, sizeof(mode->xdp), "%s", port->generic ? "generic" : "native");
        snprintf(mode->attach, sizeof(mode->attach), "%s", port->shared ? "dispatcher" : "link");
        return 0;
}

void program_port_detach(struct programs *p, uint32_t port) {
        struct program_attached *a = &p->ports[port];

        program_shared_leave(a);
        fd_cleanup(&a->sampler_link);
        program_grace();
        fd_cleanup(&a->stack_link);
}

void program_port_close(struct programs *p, uint32_t port) {
        struct program_attached *a = &p->ports[port];

        if (a->shared || a->sampler_link >= 0 || a->stack_link >= 0)
                program_port_detach(p, port);
        stack_bpf__destroy(a->stack);
        sampler_bpf__destroy(a->sampler);
        *a = PROGRAM_ATTACHED_NULL;
}

void program_grace(void) {
        /* MEMBARRIER_CMD_GLOBAL waits for an RCU grace period, and XDP and tc run inside RCU. */
        if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
                usleep(50000);
}

int program_states_read(const struct programs *p, uint32_t port,
                        struct xskim_sampler_state *states) {
        if (bpf_map_lookup_elem(bpf_map__fd(p->carrier->maps.states), &port, states))
                return -errno;
        return 0;
}

int program_stacks_read(const struct programs *p, uint32_t port, struct xskim_stack_state *states) {
        const struct program_attached *a = &p->ports[port];
        uint32_t key = 0;

        if (!a->stack)
                return -ENOENT;
        if (bpf_map_lookup_elem(bpf_map__fd(a->stack->maps.stacks), &key, states))
                return -errno;
        return 0;
}

int program_sampler_fd(const struct programs *p, uint32_t port) {
        return p->ports[port].program ? bpf_program__fd(p->ports[port].program) : -1;
}
