/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What was recorded for a slot and a picture is submitted again, for these two alone. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

/* More pairs of the two than a converter keeps. */
enum { SIDE = 20, SLOTS = 5, PICTURES = 5 };
_Static_assert(SLOTS *PICTURES > FR_VK_FLIGHTS, "");

static const fr_convert_params params = {
    .from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = SIDE, .height = SIDE};

struct set {
    struct fr_vk_device *device;
    struct fr_vk_converter *converter;
    struct rig_slot slot[SLOTS];
    struct fr_picture picture[PICTURES];
};

static uint32_t times_recorded;
static PFN_vkBeginCommandBuffer begin;

static VKAPI_ATTR VkResult VKAPI_CALL count_begin(VkCommandBuffer command,
                                                  const VkCommandBufferBeginInfo *info)
{
    times_recorded++;
    return begin(command, info);
}

static void open_slot(struct set *set, uint32_t slot)
{
    rig_slot_init(&set->slot[slot], set->device, params.from, SIDE, SIDE, false);
    set->slot[slot].input.serial = fr_vk_device_serial(set->device);
}

static int open_set(void **state)
{
    static struct set set;
    set = (struct set){.device = rig_device()};
    begin = set.device->vk.BeginCommandBuffer;
    assert_int_equal(fr_vk_converter_create(&set.converter, set.device, &params, false, gpu_log()), FR_OK);
    for (uint32_t i = 0; i < SLOTS; i++)
        open_slot(&set, i);
    for (uint32_t i = 0; i < PICTURES; i++)
        assert_int_equal(fr_vk_picture_create(set.device, SIDE, SIDE, params.to, &set.picture[i]), FR_OK);
    *state = &set;
    return 0;
}

static int close_set(void **state)
{
    struct set *set = *state;
    fr_vk_converter_destroy(set->converter);
    for (uint32_t i = 0; i < SLOTS; i++)
        rig_slot_finish(&set->slot[i]);
    for (uint32_t i = 0; i < PICTURES; i++)
        fr_vk_picture_destroy(&set->picture[i]);
    fr_vk_device_unref(set->device);
    return 0;
}

static void fill(struct set *set, uint32_t slot, uint8_t grey)
{
    uint8_t pixels[SIDE * SIDE * 4];
    memset(pixels, grey, sizeof(pixels));
    rig_slot_fill(&set->slot[slot], pixels);
}

/* The times that commands were recorded for it. */
static uint32_t convert(struct set *set, uint32_t slot, uint32_t picture, const struct fr_parts *parts)
{
    uint64_t done;
    times_recorded = 0;
    set->device->vk.BeginCommandBuffer = count_begin;
    assert_int_equal(
        fr_vk_convert(set->converter, &set->slot[slot].input, parts, set->picture[picture].object, &done),
        FR_OK);
    set->device->vk.BeginCommandBuffer = begin;
    rig_wait(set->device, done);
    return times_recorded;
}

static void assert_luma(struct set *set, uint32_t picture, uint32_t row, uint8_t grey)
{
    struct fr_picture mapped;
    assert_int_equal(fr_vk_picture_map(&set->picture[picture], &mapped), FR_OK);
    for (uint32_t x = 0; x < SIDE; x++)
        assert_int_equal(((uint8_t *)mapped.plane[0])[row * mapped.pitch_bytes[0] + x],
                         (28142u * grey + (16u << 15) + (1u << 14)) >> 15);
}

static void the_third_time_nothing_is_recorded(void **state)
{
    struct set *set = *state;
    /* The first one gives the picture its layout. */
    assert_int_equal(convert(set, 0, 0, NULL), 1);
    assert_int_equal(convert(set, 0, 0, NULL), 1);
    fill(set, 0, 200);
    assert_int_equal(convert(set, 0, 0, NULL), 0);
    assert_luma(set, 0, SIDE - 1, 200);
}

static void each_slot_goes_to_each_picture(void **state)
{
    struct set *set = *state;
    uint64_t random = 7;
    for (uint32_t i = 0; i < 200; i++) {
        const uint32_t slot = random_next(&random) % SLOTS, picture = random_next(&random) % PICTURES;
        fill(set, slot, (uint8_t)i);
        assert_in_range(convert(set, slot, picture, NULL), 0, 1);
        assert_luma(set, picture, 0, (uint8_t)i);
    }
}

static void a_part_is_recorded_for_itself(void **state)
{
    struct set *set = *state;
    const struct fr_parts parts = {.count = 1, .rect = {{0, 0, SIDE, 2}}};
    for (uint8_t i = 0; i < 3; i++) {
        fill(set, 0, i);
        (void)convert(set, 0, 0, NULL);
        fill(set, 0, 100 + i);
        assert_int_equal(convert(set, 0, 0, &parts), 1);
        assert_luma(set, 0, 1, 100 + i);
        assert_luma(set, 0, 2, i);
    }
}

/* A slot and a picture made anew may have the handles of those before them. */
static void nothing_is_left_of_what_is_gone(void **state)
{
    struct set *set = *state;
    for (uint8_t i = 0; i < 5; i++) {
        for (uint32_t k = 0; k < 3; k++)
            (void)convert(set, 0, 0, NULL);
        rig_slot_finish(&set->slot[0]);
        open_slot(set, 0);
        fr_vk_picture_destroy(&set->picture[0]);
        assert_int_equal(fr_vk_picture_create(set->device, SIDE, SIDE, params.to, &set->picture[0]), FR_OK);
        fill(set, 0, 10 + i);
        assert_int_equal(convert(set, 0, 0, NULL), 1);
        assert_luma(set, 0, 3, 10 + i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_third_time_nothing_is_recorded, open_set, close_set),
        cmocka_unit_test_setup_teardown(each_slot_goes_to_each_picture, open_set, close_set),
        cmocka_unit_test_setup_teardown(a_part_is_recorded_for_itself, open_set, close_set),
        cmocka_unit_test_setup_teardown(nothing_is_left_of_what_is_gone, open_set, close_set),
    };
    return cmocka_run_group_tests_name("vulkan: recorded", tests, NULL, NULL);
}
