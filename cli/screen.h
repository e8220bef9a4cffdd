/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SCREEN_H
#define FR_CLI_SCREEN_H

/* A whole terminal to draw on: linux/screen.c by ncurses, win32/screen.c by escape sequences. */
struct screen;

/* NULL: this terminal cannot; nothing was changed. */
struct screen *screen_open(void);

/* Gives the terminal back as it was; sets *screen NULL; NULL is accepted. */
void screen_close(struct screen **screen);

/* A picture: begin with an empty one, put text into it (cut where the screen ends; row 0 is bold), show it.
 */
void screen_begin(struct screen *screen);
void screen_put(struct screen *screen, int row, int column, const char *text);
void screen_show(struct screen *screen);

/* Waits for a key; -1: none came, or the program is asked to stop. */
int screen_key(struct screen *screen, int timeout_ms);

#endif
