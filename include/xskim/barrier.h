/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Every barrier of xskim, for both sides, and which one pairs with which.
 *
 *   ring indexes   store_release(head), sampler      pairs with  load_acquire(head), carrier
 *                  store_release(tail), carrier      pairs with  load_acquire(tail), sampler
 *   lost wake-up   mark_asleep, worker               pairs with  take_mark, sampler
 *
 *   doorbell       the kernel's ring buffer          pairs with  doorbell_quiet, worker
 *   ring buffer    the kernel's submit               pairs with  submitted_length, consumer
 *   injected cost  stores_done, burning program      pairs with  nobody: it is about time
 *
 * The pair of the lost wake-up is Dekker's: each side writes its own word, then a full barrier,
 * then reads the other's. The worker writes `asleep` and reads `head`; the sampler writes `head`
 * and reads `asleep`. With both barriers at least one of the two sees the other, so either the
 * worker does not block or the sampler rings. (Linux, memory-barriers.txt, "store buffering".)
 *
 * BPF of Linux 6.1 has no release or acquire. On x86 (total store order) stores are not reordered
 * with older accesses and loads not with older loads, so keeping the compiler in order is enough;
 * elsewhere an atomic operation with fetch, which is a full barrier there, stands in.
 */
#ifndef XSKIM_BARRIER_H
#define XSKIM_BARRIER_H

#include <linux/types.h>

#define xskim_compiler_barrier() __asm__ volatile("" ::: "memory")

#ifdef __bpf__

#ifdef __TARGET_ARCH_x86
#define xskim_order() xskim_compiler_barrier()
#else
#define xskim_order()                                                                              \
        ({                                                                                         \
                __u64 scratch_ = 0;                                                                \
                (void)__sync_fetch_and_add(&scratch_, 1);                                          \
                xskim_compiler_barrier();                                                          \
        })
#endif

static inline void xskim_store_release(__u64 *word, __u64 value) {
        xskim_order();
        *(volatile __u64 *)word = value;
}

static inline __u64 xskim_load_acquire(const __u64 *word) {
        __u64 value = *(const volatile __u64 *)word;

        xskim_order();
        return value;
}

/* Sampler: clears the mark and says whether it was set; the exchange is the full barrier. */
static inline __u32 xskim_take_mark(__u32 *asleep) {
        return __sync_lock_test_and_set(asleep, 0);
}

/* Burning program: counts, and waits on x86 until all stores before are with the caches. */
static inline void xskim_stores_done(__u64 *count) {
        __sync_fetch_and_add(count, 1);
}

#else

static inline void xskim_store_release(__u64 *word, __u64 value) {
        __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline __u64 xskim_load_acquire(const __u64 *word) {
        return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* Worker: sets the mark, and everything read afterwards is read after the mark can be seen. */
static inline void xskim_mark_asleep(__u32 *asleep) {
        __atomic_store_n(asleep, 1, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Worker: takes everything that the doorbell's ring buffer holds (Linux, kernel/bpf/ringbuf.c: the
 * producer position is released by the kernel, the consumer position acquired). */
static inline void xskim_doorbell_quiet(unsigned long *consumer, const unsigned long *producer) {
        __atomic_store_n(consumer, __atomic_load_n(producer, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
}

/* Consumer of a BPF ring buffer: the length word of a record, whose content follows it (the kernel
 * exchanges it when the record is submitted). */
static inline __u32 xskim_submitted_length(const __u32 *word) {
        return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* Worker: awake again; needs no order, a ring too many is only a wake-up too many. */
static inline void xskim_mark_awake(__u32 *asleep) {
        __atomic_store_n(asleep, 0, __ATOMIC_RELAXED);
}

#endif
#endif
