/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_BACKEND_PAIR_H
#define FR_TESTS_UNIT_BACKEND_PAIR_H

/* A host's ring and a source's, with the words between them, by the backends' tables alone. What is said to
 * be asserted ends the test. */

#include "backend/backend.h"

#include "../convert/picture.h"

/* The host's end. */
struct pair_host {
    struct fr_backend_host backend; /* from who opens it; the pair's from then on */
    void *ring;                     /* NULL: none; so with the converter */
    struct fr_ring_shape shape;
    struct fr_ring_host words;
    struct fr_delivery delivery; /* as a channel would hand it over, but for the header and the event */
    fr_convert_params convert;
    void *converter;
    struct fr_picture picture; /* object NULL: none */
};

/* Makes the ring that is asked for, and describes it. */
void pair_host_ring(struct pair_host *host, const struct fr_ring_request *request, fr_wire_v2 *words);
/* As it says itself. */
enum fr_ring_path pair_host_path(const struct pair_host *host);
/* A converter and a picture of the ring's size. `to`, and how: of `params`. */
void pair_host_converter(struct pair_host *host, const fr_convert_params *params);
void pair_host_drop_ring(struct pair_host *host);
void pair_host_drop_converter(struct pair_host *host);
void pair_host_drop_picture(struct pair_host *host);
/* Whatever is there, and the backend. */
void pair_host_close(struct pair_host *host);

/* What `claim` says of the newest frame, which must be there. */
enum fr_claim pair_host_claim(struct pair_host *host, fr_token *token, uint64_t timeout_ns);
/* The newest frame is had at once. */
fr_token pair_host_hold(struct pair_host *host);
void pair_host_convert(struct pair_host *host, fr_token token, const struct fr_parts *parts,
                       struct fr_picture *picture);
/* The frame counts as taken. */
void pair_host_release(struct pair_host *host, fr_token token);

/* The codes of a picture of this host's converter, mapped. Free with codes_free. */
codes pair_host_read(const struct pair_host *host, const struct fr_picture *picture);
/* The picture is within one code of what the C reference makes of these tight rows. */
void pair_host_expect(const struct pair_host *host, const struct fr_picture *picture, const uint8_t *pixels);

/* What a channel does: each handle is another one, of the same object. */
struct fr_delivery pair_delivered(const struct fr_delivery *delivery);
/* What a channel does with handles that were not taken over. */
void pair_undelivered(const struct fr_delivery *delivery);
/* The handles of a delivery, in the order in which they are sent; how many. */
enum { PAIR_HANDLES_MAX = FR_WIRE_SLOTS_MAX + 3 };
size_t pair_handles(struct fr_delivery *delivery, fr_handle *out[PAIR_HANDLES_MAX]);

/* The source's end. */
struct pair_source {
    struct fr_backend_source backend; /* images; ops NULL: none */
    struct fr_backend_source memory;  /* rings in shared memory */
    const struct fr_backend_source *in_use;
    void *ring; /* NULL: none */
    bool images;
    struct fr_ring_source words;
    uint32_t width, height;
    fr_format format;
};

/* Leaves the ring of before. */
fr_status pair_source_attach(struct pair_source *source, const struct fr_delivery *delivery,
                             fr_wire_v2 *words);
/* A slot, which may be written; its number. */
uint32_t pair_source_begin(struct pair_source *source, fr_slot *slot);
/* It is published; or given up, where `filled` is no FR_OK, or it cannot be ended. */
fr_status pair_source_end(struct pair_source *source, uint32_t index, fr_status filled);
void pair_source_detach(struct pair_source *source);
void pair_source_close(struct pair_source *source);

/* Tight rows that depend on the seed; to be freed. Half floats are finite. */
uint8_t *pair_pixels(uint32_t width, uint32_t height, fr_format format, uint32_t seed);

#endif
