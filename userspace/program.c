/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps, the carrier program and what is mapped. The samplers are in program_port.c. See program.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xskim/barrier.h>

#include "log.h"
#include "program_private.h"
#include "util.h"

uint32_t program_cpus_possible(void) {
        int cpus = libbpf_num_possible_cpus();

        return cpus > 0 ? (uint32_t)cpus : 1;
}

static int library_print(enum libbpf_print_level level, const char *format, va_list arguments) {
        if (level == LIBBPF_DEBUG || !getenv("XSKIM_DEBUG"))
                return 0;
        return vfprintf(stderr, format, arguments);
}

static int shared_print(enum libxdp_print_level level, const char *format, va_list arguments) {
        return library_print((enum libbpf_print_level)level, format, arguments);
}

void program_library_quiet(void) {
        libbpf_set_print(library_print);
        libxdp_set_print(shared_print);
}

/* One-page ring buffers, and the array of them that the sampler picks from. */
static int doorbells_make(struct programs *p) {
        LIBBPF_OPTS(bpf_map_create_opts, options);

        for (uint32_t w = 0; w < p->config.workers; w++) {
                struct program_doorbell *bell = &p->doorbells[w];
                long page = sysconf(_SC_PAGESIZE);

                bell->fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "doorbell", 0, 0, (uint32_t)page,
                                          NULL);
                if (bell->fd < 0)
                        return error_set(-errno, "doorbell: cannot create a BPF ring buffer: %s",
                                         strerror(errno));
                bell->consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, bell->fd, 0);
                bell->producer = mmap(NULL, page, PROT_READ, MAP_SHARED, bell->fd, page);
                if (bell->consumer == MAP_FAILED || bell->producer == MAP_FAILED)
                        return error_set(-errno, "doorbell: cannot map it: %s", strerror(errno));
        }
        options.inner_map_fd = p->doorbells[0].fd;
        p->doorbells_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "doorbells", 4, 4,
                                         p->config.workers, &options);
        if (p->doorbells_fd < 0)
                return error_set(-errno, "doorbells: cannot create the map: %s", strerror(errno));
        for (uint32_t w = 0; w < p->config.workers; w++)
                if (bpf_map_update_elem(p->doorbells_fd, &w, &p->doorbells[w].fd, 0))
                        return error_set(-errno, "doorbells: cannot fill the map: %s",
                                         strerror(errno));
        return 0;
}

static int carrier_load(struct programs *p) {
        const struct program_config *c = &p->config;
        uint32_t ring_bytes = (c->ring_slots + XSKIM_FRAME_RECORDS_MAX) * XSKIM_RECORD_BYTES;
        uint32_t rings = c->ports * c->cpus;
        struct carrier_bpf *carrier = carrier_bpf__open();
        int r;

        if (!carrier)
                return error_set(-errno, "carrier program: cannot open: %s", strerror(errno));
        p->carrier = carrier;
        carrier->rodata->ring_slots = c->ring_slots;
        carrier->rodata->session = c->session;
        r = bpf_map__set_value_size(carrier->maps.rings, ring_bytes);
        r = r ? r : bpf_map__set_max_entries(carrier->maps.rings, rings);
        r = r ? r : bpf_map__set_max_entries(carrier->maps.ring_controls, rings);
        r = r ? r : bpf_map__set_max_entries(carrier->maps.states, c->ports);
        r = r ? r : bpf_map__set_max_entries(carrier->maps.worker_controls, c->workers);
        r = r ? r : bpf_map__set_max_entries(carrier->maps.sockets, c->workers);
        r = r ? r : carrier_bpf__load(carrier);
        if (r < 0)
                return error_set(r,
                                 "carrier program: the kernel refused it (%s). Run 'xskim doctor'; "
                                 "XSKIM_DEBUG=1 shows the verifier's reasons.",
                                 strerror(-r));
        return 0;
}

static void *control_map(const struct bpf_map *map, size_t size) {
        long page = sysconf(_SC_PAGESIZE);
        size_t bytes = (size * bpf_map__max_entries(map) + page - 1) / page * page;
        void *address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

        return address == MAP_FAILED ? NULL : address;
}

static int controls_map(struct programs *p) {
        const struct program_config *c = &p->config;

        p->ring_controls =
                control_map(p->carrier->maps.ring_controls, sizeof(struct xskim_ring_control));
        p->worker_controls =
                control_map(p->carrier->maps.worker_controls, sizeof(struct xskim_worker_control));
        if (!p->ring_controls || !p->worker_controls)
                return error_set(-errno, "control pages: cannot map them: %s", strerror(errno));
        for (uint32_t ring = 0; ring < c->ports * c->cpus; ring++) {
                p->ring_controls[ring].port = ring / c->cpus;
                p->ring_controls[ring].cpu = ring % c->cpus;
                p->ring_controls[ring].worker = ring % c->workers;
        }
        return 0;
}

int programs_open(const struct program_config *config, struct programs **ret_programs) {
        struct programs *p = calloc(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        program_library_quiet();
        p->config = *config;
        p->doorbells_fd = -1;
        for (uint32_t w = 0; w < XSKIM_WORKERS_MAX; w++)
                p->doorbells[w].fd = p->carrier_links[w] = -1;
        for (uint32_t port = 0; port < XSKIM_PORTS_MAX; port++)
                p->ports[port] = PROGRAM_ATTACHED_NULL;
        r = doorbells_make(p);
        r = r ? r : carrier_load(p);
        r = r ? r : controls_map(p);
        if (r < 0) {
                programs_close(p);
                return r;
        }
        *ret_programs = p;
        return 0;
}

static void doorbell_close(struct program_doorbell *bell) {
        long page = sysconf(_SC_PAGESIZE);

        if (bell->consumer && bell->consumer != MAP_FAILED)
                munmap(bell->consumer, page);
        if (bell->producer && bell->producer != MAP_FAILED)
                munmap((void *)bell->producer, page);
        fd_cleanup(&bell->fd);
}

static void control_unmap(void *address, const struct bpf_map *map, size_t size) {
        long page = sysconf(_SC_PAGESIZE);

        if (address)
                munmap(address, (size * bpf_map__max_entries(map) + page - 1) / page * page);
}

struct programs *programs_close(struct programs *p) {
        if (!p)
                return NULL;
        for (uint32_t port = 0; port < XSKIM_PORTS_MAX; port++)
                program_port_close(p, port);
        for (uint32_t w = 0; w < XSKIM_WORKERS_MAX; w++) {
                fd_cleanup(&p->carrier_links[w]);
                doorbell_close(&p->doorbells[w]);
        }
        fd_cleanup(&p->doorbells_fd);
        if (p->carrier) {
                control_unmap(p->ring_controls, p->carrier->maps.ring_controls,
                              sizeof(struct xskim_ring_control));
                control_unmap(p->worker_controls, p->carrier->maps.worker_controls,
                              sizeof(struct xskim_worker_control));
                carrier_bpf__destroy(p->carrier);
        }
        free(p);
        return NULL;
}

int program_carrier_attach(struct programs *p, uint32_t worker, int ifindex) {
        LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
        int fd = bpf_link_create(bpf_program__fd(p->carrier->progs.carrier), ifindex, BPF_XDP,
                                 &options);

        if (fd < 0)
                return error_set(-errno, "carrier port %u: cannot attach the carrier program: %s",
                                 worker, strerror(errno));
        p->carrier_links[worker] = fd;
        return 0;
}

int program_socket_set(struct programs *p, uint32_t worker, int fd) {
        if (bpf_map_update_elem(bpf_map__fd(p->carrier->maps.sockets), &worker, &fd, 0))
                return error_set(-errno, "worker %u: cannot enter its AF_XDP socket: %s", worker,
                                 strerror(errno));
        return 0;
}

/* Few frames at a time: their pages come back before the next ones are needed, so that a run makes
 * do with these few, which stay in the cache. */
enum { PROGRAM_CARRIER_BATCH = 8 };

int program_carrier_run(struct programs *p, uint32_t worker, int ifindex, uint32_t frames) {
        static _Thread_local union {
                struct xskim_frame_header header;
                char bytes[XSKIM_FRAME_BYTES_MAX];
        } template;
        struct xdp_md context = {.data_end = sizeof(template), .ingress_ifindex = ifindex};
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = &template,
                    .data_size_in = sizeof(template), .ctx_in = &context,
                    .ctx_size_in = sizeof(context), .repeat = (int)frames,
                    .batch_size = PROGRAM_CARRIER_BATCH, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

        template.header.worker = worker;
        return bpf_prog_test_run_opts(bpf_program__fd(p->carrier->progs.carrier), &options);
}

struct xskim_ring_control *program_ring_controls(struct programs *p) {
        return p->ring_controls;
}

struct xskim_worker_control *program_worker_controls(struct programs *p) {
        return p->worker_controls;
}

int program_doorbell_fd(struct programs *p, uint32_t worker) {
        return p->doorbells[worker].fd;
}

void program_doorbell_clear(struct programs *p, uint32_t worker) {
        struct program_doorbell *bell = &p->doorbells[worker];

        xskim_doorbell_quiet(bell->consumer, bell->producer);
}

/* "memlock:" of /proc/self/fdinfo: what the kernel says the object takes. */
static uint64_t descriptor_memory(int fd) {
        char path[64], line[128];
        unsigned long long bytes = 0;
        FILE *file;

        if (fd < 0)
                return 0;
        snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
        file = fopen(path, "re");
        if (!file)
                return 0;
        while (fgets(line, sizeof(line), file))
                if (sscanf(line, "memlock: %llu", &bytes) == 1)
                        break;
        fclose(file);
        return bytes;
}

uint64_t program_object_memory(const struct bpf_object *object, bool maps) {
        struct bpf_program *program;
        struct bpf_map *map;
        uint64_t bytes = 0;

        if (!object)
                return 0;
        bpf_object__for_each_program(program, object) bytes +=
                descriptor_memory(bpf_program__fd(program));
        bpf_object__for_each_map(map, object)
                /* the shared maps are the carrier's; only constants are each object's own */
                if (maps || bpf_map__is_internal(map)) bytes += descriptor_memory(bpf_map__fd(map));
        return bytes;
}

uint64_t program_memory(const struct programs *p) {
        uint64_t bytes = program_object_memory(p->carrier->obj, true);

        bytes += descriptor_memory(p->doorbells_fd);
        for (uint32_t w = 0; w < p->config.workers; w++)
                bytes += descriptor_memory(p->doorbells[w].fd);
        for (uint32_t port = 0; port < XSKIM_PORTS_MAX; port++) {
                const struct program_attached *a = &p->ports[port];

                bytes += program_object_memory(a->sampler ? a->sampler->obj : NULL, false);
                bytes += program_object_memory(a->stack ? a->stack->obj : NULL, true);
        }
        return bytes;
}
