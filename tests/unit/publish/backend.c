/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What the source does with a backend that has more to say than the slot states: slots that cannot be had,
 * frames that cannot be ended, rings that nothing here can open, and rings of version 1. */
#include "fixture.h"

#include "backend/cpu/cpu.h"

#include <stdlib.h>
#include <string.h>

#define READY UINT64_C(4242)

/* The cpu backend under another flag, with a script. */
struct gpu {
    struct fr_backend_source cpu;
    struct fr_backend_source_ops ops;
    struct fr_attach_fault fault; /* status 0: opens */
    bool lost, lost_by_attach;
    enum fr_claim begin[8];
    unsigned num_begins, begins;
    enum fr_claim end;
    unsigned ends, held;
    uint64_t retire_value, wait_ns;
    uint32_t index;
};

struct gpu_fixture {
    struct rig rig;
    struct host host;
    struct gpu gpu;
    fr_wire_debug debug;
};

static fr_status attach(void *self, const struct fr_delivery *delivery, void **ring,
                        struct fr_attach_fault *fault)
{
    struct gpu *gpu = self;
    gpu->lost = gpu->lost || gpu->lost_by_attach;
    if (gpu->fault.status) {
        *fault = gpu->fault;
        return gpu->lost ? FR_ERR_DEVICE_LOST : FR_ERR_SYSTEM;
    }
    struct fr_delivery plain = *delivery;
    plain.slots_kind = FR_SLOTS_MEMORY;
    plain.sync_kind = FR_WIRE_SYNC_STATES;
    return gpu->cpu.ops->attach(gpu->cpu.self, &plain, ring, fault);
}

static void detach(void *self, void *ring)
{
    struct gpu *gpu = self;
    assert_int_equal(gpu->held, 0);
    gpu->cpu.ops->detach(gpu->cpu.self, ring);
}

static void adapter(void *self, uint32_t *luid_low, int32_t *luid_high)
{
    (void)self;
    *luid_low = 31;
    *luid_high = -1;
}

/* The device is lost from then on. */
static enum fr_claim note(struct gpu *gpu, enum fr_claim outcome)
{
    gpu->lost = gpu->lost || outcome == FR_CLAIM_FATAL;
    return outcome;
}

static enum fr_claim begin(void *self, void *ring, uint32_t index, uint64_t retire_value, uint64_t timeout_ns)
{
    struct gpu *gpu = self;
    (void)ring;
    gpu->retire_value = retire_value;
    gpu->wait_ns = timeout_ns;
    gpu->index = index;
    const enum fr_claim outcome = gpu->begins < gpu->num_begins ? gpu->begin[gpu->begins] : FR_CLAIM_ACQUIRED;
    gpu->begins++;
    gpu->held += outcome == FR_CLAIM_ACQUIRED;
    return note(gpu, outcome);
}

static enum fr_claim end(void *self, void *ring, uint32_t index, uint64_t *ready_value)
{
    struct gpu *gpu = self;
    (void)ring;
    assert_int_equal(gpu->held, 1);
    assert_int_equal(index, gpu->index);
    gpu->held = 0;
    gpu->ends++;
    if (ready_value)
        *ready_value = READY;
    return note(gpu, gpu->end);
}

static void slot(void *self, void *ring, uint32_t index, fr_slot *out)
{
    const struct gpu *gpu = self;
    gpu->cpu.ops->slot(gpu->cpu.self, ring, index, out);
}

static bool copy(void *self, void *from_ring, uint32_t from, void *to_ring, uint32_t to)
{
    const struct gpu *gpu = self;
    assert_int_equal(gpu->held, 1);
    return gpu->cpu.ops->copy(gpu->cpu.self, from_ring, from, to_ring, to);
}

static bool is_lost(void *self)
{
    const struct gpu *gpu = self;
    return gpu->lost;
}

static void destroy(void *self)
{
    const struct gpu *gpu = self;
    gpu->cpu.ops->destroy(gpu->cpu.self);
}

static void open_source(struct gpu_fixture *f)
{
    struct fr_source_env env = {.os = machine_os(&f->rig.machine), .pid = 77};
    struct gpu *gpu = &f->gpu;
    assert_int_equal(fr_cpu_source_create(&gpu->cpu, env.os), FR_OK);
    gpu->ops = (struct fr_backend_source_ops){
        .name = "gpu",
        .attach = attach,
        .detach = detach,
        .adapter = adapter,
        .begin = begin,
        .end = end,
        .slot = slot,
        .copy = copy,
        .is_lost = is_lost,
        .destroy = destroy,
    };
    env.backend[1] =
        (struct fr_backend_source){.ops = &gpu->ops, .self = gpu, .capabilities = FR_CAP_KEYED_MUTEX};
    assert_int_equal(fr_cpu_source_create(&env.backend[0], env.os), FR_OK);
    f->rig.end = link_end_open(&f->rig.link, f->rig.source_params.name, env.pid);
    env.channel = link_source(f->rig.end);
    assert_int_equal(fr_source_capabilities(&env), FR_CAP_STATES | FR_CAP_KEYED_MUTEX);
    assert_int_equal(fr_source_open_env(&f->rig.source, &f->rig.source_params, &env), FR_OK);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_AGAIN);
}

static fr_status deliver(struct gpu_fixture *f)
{
    host_deliver(&f->host);
    return fr_source_poll(f->rig.source, 0);
}

static int setup(void **state)
{
    struct gpu_fixture *f = calloc(1, sizeof(*f));
    if (!f)
        return -1;
    rig_init(&f->rig);
    host_init(&f->host, &f->rig);
    host_open(&f->host);
    host_make(&f->host, 1, 64, 36, FR_FORMAT_BGRA8);
    f->host.delivery.slots_kind = FR_SLOTS_D3D11;
    f->host.delivery.sync_kind = FR_WIRE_SYNC_KEYED_MUTEX;
    *state = f;
    open_source(f);
    return 0;
}

static int teardown(void **state)
{
    struct gpu_fixture *f = *state;
    host_close(&f->host);
    rig_finish(&f->rig);
    assert_int_equal(f->gpu.held, 0);
    free(f);
    return 0;
}

static unsigned published(struct gpu_fixture *f)
{
    fr_source_info info;
    fr_source_get_info(f->rig.source, &info);
    return (unsigned)info.published;
}

static void every_frame_is_begun_and_ended(void **state)
{
    struct gpu_fixture *f = *state;
    assert_int_equal(deliver(f), FR_REATTACHED);
    host_header(&f->host)->slot[0].retire_value = 99;
    assert_int_equal(rig_push(&f->rig), FR_OK);
    assert_int_equal(f->gpu.begins, 1);
    assert_int_equal(f->gpu.ends, 1);
    assert_int_equal(f->gpu.retire_value, 99);
    assert_int_equal(f->gpu.wait_ns, 16 * FR_NS_PER_MS);
    fr_token token;
    assert_true(host_take(&f->host, &token));
    assert_int_equal(fr_ring_host_ready_value(&f->host.words, token), READY);
    host_release(&f->host, token);
}

static void the_adapter_is_named(void **state)
{
    struct gpu_fixture *f = *state;
    assert_int_equal(deliver(f), FR_REATTACHED);
    assert_int_equal(host_header(&f->host)->v1.adapter_luid_low, 31);
    assert_int_equal(host_header(&f->host)->v1.adapter_luid_high, -1);
    assert_int_equal(host_header(&f->host)->debug.luid_low, 31);
    assert_int_equal(host_header(&f->host)->debug.luid_high, -1);
}

static void a_slot_that_cannot_be_had_gives_way_to_another(void **state)
{
    struct gpu_fixture *f = *state;
    assert_int_equal(deliver(f), FR_REATTACHED);
    f->gpu.begin[0] = FR_CLAIM_BUSY;
    f->gpu.num_begins = 1;
    assert_int_equal(rig_push(&f->rig), FR_OK);
    fr_source_info info;
    fr_source_get_info(f->rig.source, &info);
    assert_int_equal(info.offered, 1);
    assert_int_equal(info.dropped, 0);
}

static void slots_that_cannot_be_had_drop_the_frame(void **state)
{
    struct gpu_fixture *f = *state;
    assert_int_equal(deliver(f), FR_REATTACHED);
    for (int i = 0; i < 4; i++)
        f->gpu.begin[i] = FR_CLAIM_BUSY;
    f->gpu.num_begins = 4;
    assert_int_equal(rig_push(&f->rig), FR_AGAIN);
    assert_int_equal(f->gpu.ends, 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(host_header(&f->host)->slot[i].state & 0xff, FR_WIRE_SLOT_FREE);
    fr_source_info info;
    fr_source_get_info(f->rig.source, &info);
    assert_int_equal(info.offered, 1);
    assert_int_equal(info.dropped, 1);
    assert_int_equal(rig_push(&f->rig), FR_OK);
}

/* Spec 3.7: a source whose release fails does not publish. */
static void a_frame_that_cannot_be_ended_is_not_published(void **state)
{
    struct gpu_fixture *f = *state;
    assert_int_equal(deliver(f), FR_REATTACHED);
    f->gpu.end = FR_CLAIM_ABANDONED;
    assert_int_equal(rig_push(&f->rig), FR_AGAIN);
    assert_int_equal(published(f), 0);
    assert_int_equal(host_header(&f->host)->v1.latest, 0);
    assert_int_equal(rig_logged(&f->rig, FR_LOG_WARNING, "could not be released"), 1);
    f->gpu.end = FR_CLAIM_ACQUIRED;
    assert_int_equal(rig_push(&f->rig), FR_OK);
    assert_int_equal(published(f), 1);
}

static void a_cancelled_frame_is_ended_too(void **state)
{
    struct gpu_fixture *f = *state;
    assert_int_equal(deliver(f), FR_REATTACHED);
    fr_slot out;
    assert_int_equal(fr_source_begin(f->rig.source, &out), FR_OK);
    fr_source_cancel(f->rig.source);
    assert_int_equal(f->gpu.ends, 1);
    fr_source_cancel(f->rig.source);
    assert_int_equal(f->gpu.ends, 1);
}

static void closing_in_the_middle_of_a_frame_ends_it(void **state)
{
    struct gpu_fixture *f = *state;
    assert_int_equal(deliver(f), FR_REATTACHED);
    fr_slot out;
    assert_int_equal(fr_source_begin(f->rig.source, &out), FR_OK);
    fr_source_close(&f->rig.source);
    assert_int_equal(f->gpu.ends, 1);
}

static void why_the_slots_did_not_open_reaches_the_host(void **state)
{
    struct gpu_fixture *f = *state;
    f->gpu.fault = (struct fr_attach_fault){FR_WIRE_STATUS_NO_DEVICE, 0x80004002u};
    assert_int_equal(deliver(f), FR_AGAIN);
    uint32_t detail;
    assert_int_equal(fr_ring_host_source_status(&f->host.words, &detail), FR_WIRE_STATUS_NO_DEVICE);
    assert_int_equal(detail, 0x80004002u);
    assert_int_equal(host_header(&f->host)->v1.adapter_luid_low, 31);
}

static void a_ring_of_memory_is_opened_by_the_other_backend(void **state)
{
    struct gpu_fixture *f = *state;
    f->host.delivery.slots_kind = FR_SLOTS_MEMORY;
    f->host.delivery.sync_kind = FR_WIRE_SYNC_STATES;
    assert_int_equal(deliver(f), FR_REATTACHED);
    assert_int_equal(rig_push(&f->rig), FR_OK);
    assert_int_equal(f->gpu.begins, 0);
    assert_int_equal(host_header(&f->host)->v1.adapter_luid_low, 0);
}

/* The last picture lies where the new ring's backend cannot reach it. */
static void a_picture_of_another_backend_is_not_published_again(void **state)
{
    struct gpu_fixture *f = *state;
    assert_int_equal(deliver(f), FR_REATTACHED);
    assert_int_equal(rig_push(&f->rig), FR_OK);
    host_make(&f->host, 2, 64, 36, FR_FORMAT_BGRA8);
    assert_int_equal(deliver(f), FR_REATTACHED);
    assert_int_equal(rig_push(&f->rig), FR_OK);
    host_make(&f->host, 3, 64, 36, FR_FORMAT_BGRA8);
    assert_int_equal(deliver(f), FR_OK);
    fr_token token;
    assert_true(host_take(&f->host, &token));
    host_release(&f->host, token);
}

static void a_republished_picture_is_begun_and_ended(void **state)
{
    struct gpu_fixture *f = *state;
    assert_int_equal(deliver(f), FR_REATTACHED);
    assert_int_equal(rig_push(&f->rig), FR_OK);
    host_make(&f->host, 2, 64, 36, FR_FORMAT_BGRA8);
    f->host.delivery.slots_kind = FR_SLOTS_D3D11;
    f->host.delivery.sync_kind = FR_WIRE_SYNC_KEYED_MUTEX;
    assert_int_equal(deliver(f), FR_OK);
    assert_int_equal(f->gpu.begins, 2);
    assert_int_equal(f->gpu.ends, 2);
    fr_token token;
    assert_true(host_take(&f->host, &token));
    assert_int_equal(fr_ring_host_ready_value(&f->host.words, token), READY);
    host_release(&f->host, token);
}

/* Nothing else would tell a program that only begins and publishes. */
static void a_loss_that_begin_finds_is_told_by_poll(void **state)
{
    struct gpu_fixture *f = *state;
    assert_int_equal(deliver(f), FR_REATTACHED);
    for (int i = 0; i < 4; i++)
        f->gpu.begin[i] = FR_CLAIM_FATAL;
    f->gpu.num_begins = 4;
    assert_int_equal(rig_push(&f->rig), FR_AGAIN);
    const uint64_t now_ns = f->rig.machine.now_ns;
    for (int i = 0; i < 3; i++)
        assert_int_equal(fr_source_poll(f->rig.source, FR_NS_PER_S), FR_ERR_DEVICE_LOST);
    assert_int_equal(f->rig.machine.now_ns, now_ns);
}

static void a_loss_that_end_finds_is_told_by_poll(void **state)
{
    struct gpu_fixture *f = *state;
    assert_int_equal(deliver(f), FR_REATTACHED);
    f->gpu.end = FR_CLAIM_FATAL;
    assert_int_equal(rig_push(&f->rig), FR_AGAIN);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_ERR_DEVICE_LOST);
}

/* The host hears of the ring first, which may lie elsewhere for the source that comes next. */
static void a_loss_that_an_attach_finds_is_told_by_poll(void **state)
{
    struct gpu_fixture *f = *state;
    f->gpu.fault = (struct fr_attach_fault){FR_WIRE_STATUS_TEXTURE_FAILED, 7};
    host_deliver(&f->host);
    f->gpu.lost_by_attach = true;
    assert_int_equal(fr_source_poll(f->rig.source, FR_NS_PER_S), FR_ERR_DEVICE_LOST);
    uint32_t detail;
    assert_int_equal(fr_ring_host_source_status(&f->host.words, &detail), FR_WIRE_STATUS_TEXTURE_FAILED);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_ERR_DEVICE_LOST);
}

/* ---- version 1 ---- */

static int setup_v1(void **state)
{
    if (setup(state))
        return -1;
    struct gpu_fixture *f = *state;
    const struct fr_os os = machine_os(&f->rig.machine);
    f->rig.link.debug = &f->debug;
    os.ops->memory_close(os.self, &f->host.header);
    assert_int_equal(os.ops->memory_create(os.self, NULL, FR_WIRE_V1_BYTES, FR_ACCESS_WRITE, &f->host.header),
                     FR_OK);
    const struct fr_ring_shape shape = {4, 64, 36, FR_FORMAT_BGRA8};
    fr_ring_host_create_v1(&f->host.words, f->host.header.ptr, &shape, 1, RIG_TARGET);
    f->host.delivery.header = f->host.header.handle;
    f->host.delivery.header_bytes = FR_WIRE_V1_BYTES;
    f->host.delivery.wire_version = 1;
    return 0;
}

static void a_version_1_host_gets_frames(void **state)
{
    struct gpu_fixture *f = *state;
    assert_int_equal(deliver(f), FR_REATTACHED);
    const fr_wire_v1 *header = f->host.header.ptr;
    assert_int_equal(header->status, FR_WIRE_STATUS_OPENED);
    for (uint32_t i = 1; i <= 9; i++) {
        assert_int_equal(rig_push(&f->rig), FR_OK);
        assert_int_equal(header->latest, UINT64_C(1) << 40 | (uint64_t)i << 8 | (i - 1) % 4);
    }
    assert_int_equal(f->gpu.wait_ns, 0);
    assert_int_equal(f->debug.frames_acquired, 9);
}

static void in_version_1_the_next_slot_is_tried(void **state)
{
    struct gpu_fixture *f = *state;
    assert_int_equal(deliver(f), FR_REATTACHED);
    assert_int_equal(rig_push(&f->rig), FR_OK);
    f->gpu.begin[1] = f->gpu.begin[2] = FR_CLAIM_BUSY;
    f->gpu.num_begins = 3;
    assert_int_equal(rig_push(&f->rig), FR_OK);
    assert_int_equal(f->gpu.index, 3);
    f->gpu.begins = 0;
    f->gpu.begin[0] = FR_CLAIM_BUSY;
    assert_int_equal(rig_push(&f->rig), FR_AGAIN);
    assert_int_equal(f->gpu.begins, 3);
    fr_source_info info;
    fr_source_get_info(f->rig.source, &info);
    assert_int_equal(info.published, 2);
    assert_int_equal(info.dropped, 1);
}

static void a_header_of_the_other_version_is_refused(void **state)
{
    struct gpu_fixture *f = *state;
    f->host.delivery.wire_version = 2;
    assert_int_equal(deliver(f), FR_AGAIN);
    assert_int_equal(rig_logged(&f->rig, FR_LOG_WARNING, "could not be mapped"), 1);
    assert_false(f->rig.source->current.present);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_frame_is_begun_and_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(the_adapter_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slot_that_cannot_be_had_gives_way_to_another, setup, teardown),
        cmocka_unit_test_setup_teardown(slots_that_cannot_be_had_drop_the_frame, setup, teardown),
        cmocka_unit_test_setup_teardown(a_frame_that_cannot_be_ended_is_not_published, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_frame_is_ended_too, setup, teardown),
        cmocka_unit_test_setup_teardown(closing_in_the_middle_of_a_frame_ends_it, setup, teardown),
        cmocka_unit_test_setup_teardown(why_the_slots_did_not_open_reaches_the_host, setup, teardown),
        cmocka_unit_test_setup_teardown(a_ring_of_memory_is_opened_by_the_other_backend, setup, teardown),
        cmocka_unit_test_setup_teardown(a_picture_of_another_backend_is_not_published_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_republished_picture_is_begun_and_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(a_loss_that_begin_finds_is_told_by_poll, setup, teardown),
        cmocka_unit_test_setup_teardown(a_loss_that_end_finds_is_told_by_poll, setup, teardown),
        cmocka_unit_test_setup_teardown(a_loss_that_an_attach_finds_is_told_by_poll, setup, teardown),
        cmocka_unit_test_setup_teardown(a_version_1_host_gets_frames, setup_v1, teardown),
        cmocka_unit_test_setup_teardown(in_version_1_the_next_slot_is_tried, setup_v1, teardown),
        cmocka_unit_test_setup_teardown(a_header_of_the_other_version_is_refused, setup_v1, teardown),
    };
    return cmocka_run_group_tests_name("backend", tests, NULL, NULL);
}
