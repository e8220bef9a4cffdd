/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_WATCH_SCREEN_H
#define FR_CLI_WATCH_SCREEN_H

#include "watch_model.h"

/* The live screen of `framering watch`. */
struct watch_screen;

/* NULL: this terminal cannot; nothing was changed. */
struct watch_screen *watch_screen_create(void);

void watch_screen_draw(struct watch_screen *screen, uint32_t target_id, const fr_observation *seen,
                       const struct watch_rates *rates);

/* Waits for a key; true if it asks to quit. */
bool watch_screen_wait(struct watch_screen *screen, uint64_t ns);

/* Gives the terminal back; sets *screen NULL; NULL is accepted. */
void watch_screen_destroy(struct watch_screen **screen);

#endif
