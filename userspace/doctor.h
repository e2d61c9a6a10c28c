/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Examines the machine and a port: may xskim run here, and what would it not see? Finds out by
 * trying wherever that disturbs nobody: programs and maps are loaded and gone, attaching is tried
 * on a veth pair in a network namespace of its own, a port in production is only asked. Owns the
 * rows of checks, and is xskim_examine of the public API; not how they are printed.
 */
#ifndef XSKIM_DOCTOR_H
#define XSKIM_DOCTOR_H

#include "check.h"

/* Adds the checks of a port. -ENODEV, with a message: there is none of this name. */
int doctor_port(struct xskim_examination *examination, const char *name);

/*
 * Removes what killed sessions left in libxdp's dispatcher of a port, or of every port here (NULL),
 * and adds a check that says what. -ENODEV, with a message: there is none of this name.
 */
int doctor_clean(struct xskim_examination *examination, const char *name);

/* The next check, of this name; the last one again when there is no room. */
struct xskim_check *doctor_next(struct xskim_examination *examination, const char *name);

#endif
