/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include "clock.h"
#include "stop.h"
#include "terminal.h"
#include "win32/stop_event.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 64, COLUMNS_MAX = 256, ROW_EXTRA = 32 /* of escape sequences */ };

struct screen {
    int rows, columns;
    char cell[ROWS_MAX][COLUMNS_MAX + 1]; /* printable ASCII */
    char page[ROWS_MAX * (COLUMNS_MAX + ROW_EXTRA)];
};

static HANDLE console_out(void)
{
    return GetStdHandle(STD_OUTPUT_HANDLE);
}

struct screen *screen_open(void)
{
    if (!terminal_is(TERMINAL_IN) || !terminal_is(TERMINAL_OUT))
        return NULL;
    struct screen *screen = calloc(1, sizeof *screen);
    if (!screen)
        return NULL;
    setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
    printf("\033[?1049h\033[?25l"); /* another page, no cursor */
    fflush(stdout);
    return screen;
}

void screen_close(struct screen **screen)
{
    if (!*screen)
        return;
    printf("\033[?25h\033[?1049l");
    fflush(stdout);
    free(*screen);
    *screen = NULL;
}

void screen_begin(struct screen *screen)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    screen->rows = 24;
    screen->columns = 80;
    if (GetConsoleScreenBufferInfo(console_out(), &info)) {
        screen->rows = info.srWindow.Bottom - info.srWindow.Top + 1;
        screen->columns = info.srWindow.Right - info.srWindow.Left + 1;
    }
    if (screen->rows > ROWS_MAX)
        screen->rows = ROWS_MAX;
    if (screen->columns > COLUMNS_MAX)
        screen->columns = COLUMNS_MAX;
    memset(screen->cell, 0, sizeof screen->cell);
}

void screen_put(struct screen *screen, int row, int column, const char *text)
{
    if (row >= screen->rows || column >= screen->columns)
        return;
    char *line = screen->cell[row];
    for (int used = (int)strlen(line); used < column; used++)
        line[used] = ' ';
    snprintf(line + column, (size_t)(screen->columns - column) + 1, "%s", text);
}

/* In one piece, so that nobody sees half of it. */
void screen_show(struct screen *screen)
{
    size_t used = 0;
    char *out = screen->page;
    used += (size_t)snprintf(out, sizeof screen->page, "\033[H");
    for (int row = 0; row < screen->rows; row++) {
        bool bold = row == 0, last = row + 1 == screen->rows;
        /* After the last line a line break would scroll. */
        used +=
            (size_t)snprintf(out + used, sizeof screen->page - used, "%s%s%s\033[K%s", bold ? "\033[1m" : "",
                             screen->cell[row], bold ? "\033[0m" : "", last ? "" : "\r\n");
    }
    fwrite(out, 1, used, stdout);
    fflush(stdout);
}

/* The next key that was pressed; -1: other input, or none. Does not wait. */
static int take_key(HANDLE console_in)
{
    INPUT_RECORD record;
    DWORD there = 0, got = 0;
    while (GetNumberOfConsoleInputEvents(console_in, &there) && there > 0 &&
           ReadConsoleInputW(console_in, &record, 1, &got) && got == 1) {
        if (record.EventType == KEY_EVENT && record.Event.KeyEvent.bKeyDown &&
            record.Event.KeyEvent.uChar.UnicodeChar)
            return record.Event.KeyEvent.uChar.UnicodeChar;
    }
    return -1;
}

int screen_key(struct screen *screen, int timeout_ms)
{
    (void)screen;
    HANDLE console_in = GetStdHandle(STD_INPUT_HANDLE);
    uint64_t deadline = fr_clock_now_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    for (;;) {
        uint64_t now = fr_clock_now_ns();
        if (now >= deadline || stop_requested())
            return -1;
        if (!stop_event_wait(console_in, (deadline - now) / NS_PER_MS + 1))
            continue;
        int key = take_key(console_in);
        if (key >= 0)
            return key;
    }
}
