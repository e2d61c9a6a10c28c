/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns one io_uring. See loop.h. */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <string.h>

#include "log.h"
#include "loop.h"
#include "util.h"

struct loop {
        struct io_uring ring;
        uint64_t system_calls;
};

static int ring_open(struct io_uring *ring) {
        struct io_uring_params best = {
                .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        };
        struct io_uring_params plain = {0};
        int r = io_uring_queue_init_params(LOOP_ENTRIES, ring, &best);

        return r == -EINVAL ? io_uring_queue_init_params(LOOP_ENTRIES, ring, &plain) : r;
}

int loop_open(struct loop **ret_loop) {
        struct loop *loop = calloc(1, sizeof(*loop));
        int r = loop ? ring_open(&loop->ring) : -ENOMEM;

        if (r == -EPERM || r == -ENOSYS)
                r = error_set(-EOPNOTSUPP,
                              "io_uring is not available (%s). Allow it: 'sysctl -w "
                              "kernel.io_uring_disabled=0'.",
                              strerror(-r));
        else if (r < 0)
                r = error_set(r, "io_uring: cannot open a ring: %s", strerror(-r));
        if (r < 0) {
                free(loop);
                return r;
        }
        *ret_loop = loop;
        return 0;
}

struct loop *loop_close(struct loop *loop) {
        if (!loop)
                return NULL;
        io_uring_queue_exit(&loop->ring);
        free(loop);
        return NULL;
}

int loop_poll(struct loop *loop, int fd, uint64_t token) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);

        if (!sqe)
                return -EAGAIN;
        io_uring_prep_poll_multishot(sqe, fd, POLLIN);
        io_uring_sqe_set_data64(sqe, token);
        return 0;
}

int loop_poll_writable(struct loop *loop, int fd, uint64_t token) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);

        if (!sqe)
                return -EAGAIN;
        io_uring_prep_poll_add(sqe, fd, POLLOUT);
        io_uring_sqe_set_data64(sqe, token);
        return 0;
}

int loop_area_register(struct loop *loop, void *area, uint64_t bytes) {
        struct iovec vector = {.iov_base = area, .iov_len = bytes};
        int r = io_uring_register_buffers(&loop->ring, &vector, 1);

        if (r < 0)
                return error_set(r, "io_uring: cannot register the UMEM: %s%s", strerror(-r),
                                 r == -ENOMEM ? ". Raise RLIMIT_MEMLOCK ('ulimit -l unlimited')."
                                              : "");
        return 0;
}

int loop_write(struct loop *loop, int fd, const void *start, uint32_t bytes, uint64_t offset,
               uint64_t token) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);

        if (!sqe)
                return -EAGAIN;
        io_uring_prep_write_fixed(sqe, fd, start, bytes, offset, 0);
        io_uring_sqe_set_data64(sqe, token);
        return 0;
}

static int events_take(struct loop *loop, struct loop_event *events, uint32_t most) {
        struct io_uring_cqe *cqe;
        unsigned int head;
        uint32_t count = 0;

        io_uring_for_each_cqe(&loop->ring, head, cqe) {
                if (count == most)
                        break;
                events[count++] = (struct loop_event){
                        .token = io_uring_cqe_get_data64(cqe),
                        .result = cqe->res,
                        .more = cqe->flags & IORING_CQE_F_MORE,
                };
        }
        io_uring_cq_advance(&loop->ring, count);
        return (int)count;
}

int loop_wait(struct loop *loop, uint64_t timeout_ns, struct loop_event *events, uint32_t most) {
        struct __kernel_timespec time = {
                .tv_sec = (long long)(timeout_ns / 1000000000),
                .tv_nsec = (long long)(timeout_ns % 1000000000),
        };
        struct io_uring_cqe *cqe;
        int r;

        loop->system_calls++;
        r = io_uring_submit_and_wait_timeout(&loop->ring, &cqe, 1, &time, NULL);
        if (r < 0 && r != -ETIME && r != -EINTR)
                return r;
        return events_take(loop, events, most);
}

int loop_submit(struct loop *loop, struct loop_event *events, uint32_t most) {
        int r;

        if (io_uring_sq_ready(&loop->ring) || io_uring_cq_has_overflow(&loop->ring)) {
                loop->system_calls++;
                r = io_uring_submit_and_get_events(&loop->ring);
                if (r < 0 && r != -EBUSY && r != -EAGAIN && r != -EINTR)
                        return r;
        }
        return events_take(loop, events, most);
}

uint64_t loop_system_calls(const struct loop *loop) {
        return loop->system_calls;
}

uint64_t loop_memory(const struct loop *loop) {
        bool apart = loop->ring.cq.ring_ptr != loop->ring.sq.ring_ptr;

        return pages_round(loop->ring.sq.ring_sz) +
               (apart ? pages_round(loop->ring.cq.ring_sz) : 0) +
               pages_round(*loop->ring.sq.kring_entries * sizeof(struct io_uring_sqe));
}
