/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the order of writing of JSON lines. See sink_json.h. */
#include "json.h"
#include "sink_json.h"
#include "stream.h"
#include "util.h"

static int write_line(FILE *stream, const struct xskim_snapshot *snapshot, enum json_type type) {
        CLEANUP(free_cleanup) char *line = NULL;
        int r = json_line(snapshot, type, &line);

        if (r < 0)
                return r;
        fputs(line, stream);
        fputc('\n', stream);
        return stream_flush(stream);
}

static int on_snapshot(void *context, const struct xskim_snapshot *snapshot) {
        return write_line(context, snapshot, JSON_SNAPSHOT);
}

static int on_summary(void *context, const struct xskim_snapshot *summary) {
        return write_line(context, summary, JSON_SUMMARY);
}

int sink_json_open(FILE *stream, struct xskim_sink *ret_sink) {
        *ret_sink = (struct xskim_sink){
                .context = stream, .snapshot = on_snapshot, .summary = on_summary};
        return 0;
}

void sink_json_close(struct xskim_sink *sink) {
        *sink = (struct xskim_sink){};
}
