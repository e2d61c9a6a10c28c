/* SPDX-License-Identifier: BSD-2-Clause */
/* Tries what the kernel can do. See probe.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/io_uring.h>
#include <linux/magic.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "probe.h"
#include "util.h"

enum {
        PROBE_TCX_INGRESS = 46, /* linux/bpf.h of 6.1 does not have it yet */
};

int probe_file(const char *path, char *text, size_t bytes) {
        int fd CLEANUP(fd_cleanup) = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length;

        if (fd < 0)
                return -errno;
        length = read(fd, text, bytes - 1);
        if (length < 0)
                return -errno;
        text[length] = '\0';
        text[strcspn(text, "\n")] = '\0';
        return 0;
}

int probe_kernel(struct probe_kernel *ret_kernel) {
        struct probe_kernel kernel;
        struct utsname name;

        if (uname(&name))
                return -errno;
        snprintf(kernel.release, sizeof(kernel.release), "%s", name.release);
        if (sscanf(name.release, "%u.%u", &kernel.major, &kernel.minor) != 2)
                return -EPROTO;
        *ret_kernel = kernel;
        return 0;
}

/* A new descriptor or the negative errno. */
static int bpf(enum bpf_cmd command, union bpf_attr *attributes) {
        long r = syscall(SYS_bpf, command, attributes, sizeof(*attributes));

        return r < 0 ? -errno : (int)r;
}

/* As in xdp/maps.h. */
static const struct {
        const char *name;
        enum bpf_map_type type;
        uint32_t key_bytes;
        uint32_t value_bytes;
        uint32_t entries;
        uint32_t flags;
} map_rows[] = {
        {"array", BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0},
        {"mappable array", BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_MMAPABLE},
        {"per-CPU array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 1, 0},
        {"ring buffer", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0},
        {"XSKMAP", BPF_MAP_TYPE_XSKMAP, 4, 4, 1, 0},
};

int probe_maps(const char **ret_refused) {
        for (size_t i = 0; i < ARRAY_SIZE(map_rows); i++) {
                union bpf_attr attributes = {0};
                int fd;

                attributes.map_type = map_rows[i].type;
                attributes.key_size = map_rows[i].key_bytes;
                attributes.value_size = map_rows[i].value_bytes;
                attributes.max_entries = map_rows[i].entries;
                attributes.map_flags = map_rows[i].flags;
                fd = bpf(BPF_MAP_CREATE, &attributes);
                if (fd < 0) {
                        *ret_refused = map_rows[i].name;
                        return fd;
                }
                close(fd);
        }
        return 0;
}

/* return `verdict`; */
static int program_load(enum bpf_prog_type type, int verdict, int *ret_fd) {
        const struct bpf_insn instructions[] = {
                {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = verdict},
                {.code = BPF_JMP | BPF_EXIT},
        };
        union bpf_attr attributes = {0};
        int fd;

        attributes.prog_type = type;
        attributes.insns = (uintptr_t)instructions;
        attributes.insn_cnt = ARRAY_SIZE(instructions);
        attributes.license = (uintptr_t) "BSD";
        strcpy(attributes.prog_name, "xskim_probe");
        fd = bpf(BPF_PROG_LOAD, &attributes);
        if (fd < 0)
                return fd;
        *ret_fd = fd;
        return 0;
}

int probe_xdp_load(int *ret_fd) {
        return program_load(BPF_PROG_TYPE_XDP, XDP_DROP, ret_fd);
}

/* linux/if_link.h belongs to netdev; the flag is part of bpf(2)'s interface as well. */
enum { PROBE_XDP_NATIVE = 1 << 2 };

static int link_create(int program_fd, int ifindex, uint32_t type, uint32_t flags) {
        union bpf_attr attributes = {0};

        attributes.link_create.prog_fd = (uint32_t)program_fd;
        attributes.link_create.target_ifindex = (uint32_t)ifindex;
        attributes.link_create.attach_type = type;
        attributes.link_create.flags = flags;
        return bpf(BPF_LINK_CREATE, &attributes);
}

int probe_xdp_attach(int program_fd, int ifindex, int *ret_link_fd) {
        int fd = link_create(program_fd, ifindex, BPF_XDP, PROBE_XDP_NATIVE);

        if (fd < 0)
                return fd;
        *ret_link_fd = fd;
        return 0;
}

int probe_xdp_run(int program_fd, int ifindex) {
        uint8_t frame[ETH_ZLEN] = {0};
        struct xdp_md context = {
                .data_end = sizeof(frame),
                .ingress_ifindex = (uint32_t)ifindex,
        };
        union bpf_attr attributes = {0};

        attributes.test.prog_fd = (uint32_t)program_fd;
        attributes.test.data_in = (uintptr_t)frame;
        attributes.test.data_size_in = sizeof(frame);
        attributes.test.ctx_in = (uintptr_t)&context;
        attributes.test.ctx_size_in = sizeof(context);
        attributes.test.repeat = 1;
        attributes.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
        return bpf(BPF_PROG_TEST_RUN, &attributes);
}

/* A kernel that knows TCX looks for the interface first; one that does not refuses the type. */
int probe_tcx(void) {
        int program CLEANUP(fd_cleanup) = -1;
        int r = program_load(BPF_PROG_TYPE_SCHED_CLS, 0, &program);

        if (r < 0)
                return r;
        r = link_create(program, 0, PROBE_TCX_INGRESS, 0);
        return r == -ENODEV ? 0 : r < 0 ? r : -EPROTO;
}

int probe_xdp_socket(void) {
        int fd CLEANUP(fd_cleanup) = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

        return fd < 0 ? -errno : 0;
}

int probe_io_uring(void) {
        struct io_uring_params parameters = {0};
        int fd CLEANUP(fd_cleanup) = (int)syscall(SYS_io_uring_setup, 1, &parameters);

        return fd < 0 ? -errno : 0;
}

int probe_membarrier(void) {
        long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

        if (commands < 0)
                return -errno;
        return commands & MEMBARRIER_CMD_GLOBAL ? 0 : -EOPNOTSUPP;
}

bool probe_bpffs_is_mounted(void) {
        struct statfs found;

        return !statfs("/sys/fs/bpf", &found) && found.f_type == BPF_FS_MAGIC;
}

static int program_facts(int fd, struct bpf_prog_info *facts) {
        union bpf_attr attributes = {0};

        attributes.info.bpf_fd = (uint32_t)fd;
        attributes.info.info_len = sizeof(*facts);
        attributes.info.info = (uintptr_t)facts;
        return bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes);
}

int probe_is_compiled(int program_fd, bool *ret_compiled) {
        struct bpf_prog_info facts = {0};
        int r = program_facts(program_fd, &facts);

        if (r < 0)
                return r;
        *ret_compiled = facts.jited_prog_len > 0;
        return 0;
}

int probe_program(uint32_t id, struct probe_program *ret_program) {
        struct bpf_prog_info facts = {0};
        union bpf_attr attributes = {0};
        int fd CLEANUP(fd_cleanup) = -1;
        int r;

        attributes.prog_id = id;
        fd = bpf(BPF_PROG_GET_FD_BY_ID, &attributes);
        if (fd < 0)
                return fd;
        r = program_facts(fd, &facts);
        if (r < 0)
                return r;
        snprintf(ret_program->name, sizeof(ret_program->name), "%.16s", facts.name);
        for (size_t i = 0; i < sizeof(facts.tag); i++)
                snprintf(ret_program->tag + 2 * i, 3, "%02x", facts.tag[i]);
        return 0;
}
