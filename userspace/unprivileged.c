/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the thread that gives its capabilities up. See unprivileged.h. */
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unprivileged.h"

struct call {
        int (*start)(void *context);
        void *context;
        int result;
};

/* The system call itself is about the thread; C libraries have none that is. */
static int capabilities_drop(void) {
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ||
            syscall(SYS_capset, &header, none) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
                return -errno;
        return 0;
}

static void *call_run(void *context) {
        struct call *call = context;

        call->result = capabilities_drop();
        if (!call->result)
                call->result = call->start(call->context);
        return NULL;
}

int unprivileged_call(int (*start)(void *context), void *context) {
        struct call call = {.start = start, .context = context};
        sigset_t all, before;
        pthread_t thread;
        int error;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        error = pthread_create(&thread, NULL, call_run, &call);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (error)
                return -error;
        pthread_join(thread, NULL);
        return call.result;
}
