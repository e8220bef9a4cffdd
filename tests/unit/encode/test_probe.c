/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The encoders of the machine that the test runs on, whichever they are. */

#include "support.h"

#include "system/system.h"

static void the_default_is_the_first_that_probe_finds_usable(void **state)
{
    fr_encoder_info encoders[32];
    const size_t count = fr_encoders_probe(encoders, 32);
    const char *expected[2] = {NULL, NULL};
    assert_in_range(count, 1, 32);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(encoders[i].usable, encoders[i].reason[0] == '\0');
        assert_true(encoders[i].built_in || !encoders[i].usable);
        if (!expected[0] && encoders[i].usable && encoders[i].codec == FR_CODEC_H264)
            expected[0] = encoders[i].name;
        if (!expected[1] && encoders[i].usable && encoders[i].hdr && encoders[i].codec == FR_CODEC_HEVC)
            expected[1] = encoders[i].name;
    }
    for (size_t i = 0; i < 2; i++) {
        struct painter painter;
        fr_recorder *recorder;
        fr_recorder_info info;
        if (!expected[i])
            continue;
        const fr_recorder_params params = {.url = in_folder(state, "best.mkv")};
        painter_init(&painter, 640, 384, i ? FR_FORMAT_P010 : FR_FORMAT_NV12);
        assert_int_equal(fr_recorder_open(&recorder, &params), FR_OK);
        put_frames(recorder, &painter, 2);
        fr_recorder_get_info(recorder, &info);
        assert_string_equal(info.encoder, expected[i]);
        assert_int_equal(fr_recorder_close(&recorder), FR_OK);
        painter_finish(&painter);
    }
}

static void probe_counts_without_room(void **state)
{
    (void)state;
    assert_int_equal(fr_encoders_probe(NULL, 0), fr_encoder_list_known().num_rows);
}

static void a_named_encoder_without_its_hardware_is_not_replaced(void **state)
{
    fr_encoder_info encoders[32];
    const size_t count = fr_encoders_probe(encoders, 32);
    for (size_t i = 0; i < count; i++) {
        struct log_lines lines;
        fr_recorder *recorder;
        if (encoders[i].usable || !encoders[i].built_in)
            continue;
        const fr_recorder_params params = {
            .url = in_folder(state, "named.mkv"), .encoder = encoders[i].name, .log = log_into(&lines)};
        assert_int_equal(fr_recorder_open(&recorder, &params), FR_ERR_ENCODER);
        assert_null(recorder);
        assert_int_equal(lines.count[FR_LOG_ERROR], 1);
        assert_int_equal(lines.count[FR_LOG_WARNING], 0);
        assert_false(system_file_exists(params.url));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_default_is_the_first_that_probe_finds_usable, folder_setup,
                                        folder_teardown),
        cmocka_unit_test(probe_counts_without_room),
        cmocka_unit_test_setup_teardown(a_named_encoder_without_its_hardware_is_not_replaced, folder_setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
