/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "args.h"
#include "clock.h"
#include "commands.h"
#include "files.h"
#include "say.h"
#include "selftest/run.h"
#include "stop.h"
#include "summary.h"

#include <framering/version.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_JSON = 1, OPT_REPORT, OPT_ONLY, OPT_LIST, OPT_FLIP, ENTRIES_MAX = 128 };

static const struct args_option table[] = {
    {OPT_ONLY, "--only", "ROW", "only the rows whose name begins like this: share, encode/nvenc", "Options:"},
    {OPT_FLIP, "--allow-hdr-flip", NULL, "switch HDR of the display on and off once; the screen goes dark",
     NULL},
    {OPT_JSON, "--json", NULL, "one JSON object on the standard output, nothing else", NULL},
    {OPT_REPORT, "--report", "FILE",
     "write a file for a bug report: the machine, every row, what the library said", NULL},
    {OPT_LIST, "--list", NULL, "only say which rows there are", NULL},
};

static const struct args_command command = {
    .name = "selftest",
    .synopsis = "[OPTIONS]",
    .about = "Proves this machine: what framering needs of the system, the driver and the\n"
             "encoders is tried for real, most of it between two processes. Takes up to a few\n"
             "minutes; every row runs in a process of its own and has a bound in time.",
    .options = table,
    .num_options = sizeof table / sizeof table[0],
    .epilogue = "A row says pass, fail, or not available: this machine does not have it, and the\n"
                "sentence says what there is instead. Exit code 0: nothing failed.",
};

struct selection {
    const char *only, *report;
    bool json, list, allow_flip;
};

struct outcome {
    struct run_entry entry[ENTRIES_MAX];
    size_t count;
    unsigned num[SELFTEST_NOT_AVAILABLE + 1];
};

static bool is_wanted(const struct selftest_row *row, const char *only)
{
    char name[64];
    snprintf(name, sizeof name, "%s/%s", row->area, row->name);
    return !only || strncmp(name, only, strlen(only)) == 0;
}

static void write_row(const struct run_entry *entry)
{
    const struct selftest *result = &entry->result;
    char name[64], code[64] = "";
    snprintf(name, sizeof name, "%s/%s", entry->row->area, entry->row->name);
    if (result->has_code)
        snprintf(code, sizeof code, "0x%08" PRIx32 " %s: ", result->code, selftest_code_name(result->code));
    printf("%-13s  %-25s  %s%s\n", selftest_outcome_name(result->outcome), name, code, result->text);
    fflush(stdout);
}

/* A row that nobody allowed. */
static void pass_over(const struct selftest_row *row, struct run_entry *out)
{
    *out = (struct run_entry){.row = row, .log = json_array()};
    out->result.outcome = SELFTEST_NOT_AVAILABLE;
    snprintf(out->result.text, sizeof out->result.text,
             "not tried: it changes what the screen shows; --allow-hdr-flip allows it");
}

/* False: stopped. */
static bool run_rows(const struct selection *selection, struct outcome *outcome)
{
    for (size_t i = 0; selftest_areas[i]; i++)
        for (size_t k = 0; k < selftest_areas[i]->count && outcome->count < ENTRIES_MAX; k++) {
            const struct selftest_row *row = &selftest_areas[i]->row[k];
            if (!is_wanted(row, selection->only))
                continue;
            struct run_entry *entry = &outcome->entry[outcome->count++];
            if (row->on_request && !selection->allow_flip)
                pass_over(row, entry);
            else if (!run_row(row, entry))
                return false;
            outcome->num[entry->result.outcome]++;
            if (!selection->json)
                write_row(entry);
        }
    return true;
}

static json_t *outcome_json(const struct outcome *outcome, bool with_log)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < outcome->count; i++)
        json_array_append_new(rows, run_entry_json(&outcome->entry[i], with_log));
    return json_pack("{s:s, s:i, s:i, s:i, s:o}", "version", fr_version_text(), "passed",
                     (int)outcome->num[SELFTEST_PASS], "failed", (int)outcome->num[SELFTEST_FAIL],
                     "not_available", (int)outcome->num[SELFTEST_NOT_AVAILABLE], "rows", rows);
}

static bool write_report(const char *path, const struct outcome *outcome)
{
    FILE *file = files_open(path, "wb");
    if (!file) {
        say(FR_LOG_ERROR, "the report %s cannot be written: %s", path, strerror(errno));
        return false;
    }
    json_t *report = outcome_json(outcome, true);
    if (report)
        json_object_set_new(report, "machine", run_probe());
    bool good = report && json_dumpf(report, file, JSON_INDENT(2)) == 0;
    good = fclose(file) == 0 && good;
    json_decref(report);
    if (!good)
        say(FR_LOG_ERROR, "the report %s could not be written whole: %s", path, strerror(errno));
    return good;
}

static int list_rows(const struct selection *selection)
{
    for (size_t i = 0; selftest_areas[i]; i++)
        for (size_t k = 0; k < selftest_areas[i]->count; k++) {
            const struct selftest_row *row = &selftest_areas[i]->row[k];
            char name[64];
            snprintf(name, sizeof name, "%s/%s", row->area, row->name);
            if (is_wanted(row, selection->only))
                printf("%-25s  %s\n", name, row->what);
        }
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int tell(const struct selection *selection, const struct outcome *outcome, bool whole)
{
    bool told = true;
    if (selection->json)
        told = summary_print(outcome_json(outcome, false));
    else
        printf("\n%u passed, %u failed, %u not available\n", outcome->num[SELFTEST_PASS],
               outcome->num[SELFTEST_FAIL], outcome->num[SELFTEST_NOT_AVAILABLE]);
    if (selection->report)
        told = write_report(selection->report, outcome) && told;
    if (!whole)
        say(FR_LOG_ERROR, "stopped before every row was run");
    return whole && told && fflush(stdout) == 0 && outcome->num[SELFTEST_FAIL] == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int run(const struct selection *selection)
{
    struct outcome *outcome = calloc(1, sizeof *outcome);
    if (!outcome) {
        say(FR_LOG_ERROR, "%s", fr_status_text(FR_ERR_NO_MEMORY));
        return EXIT_FAILED;
    }
    stop_install();
    const bool whole = run_rows(selection, outcome);
    int code = EXIT_USAGE;
    if (outcome->count)
        code = tell(selection, outcome, whole);
    else
        say(FR_LOG_ERROR, "no row's name begins with '%s'; framering selftest --list tells them",
            selection->only);
    for (size_t i = 0; i < outcome->count; i++)
        json_decref(outcome->entry[i].log);
    free(outcome);
    return code;
}

int cmd_selftest(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "--row") == 0)
        return selftest_run_row(argv[2]);
    if (argc >= 3 && strcmp(argv[1], "--peer") == 0)
        return selftest_run_peer(argc - 2, argv + 2);
    if (argc >= 3 && strcmp(argv[1], "--probe") == 0)
        return run_probe_into(argv[2]);
    struct args args = {.command = &command, .argc = argc, .argv = argv};
    struct selection selection = {.only = NULL};
    int id;
    while ((id = args_next(&args)) != ARGS_END) {
        if (id == ARGS_HELP)
            return args_print_help(&command);
        if (id == ARGS_POSITIONAL)
            say(FR_LOG_ERROR, "framering selftest takes no argument, but was given '%s'", args.value);
        if (id == ARGS_BAD || id == ARGS_POSITIONAL)
            return EXIT_USAGE;
        selection.json = selection.json || id == OPT_JSON;
        selection.list = selection.list || id == OPT_LIST;
        selection.allow_flip = selection.allow_flip || id == OPT_FLIP;
        if (id == OPT_ONLY)
            selection.only = args.value;
        if (id == OPT_REPORT)
            selection.report = args.value;
    }
    return selection.list ? list_rows(&selection) : run(&selection);
}
