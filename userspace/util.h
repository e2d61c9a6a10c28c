/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few things that every file wants: array size, minimum, ownership that can be checked inside
 * one function. Leaf: includes no header of the project.
 */
#ifndef XSKIM_UTIL_H
#define XSKIM_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* A variable marked so is cleaned up when it goes out of scope; TAKE_PTR and TAKE_FD hand it on
 * instead. */
#define CLEANUP(function) __attribute__((cleanup(function)))
#define TAKE_PTR(pointer)                                                                          \
        ({                                                                                         \
                __typeof__(pointer) taken_ = (pointer);                                            \
                (pointer) = NULL;                                                                  \
                taken_;                                                                            \
        })
#define TAKE_FD(fd)                                                                                \
        ({                                                                                         \
                int taken_ = (fd);                                                                 \
                (fd) = -1;                                                                         \
                taken_;                                                                            \
        })

static inline void fd_cleanup(int *fd) {
        if (*fd >= 0)
                close(*fd);
        *fd = -1;
}

static inline void file_cleanup(FILE **file) {
        if (*file)
                fclose(*file);
        *file = NULL;
}

static inline void free_cleanup(void *pointer) {
        free(*(void **)pointer);
}

/* What is mapped comes in pages. */
static inline uint64_t pages_round(uint64_t bytes) {
        uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

        return (bytes + page - 1) / page * page;
}

static inline uint64_t absolute_difference(uint64_t a, uint64_t b) {
        return a > b ? a - b : b - a;
}

#endif
