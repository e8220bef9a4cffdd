/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdlib.h>
#include <string.h>

const struct fr_vk_variant check_as_on_gpus = {.columns = 2, .across = 64, .down = 1, .deep = 2};

static void *whole_memory(const struct fr_vk_picture *picture)
{
    struct fr_picture planes;
    assert_int_equal(fr_vk_picture_map(&(struct fr_picture){.object = (void *)picture}, &planes), FR_OK);
    return (uint8_t *)planes.plane[0] - picture->offset_bytes[0];
}

void check_paint(struct fr_vk_picture *picture)
{
    assert_true(picture->direct);
    memset(whole_memory(picture), CANARY, (size_t)picture->bytes);
}

static void read_plane(const struct fr_vk_picture *p, const uint8_t *memory, uint8_t *expected,
                       uint32_t plane, uint32_t columns, uint16_t *out)
{
    const size_t bytes = p->format == FR_FORMAT_P010 ? 2 : 1;
    const size_t height = plane ? (p->height + 1) / 2 : p->height;
    const size_t width = plane ? (p->width + 1) / 2 * 2 : p->width; /* of codes */
    for (size_t y = 0; y < height; y++) {
        const size_t row = (size_t)(p->offset_bytes[plane] + y * p->pitch_bytes[plane]);
        const size_t covered = (width + columns - 1) / columns * columns * bytes;
        assert_true(covered <= p->pitch_bytes[plane]);
        memcpy(expected + row, memory + row, covered);
        for (size_t x = 0; x < width; x++) {
            uint16_t code = 0;
            memcpy(&code, memory + row + x * bytes, bytes);
            if (bytes == 2)
                assert_int_equal(code & 63, 0);
            *out++ = (uint16_t)(bytes == 2 ? code >> 6 : code);
        }
    }
}

codes check_read(const struct fr_vk_picture *p, uint32_t columns)
{
    codes c = {.num_luma = (size_t)p->width * p->height,
               .num_chroma = (size_t)((p->width + 1) / 2 * 2) * ((p->height + 1) / 2)};
    c.luma = calloc(c.num_luma, sizeof(uint16_t));
    c.chroma = calloc(c.num_chroma, sizeof(uint16_t));
    const uint8_t *const memory = whole_memory(p);
    uint8_t *expected = malloc((size_t)p->bytes);
    memset(expected, CANARY, (size_t)p->bytes);
    read_plane(p, memory, expected, 0, columns, c.luma);
    read_plane(p, memory, expected, 1, columns, c.chroma);
    if (p->direct)
        assert_memory_equal(memory, expected, (size_t)p->bytes);
    free(expected);
    return c;
}

codes check_convert(const struct check *check, const void *pixels)
{
    const fr_convert_params *const params = &check->params;
    struct fr_vk_variant variant = check->variant;
    if (!variant.columns)
        variant = fr_vk_variant_default(check->device, params->from, params->to, check->buffers);
    struct fr_vk_converter *converter;
    assert_int_equal(fr_vk_converter_create_variant(&converter, check->device, params, check->buffers,
                                                    &variant, gpu_log()),
                     FR_OK);
    struct fr_picture picture;
    assert_int_equal(fr_vk_picture_create(check->device, params->width, params->height, params->to, &picture),
                     FR_OK);
    struct fr_vk_picture *const p = picture.object;
    if (p->direct)
        check_paint(p);
    struct rig_slot slot;
    rig_slot_init(&slot, check->device, params->from, params->width, params->height, check->buffers);
    rig_slot_fill(&slot, pixels);
    uint64_t done;
    assert_int_equal(fr_vk_convert(converter, &slot.input, check->parts, p, &done), FR_OK);
    rig_wait(check->device, done);
    const codes c = check_read(p, variant.columns < 4 ? 4 : variant.columns);
    fr_vk_converter_destroy(converter);
    fr_vk_picture_destroy(&picture);
    rig_slot_finish(&slot);
    return c;
}

static size_t compare(const char *name, const uint16_t *a, const uint16_t *b, size_t count, int within)
{
    size_t equal = 0;
    for (size_t i = 0; i < count; i++) {
        if (abs(a[i] - b[i]) > within)
            fail_msg("%s %zu is %d, by the CPU %d", name, i, a[i], b[i]);
        equal += a[i] == b[i];
    }
    return equal;
}

void check_against_cpu(const struct check *check, const void *pixels, int within, double share)
{
    fr_convert_params params = check->params;
    params.cpu_mask = ~0u;
    codes gpu = check_convert(check, pixels), cpu = convert_packed(&params, pixels);
    const size_t equal = compare("luma", gpu.luma, cpu.luma, cpu.num_luma, within) +
                         compare("chroma", gpu.chroma, cpu.chroma, cpu.num_chroma, within);
    if ((double)equal < share * (double)(cpu.num_luma + cpu.num_chroma))
        fail_msg("only %zu of %zu are equal", equal, cpu.num_luma + cpu.num_chroma);
    codes_free(&gpu);
    codes_free(&cpu);
}

void check_equal(const codes *a, const codes *b)
{
    assert_int_equal(a->num_luma, b->num_luma);
    assert_memory_equal(a->luma, b->luma, a->num_luma * sizeof(a->luma[0]));
    assert_memory_equal(a->chroma, b->chroma, a->num_chroma * sizeof(a->chroma[0]));
}
