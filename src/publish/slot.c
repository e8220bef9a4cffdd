/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/copy.h"

#include <framering/source.h>

static uint32_t clip(uint32_t from, uint32_t length, uint32_t end)
{
    const uint32_t most = from < end ? end - from : 0;
    return length < most ? length : most;
}

static void write_rect(const fr_slot *slot, const fr_image *image, fr_rect rect)
{
    const size_t bytes = fr_format_pixel_bytes(slot->format), left = rect.x * bytes;
    const ptrdiff_t out_pitch = (ptrdiff_t)slot->pitch_bytes;
    rect.width = clip(rect.x, rect.width, slot->width);
    rect.height = clip(rect.y, rect.height, slot->height);
    if (!rect.width || !rect.height)
        return;
    fr_copy_rows((uint8_t *)slot->pixels + rect.y * slot->pitch_bytes + left, out_pitch,
                 (const uint8_t *)image->pixels + (ptrdiff_t)rect.y * image->pitch_bytes + left,
                 image->pitch_bytes, rect.width * bytes, rect.height);
}

fr_status fr_slot_write(const fr_slot *slot, const fr_image *image, const fr_rect *rects, uint32_t num_rects)
{
    if (!slot || !image || !image->pixels)
        return FR_ERR_ARGUMENT;
    if (!slot->pixels)
        return FR_ERR_UNSUPPORTED;
    if (image->width != slot->width || image->height != slot->height || image->format != slot->format)
        return FR_ERR_ARGUMENT;
    const fr_rect whole = {0, 0, slot->width, slot->height};
    if (!rects)
        write_rect(slot, image, whole);
    for (uint32_t i = 0; rects && i < num_rects; i++)
        write_rect(slot, image, rects[i]);
    return FR_OK;
}
