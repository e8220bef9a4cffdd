/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What a claim comes to, by the exact code of what Direct3D says. */
#include "pair.h"

static void start(struct pair *pair, uint64_t capabilities)
{
    pair->capabilities = capabilities;
    pair_ring(pair, 16, 8, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
}

static void published_frame_is_claimed_and_released(void **state)
{
    struct pair *pair = *state;
    start(pair, FR_CAP_KEYED_MUTEX);
    assert_int_equal(pair->delivery.sync_kind, FR_WIRE_SYNC_KEYED_MUTEX);
    assert_true(pair_publish(pair, 1));
    fr_token token;
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_ACQUIRED);
    assert_int_equal(pair_state(pair, token.slot), FR_WIRE_SLOT_READING);
    assert_int_equal(pair_release(pair, token), FR_CLAIM_ACQUIRED);
    assert_int_equal(pair_state(pair, token.slot), FR_WIRE_SLOT_FREE);
}

/* The other side has the mutex though the state says that the frame is out. */
static IDXGIKeyedMutex *hold_mutex(struct pair *pair, uint32_t slot)
{
    IDXGIKeyedMutex *mutex = fr_com_query(pair_slot(pair, slot), &IID_IDXGIKeyedMutex);
    assert_int_equal(IDXGIKeyedMutex_AcquireSync(mutex, 0, 0), S_OK);
    return mutex;
}

static void held_mutex_is_busy_and_the_frame_stays(void **state)
{
    struct pair *pair = *state;
    start(pair, FR_CAP_KEYED_MUTEX);
    assert_true(pair_publish(pair, 1));
    fr_token token;
    assert_true(fr_ring_host_newest(&pair->words, &token));
    IDXGIKeyedMutex *mutex = hold_mutex(pair, token.slot);
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_BUSY);
    assert_int_equal(pair_state(pair, token.slot), FR_WIRE_SLOT_PUBLISHED);
    assert_int_equal(IDXGIKeyedMutex_ReleaseSync(mutex, 0), S_OK);
    fr_com_release(mutex);
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_ACQUIRED);
    assert_int_equal(pair_release(pair, token), FR_CLAIM_ACQUIRED);
}

static void dead_owner_is_abandoned_and_the_mutex_is_free_again(void **state)
{
    struct pair *pair = *state;
    start(pair, FR_CAP_KEYED_MUTEX);
    assert_true(pair_publish(pair, 1));
    fr_token token;
    assert_true(fr_ring_host_newest(&pair->words, &token));
    fr_com_release(hold_mutex(pair, token.slot));
    pair->source.ops->detach(pair->source.self, pair->opened);
    pair->opened = NULL;
    const fr_log log = pair_log(pair);
    pair->source.ops->destroy(pair->source.self);
    pair->source.ops = NULL;
    fake_device_die(pair->device);
    pair->device = NULL;

    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_ABANDONED);
    /* Nobody is left who could give it back: another side can have it. */
    pair->device = fake_device_create(0);
    const fr_d3d11_source_params params = {.device = pair->device};
    assert_int_equal(fr_d3d11_source_create(&pair->source, &params, &log), FR_OK);
    assert_int_equal(pair_attach(pair), FR_OK);
    IDXGIKeyedMutex *mutex = hold_mutex(pair, token.slot);
    assert_int_equal(IDXGIKeyedMutex_ReleaseSync(mutex, 0), S_OK);
    fr_com_release(mutex);
}

struct outcome {
    HRESULT result;
    enum fr_claim claim;
};

static void each_code_of_acquire_has_its_outcome(void **state)
{
    static const struct outcome outcomes[] = {
        {WAIT_TIMEOUT, FR_CLAIM_BUSY}, {WAIT_ABANDONED, FR_CLAIM_ABANDONED},
        {E_FAIL, FR_CLAIM_ABANDONED},  {DXGI_ERROR_INVALID_CALL, FR_CLAIM_ABANDONED},
        {S_FALSE, FR_CLAIM_ABANDONED}, {DXGI_ERROR_DEVICE_REMOVED, FR_CLAIM_FATAL},
    };
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        struct pair *pair = *state;
        start(pair, FR_CAP_KEYED_MUTEX);
        assert_true(pair_publish(pair, 1));
        fake_fail("IDXGIKeyedMutex::AcquireSync", 1, outcomes[i].result);
        fr_token token;
        assert_int_equal(pair_claim(pair, &token), outcomes[i].claim);
        assert_true(fake_failed());
        assert_int_equal(pair_state(pair, token.slot),
                         outcomes[i].claim == FR_CLAIM_BUSY ? FR_WIRE_SLOT_PUBLISHED : FR_WIRE_SLOT_READING);
        assert_int_equal(pair_teardown(state), 0);
        pair_setup(state);
    }
}

static void release_that_fails_poisons_and_keeps_the_slot(void **state)
{
    static const struct outcome outcomes[] = {
        {E_FAIL, FR_CLAIM_ABANDONED},
        {S_FALSE, FR_CLAIM_ABANDONED},
        {DXGI_ERROR_DEVICE_RESET, FR_CLAIM_FATAL},
    };
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        struct pair *pair = *state;
        start(pair, FR_CAP_KEYED_MUTEX);
        assert_true(pair_publish(pair, 1));
        fr_token token;
        assert_int_equal(pair_claim(pair, &token), FR_CLAIM_ACQUIRED);
        fake_fail("IDXGIKeyedMutex::ReleaseSync", 1, outcomes[i].result);
        assert_int_equal(pair_release(pair, token), outcomes[i].claim);
        assert_int_equal(pair_state(pair, token.slot), FR_WIRE_SLOT_READING);
        assert_int_equal(pair_teardown(state), 0);
        pair_setup(state);
    }
}

static void source_whose_release_fails_does_not_publish(void **state)
{
    struct pair *pair = *state;
    start(pair, FR_CAP_KEYED_MUTEX);
    enum fr_claim claim;
    assert_true(pair_begin(pair, &claim));
    fake_fail("IDXGIKeyedMutex::ReleaseSync", 1, S_FALSE);
    assert_false(pair_end(pair));
    fr_token token;
    assert_false(fr_ring_host_newest(&pair->words, &token));
}

static void version_1_has_the_mutex_alone(void **state)
{
    struct pair *pair = *state;
    pair->wire_version = 1;
    start(pair, PAIR_ALL_CAPS);
    assert_int_equal(pair->delivery.sync_kind, FR_WIRE_SYNC_KEYED_MUTEX);
    assert_true(pair_publish(pair, 3));
    fr_token token;
    assert_true(fr_ring_host_newest(&pair->words, &token));
    IDXGIKeyedMutex *mutex = hold_mutex(pair, token.slot);
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_BUSY);
    assert_int_equal(IDXGIKeyedMutex_ReleaseSync(mutex, 0), S_OK);
    fr_com_release(mutex);
    pair_take(pair);
    assert_int_equal(pair_difference(pair), 0);
}

/* ---- fences ---- */

static void fences_are_chosen_where_both_have_them(void **state)
{
    struct pair *pair = *state;
    start(pair, PAIR_ALL_CAPS);
    assert_int_equal(pair->delivery.sync_kind, FR_WIRE_SYNC_FENCE);
    assert_int_equal(fake_calls("IDXGIKeyedMutex::AcquireSync"), 0);
    assert_true(pair_publish(pair, 1));
    pair_take(pair);
    assert_int_equal(pair_difference(pair), 0);
    assert_true(pair_publish(pair, 2));
    pair_take(pair);
    assert_int_equal(pair_difference(pair), 0);
}

static void fences_are_not_chosen_where_one_has_them_not(void **state)
{
    struct pair *pair = *state;
    pair->params.no_fence = true;
    start(pair, PAIR_ALL_CAPS);
    assert_int_equal(pair->delivery.sync_kind, FR_WIRE_SYNC_KEYED_MUTEX);
    assert_int_equal(pair_teardown(state), 0);
    pair_setup(state);
    pair = *state;
    fake_options(FAKE_NO_FENCES);
    start(pair, PAIR_ALL_CAPS);
    assert_int_equal(pair->delivery.sync_kind, FR_WIRE_SYNC_KEYED_MUTEX);
    assert_false(pair->source.capabilities & FR_CAP_FENCE);
    assert_int_equal(pair_teardown(state), 0);
    pair_setup(state);
    pair = *state;
    fake_options(FAKE_NO_FENCES);
    pair->capabilities = FR_CAP_FENCE;
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_ERR_UNSUPPORTED);
}

static void frame_that_the_gpu_has_not_written_is_busy(void **state)
{
    struct pair *pair = *state;
    start(pair, PAIR_ALL_CAPS);
    fake_gpu_stall(true);
    assert_true(pair_publish(pair, 1));
    fr_token token;
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_BUSY);
    assert_int_equal(pair_state(pair, token.slot), FR_WIRE_SLOT_PUBLISHED);
    fake_gpu_stall(false);
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_ACQUIRED);
    assert_int_equal(pair_release(pair, token), FR_CLAIM_ACQUIRED);
}

static DWORD WINAPI finish_soon(void *argument)
{
    (void)argument;
    Sleep(20);
    fake_gpu_stall(false);
    return 0;
}

static void wait_for_the_gpu_ends_when_it_is_done(void **state)
{
    struct pair *pair = *state;
    start(pair, PAIR_ALL_CAPS);
    fake_gpu_stall(true);
    assert_true(pair_publish(pair, 1));
    fr_token token;
    assert_true(fr_ring_host_newest(&pair->words, &token));
    HANDLE thread = CreateThread(NULL, 0, finish_soon, NULL, 0, NULL);
    assert_int_equal(
        pair->host.ops->claim(pair->host.self, pair->ring, &pair->words, token, 30 * FR_NS_PER_S),
        FR_CLAIM_ACQUIRED);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    assert_int_equal(pair_release(pair, token), FR_CLAIM_ACQUIRED);
}

static void absurd_ready_value_is_busy_and_not_waited_for(void **state)
{
    struct pair *pair = *state;
    start(pair, PAIR_ALL_CAPS);
    assert_true(pair_publish(pair, 1));
    fr_token token;
    assert_true(fr_ring_host_newest(&pair->words, &token));
    pair->header->slot[token.slot].ready_value = UINT64_MAX;
    assert_int_equal(pair->host.ops->claim(pair->host.self, pair->ring, &pair->words, token, UINT64_MAX / 2),
                     FR_CLAIM_BUSY);
    assert_int_equal(fake_calls("ID3D11Fence::SetEventOnCompletion"), 0);
    assert_int_equal(fake_calls("ID3D11DeviceContext4::Wait"), 1); /* the source's, for its slot */
}

static void value_that_never_comes_is_asked_for_once(void **state)
{
    struct pair *pair = *state;
    start(pair, PAIR_ALL_CAPS);
    assert_true(pair_publish(pair, 1));
    fr_token token;
    assert_true(fr_ring_host_newest(&pair->words, &token));
    pair->header->slot[token.slot].ready_value = 3;
    for (int i = 0; i < 5; i++)
        assert_int_equal(pair_claim(pair, &token), FR_CLAIM_BUSY);
    assert_int_equal(fake_calls("ID3D11Fence::SetEventOnCompletion"), 1);
}

static void slot_that_the_host_still_reads_is_not_written(void **state)
{
    struct pair *pair = *state;
    start(pair, PAIR_ALL_CAPS);
    assert_true(pair_publish(pair, 1));
    fr_token token;
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_ACQUIRED);
    fake_gpu_stall(true);
    assert_int_equal(pair_release(pair, token), FR_CLAIM_ACQUIRED);
    assert_int_equal(pair_state(pair, token.slot), FR_WIRE_SLOT_FREE);
    assert_int_equal(pair->header->slot[token.slot].retire_value, 1);
    assert_int_equal(pair->source.ops->begin(pair->source.self, pair->opened, token.slot, 1, PAIR_WAIT_NS),
                     FR_CLAIM_BUSY);
    fake_gpu_stall(false);
    assert_int_equal(pair->source.ops->begin(pair->source.self, pair->opened, token.slot, 1, PAIR_WAIT_NS),
                     FR_CLAIM_ACQUIRED);
}

static void removed_device_is_fatal_with_fences_too(void **state)
{
    struct pair *pair = *state;
    start(pair, PAIR_ALL_CAPS);
    assert_true(pair_publish(pair, 1));
    fr_d3d11_picture picture;
    fr_d3d11_picture_get(&pair->picture, &picture);
    fake_remove_device(picture.device, DXGI_ERROR_DEVICE_HUNG);
    fr_token token;
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_FATAL);
    assert_int_equal(pair_logged(pair, "DXGI_ERROR_DEVICE_HUNG"), 1);
    /* Sticky, and said once. */
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_FATAL);
    assert_int_equal(pair_logged(pair, "DXGI_ERROR_DEVICE_HUNG"), 1);
}

static void signal_that_fails_poisons_and_keeps_the_slot(void **state)
{
    struct pair *pair = *state;
    start(pair, PAIR_ALL_CAPS);
    assert_true(pair_publish(pair, 1));
    fr_token token;
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_ACQUIRED);
    fake_fail("ID3D11DeviceContext4::Signal", 1, E_FAIL);
    assert_int_equal(pair_release(pair, token), FR_CLAIM_ABANDONED);
    assert_int_equal(pair_state(pair, token.slot), FR_WIRE_SLOT_READING);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(published_frame_is_claimed_and_released),
        TEST(held_mutex_is_busy_and_the_frame_stays),
        TEST(dead_owner_is_abandoned_and_the_mutex_is_free_again),
        TEST(each_code_of_acquire_has_its_outcome),
        TEST(release_that_fails_poisons_and_keeps_the_slot),
        TEST(source_whose_release_fails_does_not_publish),
        TEST(version_1_has_the_mutex_alone),
        TEST(fences_are_chosen_where_both_have_them),
        TEST(fences_are_not_chosen_where_one_has_them_not),
        TEST(frame_that_the_gpu_has_not_written_is_busy),
        TEST(wait_for_the_gpu_ends_when_it_is_done),
        TEST(absurd_ready_value_is_busy_and_not_waited_for),
        TEST(value_that_never_comes_is_asked_for_once),
        TEST(slot_that_the_host_still_reads_is_not_written),
        TEST(removed_device_is_fatal_with_fences_too),
        TEST(signal_that_fails_poisons_and_keeps_the_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
