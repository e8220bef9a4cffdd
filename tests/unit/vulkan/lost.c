/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * A session whose device is lost, again and again, at each call that can say so: it goes on with a new
 * generation on a new device, no picture is another than the source's, and frames that are held outlive their
 * device. The same with the source's device.
 */
#define _GNU_SOURCE
#include "backend/pair.h"
#include "vulkan/faults.h"
#include "vulkan/lend.h"

#include "backend/cpu/cpu.h"
#include "backend/vulkan/host.h"
#include "capture/capture.h"
#include "capture/native.h"

#include <framering/convert.h>
#include <framering/source.h>
#include <framering/vulkan.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* CALLS_MAX: more than one frame needs of those that can say so. */
enum { WIDTH = 66, HEIGHT = 34, BYTES = 4, FRAMES = 4, CALLS_MAX = 60 };

static struct session {
    char dir[64];
    fr_capture *capture;
    fr_source *source;
    struct gpu gpu;
    bool images, source_loses;
    uint32_t number; /* of the next picture */
    unsigned fresh;
} s;

/* ---- the source ---- */

/* Each picture has its number, of which eight bits will do, in its first four columns. */
static uint8_t *picture(uint32_t number)
{
    uint8_t *pixels = pair_pixels(WIDTH, HEIGHT, FR_FORMAT_BGRA8, number);
    for (uint32_t y = 0; y < 2; y++)
        for (uint32_t x = 0; x < 4; x++)
            memset(pixels + (y * WIDTH + x) * BYTES, (int)((number >> (x < 2 ? 0 : 4)) % 16 * 16), BYTES);
    return pixels;
}

static void open_gpu(void)
{
    const fr_vulkan_host_params params = {.device = gpu_name()};
    const struct fr_vk_wish wish = {.params = &params, .alone = true, .get_instance_proc_addr = faults_get};
    const PFN_vkGetInstanceProcAddr get = faults_get;
    struct fr_vk_device *device;
    if (!s.source_loses) {
        gpu_open(&s.gpu, lend_get);
        return;
    }
    faults_pause(true);
    assert_int_equal(fr_vk_device_create(&device, &wish, NULL), FR_OK);
    gpu_open_on(&s.gpu, device);
    fr_vk_device_unref(device);
    s.gpu.params.get_instance_proc_addr = *(void *const *)&get;
    faults_pause(false);
}

static void close_gpu(void)
{
    faults_pause(true);
    gpu_close(&s.gpu);
    faults_pause(false);
}

static fr_status push_image(const uint8_t *pixels)
{
    struct gpu_image image;
    faults_pause(true);
    gpu_image_create(&s.gpu, WIDTH, HEIGHT, FR_FORMAT_BGRA8, pixels, VK_IMAGE_LAYOUT_GENERAL, &image);
    faults_pause(false);
    const fr_status status = fr_source_push_vulkan(s.source, &image.push, NULL);
    faults_pause(true);
    gpu_image_destroy(&s.gpu, &image);
    faults_pause(false);
    return status;
}

/* What a program does whose device is lost. */
static void begin_again(void)
{
    fr_source_close(&s.source);
    close_gpu();
    open_gpu();
    s.source = gpu_open_source(s.dir, WIDTH, HEIGHT, s.images ? &s.gpu.params : NULL);
}

static void publish(void)
{
    uint8_t *pixels = picture(s.number);
    const fr_image image = {.pixels = pixels,
                            .pitch_bytes = WIDTH * BYTES,
                            .width = WIDTH,
                            .height = HEIGHT,
                            .format = FR_FORMAT_BGRA8};
    const unsigned losses = faults_lost();
    const fr_status status = s.images ? push_image(pixels) : fr_source_push(s.source, &image, NULL);
    free(pixels);
    if (status == FR_ERR_DEVICE_LOST && s.source_loses && faults_lost())
        begin_again();
    else
        assert_true((status == FR_OK || status == FR_AGAIN) && (!s.source_loses || faults_lost() == losses));
    /* One that was not published is not seen. */
    s.number += status == FR_OK;
}

/* The source's turn, also while the host waits for it. */
static bool serve(void *user)
{
    (void)user;
    const fr_status status = s.source ? fr_source_poll(s.source, 0) : FR_AGAIN;
    assert_true(status >= 0 || (status == FR_ERR_DEVICE_LOST && s.source_loses && faults_lost()));
    if (status == FR_ERR_DEVICE_LOST)
        begin_again();
    else if (status == FR_REATTACHED)
        publish();
    return false;
}

/* ---- the host ---- */

/* As fr_capture_open, with the tests' loader. */
static void open_capture(const fr_vulkan_host_params *vulkan)
{
    const fr_capture_params params = {.target_id = 7,
                                      .timing = *gpu_timing(),
                                      .runtime_dir = s.dir,
                                      .out_surfaces = 4,
                                      .depth = 3,
                                      .cancelled = serve,
                                      .log = *gpu_log()};
    struct fr_capture_env env = {
        .os = fr_os_native(), .notify.handle = FR_HANDLE_NONE, .pid = fr_os_process_id()};
    assert_int_equal(env.os.ops->event_create(env.os.self, NULL, &env.notify), FR_OK);
    assert_int_equal(fr_capture_native_channel(&env.channel, &params), FR_OK);
    const PFN_vkGetInstanceProcAddr get = s.source_loses ? lend_get : faults_get;
    assert_int_equal(fr_vk_host_create_with(&env.backend, vulkan, env.os, false, get, gpu_log()), FR_OK);
    assert_int_equal(fr_cpu_host_create(&env.fallback, env.os), FR_OK);
    assert_int_equal(fr_capture_open_env(&s.capture, &params, NULL, &env), FR_OK);
}

static void expect_plane(const fr_frame *frame, int plane, const uint8_t *wanted, size_t row, uint32_t rows)
{
    for (uint32_t y = 0; y < rows; y++) {
        const uint8_t *found = (const uint8_t *)frame->plane[plane] + y * frame->pitch_bytes[plane];
        for (size_t x = 0; x < row; x++)
            if (abs(found[x] - wanted[y * row + x]) > 1)
                fail_msg("plane %d, row %u, byte %zu: %u for %u", plane, y, x, found[x], wanted[y * row + x]);
    }
}

static uint32_t nibble(uint8_t luma)
{
    return (uint32_t)(((luma - 16) * 255 / 219 + 8) / 16);
}

/* One of the source's pictures, as the processor converts it. */
static void expect_whole(const fr_frame *frame)
{
    static uint8_t luma[HEIGHT * WIDTH], chroma[HEIGHT / 2 * WIDTH];
    const ptrdiff_t pitches[2] = {WIDTH, WIDTH};
    const fr_convert_params params = {
        .from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = WIDTH, .height = HEIGHT};
    const uint8_t *first = frame->plane[0];
    const uint32_t name = nibble(first[0]) | nibble(first[2]) << 4;
    uint32_t number = s.number - 1;
    while (number % 256 != name)
        assert_true(number-- > 0);
    uint8_t *pixels = picture(number);
    fr_converter *converter = NULL;
    assert_int_equal(fr_converter_create(&converter, &params), FR_OK);
    fr_converter_run(converter, pixels, WIDTH * BYTES, (void *const[2]){luma, chroma}, pitches);
    fr_converter_destroy(&converter);
    free(pixels);
    expect_plane(frame, 0, luma, WIDTH, HEIGHT);
    expect_plane(frame, 1, chroma, WIDTH, HEIGHT / 2);
}

/* What a consumer does with a frame. False: its device was lost before its pixels were there. */
static bool look_at(fr_frame *frame)
{
    const fr_status status = fr_frame_map(frame);
    assert_true(status == FR_OK || (status == FR_ERR_DEVICE_LOST && !s.source_loses && faults_lost()));
    if (status == FR_OK)
        expect_whole(frame);
    return status == FR_OK;
}

/* Publishes and takes until so many frames were looked at. */
static void flow(unsigned frames)
{
    fr_frame frame;
    for (unsigned tries = 0; frames; tries++) {
        assert_true(tries < 30000);
        serve(NULL);
        publish();
        const fr_status status = fr_capture_try_latest(s.capture, &frame);
        assert_true(status == FR_OK || status == FR_AGAIN);
        if (status == FR_AGAIN) {
            (void)usleep(1000);
            continue;
        }
        frames -= look_at(&frame);
        s.fresh++;
        fr_frame_release(&frame);
    }
}

static VkDevice device_of(const fr_frame *frame)
{
    fr_vulkan_picture inside;
    assert_int_equal(fr_frame_vulkan(frame, &inside), FR_OK);
    return inside.device;
}

static void take_one(fr_frame *out)
{
    fr_status status;
    unsigned tries = 0;
    do {
        assert_true(tries++ < 30000);
        serve(NULL);
        publish();
        status = fr_capture_try_latest(s.capture, out);
        assert_true(status == FR_OK || status == FR_AGAIN);
    } while (status != FR_OK);
}

/* At the n-th call; false: so many were not made. */
static bool lose(unsigned nth)
{
    fr_capture_info before, after;
    fr_frame mapped, unseen, next;
    fr_flip flip = {0};
    const unsigned losses = faults_lost();
    fr_capture_get_info(s.capture, &before);
    while (fr_capture_next_flip(s.capture, &flip) == FR_OK)
        ;
    take_one(&mapped);
    assert_true(look_at(&mapped));
    take_one(&unseen);
    assert_int_equal(fr_frame_vulkan_wait(&unseen), FR_OK);
    const VkDevice device = device_of(&mapped);
    faults_lose(nth);
    flow(FRAMES);
    faults_lose(0);
    if (faults_lost() == losses) {
        fr_frame_release(&mapped);
        fr_frame_release(&unseen);
        return false;
    }
    /* The last frames of a device that is found lost by who looks at them may come before the capture knows.
     */
    flow(FRAMES);
    fr_capture_get_info(s.capture, &after);
    assert_int_equal(after.generation, before.generation + 1);
    assert_int_equal(after.generations, before.generations + 1);
    assert_int_equal(after.state, FR_CAPTURE_RUNNING);
    assert_string_equal(after.backend, "vulkan");
    assert_string_equal(after.slots, before.slots);
    assert_int_equal(fr_capture_next_flip(s.capture, &flip), FR_OK);
    assert_int_equal(flip.kind, s.source_loses ? FR_FLIP_SOURCE : FR_FLIP_DEVICE);
    assert_int_equal(fr_capture_next_flip(s.capture, &flip), FR_AGAIN);
    /* What lies in memory already is read; what does not is gone, and says so. */
    expect_whole(&mapped);
    (void)look_at(&unseen);
    take_one(&next);
    assert_true(look_at(&next));
    assert_int_equal(device_of(&next) == device, s.source_loses);
    fr_frame_release(&next);
    fr_frame_release(&mapped);
    fr_frame_release(&unseen);
    return true;
}

/* The ways are as fr_capture_info names them. */
struct way {
    bool images, source_loses;
    const char *slots, *sync;
};

static void run(const struct way *way, fr_vulkan_host_params vulkan)
{
    memset(&s, 0, sizeof(s));
    s.images = way->images;
    s.source_loses = way->source_loses;
    strcpy(s.dir, "/tmp/framering-lost-XXXXXX");
    assert_non_null(mkdtemp(s.dir));
    if (s.images)
        open_gpu();
    s.source = gpu_open_source(s.dir, WIDTH, HEIGHT, s.images ? &s.gpu.params : NULL);
    vulkan.device = gpu_name();
    open_capture(&vulkan);
    flow(FRAMES);
    fr_capture_info info;
    fr_capture_get_info(s.capture, &info);
    assert_string_equal(info.slots, way->slots);
    if (way->sync)
        assert_string_equal(info.sync, way->sync);
    const char *what;
    const long objects = faults_alive(&what);
    unsigned nth = 0;
    while (++nth < CALLS_MAX && lose(nth))
        /* A device alone has more. */
        assert_in_range(faults_alive(&what), 1, objects + 12);
    print_message("%s by %s: lost at each of %u calls, %u frames\n", info.slots, info.sync, nth - 1, s.fresh);
    assert_in_range(nth, FRAMES + 1, CALLS_MAX - 1);
    fr_capture_close(&s.capture);
    if (s.images) /* the loader asks the instance that it saw last */
        (void)lend_get(s.gpu.device->instance, "vkDestroyInstance");
    fr_source_close(&s.source);
    if (s.images)
        close_gpu();
    assert_int_equal(faults_alive(&what), 0);
    char path[80];
    snprintf(path, sizeof(path), "%s/target-7.lock", s.dir);
    (void)unlink(path);
    (void)rmdir(s.dir);
}

static void images_that_are_shared(void **state)
{
    (void)state;
    run(&(struct way){.images = true, .slots = "opaque fd"}, (fr_vulkan_host_params){.no_dma_buf = true});
}

/* Kept in step by fences; lent where the driver has none. */
static void images_that_are_shared_as_dma_buf(void **state)
{
    (void)state;
    struct gpu gpu;
    gpu_open(&gpu, NULL);
    const bool there = gpu.device->dma_buf && gpu.device->sync_file;
    gpu_close(&gpu);
    if (!there && getenv("FRAMERING_TEST_GPU"))
        skip();
    lend_dma_buf(!there);
    run(&(struct way){.images = true, .slots = "dma-buf", .sync = "sync file"},
        (fr_vulkan_host_params){.no_opaque_fd = true, .no_timeline = true});
    lend_dma_buf(false);
}

static void memory_that_is_imported(void **state)
{
    (void)state;
    run(&(struct way){.slots = "memory"}, (fr_vulkan_host_params){0});
}

static void memory_that_is_uploaded(void **state)
{
    (void)state;
    run(&(struct way){.slots = "memory"}, (fr_vulkan_host_params){.no_host_memory = true});
}

static void the_sources_device(void **state)
{
    (void)state;
    run(&(struct way){.images = true, .source_loses = true, .slots = "opaque fd"},
        (fr_vulkan_host_params){.no_dma_buf = true});
}

static void the_sources_device_that_is_read_back(void **state)
{
    (void)state;
    run(&(struct way){.images = true, .source_loses = true, .slots = "memory"},
        (fr_vulkan_host_params){.no_opaque_fd = true, .no_dma_buf = true});
}

/* An argument: the tests that it names, as in "*dma_buf". */
int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_that_are_shared),  cmocka_unit_test(images_that_are_shared_as_dma_buf),
        cmocka_unit_test(memory_that_is_imported), cmocka_unit_test(memory_that_is_uploaded),
        cmocka_unit_test(the_sources_device),      cmocka_unit_test(the_sources_device_that_is_read_back),
    };
    return cmocka_run_group_tests_name("vulkan/lost", tests, NULL, NULL);
}
