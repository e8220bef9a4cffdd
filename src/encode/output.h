/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_OUTPUT_H
#define FR_ENCODE_OUTPUT_H

/*
 * Where a recording goes, as the recorder sees it: a file, a connection, or nothing. Raw outputs take frames,
 * coded ones packets.
 *
 * Order of calls: open (the address is there and can be written), begin (what comes is known), writes, end;
 * then open again for the next segment. destroy at any time. All on one thread. Failures are logged where
 * they happen.
 */

#include "encode/address.h"

#include <framering/encode.h>

#include <libavcodec/avcodec.h>

struct fr_stream {
    uint32_t width, height;
    fr_format format;
    uint32_t fps_mhz;
    bool has_hdr;
    fr_hdr_metadata hdr;
    const AVCodecParameters *coded; /* NULL for raw outputs */
};

struct fr_output;

struct fr_output_ops {
    bool ignores_pixels; /* of write_frame: planes may be NULL */
    fr_status (*open)(struct fr_output *self, const char *url);
    fr_status (*begin)(struct fr_output *self, const struct fr_stream *stream);
    /* The segment that was begun can take this other stream too. */
    bool (*continues)(const struct fr_output *self, const struct fr_stream *stream);
    /* One of the two is NULL. `bytes` counts pixels or the packet. write_packet takes the packet's
     * content. */
    fr_status (*write_frame)(struct fr_output *self, const fr_frame *frame, size_t *bytes);
    fr_status (*write_packet)(struct fr_output *self, AVPacket *packet);
    /* Writes the end and closes. A file that was opened but never begun is removed. */
    fr_status (*end)(struct fr_output *self);
    uint64_t (*hash)(const struct fr_output *self); /* NULL: 0 */
    void (*destroy)(struct fr_output *self);        /* without an end */
};

struct fr_output {
    const struct fr_output_ops *ops;
};

struct fr_output_config {
    const struct fr_address_kind *kind;
    bool (*cancelled)(void *user); /* asked while a network address blocks; may be NULL */
    void *user;
    const fr_log *log; /* outlives the output */
};

fr_status fr_output_create_hash(struct fr_output **out, const struct fr_output_config *config);
fr_status fr_output_create_null(struct fr_output **out, const struct fr_output_config *config);
fr_status fr_output_create_y4m(struct fr_output **out, const struct fr_output_config *config);
fr_status fr_output_create_mux(struct fr_output **out, const struct fr_output_config *config);

#endif
