/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WIN32_D3D11_PAIR_H
#define TESTS_WIN32_D3D11_PAIR_H

/* The two sides of a ring of textures in one process: the host's backend on a device of its own, the source's
 * on another, the shared words between them. The tests move both sides by hand. */

#include "backend/d3d11/d3d11.h"
#include "fake.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PAIR_WAIT_NS (2 * FR_NS_PER_MS)
#define PAIR_ALL_CAPS (FR_CAP_KEYED_MUTEX | FR_CAP_FENCE)

enum { PAIR_LINES = 64 };

struct pair {
    fr_d3d11_host_params params;
    struct fr_backend_host host;
    struct fr_backend_source source;
    ID3D11Device *device; /* the source's */
    size_t source_adapter;

    uint32_t wire_version; /* of the next ring; 0 = 2 */
    uint64_t capabilities; /* likewise; 0 = keyed mutexes */
    struct fr_ring_shape shape;
    struct fr_host_channel naming; /* ops NULL: none */
    void *ring, *opened;
    struct fr_delivery delivery; /* as described by the host */
    struct fr_attach_fault fault;
    fr_wire_v2 *header;
    struct fr_ring_host words;
    struct fr_ring_source source_words;

    fr_convert_params convert;
    void *converter;
    struct fr_picture picture;
    uint8_t *pixels; /* what was last drawn */

    fr_log_level level[PAIR_LINES];
    char line[PAIR_LINES][512];
    unsigned lines;
};

/* For cmocka: *state is a pair without a ring, the fake as it is at first. */
int pair_setup(void **state);
/* Closes what is open; asserts that no object lives on and no rule was broken. */
int pair_teardown(void **state);
void pair_close(struct pair *pair);

fr_log pair_log(struct pair *pair);
unsigned pair_logged(const struct pair *pair, const char *words);

/* Makes host and source; asserts that it works. Not needed before pair_ring. */
void pair_open(struct pair *pair);
/* A host's ring and the shared words, nothing attached. */
fr_status pair_host_ring(struct pair *pair, uint32_t width, uint32_t height, fr_format format);
/* Attaches the source to copies of its handles. */
fr_status pair_attach(struct pair *pair);
void pair_detach(struct pair *pair);
void pair_drop_ring(struct pair *pair);
/* Both, a converter to `to` and a picture; asserts that it works. */
void pair_ring(struct pair *pair, uint32_t width, uint32_t height, fr_format from, fr_format to);
fr_status pair_converter(struct pair *pair, fr_format to);

/* The source's side of one frame: random pixels by `seed`. True: published. */
bool pair_begin(struct pair *pair, enum fr_claim *claim);
void pair_draw(struct pair *pair, uint32_t seed);
bool pair_end(struct pair *pair);
bool pair_publish(struct pair *pair, uint32_t seed);

/* The host's side. */
enum fr_claim pair_claim(struct pair *pair, fr_token *token);
enum fr_claim pair_release(struct pair *pair, fr_token token);
/* Claims, converts, releases; asserts that it works, and marks the frame as taken. */
void pair_take(struct pair *pair);
void pair_take_parts(struct pair *pair, const struct fr_parts *parts);
uint32_t pair_state(const struct pair *pair, uint32_t slot); /* FR_WIRE_SLOT_* */

/* The slot's texture on the source's side. */
ID3D11Texture2D *pair_slot(struct pair *pair, uint32_t slot);

/* The picture, mapped, against the CPU's conversion of pair->pixels: the largest difference of a code. */
unsigned pair_difference(struct pair *pair);

#endif
