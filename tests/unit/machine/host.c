/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "machine/host.h"

#define RING_LEN 4u

void host_init(struct host *host, struct rig *rig)
{
    *host = (struct host){.rig = rig,
                          .header.handle = FR_HANDLE_NONE,
                          .slots.handle = FR_HANDLE_NONE,
                          .event.handle = FR_HANDLE_NONE,
                          .header_bytes = FR_WIRE_WHOLE_BYTES};
}

void host_open(struct host *host)
{
    const struct fr_host_channel channel = link_host(&host->rig->link);
    assert_int_equal(channel.ops->start(channel.self, NULL), FR_OK);
}

static void drop_ring(struct host *host)
{
    const struct fr_os os = machine_os(&host->rig->machine);
    os.ops->memory_close(os.self, &host->header);
    os.ops->memory_close(os.self, &host->slots);
    os.ops->event_close(os.self, &host->event);
}

void host_make(struct host *host, uint32_t generation, uint32_t width, uint32_t height, fr_format format)
{
    const struct fr_os os = machine_os(&host->rig->machine);
    if (host->header.ptr)
        fr_ring_host_retire(&host->words, generation);
    drop_ring(host);
    const size_t pitch = ((size_t)width * fr_format_pixel_bytes(format) + 63) / 64 * 64;
    const size_t slot_bytes = (pitch * height + 4095) / 4096 * 4096;
    const int access = FR_ACCESS_READ | FR_ACCESS_WRITE;
    assert_int_equal(os.ops->memory_create(os.self, &(struct fr_object_name){.label = "header"},
                                           host->header_bytes, access, &host->header),
                     FR_OK);
    assert_int_equal(os.ops->memory_create(os.self, &(struct fr_object_name){.label = "slots"},
                                           slot_bytes * RING_LEN, FR_ACCESS_READ, &host->slots),
                     FR_OK);
    assert_int_equal(os.ops->event_create(os.self, NULL, &host->event), FR_OK);
    const struct fr_ring_shape shape = {RING_LEN, width, height, format};
    fr_ring_host_create(&host->words, host->header.ptr, host->header.bytes, &shape, generation, RIG_TARGET,
                        FR_WIRE_SYNC_STATES, 1);
    host->delivery = fr_delivery_none();
    host->delivery.wire_version = 2;
    host->delivery.generation = generation;
    host->delivery.ring_len = RING_LEN;
    host->delivery.width = width;
    host->delivery.height = height;
    host->delivery.format = format;
    host->delivery.sync_kind = FR_WIRE_SYNC_STATES;
    host->delivery.header_bytes = host->header_bytes;
    host->delivery.slots_bytes = slot_bytes * RING_LEN;
    host->delivery.pitch_bytes = pitch;
    host->delivery.header = host->header.handle;
    host->delivery.slots = host->slots.handle;
    host->delivery.event = host->event.handle;
    for (uint32_t i = 0; i < RING_LEN; i++)
        host->delivery.slot_offset[i] = i * slot_bytes;
}

void host_deliver(struct host *host)
{
    const struct fr_host_channel channel = link_host(&host->rig->link);
    assert_int_equal(channel.ops->deliver(channel.self, &host->delivery), FR_OK);
}

fr_wire_v2 *host_header(struct host *host)
{
    return host->header.ptr;
}

void host_close(struct host *host)
{
    if (host->header.ptr)
        fr_ring_host_retire(&host->words, 0);
    drop_ring(host);
    const struct fr_host_channel channel = link_host(&host->rig->link);
    channel.ops->destroy(channel.self);
}

bool host_take(struct host *host, fr_token *token)
{
    if (!fr_ring_host_newest(&host->words, token))
        return false;
    assert_true(fr_ring_host_claim(&host->words, *token));
    (void)fr_ring_host_taken(&host->words, *token);
    return true;
}

void host_release(struct host *host, fr_token token)
{
    fr_ring_host_release(&host->words, token);
}

const uint8_t *host_pixels(const struct host *host, uint32_t slot)
{
    return (const uint8_t *)host->slots.ptr + host->delivery.slot_offset[slot];
}

void host_start(struct host *host, struct rig *rig)
{
    host_init(host, rig);
    host_open(host);
    host_make(host, 1, 64, 36, FR_FORMAT_BGRA8);
    assert_int_equal(rig_open_source(rig), FR_OK);
    assert_int_equal(fr_source_poll(rig->source, 0), FR_AGAIN);
    host_deliver(host);
    assert_int_equal(fr_source_poll(rig->source, 0), FR_REATTACHED);
}
