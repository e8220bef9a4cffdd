/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "program.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

void fr_program_arguments(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
}

void fr_program_start(void)
{
    /* No SA_RESTART: a wait has to end when the user wants to. */
    struct sigaction action = {.sa_handler = stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

bool fr_program_stopped(void)
{
    return stopped != 0;
}

void fr_sleep_ns(uint64_t duration_ns)
{
    struct timespec left = {
        .tv_sec = (time_t)(duration_ns / FR_NS_PER_S),
        .tv_nsec = (long)(duration_ns % FR_NS_PER_S),
    };
    while (!stopped && nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}
