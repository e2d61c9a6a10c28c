/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how it is shown what became of the packets of a capture. */
#include "format.h"
#include "page.h"
#include "view.h"
#include "view_private.h"

static void put_count(struct page *page, const char *name, uint64_t count) {
        page_item(page, VIEW_LABEL, "  ", "%s %s", name, format_grouped(count).text);
}

/* What ought to be 0 is shown all the same, and stands out when it is not. */
static void put_fault(struct page *page, const char *name, uint64_t count) {
        page_style(page, count ? PAGE_WARNING : PAGE_PLAIN);
        put_count(page, name, count);
        page_style(page, PAGE_PLAIN);
}

static void put_extra(struct page *page, const struct xskim_expect *expect) {
        const char *before = "of the extra: ";
        struct format_text text;

        if (!expect->extra)
                return;
#define CLASS(name_, doc_)                                                                         \
        if (expect->extra_classes.name_) {                                                         \
                page_item(page, VIEW_LABEL, "  ", "%s%s %s", before, view_spaced(#name_, &text),   \
                          format_grouped(expect->extra_classes.name_).text);                       \
                before = "";                                                                       \
        }
        XSKIM_CLASS_ROWS(CLASS)
#undef CLASS
}

void view_expect(struct page *page, enum view_kind kind, const struct xskim_snapshot *snapshot) {
        const struct xskim_expect *expect = &snapshot->expect;

        (void)kind;
        if (!expect->enabled)
                return;
        view_label(page, "expect");
        put_count(page, "packets", expect->packets);
        put_count(page, "matched", expect->matched);
        /* what has not come yet is no fault */
        if (snapshot->final)
                put_fault(page, "missing", expect->missing);
        else
                put_count(page, "missing", expect->missing);
        put_fault(page, "changed", expect->changed);
        put_fault(page, "duplicated", expect->duplicated);
        put_fault(page, "extra", expect->extra);
        if (expect->incomparable)
                put_fault(page, "incomparable", expect->incomparable);
        if (expect->unrecorded)
                put_fault(page, "unrecorded", expect->unrecorded);
        put_extra(page, expect);
        page_end(page);
}
