/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "supervise.h"

#include "clock.h"
#include "usage.h"
#include "say.h"

#include <stdio.h>
#include <string.h>

/* A source that showed frames for so long was well: the pauses begin anew. */
#define HEALTHY_NS (2 * NS_PER_S)
#define BUSY_RETRY_NS (20 * NS_PER_MS)

static const unsigned backoff_ms[] = {100, 500, 1000, 2000, 5000};

enum { NUM_BACKOFFS = sizeof backoff_ms / sizeof backoff_ms[0], BARREN_MAX = 5 };

void supervisor_init(struct supervisor *supervisor, char *const *argv, const char *kind, bool restart)
{
    memset(supervisor, 0, sizeof *supervisor);
    supervisor->argv = argv;
    supervisor->kind = kind;
    supervisor->restart = restart;
    child_init(&supervisor->child);
    supervisor->exit_code = -1;
}

fr_status supervisor_start(struct supervisor *supervisor, int socket_fd)
{
    int error = child_start(&supervisor->child, supervisor->argv, socket_fd);
    child_socket_close(socket_fd);
    if (error) {
        char why[256];
        say(FR_LOG_ERROR, "cannot start the source %s: %s", supervisor->argv[0],
            child_error_text(error, why, sizeof why));
        return FR_ERR_SOURCE_FAILED;
    }
    supervisor->started_ns = fr_clock_now_ns();
    supervisor->restart_at_ns = 0;
    supervisor->spoke = false;
    supervisor->delivered = false;
    return FR_OK;
}

static void pass_line(void *user, const char *text)
{
    struct supervisor *supervisor = user;
    supervisor->spoke = true;
    /* A source that fails the same way every few seconds says so once. */
    if (supervisor->failures && strcmp(text, supervisor->last_line) == 0)
        return;
    snprintf(supervisor->last_line, sizeof supervisor->last_line, "%s", text);
    say_foreign(text);
}

uint64_t supervisor_backoff_ns(unsigned failures)
{
    unsigned index = failures == 0 ? 0 : failures - 1;
    return backoff_ms[index < NUM_BACKOFFS ? index : NUM_BACKOFFS - 1] * NS_PER_MS;
}

static void on_end(struct supervisor *supervisor, const struct child_exit *end, uint64_t now_ns)
{
    char how[96];
    supervisor->exit_code = end->killed ? -1 : (int)end->code;
    if (supervisor->exit_code == 0) {
        supervisor->ended = true;
        return;
    }
    child_exit_text(end, how, sizeof how);
    if (supervisor->delivered && now_ns - supervisor->started_ns > HEALTHY_NS)
        supervisor->failures = 0;
    supervisor->failures++;
    supervisor->barren = supervisor->delivered ? 0 : supervisor->barren + 1;
    if (!supervisor->attached) { /* the capture says why there is no session */
        supervisor->failed = true;
        return;
    }
    if (!supervisor->restart) {
        supervisor->failed = true;
        say(FR_LOG_ERROR, "the source %s %s, and --no-restart was given", supervisor->kind, how);
        return;
    }
    if (supervisor->barren == BARREN_MAX) {
        supervisor->failed = true;
        say(FR_LOG_ERROR, "the source %s %s, and was started %d times without showing a frame",
            supervisor->kind, how, (int)BARREN_MAX);
        return;
    }
    uint64_t wait_ns = supervisor_backoff_ns(supervisor->failures);
    supervisor->restart_at_ns = now_ns + wait_ns;
    /* Once the pauses grow no more, there is nothing new to say. */
    if (supervisor->failures <= NUM_BACKOFFS)
        say(FR_LOG_WARNING, "the source %s %s; it is started again %s %.1f s", supervisor->kind, how,
            supervisor->failures < NUM_BACKOFFS ? "in" : "every", (double)wait_ns / (double)NS_PER_S);
}

bool supervisor_watch(struct supervisor *supervisor, uint64_t now_ns)
{
    struct child_exit end;
    if (!supervisor->argv)
        return false;
    child_read(&supervisor->child, pass_line, supervisor);
    if (child_wait(&supervisor->child, 0, &end)) {
        child_read(&supervisor->child, pass_line, supervisor);
        child_finish(&supervisor->child);
        supervisor->cpu_ns += end.cpu_ns;
        on_end(supervisor, &end, now_ns);
    }
    return supervisor->ended || supervisor->failed ||
           (supervisor->restart_at_ns && now_ns >= supervisor->restart_at_ns);
}

void supervisor_restart(struct supervisor *supervisor, fr_capture *capture, uint64_t now_ns)
{
    int socket_fd = -1;
    if (!supervisor->restart_at_ns || now_ns < supervisor->restart_at_ns)
        return;
    fr_status status = supervisor->uninvited ? FR_OK : fr_capture_invite(capture, &socket_fd);
    if (status == FR_ERR_TARGET_BUSY) { /* the capture has not yet seen the end of the last one */
        supervisor->restart_at_ns = now_ns + BUSY_RETRY_NS;
        return;
    }
    if (status == FR_OK)
        status = supervisor_start(supervisor, socket_fd);
    if (status == FR_OK) {
        supervisor->restarts++;
        return;
    }
    supervisor->restart_at_ns = now_ns + supervisor_backoff_ns(++supervisor->failures);
    supervisor->failed = ++supervisor->barren >= BARREN_MAX;
}

uint64_t supervisor_cpu_ns(const struct supervisor *supervisor)
{
    return supervisor->cpu_ns + (supervisor->child.pid > 0 ? process_cpu_ns(supervisor->child.pid) : 0);
}

void supervisor_finish(struct supervisor *supervisor)
{
    struct child_exit end = {.cpu_ns = 0};
    child_end(&supervisor->child, &end);
    supervisor->cpu_ns += end.cpu_ns;
    child_read(&supervisor->child, pass_line, supervisor);
    child_finish(&supervisor->child);
}
