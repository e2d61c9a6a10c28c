/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the manual page: the prose here, commands, options, ledger and exit statuses from their
 * tables. */
#include <stdio.h>

#include <xskim/xskim.h>

#include "cli.h"
#include "roff.h"
#include "stream.h"

/* ---- fixed prose ---- */

static const char DESCRIPTION[] =
        "xskim skims metadata off a packet path at line rate and answers two questions at once: "
        "what "
        "happens on this path, at P99, and what looking costs. An XDP program on the port counts "
        "every "
        "packet, and leaves a record of 64 bytes for sampled ones; carrier frames bring the "
        "records to "
        "an AF_XDP socket, where workers turn them into percentiles. Every figure that is "
        "estimated comes "
        "with its error bound, and every packet that was not seen is named in a ledger that has to "
        "balance.";

static const struct {
        const char *word;
        const char *meaning;
} WORDS[] = {
        {"port", "a network interface that xskim watches"},
        {"verdict",
         "what happens to a packet after the sampler saw it: pass (a host's own traffic) or "
         "drop (a TAP or SPAN port)"},
        {"sampler", "the XDP program on the port"},
        {"record",
         "64 bytes of metadata about one sampled packet, with the weight (1/probability) that "
         "it was sampled with"},
        {"staging ring", "where the sampler leaves records, one ring a port and CPU"},
        {"carrier", "an empty frame that a worker injects and that comes back loaded with records"},
        {"worker", "a thread that collects: one io_uring, one carrier port, one AF_XDP socket"},
        {"snapshot", "what is published each interval"},
        {"summary",
         "the last snapshot, taken after the sampler was detached and the rings were emptied"},
};

static const char PERCENTILES[] = "A quantile lies in a bucket, printed as (low, high]; half the "
                                  "bucket's width is the relative "
                                  "error. From samples, a quantile is known with a confidence "
                                  "interval, printed as [low, high]: 95 % of "
                                  "such intervals hold the true value (binomial order statistics). "
                                  "With too few samples it has no upper bound: infinity in text, "
                                  "9223372036854775807 in JSON. "
                                  "min and max are those of the samples, not "
                                  "of the traffic. When records were lost, the rest of that ring "
                                  "and interval is reweighted and the "
                                  "distribution is marked biased.";

static const char TRANSIT[] =
        "With --transit, each packet that carries a stamp leaves a record of it, whether it is "
        "sampled or not. Streams are told apart by the number of their run and their own, 32 at "
        "most. Arrivals are put in order by the sampler's clock across CPUs. Within a window of "
        "65536 sequence numbers a stream's counts are exact, unless unordered, untracked or "
        "unrecorded say otherwise. What was sent after the last packet that arrived is not known "
        "to be lost: compare received + lost with what the sender says.";

static const char EXPECT[] =
        "With --expect, every packet is hashed, whether it is sampled or not, and held against "
        "those "
        "of the capture: an IP packet from its network header to the end that its length names, "
        "any other frame from its EtherType on; without what a path may rightly change (MAC "
        "addresses, VLAN tags, padding, DSCP, ECN, TTL, hop limit, the IPv4 header checksum). "
        "packets = matched + changed + incomparable + missing, and what arrived = matched + "
        "changed "
        "+ incomparable + duplicated + extra, whatever the order of arrival. A packet that the "
        "capture cut short is expected as it is in the capture. What a host sends by itself (ARP, "
        "neighbour discovery) is extra: extra_classes says what it was. Figures of expect need the "
        "capture: xskim read has none.";

static const char LEDGER[] =
        "Each term is counted where it happens. In a summary the following hold to the packet: "
        "seen = sampled + "
        "not_sampled; sampled + stamped + hashed = staged + ring_full + unparsable; staged = "
        "carried + "
        "waiting; "
        "carried = "
        "received + lost_in_socket; received = decoded + malformed. The sum of the absolute "
        "differences "
        "is unaccounted; if it is not 0, the exit status is 1 and the output says where.";

static const char ENVIRONMENT[] =
        "Colour is used on a terminal, where it carries meaning; not when this is "
        "set and not empty.";

static const struct {
        const char *what;
        const char *line;
} EXAMPLES[] = {
        {"Watch a host's own traffic, 1 packet in 64 sampled:", "xskim watch eth0"},
        {"A mirror port for a minute, every packet sampled, as JSON:",
         "xskim watch --verdict drop --sample 1 --duration 60s --json eth1"},
        {"P99 of the way from XDP to the stack, from the summary:",
         "xskim watch --stack --duration 10 --json eth0 | tail -n 1 | jq .latency.stack.p99_ns"},
};

/* ---- sections ---- */

static void put_synopsis(FILE *stream, const struct cli_command *commands, size_t count) {
        roff_section(stream, "SYNOPSIS");
        for (size_t i = 0; i < count; i++) {
                fprintf(stream, "%s.B xskim %s\n", i ? ".br\n" : "", commands[i].name);
                if (cli_option_count(&commands[i]))
                        fputs("[\\fIOPTION\\fR...]\n", stream);
                if (*commands[i].operands)
                        fprintf(stream, ".I %s\n", commands[i].operands);
        }
}

static void put_option(FILE *stream, const struct cli_option *option) {
        char text[1024];

        fputs(".TP\n\\fB\\-\\-", stream);
        roff_text(stream, option->name);
        fputs("\\fR", stream);
        if (option->argument) {
                fputs(" \\fI", stream);
                roff_text(stream, option->argument);
                fputs("\\fR", stream);
        }
        fputc('\n', stream);
        snprintf(text, sizeof(text), "%s.%s%s%s%s%s", option->help,
                 option->allowed ? " Takes " : "", option->allowed ? option->allowed : "",
                 option->fallback ? "; the default is " : "",
                 option->fallback ? option->fallback : "", option->allowed ? "." : "");
        roff_prose(stream, text);
}

static void put_command(FILE *stream, const struct cli_command *command) {
        fprintf(stream, ".SS xskim %s\n", command->name);
        roff_prose(stream, command->description);
        for (const struct cli_term *example = command->examples; example && example->name;
             example++) {
                fputs(".PP\n", stream);
                roff_example(stream, example->text, example->name);
        }
        if (command->terms_title)
                fprintf(stream, ".PP\n%s:\n", command->terms_title);
        for (const struct cli_term *term = command->terms; term && term->name; term++)
                roff_term(stream, term->name, term->text);
        if (command->terms_title && cli_option_count(command))
                fputs(".PP\nOptions:\n", stream);
        for (size_t i = 0; i < cli_option_count(command); i++)
                put_option(stream, &command->options[i]);
}

static void put_words(FILE *stream) {
        roff_section(stream, "WORDS");
        for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
                roff_term(stream, WORDS[i].word, WORDS[i].meaning);
}

static void put_percentiles(FILE *stream) {
        roff_section(stream, "PERCENTILES");
        roff_prose(stream, PERCENTILES);
#define TERM_2(name_, doc_) roff_term(stream, #name_, doc_);
#define TERM_3(name_, unit_, doc_) roff_term(stream, #name_, unit_ ": " doc_);
        XSKIM_LATENCY_ROWS(TERM_2)
        roff_term(stream, "size", "bytes of a packet");
}

static void put_transit(FILE *stream) {
        roff_section(stream, "TRANSIT");
        roff_prose(stream, TRANSIT);
        roff_term(stream, "latency", "ns: arrival at XDP - time in the stamp - --clock-offset");
        XSKIM_STREAM_ROWS(TERM_2)
        XSKIM_TRANSIT_ROWS(TERM_2)
        XSKIM_DELAY_VARIATION_ROWS(TERM_2)
        roff_term(stream, "jitter_ns", "RFC 3550, section 6.4.1; of all streams, the largest");
}

static void put_expect(FILE *stream) {
        roff_section(stream, "EXPECT");
        roff_prose(stream, EXPECT);
        XSKIM_EXPECT_ROWS(TERM_2)
}

static void put_counts(FILE *stream) {
        roff_section(stream, "LEDGER");
        roff_prose(stream, LEDGER);
        XSKIM_LEDGER_ROWS(TERM_3)
        roff_section(stream, "CLASSES");
        XSKIM_CLASS_ROWS(TERM_2)
}

static void put_exit_statuses(FILE *stream) {
        roff_section(stream, "EXIT STATUS");
#define EXIT_TERM(name_, status_, doc_) roff_term(stream, #status_, doc_);
        CLI_EXIT_ROWS(EXIT_TERM)
}

static void put_examples(FILE *stream) {
        roff_section(stream, "EXAMPLES");
        for (size_t i = 0; i < sizeof(EXAMPLES) / sizeof(EXAMPLES[0]); i++) {
                if (i)
                        fputs(".PP\n", stream);
                roff_example(stream, EXAMPLES[i].what, EXAMPLES[i].line);
        }
}

int cli_manual(FILE *stream, const struct cli_command *commands, size_t count) {
        roff_title(stream, "XSKIM", 1, "xskim",
                   "watch network ports at P99, and what looking costs");
        put_synopsis(stream, commands, count);
        roff_section(stream, "DESCRIPTION");
        roff_prose(stream, DESCRIPTION);
        roff_section(stream, "COMMANDS");
        for (size_t i = 0; i < count; i++)
                put_command(stream, &commands[i]);
        put_words(stream);
        put_percentiles(stream);
        put_transit(stream);
        put_expect(stream);
        put_counts(stream);
        put_exit_statuses(stream);
        roff_section(stream, "ENVIRONMENT");
        roff_term(stream, "NO_COLOR", ENVIRONMENT);
        roff_section(stream, "FILES");
        roff_term(stream, "FILE of --record",
                  "describes itself: its header carries the table of fields; each metadata frame "
                  "has a "
                  "checksum, so that a file that was cut reads up to the cut");
        put_examples(stream);
        return stream_flush(stream);
}
