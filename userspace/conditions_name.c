/* SPDX-License-Identifier: BSD-2-Clause */
/* What conditions are called. See conditions.h. */
#include <stdio.h>
#include <string.h>

#include "conditions_private.h"
#include "util.h"

static void tier_set(struct condition *condition) {
        const struct xskim_bench_condition *asked = condition->asked;
        int tier = asked->tiered ? asked->tier : condition->all->config.tier;

        if (asked->kind == XSKIM_BENCH_KIND_counts)
                tier = XSKIM_TIER_COUNTS;
        if (asked->kind == XSKIM_BENCH_KIND_classes)
                tier = XSKIM_TIER_CLASSES;
        condition->tier = (enum xskim_tier)tier;
}

const char *condition_tier_name(const struct condition *condition) {
        if (!condition->tiered)
                return "";
        return condition->tier == XSKIM_TIER_COUNTS ? "counts" : "classes";
}

/* The first word of a command, without its directory. */
static void command_name(const char *command, char *name, size_t bytes) {
        size_t length;

        command += strspn(command, " \t");
        if (!strncmp(command, "exec ", 5))
                command += 5 + strspn(command + 5, " \t");
        length = strcspn(command, " \t");
        for (size_t i = 0; i < length; i++)
                if (command[i] == '/' && i + 1 < length) {
                        command += i + 1;
                        length -= i + 1;
                        i = (size_t)-1;
                }
        snprintf(name, bytes, "%.*s", (int)MIN(length, bytes - 1), command);
}

static unsigned int name_count(const struct conditions *c, const char *name) {
        unsigned int count = 0;

        for (unsigned int i = 0; i < c->count; i++)
                count += !strcmp(c->conditions[i].name, name);
        return count;
}

void condition_name_make(struct condition *condition, bool has_tier) {
#define KIND_NAME(kind_, number_, doc_) #kind_,
        static const char *const kinds[] = {XSKIM_BENCH_KIND_ROWS(KIND_NAME)};
#undef KIND_NAME
#define KIND_NUMBER(kind_, number_, doc_) number_,
        static const bool numbered[] = {XSKIM_BENCH_KIND_ROWS(KIND_NUMBER)};
#undef KIND_NUMBER
        const struct xskim_bench_condition *asked = condition->asked;
        const struct conditions *c = condition->all;
        char name[XSKIM_BENCH_NAME_BYTES - 16], full[XSKIM_BENCH_NAME_BYTES];

        tier_set(condition);
        condition->tiered = has_tier;
        if (asked->kind == XSKIM_BENCH_KIND_command)
                command_name(asked->command, name, sizeof(name));
        else if (numbered[asked->kind])
                snprintf(name, sizeof(name), "%s=%u%s%s", kinds[asked->kind], asked->number,
                         asked->tiered ? ":" : "",
                         asked->tiered ? condition_tier_name(condition) : "");
        else
                snprintf(name, sizeof(name), "%s%s%s", kinds[asked->kind], asked->tiered ? ":" : "",
                         asked->tiered ? condition_tier_name(condition) : "");
        snprintf(full, sizeof(full), "%s", name);
        if (asked->kind != XSKIM_BENCH_KIND_command && name_count(c, full))
                snprintf(full, sizeof(full), "%s again", name);
        for (unsigned int copy = 2; name_count(c, full); copy++)
                snprintf(full, sizeof(full), "%s %u", name, copy);
        memcpy(condition->name, full, sizeof(full));
}
