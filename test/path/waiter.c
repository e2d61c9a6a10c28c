/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting until a packet is due: never less, whatever the kernel's timers do, and not after a stop.
 */
#include <criterion/criterion.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "packets.h"
#include "waiter.h"

enum { ROUNDS = 300, AHEAD_NS_MAX = 3000000 };

static struct waiter *waiter_new(int stop_fd) {
        const struct waiter_config config = {.stop_fd = stop_fd, .port = "none"};
        struct waiter *waiter;

        cr_assert_eq(waiter_open(&config, &waiter), 0);
        return waiter;
}

Test(waiter, nothing_is_due_before_its_time) {
        int stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        struct waiter *waiter = waiter_new(stop_fd);
        uint64_t random = 5;

        for (int i = 0; i < ROUNDS; i++) {
                uint64_t until_ns = clock_monotonic_ns() + packet_below(&random, AHEAD_NS_MAX);

                cr_assert_eq(waiter_wait(waiter, until_ns), WAITER_DUE);
                cr_assert_geq(clock_monotonic_ns(), until_ns);
        }
        waiter_close(waiter);
        close(stop_fd);
}

Test(waiter, a_stop_ends_the_wait, .timeout = 30) {
        int stop_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        struct waiter *waiter = waiter_new(stop_fd);

        cr_expect_eq(waiter_wait(waiter, clock_monotonic_ns() + 3600000000000ULL), WAITER_STOP);
        waiter_close(waiter);
        close(stop_fd);
}
