/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* y4m, hash: and null:. */

#include "support.h"

#include <stdlib.h>

/* --- y4m: what libavformat reads back is what went in --- */

struct expectation {
    struct painter painter; /* paints the same frames once more */
    bool differs;
};

static void compare(void *user, const AVFrame *frame)
{
    struct expectation *e = user;
    fr_frame want = painter_next(&e->painter);
    const bool ten = want.format == FR_FORMAT_P010;
    const uint32_t chroma_width = (want.width + 1) / 2, chroma_height = (want.height + 1) / 2;
    for (uint32_t y = 0; y < want.height; y++) {
        const uint8_t *a = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
        const uint8_t *b = want.plane[0] + y * want.pitch_bytes[0];
        for (uint32_t x = 0; x < want.width; x++)
            e->differs |=
                ten ? ((const uint16_t *)(const void *)a)[x] != ((const uint16_t *)(const void *)b)[x] >> 6
                    : a[x] != b[x];
    }
    for (uint32_t i = 0; i < chroma_width * chroma_height * 2; i++) {
        const uint32_t plane = i & 1, x = i / 2 % chroma_width, y = i / 2 / chroma_width;
        const uint8_t *a = frame->data[1 + plane] + (ptrdiff_t)y * frame->linesize[1 + plane];
        const uint8_t *b = want.plane[1] + y * want.pitch_bytes[1];
        const uint32_t at = 2 * x + plane;
        e->differs |=
            ten ? ((const uint16_t *)(const void *)a)[x] != ((const uint16_t *)(const void *)b)[at] >> 6
                : a[x] != b[at];
    }
    fr_frame_release(&want);
}

static void round_trip(void **state, uint32_t width, uint32_t height, fr_format format)
{
    const char *path = in_folder(state, "raw.y4m");
    struct painter painter;
    fr_recorder *recorder;
    const fr_recorder_params params = {.url = path, .fps_mhz = 59940};
    painter_init(&painter, width, height, format);
    assert_int_equal(fr_recorder_open(&recorder, &params), FR_OK);
    put_frames(recorder, &painter, 5);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    assert_null(recorder);
    assert_int_equal(painter_held(&painter), 0);
    painter_finish(&painter);

    struct expectation expectation = {.differs = false};
    struct read_file *file = malloc(sizeof(*file));
    painter_init(&expectation.painter, width, height, format);
    assert_true(read_back(file, path, compare, &expectation));
    assert_false(expectation.differs);
    assert_int_equal(file->num_frames, 5);
    assert_int_equal(file->frame[0].width, width);
    assert_int_equal(file->frame[0].height, height);
    assert_int_equal(file->frame[0].range, AVCOL_RANGE_MPEG);
    assert_int_equal(file->frame[0].format,
                     format == FR_FORMAT_P010 ? AV_PIX_FMT_YUV420P10LE : AV_PIX_FMT_YUV420P);
    if (format == FR_FORMAT_NV12)
        assert_int_equal(file->frame[0].location, AVCHROMA_LOC_LEFT);
    assert_true(file->rate > 59.939 && file->rate < 59.941);
    painter_finish(&expectation.painter);
    free(file);
}

static void y4m_holds_every_8_bit_sample(void **state)
{
    round_trip(state, 320, 180, FR_FORMAT_NV12);
    round_trip(state, 33, 17, FR_FORMAT_NV12);
    round_trip(state, 1, 1, FR_FORMAT_NV12);
}

static void y4m_holds_every_10_bit_sample(void **state)
{
    round_trip(state, 320, 180, FR_FORMAT_P010);
    round_trip(state, 33, 17, FR_FORMAT_P010);
}

static void y4m_goes_on_in_a_new_file_when_the_size_changes(void **state)
{
    struct painter small, large;
    fr_recorder *recorder;
    const fr_recorder_params params = {.url = in_folder(state, "flip.y4m")};
    painter_init(&small, 64, 48, FR_FORMAT_NV12);
    painter_init(&large, 96, 64, FR_FORMAT_P010);
    assert_int_equal(fr_recorder_open(&recorder, &params), FR_OK);
    put_frames(recorder, &small, 3);
    put_frames(recorder, &large, 4);
    fr_recorder_info info;
    fr_recorder_get_info(recorder, &info);
    assert_int_equal(info.segments, 2);
    assert_int_equal(info.frames, 7);
    assert_string_equal(fr_recorder_segment(recorder, 1), in_folder(state, "flip-2.y4m"));
    assert_null(fr_recorder_segment(recorder, 2));
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    assert_plays(in_folder(state, "flip.y4m"), 3, 64, 48);
    assert_plays(in_folder(state, "flip-2.y4m"), 4, 96, 64);
    painter_finish(&small);
    painter_finish(&large);
}

/* --- hash: --- */

static uint64_t hash_of(fr_format format, uint32_t frames)
{
    struct painter painter;
    fr_recorder *recorder;
    fr_recorder_info info;
    painter_init(&painter, 33, 18, format);
    assert_int_equal(fr_recorder_open(&recorder, &(fr_recorder_params){.url = "hash:"}), FR_OK);
    put_frames(recorder, &painter, frames);
    fr_recorder_get_info(recorder, &info);
    assert_int_equal(info.segments, 1);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    painter_finish(&painter);
    return info.hash;
}

static void hash_is_the_same_for_the_same_frames(void **state)
{
    (void)state;
    assert_true(hash_of(FR_FORMAT_NV12, 4) == hash_of(FR_FORMAT_NV12, 4));
    assert_true(hash_of(FR_FORMAT_NV12, 4) != hash_of(FR_FORMAT_NV12, 3));
    assert_true(hash_of(FR_FORMAT_NV12, 1) != hash_of(FR_FORMAT_P010, 1));
}

static void hash_is_fnv1a_over_rows_without_padding(void **state)
{
    (void)state;
    /* 2x2: "ab" "cd", then Cb Cr "ef"; the rest of each row is padding. */
    const uint8_t pixels[] = {'a', 'b', 9, 9, 'c', 'd', 9, 9, 'e', 'f', 9, 9};
    const fr_frame frame = {.width = 2,
                            .height = 2,
                            .format = FR_FORMAT_NV12,
                            .plane = {pixels, pixels + 8},
                            .pitch_bytes = {4, 4}};
    fr_recorder *recorder;
    fr_recorder_info info;
    assert_int_equal(fr_recorder_open(&recorder, &(fr_recorder_params){.url = "hash:"}), FR_OK);
    fr_recorder_get_info(recorder, &info);
    assert_true(info.hash == UINT64_C(0xcbf29ce484222325));
    assert_int_equal(fr_recorder_put(recorder, &frame), FR_OK);
    fr_recorder_get_info(recorder, &info);
    assert_true(info.hash == UINT64_C(0xd80bda3fbe244a0a)); /* of "abcdef" */
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
}

/* --- null: --- */

static void count_reports(void *user, const fr_encoded *encoded)
{
    unsigned *count = user;
    assert_int_equal(encoded->sequence, ++*count);
    assert_int_equal(encoded->bytes, 64 * 48 * 3 / 2);
    assert_true(encoded->encoded_ns > 0);
}

static void null_keeps_nothing_and_reports_every_frame(void **state)
{
    (void)state;
    struct painter painter;
    fr_recorder *recorder;
    unsigned count = 0;
    const fr_recorder_params params = {.url = "null:", .encoded = count_reports, .user = &count};
    painter_init(&painter, 64, 48, FR_FORMAT_NV12);
    assert_int_equal(fr_recorder_open(&recorder, &params), FR_OK);
    put_frames(recorder, &painter, 6);
    assert_int_equal(count, 6);
    assert_int_equal(painter_held(&painter), 0);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    painter_finish(&painter);
}

static void null_encodes_when_an_encoder_is_named(void **state)
{
    (void)state;
    struct painter painter;
    fr_recorder *recorder;
    fr_recorder_info info;
    painter_init(&painter, 64, 48, FR_FORMAT_NV12);
    assert_int_equal(fr_recorder_open(&recorder, &(fr_recorder_params){.url = "null:", .encoder = "libx264"}),
                     FR_OK);
    put_frames(recorder, &painter, 6);
    fr_recorder_get_info(recorder, &info);
    assert_string_equal(info.encoder, "libx264");
    assert_int_equal(info.frames, 6);
    assert_int_equal(info.keyframes, 1);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    painter_finish(&painter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(y4m_holds_every_8_bit_sample, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(y4m_holds_every_10_bit_sample, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(y4m_goes_on_in_a_new_file_when_the_size_changes, folder_setup,
                                        folder_teardown),
        cmocka_unit_test(hash_is_the_same_for_the_same_frames),
        cmocka_unit_test(hash_is_fnv1a_over_rows_without_padding),
        cmocka_unit_test(null_keeps_nothing_and_reports_every_frame),
        cmocka_unit_test(null_encodes_when_an_encoder_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
