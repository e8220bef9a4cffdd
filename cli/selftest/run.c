/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "selftest/run.h"

#include "clock.h"
#include "commands.h"
#include "files.h"
#include "probe.h"
#include "say.h"
#include "selftest/lines.h"
#include "stop.h"

#include <inttypes.h>
#include <stdio.h>

enum { LOOK_MS = 20, KILL_MS = 1000, LOG_LINES_MAX = 400, PROBE_MS = 60000 };

static void hear(void *user, const char *line)
{
    struct run_entry *entry = user;
    struct selftest result;
    const char *text = lines_of_kind(line, "result");
    if (text && lines_read_result(text, &result)) {
        entry->result = result;
        return;
    }
    const char *note = lines_of_kind(line, "note");
    if (json_array_size(entry->log) < LOG_LINES_MAX) {
        json_t *words = json_string(note ? note : line);
        json_array_append_new(entry->log, words ? words : json_string("(a line that is not UTF-8)"));
    }
}

static void fail(struct run_entry *entry, const char *text)
{
    entry->result = (struct selftest){.outcome = SELFTEST_FAIL};
    snprintf(entry->result.text, sizeof entry->result.text, "%s", text);
}

/* Starts this program with two words after "selftest". */
static bool start(struct child *child, const char *option, const char *word, char *error, size_t bytes)
{
    char self[FILES_PATH_MAX];
    if (!files_self(self, sizeof self)) {
        snprintf(error, bytes, "the path of this program is not known");
        return false;
    }
    char *const argv[] = {self, (char *)(uintptr_t) "selftest", (char *)(uintptr_t)option,
                          (char *)(uintptr_t)word, NULL};
    const int failed = child_start_trusted(child, argv);
    if (failed)
        child_error_text(failed, error, bytes);
    return failed == 0;
}

/* Follows the child until it ends, bound_ms are over or somebody wants to stop; then nothing of it runs.
 * True: it ended by itself. */
static bool follow(struct child *child, uint32_t bound_ms, struct run_entry *entry, struct child_exit *how)
{
    const uint64_t until_ns = fr_clock_now_ns() + bound_ms * NS_PER_MS;
    bool ended = false;
    while (!ended && fr_clock_now_ns() < until_ns && !stop_requested()) {
        ended = child_wait(child, LOOK_MS, how);
        if (entry)
            child_read(child, hear, entry);
    }
    if (!ended) {
        child_kill(child);
        while (!child_wait(child, KILL_MS, how))
            ;
        if (entry)
            child_read(child, hear, entry);
    }
    child_finish(child);
    return ended;
}

bool run_row(const struct selftest_row *row, struct run_entry *out)
{
    char name[64], text[SELFTEST_TEXT_MAX], way[128];
    const uint64_t began_ns = fr_clock_now_ns();
    struct child child;
    struct child_exit how = {.killed = false};
    *out = (struct run_entry){.row = row, .log = json_array()};
    snprintf(name, sizeof name, "%s/%s", row->area, row->name);
    if (!start(&child, "--row", name, text, sizeof text)) {
        fail(out, text);
        return true;
    }
    const bool ended = follow(&child, row->bound_ms, out, &how);
    if (stop_requested())
        return false;
    if (!ended)
        snprintf(text, sizeof text, "no answer within %" PRIu32 " s; its process was ended",
                 row->bound_ms / 1000);
    else
        snprintf(text, sizeof text, "no result: its process %s", child_exit_text(&how, way, sizeof way));
    if (!ended || out->result.outcome == SELFTEST_NO_ANSWER)
        fail(out, text);
    out->took_ns = fr_clock_now_ns() - began_ns;
    return true;
}

json_t *run_probe(void)
{
    char path[FILES_PATH_MAX], error[256];
    struct child child;
    struct child_exit how;
    if (!files_make_temporary(path, sizeof path, ".json"))
        return json_pack("{s:s}", "fault", "no temporary file can be made");
    json_t *report = NULL;
    if (start(&child, "--probe", path, error, sizeof error) && follow(&child, PROBE_MS, NULL, &how)) {
        FILE *file = files_open(path, "rb");
        report = file ? json_loadf(file, 0, NULL) : NULL;
        if (file)
            fclose(file);
    }
    files_remove(path);
    return report ? report : json_pack("{s:s}", "fault", "the probe gave no answer");
}

int run_probe_into(const char *path)
{
    json_t *report = probe_report(NULL);
    FILE *file = files_open(path, "wb");
    bool good = report && file && json_dumpf(report, file, JSON_INDENT(2)) == 0;
    if (file)
        good = fclose(file) == 0 && good;
    json_decref(report);
    return good ? EXIT_DONE : EXIT_FAILED;
}

json_t *run_entry_json(const struct run_entry *entry, bool with_log)
{
    const struct selftest *result = &entry->result;
    char code[16] = "";
    if (result->has_code)
        snprintf(code, sizeof code, "0x%08" PRIx32, result->code);
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:s, s:I}", "area", entry->row->area, "name",
                               entry->row->name, "what", entry->row->what, "result",
                               selftest_outcome_name(result->outcome), "code", result->has_code ? code : NULL,
                               "code_name", result->has_code ? selftest_code_name(result->code) : "",
                               "sentence", result->text, "ms", (json_int_t)(entry->took_ns / NS_PER_MS));
    if (object && with_log)
        json_object_set(object, "log", entry->log);
    return object;
}
