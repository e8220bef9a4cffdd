/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <stdio.h>

enum { READS_AT_ONCE = 32, RUN_S = 10, LOOK_MS = 10, KILL_MS = 1000 };

void child_init(struct child *child)
{
    *child = (struct child){.process = CHILD_NONE, .job = CHILD_NONE, .output = CHILD_NONE};
}

static void end_line(struct child *child, void (*line)(void *user, const char *text), void *user)
{
    child->line[child->line_bytes] = '\0';
    if (child->line_bytes)
        line(user, child->line);
    child->line_bytes = 0;
}

void child_read(struct child *child, void (*line)(void *user, const char *text), void *user)
{
    char chunk[512];
    /* Bounded: a source that floods its output must not keep the frame thread here. */
    for (int i = 0; child->output != CHILD_NONE && i < READS_AT_ONCE; i++) {
        int got = child_read_some(child, chunk, sizeof chunk);
        if (got < 0)
            return;
        if (got == 0) {
            end_line(child, line, user);
            return;
        }
        for (int k = 0; k < got; k++) {
            if (chunk[k] == '\n' || child->line_bytes == sizeof child->line - 1)
                end_line(child, line, user);
            if (chunk[k] != '\n' &&
                chunk[k] != '\r') /* control characters of an untrusted program stay off the terminal */
                child->line[child->line_bytes++] =
                    (unsigned char)chunk[k] >= 0x20 && chunk[k] != 0x7f ? chunk[k] : ' ';
        }
    }
}

struct text {
    char *out;
    size_t bytes, used;
};

static void append_line(void *user, const char *line)
{
    struct text *text = user;
    int written = snprintf(text->out + text->used, text->bytes - text->used, "%s\n", line);
    if (written > 0 && (size_t)written < text->bytes - text->used)
        text->used += (size_t)written;
    else
        text->out[text->used] = '\0';
}

bool child_run(char *const argv[], char *out, size_t bytes, char *why, size_t why_bytes)
{
    struct child child;
    struct child_exit how = {.code = 1};
    struct text text = {out, bytes, 0};
    out[0] = '\0';
    int error = child_start(&child, argv, -1);
    if (error) {
        char reason[256];
        snprintf(why, why_bytes, "cannot be started: %s", child_error_text(error, reason, sizeof reason));
        return false;
    }
    bool ended = false;
    for (int i = 0; i < RUN_S * 1000 / LOOK_MS && !ended; i++) {
        child_read(&child, append_line, &text);
        ended = child_wait(&child, LOOK_MS, &how);
    }
    if (!ended) {
        snprintf(why, why_bytes, "did not end within %d s", RUN_S);
        child_kill(&child);
        while (!child_wait(&child, KILL_MS, &how))
            ;
    } else {
        child_exit_text(&how, why, why_bytes);
    }
    child_read(&child, append_line, &text);
    child_finish(&child);
    return ended && !how.killed && how.code == 0;
}
