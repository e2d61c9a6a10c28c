/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how --help looks. See cli.h. */
#include <string.h>

#include "cli.h"
#include "page.h"
#include "stream.h"

enum {
        COLUMNS = 80,
        TEXT_COLUMN = 24, /* where the texts beside the names start */
        EXAMPLE_COLUMN = 6,
        HELP_BYTES = 16384,
};

static int print(FILE *stream, const struct page *page) {
        fputs(page->bytes, stream);
        return stream_flush(stream);
}

static void put_paragraphs(struct page *page, const char *text) {
        char paragraph[1024];
        size_t length;

        for (; *text; text += length + (text[length] == '\n')) {
                length = strcspn(text, "\n");
                snprintf(paragraph, sizeof(paragraph), "%.*s", (int)length, text);
                page_words(page, 0, paragraph);
                page_end(page);
        }
}

/* "  name      text, wrapped" */
static void put_row(struct page *page, const char *name, const char *text, const char *fallback) {
        page_put(page, "  %s", name);
        if (page->column + 1 > TEXT_COLUMN)
                page_end(page);
        page_fill(page, TEXT_COLUMN);
        page_words(page, TEXT_COLUMN, text);
        if (fallback)
                page_item(page, TEXT_COLUMN, " ", "(default %s)", fallback);
        page_end(page);
}

static void put_option(struct page *page, const struct cli_option *option) {
        char name[64];

        snprintf(name, sizeof(name), "--%s%s%s", option->name, option->argument ? " " : "",
                 option->argument ? option->argument : "");
        put_row(page, name, option->help, option->fallback);
}

static void put_heading(struct page *page, const char *heading) {
        page_end(page);
        page_put(page, "%s:", heading);
        page_end(page);
}

static void put_terms(struct page *page, const struct cli_command *command) {
        if (!command->terms_title)
                return;
        put_heading(page, command->terms_title);
        for (const struct cli_term *term = command->terms; term->name; term++)
                put_row(page, term->name, term->text, NULL);
}

/* The line as it is to be typed, and below it what it does. */
static void put_examples(struct page *page, const struct cli_command *command) {
        if (!command->examples)
                return;
        put_heading(page, "Examples");
        for (const struct cli_term *example = command->examples; example->name; example++) {
                page_put(page, "  %s", example->name);
                page_end(page);
                page_fill(page, EXAMPLE_COLUMN);
                page_words(page, EXAMPLE_COLUMN, example->text);
                page_end(page);
        }
}

int cli_help_command(FILE *stream, const struct cli_command *command) {
        char text[HELP_BYTES];
        struct page page = page_new(text, sizeof(text), COLUMNS, false);

        page_put(&page, "Usage: xskim %s%s %s", command->name,
                 cli_option_count(command) ? " [OPTION...]" : "", command->operands);
        page_end(&page);
        page_end(&page);
        put_paragraphs(&page, command->description);
        put_examples(&page, command);
        put_terms(&page, command);
        if (cli_option_count(command))
                put_heading(&page, "Options");
        for (size_t i = 0; i < cli_option_count(command); i++)
                put_option(&page, &command->options[i]);
        return print(stream, &page);
}

static void put_exit_statuses(struct page *page) {
        page_put(page, "Exit status:");
        page_end(page);
#define EXIT_ROW(name_, status_, doc_) put_row(page, #status_, doc_, NULL);
        CLI_EXIT_ROWS(EXIT_ROW)
}

int cli_help_program(FILE *stream, const struct cli_command *commands, size_t count) {
        char text[HELP_BYTES];
        struct page page = page_new(text, sizeof(text), COLUMNS, false);

        put_paragraphs(&page,
                       "xskim watches network ports: what happens on the packet path, at P99, "
                       "and what looking costs.\n\n"
                       "Usage: xskim COMMAND [OPTION...] ...\n\nCommands:");
        for (size_t i = 0; i < count; i++)
                put_row(&page, commands[i].name, commands[i].summary, NULL);
        put_row(&page, "--help", "this text", NULL);
        put_row(&page, "--version", "the version", NULL);
        page_end(&page);
        put_exit_statuses(&page);
        put_paragraphs(&page, "\nxskim help COMMAND tells more.");
        return print(stream, &page);
}
