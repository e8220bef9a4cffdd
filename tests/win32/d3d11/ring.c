/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The host's rings: what is made, what is left of one that cannot be made, what is never possible. */
#include "pair.h"

#include <stdio.h>
#include <wchar.h>

static void ring_describes_its_textures(void **state)
{
    struct pair *pair = *state;
    assert_int_equal(pair_host_ring(pair, 64, 36, FR_FORMAT_RGBA16F), FR_OK);
    const struct fr_delivery *ring = &pair->delivery;
    assert_int_equal(ring->sync_kind, FR_WIRE_SYNC_KEYED_MUTEX);
    assert_int_equal(ring->adapter_luid_low, 4711);
    assert_int_equal(ring->adapter_luid_high, 0);
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        assert_int_equal(ring->texture[i] != FR_HANDLE_NONE, i < 4);
    assert_int_equal(ring->ready_fence, FR_HANDLE_NONE);
    assert_int_equal(ring->slots, FR_HANDLE_NONE);
}

static void ring_of_fences_describes_them(void **state)
{
    struct pair *pair = *state;
    pair->capabilities = PAIR_ALL_CAPS;
    assert_int_equal(pair_host_ring(pair, 64, 36, FR_FORMAT_BGRA8), FR_OK);
    assert_int_not_equal(pair->delivery.ready_fence, FR_HANDLE_NONE);
    assert_int_not_equal(pair->delivery.retire_fence, FR_HANDLE_NONE);
}

static void every_ring_format_is_made(void **state)
{
    static const fr_format formats[] = {FR_FORMAT_BGRA8, FR_FORMAT_RGBA8, FR_FORMAT_RGB10A2,
                                        FR_FORMAT_RGBA16F};
    struct pair *pair = *state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pair_host_ring(pair, 63, 35, formats[i]), FR_OK);
        pair_drop_ring(pair);
    }
}

/* The objects of a host that has made a ring and let it go. */
static uint32_t live_without_ring(struct pair *pair)
{
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_OK);
    pair_drop_ring(pair);
    return fake_live_of(NULL);
}

static void half_failed_ring_leaves_nothing(void **state)
{
    static const char *const calls[] = {"ID3D11Device::CreateTexture2D",
                                        "ID3D11Device::CreateShaderResourceView",
                                        "IDXGIResource1::CreateSharedHandle", "ID3D11Device5::CreateFence",
                                        "ID3D11Fence::CreateSharedHandle"};
    struct pair *pair = *state;
    const uint32_t before = live_without_ring(pair);
    pair->capabilities = PAIR_ALL_CAPS;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        for (uint32_t nth = 1; nth <= (i < 3 ? 4u : 2u); nth++) {
            fake_fail(calls[i], nth, E_OUTOFMEMORY);
            assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_ERR_NO_MEMORY);
            assert_true(fake_failed());
            assert_null(pair->ring);
            assert_int_equal(fake_live_of(NULL), before);
            assert_int_equal(pair->host.ops->device_serial(pair->host.self), 1);
        }
}

/* Asked one by one: Wine's GetProcessHandleCount does not count. */
static unsigned open_handles(void)
{
    unsigned count = 0;
    for (uintptr_t value = 4; value < 8192; value += 4) {
        DWORD flags;
        count += GetHandleInformation((HANDLE)value, &flags) != 0;
    }
    return count;
}

static void handles_of_a_ring_are_closed_with_it(void **state)
{
    struct pair *pair = *state;
    pair->capabilities = PAIR_ALL_CAPS;
    (void)live_without_ring(pair);
    const unsigned before = open_handles();
    for (int i = 0; i < 10; i++) {
        (void)live_without_ring(pair);
        fake_fail("ID3D11Fence::CreateSharedHandle", 2, E_OUTOFMEMORY);
        assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_ERR_NO_MEMORY);
    }
    assert_int_equal(open_handles(), before);
}

static void machine_that_cannot_share_is_unsupported(void **state)
{
    struct pair *pair = *state;
    fake_options(FAKE_NO_SHARING);
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_ERR_UNSUPPORTED);
    assert_int_equal(pair_logged(pair, "sharing textures is unsupported here: shared memory is used"), 1);
    assert_int_equal(pair_logged(pair, "E_NOINTERFACE"), 1);
    assert_int_equal(pair->host.ops->device_serial(pair->host.self), 0);
}

static void each_refusal_of_the_first_ring_is_unsupported(void **state)
{
    static const HRESULT results[] = {E_NOINTERFACE, E_NOTIMPL, E_INVALIDARG, E_FAIL, DXGI_ERROR_UNSUPPORTED};
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        struct pair *pair = *state;
        fake_fail("IDXGIResource1::CreateSharedHandle", 1, results[i]);
        assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_ERR_UNSUPPORTED);
        assert_int_equal(pair_teardown(state), 0);
        pair_setup(state);
    }
}

static void refusal_of_a_later_ring_is_a_failure_of_that_ring(void **state)
{
    struct pair *pair = *state;
    (void)live_without_ring(pair);
    fake_fail("IDXGIResource1::CreateSharedHandle", 2, E_FAIL);
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_ERR_SYSTEM);
    assert_int_equal(pair_logged(pair, "cannot be shared: E_FAIL"), 1);
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_OK);
}

/* ---- names ---- */

struct names {
    struct fr_object_name name;
    char text[64];
    unsigned asked[8]; /* by kind */
};

static const struct fr_object_name *object_name(void *self, enum fr_object_kind kind, uint32_t generation,
                                                uint32_t index)
{
    struct names *names = self;
    names->asked[kind]++;
    snprintf(names->text, sizeof(names->text), "Local\\fr-test-%lu-%d-%u-%u", GetCurrentProcessId(),
             (int)kind, generation, index);
    names->name.global = names->text;
    return &names->name;
}

static const struct fr_host_channel_ops naming_ops = {.object_name = object_name};

static void named_textures_are_found_by_name(void **state)
{
    struct pair *pair = *state;
    struct names names = {0};
    pair->naming = (struct fr_host_channel){.ops = &naming_ops, .self = &names};
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_OK);
    assert_int_equal(names.asked[FR_OBJECT_TEXTURE], 4);
    ID3D11Device1 *device1 = fr_com_query(pair->device, &IID_ID3D11Device1);
    wchar_t name[64];
    swprintf(name, 64, L"Local\\fr-test-%lu-%d-1-3", GetCurrentProcessId(), (int)FR_OBJECT_TEXTURE);
    ID3D11Texture2D *texture = NULL;
    assert_int_equal(ID3D11Device1_OpenSharedResourceByName(
                         device1, name, (DWORD)DXGI_SHARED_RESOURCE_READ | DXGI_SHARED_RESOURCE_WRITE,
                         &IID_ID3D11Texture2D, (void **)&texture),
                     S_OK);
    fr_com_release(texture);
    fr_com_release(device1);
}

/* What a channel of names delivers: no handles. */
static void source_opens_its_textures_by_name(void **state)
{
    struct pair *pair = *state;
    struct names names = {0};
    struct fr_attach_fault fault = {0};
    void *opened = NULL;
    pair->naming = (struct fr_host_channel){.ops = &naming_ops, .self = &names};
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_OK);
    const struct fr_backend_source *source = &pair->source;
    struct fr_delivery named = pair->delivery;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        named.texture[i] = FR_HANDLE_NONE;
    for (unsigned generation = 2; generation >= 1; generation--) {
        snprintf(named.texture_name, sizeof(named.texture_name), "Local\\fr-test-%lu-%d-%u",
                 GetCurrentProcessId(), (int)FR_OBJECT_TEXTURE, generation);
        const fr_status status = source->ops->attach(source->self, &named, &opened, &fault);
        if (generation == 1) {
            assert_int_equal(status, FR_OK);
        } else {
            assert_true(status < 0);
            assert_int_equal(fault.status, FR_WIRE_STATUS_TEXTURE_FAILED);
            assert_int_equal(fault.detail, 0x80070002u);
        }
    }
    source->ops->detach(source->self, opened);
}

static void name_that_is_taken_is_a_busy_target(void **state)
{
    struct pair *pair = *state;
    struct names names = {0};
    pair->naming = (struct fr_host_channel){.ops = &naming_ops, .self = &names};
    char taken[64];
    snprintf(taken, sizeof(taken), "Local\\fr-test-%lu-%d-1-2", GetCurrentProcessId(),
             (int)FR_OBJECT_TEXTURE);
    HANDLE other = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, taken);
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_ERR_TARGET_BUSY);
    CloseHandle(other);
    assert_int_equal(pair_host_ring(pair, 16, 8, FR_FORMAT_BGRA8), FR_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ring_describes_its_textures),
        TEST(ring_of_fences_describes_them),
        TEST(every_ring_format_is_made),
        TEST(half_failed_ring_leaves_nothing),
        TEST(handles_of_a_ring_are_closed_with_it),
        TEST(machine_that_cannot_share_is_unsupported),
        TEST(each_refusal_of_the_first_ring_is_unsupported),
        TEST(refusal_of_a_later_ring_is_a_failure_of_that_ring),
        TEST(named_textures_are_found_by_name),
        TEST(source_opens_its_textures_by_name),
        TEST(name_that_is_taken_is_a_busy_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
