/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_FILE_FILM_H
#define FRAMERING_SOURCES_FILE_FILM_H

/* The pictures of a video file, one after the other. */

#include "common/program.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

typedef struct fr_film {
    const fr_program *program;
    const char *path;
    AVFormatContext *format;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame; /* of the last fr_film_next */
    int stream;
    uint32_t rate_mhz;
    uint64_t frames;
    bool draining, said_damaged;
} fr_film;

/* False: said why. */
bool fr_film_open(fr_film *film, const fr_program *program, const char *path);
void fr_film_close(fr_film *film);

typedef enum fr_film_result { FR_FILM_FRAME, FR_FILM_END, FR_FILM_FAILED } fr_film_result;

/* Decodes the next picture into film->frame. Damaged parts are skipped; failed: said why. */
fr_film_result fr_film_next(fr_film *film);

/* When the picture is to be seen, from the beginning of the file. */
uint64_t fr_film_time_ns(const fr_film *film);

#endif
