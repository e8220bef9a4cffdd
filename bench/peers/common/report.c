/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdio.h>

bool report_init(struct report *report)
{
    *report = (struct report){json_array(), json_array()};
    if (!report->peers || !report->missing)
        fprintf(stderr, "out of memory\n");
    return report->peers && report->missing;
}

void report_add(struct report *report, json_t *peer)
{
    if (json_array_append_new(report->peers, peer) != 0)
        fprintf(stderr, "out of memory: a figure is left out\n");
}

void report_missing(struct report *report, const char *name, const char *package, const char *reason)
{
    json_array_append_new(report->missing,
                          json_pack("{s:s, s:s, s:s}", "name", name, "package", package, "reason", reason));
}

int report_print(struct report *report)
{
    json_t *document = json_pack("{s:o, s:o}", "peers", report->peers, "missing", report->missing);
    const bool good = document && json_dumpf(document, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) == 0;
    json_decref(document);
    putchar('\n');
    return good && fflush(stdout) == 0 ? 0 : 1;
}
