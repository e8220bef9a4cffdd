/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "sources.h"

#include "child.h"
#include "say.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PREFIX "framering-source-"

enum { NUM_FOLDERS = 4 };

/* Folder `index` of the search order; false: this one does not apply. */
static bool folder_at(int index, char *out, size_t bytes)
{
    const char *named = getenv("FRAMERING_SOURCE_DIR");
    char self[PATH_MAX];
    int written = -1;
    if (index == 0 && named && *named)
        written = snprintf(out, bytes, "%s", named);
    if (index == 1 || index == 2) {
        ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
        if (length <= 0)
            return false;
        self[length] = '\0';
        char *slash = strrchr(self, '/');
        if (!slash)
            return false;
        *slash = '\0';
        written = snprintf(out, bytes, "%s/%s", self, index == 1 ? "../sources" : "../libexec/framering");
    }
    if (index == 3)
        written = snprintf(out, bytes, "%s", FR_LIBEXEC_DIR);
    return written > 0 && (size_t)written < bytes;
}

static bool is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
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

bool sources_find(const char *kind, char *path, size_t bytes)
{
    char folder[PATH_MAX], kinds[512];
    for (int i = 0; kind_is_sound(kind) && i < NUM_FOLDERS; i++) {
        if (!folder_at(i, folder, sizeof folder))
            continue;
        int written = snprintf(path, bytes, "%s/" PREFIX "%s", folder, kind);
        if (written > 0 && (size_t)written < bytes && is_program(path))
            return true;
    }
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

static void scan_folder(struct sources_list *list, const char *folder)
{
    char path[PATH_MAX + 300];
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 && is_program(path))
            add_kind(list, entry->d_name + strlen(PREFIX));
    }
    closedir(dir);
}

void sources_scan(struct sources_list *out)
{
    char folder[PATH_MAX];
    out->count = 0;
    for (int i = 0; i < NUM_FOLDERS; i++)
        if (folder_at(i, folder, sizeof folder))
            scan_folder(out, folder);
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
    char program[PATH_MAX], ask[] = "--list-options", answer[8192];
    snprintf(program, sizeof program, "%s", path);
    char *argv[] = {program, ask, NULL};
    if (!child_run(argv, answer, sizeof answer)) {
        say(FR_LOG_ERROR, "%s does not answer --list-options; is it a source program of this version?", path);
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

static bool connects(const char *path, bool abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length + 2 > sizeof address.sun_path)
        return false;
    memcpy(address.sun_path + (abstract ? 1 : 0), path, length);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    bool answers = connect(fd, (struct sockaddr *)&address, bytes) == 0;
    close(fd);
    return answers;
}

bool sources_display_answers(void)
{
    const char *display = getenv("DISPLAY");
    const char *colon = display ? strrchr(display, ':') : NULL;
    if (!colon || !isdigit((unsigned char)colon[1]))
        return false;
    /* A display elsewhere: the source finds out. */
    if (colon != display && strncmp(display, "unix:", 5) != 0)
        return true;
    char path[64];
    size_t digits = strspn(colon + 1, "0123456789");
    if (digits > 8)
        return false;
    snprintf(path, sizeof path, "/tmp/.X11-unix/X%.*s", (int)digits, colon + 1);
    return connects(path, false) || connects(path, true);
}
