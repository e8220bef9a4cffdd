/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The frame of `framering selftest`: rows that answer, fail, hang and crash, each in a process of its own,
 * which is this very program. */
#include "cli_test.h"

#include "clock.h"
#include "selftest/lines.h"
#include "selftest/parameter_sets.h"
#include "selftest/picture.h"
#include "selftest/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the rows' processes ---- */

static int act(const char *row)
{
    struct selftest test = {.outcome = SELFTEST_NO_ANSWER};
    if (strcmp(row, "test/passes") == 0) {
        selftest_note("a note");
        printf("a driver speaks\n");
        selftest_code(&test, 0x102);
        selftest_pass(&test, "it holds: 100%% of %d", 7);
        selftest_fail(&test, "not heard any more");
    } else if (strcmp(row, "test/fails") == 0) {
        selftest_code(&test, 0x80004005);
        selftest_fail(&test, "it does not hold\nat all");
    } else if (strcmp(row, "test/is-not-there") == 0) {
        selftest_not_available(&test, "there is none");
    } else if (strcmp(row, "test/ends-without-a-word") == 0) {
        return 7;
    } else if (strcmp(row, "test/hangs-after-its-result") == 0) {
        selftest_pass(&test, "too early");
        lines_write_result(&test);
        clock_sleep_ns(600 * NS_PER_S);
    } else if (strcmp(row, "test/writes-nonsense") == 0) {
        printf("result\nresult x\nresult 9 - bad\nresult 1 zz bad\nresult 1\n");
    }
    lines_write_result(&test);
    return 0;
}

static struct run_entry run_one(const char *name, uint32_t bound_ms)
{
    struct selftest_row row = {.area = "test", .name = name, .what = "a test", .bound_ms = bound_ms};
    static struct selftest_row kept;
    struct run_entry entry;
    kept = row;
    assert_true(run_row(&kept, &entry));
    return entry;
}

static void finish(struct run_entry *entry)
{
    json_decref(entry->log);
}

static bool logged(const struct run_entry *entry, const char *line)
{
    for (size_t i = 0; i < json_array_size(entry->log); i++)
        if (strcmp(json_string_value(json_array_get(entry->log, i)), line) == 0)
            return true;
    return false;
}

/* ---- the first process ---- */

static void a_row_says_what_it_found(void **state)
{
    (void)state;
    struct run_entry entry = run_one("passes", 20000);
    assert_int_equal(entry.result.outcome, SELFTEST_PASS);
    assert_true(entry.result.has_code);
    assert_int_equal(entry.result.code, 0x102);
    assert_string_equal(entry.result.text, "it holds: 100% of 7");
    assert_true(logged(&entry, "a note"));
    assert_true(logged(&entry, "a driver speaks"));
    finish(&entry);

    entry = run_one("fails", 20000);
    assert_int_equal(entry.result.outcome, SELFTEST_FAIL);
    assert_int_equal(entry.result.code, 0x80004005);
    assert_string_equal(entry.result.text, "it does not hold at all");
    finish(&entry);

    entry = run_one("is-not-there", 20000);
    assert_int_equal(entry.result.outcome, SELFTEST_NOT_AVAILABLE);
    assert_false(entry.result.has_code);
    finish(&entry);
}

static void a_row_that_hangs_is_ended(void **state)
{
    (void)state;
    struct run_entry entry = run_one("hangs-after-its-result", 1000);
    assert_int_equal(entry.result.outcome, SELFTEST_FAIL);
    assert_non_null(strstr(entry.result.text, "no answer within 1 s"));
    finish(&entry);
}

static void a_row_that_ends_without_a_word_has_failed(void **state)
{
    (void)state;
    struct run_entry entry = run_one("ends-without-a-word", 20000);
    assert_int_equal(entry.result.outcome, SELFTEST_FAIL);
    assert_non_null(strstr(entry.result.text, "exit code 7"));
    finish(&entry);
}

static void nonsense_is_no_result(void **state)
{
    (void)state;
    struct run_entry entry = run_one("writes-nonsense", 20000);
    assert_int_equal(entry.result.outcome, SELFTEST_FAIL);
    assert_non_null(strstr(entry.result.text, "no result"));
    finish(&entry);
}

static void an_entry_as_json(void **state)
{
    (void)state;
    const struct selftest_row row = {.area = "share", .name = "held", .what = "times out"};
    struct run_entry entry = {.row = &row, .log = json_pack("[s]", "line"), .took_ns = 5 * NS_PER_MS};
    entry.result =
        (struct selftest){.outcome = SELFTEST_PASS, .has_code = true, .code = 0x80070005, .text = "yes"};
    json_t *object = run_entry_json(&entry, true);
    assert_string_equal(json_string_value(json_object_get(object, "code")), "0x80070005");
    assert_string_equal(json_string_value(json_object_get(object, "code_name")), "E_ACCESSDENIED");
    assert_string_equal(json_string_value(json_object_get(object, "result")), "pass");
    assert_int_equal(json_array_size(json_object_get(object, "log")), 1);
    assert_int_equal(json_integer_value(json_object_get(object, "ms")), 5);
    json_decref(object);

    entry.result.has_code = false;
    object = run_entry_json(&entry, false);
    assert_true(json_is_null(json_object_get(object, "code")));
    assert_null(json_object_get(object, "log"));
    json_decref(object);
    finish(&entry);
}

/* ---- pictures ---- */

enum { WIDTH = 128, HEIGHT = 48 };

static uint8_t luma[HEIGHT][WIDTH * 2], chroma[HEIGHT / 2][WIDTH * 2];

/* What an ideal converter would make of black and white. */
static fr_frame frame_of(uint32_t number, fr_format format)
{
    static uint8_t source[HEIGHT][WIDTH * 4];
    picture_draw_number(source, sizeof source[0], WIDTH, HEIGHT, FR_FORMAT_BGRA8, number);
    const bool wide = format == FR_FORMAT_P010;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            const unsigned code = source[y][4 * x] ? (wide ? 489u << 6 : 235) : (wide ? 64u << 6 : 16);
            luma[y][wide ? 2 * x : x] = (uint8_t)code;
            if (wide)
                luma[y][2 * x + 1] = (uint8_t)(code >> 8);
        }
    memset(chroma, 128, sizeof chroma);
    return (fr_frame){.width = WIDTH,
                      .height = HEIGHT,
                      .format = format,
                      .plane = {luma[0], chroma[0]},
                      .pitch_bytes = {sizeof luma[0], sizeof chroma[0]}};
}

static void a_number_is_read_back(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {0, 1, 2, 255, 256, 0x123456, 0xffffff};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        for (int k = 0; k < 2; k++) {
            const fr_frame frame = frame_of(numbers[i], k ? FR_FORMAT_P010 : FR_FORMAT_NV12);
            uint32_t number = 1234567;
            assert_true(picture_read_number(&frame, &number));
            assert_int_equal(number, numbers[i]);
        }
}

static void a_torn_picture_is_noticed(void **state)
{
    (void)state;
    fr_frame frame = frame_of(8, FR_FORMAT_NV12);
    uint8_t last[WIDTH];
    memcpy(last, luma[HEIGHT - 1], sizeof last);
    frame = frame_of(9, FR_FORMAT_NV12);
    memcpy(luma[HEIGHT - 1], last, sizeof last);
    uint32_t number;
    assert_false(picture_read_number(&frame, &number));
    frame = frame_of(9, FR_FORMAT_NV12);
    memset(luma, 16, sizeof luma);
    assert_false(picture_read_number(&frame, &number));
}

static void a_difference_is_measured(void **state)
{
    (void)state;
    static uint8_t other_luma[HEIGHT][WIDTH * 2], other_chroma[HEIGHT / 2][WIDTH * 2];
    const fr_frame frame = frame_of(9, FR_FORMAT_NV12);
    void *const planes[2] = {other_luma, other_chroma};
    const ptrdiff_t pitches[2] = {sizeof other_luma[0], sizeof other_chroma[0]};
    memcpy(other_luma, luma, sizeof luma);
    memcpy(other_chroma, chroma, sizeof chroma);
    struct picture_difference off = picture_compare(&frame, planes, pitches);
    assert_int_equal(off.luma, 0);
    assert_int_equal(off.chroma, 0);
    other_luma[HEIGHT - 1][WIDTH - 1] ^= 3;
    other_chroma[3][6] += 9;  /* the middle of a square */
    other_chroma[0][0] += 50; /* its edge */
    off = picture_compare(&frame, planes, pitches);
    assert_true(off.luma >= 1 && off.luma <= 3);
    assert_int_equal(off.chroma, 9);
}

/* ---- parameter sets ---- */

enum { PACKETS = 3, PACKET = 188 };

/* Packets of the first stream whose payload is `bytes`, the start codes cut where a packet ends. */
static size_t wrap(const uint8_t *bytes, size_t count, uint8_t *out)
{
    size_t done = 0, used = 0;
    for (int i = 0; i < PACKETS; i++) {
        uint8_t *packet = out + used;
        memset(packet, 0xff, PACKET);
        const uint8_t head[] = {0x47, 0x41, 0x00, 0x10};
        memcpy(packet, head, sizeof head);
        const size_t part = count - done < PACKET - 4 ? count - done : PACKET - 4;
        memcpy(packet + 4, bytes + done, part);
        done += part;
        used += PACKET;
    }
    return used;
}

static const char *missing_of(fr_codec codec, const uint8_t *units, size_t count)
{
    uint8_t stream[300], packets[PACKETS * PACKET];
    /* The first start code lies across the end of a packet. */
    memset(stream, 0xaa, sizeof stream);
    memcpy(stream + PACKET - 4 - 2, units, count);
    const size_t used = wrap(stream, sizeof stream, packets);
    return parameter_sets_missing(codec, packets, used);
}

static void parameter_sets_are_found(void **state)
{
    (void)state;
    static const uint8_t h264[] = {0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 1, 0x65};
    assert_null(missing_of(FR_CODEC_H264, h264, sizeof h264));
    assert_string_equal(missing_of(FR_CODEC_H264, h264, 6), "picture parameter set");
    assert_string_equal(missing_of(FR_CODEC_H264, h264 + 6, sizeof h264 - 6), "sequence parameter set");
    static const uint8_t hevc[] = {0, 0, 1, 0x40, 1, 0, 0, 1, 0x42, 1, 0, 0, 1, 0x44, 1, 0, 0, 1, 0x26, 1};
    assert_null(missing_of(FR_CODEC_HEVC, hevc, sizeof hevc));
    assert_string_equal(missing_of(FR_CODEC_HEVC, hevc + 5, sizeof hevc - 5), "video parameter set");
    assert_string_equal(missing_of(FR_CODEC_HEVC, hevc, 10), "picture parameter set");
    static const uint8_t pes[] = {0, 0, 1, 0xe7, 0, 0, 1, 0xe8};
    assert_string_equal(missing_of(FR_CODEC_H264, pes, sizeof pes), "sequence parameter set");
    static const uint8_t av1[] = {9, 0x63, 0xa2, 0x8c, 0x81, 0, 0, 0, 0x0a, 0x0b, 0};
    assert_null(parameter_sets_missing(FR_CODEC_AV1, av1, sizeof av1));
    assert_string_equal(parameter_sets_missing(FR_CODEC_AV1, av1, 6), "sequence header");
    assert_non_null(parameter_sets_missing(FR_CODEC_H264, NULL, 0));
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "selftest") == 0)
        return act(argv[3]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_says_what_it_found),
        cmocka_unit_test(a_row_that_hangs_is_ended),
        cmocka_unit_test(a_row_that_ends_without_a_word_has_failed),
        cmocka_unit_test(nonsense_is_no_result),
        cmocka_unit_test(an_entry_as_json),
        cmocka_unit_test(a_number_is_read_back),
        cmocka_unit_test(a_torn_picture_is_noticed),
        cmocka_unit_test(a_difference_is_measured),
        cmocka_unit_test(parameter_sets_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
