/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "child.h"

#include "clock.h"
#include "files.h"
#include "stop.h"
#include "win32/launch.h"
#include "win32/text.h"

#include <stdio.h>

enum { END_BY_ITSELF_MS = 1000, KILL_MS = 1000, KILLED_CODE = 1, FOLLOW_MS = 50 };

/* The lowest number of an exception that ends a program: STATUS_SEVERITY_ERROR. */
#define EXCEPTION_FIRST 0xc0000000u

static HANDLE as_handle(intptr_t handle)
{
    return (HANDLE)handle;
}

static int take(struct child *child, DWORD error, const struct launched *launched)
{
    child_init(child);
    if (error)
        return (int)error;
    child->pid = launched->pid;
    child->process = (intptr_t)launched->process;
    child->job = (intptr_t)launched->job;
    child->output = (intptr_t)launched->output;
    return 0;
}

int child_start(struct child *child, char *const argv[], int socket_fd)
{
    struct launched launched;
    /* The value of a handle has 32 bits that mean something, and is extended by its sign. */
    HANDLE channel = socket_fd >= 0 ? LongToHandle(socket_fd) : NULL;
    return take(child, launch_restricted(argv, channel, &launched), &launched);
}

int child_start_trusted(struct child *child, char *const argv[])
{
    struct launched launched;
    return take(child, launch_trusted(argv, &launched), &launched);
}

char *child_error_text(int error, char *out, size_t bytes)
{
    return text_of_error((DWORD)error, out, bytes);
}

void child_socket_close(int socket_fd)
{
    if (socket_fd >= 0)
        CloseHandle(LongToHandle(socket_fd));
}

int child_read_some(struct child *child, char *out, size_t bytes)
{
    DWORD there = 0, got = 0;
    /* Reading an anonymous pipe blocks: only what is there is read. */
    bool open = PeekNamedPipe(as_handle(child->output), NULL, 0, NULL, &there, NULL);
    if (open && there == 0)
        return -1;
    if (open && ReadFile(as_handle(child->output), out, (DWORD)(there < bytes ? there : bytes), &got, NULL) &&
        got > 0)
        return (int)got;
    CloseHandle(as_handle(child->output));
    child->output = CHILD_NONE;
    return 0;
}

static void reap(struct child *child, struct child_exit *out)
{
    DWORD code = 0;
    FILETIME made, ended, kernel, user;
    GetExitCodeProcess(as_handle(child->process), &code);
    *out = (struct child_exit){.killed = code >= EXCEPTION_FIRST, .code = code};
    if (GetProcessTimes(as_handle(child->process), &made, &ended, &kernel, &user))
        out->cpu_ns = (((uint64_t)kernel.dwHighDateTime << 32 | kernel.dwLowDateTime) +
                       ((uint64_t)user.dwHighDateTime << 32 | user.dwLowDateTime)) *
                      100;
    CloseHandle(as_handle(child->process));
    child->process = CHILD_NONE;
    child->pid = 0;
}

bool child_wait(struct child *child, int timeout_ms, struct child_exit *out)
{
    if (child->pid <= 0 || WaitForSingleObject(as_handle(child->process), (DWORD)timeout_ms) != WAIT_OBJECT_0)
        return false;
    reap(child, out);
    return true;
}

char *child_exit_text(const struct child_exit *how, char *out, size_t bytes)
{
    snprintf(out, bytes, how->killed ? "was ended by the exception 0x%08x" : "ended with exit code %u",
             how->code);
    return out;
}

void child_kill(struct child *child)
{
    TerminateProcess(as_handle(child->process), KILLED_CODE);
}

/* There is no asking: a program without a console gets no Ctrl-C. A source ends because its channel did. */
void child_end(struct child *child, struct child_exit *out)
{
    if (child->pid <= 0 || child_wait(child, END_BY_ITSELF_MS, out))
        return;
    child_kill(child);
    while (!child_wait(child, KILL_MS, out))
        ;
}

void child_finish(struct child *child)
{
    const intptr_t handles[] = {child->output, child->process, child->job};
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++)
        if (handles[i] != CHILD_NONE)
            CloseHandle(as_handle(handles[i]));
    child_init(child);
}

/* There is no exec either: the program shares our console, and we wait for it. Its Ctrl-C is ours too. */
int child_become(char *const argv[], int *exit_code)
{
    struct launched launched;
    DWORD error = launch_beside(argv, &launched);
    if (error)
        return (int)error;
    stop_install();
    while (!stop_requested() && WaitForSingleObject(launched.process, FOLLOW_MS) == WAIT_TIMEOUT)
        ;
    DWORD code = KILLED_CODE;
    if (WaitForSingleObject(launched.process, END_BY_ITSELF_MS) == WAIT_OBJECT_0)
        GetExitCodeProcess(launched.process, &code);
    *exit_code = (int)code;
    CloseHandle(launched.process);
    CloseHandle(launched.job); /* and with it what still runs */
    return 0;
}
