/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* One row, in its own process. */
#include "selftest/selftest.h"

#include "commands.h"
#include "say.h"
#include "selftest/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *selftest_outcome_name(enum selftest_outcome outcome)
{
    switch (outcome) {
    case SELFTEST_PASS: return "pass";
    case SELFTEST_FAIL: return "fail";
    case SELFTEST_NOT_AVAILABLE: return "not available";
    case SELFTEST_NO_ANSWER: break;
    }
    return "no answer";
}

static void conclude(struct selftest *test, enum selftest_outcome outcome, const char *format, va_list words)
{
    if (test->outcome != SELFTEST_NO_ANSWER)
        return;
    test->outcome = outcome;
    vsnprintf(test->text, sizeof test->text, format, words);
}

void selftest_pass(struct selftest *test, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    conclude(test, SELFTEST_PASS, format, words);
    va_end(words);
}

void selftest_fail(struct selftest *test, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    conclude(test, SELFTEST_FAIL, format, words);
    va_end(words);
}

void selftest_not_available(struct selftest *test, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    conclude(test, SELFTEST_NOT_AVAILABLE, format, words);
    va_end(words);
}

void selftest_code(struct selftest *test, uint32_t code)
{
    if (test->outcome != SELFTEST_NO_ANSWER)
        return;
    test->has_code = true;
    test->code = code;
}

/* The failed HRESULT that a sentence names; NULL: none. */
static const char *find_code(const char *text)
{
    const char *at = text;
    while ((at = strstr(at, "0x8")) && strspn(at + 2, "0123456789abcdef") != 8)
        at += 2;
    return at;
}

static void from_library(void *user, fr_log_level level, const char *text)
{
    struct selftest *test = user;
    if (level <= FR_LOG_WARNING)
        snprintf(test->last_log, sizeof test->last_log, "%s", text);
    if (level <= FR_LOG_WARNING && find_code(text))
        snprintf(test->coded_log, sizeof test->coded_log, "%s", text);
    selftest_note("%s%s",
                  level == FR_LOG_ERROR     ? "error: "
                  : level == FR_LOG_WARNING ? "warning: "
                                            : "",
                  text);
}

fr_log selftest_log(struct selftest *test)
{
    return (fr_log){.write = from_library, .user = test, .max_level = FR_LOG_DEBUG};
}

void selftest_note(const char *format, ...)
{
    char text[LINES_MAX];
    va_list words;
    va_start(words, format);
    vsnprintf(text, sizeof text, format, words);
    va_end(words);
    lines_write("note", text);
}

const char *selftest_reason(const struct selftest *test, fr_status status)
{
    return test->last_log[0] ? test->last_log : fr_status_text(status);
}

const char *selftest_coded_reason(struct selftest *test, fr_status status)
{
    const char *code = find_code(test->coded_log);
    if (!code)
        return selftest_reason(test, status);
    selftest_code(test, (uint32_t)strtoul(code, NULL, 16));
    return test->coded_log;
}

static const struct selftest_row *find_row(const char *name)
{
    char full[64];
    for (size_t i = 0; selftest_areas[i]; i++)
        for (size_t k = 0; k < selftest_areas[i]->count; k++) {
            const struct selftest_row *row = &selftest_areas[i]->row[k];
            snprintf(full, sizeof full, "%s/%s", row->area, row->name);
            if (strcmp(full, name) == 0)
                return row;
        }
    return NULL;
}

int selftest_run_row(const char *name)
{
    const struct selftest_row *row = find_row(name);
    if (!row) {
        say(FR_LOG_ERROR, "framering selftest has no row '%s'; --list tells them", name);
        return EXIT_USAGE;
    }
    struct selftest test = {.with = row->with};
    row->run(&test);
    lines_write_result(&test);
    return EXIT_DONE;
}

int selftest_run_peer(int argc, char **argv)
{
    for (const struct selftest_peer *peer = selftest_peers; argc > 0 && peer->name; peer++)
        if (strcmp(peer->name, argv[0]) == 0)
            return peer->run(argc - 1, argv + 1);
    say(FR_LOG_ERROR, "framering selftest has no such peer");
    return EXIT_USAGE;
}
