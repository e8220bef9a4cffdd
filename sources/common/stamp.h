/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_STAMP_H
#define FRAMERING_SOURCES_STAMP_H

/*
 * A stamp says, in the picture itself, which frame the picture is. It is drawn as black and white cells, big
 * enough to survive a lossy codec, several times over the height: copies that disagree betray a torn frame.
 *
 * One copy is a black plate with 4 rows of 34 square cells on it. The outer columns are marks (left white,
 * black, white, black from the top; right the other way round), which give the reader its levels. The 32
 * columns between hold 128 bits, row by row, the highest first: sequence 32, generation 24, time 48, CRC-24
 * of the 13 bytes before (RFC 4880) 24. Cell size and places follow from the size of the picture alone.
 */

#include "canvas.h"

typedef struct fr_stamp {
    uint32_t sequence;
    uint32_t generation; /* 24 bits */
    uint64_t time_us;    /* 48 bits, CLOCK_MONOTONIC */
} fr_stamp;

enum { FR_STAMP_MAX_COPIES = 5 };

typedef struct fr_stamp_layout {
    uint32_t cell; /* pixels */
    uint32_t num_copies;
    fr_rect plates[FR_STAMP_MAX_COPIES]; /* from the top down */
} fr_stamp_layout;

/* False: the picture is too small for a stamp (less than 40 by 22). */
bool fr_stamp_layout_init(fr_stamp_layout *out, uint32_t width, uint32_t height);

/* Draws copies first..first + num - 1. */
void fr_stamp_draw(const fr_stamp_layout *layout, const fr_canvas *canvas, const fr_stamp *stamp,
                   uint32_t first, uint32_t num, uint64_t black, uint64_t white);

/* The luma (or any one channel that tells black from white) of a picture. */
typedef struct fr_luma {
    const uint8_t *data;
    ptrdiff_t pitch_bytes;
    uint32_t width, height;
    uint32_t step_bytes;   /* from one sample to the next */
    uint32_t sample_bytes; /* 1, or 2 for little endian */
    uint32_t shift;        /* of the sample, down to its code */
    uint32_t max;          /* the highest code, for example 255 or 1023 */
} fr_luma;

typedef struct fr_stamp_reading {
    uint32_t copies;   /* that there should be; 0 = picture too small */
    uint32_t readable; /* copies with a good checksum */
    bool torn;         /* two readable copies differ */
    fr_stamp stamp;    /* of the uppermost readable copy */
} fr_stamp_reading;

/* Reads every copy. */
fr_stamp_reading fr_stamp_read(const fr_luma *luma);

#endif
