/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_NVENC_ENCODER_H
#define FR_ENCODE_NVENC_ENCODER_H

/* The encoder object: made and ended in nvenc.c, fed and emptied in nvenc_frames.c. */

#include "encode/nvenc_config.h"
#include "encode/nvenc_input.h"

#include <assert.h>

enum {
    FR_NVENC_SLOTS = 4, /* what NVENC asks for where no B frames are */
    FR_NVENC_HEADER_BYTES = 1024
};

/* So that a texture of which a frame is on its way is never the one that was used least lately. */
static_assert((int)FR_NVENC_TEXTURES > (int)FR_NVENC_SLOTS, "more textures than frames on their way");

/* A frame on its way through the encoder. */
struct fr_nvenc_slot {
    NV_ENC_OUTPUT_PTR output;
    NV_ENC_INPUT_PTR buffer; /* NULL: frames come as textures */
    void *event;             /* registered; NULL: completion is not told by events */
    struct fr_nvenc_texture *texture;
    fr_frame frame; /* held while its texture is mapped; of one in memory only the metadata */
    int64_t ticks;
};

struct fr_nvenc_encoder {
    struct fr_encoder base;
    struct fr_nvenc_session session;
    struct fr_encoder_config config; /* options: NULL */
    struct fr_nvenc_traits traits;
    struct fr_nvenc_textures textures;
    struct fr_nvenc_slot slot[FR_NVENC_SLOTS];
    /* On their way are `count` frames from slot[first] on; the first `ready` of them may be locked. */
    uint32_t first, count, ready;
    void *flush_event; /* as a slot's */
    uint32_t since_keyframe;
    bool begun, flushed, drained;
    bool stalled; /* a frame had no answer: the GPU may still read and write what it was given */
    uint8_t header[FR_NVENC_HEADER_BYTES];
    uint32_t header_bytes;
};

/* As struct fr_encoder_ops has them. */
fr_status fr_nvenc_send(struct fr_encoder *base, const fr_frame *frame, int64_t ticks, bool keyframe);
fr_status fr_nvenc_receive(struct fr_encoder *base, AVPacket *packet);
fr_status fr_nvenc_drain(struct fr_encoder *base);

/* Tells NVENC that no frame follows, where it does not know yet. */
fr_status fr_nvenc_flush(struct fr_nvenc_encoder *self);

/* Takes the frames on their way out and throws away what they became, for at most timeout_ms. False: some may
 * still be on their way. */
bool fr_nvenc_settle(struct fr_nvenc_encoder *self, uint32_t timeout_ms);

uint32_t fr_nvenc_answer_ms(const struct fr_nvenc_encoder *self);
bool fr_nvenc_is_lost(const struct fr_nvenc_encoder *self);

/* Gives a slot's input back; its buffers and its event stay. */
void fr_nvenc_slot_empty(struct fr_nvenc_encoder *self, struct fr_nvenc_slot *slot);

#endif
