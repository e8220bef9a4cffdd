/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Spec 3.4: which backend a ring is made by, the move to the source's adapter, and the way out when the two
 * can never share. */
#include "machine/rig.h"

#include <string.h>

enum { OUR_LUID = 11, THEIR_LUID = 22 };

static int setup(void **state)
{
    if (rig_setup(state))
        return -1;
    struct rig *rig = *state;
    rig->has_fallback = true;
    rig->backend.ops = (struct fr_backend_host_ops){.name = "gpu", .concurrent_read = true};
    rig->backend.capabilities = FR_CAP_KEYED_MUTEX | FR_CAP_STATES;
    rig->backend.luid_low = OUR_LUID;
    rig->backend.rebind = FR_ERR_UNSUPPORTED;
    return 0;
}

static void connect_puppet(struct rig *rig, uint64_t capabilities)
{
    if (rig->puppet.end)
        return;
    rig->puppet.end = link_end_open(&rig->link, "puppet", 55);
    rig->puppet.end->capabilities = capabilities;
    rig->puppet.end->on_gpu = capabilities & FR_CAP_GPU_WAYS;
    puppet_connect(rig, 64, 36, FR_COLOUR_STATE_SDR);
}

static bool lies_on(const struct rig *rig, uint32_t luid)
{
    return rig->puppet.ring.adapter_luid_low == luid;
}

/* A source that renders on THEIR_LUID, and can open nothing else but memory (of the fallback, without a
 * LUID). */
static void act_elsewhere(struct rig *rig)
{
    connect_puppet(rig, FR_CAP_KEYED_MUTEX | FR_CAP_STATES);
    if (!puppet_take_ring(rig))
        return;
    fr_ring_source_adapter(rig->puppet.header.ptr, THEIR_LUID, 0);
    if (lies_on(rig, OUR_LUID)) {
        puppet_report(rig, FR_WIRE_STATUS_TEXTURE_FAILED, 0x80070057u);
        return;
    }
    puppet_report(rig, FR_WIRE_STATUS_OPENED, 0);
    puppet_publish(rig, 0);
}

/* Opens no texture at all. */
static void act_memory_only_in_truth(struct rig *rig)
{
    connect_puppet(rig, FR_CAP_KEYED_MUTEX | FR_CAP_STATES);
    if (!puppet_take_ring(rig))
        return;
    fr_ring_source_adapter(rig->puppet.header.ptr, THEIR_LUID, 0);
    if (rig->backend.rings && !rig->fallback.rings) {
        puppet_report(rig, FR_WIRE_STATUS_NO_DEVICE, 0x80004002u);
        return;
    }
    puppet_report(rig, FR_WIRE_STATUS_OPENED, 0);
    puppet_publish(rig, 0);
}

static void open_with(struct rig *rig, void (*act)(struct rig *rig), fr_status expected)
{
    rig->act = act;
    const fr_status status = rig_open(rig);
    if (status != expected)
        rig_print_log(rig);
    assert_int_equal(status, expected);
}

static void the_ring_moves_to_the_sources_adapter_once(void **state)
{
    struct rig *rig = *state;
    rig->backend.rebind = FR_OK;
    open_with(rig, act_elsewhere, FR_OK);
    assert_int_equal(rig->backend.rebinds, 1);
    assert_true(lies_on(rig, THEIR_LUID));
    assert_int_equal(rig->fallback.rings, 0);
    assert_int_equal(rig_logged(rig, FR_LOG_WARNING, "renders on another adapter"), 1);
    assert_int_equal(rig_next(rig), FR_OK);
}

/* Names another adapter each time. */
static void act_wandering(struct rig *rig)
{
    connect_puppet(rig, FR_CAP_KEYED_MUTEX | FR_CAP_STATES);
    if (!puppet_take_ring(rig))
        return;
    fr_ring_source_adapter(rig->puppet.header.ptr, THEIR_LUID + rig->link.deliveries, 0);
    if (!rig->fallback.rings) {
        puppet_report(rig, FR_WIRE_STATUS_TEXTURE_FAILED, 0x80070057u);
        return;
    }
    puppet_report(rig, FR_WIRE_STATUS_OPENED, 0);
    puppet_publish(rig, 0);
}

static void a_source_that_wanders_is_followed_once(void **state)
{
    struct rig *rig = *state;
    rig->backend.rebind = FR_OK;
    open_with(rig, act_wandering, FR_OK);
    assert_int_equal(rig->backend.rebinds, 1);
    assert_int_equal(rig->fallback.rings, 1);
}

/* The ring on the other adapter takes two tries: the source's word on the old one is not held against it. */
static void a_move_is_given_its_time(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    assert_int_equal(rig_next(rig), FR_OK);
    rig->backend.rebind = FR_OK;
    rig->backend.ring_failures = 1;
    fr_ring_source_adapter(rig->source->current.header.ptr, THEIR_LUID, 0);
    fr_ring_source_report(rig->source->current.header.ptr, FR_WIRE_STATUS_TEXTURE_FAILED, 1);
    (void)rig_try(rig);
    (void)rig_try(rig);
    (void)rig_run(rig, FR_NS_PER_S);
    assert_int_equal(rig->backend.rebinds, 1);
    assert_int_equal(rig->fallback.rings, 0);
    assert_int_equal(rig->backend.rings, 1);
    assert_int_equal(rig->backend.luid_low, THEIR_LUID);
}

static void a_move_that_does_not_help_ends_in_memory(void **state)
{
    struct rig *rig = *state;
    rig->backend.rebind = FR_OK;
    open_with(rig, act_memory_only_in_truth, FR_OK);
    assert_int_equal(rig->backend.rebinds, 1);
    assert_int_equal(rig->backend.rings, 0);
    assert_int_equal(rig->fallback.rings, 1);
    assert_int_equal(rig_logged(rig, FR_LOG_WARNING, "the ring lies in fake from now on"), 1);
    assert_int_equal(rig_next(rig), FR_OK);
}

static void adapters_that_cannot_share_end_in_memory(void **state)
{
    struct rig *rig = *state;
    open_with(rig, act_elsewhere, FR_OK);
    assert_int_equal(rig->fallback.rings, 1);
    assert_int_equal(rig->backend.rings, 0);
    assert_int_equal(rig_next(rig), FR_OK);
}

static void without_a_fallback_the_mismatch_is_named(void **state)
{
    struct rig *rig = *state;
    rig->has_fallback = false;
    open_with(rig, act_elsewhere, FR_ERR_ADAPTER_MISMATCH);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "renders on another adapter than the ring's"), 1);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "detail 2147942487"), 1);
}

static void act_broken_device(struct rig *rig)
{
    connect_puppet(rig, FR_CAP_KEYED_MUTEX);
    if (puppet_take_ring(rig))
        puppet_report(rig, FR_WIRE_STATUS_NO_DEVICE, 0x80004002u);
}

/* The fallback makes rings of memory, which this source said it cannot open. */
static void a_source_that_knows_no_memory_is_not_given_any(void **state)
{
    struct rig *rig = *state;
    open_with(rig, act_broken_device, FR_ERR_SOURCE_FAILED);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "graphics device cannot share"), 1);
}

static void a_source_without_textures_gets_memory_at_once(void **state)
{
    struct rig *rig = *state;
    rig->backend.capabilities = FR_CAP_KEYED_MUTEX;
    assert_int_equal(rig_open_source(rig), FR_OK);
    open_with(rig, rig->act, FR_OK);
    assert_int_equal(rig->fallback.rings, 1);
    assert_int_equal(rig->backend.rings, 0);
    assert_int_equal(rig_logged(rig, FR_LOG_WARNING, "from now on"), 0);
    assert_string_equal(rig_info(rig).sync, "states");
}

static void a_machine_that_cannot_share_makes_memory(void **state)
{
    struct rig *rig = *state;
    rig->backend.no_rings = FR_ERR_UNSUPPORTED;
    assert_int_equal(rig_open_source(rig), FR_OK);
    open_with(rig, rig->act, FR_OK);
    assert_int_equal(rig->fallback.rings, 1);
    assert_int_equal(rig_logged(rig, FR_LOG_WARNING, "cannot make the ring's textures"), 1);
}

/* A driver may refuse with any code. One that has worked is waited for. */
static void a_ring_that_never_worked_makes_way_for_memory(void **state)
{
    struct rig *rig = *state;
    rig->backend.no_rings = FR_ERR_SYSTEM;
    assert_int_equal(rig_open_source(rig), FR_OK);
    open_with(rig, rig->act, FR_OK);
    assert_int_equal(rig->fallback.rings, 1);
}

static void a_ring_that_worked_before_is_waited_for(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    assert_int_equal(rig_next(rig), FR_OK);
    rig->backend.no_rings = FR_ERR_SYSTEM;
    rig_announce(rig, 32, 32, FR_COLOUR_STATE_SDR);
    (void)rig_run(rig, FR_NS_PER_S);
    assert_int_equal(rig->fallback.rings, 0);
    rig->backend.no_rings = FR_OK;
    (void)rig_run(rig, FR_NS_PER_S);
    assert_int_equal(rig->backend.rings, 1);
    assert_int_equal(rig->fallback.rings, 0);
}

/* A picture too large for the GPU: the first ring, or one that follows the display. */
static void a_gpu_without_memory_makes_way(void **state)
{
    struct rig *rig = *state;
    rig->backend.no_rings = FR_ERR_NO_MEMORY;
    assert_int_equal(rig_open_source(rig), FR_OK);
    open_with(rig, rig->act, FR_OK);
    assert_int_equal(rig->fallback.rings, 1);
    assert_int_equal(rig_next(rig), FR_OK);
}

static void memory_that_ran_short_is_waited_for_once(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    assert_int_equal(rig_next(rig), FR_OK);
    rig->backend.ring_failures = 1;
    rig_announce(rig, 32, 32, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    assert_int_equal(rig->fallback.rings, 0);
    rig->backend.ring_failures = 1;
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    assert_int_equal(rig->fallback.rings, 0);
    rig->backend.no_rings = FR_ERR_NO_MEMORY;
    rig_announce(rig, 64, 32, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    assert_int_equal(rig->fallback.rings, 1);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_RUNNING);
}

static void the_next_source_is_offered_textures_again(void **state)
{
    struct rig *rig = *state;
    open_with(rig, act_elsewhere, FR_OK);
    assert_int_equal(rig->fallback.rings, 1);
    rig->act = NULL;
    link_kill(rig->puppet.end);
    puppet_finish(rig);
    (void)rig_next(rig);
    assert_int_equal(rig_open_source(rig), FR_OK);
    rig_source_acts(rig);
    (void)rig_next(rig);
    assert_int_equal(rig->backend.rings, 1);
    assert_int_equal(rig->fallback.rings, 0);
}

/* Until a frame of the next generation came: the last source's newest may be fresh before. */
static void run_to_the_next_ring(struct rig *rig)
{
    const uint32_t generations = rig_info(rig).generations + 1;
    for (int i = 0; i < 20; i++) {
        (void)rig_next(rig);
        if (rig_info(rig).generations == generations && rig_info(rig).state == FR_CAPTURE_RUNNING)
            return;
    }
    fail_msg("no frame of generation %u came", generations);
}

/* Said once, however many sources come; the line of the generation says it each time. */
static void the_same_reason_is_a_warning_once(void **state)
{
    struct rig *rig = *state;
    rig->backend.no_rings = FR_ERR_UNSUPPORTED;
    assert_int_equal(rig_open_source(rig), FR_OK);
    open_with(rig, rig->act, FR_OK);
    for (int i = 0; i < 3; i++) {
        rig_kill_source(rig);
        assert_int_equal(rig_open_source(rig), FR_OK);
        run_to_the_next_ring(rig);
    }
    assert_int_equal(rig->fallback.rings, 1);
    assert_int_equal(rig_logged(rig, FR_LOG_WARNING, "cannot make the ring's textures"), 1);
    assert_int_equal(rig_logged(rig, FR_LOG_DEBUG, "cannot make the ring's textures"), 3);
    assert_int_equal(rig_logged(rig, FR_LOG_INFO, "in shared memory; the fake backend"), 4);
}

/* ---- a GPU on Linux ---- */

static struct fr_gpu some_gpu(uint8_t number)
{
    struct fr_gpu gpu = {.present = true};
    memset(gpu.driver_uuid, 7, sizeof(gpu.driver_uuid));
    memset(gpu.device_uuid, number, sizeof(gpu.device_uuid));
    return gpu;
}

static void open_gpu_source(struct rig *rig, uint8_t number)
{
    assert_int_equal(rig_open_source(rig), FR_OK);
    rig->end->capabilities = FR_CAP_STATES | FR_CAP_OPAQUE_FD | FR_CAP_TIMELINE;
    rig->end->gpu = some_gpu(number);
}

static void a_ring_is_made_for_the_sources_gpu(void **state)
{
    struct rig *rig = *state;
    rig->backend.capabilities = FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF | FR_CAP_TIMELINE;
    open_gpu_source(rig, 1);
    open_with(rig, rig->act, FR_OK);
    const struct fr_gpu gpu = some_gpu(1);
    assert_memory_equal(&rig->backend.request.gpu, &gpu, sizeof(gpu));
    assert_true(rig->backend.request.capabilities == rig->end->capabilities);
    assert_int_equal(rig->backend.rings, 1);
    assert_int_equal(rig->fallback.rings, 0);
}

/* Another source, whose GPU the backend cannot share with, then one that it can. */
static void each_source_is_a_chance_of_its_own(void **state)
{
    struct rig *rig = *state;
    rig->backend.capabilities = FR_CAP_OPAQUE_FD | FR_CAP_TIMELINE;
    open_gpu_source(rig, 1);
    open_with(rig, rig->act, FR_OK);
    rig_kill_source(rig);
    rig->backend.no_rings = FR_ERR_UNSUPPORTED;
    open_gpu_source(rig, 2);
    run_to_the_next_ring(rig);
    assert_int_equal(rig->backend.rings, 0);
    assert_int_equal(rig->fallback.rings, 1);
    rig_kill_source(rig);
    rig->backend.no_rings = FR_OK;
    open_gpu_source(rig, 1);
    run_to_the_next_ring(rig);
    assert_int_equal(rig->backend.rings, 1);
    assert_int_equal(rig->fallback.rings, 0);
}

/* One that knows semaphores and memory only is not for images. */
static void semaphores_alone_are_no_way(void **state)
{
    struct rig *rig = *state;
    rig->backend.capabilities = FR_CAP_OPAQUE_FD | FR_CAP_TIMELINE;
    assert_int_equal(rig_open_source(rig), FR_OK);
    rig->end->capabilities = FR_CAP_STATES | FR_CAP_TIMELINE;
    open_with(rig, rig->act, FR_OK);
    assert_int_equal(rig->backend.rings, 0);
    assert_int_equal(rig->fallback.rings, 1);
    assert_int_equal(rig_logged(rig, FR_LOG_WARNING, ""), 0);
}

/* The puppet takes what is memory in truth for images. */
static void act_images(struct rig *rig)
{
    connect_puppet(rig, FR_CAP_STATES | FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF | FR_CAP_TIMELINE);
    if (!puppet_take_ring(rig))
        return;
    puppet_report(rig, FR_WIRE_STATUS_OPENED, 0);
    puppet_publish(rig, 0);
}

static void the_info_names_what_the_slots_are(void **state)
{
    struct rig *rig = *state;
    rig->backend.capabilities = FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF | FR_CAP_TIMELINE;
    rig->backend.slots_kind = FR_SLOTS_DMA_BUF;
    rig->backend.sync_kind = FR_WIRE_SYNC_FENCE;
    open_with(rig, act_images, FR_OK);
    assert_string_equal(rig_info(rig).slots, "dma-buf");
    assert_string_equal(rig_info(rig).sync, "fence");
    assert_string_equal(rig_info(rig).source_path, "direct");
    assert_string_equal(rig_info(rig).host_path, "direct");
    assert_int_equal(rig_logged(rig, FR_LOG_INFO,
                                "in shared images (dma-buf), kept in step by semaphores; the fake backend"),
                     1);
    assert_string_equal(fr_slots_kind_name(FR_SLOTS_OPAQUE_FD), "opaque fd");
    assert_string_equal(fr_slots_kind_name(FR_SLOTS_D3D11), "d3d11 textures");
    assert_string_equal(fr_slots_kind_name(FR_SLOTS_MEMORY), "memory");
}

/* Pictures, converter and last frame of another device are of no use: all are made anew, in one step. */
static void a_new_device_makes_new_pictures(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    assert_int_equal(rig_next(rig), FR_OK);
    assert_int_equal(rig->backend.converters, 1);
    const struct fr_out_ring *before = rig->capture->out;
    rig->backend.convert = FR_ERR_DEVICE_LOST;
    rig->backend.device_serial++;
    assert_int_equal(rig_push(rig), FR_OK);
    fr_frame frame;
    assert_int_equal(fr_capture_try_latest(rig->capture, &frame), FR_AGAIN);
    (void)rig_run(rig, FR_NS_PER_S);
    rig_source_acts(rig);
    assert_int_equal(rig_push(rig), FR_OK);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    assert_ptr_not_equal(rig->capture->out, before);
    assert_int_equal(rig->backend.converters, 1);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_RUNNING);
}

static void a_frame_of_memory_is_mapped_already(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fr_frame frame;
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_OK);
    const uint8_t *luma = frame.plane[0];
    assert_int_equal(fr_frame_map(&frame), FR_OK);
    assert_ptr_equal(frame.plane[0], luma);
    frame.plane[0] = frame.plane[1] = NULL; /* as a picture on a GPU comes */
    assert_int_equal(fr_frame_map(&frame), FR_OK);
    assert_ptr_equal(frame.plane[0], luma);
    fr_frame_release(&frame);
    assert_int_equal(fr_frame_map(&frame), FR_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_ring_moves_to_the_sources_adapter_once, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_source_that_wanders_is_followed_once, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_move_is_given_its_time, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_move_that_does_not_help_ends_in_memory, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(adapters_that_cannot_share_end_in_memory, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(without_a_fallback_the_mismatch_is_named, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_source_that_knows_no_memory_is_not_given_any, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_source_without_textures_gets_memory_at_once, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_machine_that_cannot_share_makes_memory, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_ring_that_never_worked_makes_way_for_memory, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_ring_that_worked_before_is_waited_for, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_gpu_without_memory_makes_way, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(memory_that_ran_short_is_waited_for_once, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(the_next_source_is_offered_textures_again, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(the_same_reason_is_a_warning_once, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_ring_is_made_for_the_sources_gpu, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(each_source_is_a_chance_of_its_own, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(semaphores_alone_are_no_way, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(the_info_names_what_the_slots_are, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_new_device_makes_new_pictures, setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_frame_of_memory_is_mapped_already, setup, rig_teardown),
    };
    return cmocka_run_group_tests_name("adapt", tests, NULL, NULL);
}
