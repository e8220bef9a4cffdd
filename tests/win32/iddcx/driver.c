/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The example driver of examples/iddcx between a scripted system and a real host: what a person sees when
 * swap chains, devices, monitors and hosts come and go. */
#include "host.h"
#include "iddcx/ioctl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 64, HEIGHT = 36, ATTACH_MS = 10000, LIVES_MS = 5000 };

/* ---- Direct3D as the example links it ---- */

HRESULT WINAPI D3D11CreateDevice(IDXGIAdapter *adapter, D3D_DRIVER_TYPE type, HMODULE software, UINT flags,
                                 const D3D_FEATURE_LEVEL *levels, UINT num_levels, UINT sdk,
                                 ID3D11Device **device, D3D_FEATURE_LEVEL *level,
                                 ID3D11DeviceContext **context)
{
    return fake_api()->create_device(adapter, type, software, flags, levels, num_levels, sdk, device, level,
                                     context);
}

HRESULT WINAPI CreateDXGIFactory1(REFIID iid, void **factory)
{
    return fake_api()->create_factory(iid, factory);
}

static LUID luid_of(UINT adapter_index)
{
    IDXGIFactory1 *factory;
    IDXGIAdapter1 *adapter;
    DXGI_ADAPTER_DESC1 desc;
    assert_int_equal(CreateDXGIFactory1(&IID_IDXGIFactory1, (void **)&factory), S_OK);
    assert_int_equal(IDXGIFactory1_EnumAdapters1(factory, adapter_index, &adapter), S_OK);
    assert_int_equal(IDXGIAdapter1_GetDesc1(adapter, &desc), S_OK);
    IDXGIAdapter1_Release(adapter);
    IDXGIFactory1_Release(factory);
    return desc.AdapterLuid;
}

/* ---- a world ---- */

struct world {
    struct fake_system system;
    struct host host;
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        return -1;
    fake_reset();
    fake_system_init(&world->system);
    world->system.luid = luid_of(0);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    if (world->host.capture)
        host_close(&world->host);
    fake_system_finish(&world->system);
    assert_int_equal(fake_violations(), 0);
    assert_int_equal(fake_live(), 0);
    free(world);
    return 0;
}

static void push(struct world *world, uint8_t grey)
{
    fake_push(&world->system, WIDTH, HEIGHT, DXGI_FORMAT_B8G8R8A8_UNORM, grey);
}

/* A swap chain, a host, and the first frame of this grey in front of it. */
static void start(struct world *world, uint8_t grey)
{
    assert_true(fake_assign(&world->system));
    push(world, grey);
    assert_int_equal(host_open(&world->host, &world->system, WIDTH, HEIGHT, FR_COLOUR_STATE_SDR, ATTACH_MS),
                     FR_OK);
    host_expect(&world->host, WIDTH, HEIGHT, host_luma(grey), NULL);
}

static fr_wire_debug debug_of(const struct world *world)
{
    return world->host.capture->ring.words.shared->debug;
}

static uint64_t mismatched(const struct world *world)
{
    fr_capture_info info;
    fr_capture_get_info(world->host.capture, &info);
    return info.mismatched;
}

/* ---- frames ---- */

static void frames_reach_the_host_as_textures(void **state)
{
    struct world *world = *state;
    start(world, 10);
    for (uint8_t grey = 20; grey < 60; grey = (uint8_t)(grey + 5)) {
        push(world, grey);
        host_expect(&world->host, WIDTH, HEIGHT, host_luma(grey), NULL);
    }
    fr_capture_info info;
    fr_capture_get_info(world->host.capture, &info);
    assert_string_equal(info.backend, "d3d11");
    assert_int_equal(world->host.carried, 1);
}

/* The surface is the system's again when the driver has finished: by then the frame must be out. */
static void a_frame_is_published_before_it_is_finished(void **state)
{
    struct world *world = *state;
    start(world, 10);
    fake_wait_finished(&world->system);
    for (unsigned i = 0; i < 30; i++) {
        push(world, (uint8_t)(20 + i));
        fake_wait_finished(&world->system);
        (void)host_drain(&world->host, 1);
    }
    const struct fake_finished *finished = world->system.finished;
    assert_int_equal(world->system.num_finished, 31);
    for (unsigned i = 2; i < 31; i++) {
        assert_true(finished[i].had_source);
        assert_int_equal(finished[i].number, finished[i - 1].number + 1);
        assert_int_equal(finished[i].published, finished[i - 1].published + 1);
    }
}

static void a_frame_of_another_size_is_never_shown(void **state)
{
    struct world *world = *state;
    start(world, 10);
    fake_push(&world->system, WIDTH + 16, HEIGHT, DXGI_FORMAT_B8G8R8A8_UNORM, 200);
    fake_push(&world->system, WIDTH, HEIGHT, DXGI_FORMAT_R16G16B16A16_FLOAT, 60);
    fake_wait_finished(&world->system);
    assert_int_equal(host_drain(&world->host, 5), 0);
    assert_int_equal(mismatched(world), 2);
    push(world, 30);
    host_expect(&world->host, WIDTH, HEIGHT, host_luma(30), NULL);
}

/* The desktop changed its size, and stands still since: the ring that fits comes later, and gets the kept
 * frame. */
static void the_kept_frame_is_published_into_a_new_ring(void **state)
{
    struct world *world = *state;
    start(world, 10);
    fake_push(&world->system, 96, 54, DXGI_FORMAT_B8G8R8A8_UNORM, 80);
    fake_wait_finished(&world->system);
    const uint32_t frames = world->system.frames;
    host_display(&world->host, 96, 54, FR_COLOUR_STATE_SDR);
    host_expect(&world->host, 96, 54, host_luma(80), NULL);
    assert_int_equal(world->system.frames, frames);
    assert_true(world->system.display.counts.republished >= 1);
    assert_int_equal(world->host.carried, 2);
}

/* A host that comes late to a desktop that stands still. */
static void a_late_host_sees_the_desktop_at_once(void **state)
{
    struct world *world = *state;
    assert_true(fake_assign(&world->system));
    push(world, 77);
    fake_wait_finished(&world->system);
    assert_int_equal(host_open(&world->host, &world->system, WIDTH, HEIGHT, FR_COLOUR_STATE_SDR, ATTACH_MS),
                     FR_OK);
    host_expect(&world->host, WIDTH, HEIGHT, host_luma(77), NULL);
    assert_int_equal(world->system.frames, 1);
}

/* No slot was to be had, and the desktop stands still since. */
static void a_frame_that_found_no_slot_is_shown_later(void **state)
{
    struct world *world = *state;
    start(world, 10);
    fake_wait_finished(&world->system);
    fake_fail("IDXGIKeyedMutex::AcquireSync", 1, WAIT_TIMEOUT);
    push(world, 66);
    host_expect(&world->host, WIDTH, HEIGHT, host_luma(66), NULL);
    assert_true(fake_failed());
    assert_int_equal(world->system.frames, 2);
}

static void protected_content_is_not_copied(void **state)
{
    struct world *world = *state;
    start(world, 10);
    const IDDCX_METADATA2 secret = {.HwProtectedSurface = TRUE};
    fake_push_with(&world->system, WIDTH, HEIGHT, DXGI_FORMAT_B8G8R8A8_UNORM, 200, &secret, NULL);
    fake_wait_finished(&world->system);
    assert_int_equal(host_drain(&world->host, 5), 0);
    assert_int_equal(world->system.display.counts.protected_frames, 1);
}

/* ---- swap chains ---- */

static void a_lost_swap_chain_is_left_and_a_new_one_goes_on(void **state)
{
    struct world *world = *state;
    start(world, 10);
    fake_lose(&world->system, DXGI_ERROR_ACCESS_LOST);
    fake_wait_deleted(&world->system);
    assert_true(fake_assign(&world->system));
    push(world, 40);
    host_expect(&world->host, WIDTH, HEIGHT, host_luma(40), NULL);
    assert_int_equal(world->host.carried, 1); /* the same ring */
    assert_int_equal(world->system.display.counts.devices, 1);
    assert_int_equal(world->system.deletions, 1);
    assert_int_equal(debug_of(world).run_core_entries, 2);
}

static void a_mode_change_unassigns_and_assigns(void **state)
{
    struct world *world = *state;
    start(world, 10);
    for (uint8_t i = 0; i < 5; i++) {
        fake_unassign(&world->system);
        assert_true(fake_assign(&world->system));
        push(world, (uint8_t)(20 + 10 * i));
        host_expect(&world->host, WIDTH, HEIGHT, host_luma((uint8_t)(20 + 10 * i)), NULL);
    }
    assert_int_equal(world->system.deletions, 5);
    assert_int_equal(debug_of(world).run_core_entries, 6);
}

static void a_swap_chain_that_takes_no_device_is_deleted(void **state)
{
    struct world *world = *state;
    world->system.set_device = E_FAIL;
    assert_true(fake_assign(&world->system));
    fake_wait_deleted(&world->system);
    world->system.set_device = S_OK;
    start(world, 50);
}

/* Nothing of the loop waits for a host that does not read. */
static void the_loop_runs_and_ends_without_a_host_that_reads(void **state)
{
    struct world *world = *state;
    start(world, 10);
    for (unsigned i = 0; i < 40; i++)
        push(world, (uint8_t)i);
    fake_wait_finished(&world->system);
    fake_unassign(&world->system);
    assert_int_equal(world->system.deletions, 1);
}

/* ---- devices ---- */

static void a_removed_device_is_made_anew(void **state)
{
    struct world *world = *state;
    start(world, 10);
    push(world, 15);
    uint32_t before, after;
    host_expect(&world->host, WIDTH, HEIGHT, host_luma(15), &before);
    fake_remove_device(world->system.display.gpu.device, DXGI_ERROR_DEVICE_REMOVED);
    push(world, 20);
    fake_wait_deleted(&world->system);
    assert_true(fake_assign(&world->system));
    assert_int_equal(world->system.display.counts.devices, 2);
    push(world, 60);
    host_expect(&world->host, WIDTH, HEIGHT, host_luma(60), &after);
    /* The source is another one, the ring is the same: its numbers go on. */
    assert_int_equal(world->host.carried, 1);
    assert_true(after > before);
}

/* Nobody pushes a frame: a still desktop. */
static void a_device_that_is_removed_while_nothing_moves(void **state)
{
    struct world *world = *state;
    start(world, 10);
    fake_remove_device(world->system.display.gpu.device, DXGI_ERROR_DEVICE_REMOVED);
    fake_wait_deleted(&world->system);
    assert_true(fake_assign(&world->system));
    push(world, 60);
    host_expect(&world->host, WIDTH, HEIGHT, host_luma(60), NULL);
}

static void the_adapter_that_renders_is_reported(void **state)
{
    struct world *world = *state;
    start(world, 10);
    const fr_wire_v1 *header = &world->host.capture->ring.words.shared->v1;
    assert_int_equal(header->adapter_luid_low, world->system.luid.LowPart);
    assert_int_equal(debug_of(world).luid_low, world->system.luid.LowPart);
    assert_int_equal(debug_of(world).resolved_target_id, FAKE_TARGET);
}

static void another_adapter_needs_another_device(void **state)
{
    struct world *world = *state;
    const struct fake_adapter_desc adapters[] = {{L"First", 8192, 0x1111, false},
                                                 {L"Second", 4096, 0x2222, false}};
    fake_adapters(adapters, 2);
    world->system.luid = luid_of(0);
    start(world, 10);
    fake_unassign(&world->system);
    world->system.luid = luid_of(1);
    assert_true(fake_assign(&world->system));
    assert_int_equal(world->system.display.counts.devices, 2);
    for (int i = 0; i < 20; i++) { /* the host moves over to that adapter, or to memory */
        push(world, (uint8_t)(60 + i));
        fake_wait_finished(&world->system);
        (void)host_drain(&world->host, 2);
    }
    push(world, 100);
    host_expect(&world->host, WIDTH, HEIGHT, host_luma(100), NULL);
}

static void an_adapter_that_is_gone_abandons_the_swap_chain(void **state)
{
    struct world *world = *state;
    const LUID there = world->system.luid;
    world->system.luid.LowPart = 0x9999;
    assert_false(fake_assign(&world->system));
    assert_int_equal(world->system.deletions, 0); /* it stays the system's */
    world->system.luid = there;
    start(world, 10);
}

/* ---- hosts ---- */

static void a_host_that_closes_its_device_is_forgotten(void **state)
{
    struct world *world = *state;
    start(world, 10);
    host_close(&world->host);
    push(world, 20);
    fake_wait_finished(&world->system);
    assert_false(world->system.display.box.full);
    /* The next host comes to a desktop that stands still. */
    assert_int_equal(host_open(&world->host, &world->system, WIDTH, HEIGHT, FR_COLOUR_STATE_SDR, ATTACH_MS),
                     FR_OK);
    host_expect(&world->host, WIDTH, HEIGHT, host_luma(20), NULL);
}

/* The ring came while no swap chain was there. */
static void a_ring_that_came_early_is_kept(void **state)
{
    struct world *world = *state;
    assert_int_equal(host_open(&world->host, &world->system, WIDTH, HEIGHT, FR_COLOUR_STATE_SDR, 300),
                     FR_ERR_NEVER_ATTACHED);
    assert_int_equal(world->host.carried, 1);
    assert_true(world->system.display.box.full);
    host_close(&world->host);
    assert_false(world->system.display.box.full);
}

static void another_file_that_closes_means_nothing(void **state)
{
    struct world *world = *state;
    start(world, 10);
    example_file_cleanup((WDFFILEOBJECT)(uintptr_t)0x777);
    assert_true(world->system.display.box.full);
    push(world, 33);
    host_expect(&world->host, WIDTH, HEIGHT, host_luma(33), NULL);
}

static NTSTATUS send_ring(const fr_win32_ring *ring, size_t bytes)
{
    return fake_request(IOCTL_EXAMPLE_SET_RING, NULL, ring, bytes, NULL, 0);
}

static void damaged_requests_are_refused(void **state)
{
    struct world *world = *state;
    start(world, 10);
    const fr_win32_ring good = {.magic = FR_WIN32_RING_MAGIC,
                                .version = FR_WIN32_RING_VERSION,
                                .bytes = sizeof good,
                                .target_id = FAKE_TARGET};
    fr_win32_ring bad = good;
    const uint64_t kept = world->system.display.box.ring.header;
    assert_int_equal(send_ring(&bad, sizeof bad - 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(send_ring(&bad, sizeof bad), STATUS_INVALID_PARAMETER); /* no handles */
    bad.magic++;
    assert_int_equal(send_ring(&bad, sizeof bad), STATUS_INVALID_PARAMETER);
    bad = good;
    bad.version++;
    assert_int_equal(send_ring(&bad, sizeof bad), STATUS_INVALID_PARAMETER);
    bad = good;
    bad.header = 0x123456; /* no handle of this process */
    assert_int_equal(send_ring(&bad, sizeof bad), STATUS_INVALID_PARAMETER);
    bad = good;
    bad.target_id++;
    assert_int_equal(send_ring(&bad, sizeof bad), STATUS_NOT_FOUND);
    assert_int_equal(fake_request(0x1234, NULL, NULL, 0, NULL, 0), STATUS_INVALID_DEVICE_REQUEST);
    uint32_t small;
    assert_int_equal(fake_request(IOCTL_EXAMPLE_GET_SOURCE, NULL, NULL, 0, &small, sizeof small),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(world->system.display.box.ring.header, kept);
    push(world, 44); /* the ring in force is as it was */
    host_expect(&world->host, WIDTH, HEIGHT, host_luma(44), NULL);
}

/* ---- monitors ---- */

static void a_monitor_that_comes_back_may_have_another_number(void **state)
{
    struct world *world = *state;
    start(world, 10);
    host_close(&world->host);
    example_monitor_depart(&world->system.display);
    assert_int_equal(world->system.deletions, 1);
    const fr_win32_ring late = {.magic = FR_WIN32_RING_MAGIC,
                                .version = FR_WIN32_RING_VERSION,
                                .bytes = sizeof late,
                                .target_id = FAKE_TARGET};
    assert_int_equal(send_ring(&late, sizeof late), STATUS_NOT_FOUND);
    world->system.next_target = FAKE_TARGET + 1;
    assert_int_equal(example_monitor_arrive(&world->system.display, (IDDCX_MONITOR)(void *)&world->system),
                     STATUS_SUCCESS);
    start(world, 90);
    assert_int_equal(debug_of(world).resolved_target_id, FAKE_TARGET + 1);
}

/* ---- what changed ---- */

static uint64_t converted(const struct world *world)
{
    fr_capture_info info;
    fr_capture_get_info(world->host.capture, &info);
    return info.converted_pixels;
}

/* A frame that says so of two corners, and how many pixels the host had to convert then. */
static uint64_t cost_of(struct world *world, uint8_t grey, UINT count)
{
    static const RECT corners[] = {{0, 0, 8, 8}, {WIDTH - 8, HEIGHT - 8, WIDTH, HEIGHT}};
    const IDDCX_METADATA2 metadata = {.DirtyRectCount = count};
    const uint64_t before = converted(world);
    fake_push_with(&world->system, WIDTH, HEIGHT, DXGI_FORMAT_B8G8R8A8_UNORM, grey, &metadata,
                   count <= 2 ? corners : NULL);
    host_expect(&world->host, WIDTH, HEIGHT, host_luma(grey), NULL);
    return converted(world) - before;
}

static void dirty_rectangles_go_with_the_frame(void **state)
{
    struct world *world = *state;
    start(world, 10);
    for (uint8_t i = 0; i < 20; i++)
        (void)cost_of(world, (uint8_t)(30 + 5 * i), 2);
    const uint64_t corners = cost_of(world, 140, 2);
    assert_in_range(corners, 2 * 64, WIDTH * HEIGHT / 4);
    assert_int_equal(cost_of(world, 150, 0), WIDTH * HEIGHT); /* the system does not say */
    (void)cost_of(world, 160, 2);
    const IDDCX_METADATA2 hidden = {.HwProtectedSurface = TRUE, .DirtyRectCount = 1};
    fake_push_with(&world->system, WIDTH, HEIGHT, DXGI_FORMAT_B8G8R8A8_UNORM, 170, &hidden, NULL);
    assert_int_equal(cost_of(world, 180, 2), WIDTH * HEIGHT); /* against a frame that nobody saw */
}

/* ---- light ---- */

static IDDCX_METADATA2 hdr_frame(IDDCX_HDR10_FRAME_METADATA_TYPE type, USHORT max_nits)
{
    return (IDDCX_METADATA2){
        .ValidFlags = IDDCX_METADATA2_VALID_FLAGS_HDR10METADATA,
        .SdrWhiteLevel = 240,
        .Hdr10FrameMetaData = {.Type = type,
                               .NewMetaData = {.RedPrimary = {34000, 16000},
                                               .WhitePoint = {15635, 16450},
                                               .MaxMasteringLuminance = max_nits,
                                               .MinMasteringLuminance = 50,
                                               .MaxContentLightLevel = 700,
                                               .MaxFrameAverageLightLevel = 300}},
    };
}

/* The light of the next fresh frame that says `max_nits`. */
static void expect_light(struct world *world, uint32_t max_nits)
{
    uint32_t seen = 0;
    for (int i = 0; i < LIVES_MS / 16 && seen != max_nits * 10000; i++) {
        fr_frame frame;
        const fr_status status = fr_capture_next(world->host.capture, &frame);
        assert_true(status >= 0);
        if (frame.has_hdr)
            seen = frame.hdr.max_luminance;
        fr_frame_release(&frame);
    }
    assert_int_equal(seen, max_nits * 10000);
}

static void push_hdr(struct world *world, IDDCX_HDR10_FRAME_METADATA_TYPE type, USHORT max_nits)
{
    const IDDCX_METADATA2 metadata = hdr_frame(type, max_nits);
    fake_push_with(&world->system, WIDTH, HEIGHT, DXGI_FORMAT_R16G16B16A16_FLOAT, 0x3c, &metadata, NULL);
}

static void metadata_follow_the_frames(void **state)
{
    struct world *world = *state;
    IDDCX_HDR10_METADATA standard = {.MaxMasteringLuminance = 600, .MinMasteringLuminance = 1};
    const IDARG_IN_MONITOR_SET_DEFAULT_HDR_METADATA in = {
        .Type = IDDCX_HDRMETADATA_TYPE_HDR10, .Size = sizeof standard, .Data.pHdr10 = &standard};
    assert_int_equal(example_set_default_hdr_metadata(world->system.display.monitor, &in), STATUS_SUCCESS);
    assert_true(fake_assign(&world->system));
    push_hdr(world, IDDCX_HDR10_FRAME_METADATA_TYPE_NEW, 900);
    assert_int_equal(host_open(&world->host, &world->system, WIDTH, HEIGHT, FR_COLOUR_STATE_HDR, ATTACH_MS),
                     FR_OK);
    push_hdr(world, IDDCX_HDR10_FRAME_METADATA_TYPE_UNCHANGED, 0);
    expect_light(world, 900);
    push_hdr(world, IDDCX_HDR10_FRAME_METADATA_TYPE_DEFAULT, 0);
    expect_light(world, 600);
    standard.MaxMasteringLuminance = 700; /* while frames use it */
    assert_int_equal(example_set_default_hdr_metadata(world->system.display.monitor, &in), STATUS_SUCCESS);
    push_hdr(world, IDDCX_HDR10_FRAME_METADATA_TYPE_UNCHANGED, 0);
    fake_wait_finished(&world->system);
    push_hdr(world, IDDCX_HDR10_FRAME_METADATA_TYPE_UNCHANGED, 0);
    expect_light(world, 700);
    assert_int_equal(world->host.capture->ring.words.shared->metadata.sdr_white_millinits, 240000);
    assert_int_equal(example_set_default_hdr_metadata(
                         world->system.display.monitor,
                         &(IDARG_IN_MONITOR_SET_DEFAULT_HDR_METADATA){
                             .Type = IDDCX_HDRMETADATA_TYPE_HDR10, .Size = 4, .Data.pHdr10 = &standard}),
                     STATUS_INVALID_PARAMETER);
}

/* A source that is opened anew, because its device was lost, still knows them. */
static void metadata_outlive_the_device(void **state)
{
    struct world *world = *state;
    assert_true(fake_assign(&world->system));
    push_hdr(world, IDDCX_HDR10_FRAME_METADATA_TYPE_NEW, 900);
    assert_int_equal(host_open(&world->host, &world->system, WIDTH, HEIGHT, FR_COLOUR_STATE_HDR, ATTACH_MS),
                     FR_OK);
    expect_light(world, 900);
    fake_remove_device(world->system.display.gpu.device, DXGI_ERROR_DEVICE_REMOVED);
    push_hdr(world, IDDCX_HDR10_FRAME_METADATA_TYPE_UNCHANGED, 0);
    fake_wait_deleted(&world->system);
    assert_true(fake_assign(&world->system));
    push_hdr(world, IDDCX_HDR10_FRAME_METADATA_TYPE_UNCHANGED, 0);
    fake_wait_finished(&world->system);
    expect_light(world, 900);
    assert_int_equal(world->host.capture->ring.words.shared->metadata.max_luminance, 9000000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_reach_the_host_as_textures),
        TEST(a_frame_is_published_before_it_is_finished),
        TEST(a_frame_of_another_size_is_never_shown),
        TEST(the_kept_frame_is_published_into_a_new_ring),
        TEST(a_late_host_sees_the_desktop_at_once),
        TEST(a_frame_that_found_no_slot_is_shown_later),
        TEST(protected_content_is_not_copied),
        TEST(a_lost_swap_chain_is_left_and_a_new_one_goes_on),
        TEST(a_mode_change_unassigns_and_assigns),
        TEST(a_swap_chain_that_takes_no_device_is_deleted),
        TEST(the_loop_runs_and_ends_without_a_host_that_reads),
        TEST(a_removed_device_is_made_anew),
        TEST(a_device_that_is_removed_while_nothing_moves),
        TEST(the_adapter_that_renders_is_reported),
        TEST(another_adapter_needs_another_device),
        TEST(an_adapter_that_is_gone_abandons_the_swap_chain),
        TEST(a_host_that_closes_its_device_is_forgotten),
        TEST(a_ring_that_came_early_is_kept),
        TEST(another_file_that_closes_means_nothing),
        TEST(damaged_requests_are_refused),
        TEST(a_monitor_that_comes_back_may_have_another_number),
        TEST(dirty_rectangles_go_with_the_frame),
        TEST(metadata_follow_the_frames),
        TEST(metadata_outlive_the_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
