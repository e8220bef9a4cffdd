/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_log(void *user, fr_log_level level, const char *text)
{
    struct pair *pair = user;
    const unsigned at = pair->lines++ % PAIR_LINES;
    pair->level[at] = level;
    snprintf(pair->line[at], sizeof(pair->line[at]), "%s", text);
}

fr_log pair_log(struct pair *pair)
{
    return (fr_log){write_log, pair, FR_LOG_DEBUG};
}

unsigned pair_logged(const struct pair *pair, const char *words)
{
    unsigned count = 0;
    for (unsigned i = 0; i < pair->lines && i < PAIR_LINES; i++)
        count += strstr(pair->line[i], words) != NULL;
    return count;
}

int pair_setup(void **state)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    pair->header = _aligned_malloc(sizeof(*pair->header), 64);
    fake_reset();
    *state = pair;
    return 0;
}

int pair_teardown(void **state)
{
    struct pair *pair = *state;
    pair_close(pair);
    for (unsigned i = 0; i < pair->lines && i < PAIR_LINES && fake_violations(); i++)
        fprintf(stderr, "log: %s\n", pair->line[i]);
    const bool clean = !fake_live() && !fake_violations();
    _aligned_free(pair->header);
    free(pair->pixels);
    free(pair);
    return clean ? 0 : -1;
}

void pair_detach(struct pair *pair)
{
    if (pair->opened)
        pair->source.ops->detach(pair->source.self, pair->opened);
    pair->opened = NULL;
}

void pair_drop_ring(struct pair *pair)
{
    if (pair->ring)
        pair->host.ops->ring_destroy(pair->host.self, pair->ring);
    pair->ring = NULL;
}

void pair_close(struct pair *pair)
{
    pair_detach(pair);
    if (pair->converter)
        pair->host.ops->converter_destroy(pair->host.self, pair->converter);
    if (pair->picture.object)
        pair->host.ops->picture_destroy(&pair->picture);
    pair_drop_ring(pair);
    if (pair->host.ops)
        pair->host.ops->destroy(pair->host.self);
    if (pair->source.ops)
        pair->source.ops->destroy(pair->source.self);
    fr_com_release(pair->device);
    pair->converter = NULL;
    pair->device = NULL;
    pair->host.ops = NULL;
    pair->source.ops = NULL;
}

void pair_open(struct pair *pair)
{
    const fr_log log = pair_log(pair);
    assert_int_equal(fr_d3d11_host_create(&pair->host, &pair->params, fake_api(), &log), FR_OK);
    pair->device = fake_device_create(pair->source_adapter);
    const fr_d3d11_source_params params = {.device = pair->device};
    assert_int_equal(fr_d3d11_source_create(&pair->source, &params, &log), FR_OK);
}

fr_status pair_host_ring(struct pair *pair, uint32_t width, uint32_t height, fr_format format)
{
    if (!pair->host.ops)
        pair_open(pair);
    pair->shape = (struct fr_ring_shape){4, width, height, format};
    const struct fr_ring_request request = {
        .shape = pair->shape,
        .wire_version = pair->wire_version ? pair->wire_version : 2,
        .generation = 1,
        .capabilities = pair->capabilities ? pair->capabilities : FR_CAP_KEYED_MUTEX,
        .naming = pair->naming.ops ? &pair->naming : NULL,
    };
    const fr_status status = pair->host.ops->ring_create(pair->host.self, &request, &pair->ring);
    if (status != FR_OK)
        return status;
    pair->delivery = fr_delivery_none();
    pair->delivery.wire_version = request.wire_version;
    pair->delivery.generation = 1;
    pair->delivery.ring_len = pair->shape.ring_len;
    pair->delivery.width = width;
    pair->delivery.height = height;
    pair->delivery.format = format;
    pair->host.ops->ring_describe(pair->host.self, pair->ring, &pair->delivery);
    memset(pair->header, 0, sizeof(*pair->header));
    if (request.wire_version == 1)
        fr_ring_host_create_v1(&pair->words, &pair->header->v1, &pair->shape, 1, 7);
    else
        fr_ring_host_create(&pair->words, pair->header, FR_WIRE_V2_BYTES, &pair->shape, 1, 7,
                            pair->delivery.sync_kind, 1);
    return FR_OK;
}

static fr_handle copy_handle(fr_handle handle)
{
    HANDLE copy = NULL;
    if (handle == FR_HANDLE_NONE)
        return handle;
    (void)DuplicateHandle(GetCurrentProcess(), (HANDLE)handle, GetCurrentProcess(), &copy, 0, FALSE,
                          DUPLICATE_SAME_ACCESS);
    return (fr_handle)copy;
}

static void close_copy(fr_handle handle)
{
    if (handle != FR_HANDLE_NONE)
        CloseHandle((HANDLE)handle);
}

fr_status pair_attach(struct pair *pair)
{
    struct fr_delivery copy = pair->delivery;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        copy.texture[i] = copy_handle(copy.texture[i]);
    copy.ready_fence = copy_handle(copy.ready_fence);
    copy.retire_fence = copy_handle(copy.retire_fence);
    const fr_status status = pair->source.ops->attach(pair->source.self, &copy, &pair->opened, &pair->fault);
    if (status == FR_OK) {
        fr_wire_v2 header = *pair->header;
        fr_ring_source_attach(&pair->source_words, pair->header, FR_WIRE_V2_BYTES, &header, 2, NULL);
        return status;
    }
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        close_copy(copy.texture[i]);
    close_copy(copy.ready_fence);
    close_copy(copy.retire_fence);
    return status;
}

fr_status pair_converter(struct pair *pair, fr_format to)
{
    pair->convert.from = pair->shape.format;
    pair->convert.to = to;
    pair->convert.width = pair->shape.width;
    pair->convert.height = pair->shape.height;
    return pair->host.ops->converter_create(pair->host.self, &pair->convert, &pair->converter);
}

void pair_ring(struct pair *pair, uint32_t width, uint32_t height, fr_format from, fr_format to)
{
    assert_int_equal(pair_host_ring(pair, width, height, from), FR_OK);
    assert_int_equal(pair_attach(pair), FR_OK);
    assert_int_equal(pair_converter(pair, to), FR_OK);
    assert_int_equal(pair->host.ops->picture_create(pair->host.self, width, height, to, &pair->picture),
                     FR_OK);
}

/* ---- the source ---- */

bool pair_begin(struct pair *pair, enum fr_claim *claim)
{
    const int slot = fr_ring_source_begin(&pair->source_words);
    if (slot < 0)
        return false;
    const uint64_t retire = fr_ring_source_retire_value(&pair->source_words);
    *claim = pair->source.ops->begin(pair->source.self, pair->opened, (uint32_t)slot, retire, PAIR_WAIT_NS);
    if (*claim == FR_CLAIM_ACQUIRED)
        return true;
    fr_ring_source_cancel(&pair->source_words);
    return false;
}

/* Halfs of every kind turn up: negative, subnormal, infinite, none. */
static void make_pixels(struct pair *pair, uint32_t seed)
{
    const size_t bytes =
        (size_t)pair->shape.width * pair->shape.height * fr_format_pixel_bytes(pair->shape.format);
    free(pair->pixels);
    pair->pixels = malloc(bytes);
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < bytes; i++) {
        state = state * 1664525u + 1013904223u;
        pair->pixels[i] = (uint8_t)(state >> 24);
    }
}

ID3D11Texture2D *pair_slot(struct pair *pair, uint32_t slot)
{
    fr_slot out = {0};
    pair->source.ops->slot(pair->source.self, pair->opened, slot, &out);
    return out.texture;
}

void pair_draw(struct pair *pair, uint32_t seed)
{
    make_pixels(pair, seed);
    ID3D11DeviceContext *context = NULL;
    ID3D11Device_GetImmediateContext(pair->device, &context);
    ID3D11Texture2D *texture = pair_slot(pair, (uint32_t)pair->source_words.writing);
    ID3D11DeviceContext_UpdateSubresource(context, (ID3D11Resource *)texture, 0, NULL, pair->pixels,
                                          pair->shape.width * fr_format_pixel_bytes(pair->shape.format), 0);
    fr_com_release(context);
}

bool pair_end(struct pair *pair)
{
    struct fr_ring_publish info = {.present_ns = 1};
    const enum fr_claim claim = pair->source.ops->end(
        pair->source.self, pair->opened, (uint32_t)pair->source_words.writing, &info.ready_value);
    if (claim != FR_CLAIM_ACQUIRED) {
        fr_ring_source_cancel(&pair->source_words);
        return false;
    }
    return fr_ring_source_publish(&pair->source_words, &info);
}

bool pair_publish(struct pair *pair, uint32_t seed)
{
    enum fr_claim claim;
    if (!pair_begin(pair, &claim))
        return false;
    pair_draw(pair, seed);
    return pair_end(pair);
}

/* ---- the host ---- */

enum fr_claim pair_claim(struct pair *pair, fr_token *token)
{
    if (!fr_ring_host_newest(&pair->words, token))
        return FR_CLAIM_BUSY;
    return pair->host.ops->claim(pair->host.self, pair->ring, &pair->words, *token, PAIR_WAIT_NS);
}

enum fr_claim pair_release(struct pair *pair, fr_token token)
{
    return pair->host.ops->release(pair->host.self, pair->ring, &pair->words, token);
}

void pair_take(struct pair *pair)
{
    pair_take_parts(pair, NULL);
}

void pair_take_parts(struct pair *pair, const struct fr_parts *parts)
{
    fr_token token;
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_ACQUIRED);
    assert_int_equal(pair->host.ops->convert(pair->host.self, pair->converter, pair->ring, token.slot, parts,
                                             &pair->picture),
                     FR_OK);
    assert_int_equal(pair_release(pair, token), FR_CLAIM_ACQUIRED);
    (void)fr_ring_host_taken(&pair->words, token);
}

uint32_t pair_state(const struct pair *pair, uint32_t slot)
{
    return pair->header->slot[slot].state & 0xff;
}

/* ---- pictures ---- */

static unsigned compare_plane(const uint8_t *a, size_t a_pitch, const uint8_t *b, size_t b_pitch,
                              size_t samples, uint32_t rows, bool deep)
{
    unsigned worst = 0;
    for (uint32_t y = 0; y < rows; y++)
        for (size_t x = 0; x < samples; x++) {
            int left = a[y * a_pitch + x], right = b[y * b_pitch + x];
            if (deep) {
                uint16_t words[2];
                memcpy(&words[0], a + y * a_pitch + 2 * x, 2);
                memcpy(&words[1], b + y * b_pitch + 2 * x, 2);
                /* Whatever is in the lower six bits counts as much. */
                left = (words[0] & 63) ? 0xffff : words[0] >> 6;
                right = words[1] >> 6;
            }
            const unsigned distance = (unsigned)abs(left - right);
            worst = distance > worst ? distance : worst;
        }
    return worst;
}

unsigned pair_difference(struct pair *pair)
{
    const bool deep = pair->convert.to == FR_FORMAT_P010;
    const size_t sample = deep ? 2 : 1;
    const uint32_t width = pair->shape.width, height = pair->shape.height;
    const size_t samples = (width + 1) / 2 * 2, pitch = samples * sample;
    uint8_t *expected = malloc(pitch * (height + (height + 1) / 2));
    fr_converter *converter = NULL;
    fr_convert_params params = pair->convert;
    params.cpu_mask = ~0u;
    assert_int_equal(fr_converter_create(&converter, &params), FR_OK);
    void *const planes[2] = {expected, expected + pitch * height};
    const ptrdiff_t pitches[2] = {(ptrdiff_t)pitch, (ptrdiff_t)pitch};
    fr_converter_run(converter, pair->pixels, (ptrdiff_t)(width * fr_format_pixel_bytes(pair->shape.format)),
                     planes, pitches);
    fr_converter_destroy(&converter);

    struct fr_picture mapped;
    assert_int_equal(pair->host.ops->picture_map(&pair->picture, &mapped), FR_OK);
    const unsigned luma =
        compare_plane(mapped.plane[0], mapped.pitch_bytes[0], planes[0], pitch, width, height, deep);
    const unsigned chroma = compare_plane(mapped.plane[1], mapped.pitch_bytes[1], planes[1], pitch, samples,
                                          (height + 1) / 2, deep);
    free(expected);
    return luma > chroma ? luma : chroma;
}
