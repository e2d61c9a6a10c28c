/* SPDX-License-Identifier: BSD-2-Clause */
/* The claims as JSON. Part of json.h's adapter of jansson. */
#ifndef XSKIM_JSON_CLAIMS_H
#define XSKIM_JSON_CLAIMS_H

#include <xskim/xskim.h>

/* One object on one line, without the newline: "type": "claims", "claims": an array of objects with
 * claim, paper, measured, unit, ci95, how, verdict, reason. measured and ci95 (two numbers) are
 * null when nothing was measured. The caller frees it. -ENOMEM. */
int json_claims(const struct xskim_claims_result *result, char **ret_line);

#endif
