/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The source's side: what it opens and what it refuses, and frames that lie in textures of its device. */
#include "stage.h"

#include <stdio.h>
#include <string.h>

static void assert_fault(struct pair *pair, fr_status status, uint32_t fault, HRESULT detail)
{
    assert_int_equal(pair_attach(pair), status);
    assert_null(pair->opened);
    assert_int_equal(pair->fault.status, fault);
    assert_int_equal(pair->fault.detail, (uint32_t)detail);
}

static void handle_that_is_no_texture_is_refused_with_its_result(void **state)
{
    struct pair *pair = *state;
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_OK);
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);
    pair->delivery.texture[2] = (fr_handle)event;
    assert_fault(pair, FR_ERR_SYSTEM, FR_WIRE_STATUS_TEXTURE_FAILED, E_INVALIDARG);
    CloseHandle(event);
}

static void texture_of_another_size_or_format_is_refused(void **state)
{
    struct pair *pair = *state;
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_OK);
    pair->delivery.width = 17;
    assert_fault(pair, FR_ERR_SYSTEM, FR_WIRE_STATUS_TEXTURE_FAILED, E_INVALIDARG);
    pair->delivery.width = 16;
    pair->delivery.height = 7;
    assert_fault(pair, FR_ERR_SYSTEM, FR_WIRE_STATUS_TEXTURE_FAILED, E_INVALIDARG);
    pair->delivery.height = 8;
    pair->delivery.format = FR_FORMAT_RGBA8;
    assert_fault(pair, FR_ERR_SYSTEM, FR_WIRE_STATUS_TEXTURE_FAILED, E_INVALIDARG);
    pair->delivery.format = FR_FORMAT_BGRA8;
    assert_int_equal(pair_attach(pair), FR_OK);
}

static void texture_without_a_mutex_is_refused(void **state)
{
    struct pair *pair = *state;
    pair->capabilities = PAIR_ALL_CAPS;
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_OK);
    pair->delivery.sync_kind = FR_WIRE_SYNC_KEYED_MUTEX;
    assert_fault(pair, FR_ERR_SYSTEM, FR_WIRE_STATUS_TEXTURE_FAILED, E_NOINTERFACE);
}

static void device_without_device1_says_so(void **state)
{
    struct pair *pair = *state;
    fake_options(FAKE_NO_DEVICE1);
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_OK);
    assert_fault(pair, FR_ERR_UNSUPPORTED, FR_WIRE_STATUS_NO_DEVICE, E_NOINTERFACE);
}

static void ring_of_fences_needs_a_device_that_has_them(void **state)
{
    struct pair *pair = *state;
    fake_options(FAKE_NO_FENCES);
    pair_open(pair); /* the source's device has none, the host's will */
    fake_options(0);
    pair->capabilities = PAIR_ALL_CAPS;
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_OK);
    assert_int_equal(pair->delivery.sync_kind, FR_WIRE_SYNC_FENCE);
    assert_fault(pair, FR_ERR_UNSUPPORTED, FR_WIRE_STATUS_NO_DEVICE, E_NOINTERFACE);
}

static void ring_on_another_adapter_is_told_apart(void **state)
{
    static const struct fake_adapter_desc two[] = {{L"One", 8192, 1, false}, {L"Two", 4096, 2, false}};
    struct pair *pair = *state;
    fake_adapters(two, 2);
    pair->source_adapter = 1;
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_OK);
    assert_fault(pair, FR_ERR_ADAPTER_MISMATCH, FR_WIRE_STATUS_TEXTURE_FAILED, E_INVALIDARG);
    uint32_t low;
    int32_t high;
    pair->source.ops->adapter(pair->source.self, &low, &high);
    assert_int_equal(low, 2);
    assert_int_equal(high, 0);
}

static void ring_half_opened_leaves_nothing(void **state)
{
    static const char *const calls[] = {"ID3D11Device1::OpenSharedResource1",
                                        "ID3D11Device5::OpenSharedFence"};
    struct pair *pair = *state;
    pair->capabilities = PAIR_ALL_CAPS;
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_OK);
    const uint32_t before = fake_live_of(NULL);
    for (size_t i = 0; i < 2; i++)
        for (uint32_t nth = 1; nth <= (i ? 2u : 4u); nth++) {
            fake_fail(calls[i], nth, E_OUTOFMEMORY);
            assert_fault(pair, FR_ERR_NO_MEMORY, FR_WIRE_STATUS_TEXTURE_FAILED, E_OUTOFMEMORY);
            assert_int_equal(fake_live_of(NULL), before);
        }
    assert_int_equal(pair_attach(pair), FR_OK);
}

static void attach_on_a_lost_device_says_so(void **state)
{
    struct pair *pair = *state;
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_OK);
    fake_remove_device(pair->device, DXGI_ERROR_DEVICE_HUNG);
    assert_fault(pair, FR_ERR_DEVICE_LOST, FR_WIRE_STATUS_TEXTURE_FAILED, DXGI_ERROR_DEVICE_REMOVED);
    assert_int_equal(pair_logged(pair, "DXGI_ERROR_DEVICE_HUNG"), 1);
}

static void old_picture_is_copied_under_both_mutexes(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 16, 8, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    assert_true(pair_publish(pair, 4));
    const uint32_t old_slot = (uint32_t)pair->source_words.newest_slot;
    void *old_ring = pair->ring, *old_opened = pair->opened;
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_OK);
    assert_int_equal(pair_attach(pair), FR_OK);
    enum fr_claim claim;
    assert_true(pair_begin(pair, &claim));
    assert_true(pair->source.ops->copy(pair->source.self, old_opened, old_slot, pair->opened,
                                       (uint32_t)pair->source_words.writing));
    assert_true(pair_end(pair));
    pair_take(pair);
    assert_int_equal(pair_difference(pair), 0);
    pair->source.ops->detach(pair->source.self, old_opened);
    pair->host.ops->ring_destroy(pair->host.self, old_ring);
}

static void old_picture_that_the_host_reads_is_not_waited_for(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 16, 8, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    assert_true(pair_publish(pair, 4));
    fr_token token;
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_ACQUIRED);
    enum fr_claim claim;
    assert_true(pair_begin(pair, &claim));
    assert_false(pair->source.ops->copy(pair->source.self, pair->opened, token.slot, pair->opened,
                                        (uint32_t)pair->source_words.writing));
    assert_true(pair_end(pair));
    assert_int_equal(pair_release(pair, token), FR_CLAIM_ACQUIRED);
}

static void slot_that_could_not_be_released_is_not_touched_again(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 16, 8, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    enum fr_claim claim;
    assert_true(pair_begin(pair, &claim));
    const uint32_t slot = (uint32_t)pair->source_words.writing;
    fake_fail("IDXGIKeyedMutex::ReleaseSync", 1, E_FAIL);
    assert_false(pair_end(pair));
    for (int i = 0; i < 3; i++)
        assert_int_equal(pair->source.ops->begin(pair->source.self, pair->opened, slot, 0, PAIR_WAIT_NS),
                         FR_CLAIM_ABANDONED);
    assert_int_equal(fake_calls("IDXGIKeyedMutex::AcquireSync"), 1);
    assert_int_equal(pair_logged(pair, "ReleaseSync of a slot failed"), 1);
}

/* ---- push ---- */

/* One frame of the session has come through, and a texture of the ring's own size and format is at hand. */
static void start_session(struct stage *stage, struct pair *pair)
{
    stage_init(stage, pair);
    stage_open_source(stage);
    assert_int_equal(stage_open(stage), FR_OK);
    fr_status status;
    assert_true(stage_frames(stage, 1, &status));
}

static ID3D11Texture2D *make_texture(struct stage *stage, UINT width, UINT height, DXGI_FORMAT format)
{
    const D3D11_TEXTURE2D_DESC desc = {
        .Width = width,
        .Height = height,
        .MipLevels = 1,
        .ArraySize = 1,
        .Format = format,
        .SampleDesc = {.Count = 1},
        .BindFlags = D3D11_BIND_RENDER_TARGET,
    };
    ID3D11Texture2D *texture = NULL;
    assert_int_equal(ID3D11Device_CreateTexture2D(stage->device, &desc, NULL, &texture), S_OK);
    return texture;
}

static void texture_that_does_not_fit_is_dropped_and_counted(void **state)
{
    struct pair *pair = *state;
    struct stage stage;
    start_session(&stage, pair);
    ID3D11Texture2D *const wrong[] = {
        make_texture(&stage, 33, 18, DXGI_FORMAT_B8G8R8A8_UNORM),
        make_texture(&stage, 32, 17, DXGI_FORMAT_B8G8R8A8_UNORM),
        make_texture(&stage, 32, 18, DXGI_FORMAT_R16G16B16A16_FLOAT),
        make_texture(&stage, 32, 18, DXGI_FORMAT_R8_UNORM),
    };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(fr_source_push_d3d11(stage.source, wrong[i], NULL), FR_AGAIN);
        fr_com_release(wrong[i]);
    }
    fr_source_info info;
    fr_source_get_info(stage.source, &info);
    assert_int_equal(info.mismatched, 4);
    assert_int_equal(pair_logged(pair, "do not fit the ring"), 1);
    fr_status status;
    assert_true(stage_frames(&stage, 2, &status));
    stage_finish(&stage);
}

static void push_without_a_device_is_unsupported(void **state)
{
    struct pair *pair = *state;
    struct stage stage;
    start_session(&stage, pair);
    const struct fr_backend_source gpu = stage.source->env.backend[0];
    stage.source->env.backend[0].ops = NULL;
    assert_int_equal(fr_source_push_d3d11(stage.source, stage.texture, NULL), FR_ERR_UNSUPPORTED);
    stage.source->env.backend[0] = gpu;
    assert_int_equal(fr_source_push_d3d11(NULL, stage.texture, NULL), FR_ERR_ARGUMENT);
    assert_int_equal(fr_source_push_d3d11(stage.source, NULL, NULL), FR_ERR_ARGUMENT);
    stage_finish(&stage);
}

static void push_on_a_lost_device_says_so(void **state)
{
    struct pair *pair = *state;
    struct stage stage;
    start_session(&stage, pair);
    fake_remove_device(stage.device, DXGI_ERROR_DEVICE_RESET);
    assert_int_equal(fr_source_push_d3d11(stage.source, stage.texture, NULL), FR_ERR_DEVICE_LOST);
    assert_int_equal(fr_source_push_d3d11(stage.source, stage.texture, NULL), FR_ERR_DEVICE_LOST);
    assert_int_equal(pair_logged(pair, "DXGI_ERROR_DEVICE_RESET"), 1);
    stage_finish(&stage);
}

static void push_into_memory_reads_back(void **state)
{
    struct pair *pair = *state;
    struct stage stage;
    fake_options(FAKE_NO_SHARING);
    start_session(&stage, pair);
    assert_int_equal(stage.capture->ring.delivery.sync_kind, FR_WIRE_SYNC_STATES);
    fr_status status;
    assert_true(stage_frames(&stage, 5, &status));
    /* One staging texture does for all of them. */
    assert_int_equal(fake_live_of("ID3D11Texture2D"), 2);
    stage_announce(&stage, 40, 20, FR_COLOUR_STATE_HDR);
    assert_true(stage_frames(&stage, 2, &status));
    assert_int_equal(fake_live_of("ID3D11Texture2D"), 2);
    stage_finish(&stage);
}

static void read_back_that_never_ends_gives_the_slot_back(void **state)
{
    struct pair *pair = *state;
    struct stage stage;
    fake_options(FAKE_NO_SHARING);
    start_session(&stage, pair);
    fake_gpu_stall(true);
    assert_int_equal(fr_source_push_d3d11(stage.source, stage.texture, NULL), FR_TIMEOUT);
    fake_gpu_stall(false);
    fr_status status;
    assert_true(stage_frames(&stage, 2, &status));
    stage_finish(&stage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(handle_that_is_no_texture_is_refused_with_its_result),
        TEST(texture_of_another_size_or_format_is_refused),
        TEST(texture_without_a_mutex_is_refused),
        TEST(device_without_device1_says_so),
        TEST(ring_of_fences_needs_a_device_that_has_them),
        TEST(ring_on_another_adapter_is_told_apart),
        TEST(ring_half_opened_leaves_nothing),
        TEST(attach_on_a_lost_device_says_so),
        TEST(old_picture_is_copied_under_both_mutexes),
        TEST(old_picture_that_the_host_reads_is_not_waited_for),
        TEST(slot_that_could_not_be_released_is_not_touched_again),
        TEST(texture_that_does_not_fit_is_dropped_and_counted),
        TEST(push_without_a_device_is_unsupported),
        TEST(push_on_a_lost_device_says_so),
        TEST(push_into_memory_reads_back),
        TEST(read_back_that_never_ends_gives_the_slot_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
