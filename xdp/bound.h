/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Keeps the verifier's knowledge of a bound: the compiler may not compute the value anew elsewhere.
 */
#ifndef XSKIM_BOUND_H
#define XSKIM_BOUND_H

#define bound(value) __asm__ volatile("" : "+r"(value))

#endif
