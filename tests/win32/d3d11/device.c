/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The host's device: on which adapter, with which priorities, and what its loss means. */
#include "pair.h"

#include "backend/d3d11/device.h"

static fr_status host_ring(struct pair *pair)
{
    return pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8);
}

static uint32_t serial(struct pair *pair)
{
    return pair->host.ops->device_serial(pair->host.self);
}

static const struct fake_adapter_desc laptop[] = {
    {L"Intel(R) UHD Graphics", 128, 10, false},
    {L"Microsoft Basic Render Driver", 16000, 11, true},
    {L"NVIDIA GeForce RTX 3050", 4096, 12, false},
    {L"NVIDIA GeForce RTX 4090", 24576, 13, false},
};

static const struct fake_adapter_desc integrated[] = {
    {L"Microsoft Basic Render Driver", 16000, 11, true},
    {L"AMD Radeon(TM) Graphics", 256, 20, false},
    {L"Intel(R) UHD Graphics", 128, 10, false},
};

static void discrete_adapter_with_most_memory_is_taken(void **state)
{
    struct pair *pair = *state;
    fake_adapters(laptop, 4);
    pair->params.has_fallback = true;
    pair->params.fallback_luid_low = 10;
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(pair->delivery.adapter_luid_low, 13);
    assert_int_equal(pair_logged(pair, "RTX 4090"), 1);
}

static void named_adapter_goes_first(void **state)
{
    struct pair *pair = *state;
    fake_adapters(laptop, 4);
    pair->params.adapter = "geforce rtx 30";
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(pair->delivery.adapter_luid_low, 12);
}

static void name_that_no_adapter_has_is_said(void **state)
{
    struct pair *pair = *state;
    fake_adapters(laptop, 4);
    pair->params.adapter = "Voodoo";
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(pair->delivery.adapter_luid_low, 13);
    assert_int_equal(pair_logged(pair, "no adapter is called \"Voodoo\""), 1);
}

static void without_a_discrete_one_the_target_s_adapter_is_taken(void **state)
{
    struct pair *pair = *state;
    fake_adapters(integrated, 3);
    pair->params.has_fallback = true;
    pair->params.fallback_luid_low = 10;
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(pair->delivery.adapter_luid_low, 10);
}

static void without_any_hint_the_first_hardware_adapter_is_taken(void **state)
{
    struct pair *pair = *state;
    fake_adapters(integrated, 3);
    /* A target on the software adapter is no hint. */
    pair->params.has_fallback = true;
    pair->params.fallback_luid_low = 11;
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(pair->delivery.adapter_luid_low, 20);
}

static void software_alone_is_unsupported(void **state)
{
    struct pair *pair = *state;
    fake_adapters(integrated, 1);
    assert_int_equal(host_ring(pair), FR_ERR_UNSUPPORTED);
    assert_int_equal(pair_logged(pair, "this machine has no GPU"), 1);
}

static void device_that_cannot_be_made_is_unsupported(void **state)
{
    struct pair *pair = *state;
    fake_options(FAKE_NO_DEVICE);
    assert_int_equal(host_ring(pair), FR_ERR_UNSUPPORTED);
    assert_int_equal(pair_logged(pair, "DXGI_ERROR_UNSUPPORTED"), 1);
}

static void device_without_a_lock_is_unsupported(void **state)
{
    struct pair *pair = *state;
    const fr_log log = pair_log(pair);
    fake_options(FAKE_NO_THREADS);
    assert_int_equal(fr_d3d11_host_create(&pair->host, NULL, fake_api(), &log), FR_OK);
    assert_int_equal(host_ring(pair), FR_ERR_UNSUPPORTED);
    assert_int_equal(pair_logged(pair, "one thread only"), 1);
}

static void old_runtime_gets_a_list_that_it_knows(void **state)
{
    struct pair *pair = *state;
    fake_options(FAKE_OLD_RUNTIME);
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(fake_calls("D3D11CreateDevice"), 2);
}

static void priorities_are_set(void **state)
{
    struct pair *pair = *state;
    assert_int_equal(host_ring(pair), FR_OK);
    const struct fake_priorities set = fake_priorities();
    assert_int_equal(set.gpu_thread, 0x4000001E);
    assert_int_equal(set.frame_latency, 1);
    assert_int_equal(set.scheduling_class, 4);
    assert_true(set.multithread_protected);
}

static void refused_gpu_priority_becomes_the_highest_ordinary_one(void **state)
{
    struct pair *pair = *state;
    fake_options(FAKE_NO_PRIORITY);
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(fake_priorities().gpu_thread, 7);
}

/* ---- rebind ---- */

static void rebind_moves_the_next_ring(void **state)
{
    struct pair *pair = *state;
    fake_adapters(laptop, 4);
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(pair->host.ops->rebind(pair->host.self, 10, 0), FR_OK);
    assert_int_equal(serial(pair), 1);
    pair_drop_ring(pair);
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(pair->delivery.adapter_luid_low, 10);
    assert_int_equal(serial(pair), 2);
    pair_drop_ring(pair);
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(serial(pair), 2);
}

static void rebind_to_nowhere_is_unsupported(void **state)
{
    struct pair *pair = *state;
    fake_adapters(laptop, 4);
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(pair->host.ops->rebind(pair->host.self, 13, 0), FR_ERR_UNSUPPORTED);
    assert_int_equal(pair->host.ops->rebind(pair->host.self, 10, 1), FR_ERR_UNSUPPORTED);
    assert_int_equal(pair->host.ops->rebind(pair->host.self, 11, 0), FR_ERR_UNSUPPORTED);
    pair_drop_ring(pair);
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(serial(pair), 1);
}

static void ring_that_fails_on_the_other_adapter_changes_nothing(void **state)
{
    struct pair *pair = *state;
    fake_adapters(laptop, 4);
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(pair->host.ops->rebind(pair->host.self, 10, 0), FR_OK);
    pair_drop_ring(pair);
    const uint32_t before = fake_live_of(NULL);
    fake_fail("ID3D11Device::CreateTexture2D", 3, E_OUTOFMEMORY);
    assert_int_equal(host_ring(pair), FR_ERR_NO_MEMORY);
    assert_int_equal(serial(pair), 1);
    assert_int_equal(fake_live_of(NULL), before);
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(pair->delivery.adapter_luid_low, 10);
}

/* ---- loss ---- */

static ID3D11Device *device_of(struct pair *pair)
{
    fr_d3d11_picture picture;
    fr_d3d11_picture_get(&pair->picture, &picture);
    return picture.device;
}

static void lost_device_is_made_anew_by_the_next_ring(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 16, 8, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    assert_true(pair_publish(pair, 1));
    pair_take(pair);
    fake_remove_device(device_of(pair), DXGI_ERROR_DEVICE_HUNG);
    assert_true(pair_publish(pair, 2));
    fr_token token;
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_FATAL);
    assert_int_equal(pair_logged(pair, "DXGI_ERROR_DEVICE_HUNG"), 1);
    pair_detach(pair);
    pair_drop_ring(pair);
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(serial(pair), 2);
    assert_int_equal(pair_logged(pair, "DXGI_ERROR_DEVICE_HUNG"), 1);
    /* The old picture keeps the old device. */
    assert_int_equal(fake_live_of("ID3D11Device"), 3);
    pair->host.ops->picture_destroy(&pair->picture);
    pair->host.ops->converter_destroy(pair->host.self, pair->converter);
    pair->converter = NULL;
    assert_int_equal(fake_live_of("ID3D11Device"), 2);
}

static void lost_device_whose_successor_cannot_be_made_is_tried_again(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 16, 8, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    fake_remove_device(device_of(pair), DXGI_ERROR_DRIVER_INTERNAL_ERROR);
    pair_detach(pair);
    pair_drop_ring(pair);
    fake_options(FAKE_NO_DEVICE);
    assert_int_equal(host_ring(pair), FR_ERR_DEVICE_LOST);
    fake_options(0);
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(serial(pair), 2);
}

static void rebound_host_whose_adapter_is_gone_chooses_again(void **state)
{
    struct pair *pair = *state;
    fake_adapters(laptop, 4);
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(pair->host.ops->rebind(pair->host.self, 10, 0), FR_OK);
    pair_drop_ring(pair);
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(pair->host.ops->picture_create(pair->host.self, 16, 8, FR_FORMAT_NV12, &pair->picture),
                     FR_OK);
    fake_remove_device(device_of(pair), DXGI_ERROR_DEVICE_REMOVED);
    fake_adapters(laptop + 2, 2);
    pair_drop_ring(pair);
    assert_int_equal(host_ring(pair), FR_OK);
    assert_int_equal(pair->delivery.adapter_luid_low, 13);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(discrete_adapter_with_most_memory_is_taken),
        TEST(named_adapter_goes_first),
        TEST(name_that_no_adapter_has_is_said),
        TEST(without_a_discrete_one_the_target_s_adapter_is_taken),
        TEST(without_any_hint_the_first_hardware_adapter_is_taken),
        TEST(software_alone_is_unsupported),
        TEST(device_that_cannot_be_made_is_unsupported),
        TEST(device_without_a_lock_is_unsupported),
        TEST(old_runtime_gets_a_list_that_it_knows),
        TEST(priorities_are_set),
        TEST(refused_gpu_priority_becomes_the_highest_ordinary_one),
        TEST(rebind_moves_the_next_ring),
        TEST(rebind_to_nowhere_is_unsupported),
        TEST(ring_that_fails_on_the_other_adapter_changes_nothing),
        TEST(lost_device_is_made_anew_by_the_next_ring),
        TEST(lost_device_whose_successor_cannot_be_made_is_tried_again),
        TEST(rebound_host_whose_adapter_is_gone_chooses_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
