/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef PEERS_CONVERT_PEER_H
#define PEERS_CONVERT_PEER_H

#include <framering/convert.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is converted; the same memory for all. */
struct picture {
    fr_format from, to;
    uint32_t width, height; /* even */
    uint8_t *packed;        /* rows without gaps */
    uint8_t *planar[3];     /* the same samples as R, G, B planes, for those who take nothing else */
};

/* The result, NV12 or P010, rows without gaps. */
struct codes {
    uint8_t *luma, *chroma;
};

/* One way of doing it. */
struct peer {
    const char *name;
    fr_format from;
    const char *differs; /* the work done beside ours: what it does more, less or otherwise */
    const char *(*version)(void);
    /* NULL, and told on standard error: it cannot. Keeps both pointers. */
    void *(*open)(const struct picture *picture, const struct codes *out);
    bool (*run)(void *state);
    /* Puts the result into `out`, outside the time; NULL: run did. */
    void (*fetch)(void *state);
    void (*close)(void *state);
};

struct peer_family {
    const char *name, *package;
    const struct peer *peers; /* ends with a zero name; NULL: not built */
};

extern const struct peer peers_ours[], peers_libyuv[], peers_swscale[], peers_zimg[], peers_libplacebo[];

#endif
