/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks as values of options: a prefix and what takes its place. */
#include <criterion/criterion.h>
#include <errno.h>

#include "cli_value.h"
#include "util.h"

Test(cli_value, networks_come_in_pairs) {
        static const struct {
                const char *text;
                int r;
                uint32_t bits;
        } cases[] = {
                {"10.1.0.0/16=192.168.0.0", 0, 16},
                {"0.0.0.0/0=0.0.0.0", 0, 0},
                {"10.0.0.1/32=10.0.0.2", 0, 32},
                {"2001:db8::/33=fd00::", 0, 33},
                {"10.0.0.1/33=10.0.0.2", -ERANGE, 0},
                {"10.1.0.0/15=192.168.0.0", -ERANGE, 0},
                {"10.0.0.0/15=192.169.0.0", -ERANGE, 0},
                {"10.0.0.0/8=fd00::", -EINVAL, 0},
                {"10.0.0.0=11.0.0.0", -EINVAL, 0},
                {"10.0.0.0/8", -EINVAL, 0},
                {"", -EINVAL, 0},
                {"10.0.0.0/8=", -EINVAL, 0},
                {"/8=10.0.0.0", -EINVAL, 0},
                {"10.0.0.0/8x=11.0.0.0", -EINVAL, 0},
                {"10.0.0.0=11.0.0.0/8", -EINVAL, 0},
                {"10.0.0/8=11.0.0.0", -EINVAL, 0},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct cli_net_pair pair = {0};

                cr_expect_eq(cli_value_net_pair(cases[i].text, &pair), cases[i].r, "%s",
                             cases[i].text);
                cr_expect_eq(pair.bits, cases[i].bits, "%s", cases[i].text);
        }
}
