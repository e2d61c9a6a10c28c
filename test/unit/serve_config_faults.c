/* SPDX-License-Identifier: BSD-2-Clause */
/* The shipped configuration is accepted, and each broken variant of it is refused with its place
 * and with what is allowed there. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "serve_config.h"
#include "util.h"
#include "yaml_tree.h"

enum {
        FILE_BYTES_MAX = 65536,
        MARK = '@', /* where the fault is; taken out of the variant before it is read */
        BOUND_BYTES = YAML_TREE_BYTES_MAX,
        NOBODY = 65534,
};

static struct serve_config config, untouched;
static char text[FILE_BYTES_MAX];

static void example_load(void) {
        FILE *file CLEANUP(file_cleanup) = fopen(XSKIM_EXAMPLE_CONFIG, "re");
        size_t length;

        cr_assert(file, "%s", XSKIM_EXAMPLE_CONFIG);
        length = fread(text, 1, sizeof(text) - 1, file);
        cr_assert(length && feof(file));
        text[length] = '\0';
        cr_assert_not(strchr(text, MARK), "the example uses the mark of this test");
}

/* The first `from` of the text becomes `to`; "" is the end of the text. */
static void edit(const char *from, const char *to) {
        static char edited[FILE_BYTES_MAX];
        const char *at = *from ? strstr(text, from) : text + strlen(text);

        cr_assert(at, "the example has no %s", from);
        snprintf(edited, sizeof(edited), "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
        memcpy(text, edited, sizeof(text));
}

/* Line and column of the mark, which goes. */
static struct yaml_place mark_take(void) {
        struct yaml_place place = {1, 1};
        char *mark = strchr(text, MARK);

        cr_assert(mark, "the variant has no mark");
        for (const char *at = text; at < mark; at++) {
                place.column = *at == '\n' ? 1 : place.column + 1;
                place.line += *at == '\n';
        }
        memmove(mark, mark + 1, strlen(mark));
        return place;
}

static int parse(void) {
        error_clear();
        memset(&config, 0x5a, sizeof(config));
        untouched = config;
        return serve_config_parse("it", text, strlen(text), &config);
}

static void expect_refused(const char *what, const char *says) {
        struct yaml_place place = mark_take();
        char start[64];

        snprintf(start, sizeof(start), "it:%u:%u: ", place.line, place.column);
        cr_expect_eq(parse(), -EINVAL, "%s is accepted", what);
        cr_expect(!strncmp(error_message(), start, strlen(start)), "%s: not at %s but %s", what,
                  start, error_message());
        cr_expect(strstr(error_message(), says), "%s: does not say %s: %s", what, says,
                  error_message());
        cr_expect(!memcmp(&config, &untouched, sizeof(config)), "%s: something was set", what);
}

/* Each a variant of the shipped file by one edit. */
static const struct {
        const char *from;
        const char *to;
        const char *says; /* of the message */
} FAULTS[] = {
        /* keys */
        {"interval:", "@intervall:", "allowed are interval, json, metrics, defaults, ports"},
        {"json: false", "json: false\n@interval: 2s", "first in line 4"},
        {"  listen:", "  @port:", "allowed are listen"},
        {"  listen:", "  listen: off\n  @listen:", "twice"},
        {"    tier:", "    @tiers:", "verdict, tier, sample"},
        {"    tier:", "    @name: eth1\n    tier:", "twice"},
        {"  sample: 64", "  @transit: true", "no such key"},
        {"  sample: 64", "  @expect: capture.pcap", "no such key"},
        {"  sample: 64", "  @record: file", "no such key"},
        {"  sample: 64", "  @name: eth0", "no such key"},
        {"  sample: 64", "  @<<: {sample: 64}", "no such key"},
        {"ports:", "@port:", "ports"},
        {"interval: 1s", "? @[interval]\n: 1s", "a key must be a text"},
        {"interval: 1s", "interval: 1s\n@\"\\e[2J\\u00e9\": 1", "?[2J??: there is no such key"},
        /* kinds of values */
        {"interval: 1s", "interval: @[1s]", "not a list: give seconds"},
        {"interval: 1s", "interval: @{is: 1s}", "not a map: give seconds"},
        {"json: false", "json: @yes", "true or false, without quotes"},
        {"json: false", "json: @False", "true or false"},
        {"json: false", "json: @1", "true or false"},
        {"json: false", "json: @\"false\"", "true or false"},
        {"json: false", "json: @[]", "true or false"},
        {"metrics:\n  listen: 127.0.0.1:9963", "metrics: @off", "metrics: a map"},
        {"defaults:\n  sample: 64", "defaults: @64", "defaults: a map"},
        {"defaults:\n  sample: 64", "defaults:\n  @- sample: 64", "defaults: a map"},
        {"  - name: eth0", "  - @eth0\n  - name: eth0", "a port: a map"},
        {"  - name: eth0", "  - @[name, eth0]\n  - name: eth0", "a port: a map"},
        /* values */
        {"interval: 1s", "interval: @1x", "\"1x\" is not allowed: give seconds"},
        {"interval: 1s", "interval: @9ms", "from 10ms to 24h"},
        {"interval: 1s", "interval: @25h", "from 10ms to 24h"},
        {"interval: 1s", "interval:@", "\"\" is not allowed"},
        {"listen: 127.0.0.1", "listen: @0.0.0.0", "127.0.0.1:PORT"},
        {"listen: 127.0.0.1", "listen: @localhost", "127.0.0.1:PORT"},
        {"listen: 127.0.0.1", "listen: @::1", "\"[::1]:PORT\""},
        {"listen: 127.0.0.1:9963", "listen: @\"[::1]\"", "\"[::1]:PORT\""},
        {"listen: 127.0.0.1:9963", "listen: [@::1]:9963", "not YAML"},
        {"listen: 127.0.0.1:9963", "listen: @127.0.0.1", "127.0.0.1:PORT"},
        {"listen: 127.0.0.1:9963", "listen: @127.0.0.1:0", "1 to 65535"},
        {"listen: 127.0.0.1:9963", "listen: @127.0.0.1:65536", "1 to 65535"},
        {"listen: 127.0.0.1:9963", "listen: @127.0.0.1:http", "1 to 65535"},
        {"  sample: 64", "  sample: @0", "1 to 16777215, or off"},
        {"  sample: 64", "  sample: @16777216", "1 to 16777215"},
        {"  sample: 64", "  sample: @-1", "1 to 16777215"},
        {"  sample: 64", "  sample: @1.5", "1 to 16777215"},
        {"    sample: 64", "    sample: @0x40", "1 to 16777215"},
        {"verdict: pass", "verdict: @Pass", "pass or drop"},
        {"tier: classes", "tier: @all", "counts or classes"},
        {"tier: classes", "ring-slots: @100", "a multiple of 48"},
        {"tier: classes", "ring-slots: @32784", "96 to 32736"},
        {"tier: classes", "workers: @65", "1 to 64"},
        {"tier: classes", "cpu: @0,0", "each CPU once"},
        {"tier: classes", "cpu: @[0, 1]", "not a list: give CPU numbers"},
        {"tier: classes", "flush-ms: @60001", "1 to 60000"},
        {"tier: classes", "seed: @18446744073709551616", "18446744073709551615"},
        {"tier: classes", "busy: @on", "true or false"},
        /* ports */
        {"  - name: eth0\n    verdict", "  - @verdict", "without a name"},
        {"name: eth0", "name: @abcdefghijklmnop", "1 to 15"},
        {"name: eth0", "name: @eth/0", "'/' or ':'"},
        {"name: eth0", "name: @\"eth 0\"", "no blank"},
        {"name: eth0", "name: @\"\"", "1 to 15"},
        {"name: eth0", "name: @..", "the name of a network interface"},
        {"name: eth0", "name: @\"\\xe9th\"", "ASCII"},
        {"name: eth0", "name: @[eth0]", "the name of a network interface"},
        {"", "  - name: @eth0\n", "eth0 is there already"},
        /* what excludes each other */
        {"verdict: pass", "verdict: drop\n    stack: @true", "needs verdict: pass"},
        {"tier: classes\n    sample: 64", "stack: @true\n    sample: off", "needs sample: N"},
        {"tier: classes", "stack: @true\n    generic: true", "generic mode"},
        /* what YAML has beyond that */
        {"name: eth0", "name: @&port eth0", "anchors"},
        {"    tier: classes", "    tier: @*port", "aliases"},
        {"sample: 64", "sample: @!!int 64", "tags"},
        {"ports:", "ports: @!ports", "tags"},
        {"metrics:", "metrics: @&m", "anchors"},
        {"name: eth0", "name: @\"eth\\0\"", "without \\0"},
        {"", "@---\nports: []\n", "one is allowed"},
        {"interval: 1s", "interval: 1s\n@\tjson: true", "not YAML"},
        {"interval: 1s", "interval: @`1s`", "not YAML"},
        {"name: eth0", "name: @\xff", "UTF-8"},
        {"name: eth0", "name: e@\xc0\xaf", "UTF-8"},
        {"name: eth0", "name: @\x01", "UTF-8"},
        {"tier: classes", "cpu: [[[[[@[[[[]]]]]]]]]", "8 levels"},
};

Test(serve_config_faults, the_example_is_accepted) {
        example_load();
        cr_assert_eq(parse(), 0, "%s", error_message());
        cr_assert_eq(config.port_count, 1);
        cr_expect_str_eq(config.ports[0].name, "eth0");
        cr_expect_str_eq(config.metrics_address, "127.0.0.1");
        cr_expect_eq(config.metrics_port, 9963);
        cr_expect_eq(serve_config_read(XSKIM_EXAMPLE_CONFIG, &config), 0, "%s", error_message());
}

Test(serve_config_faults, each_broken_variant_is_refused_with_its_place) {
        cr_assert_geq(ARRAY_SIZE(FAULTS), 30);
        for (size_t i = 0; i < ARRAY_SIZE(FAULTS); i++) {
                example_load();
                edit(FAULTS[i].from, FAULTS[i].to);
                expect_refused(FAULTS[i].to, FAULTS[i].says);
        }
}

/* Files of their own. */
static const struct {
        const char *text;
        const char *says;
} FILES[] = {
        {"@", "nothing in it"},
        {"@# a comment\n", "nothing in it"},
        {"---\n@", "the file: a map"},
        {"@ports\n", "the file: a map"},
        {"@- ports\n", "the file: a map"},
        {"@json: true\n", "ports is missing"},
        {"ports: @[]\n", "1 to 16 ports"},
        {"ports:@\n", "1 to 16 ports"},
        {"ports: @{name: eth0}\n", "1 to 16 ports"},
        {"ports: @eth0\n", "1 to 16 ports"},
        {"ports: [{name: eth0}, {name: eth1}, {name: @eth0}]\n", "eth0 is there already"},
        {"defaults: {stack: true}\nports: [{name: eth0}, {name: eth1, verdict: @drop}]\n",
         "eth1: stack and verdict exclude each other"},
        {"ports: [{name: eth1}]\ndefaults: {verdict: drop, stack: @true}\n",
         "eth1: stack and verdict exclude each other"},
        {"defaults: {sample: @none}\nports: [{name: eth0, sample: 1}]\n", "1 to 16777215"},
        {"ports: [{name: eth0}]\n...\n@---\njson: true\n", "one is allowed"},
        {"ports: [{name: eth0}]\njson: \"true@", "not YAML"},
};

Test(serve_config_faults, whole_files_are_refused_with_their_place) {
        for (size_t i = 0; i < ARRAY_SIZE(FILES); i++) {
                snprintf(text, sizeof(text), "%s", FILES[i].text);
                expect_refused(FILES[i].text, FILES[i].says);
        }
}

static void ports_write(unsigned int count) {
        size_t used = (size_t)snprintf(text, sizeof(text), "ports:\n");

        for (unsigned int i = 0; i < count; i++)
                used += (size_t)snprintf(text + used, sizeof(text) - used, "  - %sname: port%u\n",
                                         i == XSKIM_PORTS_MAX ? "@" : "", i);
}

Test(serve_config_faults, one_port_too_many_is_refused) {
        ports_write(XSKIM_PORTS_MAX + 1);
        expect_refused("one port too many", "1 to 16 are allowed");
        ports_write(XSKIM_PORTS_MAX);
        cr_assert_eq(parse(), 0, "%s", error_message());
        cr_expect_eq(config.port_count, XSKIM_PORTS_MAX);
}

/* A byte order mark is no fault, another encoding is. */
Test(serve_config_faults, only_utf8_is_read) {
        static const char marked[] = "\xef\xbb\xbfports: [{name: eth0}]\n";
        static const char wide[] = "\xff\xfep\0o\0r\0t\0s\0:\0";

        cr_expect_eq(serve_config_parse("it", marked, sizeof(marked) - 1, &config), 0, "%s",
                     error_message());
        error_clear();
        cr_expect_eq(serve_config_parse("it", wide, sizeof(wide) - 1, &config), -EINVAL);
        cr_expect(strstr(error_message(), "it:1:1: "), "%s", error_message());
        cr_expect(strstr(error_message(), "UTF-8"), "%s", error_message());
}

/* However it is written, what is held is bounded. */
Test(serve_config_faults, more_than_fits_is_refused) {
        unsigned int count = 0;
        size_t used = (size_t)snprintf(text, sizeof(text), "ports: [");

        for (; count <= YAML_TREE_NODES_MAX; count++)
                used += (size_t)snprintf(text + used, sizeof(text) - used, "a, ");
        cr_assert_lt(used, sizeof(text) - 1);
        cr_expect_eq(parse(), -EINVAL);
        cr_expect(strstr(error_message(), "keys and values are allowed"), "%s", error_message());
}

/* ---- files ---- */

static char directory[] = "/tmp/xskim-config-XXXXXX", path[64];

static void file_write(const char *bytes, size_t length) {
        FILE *file CLEANUP(file_cleanup) = fopen(path, "we");

        cr_assert(file && fwrite(bytes, 1, length, file) == length);
}

static void files_begin(void) {
        cr_assert(mkdtemp(directory));
        snprintf(path, sizeof(path), "%s/xskim.yaml", directory);
}

static void files_end(void) {
        unlink(path);
        rmdir(directory);
}

static void expect_unread(int error, const char *says) {
        error_clear();
        memset(&config, 0x5a, sizeof(config));
        untouched = config;
        cr_expect_eq(serve_config_read(path, &config), error, "%s", error_message());
        cr_expect(strstr(error_message(), path), "%s", error_message());
        cr_expect(strstr(error_message(), says), "%s", error_message());
        cr_expect(!memcmp(&config, &untouched, sizeof(config)));
}

TestSuite(serve_config_unread, .init = files_begin, .fini = files_end);

Test(serve_config_unread, what_is_not_there) {
        expect_unread(-ENOENT, "cannot be read");
}

Test(serve_config_unread, what_may_not_be_read) {
        file_write("ports: [{name: eth0}]\n", 22);
        cr_assert(!chmod(path, 0));
        if (!geteuid())
                cr_assert(!seteuid(NOBODY));
        expect_unread(-EACCES, "may read");
        if (!getuid())
                cr_assert(!seteuid(0));
}

Test(serve_config_unread, a_directory_and_a_pipe_are_not_waited_for) {
        cr_assert(!mkdir(path, 0700));
        expect_unread(-EINVAL, "regular file");
        rmdir(path);
        cr_assert(!mkfifo(path, 0600));
        expect_unread(-EINVAL, "regular file");
}

Test(serve_config_unread, a_file_that_is_too_long) {
        static char bytes[BOUND_BYTES + 1];
        static const char start[] = "ports: [{name: eth0}]\n#";

        memset(bytes, '-', sizeof(bytes));
        memcpy(bytes, start, sizeof(start) - 1);
        file_write(bytes, BOUND_BYTES);
        cr_expect_eq(serve_config_read(path, &config), 0, "%s", error_message());
        file_write(bytes, BOUND_BYTES + 1);
        expect_unread(-EFBIG, "allowed");
}
