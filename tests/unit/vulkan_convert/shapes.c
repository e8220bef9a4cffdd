/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Sizes, ways of cutting up the work, parts and bands: none of them changes a code. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

static struct fr_vk_device *device;
static uint64_t seed;

/* Halves of all kinds but few of them special; words of all kinds. */
static void *random_pixels(fr_format format, size_t count)
{
    uint16_t *const words = calloc(count, 8);
    for (size_t i = 0; i < 4 * count; i++) {
        const uint32_t bits = random_next(&seed);
        words[i] = (uint16_t)(format == FR_FORMAT_RGBA16F && bits >> 28 ? bits >> 8 & 0x4fff : bits >> 8);
    }
    return words;
}

static void check_size(const pair *p, uint32_t width, uint32_t height, bool buffers)
{
    struct check check = {.device = device, .params = p->params, .buffers = buffers};
    check.variant = buffers ? (struct fr_vk_variant){0} : check_as_on_gpus;
    if (!buffers && p->integer && device->subgroup_size)
        check.variant.neighbour = FR_VK_NEIGHBOUR_SHUFFLE;
    check.params.width = width;
    check.params.height = height;
    void *const pixels = random_pixels(p->params.from, (size_t)width * height);
    check_against_cpu(&check, pixels, p->integer ? 0 : 1, p->integer ? 1 : 0.5);
    free(pixels);
}

/* Every width to 9, then every remainder of a block; every height to 5. The pair and the kind of slot take
 * turns. */
static void every_odd_size_is_exact(void **state)
{
    (void)state;
    static const uint32_t widths[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  11, 12, 13, 15, 16,
                                      17, 18, 23, 31, 32, 33, 34, 41, 48, 63, 64, 65, 66, 67};
    uint32_t turn = 0;
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
        for (uint32_t height = 1; height <= (i < 5 ? 5 : 3); height++, turn++)
            check_size(&pairs[turn % num_pairs], widths[i], height, turn / num_pairs % 2);
    check_size(&pairs[0], 67, 9, false);
    check_size(&pairs[3], 67, 9, true);
}

static void the_largest_sides_are_exact(void **state)
{
    (void)state;
    check_size(&pairs[0], FR_SIZE_MAX, 3, false);
    check_size(&pairs[3], 3, FR_SIZE_MAX, false);
    check_size(&pairs[2], FR_SIZE_MAX, 2, true);
    check_size(&pairs[0], 5, FR_SIZE_MAX, true);
}

static void no_variant_changes_a_code(void **state)
{
    (void)state;
    static const struct fr_vk_variant variants[] = {{4, 32, 4, FR_VK_NEIGHBOUR_RELOAD, 0},
                                                    {2, 64, 2, 0, 1},
                                                    {2, 256, 1, 0, 3},
                                                    {2, 16, 4, 0, 2},
                                                    {2, 128, 1, FR_VK_NEIGHBOUR_SHUFFLE, 2},
                                                    {2, 64, 1, FR_VK_NEIGHBOUR_SHUFFLE, 1},
                                                    {8, 8, 8, FR_VK_NEIGHBOUR_RELOAD, 0},
                                                    {16, 16, 2, FR_VK_NEIGHBOUR_RELOAD, 0},
                                                    {4, 16, 4, FR_VK_NEIGHBOUR_LEND, 0},
                                                    {8, 64, 1, FR_VK_NEIGHBOUR_LEND, 0},
                                                    {4, 32, 2, FR_VK_NEIGHBOUR_LEND, 0},
                                                    {16, 4, 16, FR_VK_NEIGHBOUR_LEND, 0}};
    for (size_t i = 0; i < num_pairs - 1; i++) {
        struct check check = {.device = device, .params = pairs[i].params, .buffers = i % 2};
        check.params.width = 309;
        check.params.height = 37;
        void *const pixels = random_pixels(check.params.from, 309 * 37);
        check.variant = variants[0];
        codes first = check_convert(&check, pixels);
        for (size_t j = 1; j < sizeof(variants) / sizeof(variants[0]); j++) {
            const bool shuffles = variants[j].neighbour == FR_VK_NEIGHBOUR_SHUFFLE;
            if (shuffles && !device->subgroup_size)
                continue;
            check.variant = variants[j];
            check.buffers = !shuffles && (i + j) % 2;
            codes other = check_convert(&check, pixels);
            check_equal(&first, &other);
            codes_free(&other);
        }
        codes_free(&first);
        free(pixels);
    }
}

/* A picture of one slot, brought up to date by parts of another. */
/* A picture's memory can be painted from here. */
static bool can_paint(void)
{
    struct fr_picture picture;
    assert_int_equal(fr_vk_picture_create(device, 16, 16, FR_FORMAT_NV12, &picture), FR_OK);
    const bool direct = ((const struct fr_vk_picture *)picture.object)->direct;
    fr_vk_picture_destroy(&picture);
    return direct;
}

static void parts_give_what_the_whole_gives(void **state)
{
    (void)state;
    if (!can_paint())
        skip(); /* vulkan-damage compares parts on such a GPU */
    enum { WIDTH = 203, HEIGHT = 61 };
    static const struct fr_parts parts = {
        .count = 5,
        .rect = {{0, 0, 2, 2}, {34, 10, 20, 2}, {200, 58, 3, 3}, {64, 20, 64, 30}, {0, 60, 1, 1}}};
    for (size_t i = 0; i < num_pairs - 1; i++)
        for (int buffers = 0; buffers < 2; buffers++) {
            fr_convert_params params = pairs[i].params;
            params.width = WIDTH;
            params.height = HEIGHT;
            const size_t bytes = fr_format_pixel_bytes(params.from);
            uint8_t *const old = random_pixels(params.from, WIDTH * HEIGHT), *const new =
                                                                                 malloc(WIDTH * HEIGHT * 8);
            uint8_t *const other = random_pixels(params.from, WIDTH * HEIGHT);
            memcpy(new, old, WIDTH * HEIGHT * 8);
            /* What changed lies inside, so that all chroma it has a share in does. */
            for (uint32_t r = 0; r < parts.count; r++) {
                const fr_rect *const rect = &parts.rect[r];
                for (uint32_t y = rect->y; y < rect->y + rect->height; y++)
                    for (uint32_t x = rect->x; x < rect->x + rect->width; x++)
                        if (x % 2 == 0 || x + 1 < rect->x + rect->width)
                            memcpy(new + (y * WIDTH + x) * bytes, other + (y * WIDTH + x) * bytes, bytes);
            }
            struct fr_vk_converter *converter;
            struct fr_picture picture;
            struct rig_slot slot;
            uint64_t done;
            assert_int_equal(fr_vk_converter_create(&converter, device, &params, buffers, gpu_log()), FR_OK);
            assert_int_equal(fr_vk_picture_create(device, WIDTH, HEIGHT, params.to, &picture), FR_OK);
            check_paint(picture.object);
            rig_slot_init(&slot, device, params.from, WIDTH, HEIGHT, buffers);
            rig_slot_fill(&slot, old);
            assert_int_equal(fr_vk_convert(converter, &slot.input, NULL, picture.object, &done), FR_OK);
            rig_wait(device, done);
            rig_slot_fill(&slot, new);
            assert_int_equal(fr_vk_convert(converter, &slot.input, &parts, picture.object, &done), FR_OK);
            rig_wait(device, done);
            codes by_parts = check_read(picture.object, 16);
            const struct check check = {.device = device, .params = params, .buffers = buffers};
            codes whole = check_convert(&check, new);
            check_equal(&by_parts, &whole);

            /* No part: nothing changes, and the slot is given back all the same. */
            const struct fr_parts none = {0};
            rig_slot_fill(&slot, old);
            assert_int_equal(fr_vk_convert(converter, &slot.input, &none, picture.object, &done), FR_OK);
            rig_wait(device, done);
            codes same = check_read(picture.object, 16);
            check_equal(&same, &whole);
            codes_free(&same);
            codes_free(&whole);
            codes_free(&by_parts);
            fr_vk_converter_destroy(converter);
            fr_vk_picture_destroy(&picture);
            rig_slot_finish(&slot);
            free(old);
            free(new);
            free(other);
        }
}

/* Where a buffer's descriptor sees less than a picture. */
static void bands_give_what_the_whole_gives(void **state)
{
    (void)state;
    const uint32_t limit = device->limits.maxStorageBufferRange;
    for (size_t i = 0; i < num_pairs - 1; i++)
        for (int buffers = 0; buffers < 2; buffers++) {
            struct check check = {.device = device, .params = pairs[i].params, .buffers = buffers};
            check.params.width = 45;
            check.params.height = 611;
            void *const pixels = random_pixels(check.params.from, 45 * 611);
            codes whole = check_convert(&check, pixels);
            device->limits.maxStorageBufferRange = 130 * 512;
            codes bands = check_convert(&check, pixels);
            device->limits.maxStorageBufferRange = limit;
            check_equal(&whole, &bands);
            codes_free(&whole);
            codes_free(&bands);
            free(pixels);
        }
}

static int open_device(void **state)
{
    (void)state;
    device = rig_device();
    return 0;
}

static int close_device(void **state)
{
    (void)state;
    fr_vk_device_unref(device);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_odd_size_is_exact),         cmocka_unit_test(the_largest_sides_are_exact),
        cmocka_unit_test(no_variant_changes_a_code),       cmocka_unit_test(parts_give_what_the_whole_gives),
        cmocka_unit_test(bands_give_what_the_whole_gives),
    };
    return cmocka_run_group_tests_name("vulkan: shapes", tests, open_device, close_device);
}
