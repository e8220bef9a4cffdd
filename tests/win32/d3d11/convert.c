/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Which way a picture goes, what is kept of it, and how it is read back. */
#include "pair.h"

#include <string.h>

static const char *name_of(struct pair *pair)
{
    return pair->host.ops->converter_name(pair->host.self, pair->converter);
}

static void take_some(struct pair *pair, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        assert_true(pair_publish(pair, i + 1));
        pair_take(pair);
        assert_true(pair_difference(pair) <= 1);
    }
}

static void sdr_goes_through_the_video_processor(void **state)
{
    static const fr_format formats[] = {FR_FORMAT_BGRA8, FR_FORMAT_RGBA8};
    for (size_t i = 0; i < 2; i++) {
        struct pair *pair = *state;
        pair_ring(pair, 64, 36, formats[i], FR_FORMAT_NV12);
        assert_string_equal(name_of(pair), "d3d11 video processor");
        take_some(pair, 3);
        assert_int_equal(fake_calls("ID3D11DeviceContext::Draw"), 0);
        assert_int_equal(pair_teardown(state), 0);
        pair_setup(state);
    }
}

struct pairing {
    fr_format from, to;
};

static void all_else_goes_through_shaders(void **state)
{
    static const struct pairing pairings[] = {{FR_FORMAT_RGBA16F, FR_FORMAT_P010},
                                              {FR_FORMAT_RGB10A2, FR_FORMAT_P010},
                                              {FR_FORMAT_RGBA16F, FR_FORMAT_NV12}};
    for (size_t i = 0; i < 3; i++) {
        struct pair *pair = *state;
        pair->convert.peak_millinits = 600000;
        pair->convert.sdr_white_millinits = 240000;
        pair_ring(pair, 64, 36, pairings[i].from, pairings[i].to);
        assert_string_equal(name_of(pair), "d3d11 shaders");
        take_some(pair, 3);
        assert_int_equal(fake_calls("ID3D11VideoContext::VideoProcessorBlt"), 0);
        assert_int_equal(fake_calls("ID3D11DeviceContext::Draw"), 6);
        assert_int_equal(pair_teardown(state), 0);
        pair_setup(state);
    }
}

static void odd_sizes_go_through_shaders_with_the_edge_repeated(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 63, 35, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    assert_string_equal(name_of(pair), "d3d11 shaders");
    take_some(pair, 1);
    fr_d3d11_picture picture;
    fr_d3d11_picture_get(&pair->picture, &picture);
    D3D11_TEXTURE2D_DESC desc;
    ID3D11Texture2D_GetDesc(picture.texture, &desc);
    assert_int_equal(desc.Width, 64);
    assert_int_equal(desc.Height, 36);
    size_t pitch;
    const uint8_t *luma = fake_pixels(picture.texture, 0, &pitch);
    assert_int_equal(luma[63], luma[62]);
    assert_memory_equal(luma + 35 * pitch, luma + 34 * pitch, 64);
}

static void without_a_video_processor_shaders_do_it(void **state)
{
    struct pair *pair = *state;
    fake_options(FAKE_NO_VIDEO);
    pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    assert_string_equal(name_of(pair), "d3d11 shaders");
    take_some(pair, 1);
}

static void video_processor_that_cannot_be_made_leaves_the_shaders(void **state)
{
    static const char *const calls[] = {"ID3D11VideoDevice::CreateVideoProcessorEnumerator",
                                        "ID3D11VideoProcessorEnumerator::CheckVideoProcessorFormat",
                                        "ID3D11VideoDevice::CreateVideoProcessor"};
    for (size_t i = 0; i < 3; i++) {
        struct pair *pair = *state;
        fake_fail(calls[i], 1, E_NOTIMPL);
        pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
        assert_true(fake_failed());
        assert_string_equal(name_of(pair), "d3d11 shaders");
        take_some(pair, 1);
        assert_int_equal(fake_live_of("ID3D11VideoProcessorEnumerator"), 0);
        assert_int_equal(pair_teardown(state), 0);
        pair_setup(state);
    }
}

static void video_processor_that_fails_later_gives_way_to_the_shaders(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    take_some(pair, 1);
    fake_options(FAKE_VIDEO_FAILS);
    take_some(pair, 3);
    assert_string_equal(name_of(pair), "d3d11 shaders");
    assert_int_equal(pair_logged(pair, "pictures go through shaders from now on"), 1);
    assert_int_equal(fake_calls("ID3D11VideoContext::VideoProcessorBlt"), 2);
}

static void views_are_made_once_for_each_texture(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    take_some(pair, 20);
    assert_true(fake_calls("ID3D11VideoDevice::CreateVideoProcessorInputView") <= 4);
    assert_int_equal(fake_calls("ID3D11VideoDevice::CreateVideoProcessorOutputView"), 1);
    assert_int_equal(fake_live_of("ID3D11VideoProcessorInputView"),
                     fake_calls("ID3D11VideoDevice::CreateVideoProcessorInputView"));
}

static void views_go_with_their_textures(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    take_some(pair, 4);
    pair_detach(pair);
    pair_drop_ring(pair);
    assert_int_equal(fake_live_of("ID3D11VideoProcessorInputView"), 0);
    pair->host.ops->picture_destroy(&pair->picture);
    assert_int_equal(fake_live_of("ID3D11VideoProcessorOutputView"), 0);
}

static void views_of_a_converter_that_is_gone_are_replaced(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    take_some(pair, 4);
    pair->host.ops->converter_destroy(pair->host.self, pair->converter);
    assert_int_equal(pair_converter(pair, FR_FORMAT_NV12), FR_OK);
    take_some(pair, 4); /* views of another processor would be a violation */
    assert_int_equal(fake_calls("ID3D11VideoDevice::CreateVideoProcessorOutputView"), 2);
    assert_int_equal(fake_live_of("ID3D11VideoProcessorOutputView"), 1);
}

static void gpu_that_takes_no_shaders_cannot_convert(void **state)
{
    struct pair *pair = *state;
    fake_options(FAKE_NO_CODE);
    assert_int_equal(pair_host_ring(pair, 64, 36, FR_FORMAT_RGBA16F), FR_OK);
    assert_int_equal(pair_converter(pair, FR_FORMAT_P010), FR_ERR_UNSUPPORTED);
    assert_null(pair->converter);
    assert_int_equal(pair_logged(pair, "the GPU cannot convert rgba16f to p010"), 1);
    assert_int_equal(fake_calls("D3DCompile"), 1);
}

static void gpu_that_takes_no_shaders_may_have_a_video_processor(void **state)
{
    struct pair *pair = *state;
    fake_options(FAKE_NO_CODE);
    pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    take_some(pair, 2);
}

static void gpu_without_views_of_planes_cannot_convert(void **state)
{
    struct pair *pair = *state;
    fake_options(FAKE_NO_PLANES);
    assert_int_equal(pair_host_ring(pair, 64, 36, FR_FORMAT_RGBA16F), FR_OK);
    assert_int_equal(pair_converter(pair, FR_FORMAT_P010), FR_ERR_UNSUPPORTED);
    pair_drop_ring(pair);
    pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    take_some(pair, 2);
}

static void plane_that_fails_later_fails_the_conversion(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_RGBA16F, FR_FORMAT_P010);
    assert_true(pair_publish(pair, 1));
    fr_token token;
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_ACQUIRED);
    fake_fail("ID3D11Device::CreateRenderTargetView", 2, E_OUTOFMEMORY);
    assert_int_equal(pair->host.ops->convert(pair->host.self, pair->converter, pair->ring, token.slot, NULL,
                                             &pair->picture),
                     FR_ERR_NO_MEMORY);
    assert_int_equal(pair_release(pair, token), FR_CLAIM_ACQUIRED);
}

static void device_lost_in_a_conversion_is_said_by_name(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_RGBA16F, FR_FORMAT_P010);
    assert_true(pair_publish(pair, 1));
    fr_token token;
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_ACQUIRED);
    fr_d3d11_picture picture;
    fr_d3d11_picture_get(&pair->picture, &picture);
    fake_remove_device(picture.device, DXGI_ERROR_DEVICE_RESET);
    assert_int_equal(pair->host.ops->convert(pair->host.self, pair->converter, pair->ring, token.slot, NULL,
                                             &pair->picture),
                     FR_ERR_DEVICE_LOST);
    assert_int_equal(pair_release(pair, token), FR_CLAIM_FATAL);
    assert_int_equal(pair_logged(pair, "DXGI_ERROR_DEVICE_RESET"), 1);
}

/* ---- read-back ---- */

static void map_gives_up_after_its_time(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    take_some(pair, 1);
    assert_true(pair_publish(pair, 7));
    pair_take(pair);
    fake_gpu_stall(true);
    struct fr_picture mapped = {0};
    assert_int_equal(pair->host.ops->picture_map(&pair->picture, &mapped), FR_TIMEOUT);
    assert_null(mapped.plane[0]);
    fake_gpu_stall(false);
    assert_int_equal(pair_difference(pair), 0);
}

static void map_of_a_lost_device_says_so(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    assert_true(pair_publish(pair, 7));
    pair_take(pair);
    fr_d3d11_picture picture;
    fr_d3d11_picture_get(&pair->picture, &picture);
    fake_remove_device(picture.device, DXGI_ERROR_DEVICE_REMOVED);
    struct fr_picture mapped;
    assert_int_equal(pair->host.ops->picture_map(&pair->picture, &mapped), FR_ERR_DEVICE_LOST);
}

static void map_without_memory_says_so(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    assert_true(pair_publish(pair, 7));
    pair_take(pair);
    fake_fail("ID3D11Device::CreateTexture2D", 1, E_OUTOFMEMORY);
    struct fr_picture mapped;
    assert_int_equal(pair->host.ops->picture_map(&pair->picture, &mapped), FR_ERR_NO_MEMORY);
    assert_int_equal(pair_difference(pair), 0);
}

static void nothing_is_read_back_before_somebody_maps(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_RGBA16F, FR_FORMAT_P010);
    assert_true(pair_publish(pair, 1));
    pair_take(pair);
    assert_int_equal(fake_calls("ID3D11DeviceContext::CopyResource"), 0);
    assert_true(pair_difference(pair) <= 1);
    assert_int_equal(fake_calls("ID3D11DeviceContext::CopyResource"), 1);
    /* From then on with the conversion. */
    assert_true(pair_publish(pair, 2));
    pair_take(pair);
    assert_int_equal(fake_calls("ID3D11DeviceContext::CopyResource"), 2);
    assert_true(pair_difference(pair) <= 1);
    assert_int_equal(fake_calls("ID3D11DeviceContext::CopyResource"), 2);
}

struct mapper {
    struct pair *pair;
    struct fr_picture mapped;
    fr_status status;
};

static DWORD WINAPI map_it(void *argument)
{
    struct mapper *mapper = argument;
    mapper->status = mapper->pair->host.ops->picture_map(&mapper->pair->picture, &mapper->mapped);
    return 0;
}

static void several_threads_map_one_picture(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    for (uint32_t round = 0; round < 20; round++) {
        assert_true(pair_publish(pair, round));
        pair_take(pair);
        struct mapper mapper[4] = {{0}};
        HANDLE thread[4];
        for (int i = 0; i < 4; i++) {
            mapper[i].pair = pair;
            thread[i] = CreateThread(NULL, 0, map_it, &mapper[i], 0, NULL);
        }
        WaitForMultipleObjects(4, thread, TRUE, INFINITE);
        for (int i = 0; i < 4; i++) {
            CloseHandle(thread[i]);
            assert_int_equal(mapper[i].status, FR_OK);
            assert_ptr_equal(mapper[i].mapped.plane[0], mapper[0].mapped.plane[0]);
        }
    }
}

static void picture_outlives_its_host(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    assert_true(pair_publish(pair, 5));
    pair_take(pair);
    pair_detach(pair);
    pair->host.ops->converter_destroy(pair->host.self, pair->converter);
    pair->converter = NULL;
    pair_drop_ring(pair);
    struct fr_backend_host_ops ops = *pair->host.ops;
    pair->host.ops->destroy(pair->host.self);
    pair->host.ops = &ops;
    assert_int_equal(pair_difference(pair), 0);
    ops.picture_destroy(&pair->picture);
    pair->host.ops = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sdr_goes_through_the_video_processor),
        TEST(all_else_goes_through_shaders),
        TEST(odd_sizes_go_through_shaders_with_the_edge_repeated),
        TEST(without_a_video_processor_shaders_do_it),
        TEST(video_processor_that_cannot_be_made_leaves_the_shaders),
        TEST(video_processor_that_fails_later_gives_way_to_the_shaders),
        TEST(views_are_made_once_for_each_texture),
        TEST(views_go_with_their_textures),
        TEST(views_of_a_converter_that_is_gone_are_replaced),
        TEST(gpu_that_takes_no_shaders_cannot_convert),
        TEST(gpu_that_takes_no_shaders_may_have_a_video_processor),
        TEST(gpu_without_views_of_planes_cannot_convert),
        TEST(plane_that_fails_later_fails_the_conversion),
        TEST(device_lost_in_a_conversion_is_said_by_name),
        TEST(map_gives_up_after_its_time),
        TEST(map_of_a_lost_device_says_so),
        TEST(map_without_memory_says_so),
        TEST(nothing_is_read_back_before_somebody_maps),
        TEST(several_threads_map_one_picture),
        TEST(picture_outlives_its_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
