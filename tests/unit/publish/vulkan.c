/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The functions of vulkan.h over a backend that is a script: its images are memory in truth. */
#include "backend/cpu/cpu.h"
#include "backend/vulkan/vulkan.h"
#include "machine/host.h"
#include "publish/native.h"

#include <stdlib.h>
#include <string.h>

enum { BGRA = 44 /* VK_FORMAT_B8G8R8A8_UNORM */, READY = 71, PATIENCE_MS = 5 };

static struct gpu {
    struct fr_backend_source cpu;
    fr_status fill;
    unsigned fills, ends, given_up;
    enum fr_claim end;
    bool lost;
    uint64_t wait_ns; /* the longest that a begin was allowed to wait */
    void *ring;
    uint32_t index;
    const void *pixels; /* of the slot that is filled */
    void (*in_fill)(void);
} gpu;

struct fixture {
    struct rig rig;
    struct host host;
};
static struct fixture *stage;

/* ---- what the library links instead of the backend ---- */

static fr_status attach(void *self, const struct fr_delivery *delivery, void **ring,
                        struct fr_attach_fault *fault)
{
    struct fr_delivery plain = *delivery;
    (void)self;
    plain.slots_kind = FR_SLOTS_MEMORY;
    plain.sync_kind = FR_WIRE_SYNC_STATES;
    return gpu.cpu.ops->attach(gpu.cpu.self, &plain, ring, fault);
}

static void detach(void *self, void *ring)
{
    (void)self;
    gpu.cpu.ops->detach(gpu.cpu.self, ring);
}

static void adapter(void *self, uint32_t *luid_low, int32_t *luid_high)
{
    (void)self;
    *luid_low = 0;
    *luid_high = 0;
}

static void gpu_of(void *self, struct fr_gpu *out)
{
    (void)self;
    *out = (struct fr_gpu){.present = true, .device_uuid = {1, 2, 3}};
}

static enum fr_claim begin(void *self, void *ring, uint32_t index, uint64_t retire_value, uint64_t timeout_ns)
{
    (void)self, (void)ring, (void)index, (void)retire_value;
    gpu.wait_ns = timeout_ns > gpu.wait_ns ? timeout_ns : gpu.wait_ns;
    return FR_CLAIM_ACQUIRED;
}

static enum fr_claim end(void *self, void *ring, uint32_t index, uint64_t *ready_value)
{
    (void)self, (void)ring, (void)index;
    gpu.ends++;
    gpu.given_up += !ready_value;
    if (ready_value)
        *ready_value = READY;
    return gpu.end;
}

static void slot_of(void *self, void *ring, uint32_t index, fr_slot *out)
{
    (void)self, (void)ring, (void)index, (void)out;
}

static bool copy(void *self, void *from_ring, uint32_t from, void *to_ring, uint32_t to)
{
    (void)self;
    return gpu.cpu.ops->copy(gpu.cpu.self, from_ring, from, to_ring, to);
}

static void destroy(void *self)
{
    (void)self;
    gpu.cpu.ops->destroy(gpu.cpu.self);
}

static bool is_lost(void *self)
{
    (void)self;
    return gpu.lost;
}

static const struct fr_backend_source_ops ops = {
    .name = "vulkan",
    .attach = attach,
    .detach = detach,
    .adapter = adapter,
    .gpu = gpu_of,
    .begin = begin,
    .end = end,
    .slot = slot_of,
    .copy = copy,
    .is_lost = is_lost,
    .destroy = destroy,
};

fr_status fr_vk_host_create(struct fr_backend_host *out, const fr_vulkan_host_params *params, struct fr_os os,
                            bool automatic, const fr_log *log)
{
    (void)out, (void)params, (void)os, (void)automatic, (void)log;
    return FR_ERR_UNSUPPORTED;
}

void fr_vk_picture_destroy(struct fr_picture *picture)
{
    (void)picture;
}

void fr_vk_picture_get(const struct fr_picture *picture, fr_vulkan_picture *out)
{
    (void)picture;
    out->value = READY;
}

fr_status fr_vk_picture_wait(const struct fr_picture *picture)
{
    return picture->object ? FR_OK : FR_TIMEOUT;
}

void fr_vk_picture_left(const struct fr_picture *picture, const uint32_t layout[2])
{
    (void)picture, (void)layout;
}

fr_vulkan_device *fr_vk_picture_device(const struct fr_picture *picture)
{
    return (fr_vulkan_device *)(uintptr_t)picture;
}

static fr_vulkan_device *released;

void fr_vk_held_device_release(fr_vulkan_device *device)
{
    released = device;
}

void fr_vk_held_device_lock(fr_vulkan_device *device, bool lock)
{
    (void)device, (void)lock;
}

fr_status fr_vk_picture_export(const struct fr_picture *picture, fr_vulkan_handle_kind kind, int *out)
{
    (void)picture;
    *out = (int)kind;
    return FR_OK;
}

fr_status fr_vk_source_create(struct fr_backend_source *out, const fr_vulkan_source_params *params,
                              const fr_log *log)
{
    (void)params, (void)log;
    *out = (struct fr_backend_source){.ops = &ops, .self = &gpu, .capabilities = FR_CAP_OPAQUE_FD};
    return FR_OK;
}

bool fr_vk_source_is(const struct fr_backend_source *source)
{
    return source->ops == &ops;
}

void fr_vk_image_describe(const fr_vulkan_image *image, uint32_t *width, uint32_t *height, fr_format *format)
{
    *width = image->width;
    *height = image->height;
    *format = fr_vk_ring_format(image->format);
}

fr_status fr_vk_source_fill(const struct fr_backend_source *source, void *ring, uint32_t index,
                            const fr_vulkan_image *image, const fr_slot *out)
{
    (void)source, (void)image;
    gpu.fills++;
    gpu.ring = ring;
    gpu.index = index;
    gpu.pixels = out->pixels;
    if (gpu.in_fill)
        gpu.in_fill();
    return gpu.fill;
}

void fr_vk_source_slot(const struct fr_backend_source *source, void *ring, uint32_t index,
                       fr_vulkan_slot *out)
{
    (void)source, (void)ring;
    *out = (fr_vulkan_slot){.image = 100 + index, .ready_value = READY};
}

fr_status fr_vk_probe(fr_vulkan_device_info *out, size_t max, size_t *count, const fr_log *log)
{
    (void)out, (void)max, (void)log;
    *count = 0;
    return FR_OK;
}

fr_format fr_vk_ring_format(uint32_t vk_format)
{
    return vk_format == BGRA ? FR_FORMAT_BGRA8 : FR_FORMAT_NONE;
}

const char *const *fr_vk_source_extensions(void)
{
    static const char *const names[] = {"VK_KHR_external_memory_fd", NULL};
    return names;
}

/* ---- the tests ---- */

static const fr_vulkan_image fits = {.image = 5, .format = BGRA, .width = 64, .height = 36};

static void open_source(struct fixture *f, uint32_t acquire_wait_ms)
{
    struct fr_source_env env = {.os = machine_os(&f->rig.machine), .pid = 77};
    const fr_vulkan_source_params vulkan = {.device = (void *)&gpu, .acquire_wait_ms = acquire_wait_ms};
    fr_source_params params = f->rig.source_params;
    params.vulkan = &vulkan;
    assert_int_equal(fr_cpu_source_create(&gpu.cpu, env.os), FR_OK);
    assert_int_equal(fr_source_native_backends(&env, &params), FR_OK);
    f->rig.end = link_end_open(&f->rig.link, params.name, env.pid);
    env.channel = link_source(f->rig.end);
    assert_true(fr_source_capabilities(&env) == (FR_CAP_STATES | FR_CAP_OPAQUE_FD));
    const struct fr_gpu known = fr_source_gpu(&env);
    assert_true(known.present && known.device_uuid[2] == 3);
    assert_int_equal(fr_source_open_env(&f->rig.source, &f->rig.source_params, &env), FR_OK);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_AGAIN);
}

static int setup_with(void **state, uint32_t acquire_wait_ms)
{
    struct fixture *f = stage = calloc(1, sizeof(*f));
    if (!f)
        return -1;
    gpu = (struct gpu){0};
    rig_init(&f->rig);
    host_init(&f->host, &f->rig);
    host_open(&f->host);
    host_make(&f->host, 1, 64, 36, FR_FORMAT_BGRA8);
    open_source(f, acquire_wait_ms);
    *state = f;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, 0);
}

static int setup_patient(void **state)
{
    return setup_with(state, PATIENCE_MS);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    host_close(&f->host);
    rig_finish(&f->rig);
    free(f);
    return 0;
}

static void deliver(struct fixture *f, enum fr_slots_kind slots_kind)
{
    f->host.delivery.slots_kind = slots_kind;
    host_deliver(&f->host);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_REATTACHED);
}

static void an_image_is_copied_on_the_gpu(void **state)
{
    struct fixture *f = *state;
    deliver(f, FR_SLOTS_OPAQUE_FD);
    assert_int_equal(fr_source_push_vulkan(f->rig.source, &fits, NULL), FR_OK);
    assert_ptr_equal(gpu.ring, f->rig.source->current.slots);
    assert_null(gpu.pixels);
    assert_int_equal(gpu.ends, 1);
    fr_token token;
    assert_true(host_take(&f->host, &token));
    assert_int_equal(token.slot, gpu.index);
    assert_int_equal(fr_ring_host_ready_value(&f->host.words, token), READY);
    host_release(&f->host, token);
    assert_int_equal(
        fr_source_push(
            f->rig.source,
            &(fr_image){.pixels = f, .pitch_bytes = 0, .width = 64, .height = 36, .format = FR_FORMAT_BGRA8},
            NULL),
        FR_ERR_UNSUPPORTED);
}

static void a_ring_in_memory_is_read_back_into(void **state)
{
    struct fixture *f = *state;
    deliver(f, FR_SLOTS_MEMORY);
    assert_int_equal(fr_source_push_vulkan(f->rig.source, &fits, NULL), FR_OK);
    assert_null(gpu.ring);
    assert_non_null(gpu.pixels);
    assert_int_equal(gpu.ends, 0);
    fr_token token;
    assert_true(host_take(&f->host, &token));
    host_release(&f->host, token);
}

static void what_does_not_fit_is_dropped(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fr_source_push_vulkan(f->rig.source, &fits, NULL), FR_AGAIN); /* no ring yet */
    deliver(f, FR_SLOTS_OPAQUE_FD);
    fr_vulkan_image other = fits;
    other.width = 65;
    assert_int_equal(fr_source_push_vulkan(f->rig.source, &other, NULL), FR_AGAIN);
    other = fits;
    other.format = 37;
    assert_int_equal(fr_source_push_vulkan(f->rig.source, &other, NULL), FR_AGAIN);
    fr_source_info info;
    fr_source_get_info(f->rig.source, &info);
    assert_int_equal(info.mismatched, 2);
    assert_int_equal(gpu.fills, 0);
    assert_int_equal(rig_logged(&f->rig, FR_LOG_WARNING, "do not fit the ring"), 1);
}

static void a_copy_that_failed_is_given_up(void **state)
{
    struct fixture *f = *state;
    deliver(f, FR_SLOTS_OPAQUE_FD);
    const fr_status failures[] = {FR_ERR_NO_MEMORY, FR_ERR_SYSTEM, FR_TIMEOUT};
    for (size_t i = 0; i < 3; i++) {
        gpu.fill = failures[i];
        assert_int_equal(fr_source_push_vulkan(f->rig.source, &fits, NULL), failures[i]);
        assert_int_equal(gpu.ends, i + 1);
    }
    fr_token token;
    assert_false(host_take(&f->host, &token));
    gpu.fill = FR_ERR_SYSTEM;
    gpu.lost = true;
    assert_int_equal(fr_source_push_vulkan(f->rig.source, &fits, NULL), FR_ERR_DEVICE_LOST);
    gpu.fill = FR_OK;
    gpu.lost = false;
    assert_int_equal(fr_source_push_vulkan(f->rig.source, &fits, NULL), FR_OK);
    assert_true(host_take(&f->host, &token));
    host_release(&f->host, token);
}

static void retire(void)
{
    fr_ring_host_retire(&stage->host.words, 2);
}

/* The semaphores are in use: the caller has to know. */
static void a_copy_into_a_ring_that_went_stale_is_ok(void **state)
{
    struct fixture *f = *state;
    deliver(f, FR_SLOTS_OPAQUE_FD);
    gpu.in_fill = retire;
    assert_int_equal(fr_source_push_vulkan(f->rig.source, &fits, NULL), FR_OK);
    assert_int_equal(gpu.ends, 1);
    assert_true(f->rig.source->outdated);
    gpu.in_fill = NULL;
    assert_int_equal(fr_source_push_vulkan(f->rig.source, &fits, NULL), FR_AGAIN);
    assert_int_equal(gpu.fills, 1);
}

static void a_slot_is_an_image_between_begin_and_publish(void **state)
{
    struct fixture *f = *state;
    fr_vulkan_slot image;
    fr_slot slot = {0};
    assert_int_equal(fr_source_vulkan_slot(f->rig.source, &slot, &image), FR_ERR_ARGUMENT);
    deliver(f, FR_SLOTS_OPAQUE_FD);
    assert_int_equal(fr_source_vulkan_slot(f->rig.source, &slot, &image), FR_ERR_ARGUMENT);
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_OK);
    assert_int_equal(fr_source_vulkan_slot(f->rig.source, &slot, &image), FR_OK);
    assert_int_equal(image.image, 100 + (uint64_t)f->rig.source->current.ring.writing);
    const fr_slot before = slot;
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_OK);
    assert_int_equal(fr_source_vulkan_slot(f->rig.source, &before, &image), FR_ERR_ARGUMENT);
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_OK);
    assert_int_equal(fr_source_vulkan_slot(f->rig.source, &before, &image), FR_ERR_ARGUMENT);
    assert_int_equal(image.image, 0);
    fr_source_cancel(f->rig.source);
}

/* The program's work is under way, or it is not: a backend has no other way to know. */
static void what_was_published_is_not_given_up(void **state)
{
    struct fixture *f = *state;
    fr_slot slot;
    deliver(f, FR_SLOTS_OPAQUE_FD);
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_OK);
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_OK);
    assert_true(gpu.ends == 1 && !gpu.given_up);
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_OK);
    fr_source_cancel(f->rig.source);
    assert_true(gpu.ends == 2 && gpu.given_up == 1);
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_OK);
    retire();
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_AGAIN);
    assert_true(gpu.ends == 3 && gpu.given_up == 1);
    assert_int_equal(f->rig.source->current.ring.writing, -1);
}

static void a_slot_that_is_held_is_given_up_by_a_close(void **state)
{
    struct fixture *f = *state;
    fr_slot slot;
    deliver(f, FR_SLOTS_OPAQUE_FD);
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_OK);
    fr_source_close(&f->rig.source);
    assert_true(gpu.ends == 1 && gpu.given_up == 1);
}

/* The longest that the backend may wait, in the three ways to claim. */
static uint64_t longest_wait_ns(struct fixture *f)
{
    fr_slot slot;
    deliver(f, FR_SLOTS_OPAQUE_FD);
    assert_int_equal(fr_source_begin_ahead(f->rig.source, &slot), FR_OK);
    fr_source_cancel(f->rig.source);
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_OK);
    fr_source_cancel(f->rig.source);
    assert_int_equal(fr_source_push_vulkan(f->rig.source, &fits, NULL), FR_OK);
    return gpu.wait_ns;
}

/* A present of the capture layer claims its next slot itself. */
static void without_a_wait_no_slot_is_waited_for(void **state)
{
    assert_true(longest_wait_ns(*state) == 0);
}

static void a_slot_is_waited_for_as_long_as_the_source_says(void **state)
{
    assert_true(longest_wait_ns(*state) == PATIENCE_MS * FR_NS_PER_MS);
}

static void a_slot_in_memory_is_no_image(void **state)
{
    struct fixture *f = *state;
    fr_vulkan_slot image;
    fr_slot slot;
    deliver(f, FR_SLOTS_MEMORY);
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_OK);
    assert_int_equal(fr_source_vulkan_slot(f->rig.source, &slot, &image), FR_ERR_UNSUPPORTED);
    assert_int_equal(image.image, 0);
    assert_int_equal(fr_source_vulkan_slot(f->rig.source, &slot, NULL), FR_ERR_ARGUMENT);
    fr_source_cancel(f->rig.source);
}

static void arguments_are_checked(void **state)
{
    struct fixture *f = *state;
    fr_vulkan_image image = fits;
    assert_int_equal(fr_source_push_vulkan(NULL, &fits, NULL), FR_ERR_ARGUMENT);
    assert_int_equal(fr_source_push_vulkan(f->rig.source, NULL, NULL), FR_ERR_ARGUMENT);
    image.image = 0;
    assert_int_equal(fr_source_push_vulkan(f->rig.source, &image, NULL), FR_ERR_ARGUMENT);
    image = fits;
    image.num_wait = 1;
    assert_int_equal(fr_source_push_vulkan(f->rig.source, &image, NULL), FR_ERR_ARGUMENT);
    assert_int_equal(fr_vulkan_format(BGRA), FR_FORMAT_BGRA8);
    assert_string_equal(fr_vulkan_source_extensions()[0], "VK_KHR_external_memory_fd");
    fr_source_close(&f->rig.source);
    assert_int_equal(rig_open_source(&f->rig), FR_OK); /* without a device */
    assert_int_equal(fr_source_push_vulkan(f->rig.source, &fits, NULL), FR_ERR_UNSUPPORTED);
}

/* A picture is told by its backend. */
static void frames_say_where_they_lie(void **state)
{
    (void)state;
    struct fr_out_ring ring = {.picture_destroy = fr_vk_picture_destroy};
    struct fr_surface surface = {.ring = &ring};
    fr_frame frame = {.surface = &surface};
    fr_vulkan_picture picture;
    int fd;
    assert_int_equal(fr_frame_vulkan(&frame, &picture), FR_OK);
    assert_int_equal(picture.value, READY);
    assert_int_equal(fr_frame_vulkan_export(&frame, FR_VULKAN_HANDLE_DMA_BUF, &fd), FR_OK);
    assert_int_equal(fd, FR_VULKAN_HANDLE_DMA_BUF);
    assert_int_equal(fr_frame_vulkan_export(&frame, (fr_vulkan_handle_kind)3, &fd), FR_ERR_ARGUMENT);
    assert_int_equal(fd, -1);
    assert_int_equal(fr_frame_vulkan_wait(&frame), FR_TIMEOUT);
    assert_int_equal(fr_frame_vulkan_wait(NULL), FR_ERR_ARGUMENT);
    const uint32_t layouts[2] = {1, 6}, undefined[2] = {1, 0};
    fr_vulkan_device *device;
    assert_int_equal(fr_frame_vulkan_left(&frame, layouts), FR_OK);
    assert_int_equal(fr_frame_vulkan_left(&frame, undefined), FR_ERR_ARGUMENT);
    assert_int_equal(fr_frame_vulkan_device(&frame, &device), FR_OK);
    const fr_vulkan_device *const held = device;
    fr_vulkan_device_release(&device);
    assert_true(held && released == held && !device);
    fr_vulkan_device_release(&device);
    ring.picture_destroy = NULL;
    assert_int_equal(fr_frame_vulkan_wait(&frame), FR_ERR_UNSUPPORTED);
    assert_int_equal(fr_frame_vulkan_left(&frame, layouts), FR_ERR_UNSUPPORTED);
    assert_int_equal(fr_frame_vulkan_device(&frame, &device), FR_ERR_UNSUPPORTED);
    assert_null(device);
    assert_int_equal(fr_frame_vulkan(&frame, &picture), FR_ERR_UNSUPPORTED);
    assert_int_equal(picture.value, 0);
    assert_int_equal(fr_frame_vulkan_export(&frame, FR_VULKAN_HANDLE_OPAQUE_FD, &fd), FR_ERR_UNSUPPORTED);
    assert_int_equal(fd, -1);
    frame.surface = NULL;
    assert_int_equal(fr_frame_vulkan_left(&frame, layouts), FR_ERR_ARGUMENT);
    assert_int_equal(fr_frame_vulkan_device(&frame, &device), FR_ERR_ARGUMENT);
    assert_int_equal(fr_frame_vulkan(&frame, &picture), FR_ERR_ARGUMENT);
    assert_int_equal(fr_frame_vulkan(&frame, NULL), FR_ERR_ARGUMENT);
    assert_int_equal(fr_frame_vulkan_export(&frame, FR_VULKAN_HANDLE_OPAQUE_FD, NULL), FR_ERR_ARGUMENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_image_is_copied_on_the_gpu),
        TEST(a_ring_in_memory_is_read_back_into),
        TEST(what_does_not_fit_is_dropped),
        TEST(a_copy_that_failed_is_given_up),
        TEST(a_copy_into_a_ring_that_went_stale_is_ok),
        TEST(a_slot_is_an_image_between_begin_and_publish),
        TEST(what_was_published_is_not_given_up),
        TEST(a_slot_that_is_held_is_given_up_by_a_close),
        TEST(without_a_wait_no_slot_is_waited_for),
        cmocka_unit_test_setup_teardown(a_slot_is_waited_for_as_long_as_the_source_says, setup_patient,
                                        teardown),
        TEST(a_slot_in_memory_is_no_image),
        TEST(arguments_are_checked),
        cmocka_unit_test(frames_say_where_they_lie),
    };
    return cmocka_run_group_tests_name("vulkan", tests, NULL, NULL);
}
