/* SPDX-License-Identifier: BSD-2-Clause */
/* Speaks to the service manager. See notify.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "log.h"
#include "notify.h"
#include "util.h"

enum { TOLD_BYTES = 1024 };

/* "/path", or "@name" for a name without a file: its first byte is 0 then. */
static int address_of(const char *name, struct sockaddr_un *ret_address, socklen_t *ret_bytes) {
        size_t length = strlen(name);

        if ((*name != '/' && *name != '@') || length < 2 || length >= sizeof(ret_address->sun_path))
                return error_set(-EINVAL,
                                 "NOTIFY_SOCKET: \"%s\" is neither a path nor @ and a name, of at "
                                 "most %zu bytes. Whoever starts xskim sets it, or leaves it away.",
                                 name, sizeof(ret_address->sun_path) - 1);
        *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
        memcpy(ret_address->sun_path, name, length);
        if (*name == '@')
                ret_address->sun_path[0] = '\0';
        *ret_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
        return 0;
}

int notify_open(struct notify *notify) {
        int fd CLEANUP(fd_cleanup) = -1;
        const char *name = getenv("NOTIFY_SOCKET");
        struct sockaddr_un address;
        socklen_t bytes = 0;
        int r;

        *notify = NOTIFY_NULL;
        if (!name || !*name)
                return 0;
        r = address_of(name, &address, &bytes);
        if (r < 0)
                return r;
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, bytes) < 0)
                return error_set(-errno,
                                 "NOTIFY_SOCKET: cannot speak to \"%s\": %s. Whoever starts xskim "
                                 "listens there, or leaves it away.",
                                 name, strerror(errno));
        notify->fd = TAKE_FD(fd);
        return 0;
}

void notify_close(struct notify *notify) {
        fd_cleanup(&notify->fd);
}

bool notify_tell(const struct notify *notify, const char *format, ...) {
        char told[TOLD_BYTES];
        va_list arguments;
        int length;

        if (notify->fd < 0)
                return true;
        va_start(arguments, format);
        length = vsnprintf(told, sizeof(told), format, arguments);
        va_end(arguments);
        return length > 0 &&
               send(notify->fd, told, MIN((size_t)length, sizeof(told) - 1), MSG_NOSIGNAL) >= 0;
}

static bool number_of(const char *name, uint64_t *ret_number) {
        const char *text = getenv(name);
        char *end;

        if (!text || *text < '0' || *text > '9')
                return false;
        errno = 0;
        *ret_number = strtoull(text, &end, 10);
        return !errno && !*end;
}

uint64_t notify_watchdog_ns(void) {
        uint64_t usec, pid;

        if (!number_of("WATCHDOG_USEC", &usec) || usec > UINT64_MAX / 1000)
                return 0;
        /* an ancestor's environment, which was not about this process */
        if (getenv("WATCHDOG_PID") &&
            (!number_of("WATCHDOG_PID", &pid) || pid != (uint64_t)getpid()))
                return 0;
        return usec * 1000;
}

bool notify_is_journal(int fd) {
        const char *journal = getenv("JOURNAL_STREAM");
        uintmax_t device, inode;
        struct stat facts;

        return journal && sscanf(journal, "%ju:%ju", &device, &inode) == 2 && !fstat(fd, &facts) &&
               facts.st_dev == device && facts.st_ino == inode;
}
