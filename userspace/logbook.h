/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of a service: lines to a stream, each with its level, and the same message at most once
 * in LOGBOOK_QUIET_NS: what is held back is counted, and the count is told. Bounded: it remembers
 * LOGBOOK_MESSAGES_MAX messages and forgets the oldest one first. Two messages are the same when
 * they differ in nothing but numbers that stand alone ("after 3.2 s"). A line for which a pipe or
 * terminal has no room at once is lost, and the next one says so. The time is the caller's.
 */
#ifndef XSKIM_LOGBOOK_H
#define XSKIM_LOGBOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
        LOGBOOK_MESSAGES_MAX = 64,
        LOGBOOK_MESSAGE_BYTES = 1024, /* a longer one is cut */
};

#define LOGBOOK_QUIET_NS 10000000000ULL

/* As syslog(3) numbers them. ROW(level, number, word) */
#define LOGBOOK_LEVEL_ROWS(ROW)                                                                    \
        ROW(LOGBOOK_ERROR, 3, "error: ")                                                           \
        ROW(LOGBOOK_WARNING, 4, "warning: ")                                                       \
        ROW(LOGBOOK_NOTICE, 5, "")                                                                 \
        ROW(LOGBOOK_DETAIL, 6, "")

#define LOGBOOK_LEVEL(level_, number_, word_) level_ = number_,
enum logbook_level { LOGBOOK_LEVEL_ROWS(LOGBOOK_LEVEL) };

struct logbook_message {
        uint64_t told_ns;   /* when it was printed */
        uint64_t held_back; /* since then */
        enum logbook_level level;
        char text[LOGBOOK_MESSAGE_BYTES]; /* empty: a free place */
};

/* Zeroed but for the first two, it is ready. */
struct logbook {
        FILE *stream;
        bool numbered; /* "<N>" in front of each line, for the journal; else a word where it matters
                        */
        uint64_t lost; /* lines for which the stream had no room, and which no line tells of yet */
        struct logbook_message messages[LOGBOOK_MESSAGES_MAX];
};

/* Prints the message, a line of the stream for each of its lines, or holds it back. */
__attribute__((format(printf, 4, 5))) void logbook_add(struct logbook *book, uint64_t now_ns,
                                                       enum logbook_level level, const char *format,
                                                       ...);

/* Prints it whatever was printed before: an answer to what a person has done. */
__attribute__((format(printf, 3, 4))) void
logbook_answer(struct logbook *book, enum logbook_level level, const char *format, ...);

/* Tells how many were held back of the messages whose time is over (`all`: of every one). */
void logbook_settle(struct logbook *book, uint64_t now_ns, bool all);

#endif
