/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what is read of the machine. See environment.h. */
#include <dirent.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <xskim/xskim.h>

#include "environment.h"
#include "util.h"

#ifndef XSKIM_LIBBPF_VERSION
#define XSKIM_LIBBPF_VERSION "unknown"
#endif
#ifndef XSKIM_CLANG_VERSION
#define XSKIM_CLANG_VERSION "unknown"
#endif

static const char UNKNOWN[] = "unknown";
static const char VULNERABILITIES[] = "/sys/devices/system/cpu/vulnerabilities";

/* The first line; false: it cannot be read, or is empty. */
static bool line_of(const char *path, char text[static ENVIRONMENT_TEXT_BYTES]) {
        CLEANUP(file_cleanup) FILE *file = fopen(path, "re");

        if (!file || !fgets(text, ENVIRONMENT_TEXT_BYTES, file))
                return false;
        text[strcspn(text, "\n")] = '\0';
        return *text;
}

static void take(const char *path, const char *otherwise, char *text) {
        if (!line_of(path, text))
                snprintf(text, ENVIRONMENT_TEXT_BYTES, "%s", otherwise);
}

/* ---- the command ---- */

/* What does not fit is left out. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t bytes,
                                                         const char *format, ...) {
        size_t used = strlen(text);
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text + used, bytes - used, format, arguments);
        va_end(arguments);
}

/* So that a shell would read it again. */
static void append_word(char *text, size_t bytes, const char *word) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789-_=,.:/%+@";

        if (*word && strspn(word, plain) == strlen(word)) {
                append(text, bytes, " %s", word);
                return;
        }
        append(text, bytes, " '");
        for (; *word; word++)
                append(text, bytes, *word == '\'' ? "'\\''" : "%c", *word);
        append(text, bytes, "'");
}

static void take_command(int argc, char *const argv[], struct environment *environment) {
        snprintf(environment->command, sizeof(environment->command), "xskim");
        for (int i = 0; i < argc; i++)
                append_word(environment->command, sizeof(environment->command), argv[i]);
}

/* ---- the machine ---- */

static void take_kernel(struct environment *environment) {
        char hardening[ENVIRONMENT_TEXT_BYTES];
        struct utsname names;

        uname(&names);
        snprintf(environment->kernel, sizeof(environment->kernel), "%s %s %s", names.sysname,
                 names.release, names.machine);
        take("/sys/devices/system/clocksource/clocksource0/current_clocksource", UNKNOWN,
             environment->clocksource);
        take("/proc/sys/net/core/bpf_jit_enable", UNKNOWN, environment->jit);
        take("/proc/sys/net/core/bpf_jit_harden", UNKNOWN, hardening);
        if (strcmp(environment->jit, UNKNOWN) != 0)
                snprintf(environment->jit, sizeof(environment->jit), "%s, hardening %.32s",
                         *environment->jit == '0' ? "off" : "on", hardening);
}

/* x86 has a model; elsewhere there are at least implementer and part. */
static bool is_name(const char *line) {
        static const char *const names[] = {"model name", "Model", "CPU part", "cpu\t"};

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (!strncmp(line, names[i], strlen(names[i])))
                        return true;
        return false;
}

static void take_cpu(struct environment *environment, bool *ret_hypervisor) {
        CLEANUP(file_cleanup) FILE *file = fopen("/proc/cpuinfo", "re");
        char line[8192];

        snprintf(environment->cpu, sizeof(environment->cpu), "%s", UNKNOWN);
        *ret_hypervisor = false;
        while (file && fgets(line, sizeof(line), file)) {
                const char *value = strchr(line, ':');

                line[strcspn(line, "\n")] = '\0';
                *ret_hypervisor |= !strncmp(line, "flags", 5) && strstr(line, " hypervisor");
                if (value && is_name(line) && !strcmp(environment->cpu, UNKNOWN))
                        snprintf(environment->cpu, sizeof(environment->cpu), "%.200s",
                                 value + strspn(value, ": "));
        }
        environment->cpus = (unsigned int)MAX(sysconf(_SC_NPROCESSORS_ONLN), 0L);
        take("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
             "none: the kernel does not set the frequency", environment->governor);
}

static void take_virtualisation(struct environment *environment, bool hypervisor) {
        char vendor[ENVIRONMENT_TEXT_BYTES], product[ENVIRONMENT_TEXT_BYTES];
        char *text = environment->virtualisation;

        if (line_of("/sys/hypervisor/type", text))
                return;
        if (!hypervisor)
                snprintf(text, ENVIRONMENT_TEXT_BYTES, "none seen");
        else if (line_of("/sys/class/dmi/id/sys_vendor", vendor) &&
                 line_of("/sys/class/dmi/id/product_name", product))
                snprintf(text, ENVIRONMENT_TEXT_BYTES, "a virtual machine: %.100s %.100s", vendor,
                         product);
        else
                snprintf(text, ENVIRONMENT_TEXT_BYTES,
                         "a virtual machine: the CPU says so (hypervisor)");
}

static void take_mitigations(struct environment *environment) {
        struct dirent **entries;
        int count = scandir(VULNERABILITIES, &entries, NULL, alphasort);

        environment->mitigation_count = 0;
        for (int i = 0; i < count; i++) {
                struct environment_mitigation *mitigation =
                        &environment->mitigations[environment->mitigation_count];
                char path[PATH_MAX];

                snprintf(path, sizeof(path), "%s/%s", VULNERABILITIES, entries[i]->d_name);
                if (environment->mitigation_count < ENVIRONMENT_MITIGATIONS_MAX &&
                    line_of(path, mitigation->state)) {
                        snprintf(mitigation->name, sizeof(mitigation->name), "%.47s",
                                 entries[i]->d_name);
                        environment->mitigation_count++;
                }
                free(entries[i]);
        }
        if (count >= 0)
                free(entries);
}

void environment_take(int argc, char *const argv[], struct environment *ret_environment) {
        struct environment *environment = ret_environment;
        time_t now = time(NULL);
        bool hypervisor;
        struct tm tm;

        take_command(argc, argv, environment);
        strftime(environment->when, sizeof(environment->when), "%Y-%m-%d %H:%M:%S %z",
                 localtime_r(&now, &tm));
        take_kernel(environment);
        take_cpu(environment, &hypervisor);
        take_virtualisation(environment, hypervisor);
        take_mitigations(environment);
        snprintf(environment->xskim, sizeof(environment->xskim), "%s", xskim_version());
        snprintf(environment->libbpf, sizeof(environment->libbpf), "%s", XSKIM_LIBBPF_VERSION);
        snprintf(environment->clang, sizeof(environment->clang), "%s", XSKIM_CLANG_VERSION);
}
