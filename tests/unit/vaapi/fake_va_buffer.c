/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "fake_va_inside.h"

#include <stdlib.h>
#include <string.h>

static struct fake_va_buffer buffers[BUFFERS_MAX];

struct fake_va_buffer *fake_va_buffer_of(VABufferID id)
{
    const bool known = id >= 1 && id <= BUFFERS_MAX && buffers[id - 1].used;
    return fake_va_expect(known, "a buffer that there is not") ? &buffers[id - 1] : NULL;
}

static VAStatus create(VADriverContextP context, VAContextID of, VABufferType type, unsigned size,
                       unsigned count, void *data, VABufferID *out)
{
    VABufferID at = 0;
    (void)context, (void)of;
    while (at < BUFFERS_MAX && buffers[at].used)
        at++;
    if (!fake_va_call() || at == BUFFERS_MAX)
        return VA_STATUS_ERROR_ALLOCATION_FAILED;
    struct fake_va_buffer *b = &buffers[at];
    const size_t bytes = type == VAEncCodedBufferType ? CODED_MAX : (size_t)size * count;
    *b = (struct fake_va_buffer){.used = true, .type = type, .size = size, .count = count};
    b->data = calloc(1, bytes);
    if (data)
        memcpy(b->data, data, bytes);
    b->coded.buf = b->data;
    *out = at + 1;
    fake_va()->buffers.made++;
    return VA_STATUS_SUCCESS;
}

static VAStatus resize(VADriverContextP context, VABufferID id, unsigned count)
{
    (void)context, (void)id, (void)count;
    return VA_STATUS_ERROR_UNIMPLEMENTED;
}

static VAStatus map(VADriverContextP context, VABufferID id, void **out)
{
    struct fake_va_buffer *b = fake_va_buffer_of(id);
    (void)context;
    if (!fake_va_call() || !b || !fake_va_expect(!b->mapped, "mapped twice"))
        return VA_STATUS_ERROR_OPERATION_FAILED;
    b->mapped = true;
    *out = b->type == VAEncCodedBufferType ? (void *)&b->coded : b->data;
    fake_va()->maps.made++;
    return VA_STATUS_SUCCESS;
}

static VAStatus unmap(VADriverContextP context, VABufferID id)
{
    struct fake_va_buffer *b = fake_va_buffer_of(id);
    (void)context;
    (void)fake_va_call();
    if (!b || !fake_va_expect(b->mapped, "not mapped"))
        return VA_STATUS_ERROR_OPERATION_FAILED;
    b->mapped = false;
    fake_va()->maps.undone++;
    return VA_STATUS_SUCCESS;
}

static VAStatus destroy(VADriverContextP context, VABufferID id)
{
    struct fake_va_buffer *b = fake_va_buffer_of(id);
    (void)context;
    (void)fake_va_call();
    if (!b || !fake_va_expect(!b->mapped, "destroyed while it was mapped"))
        return VA_STATUS_ERROR_INVALID_BUFFER;
    free(b->data);
    *b = (struct fake_va_buffer){0};
    fake_va()->buffers.undone++;
    return VA_STATUS_SUCCESS;
}

void fake_va_buffer_functions(struct VADriverVTable *table)
{
    table->vaCreateBuffer = create;
    table->vaBufferSetNumElements = resize;
    table->vaMapBuffer = map;
    table->vaUnmapBuffer = unmap;
    table->vaDestroyBuffer = destroy;
}
