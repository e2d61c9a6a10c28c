/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ships for Prometheus, on a real one: its rules and the dashboard's expressions, while it
 * scrapes a real xskim serve on real ports with real packets; and by its own tool. What it answers
 * is judged by prometheus.py.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "lab.h"
#include "serving.h"

#if !defined XSKIM_PROMETHEUS_JUDGE || !defined XSKIM_SCRIPTS
#error "where prometheus.py and scripts are"
#endif

#define LISTEN "127.0.0.1:9090"
#define URL "http://" LISTEN
#define SERVICE "http://" SERVING_LISTEN
#define RULES XSKIM_SCRIPTS "/xskim.rules.yml"
#define RULES_TEST XSKIM_SCRIPTS "/xskim.rules.test.yml"
#define DASHBOARD XSKIM_SCRIPTS "/xskim.dashboard.json"

/* Every packet has a gap and a delivery on the one, and a time in the stack on the other. */
#define TWO_PORTS                                                                                  \
        SERVING_HEAD "json: true\nports:\n"                                                        \
                     "  - name: " LAB_PORT "\n    verdict: drop\n    sample: 1\n"                  \
                     "  - name: " SERVING_OTHER_PORT "\n    verdict: pass\n    sample: 1\n"        \
                     "    stack: true\n"

enum {
        BURST = 1000, /* a staging ring has room for it */
        FLOOD = 20000,
};

static char directory[] = "/tmp/xskim-prometheus-XXXXXX";
static pid_t prometheus;

static void end(void) {
        if (!prometheus)
                return;
        command_kill(prometheus);
        lab_run("rm -r %s", directory);
}

TestSuite(serve_prometheus, .init = serving_two_pairs, .fini = end, .timeout = 120);

int main(int argc, char *argv[]) {
        return lab_main(argc, argv);
}

static void skip_without(const char *program) {
        char command[64];

        snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
        if (system(command))
                lab_skip("no Prometheus here: install prometheus");
}

#define JUDGE(words_, ...)                                                                         \
        lab_run("python3 " XSKIM_PROMETHEUS_JUDGE " " words_ " >&2", ##__VA_ARGS__)

static void prometheus_run(void *context) {
        char config[64], store[64], log[64];

        (void)context;
        snprintf(config, sizeof(config), "--config.file=%s/prometheus.yml", directory);
        snprintf(store, sizeof(store), "--storage.tsdb.path=%s/store", directory);
        snprintf(log, sizeof(log), "%s/log", directory);
        if (!freopen(log, "w", stderr))
                return;
        execlp("prometheus", "prometheus", config, store, "--web.listen-address=" LISTEN,
               "--log.level=warn", (char *)NULL);
}

/* It dies with the test. Waits until it has scraped the service. */
static void prometheus_start(void) {
        char path[64];
        FILE *file;

        cr_assert(mkdtemp(directory));
        snprintf(path, sizeof(path), "%s/prometheus.yml", directory);
        file = fopen(path, "w");
        cr_assert(file);
        fprintf(file,
                "global: {scrape_interval: 250ms, scrape_timeout: 250ms, "
                "evaluation_interval: 250ms}\n"
                "rule_files: [\"" RULES "\"]\n"
                "scrape_configs:\n"
                "  - {job_name: xskim, static_configs: [{targets: [\"" SERVING_LISTEN "\"]}]}\n");
        cr_assert_eq(fclose(file), 0);
        prometheus = command_fork(prometheus_run, NULL);
        JUDGE("scraped " URL " " SERVICE);
}

static double decoded(const char *port) {
        return serving_metric("xskim_decoded_records_total", port);
}

/* ---- by their own tool ---- */

Test(serve_prometheus, the_rules_are_rules_and_each_alert_fires_when_it_should) {
        skip_without("promtool");
        lab_run("promtool check rules " RULES " >&2");
        lab_run("promtool test rules " RULES_TEST " >&2");
        JUDGE("tested " RULES " " RULES_TEST);
}

/* ---- by a running one ---- */

static void summaries_keep(const struct command_result *result, char path[static 64]) {
        FILE *file;

        snprintf(path, 64, "%s/out.json", directory);
        file = fopen(path, "w");
        cr_assert(file);
        cr_assert_geq(fputs(result->out, file), 0);
        cr_assert_eq(fclose(file), 0);
}

Test(serve_prometheus, every_expression_has_data_and_quantiles_are_those_of_xskim) {
        struct command_result result;
        struct serving s;
        char path[64];

        skip_without("prometheus");
        s = serving_start(TWO_PORTS);
        SERVING_UNTIL(&s, serving_get("/readyz", NULL) == 200);
        prometheus_start();
        for (int sent = BURST; sent <= 3 * BURST; sent += BURST) {
                serving_send(LAB_PEER, BURST);
                serving_send(SERVING_OTHER_PEER, BURST);
                SERVING_UNTIL(&s, decoded(LAB_PORT) == sent && decoded(SERVING_OTHER_PORT) == sent);
        }
        JUDGE("scraped " URL " " SERVICE);
        JUDGE("complete " URL " " SERVICE " " DASHBOARD " " LAB_PORT " " SERVING_OTHER_PORT);
        JUDGE("alerts " URL);
        result = serving_end(&s, SIGTERM);
        cr_expect_eq(result.status, 0, "%s", result.err);
        summaries_keep(&result, path);
        JUDGE("quantiles " URL " %s", path);
        JUDGE("alerts " URL " XskimNotAnswering:");
        command_result_free(&result);
}

/* A service that stands still leaves its rings to fill; a port that goes is missed. */
Test(serve_prometheus, faults_are_told_for_the_port_that_has_them) {
        struct command_result result;
        struct serving s;

        skip_without("prometheus");
        s = serving_start(TWO_PORTS);
        SERVING_UNTIL(&s, serving_get("/readyz", NULL) == 200);
        prometheus_start();
        kill(s.command.pid, SIGSTOP);
        serving_send(LAB_PEER, FLOOD);
        kill(s.command.pid, SIGCONT);
        SERVING_UNTIL(&s, serving_metric("xskim_ring_full_records_total", LAB_PORT) > 0);
        JUDGE("alerts " URL " XskimRingFull:" LAB_PORT);
        lab_run("ip link del " SERVING_OTHER_PORT);
        JUDGE("alerts " URL " XskimRingFull:" LAB_PORT " XskimPortNotUp:" SERVING_OTHER_PORT);
        lab_pair(SERVING_OTHER_PORT, SERVING_OTHER_PEER, 1500);
        JUDGE("alerts " URL " XskimRingFull:" LAB_PORT);
        result = serving_end(&s, SIGTERM);
        cr_expect_eq(result.status, 0, "%s", result.err);
        command_result_free(&result);
}
