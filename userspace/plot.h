/* SPDX-License-Identifier: BSD-2-Clause */
/* Pictures by gnuplot. Owns finding it and running it; not what is drawn. The only file that starts
 * it. */
#ifndef XSKIM_PLOT_H
#define XSKIM_PLOT_H

#include <stdio.h>

/* Is it there? -EOPNOTSUPP with a message that names the package, and the option that asked. */
int plot_find(const char *option);

/*
 * Runs a script, which sets the SVG terminal and leaves the output alone, and appends the picture:
 * an <svg> element that fits into a page. The script (a file that was written, at its end) is used
 * up. -EIO with what gnuplot said.
 */
int plot_draw(FILE *script, FILE *to);

#endif
