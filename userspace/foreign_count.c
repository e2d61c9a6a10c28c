/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads counts of packets out of sentences. See foreign_count.h. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "foreign_count.h"
#include "util.h"

#define WORD "packet" /* or "packets" */

/* Digits from here on; false: none, or more than fit. Grouping as in 1,234 is followed. */
static bool number_at(const char *text, uint64_t *ret_number) {
        uint64_t number = 0;

        if (!isdigit((unsigned char)*text))
                return false;
        for (; isdigit((unsigned char)*text) || (*text == ',' && isdigit((unsigned char)text[1]));
             text++) {
                if (*text == ',')
                        continue;
                if (number > (UINT64_MAX - 9) / 10)
                        return false;
                number = number * 10 + (uint64_t)(*text - '0');
        }
        *ret_number = number;
        return true;
}

/* "123 " in front of this place, which is not before the start of the line. */
static bool number_before(const char *start, const char *at, uint64_t *ret_number) {
        const char *first;

        while (at > start && (at[-1] == ' ' || at[-1] == '\t'))
                at--;
        first = at;
        while (first > start && (isdigit((unsigned char)first[-1]) || first[-1] == ','))
                first--;
        while (first < at && *first == ',')
                first++;
        return first < at && number_at(first, ret_number);
}

/* ": 123", "=123", " 123" behind this place. */
static bool number_after(const char *at, uint64_t *ret_number) {
        at += strspn(at, " \t:=.");
        return number_at(at, ret_number);
}

static bool word_begins(const char *text, const char *word) {
        return !strncasecmp(text, word, strlen(word));
}

/* Numbers of one occurrence of the word. */
struct occurrence {
        bool captured;
        bool received;
        bool dropped;
        bool known;
        uint64_t number;
        uint64_t second; /* of "received/dropped": the one behind the slash */
};

static const char *behind_word(const char *at) {
        at += strlen(WORD);
        return *at == 's' || *at == 'S' ? at + 1 : at;
}

static bool is_inside_a_word(const char *start, const char *at) {
        return (at > start && isalpha((unsigned char)at[-1])) ||
               isalpha((unsigned char)*behind_word(at));
}

/* dumpcap: "Packets received/dropped on interface 'veth0': 123/4 (…)". */
static void ratio_read(const char *behind, struct occurrence *o) {
        const char *end = behind + strcspn(behind, "\n"), *colon = strchr(behind, ':');
        const char *slash = colon ? strchr(colon, '/') : NULL;

        o->dropped =
                colon && colon < end && slash && slash < end && number_at(slash + 1, &o->second);
}

static struct occurrence occurrence_read(const char *start, const char *at) {
        const char *behind = behind_word(at), *words = behind + strspn(behind, " \t");
        struct occurrence o = {.known = number_before(start, at, &o.number)};

        if (word_begins(words, "received/dropped")) {
                ratio_read(words, &o);
                o.known = false;
        } else if (word_begins(words, "captured")) {
                o.captured = o.known || number_after(words + strlen("captured"), &o.number);
                o.known = o.captured;
        } else if (word_begins(words, "dropped")) {
                o.dropped = o.known;
                o.second = o.number;
                o.known = false;
        } else if (word_begins(words, "received by filter")) {
                o.received = o.known;
        } else if (!o.known) {
                o.known = number_after(behind, &o.number);
        }
        return o;
}

struct foreign_count foreign_count_read(const char *text) {
        struct foreign_count count = {0};
        uint64_t received = 0;
        bool captured = false;

        for (const char *at = text; (at = strcasestr(at, WORD)); at += strlen(WORD)) {
                struct occurrence o;

                if (is_inside_a_word(text, at))
                        continue;
                o = occurrence_read(text, at);
                if (o.dropped)
                        count.dropped += o.second;
                if (o.received)
                        received = MAX(received, o.number);
                if (!o.known || o.received || (captured && !o.captured))
                        continue;
                count.seen = o.captured && !captured ? o.number : MAX(count.seen, o.number);
                captured |= o.captured;
                count.known = true;
        }
        /* the dropped ones are among the received ones */
        if (captured && received > count.dropped)
                count.seen = MAX(count.seen, received - count.dropped);
        return count;
}
