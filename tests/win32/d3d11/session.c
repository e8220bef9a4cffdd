/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Whole sessions of a capture and a source on textures, and what they come to when any one call fails. */
#include "stage.h"

#include <stdio.h>
#include <string.h>

/* Frames, HDR on, another size, HDR off, another source: what a session may go through. Stops at the first
 * that does not come about; *status says how. */
static bool play(struct stage *stage, fr_status *status)
{
    if (!stage_frames(stage, 3, status))
        return false;
    stage_announce(stage, 32, 18, FR_COLOUR_STATE_HDR);
    if (!stage_frames(stage, 2, status))
        return false;
    stage_announce(stage, 41, 23, FR_COLOUR_STATE_HDR);
    if (!stage_frames(stage, 2, status))
        return false;
    stage_announce(stage, 32, 18, FR_COLOUR_STATE_SDR);
    if (!stage_frames(stage, 2, status))
        return false;
    stage_close_source(stage);
    stage_open_source(stage);
    return stage_frames(stage, 2, status);
}

static fr_status run(struct pair *pair, const fr_d3d11_host_params *params, struct stage *stage)
{
    stage_init(stage, pair);
    if (params)
        stage->host_params = *params;
    stage_open_source(stage);
    fr_status status = stage_open(stage);
    if (status == FR_OK)
        (void)play(stage, &status);
    return status;
}

static void session_by_keyed_mutex(void **state)
{
    struct pair *pair = *state;
    struct stage stage;
    const fr_d3d11_host_params params = {.no_fence = true};
    assert_int_equal(run(pair, &params, &stage), FR_OK);
    assert_int_equal(stage.capture->ring.delivery.sync_kind, FR_WIRE_SYNC_KEYED_MUTEX);
    stage_finish(&stage);
}

static void session_by_fences(void **state)
{
    struct pair *pair = *state;
    struct stage stage;
    assert_int_equal(run(pair, NULL, &stage), FR_OK);
    assert_int_equal(stage.capture->ring.delivery.sync_kind, FR_WIRE_SYNC_FENCE);
    stage_finish(&stage);
}

static void machine_that_cannot_share_uses_memory(void **state)
{
    struct pair *pair = *state;
    struct stage stage;
    fake_options(FAKE_NO_SHARING);
    assert_int_equal(run(pair, NULL, &stage), FR_OK);
    assert_int_equal(stage.capture->ring.delivery.sync_kind, FR_WIRE_SYNC_STATES);
    stage_finish(&stage);
}

static void source_on_another_adapter_moves_the_ring_there(void **state)
{
    static const struct fake_adapter_desc two[] = {{L"Big", 8192, 1, false}, {L"Small", 128, 2, false}};
    struct pair *pair = *state;
    struct stage stage;
    fake_adapters(two, 2);
    stage_init(&stage, pair);
    stage.source_adapter = 1;
    stage_open_source(&stage);
    assert_int_equal(stage_open(&stage), FR_OK);
    fr_status status;
    assert_true(play(&stage, &status));
    assert_int_equal(stage.capture->ring.delivery.adapter_luid_low, 2);
    assert_int_not_equal(stage.capture->ring.delivery.sync_kind, FR_WIRE_SYNC_STATES);
    stage_finish(&stage);
}

static void frames_say_where_their_texture_is(void **state)
{
    struct pair *pair = *state;
    struct stage stage;
    stage_init(&stage, pair);
    stage_open_source(&stage);
    assert_int_equal(stage_open(&stage), FR_OK);
    fr_frame frame;
    fr_d3d11_picture picture;
    assert_int_equal(fr_capture_next(stage.capture, &frame), FR_OK);
    assert_null(frame.plane[0]);
    assert_int_equal(fr_frame_d3d11(&frame, &picture), FR_OK);
    D3D11_TEXTURE2D_DESC desc;
    ID3D11Texture2D_GetDesc(picture.texture, &desc);
    assert_int_equal(desc.Format, DXGI_FORMAT_NV12);
    assert_int_equal(desc.Width, 32);
    fr_frame_release(&frame);
    stage_finish(&stage);
}

static void expect_corners_alike(struct stage *stage, bool alike)
{
    fr_frame frame;
    fr_status status;
    do {
        status = fr_capture_next(stage->capture, &frame);
        assert_true(status >= 0);
        if (status != FR_OK)
            fr_frame_release(&frame);
    } while (status != FR_OK);
    assert_int_equal(fr_frame_map(&frame), FR_OK);
    const uint8_t *last = frame.plane[0] + (frame.height - 1) * frame.pitch_bytes[0] + 2 * (frame.width - 1);
    assert_int_equal(!memcmp(frame.plane[0], last, 2), alike);
    fr_frame_release(&frame);
}

/* The source says that one corner has changed, and draws all of another value. */
static void pictures_are_drawn_whole_at_first_and_then_in_parts(void **state)
{
    static const fr_rect corner = {20, 10, 12, 8}, other = {21, 11, 10, 6};
    struct pair *pair = *state;
    struct stage stage;
    fr_status status;
    stage_init(&stage, pair);
    stage.damage = &corner;
    stage_announce(&stage, 32, 18, FR_COLOUR_STATE_HDR);
    stage_open_source(&stage);
    assert_int_equal(stage_open(&stage), FR_OK);
    expect_corners_alike(&stage, true);
    assert_true(stage_frames(&stage, 20, &status));
    expect_corners_alike(&stage, false);
    assert_true(stage.capture->converted_pixels < stage.capture->taken_pixels);
    stage.damage = &other;
    stage_announce(&stage, 31, 17, FR_COLOUR_STATE_HDR);
    assert_true(stage_frames(&stage, 20, &status));
    expect_corners_alike(&stage, false);
    stage.damage = NULL;
    assert_true(stage_frames(&stage, 2, &status));
    expect_corners_alike(&stage, true);
    stage_finish(&stage);
}

static void frames_in_memory_have_no_texture(void **state)
{
    struct pair *pair = *state;
    struct stage stage;
    fake_options(FAKE_NO_SHARING);
    stage_init(&stage, pair);
    stage_open_source(&stage);
    assert_int_equal(stage_open(&stage), FR_OK);
    fr_frame frame;
    fr_d3d11_picture picture;
    assert_int_equal(fr_capture_next(stage.capture, &frame), FR_OK);
    assert_int_equal(fr_frame_d3d11(&frame, &picture), FR_ERR_UNSUPPORTED);
    assert_null(picture.texture);
    fr_frame_release(&frame);
    stage_finish(&stage);
}

/* A session may fail to begin, by the cause; once begun it goes on whatever happens. */
static bool is_honest(const struct stage *stage, fr_status status)
{
    switch (stage->opened) {
    case FR_OK: return status == FR_OK;
    case FR_ERR_SOURCE_FAILED:
    case FR_ERR_DEVICE_LOST:
    case FR_ERR_NO_MEMORY:
    case FR_ERR_SYSTEM: return true;
    default: return false;
    }
}

/* One session after another, each hit one call later than the one before, until the blow falls behind the
 * end. */
static void hit_every_call(void **state, const fr_d3d11_host_params *params, bool remove, HRESULT result)
{
    unsigned unbegun = 0, hits = 0;
    for (uint32_t nth = 1;; nth++) {
        struct pair *pair = *state;
        struct stage stage;
        if (remove)
            fake_remove(nth, result);
        else
            fake_fail("*", nth, result);
        const fr_status status = run(pair, params, &stage);
        const bool hit = remove ? fake_removed() : fake_failed();
        if (!is_honest(&stage, status)) {
            for (unsigned i = 0; i < pair->lines && i < PAIR_LINES; i++)
                fprintf(stderr, "log: %s\n", pair->line[i]);
            fail_msg("call %u: the session ended with %d", nth, (int)status);
        }
        unbegun += status != FR_OK;
        hits += hit;
        stage_finish(&stage);
        if (pair_teardown(state) != 0)
            fail_msg("call %u: something is left, or a rule was broken", nth);
        pair_setup(state);
        if (!hit)
            break;
    }
    printf("%u calls hit, %u sessions did not begin\n", hits, unbegun);
    assert_true(hits > 200);
    assert_true(unbegun * 10 < hits);
}

static void device_removed_at_each_call_with_keyed_mutexes(void **state)
{
    const fr_d3d11_host_params params = {.no_fence = true};
    hit_every_call(state, &params, true, DXGI_ERROR_DEVICE_HUNG);
}

static void device_removed_at_each_call_with_fences(void **state)
{
    hit_every_call(state, NULL, true, DXGI_ERROR_DEVICE_REMOVED);
}

static void failure_of_each_call_with_keyed_mutexes(void **state)
{
    const fr_d3d11_host_params params = {.no_fence = true};
    hit_every_call(state, &params, false, E_FAIL);
}

static void no_memory_at_each_call_with_fences(void **state)
{
    hit_every_call(state, NULL, false, E_OUTOFMEMORY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(session_by_keyed_mutex),
        TEST(session_by_fences),
        TEST(machine_that_cannot_share_uses_memory),
        TEST(source_on_another_adapter_moves_the_ring_there),
        TEST(frames_say_where_their_texture_is),
        TEST(pictures_are_drawn_whole_at_first_and_then_in_parts),
        TEST(frames_in_memory_have_no_texture),
        TEST(device_removed_at_each_call_with_keyed_mutexes),
        TEST(device_removed_at_each_call_with_fences),
        TEST(failure_of_each_call_with_keyed_mutexes),
        TEST(no_memory_at_each_call_with_fences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
