/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration of xskim serve: what is printed reads back as the same, defaults and ports, and
 * PyYAML sees the same in it. What is refused: serve_config_faults.c. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xskim/skip.h>

#include "captures.h"
#include "log.h"
#include "serve_config.h"
#include "serve_config_keys.h"
#include "serve_config_manual.h"
#include "util.h"

enum { CONFIGS = 300, LINE_BYTES = 512 };

static struct serve_config one, other;
static __u64 random_state = 83;

static uint64_t below(uint64_t limit) {
        return (xskim_random_next(&random_state) >> 16) % limit;
}

static void parse(const char *text, struct serve_config *config) {
        error_clear();
        cr_assert_eq(serve_config_parse("it", text, strlen(text), config), 0, "%s:\n%s",
                     error_message(), text);
}

static char *print(const struct serve_config *config) {
        char *text = NULL;
        size_t length;
        FILE *stream = open_memstream(&text, &length);

        cr_assert(stream && !serve_config_print(stream, config));
        fclose(stream);
        return text;
}

/* By the members, not as serve_port_same does it. */
static bool is_same_config(const struct xskim_config *l, const struct xskim_config *r) {
        return l->verdict == r->verdict && l->tier == r->tier && l->sample == r->sample &&
               l->seed == r->seed && l->stack == r->stack && l->busy == r->busy &&
               l->generic == r->generic && l->shared == r->shared && l->force == r->force &&
               l->interval_ms == r->interval_ms && l->flush_ms == r->flush_ms &&
               l->ring_slots == r->ring_slots && l->workers == r->workers &&
               l->cpu_count == r->cpu_count &&
               !memcmp(l->cpus, r->cpus, l->cpu_count * sizeof(*l->cpus));
}

static void expect_same(const struct serve_config *left, const struct serve_config *right) {
        cr_expect_eq(left->interval_ms, right->interval_ms);
        cr_expect_eq(left->json, right->json);
        cr_expect_eq(left->metrics_port, right->metrics_port);
        cr_expect_str_eq(left->metrics_address, right->metrics_address);
        cr_assert_eq(left->port_count, right->port_count);
        for (unsigned int i = 0; i < left->port_count; i++) {
                const struct serve_port *l = &left->ports[i], *r = &right->ports[i];

                cr_expect_str_eq(l->name, r->name);
                cr_expect(is_same_config(&l->config, &r->config), "port %u", i);
                cr_expect(serve_port_same(l, r), "port %u", i);
        }
}

/* ---- random configurations ---- */

static uint32_t ms_draw(void) {
        return 10 + (uint32_t)below(below(2) ? 5000 : 86399991);
}

static void cpus_draw(struct xskim_config *config) {
        config->cpu_count = (unsigned int)below(below(4) ? 2 : XSKIM_CPUS_MAX + 1);
        config->cpus[0] = 8191;
        for (unsigned int i = 1; i < config->cpu_count; i++)
                config->cpus[i] = config->cpus[i - 1] - 1 - (int)below(100);
}

static void config_draw(struct xskim_config *config) {
        config->verdict = below(2) ? XSKIM_VERDICT_PASS : XSKIM_VERDICT_DROP;
        config->tier = below(2) ? XSKIM_TIER_COUNTS : XSKIM_TIER_CLASSES;
        config->sample = (uint32_t)below(below(2) ? 3 : 1 << 24);
        config->seed = below(2) ? below(100) : UINT64_MAX - below(2);
        config->stack = config->verdict == XSKIM_VERDICT_PASS && config->sample && below(2);
        config->generic = !config->stack && below(2);
        config->workers = 1 + (uint32_t)below(64);
        config->ring_slots = 96 + 48 * (uint32_t)below(681);
        config->flush_ms = 1 + (uint32_t)below(60000);
        config->busy = below(2);
        config->shared = below(2);
        config->force = below(2);
        cpus_draw(config);
}

/* Names of everything that the kernel takes. */
static void name_draw(unsigned int number, char name[static XSKIM_NAME_MAX]) {
        size_t length = below(XSKIM_NAME_MAX - 3), i;

        for (i = 0; i < length; i++)
                do
                        name[i] = (char)('!' + below('~' - '!' + 1));
                while (name[i] == '/' || name[i] == ':');
        snprintf(name + i, XSKIM_NAME_MAX - i, "%u", number);
}

static void draw(struct serve_config *config) {
        uint32_t interval_ms = ms_draw();

        serve_config_init(config, "eth0");
        config->port_count = 1 + (unsigned int)below(XSKIM_PORTS_MAX);
        config->interval_ms = interval_ms;
        config->json = below(2);
        config->metrics_port = (uint32_t)below(65536);
        snprintf(config->metrics_address, sizeof(config->metrics_address), "%s",
                 !config->metrics_port ? ""
                 : below(2)            ? "127.0.0.1"
                                       : "::1");
        for (unsigned int i = 0; i < config->port_count; i++) {
                struct serve_port *port = &config->ports[i];

                serve_port_copy(port, &config->ports[0]);
                name_draw(i, port->name);
                config_draw(&port->config);
                port->config.interval_ms = interval_ms;
        }
}

/* ---- tests ---- */

Test(serve_config, every_key_has_what_printing_and_reading_need) {
        const struct cli_option *row;
        struct serve_values values = serve_values_new();
        char text[CLI_VALUE_BYTES];

        for (enum serve_section section = 0; section < SERVE_SECTIONS; section++)
                for (size_t i = 0; (row = serve_key(section, i)); i++) {
                        cr_assert(row->show && row->parse && row->help, "%s", row->name);
                        cr_expect(!row->argument || row->allowed, "%s", row->name);
                        cr_expect(row->show(&values, text) || !row->fallback, "%s", row->name);
                }
        cr_expect(serve_key(SERVE_PORT, 0) && serve_key(SERVE_TOP, 0) &&
                  serve_key(SERVE_METRICS, 0));
}

Test(serve_config, the_defaults_are_those_of_xskim_watch) {
        struct serve_port plain = {.name = "eth0"};

        xskim_config_init(&plain.config);
        parse("ports: [{name: eth0}]", &one);
        serve_config_init(&other, "eth0");
        expect_same(&one, &other);
        cr_expect_eq(one.interval_ms, 1000);
        cr_expect_eq(one.json, false);
        cr_expect_str_eq(one.metrics_address, "127.0.0.1");
        cr_expect_eq(one.metrics_port, 9963);
        cr_expect(serve_port_same(&plain, &one.ports[0]));
}

Test(serve_config, values_are_set) {
        const struct xskim_config *c = &one.ports[1].config;

        parse("interval: 200ms\njson: true\nmetrics: {listen: \"[::1]:1\"}\n"
              "ports:\n- {name: a}\n"
              "- {name: b, verdict: drop, tier: counts, sample: 'off', seed: 7, workers: 2, cpu: "
              "3-4,"
              " ring-slots: 96, flush-ms: 5, busy: true, generic: true, shared: true, force: "
              "true}\n",
              &one);
        cr_expect(one.interval_ms == 200 && c->interval_ms == 200 && one.json);
        cr_expect_str_eq(one.metrics_address, "::1");
        cr_expect_eq(one.metrics_port, 1);
        cr_assert_eq(one.port_count, 2);
        cr_expect(c->ports[0] == one.ports[1].name && c->port_count == 1);
        cr_expect_str_eq(c->ports[0], "b");
        cr_expect(c->verdict == XSKIM_VERDICT_DROP && c->tier == XSKIM_TIER_COUNTS);
        cr_expect(c->sample == 0 && c->seed == 7 && c->workers == 2 && c->ring_slots == 96);
        cr_expect(c->cpu_count == 2 && c->cpus[0] == 3 && c->cpus[1] == 4 && c->flush_ms == 5);
        cr_expect(c->busy && c->generic && c->shared && c->force && !c->stack);
        cr_expect_eq(one.ports[0].config.sample, 64);
}

/* Wherever in the file they stand; a flag can be taken back. */
Test(serve_config, a_port_comes_before_the_defaults) {
        parse("ports:\n- {name: a}\n- {name: b, sample: 3, busy: false, cpu: 5}\n"
              "defaults: {sample: 2, busy: true, cpu: '0,1', tier: counts}\n",
              &one);
        cr_expect(one.ports[0].config.sample == 2 && one.ports[0].config.busy);
        cr_expect_eq(one.ports[0].config.cpu_count, 2);
        cr_expect(one.ports[1].config.sample == 3 && !one.ports[1].config.busy);
        cr_expect_eq(one.ports[1].config.cpu_count, 1);
        cr_expect_eq(one.ports[1].config.tier, XSKIM_TIER_COUNTS);
}

Test(serve_config, metrics_can_be_off) {
        parse("metrics: {listen: off}\nports: [{name: eth0}]", &one);
        cr_expect_eq(one.metrics_port, 0);
        cr_expect_str_eq(one.metrics_address, "");
}

Test(serve_config, what_is_printed_reads_back_as_the_same) {
        for (int i = 0; i < CONFIGS; i++) {
                char *text CLEANUP(free_cleanup) = NULL;

                draw(&one);
                text = print(&one);
                parse(text, &other);
                expect_same(&one, &other);
        }
}

Test(serve_config, every_key_is_explained) {
        char *text CLEANUP(free_cleanup) = NULL;
        const struct cli_option *row;
        char line[LINE_BYTES], words[SERVE_KEY_TEXT_BYTES];

        serve_config_init(&one, "eth0");
        text = print(&one);
        for (enum serve_section section = 0; section < SERVE_SECTIONS; section++)
                for (size_t i = 0; (row = serve_key(section, i)); i++) {
                        serve_key_describe(row, words);
                        snprintf(line, sizeof(line), "# %.20s", words);
                        cr_expect(strstr(text, line), "%s: %s", row->name, line);
                        snprintf(line, sizeof(line), "%s: %s\n", row->name,
                                 row->argument   ? row->fallback ? row->fallback : row->argument
                                 : row->fallback ? row->fallback
                                                 : "false");
                        cr_expect(strstr(text, line), "%s", line);
                }
        cr_expect_not(strstr(text, "--"), "options have dashes, keys have none");
}

static bool python_runs(const char *program) {
        char command[LINE_BYTES];

        snprintf(command, sizeof(command), "python3 -c '%s' 2>/dev/null", program);
        return system(command) == 0;
}

/* Another reader finds the ports and their values, too. */
Test(serve_config, pyyaml_reads_the_same) {
        static const char judge[] =
                "import sys, yaml; c = yaml.safe_load(sys.stdin); p = c[\"ports\"];"
                "print(c[\"interval\"], c[\"metrics\"][\"listen\"], c[\"json\"], len(p));"
                "[print(q[\"name\"], q[\"sample\"], q[\"verdict\"], q[\"seed\"], q[\"ring-slots\"],"
                " q[\"busy\"]) for q in p]";
        char directory[] = "/tmp/xskim-config-XXXXXX", command[1024], line[LINE_BYTES];
        FILE *answer;

        if (!python_runs("import yaml"))
                test_skip("python3 has no yaml (Debian: python3-yaml)");
        cr_assert(mkdtemp(directory));
        draw(&one);
        for (unsigned int i = 0; i < one.port_count; i++)
                one.ports[i].config.sample += !one.ports[i].config.sample; /* off is false there */
        one.metrics_port = 9963;
        snprintf(one.metrics_address, sizeof(one.metrics_address), "::1");
        one.interval_ms = 1500;
        snprintf(command, sizeof(command), "%s/it.yaml", directory);
        {
                char *text CLEANUP(free_cleanup) = print(&one);
                FILE *file CLEANUP(file_cleanup) = fopen(command, "we");

                cr_assert(file && fputs(text, file) >= 0);
        }
        snprintf(command, sizeof(command), "python3 -c '%s' <%s/it.yaml; rm -r %s", judge,
                 directory, directory);
        answer = popen(command, "re");
        cr_assert(answer && fgets(line, sizeof(line), answer));
        cr_expect(!strncmp(line, "1500ms [::1]:9963 ", 18), "%s", line);
        for (unsigned int i = 0; i < one.port_count; i++) {
                const struct serve_port *port = &one.ports[i];
                char expected[LINE_BYTES];

                snprintf(expected, sizeof(expected), "%s %u %s %lu %u %s\n", port->name,
                         port->config.sample,
                         port->config.verdict == XSKIM_VERDICT_DROP ? "drop" : "pass",
                         port->config.seed, port->config.ring_slots,
                         port->config.busy ? "True" : "False");
                cr_assert(fgets(line, sizeof(line), answer));
                cr_expect_str_eq(line, expected);
        }
        cr_expect_eq(pclose(answer), 0);
}

Test(serve_config, the_example_of_the_manual_page_is_accepted) {
        char *page CLEANUP(free_cleanup) = NULL;
        const struct cli_option *row;
        size_t length;
        FILE *stream;

        parse(SERVE_CONFIG_EXAMPLE, &one);
        cr_expect_eq(one.port_count, 2);
        stream = open_memstream(&page, &length);
        cr_assert(stream && !serve_config_manual(stream));
        fclose(stream);
        for (enum serve_section section = 0; section < SERVE_SECTIONS; section++)
                for (size_t i = 0; (row = serve_key(section, i)); i++) {
                        char term[LINE_BYTES] = ".B ";

                        for (const char *c = row->name; *c; c++)
                                snprintf(term + strlen(term), sizeof(term) - strlen(term), "%s%c",
                                         *c == '-' ? "\\" : "", *c);
                        cr_expect(strstr(page, term), "%s", term);
                }
}

Test(serve_config, ports_that_differ_are_not_the_same) {
        static const char *const differing[] = {
                "verdict: drop", "tier: counts",   "sample: 65",  "seed: 1",       "stack: true",
                "workers: 2",    "cpu: 0",         "busy: true",  "generic: true", "shared: true",
                "force: true",   "ring-slots: 96", "flush-ms: 21"};
        char text[LINE_BYTES];
        size_t count = 0;

        while (serve_key(SERVE_PORT, count))
                count++;
        cr_assert_eq(count, ARRAY_SIZE(differing), "a key of a port is not tried here");
        parse("ports: [{name: eth0}]", &one);
        for (size_t i = 0; i < ARRAY_SIZE(differing); i++) {
                snprintf(text, sizeof(text), "ports: [{name: eth0, %s}]", differing[i]);
                parse(text, &other);
                cr_expect_not(serve_port_same(&one.ports[0], &other.ports[0]), "%s", differing[i]);
                cr_expect(serve_port_same(&other.ports[0], &other.ports[0]));
        }
        parse("ports: [{name: eth1}]", &other);
        cr_expect_not(serve_port_same(&one.ports[0], &other.ports[0]));
        parse("interval: 2s\nports: [{name: eth0}]", &other);
        cr_expect_not(serve_port_same(&one.ports[0], &other.ports[0]));
        parse("json: true\nports: [{name: eth0}]", &other);
        cr_expect(serve_port_same(&one.ports[0], &other.ports[0]));
}

Test(serve_config, a_copy_is_the_same_and_names_itself) {
        static struct serve_port copy;

        parse("ports: [{name: eth0, sample: 3}]", &one);
        serve_port_copy(&copy, &one.ports[0]);
        cr_expect(serve_port_same(&copy, &one.ports[0]));
        cr_expect(copy.config.ports[0] == copy.name);
}
