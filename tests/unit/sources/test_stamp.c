/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cmocka_all.h"

#include "pattern/picture.h"

#include <framering/convert.h>

#include <stdlib.h>
#include <string.h>

static const struct {
    uint32_t width, height;
} sizes[] = {{320, 180},   {333, 187},   {640, 360}, {1366, 768}, {1080, 1920},
             {1920, 1080}, {3840, 2160}, {160, 90},  {40, 22}};

static const struct {
    fr_format format, out;
    fr_colour_state colour_state;
} formats[] = {
    {FR_FORMAT_BGRA8, FR_FORMAT_NV12, FR_COLOUR_STATE_SDR},
    {FR_FORMAT_RGBA8, FR_FORMAT_NV12, FR_COLOUR_STATE_SDR},
    {FR_FORMAT_RGBA16F, FR_FORMAT_P010, FR_COLOUR_STATE_HDR},
    {FR_FORMAT_RGB10A2, FR_FORMAT_P010, FR_COLOUR_STATE_HDR},
    {FR_FORMAT_RGBA16F, FR_FORMAT_NV12, FR_COLOUR_STATE_SDR_WCG},
};

enum { NUM_SIZES = sizeof(sizes) / sizeof(sizes[0]), NUM_FORMATS = sizeof(formats) / sizeof(formats[0]) };

/* A slot of our own, and the luma that a host makes of it. */
typedef struct fixture {
    fr_slot slot;
    fr_format out;
    uint8_t *y, *c;
    fr_luma luma;
} fixture;

static void set_up(fixture *f, uint32_t width, uint32_t height, fr_format format, fr_format out)
{
    const size_t pitch = ((size_t)width * fr_format_pixel_bytes(format) + 63) / 64 * 64;
    const uint32_t bytes = out == FR_FORMAT_P010 ? 2 : 1;
    *f = (fixture){.out = out};
    f->slot = (fr_slot){
        .pixels = malloc(pitch * height),
        .pitch_bytes = pitch,
        .width = width,
        .height = height,
        .format = format,
        .generation = 9,
        .memory_fd = -1,
    };
    f->y = malloc((size_t)width * height * bytes);
    f->c = malloc((size_t)(width + 1) * ((height + 1) / 2) * bytes);
    f->luma = (fr_luma){
        .data = f->y,
        .pitch_bytes = (ptrdiff_t)width * (ptrdiff_t)bytes,
        .width = width,
        .height = height,
        .step_bytes = bytes,
        .sample_bytes = bytes,
        .shift = bytes == 2 ? 6 : 0,
        .max = bytes == 2 ? 1023 : 255,
    };
}

static void tear_down(fixture *f)
{
    free(f->slot.pixels);
    free(f->y);
    free(f->c);
}

static void convert(fixture *f)
{
    fr_converter *converter;
    const fr_convert_params params = {
        .from = f->slot.format,
        .to = f->out,
        .width = f->slot.width,
        .height = f->slot.height,
        .sdr_map = FR_SDR_MAP_CLIP,
    };
    assert_int_equal(fr_converter_create(&converter, &params), FR_OK);
    void *const planes[2] = {f->y, f->c};
    const ptrdiff_t bytes = (ptrdiff_t)f->luma.sample_bytes;
    const ptrdiff_t pitches[2] = {f->luma.pitch_bytes, (ptrdiff_t)(f->slot.width + 1) / 2 * 2 * bytes};
    fr_converter_run(converter, f->slot.pixels, (ptrdiff_t)f->slot.pitch_bytes, planes, pitches);
    fr_converter_destroy(&converter);
}

static const fr_stamp some_stamp = {0xfedcba98u, 0xabcdefu, 0x123456789abcu};

static void draw(fixture *f, fr_colour_state colour_state, const fr_stamp *stamp)
{
    fr_picture *picture = fr_picture_create(f->slot.width, f->slot.height, f->slot.format, colour_state);
    assert_non_null(picture);
    fr_picture_draw(picture, &f->slot, stamp, 123456789, FR_PICTURE_WHOLE);
    fr_picture_destroy(&picture);
}

static void expect(const fr_stamp_reading *reading, const fr_stamp *stamp)
{
    assert_true(reading->copies >= 3);
    assert_int_equal(reading->readable, reading->copies);
    assert_false(reading->torn);
    assert_int_equal(reading->stamp.sequence, stamp->sequence);
    assert_int_equal(reading->stamp.generation, stamp->generation);
    assert_int_equal(reading->stamp.time_us, stamp->time_us);
}

static void survives_every_format_and_size(void **state)
{
    (void)state;
    for (size_t s = 0; s < NUM_SIZES; s++) {
        for (size_t i = 0; i < NUM_FORMATS; i++) {
            fixture f;
            set_up(&f, sizes[s].width, sizes[s].height, formats[i].format, formats[i].out);
            draw(&f, formats[i].colour_state, &some_stamp);
            convert(&f);
            const fr_stamp_reading reading = fr_stamp_read(&f.luma);
            expect(&reading, &some_stamp);
            tear_down(&f);
        }
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* What a codec at a starving bit rate does: blur, coarse levels, noise. */
static void spoil(fixture *f, uint32_t radius, uint32_t step, uint32_t noise)
{
    const uint32_t width = f->slot.width, height = f->slot.height;
    uint8_t *copy = malloc((size_t)width * height);
    uint32_t seed = 1;
    memcpy(copy, f->y, (size_t)width * height);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            uint32_t sum = 0, num = 0;
            for (uint32_t v = y < radius ? 0 : y - radius; v <= y + radius && v < height; v++)
                for (uint32_t u = x < radius ? 0 : x - radius; u <= x + radius && u < width; u++, num++)
                    sum += copy[(size_t)v * width + u];
            const int32_t value =
                (int32_t)(sum / num / step * step + step / 2 + next_random(&seed) % (2 * noise + 1)) -
                (int32_t)noise;
            f->y[(size_t)y * width + x] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
    }
    free(copy);
}

static void survives_blur_noise_and_coarse_levels(void **state)
{
    (void)state;
    fixture f;
    set_up(&f, 320, 180, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    draw(&f, FR_COLOUR_STATE_SDR, &some_stamp);
    convert(&f);
    spoil(&f, 2, 32, 60);
    const fr_stamp_reading reading = fr_stamp_read(&f.luma);
    expect(&reading, &some_stamp);
    tear_down(&f);
}

static void an_unstamped_picture_has_none(void **state)
{
    (void)state;
    fixture f;
    uint32_t seed = 7;
    set_up(&f, 640, 360, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    memset(f.y, 16, (size_t)640 * 360);
    assert_int_equal(fr_stamp_read(&f.luma).readable, 0);
    memset(f.y, 235, (size_t)640 * 360);
    assert_int_equal(fr_stamp_read(&f.luma).readable, 0);
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < (size_t)640 * 360; i++)
            f.y[i] = (uint8_t)next_random(&seed);
        assert_int_equal(fr_stamp_read(&f.luma).readable, 0);
    }
    f.luma.width = 39;
    assert_int_equal(fr_stamp_read(&f.luma).copies, 0);
    tear_down(&f);
}

/* A picture whose upper part is newer than its lower part, cut at any row. */
static void betrays_a_torn_picture(void **state)
{
    (void)state;
    fixture older, newer;
    const fr_stamp second = {some_stamp.sequence + 1, some_stamp.generation, some_stamp.time_us + 16667};
    set_up(&older, 640, 360, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    set_up(&newer, 640, 360, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    draw(&older, FR_COLOUR_STATE_SDR, &some_stamp);
    draw(&newer, FR_COLOUR_STATE_SDR, &second);
    convert(&older);
    convert(&newer);
    fr_stamp_layout layout;
    assert_true(fr_stamp_layout_init(&layout, 640, 360));
    const uint32_t from = layout.plates[0].y + layout.plates[0].height;
    const uint32_t to = layout.plates[layout.num_copies - 1].y;
    for (uint32_t cut = from; cut < to; cut += 3) {
        memcpy(older.y, newer.y, (size_t)cut * 640);
        assert_true(fr_stamp_read(&older.luma).torn);
    }
    tear_down(&older);
    tear_down(&newer);
}

/* A frame drawn over an older one must not differ from one drawn into a fresh slot. */
static void redraws_only_what_moved(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_FORMATS; i++) {
        fixture used, fresh;
        set_up(&used, 641, 361, formats[i].format, formats[i].out);
        set_up(&fresh, 641, 361, formats[i].format, formats[i].out);
        const size_t bytes = used.slot.pitch_bytes * 361;
        memset(used.slot.pixels, 0x55, bytes);
        memset(fresh.slot.pixels, 0x55, bytes);
        fr_picture *picture = fr_picture_create(641, 361, formats[i].format, formats[i].colour_state);
        fr_stamp stamp = some_stamp;
        for (uint64_t n = 0; n < 50; n++, stamp.sequence++)
            fr_picture_draw(picture, &used.slot, &stamp, n * 50000000, FR_PICTURE_WHOLE);
        stamp.sequence--;
        fr_picture_draw(picture, &fresh.slot, &stamp, UINT64_C(49) * 50000000, FR_PICTURE_UPPER);
        fr_picture_draw(picture, &fresh.slot, &stamp, UINT64_C(49) * 50000000, FR_PICTURE_LOWER);
        assert_memory_equal(used.slot.pixels, fresh.slot.pixels, bytes);
        fr_picture_destroy(&picture);
        tear_down(&used);
        tear_down(&fresh);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_every_format_and_size),
        cmocka_unit_test(survives_blur_noise_and_coarse_levels),
        cmocka_unit_test(an_unstamped_picture_has_none),
        cmocka_unit_test(betrays_a_torn_picture),
        cmocka_unit_test(redraws_only_what_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
