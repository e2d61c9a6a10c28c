/* SPDX-License-Identifier: BSD-2-Clause */
/* The manual page xskim.yaml(5). Owns its prose; the keys come from their rows. */
#ifndef XSKIM_SERVE_CONFIG_MANUAL_H
#define XSKIM_SERVE_CONFIG_MANUAL_H

#include <stdio.h>

/* Negative errno when it cannot be written, with a message. */
int serve_config_manual(FILE *stream);

/* The example of the page: YAML that serve_config_parse takes. */
extern const char SERVE_CONFIG_EXAMPLE[];

#endif
