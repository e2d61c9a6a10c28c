/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns reading a record file's description. See recordfile_text.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "recordfile_text.h"
#include "util.h"

enum {
        COLUMNS_MAX = 7,
        NUMBER_DIGITS_MAX = 20,
};

struct word {
        const char *start;
        size_t length;
};

struct line {
        struct word words[COLUMNS_MAX];
        uint32_t count;
};

static bool word_is(const struct word *word, const char *text) {
        return word->length == strlen(text) && !memcmp(word->start, text, word->length);
}

/* Decimal, without sign; says whether it was a number of 64 bits. */
static bool word_number(const struct word *word, uint64_t *ret_number) {
        uint64_t number = 0;

        if (!word->length || word->length > NUMBER_DIGITS_MAX)
                return false;
        for (size_t i = 0; i < word->length; i++) {
                if (word->start[i] < '0' || word->start[i] > '9' ||
                    __builtin_mul_overflow(number, 10, &number) ||
                    __builtin_add_overflow(number, (uint64_t)(word->start[i] - '0'), &number))
                        return false;
        }
        *ret_number = number;
        return true;
}

/* Names go to terminals, CSV and JSON: printable ASCII without what these would have to quote. */
static bool word_name(const struct word *word, char *ret_name, size_t size) {
        if (word->length >= size)
                return false;
        for (size_t i = 0; i < word->length; i++)
                if (word->start[i] <= ' ' || word->start[i] > '~' ||
                    strchr("\"\\,", word->start[i]))
                        return false;
        memcpy(ret_name, word->start, word->length);
        ret_name[word->length] = '\0';
        return true;
}

static struct line line_split(const char *start, size_t length) {
        struct line line = {.count = 1, .words[0].start = start};

        for (size_t i = 0; i < length; i++) {
                if (start[i] != '\t' || line.count == COLUMNS_MAX) {
                        line.words[line.count - 1].length++;
                        continue;
                }
                line.words[line.count++].start = start + i + 1;
        }
        return line;
}

struct parse {
        struct recordfile_facts *facts;
        uint64_t seen; /* bit n: fact number n */
};

enum fact_number {
#define NUMBER(name_, least_, most_, doc_) FACT_##name_,
        RECORDFILE_FACTS(NUMBER)
#undef NUMBER
                FACT_COUNT
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtype-limits"
static bool fact_is_possible(enum fact_number fact, uint64_t value) {
        switch (fact) {
#define CASE(name_, least_, most_, doc_)                                                           \
        case FACT_##name_:                                                                         \
                return value >= (uint64_t)(least_) && value <= (uint64_t)(most_);
                RECORDFILE_FACTS(CASE)
#undef CASE
        default:
                return false;
        }
}
#pragma GCC diagnostic pop

static const struct {
        const char *name;
        size_t offset;
} FACTS[FACT_COUNT] = {
#define FACT(name_, least_, most_, doc_) {#name_, offsetof(struct recordfile_facts, name_)},
        RECORDFILE_FACTS(FACT)
#undef FACT
};

static bool fact_read(struct parse *parse, const struct line *line) {
        uint64_t value;

        if (line->count < 3 || !word_number(&line->words[2], &value))
                return false;
        for (uint32_t i = 0; i < FACT_COUNT; i++) {
                if (!word_is(&line->words[1], FACTS[i].name))
                        continue;
                if (parse->seen >> i & 1 || !fact_is_possible(i, value))
                        return false;
                parse->seen |= 1ULL << i;
                memcpy((char *)parse->facts + FACTS[i].offset, &value, sizeof(value));
        }
        return true;
}

static bool port_read(struct parse *parse, const struct line *line) {
        struct recordfile_facts *facts = parse->facts;
        uint64_t number;

        return line->count >= 3 && word_number(&line->words[1], &number) &&
               number == facts->port_count && facts->port_count < XSKIM_PORTS_MAX &&
               word_name(&line->words[2], facts->ports[facts->port_count++], XSKIM_NAME_MAX);
}

static bool field_fits(const struct recordfile_field *field) {
        uint32_t end = field->bit + field->bits;

        if (!field->bits || end > XSKIM_RECORD_BYTES * 8)
                return false;
        if (field->kind == XSKIM_COLUMN_ADDRESS)
                return field->bits == 128 && field->bit % 8 == 0;
        return field->bit / 64 == (end - 1) / 64;
}

static bool field_read(struct parse *parse, const struct line *line) {
        struct recordfile_field *field = &parse->facts->fields[parse->facts->field_count];
        uint64_t bit, bits;

        if (line->count < 6 || parse->facts->field_count == RECORDFILE_FIELDS_MAX ||
            !word_name(&line->words[1], field->name, sizeof(field->name)) ||
            !word_number(&line->words[2], &bit) || !word_number(&line->words[3], &bits) ||
            !word_name(&line->words[5], field->unit, sizeof(field->unit)) ||
            bit > XSKIM_RECORD_BYTES * 8 || bits > XSKIM_RECORD_BYTES * 8)
                return false;
        field->bit = (uint32_t)bit;
        field->bits = (uint32_t)bits;
        field->kind = word_is(&line->words[4], "address")   ? XSKIM_COLUMN_ADDRESS
                      : word_is(&line->words[5], "gap")     ? XSKIM_COLUMN_DURATION
                      : word_is(&line->words[1], "time_ns") ? XSKIM_COLUMN_TIME
                                                            : XSKIM_COLUMN_NUMBER;
        parse->facts->field_count++;
        return field_fits(field);
}

/* What a line of each kind is read by; other lines are for people, or for later versions. */
static const struct {
        const char *kind;
        bool (*read)(struct parse *parse, const struct line *line);
} KINDS[] = {
        {"fact", fact_read},
        {"port", port_read},
        {"record", field_read},
};

static bool line_read(struct parse *parse, const struct line *line) {
        for (size_t i = 0; i < ARRAY_SIZE(KINDS); i++)
                if (word_is(&line->words[0], KINDS[i].kind))
                        return KINDS[i].read(parse, line);
        return true;
}

static int facts_check(const struct parse *parse) {
        const struct recordfile_facts *facts = parse->facts;

        for (uint32_t i = 0; i < FACT_COUNT; i++)
                if (!(parse->seen >> i & 1))
                        return error_set(-EBADMSG, "its description does not say %s",
                                         FACTS[i].name);
        if (!facts->port_count || facts->port_count * facts->cpus > XSKIM_RINGS_MAX)
                return error_set(-EBADMSG, "its description has %u ports and %" PRIu64 " CPUs",
                                 facts->port_count, facts->cpus);
        return facts->field_count ? 0
                                  : error_set(-EBADMSG, "its description has no field of a record");
}

int recordfile_text_read(const char *text, size_t length, struct recordfile_facts *ret_facts) {
        struct parse parse = {.facts = ret_facts};
        uint32_t number = 0;

        memset(ret_facts, 0, sizeof(*ret_facts));
        while (length) {
                const char *end = memchr(text, '\n', length);
                size_t taken = end ? (size_t)(end - text) : length;
                struct line line = line_split(text, taken);

                number++;
                if (!line_read(&parse, &line))
                        return error_set(-EBADMSG, "line %u of its description is impossible",
                                         number);
                taken += end ? 1 : 0;
                text += taken;
                length -= taken;
        }
        return facts_check(&parse);
}
