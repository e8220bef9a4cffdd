/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_NVENC_INPUT_H
#define FR_ENCODE_NVENC_INPUT_H

/* How a frame gets under the encoder: a texture that is registered once and mapped for each encode, or a
 * copy in a buffer of NVENC's. */

#include "encode/nvenc_session.h"

enum { FR_NVENC_TEXTURES = 16 }; /* as many as an out ring has surfaces at most */

struct fr_nvenc_texture {
    void *texture; /* referenced; NULL: the entry is free */
    NV_ENC_REGISTERED_PTR registered;
    NV_ENC_INPUT_PTR mapped; /* while maps is not 0 */
    NV_ENC_BUFFER_FORMAT format;
    uint32_t maps;
    uint64_t used; /* the larger, the later */
};

struct fr_nvenc_textures {
    struct fr_nvenc_texture entry[FR_NVENC_TEXTURES];
    uint64_t uses;
};

/* Maps a texture of the session's device, and registers it where that was not done yet; fewer than
 * FR_NVENC_TEXTURES others are mapped. width, height: the texture's. *out: to unmap with, unmoved until then.
 * FR_ERR_ENCODER, FR_ERR_DEVICE_LOST: nothing is mapped.
 */
fr_status fr_nvenc_texture_map(struct fr_nvenc_session *s, struct fr_nvenc_textures *textures, void *texture,
                               uint32_t width, uint32_t height, NV_ENC_BUFFER_FORMAT format,
                               struct fr_nvenc_texture **out);
void fr_nvenc_texture_unmap(struct fr_nvenc_session *s, struct fr_nvenc_texture *entry);

/* Unregisters all; none is mapped. */
void fr_nvenc_textures_clear(struct fr_nvenc_session *s, struct fr_nvenc_textures *textures);

/* Copies width by height pixels of a frame in memory into a buffer of that size. */
fr_status fr_nvenc_buffer_fill(struct fr_nvenc_session *s, NV_ENC_INPUT_PTR buffer, const fr_frame *frame,
                               uint32_t width, uint32_t height);

#endif
