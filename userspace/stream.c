/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what a failed write is called. See stream.h. */
#include <errno.h>
#include <string.h>

#include "log.h"
#include "stream.h"

static const char *advice(int error) {
        switch (error) {
        case EPIPE:
                return "Whoever was reading it has gone";
        case ENOSPC:
        case EDQUOT:
                return "Make room, or write elsewhere";
        default:
                return "Check where the output goes";
        }
}

int stream_flush(FILE *stream) {
        int error;

        if (!fflush(stream) && !ferror(stream))
                return 0;
        /* Of fflush, or of the write inside fputs that failed before it. */
        error = errno ? errno : EIO;
        return error_set(-error, "output: cannot be written: %s. %s.", strerror(error),
                         advice(error));
}
