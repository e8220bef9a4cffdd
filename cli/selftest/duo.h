/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SELFTEST_DUO_H
#define FR_CLI_SELFTEST_DUO_H

/* A capture in the row's process, and a source in its peer's. */

#include "selftest/selftest.h"

#include <framering/capture.h>
#include <framering/source.h>

enum { DUO_WIDTH = 640, DUO_HEIGHT = 352, DUO_FRAMES = 200, DUO_FRAME_MS = 10000 };

/* The pictures that the source shows. */
enum duo_picture { DUO_NUMBERS = 0, DUO_SQUARES = 1 };

struct duo_wish {
    fr_capture_params capture; /* target, log and start_source are ours */
    /* How the source finds its host: NULL: it inherits a connection; "target", or on Windows "named=PREFIX".
     */
    const char *way;
    fr_colour_state colour_state;
    fr_format format;
    enum duo_picture picture;
    bool gpu; /* the source renders with a device */
};

struct duo {
    struct selftest *test;
    struct duo_wish wish;
    struct peer peer;
    fr_capture *capture;
    uint32_t target;
    char target_word[16], display_word[64];
};

/* Opens a capture with a source of our own. What fr_capture_open says; the row has no result yet, unless its
 * second process did not start or said why it cannot. */
fr_status duo_open(struct duo *duo, struct selftest *test, const struct duo_wish *wish);

/* The next fresh frame, which the caller releases. False: none came in DUO_FRAME_MS; the row has failed. */
bool duo_fresh(struct duo *duo, fr_frame *frame);

/* Takes `count` fresh frames of numbers. Each is whole, is the one that its label says, and is newer than the
 * one before. False: not so, and the row has failed. */
bool duo_check_numbers(struct duo *duo, unsigned count);

/* Closes both. */
void duo_close(struct duo *duo);

/* Another source into the same capture, after the last one died. */
bool duo_invite(struct duo *duo);

/* The peer's side: WAY TARGET DISPLAY. */
int duo_source(int argc, char **argv);

/* ---- what the system adds; duo_linux.c, duo_win32.c ---- */

struct duo_system;
/* Fills what `way` and `gpu` need beyond the target. NULL: it cannot be, and the row was told. */
struct duo_system *duo_system_create(fr_source_params *params, const char *way, bool gpu);
void duo_system_destroy(struct duo_system *system);
/* What the way has to do before each poll. */
void duo_system_poll(struct duo_system *system, fr_source *source);
/* Copies a picture into the slot's texture. */
void duo_system_upload(struct duo_system *system, const fr_slot *slot, const void *pixels,
                       size_t pitch_bytes);

#endif
