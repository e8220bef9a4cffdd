/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/cpu/cpu.h"

#include "convert/part.h"
#include "os/aligned.h"

#include <stdlib.h>

/* Rows start on a cache line; slots start on a page, so that each can be handed to a server by offset. */
#define ROW_ALIGN 64u
#define SLOT_ALIGN 4096u
/* What SIMD readers (encoders among them) may read past the last pixel of a plane. */
#define PICTURE_TAIL_BYTES 64u

struct cpu_host {
    struct fr_os os;
};

struct cpu_ring {
    struct fr_memory slots; /* mapped read-only: only the source draws */
    size_t pitch_bytes, slot_bytes;
    uint32_t ring_len;
};

static size_t round_up(size_t value, size_t to)
{
    return (value + to - 1) / to * to;
}

static fr_status ring_create(void *self, const struct fr_ring_request *request, void **out)
{
    struct cpu_host *host = self;
    const struct fr_ring_shape *shape = &request->shape;
    const struct fr_object_name plain = {.label = "framering-slots"};
    const struct fr_host_channel *naming = request->naming;
    const struct fr_object_name *name =
        naming ? naming->ops->object_name(naming->self, FR_OBJECT_SLOTS, request->generation, 0) : NULL;
    struct cpu_ring *ring = calloc(1, sizeof(*ring));
    if (!ring)
        return FR_ERR_NO_MEMORY;
    ring->ring_len = shape->ring_len;
    ring->pitch_bytes = round_up((size_t)shape->width * fr_format_pixel_bytes(shape->format), ROW_ALIGN);
    ring->slot_bytes = round_up(ring->pitch_bytes * shape->height, SLOT_ALIGN);
    const fr_status status = host->os.ops->memory_create(
        host->os.self, name ? name : &plain, ring->slot_bytes * ring->ring_len, FR_ACCESS_READ, &ring->slots);
    if (status < 0) {
        free(ring);
        return status;
    }
    *out = ring;
    return FR_OK;
}

static void ring_destroy(void *self, void *ring_)
{
    struct cpu_host *host = self;
    struct cpu_ring *ring = ring_;
    host->os.ops->memory_close(host->os.self, &ring->slots);
    free(ring);
}

static void ring_describe(void *self, void *ring_, struct fr_delivery *out)
{
    (void)self;
    const struct cpu_ring *ring = ring_;
    out->slots_kind = FR_SLOTS_MEMORY;
    out->sync_kind = FR_WIRE_SYNC_STATES;
    out->slots = ring->slots.handle;
    out->slots_bytes = ring->slots.bytes;
    out->pitch_bytes = ring->pitch_bytes;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        out->slot_offset[i] = i < ring->ring_len ? i * ring->slot_bytes : 0;
}

static enum fr_claim claim(void *self, void *ring, struct fr_ring_host *words, fr_token token,
                           uint64_t timeout_ns)
{
    (void)self, (void)ring, (void)timeout_ns;
    return fr_ring_host_claim(words, token) ? FR_CLAIM_ACQUIRED : FR_CLAIM_BUSY;
}

static enum fr_claim release(void *self, void *ring, struct fr_ring_host *words, fr_token token)
{
    (void)self, (void)ring;
    fr_ring_host_release(words, token);
    return FR_CLAIM_ACQUIRED;
}

static uint32_t device_serial(void *self)
{
    (void)self;
    return 0;
}

static fr_status rebind(void *self, uint32_t luid_low, int32_t luid_high)
{
    (void)self, (void)luid_low, (void)luid_high;
    return FR_ERR_UNSUPPORTED;
}

static fr_status converter_create(void *self, const fr_convert_params *params, void **out)
{
    (void)self;
    fr_converter *converter = NULL;
    const fr_status status = fr_converter_create(&converter, params);
    *out = converter;
    return status;
}

static void converter_destroy(void *self, void *converter_)
{
    (void)self;
    fr_converter *converter = converter_;
    fr_converter_destroy(&converter);
}

static const char *converter_name(void *self, void *converter)
{
    (void)self;
    return fr_converter_kernel(converter);
}

static fr_status convert(void *self, void *converter, void *ring_, uint32_t slot,
                         const struct fr_parts *parts, struct fr_picture *picture)
{
    (void)self;
    const struct cpu_ring *ring = ring_;
    const uint8_t *pixels = (const uint8_t *)ring->slots.ptr + slot * ring->slot_bytes;
    void *const planes[2] = {picture->plane[0], picture->plane[1]};
    const ptrdiff_t pitches[2] = {(ptrdiff_t)picture->pitch_bytes[0], (ptrdiff_t)picture->pitch_bytes[1]};
    const ptrdiff_t pitch = (ptrdiff_t)ring->pitch_bytes;
    if (!parts)
        fr_converter_run(converter, pixels, pitch, planes, pitches);
    for (uint32_t i = 0; parts && i < parts->count; i++)
        fr_converter_run_part(converter, pixels, pitch, planes, pitches, &parts->rect[i]);
    return FR_OK;
}

static fr_status picture_create(void *self, uint32_t width, uint32_t height, fr_format format,
                                struct fr_picture *out)
{
    (void)self;
    const size_t sample_bytes = format == FR_FORMAT_P010 ? 2 : 1;
    const size_t pitch = round_up((size_t)((width + 1) / 2) * 2 * sample_bytes, ROW_ALIGN);
    const size_t luma_bytes = pitch * height;
    const size_t bytes = luma_bytes + pitch * ((height + 1) / 2) + PICTURE_TAIL_BYTES;
    uint8_t *memory = fr_aligned_alloc(ROW_ALIGN, bytes);
    if (!memory)
        return FR_ERR_NO_MEMORY;
    *out = (struct fr_picture){
        .plane = {memory, memory + luma_bytes}, .pitch_bytes = {pitch, pitch}, .object = memory};
    return FR_OK;
}

static void picture_destroy(struct fr_picture *picture)
{
    fr_aligned_free(picture->object);
    *picture = (struct fr_picture){0};
}

static fr_status picture_map(const struct fr_picture *picture, struct fr_picture *out)
{
    *out = *picture;
    return FR_OK;
}

static void destroy(void *self)
{
    free(self);
}

static const struct fr_backend_host_ops cpu_host_ops = {
    .name = "cpu",
    .concurrent_read = true,
    .ring_create = ring_create,
    .ring_destroy = ring_destroy,
    .ring_describe = ring_describe,
    .claim = claim,
    .release = release,
    .device_serial = device_serial,
    .rebind = rebind,
    .converter_create = converter_create,
    .converter_destroy = converter_destroy,
    .converter_name = converter_name,
    .convert = convert,
    .picture_create = picture_create,
    .picture_destroy = picture_destroy,
    .picture_map = picture_map,
    .destroy = destroy,
};

fr_status fr_cpu_host_create(struct fr_backend_host *out, struct fr_os os)
{
    struct cpu_host *host = calloc(1, sizeof(*host));
    if (!host)
        return FR_ERR_NO_MEMORY;
    host->os = os;
    *out = (struct fr_backend_host){.ops = &cpu_host_ops, .self = host, .capabilities = FR_CAP_STATES};
    return FR_OK;
}
