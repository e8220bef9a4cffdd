/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/rig.h"

#include "system/system.h"

#include <stdlib.h>

const struct rig_shape rig_plain = {PLAIN_WIDTH, PLAIN_HEIGHT, FR_FORMAT_BGRA8, 4, {.to = FR_FORMAT_NV12}};

struct fr_ring_request rig_request(const struct rig *rig, uint32_t generation)
{
    struct fr_ring_request request = {
        .shape = {rig->shape.ring_len, rig->shape.width, rig->shape.height, rig->shape.format},
        .wire_version = 2,
        .generation = generation,
        .capabilities = rig->way->capabilities,
    };
    if (rig->way->gpu)
        rig->way->gpu(&request.gpu);
    return request;
}

void rig_open_host(struct rig *rig, const struct rig_shape *shape)
{
    *rig = (struct rig){.way = way_now(), .shape = *shape};
    rig->words = (fr_wire_v2 *)(void *)system_pages_create(1, false);
    rig->way->open_host(&rig->host.backend);
}

void rig_attach(struct rig *rig)
{
    const struct fr_delivery delivery = pair_delivered(&rig->host.delivery);
    assert_int_equal(pair_source_attach(&rig->source, &delivery, rig->words), FR_OK);
}

void rig_open(struct rig *rig, const struct rig_shape *shape)
{
    rig_open_host(rig, shape);
    rig->way->open_source(&rig->source);
    const struct fr_ring_request request = rig_request(rig, 1);
    pair_host_ring(&rig->host, &request, rig->words);
    assert_int_equal(rig->host.delivery.slots_kind, rig->way->kind);
    assert_int_equal(rig->host.delivery.sync_kind, rig->way->sync_kind);
    assert_int_equal(pair_host_path(&rig->host), rig->way->path);
    pair_host_converter(&rig->host, &shape->convert);
    rig_attach(rig);
}

void rig_close(struct rig *rig)
{
    pair_source_close(&rig->source);
    pair_host_close(&rig->host);
    system_pages_destroy((uint8_t *)rig->words, 1);
}

uint8_t *rig_pixels(const struct rig *rig, uint32_t seed)
{
    return pair_pixels(rig->shape.width, rig->shape.height, rig->shape.format, seed);
}

void rig_draw(const struct rig *rig, uint32_t seed)
{
    uint8_t *pixels = rig_pixels(rig, seed);
    rig->way->draw(rig->shape.width, rig->shape.height, rig->shape.format, pixels);
    free(pixels);
}

void rig_push_drawn(struct rig *rig)
{
    fr_slot slot;
    const uint32_t index = pair_source_begin(&rig->source, &slot);
    const fr_status filled = rig->way->fill(&rig->source, index, &slot);
    assert_int_equal(pair_source_end(&rig->source, index, filled), FR_OK);
}

void rig_push(struct rig *rig, uint32_t seed)
{
    rig_draw(rig, seed);
    rig_push_drawn(rig);
}

void rig_take(struct rig *rig, uint32_t seed)
{
    const fr_token token = pair_host_hold(&rig->host);
    pair_host_convert(&rig->host, token, NULL, &rig->host.picture);
    pair_host_release(&rig->host, token);
    rig_expect(rig, &rig->host.picture, seed);
}

void rig_expect(const struct rig *rig, const struct fr_picture *picture, uint32_t seed)
{
    uint8_t *pixels = rig_pixels(rig, seed);
    pair_host_expect(&rig->host, picture, pixels);
    free(pixels);
}

uint32_t rig_state(const struct rig *rig, uint32_t slot)
{
    return rig->words->slot[slot].state & 0xff;
}

struct rig_count rig_count(void)
{
    const struct way *way = way_now();
    return (struct rig_count){.handles = system_count_handles(),
                              .objects = way->objects ? way->objects() : 0};
}

void rig_expect_count(struct rig_count before)
{
    const struct rig_count now = rig_count();
    assert_int_equal(now.objects, before.objects);
    assert_int_equal(now.handles, before.handles);
}
