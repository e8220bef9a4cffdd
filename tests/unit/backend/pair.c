/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/pair.h"

#include "system/system.h"

#include <stdlib.h>
#include <string.h>

void pair_host_ring(struct pair_host *host, const struct fr_ring_request *request, fr_wire_v2 *words)
{
    const struct fr_backend_host_ops *ops = host->backend.ops;
    assert_int_equal(ops->ring_create(host->backend.self, request, &host->ring), FR_OK);
    host->shape = request->shape;
    host->delivery = fr_delivery_none();
    host->delivery.wire_version = request->wire_version;
    host->delivery.generation = request->generation;
    host->delivery.ring_len = request->shape.ring_len;
    host->delivery.width = request->shape.width;
    host->delivery.height = request->shape.height;
    host->delivery.format = request->shape.format;
    ops->ring_describe(host->backend.self, host->ring, &host->delivery);
    assert_true(fr_caps_suffice(host->backend.capabilities & request->capabilities, host->delivery.slots_kind,
                                host->delivery.sync_kind));
    memset(words, 0, FR_WIRE_V2_BYTES);
    fr_ring_host_create(&host->words, words, FR_WIRE_V2_BYTES, &request->shape, request->generation, 7,
                        host->delivery.sync_kind, 1);
}

enum fr_ring_path pair_host_path(const struct pair_host *host)
{
    const struct fr_backend_host_ops *ops = host->backend.ops;
    return ops->ring_path ? ops->ring_path(host->backend.self, host->ring) : FR_RING_PATH_DIRECT;
}

void pair_host_converter(struct pair_host *host, const fr_convert_params *params)
{
    const struct fr_backend_host_ops *ops = host->backend.ops;
    void *self = host->backend.self;
    host->convert = *params;
    host->convert.from = host->shape.format;
    host->convert.width = host->shape.width;
    host->convert.height = host->shape.height;
    assert_int_equal(ops->converter_create(self, &host->convert, &host->converter), FR_OK);
    assert_int_equal(ops->picture_create(self, host->convert.width, host->convert.height, host->convert.to,
                                         &host->picture),
                     FR_OK);
}

void pair_host_drop_ring(struct pair_host *host)
{
    if (host->ring)
        host->backend.ops->ring_destroy(host->backend.self, host->ring);
    host->ring = NULL;
}

void pair_host_drop_converter(struct pair_host *host)
{
    if (host->converter)
        host->backend.ops->converter_destroy(host->backend.self, host->converter);
    host->converter = NULL;
}

void pair_host_drop_picture(struct pair_host *host)
{
    if (host->picture.object)
        host->backend.ops->picture_destroy(&host->picture);
    host->picture = (struct fr_picture){0};
}

void pair_host_close(struct pair_host *host)
{
    pair_host_drop_picture(host);
    pair_host_drop_converter(host);
    pair_host_drop_ring(host);
    host->backend.ops->destroy(host->backend.self);
}

enum fr_claim pair_host_claim(struct pair_host *host, fr_token *token, uint64_t timeout_ns)
{
    assert_true(fr_ring_host_newest(&host->words, token));
    return host->backend.ops->claim(host->backend.self, host->ring, &host->words, *token, timeout_ns);
}

fr_token pair_host_hold(struct pair_host *host)
{
    fr_token token;
    struct fr_ring_record record;
    assert_int_equal(pair_host_claim(host, &token, FR_NS_PER_S), FR_CLAIM_ACQUIRED);
    assert_true(fr_ring_host_record(&host->words, token, &record));
    return token;
}

void pair_host_convert(struct pair_host *host, fr_token token, const struct fr_parts *parts,
                       struct fr_picture *picture)
{
    assert_int_equal(host->backend.ops->convert(host->backend.self, host->converter, host->ring, token.slot,
                                                parts, picture),
                     FR_OK);
}

void pair_host_release(struct pair_host *host, fr_token token)
{
    assert_int_equal(host->backend.ops->release(host->backend.self, host->ring, &host->words, token),
                     FR_CLAIM_ACQUIRED);
    (void)fr_ring_host_taken(&host->words, token);
}

static void read_plane(const struct fr_picture *mapped, int plane, size_t width, size_t height, bool deep,
                       uint16_t *out)
{
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            const uint8_t *at =
                (const uint8_t *)mapped->plane[plane] + y * mapped->pitch_bytes[plane] + (deep ? 2 * x : x);
            const unsigned word = deep ? at[0] | (unsigned)at[1] << 8 : at[0];
            assert_int_equal(deep ? word & 63 : 0, 0);
            *out++ = (uint16_t)(deep ? word >> 6 : word);
        }
}

codes pair_host_read(const struct pair_host *host, const struct fr_picture *picture)
{
    const fr_convert_params *convert = &host->convert;
    const size_t across = (convert->width + 1) / 2 * 2, down = (convert->height + 1) / 2;
    const bool deep = convert->to == FR_FORMAT_P010;
    codes c = {.num_luma = (size_t)convert->width * convert->height, .num_chroma = across * down};
    struct fr_picture mapped = {0};
    c.luma = calloc(c.num_luma, sizeof(uint16_t));
    c.chroma = calloc(c.num_chroma, sizeof(uint16_t));
    assert_true(c.luma && c.chroma);
    assert_int_equal(host->backend.ops->picture_map(picture, &mapped), FR_OK);
    read_plane(&mapped, 0, convert->width, convert->height, deep, c.luma);
    read_plane(&mapped, 1, across, down, deep, c.chroma);
    return c;
}

static void expect_plane(const char *name, const uint16_t *found, const uint16_t *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (abs(found[i] - wanted[i]) > 1)
            fail_msg("%s %zu is %d, by the reference %d", name, i, found[i], wanted[i]);
}

void pair_host_expect(const struct pair_host *host, const struct fr_picture *picture, const uint8_t *pixels)
{
    fr_convert_params reference = host->convert;
    reference.cpu_mask = ~0u;
    codes found = pair_host_read(host, picture), wanted = convert_packed(&reference, pixels);
    expect_plane("luma", found.luma, wanted.luma, wanted.num_luma);
    expect_plane("chroma", found.chroma, wanted.chroma, wanted.num_chroma);
    codes_free(&found);
    codes_free(&wanted);
}

size_t pair_handles(struct fr_delivery *delivery, fr_handle *out[PAIR_HANDLES_MAX])
{
    size_t count = 0;
    fr_handle *const alone[] = {&delivery->slots, &delivery->ready_fence, &delivery->retire_fence};
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        if (delivery->texture[i] != FR_HANDLE_NONE)
            out[count++] = &delivery->texture[i];
    for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++)
        if (*alone[i] != FR_HANDLE_NONE)
            out[count++] = alone[i];
    return count;
}

struct fr_delivery pair_delivered(const struct fr_delivery *delivery)
{
    struct fr_delivery copy = *delivery;
    fr_handle *list[PAIR_HANDLES_MAX];
    const size_t count = pair_handles(&copy, list);
    for (size_t i = 0; i < count; i++)
        *list[i] = system_duplicate_handle(*list[i]);
    return copy;
}

void pair_undelivered(const struct fr_delivery *delivery)
{
    const struct fr_os os = fr_os_native();
    struct fr_delivery copy = *delivery;
    fr_handle *list[PAIR_HANDLES_MAX];
    const size_t count = pair_handles(&copy, list);
    for (size_t i = 0; i < count; i++)
        os.ops->handle_close(os.self, *list[i]);
}

fr_status pair_source_attach(struct pair_source *source, const struct fr_delivery *delivery,
                             fr_wire_v2 *words)
{
    struct fr_attach_fault fault;
    pair_source_detach(source);
    source->images = delivery->slots_kind != FR_SLOTS_MEMORY;
    source->in_use = source->images ? &source->backend : &source->memory;
    const fr_status status =
        source->in_use->ops->attach(source->in_use->self, delivery, &source->ring, &fault);
    if (status != FR_OK) {
        source->ring = NULL;
        return status;
    }
    const fr_wire_v2 header = *words;
    fr_ring_source_attach(&source->words, words, FR_WIRE_V2_BYTES, &header, 2, NULL);
    source->width = delivery->width;
    source->height = delivery->height;
    source->format = delivery->format;
    return FR_OK;
}

uint32_t pair_source_begin(struct pair_source *source, fr_slot *slot)
{
    const struct fr_backend_source_ops *ops = source->in_use->ops;
    const int index = fr_ring_source_begin(&source->words);
    assert_true(index >= 0);
    assert_int_equal(ops->begin(source->in_use->self, source->ring, (uint32_t)index,
                                fr_ring_source_retire_value(&source->words), FR_NS_PER_S),
                     FR_CLAIM_ACQUIRED);
    *slot = (fr_slot){.width = source->width, .height = source->height, .format = source->format};
    ops->slot(source->in_use->self, source->ring, (uint32_t)index, slot);
    return (uint32_t)index;
}

fr_status pair_source_end(struct pair_source *source, uint32_t index, fr_status filled)
{
    struct fr_ring_publish publish = {.present_ns = 1};
    const enum fr_claim ended =
        source->in_use->ops->end(source->in_use->self, source->ring, index, &publish.ready_value);
    if (filled != FR_OK || ended != FR_CLAIM_ACQUIRED) {
        fr_ring_source_cancel(&source->words);
        return filled != FR_OK ? filled : FR_ERR_DEVICE_LOST;
    }
    assert_true(fr_ring_source_publish(&source->words, &publish));
    return FR_OK;
}

void pair_source_detach(struct pair_source *source)
{
    if (source->ring)
        source->in_use->ops->detach(source->in_use->self, source->ring);
    source->ring = NULL;
}

void pair_source_close(struct pair_source *source)
{
    pair_source_detach(source);
    if (source->memory.ops)
        source->memory.ops->destroy(source->memory.self);
    if (source->backend.ops)
        source->backend.ops->destroy(source->backend.self);
    source->memory.ops = source->backend.ops = NULL;
}

uint8_t *pair_pixels(uint32_t width, uint32_t height, fr_format format, uint32_t seed)
{
    const size_t bytes = (size_t)width * height * fr_format_pixel_bytes(format);
    uint8_t *pixels = malloc(bytes);
    assert_non_null(pixels);
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < bytes; i++) {
        state = state * 1664525u + 1013904223u;
        pixels[i] = (uint8_t)(state >> 24);
        /* The exponent's highest bit: no infinity, no NaN, nothing above 2. */
        if (format == FR_FORMAT_RGBA16F && (i & 1))
            pixels[i] &= 0x3f;
    }
    return pixels;
}
