/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include <framering/wire.h>

#include "os/atomic.h"

#include <string.h>

const char *fr_wire_fault_text(fr_wire_fault fault)
{
    switch (fault) {
    case FR_WIRE_FINE: return "the header is fine";
    case FR_WIRE_TOO_SHORT:
        return "the header is shorter than its version needs (64 bytes for version 1, 832 for 2)";
    case FR_WIRE_NO_MAGIC:
        return "the header has no magic: the host has not finished it, or these are other bytes";
    case FR_WIRE_BAD_VERSION: return "the header's version is not one of 1 and 2";
    case FR_WIRE_BAD_GENERATION: return "the header's generation is 0 or needs more than 24 bits";
    case FR_WIRE_BAD_RING_LEN: return "the header's ring length is not 1 to 8";
    case FR_WIRE_BAD_SIZE: return "the header's width or height is not 1 to 16384";
    case FR_WIRE_BAD_FORMAT: return "the header's format is not one that a ring can have";
    case FR_WIRE_BAD_TARGET: return "the header belongs to another target";
    case FR_WIRE_CHANGED: return "the header changed while it was read: the host is making a new generation";
    }
    return "unknown fault";
}

static bool format_fits(uint32_t format, uint32_t version)
{
    switch (format) {
    case FR_FORMAT_BGRA8:
    case FR_FORMAT_RGBA16F: return true;
    case FR_FORMAT_RGBA8:
    case FR_FORMAT_RGB10A2: return version >= 2;
    default: return false;
    }
}

static bool size_fits(uint32_t width, uint32_t height)
{
    return width >= 1 && width <= FR_SIZE_MAX && height >= 1 && height <= FR_SIZE_MAX;
}

static fr_wire_fault check(const fr_wire_v1 *v1, size_t bytes, uint32_t target_id)
{
    if (v1->magic != FR_WIRE_MAGIC)
        return FR_WIRE_NO_MAGIC;
    if (v1->version < FR_WIRE_VERSION_MIN || v1->version > FR_WIRE_VERSION_MAX)
        return FR_WIRE_BAD_VERSION;
    if (v1->version >= 2 && bytes < FR_WIRE_V2_BYTES)
        return FR_WIRE_TOO_SHORT;
    if (v1->generation == 0 || v1->generation > FR_GENERATION_MAX)
        return FR_WIRE_BAD_GENERATION;
    if (v1->ring_len < 1 || v1->ring_len > FR_WIRE_SLOTS_MAX)
        return FR_WIRE_BAD_RING_LEN;
    if (!size_fits(v1->width, v1->height))
        return FR_WIRE_BAD_SIZE;
    if (!format_fits(v1->format, v1->version))
        return FR_WIRE_BAD_FORMAT;
    if (target_id && v1->target_id && v1->target_id != target_id)
        return FR_WIRE_BAD_TARGET;
    return FR_WIRE_FINE;
}

fr_wire_fault fr_wire_snapshot(fr_wire_v2 *out, const void *shared, size_t bytes, uint32_t target_id)
{
    memset(out, 0, sizeof(*out));
    if (bytes < FR_WIRE_V1_BYTES)
        return FR_WIRE_TOO_SHORT;

    /* Word by word, so that no word is torn. The first load pairs with the host's release of the magic. */
    const fr_wire_v2 *from = shared;
    const uint32_t magic = fr_load_acquire_u32(&from->v1.magic);
    const uint32_t generation = fr_load_acquire_u32(&from->v1.generation);
    const uint64_t *source = shared;
    uint64_t words[FR_WIRE_V2_BYTES / 8] = {0};
    const uint32_t version = fr_load_relaxed_u32(&from->v1.version);
    const bool tail = version >= 2 && bytes >= FR_WIRE_V2_BYTES;
    const size_t count = (tail ? FR_WIRE_V2_BYTES : FR_WIRE_V1_BYTES) / 8;
    for (size_t i = 0; i < count; i++)
        words[i] = fr_load_relaxed_u64(&source[i]);
    fr_fence_acquire();
    const uint32_t generation_after = fr_load_relaxed_u32(&from->v1.generation);
    memcpy(out, words, count * 8);
    /* What was decided on is what is kept: a peer may have changed the words in between. */
    out->v1.magic = magic;
    out->v1.version = version;
    out->v1.generation = generation;

    const fr_wire_fault fault = check(&out->v1, bytes, target_id);
    if (fault == FR_WIRE_FINE && generation_after != generation)
        return FR_WIRE_CHANGED;
    return fault;
}
