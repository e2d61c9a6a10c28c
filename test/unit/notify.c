/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said to the service manager, and what is read of it in the environment. */
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "notify.h"

static void environment_clear(void) {
        unsetenv("NOTIFY_SOCKET");
        unsetenv("WATCHDOG_USEC");
        unsetenv("WATCHDOG_PID");
        unsetenv("JOURNAL_STREAM");
        error_clear();
}

TestSuite(notify, .init = environment_clear);

/* ---- NOTIFY_SOCKET ---- */

static int listen_at(const char *name) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        memcpy(address.sun_path, name, strlen(name));
        if (*name == '@')
                address.sun_path[0] = '\0';
        cr_assert_eq(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                     0, "%s: %s", name, strerror(errno));
        setenv("NOTIFY_SOCKET", name, 1);
        return fd;
}

static void is_heard(const char *name) {
        struct notify notify;
        char text[64] = "";
        int fd = listen_at(name);

        cr_assert_eq(notify_open(&notify), 0, "%s", error_message());
        notify_tell(&notify, "STATUS=%d of %d", 1, 2);
        cr_expect_eq(recv(fd, text, sizeof(text) - 1, 0), 13);
        cr_expect_str_eq(text, "STATUS=1 of 2");
        notify_close(&notify);
        notify_tell(&notify, "READY=1");
        cr_expect_lt(recv(fd, text, sizeof(text) - 1, 0), 0, "closed, it says nothing");
        close(fd);
}

Test(notify, a_path_is_spoken_to) {
        char directory[] = "/tmp/xskim-notify-XXXXXX", path[64];

        cr_assert(mkdtemp(directory));
        snprintf(path, sizeof(path), "%s/socket", directory);
        is_heard(path);
        unlink(path);
        rmdir(directory);
}

Test(notify, an_abstract_name_is_spoken_to) {
        char name[64];

        snprintf(name, sizeof(name), "@xskim-notify-%d", getpid());
        is_heard(name);
}

Test(notify, with_nobody_there_nothing_is_said_and_nothing_is_wrong) {
        struct notify notify;

        cr_expect_eq(notify_open(&notify), 0);
        notify_tell(&notify, "READY=1");
        notify_close(&notify);
        setenv("NOTIFY_SOCKET", "", 1);
        cr_expect_eq(notify_open(&notify), 0);
        notify_close(&notify);
}

/* More than a socket buffer holds: what does not fit is lost, and the service goes on. */
Test(notify, one_who_does_not_listen_holds_nobody_up) {
        struct notify notify;
        char name[64];
        int fd;

        snprintf(name, sizeof(name), "@xskim-deaf-%d", getpid());
        fd = listen_at(name);
        cr_assert_eq(notify_open(&notify), 0);
        for (int i = 0; i < 10000; i++)
                notify_tell(&notify, "WATCHDOG=1");
        close(fd);
        notify_tell(&notify, "WATCHDOG=1");
        notify_close(&notify);
}

static void is_refused(const char *name, int error) {
        struct notify notify;

        setenv("NOTIFY_SOCKET", name, 1);
        error_clear();
        cr_expect_eq(notify_open(&notify), error, "%s", name);
        cr_expect(strstr(error_message(), "NOTIFY_SOCKET"), "%s", error_message());
        notify_tell(&notify, "READY=1");
        notify_close(&notify);
}

Test(notify, what_is_no_socket_is_refused_by_name) {
        char name[128];

        memset(name, 'x', sizeof(name) - 1);
        name[0] = '/';
        name[sizeof(name) - 1] = '\0';
        is_refused("relative", -EINVAL);
        is_refused("/", -EINVAL);
        is_refused("vsock:2:1", -EINVAL);
        is_refused(name, -EINVAL);
        is_refused("/nonexistent/xskim/notify", -ENOENT);
}

/* ---- watchdog ---- */

Test(notify, the_watchdog_is_that_of_this_process) {
        char own[32];

        snprintf(own, sizeof(own), "%d", getpid());
        cr_expect_eq(notify_watchdog_ns(), 0);
        setenv("WATCHDOG_USEC", "3000000", 1);
        cr_expect_eq(notify_watchdog_ns(), 3000000000);
        setenv("WATCHDOG_PID", own, 1);
        cr_expect_eq(notify_watchdog_ns(), 3000000000);
        setenv("WATCHDOG_PID", "1", 1);
        cr_expect_eq(notify_watchdog_ns(), 0);
}

Test(notify, a_watchdog_without_a_number_is_none) {
        static const char *const none[] = {"", "x", "-1", "1x", "99999999999999999999", " 5"};

        for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
                setenv("WATCHDOG_USEC", none[i], 1);
                cr_expect_eq(notify_watchdog_ns(), 0, "“%s”", none[i]);
        }
}

/* ---- journal ---- */

Test(notify, the_journal_is_known_by_its_device_and_inode) {
        struct stat facts;
        char name[64];
        int ends[2];

        cr_assert_eq(pipe(ends), 0);
        cr_expect_not(notify_is_journal(ends[1]));
        cr_assert_eq(fstat(ends[1], &facts), 0);
        snprintf(name, sizeof(name), "%ju:%ju", (uintmax_t)facts.st_dev, (uintmax_t)facts.st_ino);
        setenv("JOURNAL_STREAM", name, 1);
        cr_expect(notify_is_journal(ends[1]));
        cr_expect_not(notify_is_journal(STDERR_FILENO), "it was sent elsewhere");
        setenv("JOURNAL_STREAM", "nonsense", 1);
        cr_expect_not(notify_is_journal(ends[1]));
        close(ends[0]);
        close(ends[1]);
}
