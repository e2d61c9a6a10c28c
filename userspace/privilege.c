/* SPDX-License-Identifier: BSD-2-Clause */
/* Capabilities and the limit on locked memory. See privilege.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "log.h"
#include "privilege.h"
#include "util.h"

#define PRIVILEGE_ROW(name_, required_, doc_) {#name_, doc_, name_, required_},

static const struct {
        const char *name;
        const char *purpose;
        cap_value_t capability;
        bool required;
} rows[] = {PRIVILEGE_TABLE(PRIVILEGE_ROW)};

static void cap_cleanup(cap_t *caps) {
        if (*caps)
                cap_free(*caps);
}

const char *privilege_name(enum privilege privilege) {
        return rows[privilege].name;
}

const char *privilege_purpose(enum privilege privilege) {
        return rows[privilege].purpose;
}

bool privilege_is_required(enum privilege privilege) {
        return rows[privilege].required;
}

static bool is_effective(cap_value_t capability) {
        cap_t caps CLEANUP(cap_cleanup) = cap_get_proc();
        cap_flag_value_t value = CAP_CLEAR;

        return caps && !cap_get_flag(caps, capability, CAP_EFFECTIVE, &value) && value == CAP_SET;
}

bool privilege_has(enum privilege privilege) {
        if (is_effective(rows[privilege].capability))
                return true;
        return (privilege == PRIVILEGE_CAP_BPF || privilege == PRIVILEGE_CAP_PERFMON) &&
               is_effective(CAP_SYS_ADMIN);
}

unsigned int privilege_missing(char *text, size_t bytes) {
        unsigned int count = 0;
        size_t end = 0;

        text[0] = '\0';
        for (unsigned int i = 0; i < PRIVILEGE_COUNT; i++) {
                if (!rows[i].required || privilege_has(i))
                        continue;
                if (end < bytes)
                        end += (size_t)snprintf(text + end, bytes - end, "%s%s", count ? ", " : "",
                                                rows[i].name);
                count++;
        }
        return count;
}

int privilege_require(void) {
        char missing[128];

        if (!privilege_missing(missing, sizeof(missing)))
                return 0;
        return error_set(-EPERM,
                         "privileges: %s missing. Run as root (sudo), or give the program its "
                         "capabilities:\n"
                         "setcap cap_bpf,cap_net_admin,cap_net_raw,cap_sys_admin=ep xskim",
                         missing);
}

int privilege_drop_all(void) {
        cap_t none CLEANUP(cap_cleanup) = cap_init();

        if (!none || cap_set_proc(none))
                return error_set(-errno, "privileges: cannot drop the capabilities: %s",
                                 strerror(errno));
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
                return error_set(-errno, "privileges: cannot set no_new_privs: %s",
                                 strerror(errno));
        return 0;
}

uint64_t privilege_memlock(void) {
        struct rlimit limit = {0};

        if (privilege_has(PRIVILEGE_CAP_IPC_LOCK))
                return UINT64_MAX;
        if (getrlimit(RLIMIT_MEMLOCK, &limit))
                return 0;
        return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
}

uint64_t privilege_memlock_raise(void) {
        struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

        /* Beyond the hard limit takes CAP_SYS_RESOURCE; up to it, nothing. */
        if (setrlimit(RLIMIT_MEMLOCK, &limit) && !getrlimit(RLIMIT_MEMLOCK, &limit)) {
                limit.rlim_cur = limit.rlim_max;
                setrlimit(RLIMIT_MEMLOCK, &limit);
        }
        return privilege_memlock();
}
