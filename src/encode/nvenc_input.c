/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/nvenc_input.h"

#include <assert.h>
#include <stdio.h>

/* --- textures --- */

static void forget(struct fr_nvenc_session *s, struct fr_nvenc_texture *entry)
{
    s->api.nvEncUnregisterResource(s->handle, entry->registered);
    s->system->unref(s->system->self, entry->texture);
    *entry = (struct fr_nvenc_texture){0};
}

/* The texture's own entry, else a free one, else the one that was used least lately. */
static struct fr_nvenc_texture *find_entry(struct fr_nvenc_textures *textures, const void *texture)
{
    struct fr_nvenc_texture *best = &textures->entry[0];
    for (size_t i = 0; i < FR_NVENC_TEXTURES; i++) {
        struct fr_nvenc_texture *entry = &textures->entry[i];
        /* The reference that the entry holds keeps the address from meaning another texture. */
        if (entry->texture == texture)
            return entry;
        if (entry->used < best->used)
            best = entry;
    }
    assert(!best->maps);
    return best;
}

static fr_status enter(struct fr_nvenc_session *s, struct fr_nvenc_texture *entry, void *texture,
                       uint32_t width, uint32_t height, NV_ENC_BUFFER_FORMAT format)
{
    if (entry->texture)
        forget(s, entry);
    NV_ENC_REGISTER_RESOURCE params = {.version = NV_ENC_REGISTER_RESOURCE_VER,
                                       .resourceType = NV_ENC_INPUT_RESOURCE_TYPE_DIRECTX,
                                       .width = width,
                                       .height = height,
                                       .resourceToRegister = texture,
                                       .bufferFormat = format,
                                       .bufferUsage = NV_ENC_INPUT_IMAGE};
    const NVENCSTATUS status = s->api.nvEncRegisterResource(s->handle, &params);
    if (status != NV_ENC_SUCCESS)
        return fr_nvenc_fail(s, "NVENC does not take the texture", status);
    s->system->ref(s->system->self, texture);
    entry->texture = texture;
    entry->registered = params.registeredResource;
    return FR_OK;
}

fr_status fr_nvenc_texture_map(struct fr_nvenc_session *s, struct fr_nvenc_textures *textures, void *texture,
                               uint32_t width, uint32_t height, NV_ENC_BUFFER_FORMAT format,
                               struct fr_nvenc_texture **out)
{
    *out = NULL;
    struct fr_nvenc_texture *entry = find_entry(textures, texture);
    const fr_status status =
        entry->texture == texture ? FR_OK : enter(s, entry, texture, width, height, format);
    if (status != FR_OK)
        return status;
    /* A repeat may be sent while its picture is still under the encoder: one mapping serves both. */
    if (!entry->maps) {
        NV_ENC_MAP_INPUT_RESOURCE params = {.version = NV_ENC_MAP_INPUT_RESOURCE_VER,
                                            .registeredResource = entry->registered};
        const NVENCSTATUS mapped = s->api.nvEncMapInputResource(s->handle, &params);
        if (mapped != NV_ENC_SUCCESS)
            return fr_nvenc_fail(s, "NVENC does not map the texture", mapped);
        entry->mapped = params.mappedResource;
        entry->format = params.mappedBufferFmt;
    }
    entry->maps++;
    entry->used = ++textures->uses;
    *out = entry;
    return FR_OK;
}

void fr_nvenc_texture_unmap(struct fr_nvenc_session *s, struct fr_nvenc_texture *entry)
{
    if (--entry->maps == 0)
        s->api.nvEncUnmapInputResource(s->handle, entry->mapped);
}

void fr_nvenc_textures_clear(struct fr_nvenc_session *s, struct fr_nvenc_textures *textures)
{
    for (size_t i = 0; i < FR_NVENC_TEXTURES; i++)
        if (textures->entry[i].texture)
            forget(s, &textures->entry[i]);
}

/* --- frames in memory --- */

static void copy_rows(uint8_t *out, size_t pitch, const fr_frame *frame, size_t plane, size_t row_bytes,
                      uint32_t rows)
{
    for (size_t y = 0; y < rows; y++)
        memcpy(out + y * pitch, frame->plane[plane] + y * frame->pitch_bytes[plane], row_bytes);
}

fr_status fr_nvenc_buffer_fill(struct fr_nvenc_session *s, NV_ENC_INPUT_PTR buffer, const fr_frame *frame,
                               uint32_t width, uint32_t height)
{
    const size_t row_bytes = (size_t)width * (frame->format == FR_FORMAT_P010 ? 2 : 1);
    NV_ENC_LOCK_INPUT_BUFFER params = {.version = NV_ENC_LOCK_INPUT_BUFFER_VER, .inputBuffer = buffer};
    NVENCSTATUS status = s->api.nvEncLockInputBuffer(s->handle, &params);
    if (status != NV_ENC_SUCCESS)
        return fr_nvenc_fail(s, "NVENC does not hand out its input buffer", status);
    const bool fits = params.bufferDataPtr && params.pitch >= row_bytes;
    if (fits) {
        uint8_t *luma = params.bufferDataPtr;
        copy_rows(luma, params.pitch, frame, 0, row_bytes, height);
        copy_rows(luma + (size_t)params.pitch * height, params.pitch, frame, 1, row_bytes, height / 2);
    }
    status = s->api.nvEncUnlockInputBuffer(s->handle, buffer);
    if (status != NV_ENC_SUCCESS)
        return fr_nvenc_fail(s, "NVENC does not take its input buffer back", status);
    if (fits)
        return FR_OK;
    snprintf(s->reason, FR_REASON_BYTES, "NVENC's input buffer is too small for %ux%u", width, height);
    return FR_ERR_ENCODER;
}
