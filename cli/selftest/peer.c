/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The second process of a row. */
#include "selftest/selftest.h"

#include "clock.h"
#include "commands.h"
#include "files.h"
#include "selftest/lines.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEER_LOOK_MS = 5, PEER_KILL_MS = 1000 };

void peer_init(struct peer *peer)
{
    *peer = (struct peer){.lines = 0};
    child_init(&peer->child);
}

bool peer_start(struct selftest *test, struct peer *peer, const char *name, const char *const *words,
                int socket_fd)
{
    char self[FILES_PATH_MAX], error[256];
    /* child_start does not write to the words. */
    char *argv[SELFTEST_PEER_WORDS + 5] = {self, (char *)(uintptr_t) "selftest", (char *)(uintptr_t) "--peer",
                                           (char *)(uintptr_t)name};
    size_t count = 4;
    for (size_t i = 0; words && words[i] && i < SELFTEST_PEER_WORDS; i++)
        argv[count++] = (char *)(uintptr_t)words[i];
    peer_init(peer);
    if (!files_self(self, sizeof self)) {
        selftest_fail(test, "the path of this program is not known, so that it cannot start itself");
        return false;
    }
    const int failed = child_start(&peer->child, argv, socket_fd);
    if (failed)
        selftest_fail(test, "the second process does not start: %s",
                      child_error_text(failed, error, sizeof error));
    return failed == 0;
}

static void hear(void *user, const char *line)
{
    struct peer *peer = user;
    const char *said = lines_of_kind(line, "peer");
    if (said && peer->lines < PEER_LINES) {
        snprintf(peer->said[peer->lines++], SELFTEST_TEXT_MAX, "%s", said);
        return;
    }
    const char *note = lines_of_kind(line, "note");
    selftest_note("peer: %s", note ? note : line);
}

void peer_read(struct peer *peer)
{
    child_read(&peer->child, hear, peer);
}

bool peer_concludes(struct selftest *test, const char *line)
{
    const char *failure = lines_of_kind(line, "failed"), *lack = lines_of_kind(line, "cannot");
    if (failure)
        selftest_fail(test, "the second process: %s", failure);
    if (lack) {
        selftest_code(test, (uint32_t)strtoul(lack, NULL, 16));
        selftest_not_available(test, "the second process:%s", lack + strcspn(lack, " "));
    }
    return failure || lack;
}

const char *peer_expect(struct selftest *test, struct peer *peer, const char *word, int timeout_ms)
{
    const uint64_t until_ns = fr_clock_now_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    struct child_exit how;
    for (;;) {
        const bool ended = peer->child.pid <= 0 || child_wait(&peer->child, PEER_LOOK_MS, &how);
        peer_read(peer);
        while (peer->heard < peer->lines) {
            const char *line = peer->said[peer->heard++];
            if (strcmp(line, word) == 0)
                return "";
            if (lines_of_kind(line, word))
                return lines_of_kind(line, word);
            if (peer_concludes(test, line))
                return NULL;
        }
        if (ended || fr_clock_now_ns() >= until_ns) {
            selftest_fail(test, "the second process %s before it said '%s'",
                          ended ? "ended" : "gave no answer", word);
            return NULL;
        }
    }
}

void peer_kill(struct peer *peer)
{
    struct child_exit how;
    if (peer->child.pid > 0) {
        child_kill(&peer->child);
        while (!child_wait(&peer->child, PEER_KILL_MS, &how))
            ;
    }
    peer_read(peer);
    child_finish(&peer->child);
}

bool peer_finish(struct peer *peer, int timeout_ms)
{
    struct child_exit how = {.killed = true};
    const uint64_t until_ns = fr_clock_now_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    bool ended = false;
    while (peer->child.pid > 0 && !ended && fr_clock_now_ns() < until_ns) {
        ended = child_wait(&peer->child, PEER_LOOK_MS, &how);
        peer_read(peer);
    }
    peer_kill(peer);
    return ended && !how.killed && how.code == 0;
}

static void say_words(const char *prefix, const char *format, va_list words)
{
    char text[SELFTEST_TEXT_MAX];
    const int length = snprintf(text, sizeof text, "%s", prefix);
    vsnprintf(text + length, sizeof text - (size_t)length, format, words);
    lines_write("peer", text);
}

void peer_say(const char *format, ...)
{
    va_list words;
    va_start(words, format);
    say_words("", format, words);
    va_end(words);
}

int peer_failed(const char *format, ...)
{
    va_list words;
    va_start(words, format);
    say_words("failed ", format, words);
    va_end(words);
    return EXIT_FAILED;
}

int peer_cannot(uint32_t code, const char *format, ...)
{
    char prefix[24];
    snprintf(prefix, sizeof prefix, "cannot %08" PRIx32 " ", code);
    va_list words;
    va_start(words, format);
    say_words(prefix, format, words);
    va_end(words);
    return EXIT_FAILED;
}

static void write_note(void *user, fr_log_level level, const char *text)
{
    (void)user, (void)level;
    lines_write("note", text);
}

fr_log peer_log(void)
{
    return (fr_log){.write = write_note, .max_level = FR_LOG_DEBUG};
}
