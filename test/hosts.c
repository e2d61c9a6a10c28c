/* SPDX-License-Identifier: BSD-2-Clause */
/* See hosts.h. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "hosts.h"
#include "lab.h"
#include "util.h"

enum { SAID_BYTES = 8192, FRAME_BYTES_MAX = 2048, FRAMES_MAX = 200000, WAITS = 1000 };

static const char NAME[] =
        "XSKIM_TEST_LAB"; /* in the environment: a test is not its suite's process */
static char said[SAID_BYTES], account[SAID_BYTES];

static const char *lab_name(void) {
        const char *name = getenv(NAME);

        return name ? name : "test";
}

int hosts_main(int argc, char *argv[]) {
        struct criterion_test_set *tests;
        char name[32];
        int failed = 0;

        snprintf(name, sizeof(name), "t%d", getpid());
        setenv(NAME, name, true);
        tests = criterion_initialize();
        if (criterion_handle_args(argc, argv, true)) {
                failed = !criterion_run_all_tests(tests);
                hosts_lab("down");
        }
        criterion_finalize(tests);
        return failed;
}

/* With the words split behind the first. */
static int run_lab(const char *limit, const char *words) {
        int command = (int)strcspn(words, " ");
        char line[1024];
        FILE *pipe;
        int status;

        snprintf(line, sizeof(line), "XSKIM_LAB_RELAY=%s timeout %s %s %.*s --name %s %s 2>&1",
                 XSKIM_RELAY, limit, XSKIM_LAB, command, words, lab_name(), words + command);
        pipe = popen(line, "re");
        if (!pipe)
                return -1;
        said[fread(said, 1, sizeof(said) - 1, pipe)] = '\0';
        status = pclose(pipe);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int hosts_lab(const char *words, ...) {
        va_list arguments;
        char all[512];

        va_start(arguments, words);
        vsnprintf(all, sizeof(all), words, arguments);
        va_end(arguments);
        return run_lab("60", all);
}

void hosts_up_killed(int after_ms) {
        char limit[32];

        snprintf(limit, sizeof(limit), "-s KILL %d.%03d", after_ms / 1000, after_ms % 1000);
        run_lab(limit, "up");
}

const char *hosts_said(void) {
        return said;
}

void hosts_fresh(void) {
        cr_assert_eq(hosts_lab("down"), 0, "%s", said);
}

void hosts_up(const char *told) {
        cr_assert_eq(hosts_lab("up --impair %s", told ? told : "off"), 0, "%s", said);
}

int hosts_namespace(const char *host) {
        char path[128];

        snprintf(path, sizeof(path), "/run/netns/xskim-%s-%s", lab_name(), host);
        return open(path, O_RDONLY | O_CLOEXEC);
}

static void nothing_is_left(void) {
        static const char *const hosts[] = {"left", "dut", "right"};
        char path[128];

        for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
                cr_expect_eq(hosts_namespace(hosts[i]), -1, "%s is still there", hosts[i]);
        snprintf(path, sizeof(path), "/run/xskim-lab/xskim-%s", lab_name());
        cr_expect_neq(access(path, F_OK), 0, "%s is still there", path);
}

void hosts_down(void) {
        cr_assert_eq(hosts_lab("down --json"), 0, "%s", said);
        snprintf(account, sizeof(account), "%s", said);
        nothing_is_left();
}

const char *hosts_account(void) {
        return account;
}

static uint64_t count_after(const char *place, const char *key_name) {
        char key[64];

        snprintf(key, sizeof(key), "\"%s\":", key_name);
        place = place ? strstr(place, key) : NULL;
        cr_assert(place, "no %s in the account: %s", key_name, account);
        return strtoull(place + strlen(key), NULL, 10);
}

uint64_t hosts_count(const char *count_name) {
        return count_after(strstr(account, "\"left_to_right\":{"), count_name);
}

void hosts_balanced(void) {
        const char *end = strrchr(account, '}');

        cr_assert(end, "no account: %s", account);
        while (end > account && *end != ',')
                end--;
        cr_expect_eq(count_after(end, "unaccounted"), 0, "%s", account);
}

pid_t hosts_relay(void) {
        char path[128];
        FILE *file;
        int pid = 0;

        snprintf(path, sizeof(path), "/run/xskim-lab/xskim-%s/pid", lab_name());
        file = fopen(path, "re");
        cr_assert(file && fscanf(file, "%d", &pid) == 1, "%s", path);
        fclose(file);
        return pid;
}

/* ---- tcpdump ---- */

static bool has_said(FILE *file, const char *text) {
        char line[512] = "";
        size_t length = (size_t)pread(fileno(file), line, sizeof(line) - 1, 0);

        line[MIN(length, sizeof(line) - 1)] = '\0';
        return strstr(line, text);
}

/* tcpdump in the namespace that nsenter is told of, or in this one. */
static struct hosts_judge judge_start(const char *inside, const char *port) {
        struct hosts_judge judge = {.err = tmpfile()};

        snprintf(judge.path, sizeof(judge.path), "/tmp/xskim-judge-%d-%s", getpid(), port);
        cr_assert(judge.err);
        judge.pid = fork();
        cr_assert_geq(judge.pid, 0);
        if (!judge.pid) {
                const char *words[] = {"nsenter",
                                       inside,
                                       "tcpdump",
                                       "-i",
                                       port,
                                       "-w",
                                       judge.path,
                                       "-n",
                                       "-s",
                                       "2048",
                                       "-B",
                                       "65536",
                                       "-Z",
                                       "root",
                                       "--immediate-mode",
                                       "--time-stamp-precision=nano",
                                       NULL};
                const char *const *command = inside ? words : words + 2;
                sigset_t none;

                prctl(PR_SET_PDEATHSIG, SIGKILL);
                sigemptyset(&none);
                sigprocmask(SIG_SETMASK, &none, NULL);
                signal(SIGINT, SIG_DFL);
                dup2(fileno(judge.err), STDERR_FILENO);
                execvp(command[0], (char *const *)command);
                _exit(98);
        }
        for (int i = 0; i < WAITS && !has_said(judge.err, "listening on"); i++)
                usleep(5000);
        cr_assert(has_said(judge.err, "listening on"), "tcpdump does not listen on %s", port);
        return judge;
}

struct hosts_judge hosts_judge_start(const char *host) {
        char inside[128], port[16];

        snprintf(inside, sizeof(inside), "--net=/run/netns/xskim-%s-%s", lab_name(), host);
        snprintf(port, sizeof(port), "%s0", host);
        return judge_start(inside, port);
}

struct hosts_judge hosts_judge_here(const char *port) {
        return judge_start(NULL, port);
}

static struct hosts_frames frames_read(const char *path) {
        char error[PCAP_ERRBUF_SIZE] = "";
        pcap_t *pcap =
                pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
        struct hosts_frames all = {.frames = calloc(FRAMES_MAX, sizeof(*all.frames))};
        struct pcap_pkthdr *head;
        const uint8_t *bytes;

        cr_assert(pcap && all.frames, "%s", error);
        while (pcap_next_ex(pcap, &head, &bytes) == 1 && all.count < FRAMES_MAX) {
                struct hosts_frame *frame = &all.frames[all.count++];

                frame->unix_ns =
                        (uint64_t)head->ts.tv_sec * 1000000000 + (uint64_t)head->ts.tv_usec;
                frame->length = head->caplen;
                frame->bytes = malloc(head->caplen);
                cr_assert(frame->bytes);
                memcpy(frame->bytes, bytes, head->caplen);
        }
        pcap_close(pcap);
        return all;
}

struct hosts_frames hosts_judge_end(struct hosts_judge *judge) {
        struct hosts_frames frames;
        int status = 0;

        usleep(200000); /* it reads what has come */
        kill(judge->pid, SIGINT);
        cr_assert_eq(waitpid(judge->pid, &status, 0), judge->pid);
        cr_assert_eq(status, 0, "tcpdump ended with %d", status);
        cr_assert(has_said(judge->err, "\n0 packets dropped by kernel"), "tcpdump was too slow");
        fclose(judge->err);
        frames = frames_read(judge->path);
        unlink(judge->path);
        return frames;
}

void hosts_frames_free(struct hosts_frames *frames) {
        for (uint32_t i = 0; i < frames->count; i++)
                free(frames->frames[i].bytes);
        free(frames->frames);
        *frames = (struct hosts_frames){0};
}

/* ---- sending ---- */

static uint32_t numbered(uint32_t number, uint32_t bytes, uint8_t *ret_bytes) {
        uint32_t big = htonl(number);

        lab_udp(ret_bytes, bytes, 1, 2);
        ret_bytes[5] = 0x99; /* nobody's */
        memcpy(ret_bytes + HOSTS_NUMBER_OFFSET, &big, sizeof(big));
        return bytes;
}

uint32_t hosts_number(const struct hosts_frame *frame) {
        uint32_t big;

        memcpy(&big, frame->bytes + HOSTS_NUMBER_OFFSET, sizeof(big));
        return ntohl(big);
}

static void wait_until(uint64_t due_ns) {
        uint64_t now_ns = clock_monotonic_ns();

        if (due_ns > now_ns + 200000)
                usleep((useconds_t)((due_ns - now_ns - 150000) / 1000));
        while (clock_monotonic_ns() < due_ns)
                ;
}

static void send_all(uint32_t count, uint64_t interval_ns, uint32_t bytes, hosts_make *make,
                     const char *port) {
        struct sockaddr_ll to = {.sll_family = AF_PACKET};
        int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
        uint64_t due_ns = clock_monotonic_ns();
        uint8_t frame[FRAME_BYTES_MAX];

        to.sll_ifindex = (int)if_nametoindex(port);
        for (uint32_t i = 0; i < count; i++) {
                uint32_t length = make ? make(i, frame) : numbered(i, bytes, frame);

                wait_until(due_ns);
                /* After a time without a CPU it does not make up for it: that would be a flood. */
                due_ns = MAX(due_ns + interval_ns, clock_monotonic_ns() + interval_ns / 2);
                if (sendto(fd, frame, length, 0, (struct sockaddr *)&to, sizeof(to)) != length)
                        _exit(1);
        }
        _exit(0);
}

void hosts_send(const char *host, uint32_t count, uint64_t interval_ns, uint32_t bytes,
                hosts_make *make) {
        int status = 0, fd = hosts_namespace(host);
        char port[16];
        pid_t pid;

        cr_assert_geq(fd, 0, "%s", host);
        snprintf(port, sizeof(port), "%s0", host);
        pid = fork();
        cr_assert_geq(pid, 0);
        if (!pid) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (setns(fd, CLONE_NEWNET))
                        _exit(2);
                send_all(count, interval_ns, bytes, make, port);
        }
        close(fd);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_assert_eq(status, 0, "sending from %s: status %d", host, status);
}

struct hosts_run hosts_run(const char *told, uint32_t count, uint64_t interval_ns, uint32_t bytes,
                           hosts_make *make) {
        struct hosts_judge left, right;
        struct hosts_run run;

        hosts_up(told);
        left = hosts_judge_start("left");
        right = hosts_judge_start("right");
        hosts_send("left", count, interval_ns, bytes, make);
        usleep(300000); /* the longest that any of these holds a frame */
        run.sent = hosts_judge_end(&left);
        run.came = hosts_judge_end(&right);
        hosts_down();
        hosts_balanced();
        cr_assert_eq(run.sent.count, count, "the sender's side shows %u", run.sent.count);
        cr_expect_eq(hosts_count("received"), count, "%s", hosts_account());
        return run;
}

void hosts_run_free(struct hosts_run *run) {
        hosts_frames_free(&run->sent);
        hosts_frames_free(&run->came);
}
