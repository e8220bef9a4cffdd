/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "cue.h"

#include <framering/frame.h>

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

static sigset_t awaited;
static uint32_t cues;

void cue_begin(void)
{
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGUSR1);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
}

bool cue_sleep(uint64_t ns)
{
    const uint64_t end_ns = fr_clock_now_ns() + ns;
    for (;;) {
        const uint64_t now_ns = fr_clock_now_ns(), left_ns = end_ns > now_ns ? end_ns - now_ns : 0;
        const struct timespec time = {(time_t)(left_ns / 1000000000), (long)(left_ns % 1000000000)};
        const int number = sigtimedwait(&awaited, NULL, &time);
        if (number == SIGINT)
            return true;
        if (number == SIGUSR1)
            cues++;
        else if (number < 0 && errno != EINTR)
            return false;
    }
}

bool cue_take(void)
{
    if (!cues)
        return false;
    cues--;
    return true;
}
