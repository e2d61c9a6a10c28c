/* SPDX-License-Identifier: BSD-2-Clause */
/* See process.h. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "process.h"

unsigned int process_entries(const char *path) {
        DIR *directory = opendir(path);
        unsigned int count = 0;

        cr_assert(directory);
        while (readdir(directory))
                count++;
        closedir(directory);
        return count;
}

bool process_thread_has(const char *thread, const char *wanted) {
        char path[300], line[256];
        bool found = false;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/self/task/%s/status", thread);
        file = fopen(path, "re");
        while (file && !found && fgets(line, sizeof(line), file))
                found = !strcmp(line, wanted);
        if (file)
                fclose(file);
        return found;
}

static bool has_all(const char *thread, const char *const lines[]) {
        while (*lines)
                if (!process_thread_has(thread, *lines++))
                        return false;
        return true;
}

unsigned int process_threads_with(const char *const lines[]) {
        DIR *threads = opendir("/proc/self/task");
        unsigned int count = 0;
        struct dirent *entry;

        cr_assert(threads);
        while ((entry = readdir(threads)))
                count += entry->d_name[0] != '.' && has_all(entry->d_name, lines);
        closedir(threads);
        return count;
}
