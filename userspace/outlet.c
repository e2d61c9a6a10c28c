/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the queue of lines and the thread that writes them. See outlet.h. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "outlet.h"
#include "unprivileged.h"
#include "util.h"

struct outlet {
        int fd;
        pthread_t thread;
        pthread_mutex_t lock; /* of all below but `line` and `torn` */
        pthread_cond_t news;
        char *lines[OUTLET_LINES_MAX];
        unsigned int first;
        unsigned int count;
        size_t bytes;
        bool closing;
        struct outlet_losses losses;
        /* the thread's */
        char *line; /* being written; ends in a newline */
        bool torn;  /* the line before was written in part */
};

/* 0, or the errno. */
static int bytes_write(const struct outlet *o, const char *text, size_t length, bool *ret_torn) {
        size_t done = 0;

        while (done < length) {
                ssize_t r = write(o->fd, text + done, length - done);

                if (r < 0 && errno == EAGAIN) {
                        /* somebody else, who has the same pipe, does not want to wait */
                        poll(&(struct pollfd){.fd = o->fd, .events = POLLOUT}, 1, -1);
                } else if (r < 0 && errno != EINTR) {
                        *ret_torn |= done > 0;
                        return errno;
                }
                done += r > 0 ? (size_t)r : 0;
        }
        *ret_torn = false;
        return 0;
}

/* What is left of a torn line stays a line of its own. */
static int line_write(struct outlet *o) {
        int error = o->torn ? bytes_write(o, "\n", 1, &o->torn) : 0;

        return error ? error : bytes_write(o, o->line, strlen(o->line), &o->torn);
}

/* The next line, or NULL: it is time to end. */
static char *line_take(struct outlet *o) {
        char *line = NULL;

        pthread_mutex_lock(&o->lock);
        while (!o->count && !o->closing)
                pthread_cond_wait(&o->news, &o->lock);
        if (o->count) {
                line = o->lines[o->first];
                o->first = (o->first + 1) % OUTLET_LINES_MAX;
                o->count--;
                o->bytes -= strlen(line);
        }
        pthread_mutex_unlock(&o->lock);
        return line;
}

static void *write_on(void *context) {
        struct outlet *o = context;

        while ((o->line = line_take(o))) {
                int error = line_write(o);

                pthread_mutex_lock(&o->lock);
                o->losses.failed += error != 0;
                o->losses.error = error ? error : o->losses.error;
                pthread_mutex_unlock(&o->lock);
                free(TAKE_PTR(o->line));
        }
        return NULL;
}

/* It needs no privilege to write, and takes no signal. */
static int thread_start(void *context) {
        struct outlet *o = context;

        return -pthread_create(&o->thread, NULL, write_on, o);
}

int outlet_open(int fd, struct outlet **ret_outlet) {
        struct outlet *o = calloc(1, sizeof(*o));
        int r;

        if (!o)
                return error_set(-ENOMEM, "output: no memory");
        o->fd = fd;
        pthread_mutex_init(&o->lock, NULL);
        pthread_cond_init(&o->news, NULL);
        r = unprivileged_call(thread_start, o);
        if (r < 0) {
                free(o);
                return error_set(r, "output: no thread to write it: %s", strerror(-r));
        }
        *ret_outlet = o;
        return 0;
}

int outlet_put(struct outlet *o, char *line) {
        size_t length = strlen(line) + 1;
        char *ended = realloc(line, length + 1);
        bool fits;

        if (ended)
                memcpy(ended + length - 1, "\n", 2);
        else
                free(line);
        pthread_mutex_lock(&o->lock);
        fits = ended && o->count < OUTLET_LINES_MAX && o->bytes + length <= OUTLET_BYTES_MAX;
        if (fits) {
                o->lines[(o->first + o->count++) % OUTLET_LINES_MAX] = ended;
                o->bytes += length;
        }
        o->losses.full += !fits;
        pthread_cond_signal(&o->news);
        pthread_mutex_unlock(&o->lock);
        if (!fits)
                free(ended);
        return fits ? 0 : -ENOBUFS;
}

struct outlet_losses outlet_losses(struct outlet *o) {
        struct outlet_losses losses;

        pthread_mutex_lock(&o->lock);
        losses = o->losses;
        pthread_mutex_unlock(&o->lock);
        return losses;
}

/* While it is closing the thread waits in nothing but write and poll, and holds no lock there. */
static void thread_end(struct outlet *o) {
        struct timespec until;

        pthread_mutex_lock(&o->lock);
        o->closing = true;
        pthread_cond_signal(&o->news);
        pthread_mutex_unlock(&o->lock);
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += OUTLET_CLOSE_MS / 1000;
        if (!pthread_clockjoin_np(o->thread, NULL, CLOCK_MONOTONIC, &until))
                return;
        pthread_cancel(o->thread);
        pthread_join(o->thread, NULL);
}

struct outlet *outlet_close(struct outlet *o, struct outlet_losses *ret_losses) {
        if (!o)
                return NULL;
        thread_end(o);
        o->losses.full += o->count + (o->line ? 1 : 0);
        if (ret_losses)
                *ret_losses = o->losses;
        free(o->line);
        for (; o->count; o->count--, o->first = (o->first + 1) % OUTLET_LINES_MAX)
                free(o->lines[o->first]);
        pthread_cond_destroy(&o->news);
        pthread_mutex_destroy(&o->lock);
        free(o);
        return NULL;
}
