/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what is said and what is held back. See logbook.h. */
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>

#include "logbook.h"
#include "util.h"

static const char *word_of(enum logbook_level level) {
        switch (level) {
#define WORD(level_, number_, word_)                                                               \
        case level_:                                                                               \
                return word_;
                LOGBOOK_LEVEL_ROWS(WORD)
#undef WORD
        }
        return "";
}

/* Whoever reads the log and stands still must not hold up the service. A file, and what is no
 * descriptor at all, always has room; a pipe that is ready takes more than a line. */
static bool has_room(FILE *stream) {
        struct pollfd wait = {.fd = fileno(stream), .events = POLLOUT};

        return wait.fd < 0 || poll(&wait, 1, 0) > 0;
}

/* In one piece, so that nobody else's line comes in between. */
static void line_print(struct logbook *book, enum logbook_level level, const char *before,
                       const char *line) {
        char head[32], lost[64] = "";

        if (!has_room(book->stream)) {
                book->lost++;
                return;
        }
        if (book->numbered)
                snprintf(head, sizeof(head), "<%d>", (int)level);
        else
                snprintf(head, sizeof(head), "xskim: %s", word_of(level));
        if (book->lost)
                snprintf(lost, sizeof(lost), "(lines of the log lost before: %" PRIu64 ") ",
                         book->lost);
        book->lost = 0;
        fprintf(book->stream, "%s%s%s%.*s\n", head, lost, before, (int)strcspn(line, "\n"), line);
}

static void lines_print(struct logbook *book, enum logbook_level level, const char *text) {
        while (*text) {
                line_print(book, level, "", text);
                text += strcspn(text, "\n");
                text += *text == '\n';
        }
}

/* The first line is enough to know it by. */
static void message_settle(struct logbook *book, struct logbook_message *message) {
        char count[64];

        snprintf(count, sizeof(count), "(%" PRIu64 " more like it) ", message->held_back);
        if (message->held_back)
                line_print(book, message->level, count, message->text);
        message->text[0] = '\0';
        message->held_back = 0;
}

static bool is_quiet_over(const struct logbook_message *message, uint64_t now_ns) {
        return now_ns - message->told_ns >= LOGBOOK_QUIET_NS;
}

void logbook_settle(struct logbook *book, uint64_t now_ns, bool all) {
        for (size_t i = 0; i < LOGBOOK_MESSAGES_MAX; i++) {
                struct logbook_message *message = &book->messages[i];

                if (*message->text && (all || is_quiet_over(message, now_ns)))
                        message_settle(book, message);
        }
}

/* The length of a number that stands alone: behind a blank, as in "after 3.2 s", not in "eth0". */
static size_t number_length(const char *text, const char *at) {
        return at > text && at[-1] == ' ' ? strspn(at, "0123456789.") : 0;
}

static bool is_same(const char *one, const char *other) {
        const char *a = one, *b = other;

        while (*a && *b) {
                size_t a_number = number_length(one, a), b_number = number_length(other, b);

                if (!a_number != !b_number || (!a_number && *a != *b))
                        return false;
                a += a_number ? a_number : 1;
                b += b_number ? b_number : 1;
        }
        return *a == *b;
}

static struct logbook_message *look_up(struct logbook *book, const char *text) {
        for (size_t i = 0; i < LOGBOOK_MESSAGES_MAX; i++)
                if (is_same(book->messages[i].text, text))
                        return &book->messages[i];
        return NULL;
}

/* A free place, or that of the message that was printed first. */
static struct logbook_message *place_make(struct logbook *book) {
        struct logbook_message *oldest = &book->messages[0];

        for (size_t i = 0; i < LOGBOOK_MESSAGES_MAX; i++) {
                struct logbook_message *message = &book->messages[i];

                if (!*message->text)
                        return message;
                if (message->told_ns < oldest->told_ns)
                        oldest = message;
        }
        message_settle(book, oldest);
        return oldest;
}

void logbook_add(struct logbook *book, uint64_t now_ns, enum logbook_level level,
                 const char *format, ...) {
        char text[LOGBOOK_MESSAGE_BYTES];
        struct logbook_message *message;
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        if (!*text)
                return;
        /* first: one whose time is over is told anew, behind the count of what was held back */
        logbook_settle(book, now_ns, false);
        message = look_up(book, text);
        if (message) {
                message->held_back++;
                return;
        }
        message = place_make(book);
        message->told_ns = now_ns;
        message->level = level;
        memcpy(message->text, text, sizeof(text));
        lines_print(book, level, text);
}

void logbook_answer(struct logbook *book, enum logbook_level level, const char *format, ...) {
        char text[LOGBOOK_MESSAGE_BYTES];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        lines_print(book, level, text);
}
