/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Deliveries that cannot be: refused with a reason, nothing is attached or taken over. */
#include "backend/rig.h"

/* The kinds of rings that a lie is of. */
enum { MEMORY = 1 << FR_SLOTS_MEMORY, OPAQUE = 1 << FR_SLOTS_OPAQUE_FD, DMA_BUF = 1 << FR_SLOTS_DMA_BUF };

struct lie {
    const char *name;
    unsigned kinds;
    bool seen_by_driver; /* if it looks */
    void (*tell)(struct fr_delivery *delivery);
    fr_status expected;
};

static void more_memory(struct fr_delivery *delivery)
{
    delivery->slots_bytes *= 2;
}

static void no_memory(struct fr_delivery *delivery)
{
    delivery->slots_bytes = 0;
}

static void other_memory(struct fr_delivery *delivery)
{
    delivery->slots = delivery->event;
}

static void images(struct fr_delivery *delivery)
{
    delivery->slots_kind = FR_SLOTS_OPAQUE_FD;
}

static void memory(struct fr_delivery *delivery)
{
    delivery->slots_kind = FR_SLOTS_MEMORY;
}

static void few_bytes(struct fr_delivery *delivery)
{
    delivery->image.bytes = 4096;
}

static void many_bytes(struct fr_delivery *delivery)
{
    delivery->image.bytes += 1 << 30;
}

static void another_type(struct fr_delivery *delivery)
{
    delivery->image.memory_type = 31;
}

static void no_type(struct fr_delivery *delivery)
{
    delivery->image.memory_type = UINT32_MAX;
}

static void another_device(struct fr_delivery *delivery)
{
    delivery->gpu.device_uuid[3] ^= 1;
}

static void another_driver(struct fr_delivery *delivery)
{
    delivery->gpu.driver_uuid[0] ^= 0x80;
}

static void keyed_mutexes(struct fr_delivery *delivery)
{
    delivery->sync_kind = FR_WIRE_SYNC_KEYED_MUTEX;
}

static void last_image(struct fr_delivery *delivery)
{
    delivery->texture[delivery->ring_len - 1] = delivery->event;
}

static void another_modifier(struct fr_delivery *delivery)
{
    delivery->image.modifier = UINT64_C(0x00ffffffffffff01);
}

static void no_planes(struct fr_delivery *delivery)
{
    delivery->image.num_planes = 0;
}

static void many_planes(struct fr_delivery *delivery)
{
    delivery->image.num_planes = UINT32_MAX;
}

static const struct lie lies[] = {
    {"more memory than there is", MEMORY, false, more_memory, FR_ERR_PROTOCOL},
    {"no memory at all", MEMORY, false, no_memory, FR_ERR_PROTOCOL},
    {"something that is no memory", MEMORY, false, other_memory, FR_ERR_PROTOCOL},
    {"images, to who has memory alone", MEMORY, false, images, FR_ERR_UNSUPPORTED},
    {"memory, to who has images alone", OPAQUE | DMA_BUF, false, memory, FR_ERR_UNSUPPORTED},
    {"keyed mutexes", OPAQUE | DMA_BUF, false, keyed_mutexes, FR_ERR_UNSUPPORTED},
    {"images of too few bytes", OPAQUE, false, few_bytes, FR_ERR_PROTOCOL},
    {"images of more bytes than there are", OPAQUE, true, many_bytes, FR_ERR_PROTOCOL},
    {"a type of memory that images cannot have", OPAQUE, false, another_type, FR_ERR_PROTOCOL},
    {"a type of memory that there is not", OPAQUE, false, no_type, FR_ERR_PROTOCOL},
    {"another device", OPAQUE, false, another_device, FR_ERR_ADAPTER_MISMATCH},
    {"another driver", OPAQUE, false, another_driver, FR_ERR_ADAPTER_MISMATCH},
    {"a modifier that there is not", DMA_BUF, false, another_modifier, FR_ERR_PROTOCOL},
    {"images without planes", DMA_BUF, false, no_planes, FR_ERR_PROTOCOL},
    {"images of too many planes", DMA_BUF, false, many_planes, FR_ERR_PROTOCOL},
    {"an image that is none, after some that are", OPAQUE, true, last_image, FR_ERR_PROTOCOL},
    {"an image that is none, after some that are", DMA_BUF, false, last_image, FR_ERR_PROTOCOL},
};

static bool concerns(const struct lie *lie)
{
    const struct way *way = way_now();
    return (lie->kinds & 1u << way->kind) && (!lie->seen_by_driver || way->driver_looks());
}

static void expect_refused(struct rig *rig, const struct lie *lie, fr_handle foreign)
{
    const struct fr_backend_source *backend = rig->source.in_use;
    struct fr_delivery delivery = rig->host.delivery;
    struct fr_attach_fault fault = {0};
    void *ring = NULL;
    const struct rig_count before = rig_count();
    delivery.event = foreign;
    lie->tell(&delivery);
    const fr_status status = backend->ops->attach(backend->self, &delivery, &ring, &fault);
    if (status != lie->expected)
        fail_msg("%s: %d", lie->name, status);
    assert_true(fault.status == FR_WIRE_STATUS_TEXTURE_FAILED || fault.status == FR_WIRE_STATUS_NO_DEVICE);
    rig_expect_count(before);
}

/* The handles of a delivery that was refused can be used: they were not taken over. */
static void a_lie_is_refused_and_the_truth_believed(void **state)
{
    (void)state;
    const struct fr_os os = fr_os_native();
    struct fr_event foreign;
    struct rig rig;
    rig_open(&rig, &rig_plain);
    assert_int_equal(os.ops->event_create(os.self, NULL, &foreign), FR_OK);
    pair_source_detach(&rig.source);
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
        if (concerns(&lies[i]))
            expect_refused(&rig, &lies[i], foreign.handle);
    rig_attach(&rig);
    rig_push(&rig, 3);
    rig_take(&rig, 3);
    os.ops->event_close(os.self, &foreign);
    rig_close(&rig);
}

/* With a ring that is attached, which goes on. */
static void a_lie_leaves_the_ring_of_before(void **state)
{
    (void)state;
    const struct fr_os os = fr_os_native();
    struct fr_event foreign;
    struct rig rig;
    rig_open(&rig, &rig_plain);
    assert_int_equal(os.ops->event_create(os.self, NULL, &foreign), FR_OK);
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
        if (concerns(&lies[i])) {
            expect_refused(&rig, &lies[i], foreign.handle);
            rig_push(&rig, (uint32_t)i);
            rig_take(&rig, (uint32_t)i);
        }
    os.ops->event_close(os.self, &foreign);
    rig_close(&rig);
}

int way_lies(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lie_is_refused_and_the_truth_believed),
        cmocka_unit_test(a_lie_leaves_the_ring_of_before),
    };
    return cmocka_run_group_tests_name("backend: lies", tests, NULL, NULL);
}
