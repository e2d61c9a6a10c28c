/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xskim read: prints the records of a file and the summary of the run, recomputed from them with
 * the code of the live run. Streams: what it keeps does not grow with the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "log.h"
#include "record_print.h"
#include "recordfile.h"
#include "replay.h"
#include "sink_json.h"
#include "sink_terminal.h"
#include "stream.h"
#include "util.h"

enum { MESSAGE_BYTES = 2048 };

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

/* A file being read through a window. */
struct input {
        const char *name;
        int fd;
        bool ended;
        size_t at; /* of what is not read yet; a multiple of 64 */
        size_t have;
        char window[4 * RECORDFILE_WINDOW] __attribute__((aligned(64)));
};

/* One run of the command. */
struct reading {
        struct read_options options;
        struct input input;
        struct recordfile file;
        struct replay *replay;
        struct xskim_sink sink;
        bool unbalanced;
};

static int input_open(struct input *input, const char *name) {
        bool standard = !strcmp(name, "-");

        input->name = standard ? "standard input" : name;
        input->fd = standard ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC);
        if (input->fd < 0)
                return error_set(-errno, "%s: cannot be read: %s", input->name, strerror(errno));
        return 0;
}

/* Fills the window, unless the file ends before. */
static int input_fill(struct input *input) {
        ssize_t count;

        if (input->have - input->at >= RECORDFILE_WINDOW || input->ended)
                return 0;
        memmove(input->window, input->window + input->at, input->have - input->at);
        input->have -= input->at;
        input->at = 0;
        while (!input->ended && input->have < sizeof(input->window)) {
                count = read(input->fd, input->window + input->have,
                             sizeof(input->window) - input->have);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count < 0)
                        return error_set(-errno, "%s: cannot be read: %s", input->name,
                                         strerror(errno));
                input->ended = !count;
                input->have += (size_t)count;
        }
        return 0;
}

static enum record_format format_of(const struct read_options *options) {
        return options->json ? RECORD_JSON : options->csv ? RECORD_CSV : RECORD_TEXT;
}

static int file_open(struct reading *reading) {
        struct input *input = &reading->input;
        char why[MESSAGE_BYTES];
        int r = input_fill(input);

        if (r < 0)
                return r;
        r = recordfile_open(&reading->file, input->window, input->have);
        if (r < 0) {
                snprintf(why, sizeof(why), "%s", error_message());
                error_clear();
                return error_set(r, "%s: cannot be read as a record file: %s.", input->name, why);
        }
        input->at = (size_t)r;
        return replay_open(&reading->file.facts, &reading->replay);
}

static int window_read(struct reading *reading) {
        struct input *input = &reading->input;
        struct recordfile_item item;
        int r = 0;

        while (!r && input->have > input->at &&
               (input->ended || input->have - input->at >= RECORDFILE_WINDOW)) {
                input->at += recordfile_next(&reading->file, input->window + input->at,
                                             input->have - input->at, &item);
                if (reading->options.records && item.type == RECORDFILE_FRAME)
                        record_print_frame(stdout, format_of(&reading->options),
                                           &reading->file.facts, item.frame);
                if (reading->options.summary)
                        r = replay_item(reading->replay, &item);
        }
        return r ? r : stream_flush(stdout);
}

static int records_read(struct reading *reading) {
        struct input *input = &reading->input;
        int r = 0;

        if (reading->options.records)
                record_print_head(stdout, format_of(&reading->options), &reading->file.facts);
        while (!r && (!input->ended || input->at < input->have)) {
                r = input_fill(input);
                r = r ? r : window_read(reading);
        }
        return r;
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
        struct xskim_snapshot snapshot;
        int r;

        if (!reading->options.summary)
                return 0;
        r = replay_end(reading->replay);
        r = r ? r : sink_open(reading);
        for (uint32_t port = 0; port < reading->file.facts.port_count && !r; port++) {
                replay_snapshot(reading->replay, port, &snapshot);
                reading->unbalanced |= snapshot.ledger.unaccounted > 0;
                r = reading->sink.summary(reading->sink.context, &snapshot);
        }
        return r;
}

/* What is wrong with the file, after everything readable has been printed. */
static int file_judge(const struct reading *reading) {
        const struct recordfile *file = &reading->file;
        const char *name = reading->input.name;
        uint64_t absent = 0;

        for (uint32_t port = 0; reading->options.summary && port < file->facts.port_count; port++)
                absent += replay_absent(reading->replay, port);
        if (recordfile_is_damaged(file))
                return error_set(-EBADMSG,
                                 "%s: damaged places: %" PRIu64 ", %" PRIu64
                                 " bytes skipped, %" PRIu64
                                 " records absent; the checksums of the rest hold.\n"
                                 "Copy it again if there is another.",
                                 name, file->damages + (file->in_damage > 0),
                                 file->damaged_bytes + file->in_damage, absent);
        if (recordfile_is_cut(file))
                return error_set(
                        -EBADMSG,
                        "%s: cut after %" PRIu64 " bytes: the last accounts are missing%s.\n"
                        "Either the run did not end by itself or the copy is incomplete; "
                        "what is there was read.",
                        name, file->offset, file->in_damage ? ", and its last piece is torn" : "");
        if (absent)
                return error_set(-EBADMSG,
                                 "%s: %" PRIu64
                                 " records that the run says it wrote are not there.",
                                 name, absent);
        return reading->unbalanced ? error_set(-EBADMSG, "%s: the ledger does not balance.", name)
                                   : 0;
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

static int read_file(struct reading *reading, const char *name) {
        int r;

        reading->input.fd = -1;
        r = input_open(&reading->input, name);

        r = r ? r : file_open(reading);
        r = r ? r : records_read(reading);
        r = r ? r : summaries_print(reading);
        r = r ? r : file_judge(reading);
        sink_close(reading);
        reading->replay = replay_close(reading->replay);
        fd_cleanup(&reading->input.fd);
        return r;
}

int command_read(int argc, char **argv) {
        struct reading *reading CLEANUP(free_cleanup) = calloc(1, sizeof(*reading));
        const struct cli_command *command = command_find(argv[0]);
        int first, r;

        if (!reading)
                return CLI_EXIT_FAILED;
        r = cli_parse(command, argc, argv, &reading->options, &first);
        if (r == CLI_HELP)
                return cli_help_command(stdout, command) ? CLI_EXIT_FAILED : CLI_EXIT_DONE;
        r = r < 0 ? r : options_check(&reading->options);
        if (r < 0) {
                cli_complain(error_message());
                return CLI_EXIT_USAGE;
        }
        r = read_file(reading, argv[first]);
        /* who reads the output has seen enough */
        if (!r || r == -EPIPE)
                return CLI_EXIT_DONE;
        cli_complain(error_message());
        return CLI_EXIT_FAILED;
}
