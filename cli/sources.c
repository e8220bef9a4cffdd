/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "sources.h"

#include "child.h"
#include "files.h"
#include "say.h"
#include "terminal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "framering-source-"

/* Folder `index` of the search order; false: there is none. *more: perhaps another one follows. */
static bool folder_at(size_t index, char *out, size_t bytes, bool *more)
{
    const char *named = terminal_variable("FRAMERING_SOURCE_DIR");
    const char *place = index ? files_source_folders[index - 1] : named;
    *more = index == 0 || place;
    if (!place)
        return false;
    if (index && *place != '/')
        return files_beside(place, out, bytes);
    int written = snprintf(out, bytes, "%s", place);
    return written > 0 && (size_t)written < bytes;
}

/* A kind becomes part of a path: letters, digits and dashes only. */
static bool kind_is_sound(const char *kind)
{
    size_t length = strlen(kind);
    if (length == 0 || length >= SOURCES_KIND_BYTES)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)kind[i]) && kind[i] != '-' && kind[i] != '_')
            return false;
    return true;
}

bool sources_is_there(const char *kind, char *path, size_t bytes)
{
    char folder[FILES_PATH_MAX];
    bool more = kind_is_sound(kind);
    for (size_t i = 0; more; i++) {
        if (!folder_at(i, folder, sizeof folder, &more))
            continue;
        int written = snprintf(path, bytes, "%s/" PREFIX "%s%s", folder, kind, files_program_suffix);
        if (written > 0 && (size_t)written < bytes && files_is_program(path))
            return true;
    }
    return false;
}

bool sources_find(const char *kind, char *path, size_t bytes)
{
    char kinds[512];
    if (sources_is_there(kind, path, bytes))
        return true;
    say(FR_LOG_ERROR, "there is no source '%s'; the kinds here: %s", kind,
        sources_write_kinds(kinds, sizeof kinds));
    return false;
}

static void add_kind(struct sources_list *list, const char *kind)
{
    if (!kind_is_sound(kind) || list->count == SOURCES_MAX)
        return;
    size_t at = 0;
    while (at < list->count && strcmp(list->kind[at], kind) < 0)
        at++;
    if (at < list->count && strcmp(list->kind[at], kind) == 0)
        return;
    memmove(list->kind[at + 1], list->kind[at], (list->count - at) * sizeof list->kind[0]);
    snprintf(list->kind[at], sizeof list->kind[at], "%s", kind);
    list->count++;
}

struct scan {
    struct sources_list *list;
    const char *folder;
};

static void scan_name(void *user, const char *name)
{
    const struct scan *scan = user;
    char path[FILES_PATH_MAX], kind[SOURCES_KIND_BYTES];
    size_t prefix = strlen(PREFIX), ends = strlen(files_program_suffix), length = strlen(name);
    if (length <= prefix + ends || length - prefix - ends >= sizeof kind ||
        strncmp(name, PREFIX, prefix) != 0)
        return;
    snprintf(kind, sizeof kind, "%.*s", (int)(length - prefix - ends), name + prefix);
    int written = snprintf(path, sizeof path, "%s/%s", scan->folder, name);
    if (written > 0 && (size_t)written < sizeof path && files_is_program(path))
        add_kind(scan->list, kind);
}

void sources_scan(struct sources_list *out)
{
    char folder[FILES_PATH_MAX];
    bool more = true;
    out->count = 0;
    for (size_t i = 0; more; i++) {
        struct scan scan = {out, folder};
        if (folder_at(i, folder, sizeof folder, &more))
            files_list(folder, scan_name, &scan);
    }
}

char *sources_write_kinds(char *out, size_t bytes)
{
    struct sources_list list;
    sources_scan(&list);
    size_t used = 0;
    snprintf(out, bytes, "none is installed (FRAMERING_SOURCE_DIR may name their folder)");
    for (size_t i = 0; i < list.count && used < bytes; i++)
        used += (size_t)snprintf(out + used, bytes - used, "%s%s", i ? ", " : "", list.kind[i]);
    return out;
}

static void add_option(struct sources_options *out, const char *line, size_t length)
{
    size_t name_bytes = 0;
    while (name_bytes < length && !isspace((unsigned char)line[name_bytes]))
        name_bytes++;
    if (out->count == SOURCES_OPTIONS_MAX || name_bytes < 3 || strncmp(line, "--", 2) != 0 ||
        name_bytes >= sizeof out->option[0].name)
        return;
    memcpy(out->option[out->count].name, line, name_bytes);
    out->option[out->count].name[name_bytes] = '\0';
    while (name_bytes < length && isspace((unsigned char)line[name_bytes]))
        name_bytes++;
    out->option[out->count].takes_value = name_bytes < length;
    out->count++;
}

void sources_parse_options(const char *text, struct sources_options *out)
{
    out->count = 0;
    while (*text) {
        size_t length = strcspn(text, "\n");
        size_t blank = strspn(text, " \t");
        if (blank < length)
            add_option(out, text + blank, length - blank);
        text += length;
        text += *text == '\n';
    }
}

bool sources_ask_options(const char *path, struct sources_options *out)
{
    char program[FILES_PATH_MAX], ask[] = "--list-options", answer[8192], why[320];
    snprintf(program, sizeof program, "%s", path);
    char *argv[] = {program, ask, NULL};
    if (!child_run(argv, answer, sizeof answer, why, sizeof why)) {
        say(FR_LOG_ERROR, "%s, asked for --list-options, %s; is it a source program of this version?", path,
            why);
        return false;
    }
    sources_parse_options(answer, out);
    return true;
}

enum args_foreign sources_option_kind(const struct sources_options *options, const char *name)
{
    for (size_t i = 0; i < options->count; i++)
        if (strcmp(options->option[i].name, name) == 0)
            return options->option[i].takes_value ? ARGS_VALUE : ARGS_FLAG;
    return ARGS_UNKNOWN;
}
