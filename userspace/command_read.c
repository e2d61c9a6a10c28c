/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskim read: options, and where the records and summaries that the library reads are printed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xskim/xskim.h>

#include "commands.h"
#include "log.h"
#include "record_print.h"
#include "sink_json.h"
#include "sink_terminal.h"
#include "stream.h"

struct read_options {
        bool json;
        bool csv;
        bool summary;
        bool records;
};

#define PARSE_FLAG(name_)                                                                          \
        static int parse_##name_(void *target, const char *value) {                                \
                struct read_options *options = target;                                             \
                                                                                                   \
                (void)value;                                                                       \
                options->name_ = true;                                                             \
                return 0;                                                                          \
        }
PARSE_FLAG(json)
PARSE_FLAG(csv)
PARSE_FLAG(summary)
PARSE_FLAG(records)
#undef PARSE_FLAG

const struct cli_option READ_OPTIONS[] = {
        {"json", NULL, NULL,
         "prints JSON, one object a line: \"type\": \"record\", then a \"summary\" for each port",
         NULL, parse_json},
        {"csv", NULL, NULL, "prints the records as CSV with a header row, and no summary", NULL,
         parse_csv},
        {"summary", NULL, NULL, "prints the summaries only", NULL, parse_summary},
        {"records", NULL, NULL, "prints the records only", NULL, parse_records},
        {NULL},
};

/* One run of the command. */
struct reading {
        struct read_options options;
        struct xskim_reader *reader;
        struct xskim_sink sink;
};

static enum record_format format_of(const struct read_options *options) {
        return options->json ? RECORD_JSON : options->csv ? RECORD_CSV : RECORD_TEXT;
}

static int records_print(struct reading *reading) {
        enum record_format format = format_of(&reading->options);
        const struct xskim_column *columns;
        const union xskim_value *values;
        unsigned int count;
        int r = XSKIM_CONTINUE;

        if (!reading->options.records)
                return 0;
        columns = xskim_reader_columns(reading->reader, &count);
        record_print_head(stdout, format, columns, count);
        while (!ferror(stdout) &&
               (r = xskim_reader_next(reading->reader, &values)) == XSKIM_CONTINUE)
                record_print(stdout, format, columns, count, values);
        return r < 0 ? r : stream_flush(stdout);
}

static int sink_open(struct reading *reading) {
        return reading->options.json ? sink_json_open(stdout, &reading->sink)
                                     : sink_terminal_open(stdout, &reading->sink);
}

static void sink_close(struct reading *reading) {
        if (!reading->sink.summary)
                return;
        if (reading->options.json)
                sink_json_close(&reading->sink);
        else
                sink_terminal_close(&reading->sink);
}

static int summaries_print(struct reading *reading) {
        unsigned int ports = xskim_reader_ports(reading->reader);
        struct xskim_snapshot summary;
        int r;

        if (!reading->options.summary)
                return 0;
        r = sink_open(reading);
        for (unsigned int port = 0; port < ports && !r; port++) {
                r = xskim_reader_summary(reading->reader, port, &summary);
                r = r ? r : reading->sink.summary(reading->sink.context, &summary);
        }
        return r;
}

static int options_check(struct read_options *options) {
        if (options->csv && (options->json || options->summary))
                return error_set(-EINVAL, "--csv: records only, so neither --json nor --summary");
        if (!options->summary && !options->records)
                options->summary = options->records = true;
        if (options->csv)
                options->summary = false;
        return 0;
}

/* What is wrong with the file is said after everything readable has been printed. */
static int read_file(struct reading *reading, const char *name) {
        int r = xskim_reader_open(strcmp(name, "-") ? name : NULL, &reading->reader);

        r = r ? r : records_print(reading);
        r = r ? r : summaries_print(reading);
        r = r ? r : xskim_reader_judge(reading->reader);
        sink_close(reading);
        return r;
}

int command_read(int argc, char **argv) {
        struct reading reading = {.reader = NULL};
        const struct cli_command *command = command_find(argv[0]);
        int first, r = cli_parse(command, argc, argv, &reading.options, &first);

        if (r == CLI_HELP)
                return cli_help_command(stdout, command) ? CLI_EXIT_FAILED : CLI_EXIT_DONE;
        r = r < 0 ? r : options_check(&reading.options);
        if (r < 0) {
                cli_complain(error_message());
                return CLI_EXIT_USAGE;
        }
        r = read_file(&reading, argv[first]);
        /* who reads the output has seen enough */
        if (r && r != -EPIPE)
                cli_complain(*error_message() ? error_message() : xskim_error_message());
        xskim_reader_close(reading.reader);
        return !r || r == -EPIPE ? CLI_EXIT_DONE : CLI_EXIT_FAILED;
}
