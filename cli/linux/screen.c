/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include "terminal.h"

#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>

struct screen {
    SCREEN *terminal;
};

struct screen *screen_open(void)
{
    if (!terminal_is(TERMINAL_IN) || !terminal_is(TERMINAL_OUT) || !getenv("TERM"))
        return NULL;
    struct screen *screen = calloc(1, sizeof *screen);
    if (!screen)
        return NULL;
    /* Not initscr: that ends the program on a terminal it does not know. */
    screen->terminal = newterm(NULL, stdout, stdin);
    if (!screen->terminal) {
        free(screen);
        return NULL;
    }
    cbreak();
    noecho();
    curs_set(0);
    return screen;
}

void screen_close(struct screen **screen)
{
    if (!*screen)
        return;
    endwin();
    delscreen((*screen)->terminal);
    free(*screen);
    *screen = NULL;
}

void screen_begin(struct screen *screen)
{
    (void)screen;
    erase();
}

void screen_put(struct screen *screen, int row, int column, const char *text)
{
    (void)screen;
    if (row >= LINES || column >= COLS)
        return;
    if (row == 0)
        attron(A_BOLD);
    mvaddnstr(row, column, text, COLS - column);
    if (row == 0)
        attroff(A_BOLD);
}

void screen_show(struct screen *screen)
{
    (void)screen;
    refresh();
}

int screen_key(struct screen *screen, int timeout_ms)
{
    (void)screen;
    timeout(timeout_ms);
    return getch();
}
