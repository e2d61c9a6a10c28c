/* SPDX-License-Identifier: BSD-2-Clause */
/* xskim doctor: prints what xskim_examine found, as a table or as JSON, and says what it means. */
#include <stdio.h>
#include <string.h>

#include <xskim/xskim.h>

#include "cli.h"
#include "commands.h"
#include "json.h"
#include "log.h"
#include "page.h"
#include "stream.h"
#include "terminal.h"
#include "util.h"

enum {
        DOCTOR_COLUMNS = 80,
        DOCTOR_NAME_COLUMN = 9, /* behind the longest status */
        DOCTOR_TEXT_COLUMN = 24,
        DOCTOR_PAGE_BYTES = XSKIM_CHECKS_MAX * 5 * (DOCTOR_COLUMNS + 16),
};

struct doctor_options {
        bool clean;
        bool json;
};

static int parse_json(void *target, const char *value) {
        struct doctor_options *options = target;

        (void)value;
        options->json = true;
        return 0;
}

static int parse_clean(void *target, const char *value) {
        struct doctor_options *options = target;

        (void)value;
        options->clean = true;
        return 0;
}

const struct cli_option DOCTOR_OPTIONS[] = {
        {"clean", NULL, NULL,
         "removes what killed 'watch --shared' left in libxdp's dispatcher, and says what", NULL,
         parse_clean},
        {"json", NULL, NULL, "prints one JSON object on one line", NULL, parse_json},
        {NULL},
};

static enum page_style style_of(enum xskim_check_status status) {
        switch (status) {
        case XSKIM_CHECK_OK:
        case XSKIM_CHECK_UNKNOWN:
                return PAGE_PLAIN;
        case XSKIM_CHECK_WARN:
                return PAGE_WARNING;
        default:
                return PAGE_ALARM;
        }
}

static void check_print(struct page *page, const struct xskim_check *check) {
        page_style(page, style_of(check->status));
        page_cell_left(page, DOCTOR_NAME_COLUMN, xskim_check_word(check->status));
        page_style(page, PAGE_PLAIN);
        page_put(page, "%s", check->name);
        page_fill(page, DOCTOR_TEXT_COLUMN);
        page_words(page, DOCTOR_TEXT_COLUMN, check->found);
        page_end(page);
        if (!check->todo[0])
                return;
        page_fill(page, DOCTOR_TEXT_COLUMN);
        page_put(page, "->");
        page_words(page, DOCTOR_TEXT_COLUMN + 3, check->todo);
        page_end(page);
}

static const char *conclusion(enum xskim_check_status worst) {
        switch (worst) {
        case XSKIM_CHECK_OK:
                return "Everything is as it should be.";
        case XSKIM_CHECK_UNKNOWN:
        case XSKIM_CHECK_WARN:
                return "xskim runs here; look at the lines above that are not ok.";
        case XSKIM_CHECK_DENIED:
                return "xskim does not run without these privileges.";
        default:
                return "xskim does not run here: look at the lines that say fail.";
        }
}

static void text_print(const struct xskim_examination *found, const char *port) {
        static char bytes[DOCTOR_PAGE_BYTES];
        bool colour = terminal_has_colour(stdout);
        struct page page = page_new(bytes, sizeof(bytes), DOCTOR_COLUMNS, colour);
        bool of_port = false;

        page_put(&page, "machine");
        page_end(&page);
        for (unsigned int i = 0; i < found->count; i++) {
                if (found->checks[i].of_port && !of_port) {
                        page_end(&page);
                        page_put(&page, "port %s", port);
                        page_end(&page);
                }
                of_port = found->checks[i].of_port;
                check_print(&page, &found->checks[i]);
        }
        page_end(&page);
        page_put(&page, "%s", conclusion(found->worst));
        page_end(&page);
        fputs(bytes, stdout);
}

static int report_print(const struct xskim_examination *found, const char *port, bool json) {
        char *line CLEANUP(free_cleanup) = NULL;
        int r = 0;

        if (!json)
                text_print(found, port);
        else
                r = json_examination(port, found, &line);
        if (line)
                puts(line);
        return r < 0 ? r : stream_flush(stdout);
}

static enum cli_exit status_of(enum xskim_check_status worst) {
        switch (worst) {
        case XSKIM_CHECK_DENIED:
                return CLI_EXIT_PRIVILEGE;
        case XSKIM_CHECK_FAIL:
                return CLI_EXIT_FEATURE;
        default:
                return CLI_EXIT_DONE;
        }
}

/* The message of the command's own files, or else the library's. */
static int complain(int status) {
        cli_complain(*error_message() ? error_message() : xskim_error_message());
        return status;
}

int command_doctor(int argc, char **argv) {
        struct doctor_options options = {0};
        struct xskim_examination found;
        const char *port;
        const struct cli_command *self = command_find("doctor");
        int first, r = cli_parse(self, argc, argv, &options, &first);

        if (r == CLI_HELP)
                return cli_help_command(stdout, self) < 0 ? CLI_EXIT_FAILED : CLI_EXIT_DONE;
        if (r < 0)
                return complain(CLI_EXIT_USAGE);
        port = first < argc ? argv[first] : NULL;
        r = xskim_examine(port, options.clean, &found);
        r = r < 0 ? r : report_print(&found, port, options.json);
        if (r < 0)
                return complain(CLI_EXIT_FAILED);
        return status_of(found.worst);
}
