/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/cpu/cpu.h"
#include "convert/copy.h"

#include <stdlib.h>
#include <string.h>

struct cpu_source {
    struct fr_os os;
};

struct cpu_source_ring {
    struct fr_memory slots;
    size_t pitch_bytes, row_bytes;
    size_t slot_offset[FR_WIRE_SLOTS_MAX];
    uint32_t height;
};

static fr_status attach(void *self, const struct fr_delivery *delivery, void **out,
                        struct fr_attach_fault *fault)
{
    struct cpu_source *source = self;
    *fault = (struct fr_attach_fault){.status = FR_WIRE_STATUS_TEXTURE_FAILED};
    if (delivery->slots_kind != FR_SLOTS_MEMORY)
        return FR_ERR_UNSUPPORTED;
    struct cpu_source_ring *ring = calloc(1, sizeof(*ring));
    if (!ring)
        return FR_ERR_NO_MEMORY;
    ring->pitch_bytes = delivery->pitch_bytes;
    ring->row_bytes = (size_t)delivery->width * fr_format_pixel_bytes(delivery->format);
    ring->height = delivery->height;
    memcpy(ring->slot_offset, delivery->slot_offset, sizeof(ring->slot_offset));
    const fr_status status =
        source->os.ops->memory_map(source->os.self, delivery->slots, delivery->slots_bytes,
                                   FR_ACCESS_READ | FR_ACCESS_WRITE, &ring->slots);
    if (status < 0) {
        free(ring);
        return status;
    }
    *out = ring;
    return FR_OK;
}

static void detach(void *self, void *ring_)
{
    struct cpu_source *source = self;
    struct cpu_source_ring *ring = ring_;
    source->os.ops->memory_close(source->os.self, &ring->slots);
    free(ring);
}

/* Memory lies on no adapter. */
static void adapter(void *self, uint32_t *luid_low, int32_t *luid_high)
{
    (void)self;
    *luid_low = 0;
    *luid_high = 0;
}

/* The states are all there is: whoever claimed the slot may write it. */
static enum fr_claim begin(void *self, void *ring, uint32_t index, uint64_t retire_value, uint64_t timeout_ns)
{
    (void)self, (void)ring, (void)index, (void)retire_value, (void)timeout_ns;
    return FR_CLAIM_ACQUIRED;
}

static enum fr_claim end(void *self, void *ring, uint32_t index, uint64_t *ready_value)
{
    (void)self, (void)ring, (void)index;
    if (ready_value)
        *ready_value = 0;
    return FR_CLAIM_ACQUIRED;
}

static uint8_t *pixels_of(const struct cpu_source_ring *ring, uint32_t index)
{
    return (uint8_t *)ring->slots.ptr + ring->slot_offset[index];
}

static void slot(void *self, void *ring_, uint32_t index, fr_slot *out)
{
    (void)self;
    const struct cpu_source_ring *ring = ring_;
    out->pixels = pixels_of(ring, index);
    out->pitch_bytes = ring->pitch_bytes;
    out->memory_fd = (int)ring->slots.handle;
    out->memory_offset = ring->slot_offset[index];
    out->memory_bytes = ring->slots.bytes;
}

static bool copy(void *self, void *from_, uint32_t from_index, void *to_, uint32_t to_index)
{
    (void)self;
    const struct cpu_source_ring *from = from_;
    const struct cpu_source_ring *to = to_;
    fr_copy_rows(pixels_of(to, to_index), (ptrdiff_t)to->pitch_bytes, pixels_of(from, from_index),
                 (ptrdiff_t)from->pitch_bytes, to->row_bytes, to->height);
    return true;
}

static void destroy(void *self)
{
    free(self);
}

static const struct fr_backend_source_ops cpu_source_ops = {
    .name = "cpu",
    .attach = attach,
    .detach = detach,
    .adapter = adapter,
    .begin = begin,
    .end = end,
    .slot = slot,
    .copy = copy,
    .destroy = destroy,
};

fr_status fr_cpu_source_create(struct fr_backend_source *out, struct fr_os os)
{
    struct cpu_source *source = calloc(1, sizeof(*source));
    if (!source)
        return FR_ERR_NO_MEMORY;
    source->os = os;
    *out = (struct fr_backend_source){.ops = &cpu_source_ops, .self = source, .capabilities = FR_CAP_STATES};
    return FR_OK;
}
