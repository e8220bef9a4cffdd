/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "selftest/lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lines_write(const char *kind, const char *text)
{
    char line[LINES_MAX];
    snprintf(line, sizeof line, "%s %s", kind, text);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
    printf("%s\n", line);
    fflush(stdout);
}

const char *lines_of_kind(const char *line, const char *kind)
{
    const size_t length = strlen(kind);
    return strncmp(line, kind, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

void lines_write_result(const struct selftest *test)
{
    char text[LINES_MAX], code[16] = "-";
    if (test->has_code)
        snprintf(code, sizeof code, "%08" PRIx32, test->code);
    snprintf(text, sizeof text, "%d %s %s", (int)test->outcome, code, test->text);
    lines_write("result", text);
}

bool lines_read_result(const char *text, struct selftest *out)
{
    char *end;
    const long outcome = strtol(text, &end, 10);
    if (end == text || *end != ' ' || outcome < SELFTEST_NO_ANSWER || outcome > SELFTEST_NOT_AVAILABLE)
        return false;
    *out = (struct selftest){.outcome = (enum selftest_outcome)outcome};
    const char *code = end + 1;
    if (strncmp(code, "- ", 2) == 0) {
        end = (char *)(uintptr_t)code + 1;
    } else {
        out->code = (uint32_t)strtoul(code, &end, 16);
        out->has_code = true;
        if (end != code + 8 || *end != ' ')
            return false;
    }
    snprintf(out->text, sizeof out->text, "%s", end + 1);
    return true;
}
