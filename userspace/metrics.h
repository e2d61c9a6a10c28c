/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Figures as Prometheus reads them: its text format 0.0.4, and OpenMetrics 1.0. Names by its rules:
 * base units, _total for what is counted. Pure but for writing. The label sets are bounded: by the
 * ports, and by the rows of the tables that they are made from.
 */
#ifndef XSKIM_METRICS_H
#define XSKIM_METRICS_H

#include <stdio.h>

#include "figures.h"

enum metrics_format { METRICS_TEXT, METRICS_OPENMETRICS, METRICS_FORMAT_COUNT };

/*
 * Prints all metrics of `count` ports; what is said of a port is labelled port="…". A port that is
 * not up has its counters, and neither mode nor cost. How much it is: some 10 KB a port. Errors are
 * those of the stream: look at ferror.
 */
void metrics_print(FILE *to, enum metrics_format format, const struct figures ports[],
                   unsigned int count);

#endif
