/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the reading of media ranges. See accept.h. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "accept.h"

/* "type/subtype;version=1.0.0;q=0.5": what of it counts. */
struct range {
        char type[64]; /* as written; one that does not fit is none of ours */
        char version[16];
        unsigned int quality;
};

/* Copies text without the blanks around it; what does not fit comes out empty. */
static void copy_trimmed(const char *text, size_t length, char *to, size_t bytes) {
        while (length && isblank((unsigned char)*text)) {
                text++;
                length--;
        }
        while (length && isblank((unsigned char)text[length - 1]))
                length--;
        snprintf(to, bytes, "%.*s", (int)(length < bytes ? length : 0), text);
}

/* A weight: 0 or 1, with up to three decimals; anything else is no wish at all. */
static unsigned int quality_read(const char *text) {
        unsigned int quality, place = 100;

        if (*text != '0' && *text != '1')
                return 0;
        quality = *text == '1' ? ACCEPT_QUALITY_MAX : 0;
        if (*++text == '.')
                text++;
        for (; isdigit((unsigned char)*text) && place; text++, place /= 10)
                quality += (unsigned int)(*text - '0') * place;
        return *text || quality > ACCEPT_QUALITY_MAX ? 0 : quality;
}

static void parameter_read(const char *text, size_t length, struct range *range) {
        const char *equals = memchr(text, '=', length);
        char name[16], value[16];

        if (!equals)
                return;
        copy_trimmed(text, (size_t)(equals - text), name, sizeof(name));
        copy_trimmed(equals + 1, length - (size_t)(equals + 1 - text), value, sizeof(value));
        if (!strcasecmp(name, "q"))
                range->quality = quality_read(value);
        else if (!strcasecmp(name, "version"))
                snprintf(range->version, sizeof(range->version), "%s", value);
}

/* The range at the beginning of the text; gives what follows its comma, or its end. */
static const char *range_read(const char *text, struct range *ret_range) {
        size_t length = strcspn(text, ";,");

        *ret_range = (struct range){.quality = ACCEPT_QUALITY_MAX};
        copy_trimmed(text, length, ret_range->type, sizeof(ret_range->type));
        for (text += length; *text == ';'; text += length) {
                text++;
                length = strcspn(text, ";,");
                parameter_read(text, length, ret_range);
        }
        return text + (*text == ',');
}

/* How exactly the range names the type; 0: it does not. */
static unsigned int specificity(const struct range *range, const struct range *type) {
        size_t major = strcspn(type->type, "/");

        if (*range->version && strcmp(range->version, type->version))
                return 0;
        if (!strcasecmp(range->type, type->type))
                return *range->version ? 4 : 3;
        if (!strncasecmp(range->type, type->type, major) && !strcmp(range->type + major, "/*"))
                return 2;
        return !strcmp(range->type, "*/*");
}

unsigned int accept_quality(const char *accept, const char *type) {
        unsigned int best = 0, quality = 0, now;
        struct range wanted, range;

        if (!accept || !*accept)
                return ACCEPT_QUALITY_MAX;
        range_read(type, &wanted);
        while (*accept) {
                accept = range_read(accept, &range);
                now = specificity(&range, &wanted);
                if (now > best || (now == best && now && range.quality > quality))
                        quality = range.quality;
                best = now > best ? now : best;
        }
        return quality;
}
