/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim doctor on this machine, on a machine that lacks something, and on ports of every kind. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "commands.h"
#include "lab.h"
#include "log.h"
#include "netdev.h"
#include "privilege.h"
#include "probe.h"
#include "util.h"

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

struct run {
        int status;
        char out[16384];
        char err[4096];
};

static void read_back(FILE *file, char *text, size_t bytes) {
        rewind(file);
        text[fread(text, 1, bytes - 1, file)] = '\0';
        fclose(file);
}

/* Runs the command in a process of its own, after `before`. */
static struct run doctor(void (*before)(void), const char *argument, const char *other) {
        FILE *out = tmpfile(), *err = tmpfile();
        static char name[] = "xskim", command[] = "doctor";
        char *argv[] = {name, command, (char *)argument, (char *)other, NULL};
        struct run run;
        pid_t child = fork();
        int status;

        if (!child) {
                dup2(fileno(out), STDOUT_FILENO);
                dup2(fileno(err), STDERR_FILENO);
                if (before)
                        before();
                execv(XSKIM_COMMAND, argv);
                _exit(98);
        }
        cr_assert(eq(int, waitpid(child, &status, 0), child));
        cr_assert(eq(int, WIFEXITED(status), 1));
        run.status = WEXITSTATUS(status);
        read_back(out, run.out, sizeof(run.out));
        read_back(err, run.err, sizeof(run.err));
        return run;
}

/* Does the JSON say this of the check of that name? */
static bool says(const struct run *run, const char *name, const char *what) {
        char key[64];
        const char *start, *end;

        snprintf(key, sizeof(key), "{\"name\":\"%s\"", name);
        start = strstr(run->out, key);
        end = start ? strchr(start, '}') : NULL;
        return end && memmem(start, (size_t)(end - start), what, strlen(what));
}

#define EXPECT_SAYS(run_, name_, what_)                                                            \
        cr_expect(says(&(run_), name_, what_), "%s: %s\n%s", name_, what_, (run_).out)

/* Whoever runs these tests can run xskim. */
Test(doctor, this_machine_is_fit) {
        struct run run = doctor(NULL, NULL, NULL);

        cr_expect(eq(int, run.status, 0), "%s", run.out);
        cr_expect(eq(str, run.err, ""));
        cr_expect(eq(ptr, strstr(run.out, "fail"), NULL));
        cr_expect(eq(ptr, strstr(run.out, "\033"), NULL), "no colour without a terminal");
}

Test(doctor, table_fits_80_columns) {
        struct run run = doctor(NULL, LAB_PORT, NULL);

        cr_assert(eq(int, run.status, 0), "%s", run.out);
        for (char *line = strtok(run.out, "\n"); line; line = strtok(NULL, "\n"))
                cr_expect(le(ulong, strlen(line), 80), "%s", line);
}

Test(doctor, json_is_one_line_and_says_the_same) {
        struct run text = doctor(NULL, LAB_PORT, NULL), json = doctor(NULL, "--json", LAB_PORT);
        const char *names[] = {"kernel",   "privileges", "bpf",       "carriers",  "af_xdp",
                               "io_uring", "memlock",    "interface", "xdp_modes", "verdict"};

        cr_expect(eq(int, json.status, text.status));
        cr_expect(eq(ptr, strchr(json.out, '\n') + 1, json.out + strlen(json.out)));
        cr_expect(eq(ptr, strstr(json.out, "{\"type\":\"doctor\",\"port\":\"" LAB_PORT "\""),
                     json.out));
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                EXPECT_SAYS(json, names[i], "\"status\":");
                cr_expect(ne(ptr, strstr(text.out, names[i]), NULL), "%s", names[i]);
        }
        EXPECT_SAYS(json, "kernel", "\"scope\":\"machine\"");
        EXPECT_SAYS(json, "interface", "\"scope\":\"port\"");
}

Test(doctor, unknown_port_is_named) {
        struct run run = doctor(NULL, "nosuchport", NULL);

        cr_expect(eq(int, run.status, 1));
        cr_expect(ne(ptr, strstr(run.err, "nosuchport"), NULL));
        cr_expect(eq(str, run.out, ""));
}

Test(doctor, wrong_usage_is_2) {
        cr_expect(eq(int, doctor(NULL, "--nosuchoption", NULL).status, 2));
        cr_expect(eq(int, doctor(NULL, "lo", LAB_PORT).status, 2));
        cr_expect(eq(int, doctor(NULL, "--help", NULL).status, 0));
}

static void privileges_drop(void) {
        if (privilege_drop_all())
                _exit(99);
}

Test(doctor, missing_privileges_are_named) {
        struct run run = doctor(privileges_drop, "--json", LAB_PORT);

        cr_expect(eq(int, run.status, 4));
        EXPECT_SAYS(run, "privileges", "\"status\":\"fail\"");
        EXPECT_SAYS(run, "privileges", "CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN");
        EXPECT_SAYS(run, "bpf", "\"status\":\"unknown\"");
        EXPECT_SAYS(run, "jit", "\"status\":\"unknown\"");
        EXPECT_SAYS(run, "carriers", "\"status\":\"unknown\"");
        EXPECT_SAYS(run, "kernel", "\"status\":\"ok\"");
        EXPECT_SAYS(run, "interface", "veth");
}

/* The sysctl is the second opinion, where this namespace shows it. */
Test(doctor, jit_is_seen_where_the_sysctl_is_not) {
        struct run run = doctor(NULL, "--json", NULL);

        EXPECT_SAYS(run, "jit",
                    system("sysctl -n net.core.bpf_jit_enable 2>&1 | grep -qx 0")
                            ? "\"status\":\"ok\""
                            : "\"status\":\"warn\"");
}

/* From now on the system call fails with this errno, as in a container or an older kernel. */
static void forbid(unsigned int call, unsigned int error) {
        struct sock_filter filter[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = {.len = ARRAY_SIZE(filter), .filter = filter};

        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
                _exit(99);
}

static void io_uring_missing(void) {
        forbid(SYS_io_uring_setup, ENOSYS);
}

static void io_uring_forbidden(void) {
        forbid(SYS_io_uring_setup, EPERM);
}

static void bpf_forbidden(void) {
        forbid(SYS_bpf, EPERM);
}

static void namespaces_forbidden(void) {
        forbid(SYS_unshare, EPERM);
}

Test(doctor, missing_feature_is_5) {
        struct run run = doctor(io_uring_missing, "--json", NULL);

        cr_expect(eq(int, run.status, 5));
        EXPECT_SAYS(run, "io_uring", "\"status\":\"fail\"");
        EXPECT_SAYS(run, "bpf", "\"status\":\"ok\"");
}

Test(doctor, what_is_forbidden_in_spite_of_privileges_is_5) {
        struct run run = doctor(io_uring_forbidden, "--json", NULL);

        cr_expect(eq(int, run.status, 5));
        EXPECT_SAYS(run, "io_uring", "in spite of all privileges");
        EXPECT_SAYS(run, "privileges", "\"status\":\"ok\"");
        run = doctor(bpf_forbidden, "--json", NULL);
        cr_expect(eq(int, run.status, 5));
        EXPECT_SAYS(run, "bpf", "seccomp");
        EXPECT_SAYS(run, "carriers", "XDP program");
        EXPECT_SAYS(run, "tcx", "\"status\":\"warn\"");
        run = doctor(namespaces_forbidden, "--json", NULL);
        cr_expect(eq(int, run.status, 5));
        EXPECT_SAYS(run, "carriers", "a network namespace");
}

static void ip(const char *arguments) {
        char command[256];

        snprintf(command, sizeof(command), "PATH=$PATH:/sbin:/usr/sbin; ip %s", arguments);
        cr_assert(eq(int, system(command), 0), "%s", command);
}

Test(doctor, notes_of_the_port_are_told) {
        struct run run;

        lab_pair("doc0", "doc1", 1500);
        run = doctor(NULL, "--json", "doc0");
        cr_expect(eq(int, run.status, 0));
        EXPECT_SAYS(run, "veth", "GRO");
        EXPECT_SAYS(run, "verdict", "or drop");
        ip("link set doc0 down");
        ip("address add 192.0.2.1/24 dev doc0");
        run = doctor(NULL, "--json", "doc0");
        EXPECT_SAYS(run, "down", "ip link set doc0 up");
        EXPECT_SAYS(run, "verdict", "--force");
        ip("link delete doc0");
}

Test(doctor, foreign_program_is_named_and_left_alone) {
        int program, link;
        struct netdev_port before, after;
        struct probe_program facts;
        struct run run;

        lab_pair("doc0", "doc1", 1500);
        cr_assert(eq(int, probe_xdp_load(&program), 0));
        cr_assert(eq(int, probe_xdp_attach(program, lab_ifindex("doc0"), &link), 0));
        cr_assert(eq(int, netdev_find("doc0", &before), 0));
        cr_assert(eq(int, before.xdp, NETDEV_XDP_NATIVE));
        cr_assert(eq(int, probe_program(before.xdp_program_id, &facts), 0));
        run = doctor(NULL, "--json", "doc0");
        EXPECT_SAYS(run, "xdp_program", "xskim_probe");
        EXPECT_SAYS(run, "xdp_program", facts.tag);
        EXPECT_SAYS(run, "xdp_program", "\"status\":\"warn\"");
        cr_assert(eq(int, netdev_find("doc0", &after), 0));
        cr_expect(eq(u32, after.xdp_program_id, before.xdp_program_id));
        close(link);
        run = doctor(NULL, "--json", "doc0");
        EXPECT_SAYS(run, "xdp_program", "none attached");
        ip("link delete doc0");
}

static unsigned int interface_count(void) {
        struct if_nameindex *names = if_nameindex();
        unsigned int count = 0;

        while (names[count].if_index)
                count++;
        if_freenameindex(names);
        return count;
}

/* A try leaves no program, no interface, and nothing in the port's counters. */
Test(doctor, nothing_is_left_and_the_port_is_not_disturbed) {
        struct netdev_counters before, after;
        struct netdev_port port;
        unsigned int count = interface_count();

        cr_assert(eq(int, netdev_counters(lab_ifindex(LAB_PORT), &before), 0));
        doctor(NULL, LAB_PORT, NULL);
        cr_assert(eq(int, netdev_counters(lab_ifindex(LAB_PORT), &after), 0));
        cr_assert(eq(int, netdev_find(LAB_PORT, &port), 0));
        cr_expect(eq(u32, interface_count(), count));
        cr_expect(eq(u32, port.xdp_program_id, 0));
        cr_expect(eq(u64, after.packets, before.packets));
}
