/* SPDX-License-Identifier: BSD-2-Clause */
/* Privileges are there, are named when they are not, and are gone for good once dropped. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "log.h"
#include "privilege.h"
#include "util.h"

Test(privilege, root_has_what_is_needed) {
        char missing[128];

        cr_expect(eq(int, privilege_require(), 0), "%s", error_message());
        cr_expect(eq(u32, privilege_missing(missing, sizeof(missing)), 0));
        cr_expect(eq(str, missing, ""));
}

Test(privilege, dropped_ones_are_named) {
        cr_assert(eq(int, privilege_drop_all(), 0), "%s", error_message());
        cr_expect(eq(int, privilege_require(), -EPERM));
        for (unsigned int i = 0; i < PRIVILEGE_COUNT; i++) {
                cr_expect(not(privilege_has(i)), "%s", privilege_name(i));
                cr_expect(eq(int, !!strstr(error_message(), privilege_name(i)),
                             privilege_is_required(i)),
                          "%s", privilege_name(i));
        }
}

Test(privilege, message_is_cut_not_overrun) {
        char missing[10];

        cr_assert(eq(int, privilege_drop_all(), 0));
        memset(missing, 'x', sizeof(missing));
        cr_expect(eq(u32, privilege_missing(missing, 8), 4));
        cr_expect(eq(str, missing, "CAP_BPF"));
        cr_expect(eq(chr, missing[8], 'x'));
}

Test(privilege, dropped_is_dropped_for_good) {
        cr_assert(eq(int, privilege_drop_all(), 0), "%s", error_message());
        cr_expect(eq(int, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1));
        cr_expect(eq(int, unshare(CLONE_NEWNET), -1));
        cr_expect(eq(int, errno, EPERM));
        cr_expect(eq(int, system("grep -q '^CapEff:.*[1-9a-f]' /proc/self/status") == 0, 0),
                  "a program started from here has none either");
        cr_expect(eq(int, privilege_drop_all(), 0), "again is fine");
}

static void *drop(void *context) {
        *(int *)context = privilege_drop_all();
        return NULL;
}

Test(privilege, another_thread_keeps_its_own) {
        pthread_t thread;
        int dropped = -1;

        cr_assert(eq(int, pthread_create(&thread, NULL, drop, &dropped), 0));
        pthread_join(thread, NULL);
        cr_expect(eq(int, dropped, 0));
        cr_expect(eq(int, privilege_require(), 0), "%s", error_message());
}

Test(privilege, memlock_is_read_and_raised_as_far_as_allowed) {
        struct rlimit limit = {.rlim_cur = 64 << 10, .rlim_max = 128 << 10};

        cr_expect(eq(u64, privilege_memlock(), UINT64_MAX), "CAP_IPC_LOCK passes the limit by");
        cr_assert(eq(int, setrlimit(RLIMIT_MEMLOCK, &limit), 0));
        cr_assert(eq(int, privilege_drop_all(), 0));
        cr_expect(eq(u64, privilege_memlock(), 64 << 10));
        cr_expect(eq(u64, privilege_memlock_raise(), 128 << 10));
        cr_expect(eq(u64, privilege_memlock(), 128 << 10));
}
