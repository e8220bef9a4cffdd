/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "terminal.h"

#include "win32/text.h"

#include <fcntl.h>
#include <io.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <timeapi.h>

/* In newer SDKs only. */
#ifndef ENABLE_VIRTUAL_TERMINAL_PROCESSING
#define ENABLE_VIRTUAL_TERMINAL_PROCESSING 0x0004
#endif

enum { VARIABLE_MAX = 4096, FINEST_TIMER_MS = 1 };

/* The program's whole life long. NULL: the command line stays as the C library took it apart. */
static char **utf8_arguments(int *count)
{
    int wide_count = 0;
    LPWSTR *wide = CommandLineToArgvW(GetCommandLineW(), &wide_count);
    char **out = wide ? calloc((size_t)wide_count + 1, sizeof *out) : NULL;
    for (int i = 0; out && i < wide_count; i++) {
        int bytes = WideCharToMultiByte(CP_UTF8, 0, wide[i], -1, NULL, 0, NULL, NULL);
        out[i] = bytes > 0 ? malloc((size_t)bytes) : NULL;
        if (!out[i]) {
            free(out);
            out = NULL;
            break;
        }
        WideCharToMultiByte(CP_UTF8, 0, wide[i], -1, out[i], bytes, NULL, NULL);
    }
    LocalFree(wide);
    *count = wide_count;
    return out;
}

static UINT code_page_before;

/* The console outlives us. */
static void restore_console(void)
{
    SetConsoleOutputCP(code_page_before);
}

void terminal_init(int *argc, char ***argv)
{
    int count;
    char **arguments = utf8_arguments(&count);
    if (arguments) {
        *argc = count;
        *argv = arguments;
    }
    for (int stream = 0; stream <= TERMINAL_ERR; stream++)
        _setmode(stream, _O_BINARY);
    code_page_before = GetConsoleOutputCP();
    if (code_page_before && code_page_before != CP_UTF8 && SetConsoleOutputCP(CP_UTF8))
        atexit(restore_console);
    /* Waits of a millisecond last 16 otherwise. */
    timeBeginPeriod(FINEST_TIMER_MS);
}

static HANDLE handle_of(enum terminal_stream stream)
{
    static const DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    return GetStdHandle(names[stream]);
}

bool terminal_is(enum terminal_stream stream)
{
    DWORD mode;
    HANDLE handle = handle_of(stream);
    if (!GetConsoleMode(handle, &mode))
        return false;
    return stream == TERMINAL_IN || (mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING) ||
           SetConsoleMode(handle, mode | ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

int terminal_columns(void)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    if (GetConsoleScreenBufferInfo(handle_of(TERMINAL_ERR), &info) &&
        info.srWindow.Right >= info.srWindow.Left)
        return info.srWindow.Right - info.srWindow.Left + 1;
    return 80;
}

const char *terminal_variable(const char *name)
{
    static char value[3 * VARIABLE_MAX];
    wchar_t wide_name[64], wide[VARIABLE_MAX];
    DWORD length =
        text_to_wide(name, wide_name, 64) ? GetEnvironmentVariableW(wide_name, wide, VARIABLE_MAX) : 0;
    return length > 0 && length < VARIABLE_MAX && text_from_wide(wide, value, sizeof value) ? value : NULL;
}
