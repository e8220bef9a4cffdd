/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef PEERS_LATENCY_H
#define PEERS_LATENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A number on the screen: a row of square blocks, white for 1, 16 bits of it and 8 to check them. */
enum {
    STAMP_BITS = 24,
    STAMP_BLOCK = 16,
    STAMP_WIDTH = STAMP_BITS * STAMP_BLOCK,
    STAMP_HEIGHT = STAMP_BLOCK
};

uint32_t stamp_bits(uint16_t number);
bool stamp_check(uint32_t bits, uint16_t *number);

/* A window in the upper left corner of an X display, above all others. NULL, and told. */
struct screen;
struct screen *screen_open(const char *display);
void screen_close(struct screen *screen);
/* Gives the picture to the server in one request. False: the server is gone. */
bool screen_paint(struct screen *screen, uint16_t number);

/* The video of an MPEG transport stream, cut into the packets of an encoder. */
struct packet {
    uint8_t *data;
    size_t bytes, capacity;
    uint64_t arrived_ns; /* its last byte */
};

struct stream {
    struct packet *packets; /* the last one may still grow */
    size_t count, capacity;
    unsigned pid;
};

void stream_add(struct stream *stream, const uint8_t *datagram, size_t bytes, uint64_t now_ns);
void stream_finish(struct stream *stream);

/* Decodes H.264; calls `picture` with the stamp of every picture that has one, in order. False, and told. */
bool decode_stamps(const struct stream *stream,
                   void (*picture)(void *user, uint16_t number, uint64_t arrived_ns), void *user);

#endif
