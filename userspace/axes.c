/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what pictures have in common. See axes.h. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "axes.h"
#include "util.h"

const char *axes_colour(unsigned int index) {
        static const char *const colours[] = {
                AXES_BLUE, AXES_ORANGE, AXES_GREEN, AXES_RED,  "#8a6fc4",
                "#4aa5ad", "#a8863a",   "#c4679b",  "#7d8590",
        };

        return colours[index % ARRAY_SIZE(colours)];
}

struct axes_unit axes_unit_for(double ns) {
        static const struct axes_unit units[] = {{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}, {"ns", 1}};
        size_t i = 0;

        while (i + 1 < ARRAY_SIZE(units) && ns < units[i].ns)
                i++;
        return units[i];
}

void axes_height(FILE *to, const char *name, unsigned int pixels) {
        fprintf(to,
                "set terminal svg size 860,%u dynamic noenhanced name \"%s\" font "
                "\"sans-serif,13\"\n",
                pixels, name);
}

void axes_frame(FILE *to, const char *name, const char *x, const char *y) {
        fprintf(to, "set encoding utf8\n");
        axes_height(to, name, 300);
        fprintf(to,
                "set border 3\nset tics nomirror\nset grid lc rgb \"#888888\" lw 0.5\n"
                "set key outside top center horizontal samplen 2\n"
                "set xlabel \"%s\"\nset ylabel \"%s\"\n",
                x, y);
}

void axes_powers(FILE *to, char axis) {
        static const int steps[] = {1, 2, 5};

        fprintf(to, "set logscale %c\nset %crange [*:*] noextend\nset %ctics (", axis, axis, axis);
        for (int power = -9; power < 9; power++)
                for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
                        fprintf(to, "%s%g", power > -9 || i ? "," : "", steps[i] * pow(10, power));
        fprintf(to, ")\n");
}

void axes_percentiles(FILE *to) {
        fprintf(to, "set xtics (\"50\" 0.30103, \"90\" 1, \"99\" 2, \"99.9\" 3, \"99.99\" 4, "
                    "\"99.999\" 5)\n");
}

double axes_percentile(double above_ppm) {
        return 6 - log10(above_ppm);
}

void axes_end_block(FILE *to, bool empty) {
        fprintf(to, "%sEND\n", empty ? "0 1 1 1 1\n" : "");
}

void axes_text(FILE *to, const char *text) {
        fputc('\'', to);
        for (; *text; text++)
                fputc(*text < 0x20 || *text > 0x7e || strchr("'\"\\%`", *text) ? '?' : *text, to);
        fputc('\'', to);
}
