/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns child processes and capture files of the replay benchmark. See contender.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xskim/skip.h>

#include "contender.h"
#include "lab.h"
#include "util.h"

enum {
        MAGIC_NANOSECONDS = 0xa1b23c4d,
        LINK_ETHERNET = 1,
        SNAP = 65535,
        BYTES_MIN = 60,
        FLOWS = 64,
};
static const uint64_t NS_A_SECOND = 1000000000;

/* The formats of pcap-savefile(5), host byte order. */
struct file_head {
        uint32_t magic;
        uint16_t major, minor;
        uint32_t zone, accuracy, snap, link;
};

struct record_head {
        uint32_t seconds, nanoseconds, captured, wire;
};

bool contender_is_installed(const char *program) {
        char command[128];

        snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", program);
        return !system(command);
}

pid_t contender_start(const struct contender *contender, int out_fd) {
        int fd = out_fd >= 0 ? out_fd : open("/dev/null", O_WRONLY | O_CLOEXEC);
        pid_t pid = fork();

        lab_must(pid < 0 ? -errno : 0, "fork");
        if (pid) {
                if (out_fd < 0)
                        close(fd);
                setpgid(pid, pid);
                return pid;
        }
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        execvp(contender->argv[0], (char *const *)contender->argv);
        _exit(EXIT_FAILURE);
}

void contender_kill(pid_t pid) {
        kill(-pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

void contender_run(const struct contender *contender, char out[CONTENDER_OUT_BYTES]) {
        size_t have = 0;
        ssize_t count;
        int ends[2], status;
        pid_t pid;

        lab_must(pipe2(ends, O_CLOEXEC) ? -errno : 0, "pipe");
        pid = contender_start(contender, ends[1]);
        close(ends[1]);
        while ((count = read(ends[0], out + have, CONTENDER_OUT_BYTES - 1 - have)) > 0)
                have += (size_t)count;
        out[have] = '\0';
        close(ends[0]);
        waitpid(pid, &status, 0);
        if (status)
                fprintf(stderr, "%s", out);
        lab_must(status ? -ECHILD : 0, contender->argv[0]);
}

void contender_capture(const char *path, uint32_t packets, uint32_t bytes_max, uint64_t gap_ns,
                       uint64_t *stamps_ns) {
        struct file_head head = {MAGIC_NANOSECONDS, 2, 4, 0, 0, SNAP, LINK_ETHERNET};
        uint8_t packet[LAB_PACKET_BYTES_MAX] = {2, [12] = 0x88, 0xb5}; /* IEEE 802: experiments */
        FILE *file = fopen(path, "we");
        uint64_t now = NS_A_SECOND;
        __u64 random = 11;

        lab_must(file ? 0 : -errno, path);
        fwrite(&head, sizeof(head), 1, file);
        for (uint32_t i = 0; i < packets; i++) {
                uint32_t drawn = (uint32_t)(xskim_random_next(&random) >> 33);
                uint32_t bytes = BYTES_MIN + drawn % (bytes_max - BYTES_MIN + 1);
                struct record_head record = {(uint32_t)(now / NS_A_SECOND),
                                             (uint32_t)(now % NS_A_SECOND), bytes, bytes};

                packet[11] = (uint8_t)(i % FLOWS); /* of the source address */
                stamps_ns[i] = now;
                fwrite(&record, sizeof(record), 1, file);
                fwrite(packet, bytes, 1, file);
                now += xskim_random_next(&random) % (2 * gap_ns);
        }
        lab_must(fclose(file) ? -errno : 0, path);
}

static int compare(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

uint32_t contender_stamps(const char *path, uint64_t *stamps_ns, uint32_t most) {
        FILE *file = fopen(path, "re");
        struct record_head record;
        struct file_head head;
        uint32_t count = 0;

        lab_must(file ? 0 : -errno, path);
        lab_must(fread(&head, sizeof(head), 1, file) == 1 && head.magic == MAGIC_NANOSECONDS
                         ? 0
                         : -EBADMSG,
                 path);
        while (count < most && fread(&record, sizeof(record), 1, file) == 1) {
                stamps_ns[count++] = record.seconds * NS_A_SECOND + record.nanoseconds;
                fseek(file, record.captured, SEEK_CUR);
        }
        fclose(file);
        qsort(stamps_ns, count, sizeof(*stamps_ns), compare);
        return count;
}
