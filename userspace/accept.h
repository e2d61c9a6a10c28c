/* SPDX-License-Identifier: BSD-2-Clause */
/* What an HTTP client would like to get: the Accept header (RFC 9110, section 12.5.1). Pure. */
#ifndef XSKIM_ACCEPT_H
#define XSKIM_ACCEPT_H

enum { ACCEPT_QUALITY_MAX = 1000 };

/*
 * How much a client that sent `accept` wants `type`, a media type with or without parameters: in
 * thousandths, 0 = not at all. The most specific range decides. Of the parameters only `version`
 * counts: a range that names one matches no other. NULL or empty: everything is wanted alike. What
 * is not a range is passed over.
 */
unsigned int accept_quality(const char *accept, const char *type);

#endif
