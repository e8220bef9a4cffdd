/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * A program that the tests start. Each word of its command line is something to do, one after the other; then
 * it ends with 0. As framering-source-KIND it answers --list-options (KIND apple: by failing).
 */
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

static void wait_ms(long ms)
{
    Sleep((DWORD)ms);
}

static void die(void)
{
    RaiseException(0xc0000005u, EXCEPTION_NONCONTINUABLE, 0, NULL);
}
#else

#include <signal.h>
#include <time.h>

static void wait_ms(long ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void die(void)
{
    raise(SIGKILL);
}
#endif

static int list_options(const char *self)
{
    if (strstr(self, "apple"))
        return 1;
    printf("--size WxH\n--fps N\n--hdr\n--at SCRIPT\n--loop\n--target N\n--channel NAME\n--name-prefix TEXT\n"
           "--backend NAME\n");
    return 0;
}

static void act(const char *word)
{
    const char *value = strchr(word, ':');
    const size_t length = value ? (size_t)(value - word) : strlen(word);
    value = value ? value + 1 : "";
    if (!strncmp(word, "out", length))
        printf("%s\n", value);
    else if (!strncmp(word, "err", length))
        fprintf(stderr, "%s\n", value);
    else if (!strncmp(word, "env", length))
        printf("[%s]\n", getenv(value) ? getenv(value) : "");
    else if (!strncmp(word, "wait", length))
        wait_ms(strtol(value, NULL, 10));
    else if (!strncmp(word, "read", length))
        printf("%s\n", getchar() == EOF ? "nothing to read" : "something to read");
    else if (!strncmp(word, "flood", length))
        while (puts("y") >= 0)
            ;
    else if (!strncmp(word, "die", length))
        die();
    else if (!strncmp(word, "exit", length))
        exit((int)strtol(value, NULL, 10));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "--list-options"))
        return list_options(argv[0]);
    for (int i = 1; i < argc; i++)
        act(argv[i]);
    return 0;
}
