/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * A session whose device is lost, again and again, at each call that can say so: it goes on with a new
 * generation on a new device, no picture is another than the source's, and frames that are held outlive their
 * device.
 */
#define _GNU_SOURCE
#include "vulkan/faults.h"

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
    bool images;
    uint32_t number; /* of the next picture */
    unsigned fresh;
} s;

/* ---- the source ---- */

/* Each picture has its number in its first pixel. */
static uint8_t *picture(uint32_t number)
{
    uint8_t *pixels = gpu_pixels(WIDTH, HEIGHT, FR_FORMAT_BGRA8, number);
    for (uint32_t y = 0; y < 2; y++)
        for (uint32_t x = 0; x < 2; x++)
            memset(pixels + (y * WIDTH + x) * BYTES, (int)(number % 16 * 16), BYTES);
    return pixels;
}

static void publish(void)
{
    uint8_t *pixels = picture(s.number++);
    const fr_image image = {.pixels = pixels,
                            .pitch_bytes = WIDTH * BYTES,
                            .width = WIDTH,
                            .height = HEIGHT,
                            .format = FR_FORMAT_BGRA8};
    struct gpu_image own;
    fr_status status;
    if (s.images) {
        gpu_image_create(&s.gpu, WIDTH, HEIGHT, FR_FORMAT_BGRA8, pixels, VK_IMAGE_LAYOUT_GENERAL, &own);
        status = fr_source_push_vulkan(s.source, &own.push, NULL);
        gpu_image_destroy(&s.gpu, &own);
    } else
        status = fr_source_push(s.source, &image, NULL);
    assert_true(status == FR_OK || status == FR_AGAIN);
    free(pixels);
}

/* The source's turn, also while the host waits for it. */
static bool serve(void *user)
{
    (void)user;
    if (s.source && fr_source_poll(s.source, 0) == FR_REATTACHED)
        publish();
    return false;
}

static void open_source(void)
{
    const fr_source_params params = {
        .target_id = 7,
        .by_target = true,
        .runtime_dir = s.dir,
        .display = {.mode = {WIDTH, HEIGHT, 60000}, .colour_state = FR_COLOUR_STATE_SDR},
        .vulkan = s.images ? &s.gpu.params : NULL,
        .log = *gpu_log()};
    assert_int_equal(fr_source_open(&s.source, &params), FR_OK);
}

/* ---- the host ---- */

/* As fr_capture_open, with the tests' loader. */
static void open_capture(const fr_vulkan_host_params *vulkan)
{
    const fr_capture_params params = {.target_id = 7,
                                      .runtime_dir = s.dir,
                                      .out_surfaces = 4,
                                      .depth = 3,
                                      .cancelled = serve,
                                      .log = *gpu_log()};
    struct fr_capture_env env = {
        .os = fr_os_native(), .notify.handle = FR_HANDLE_NONE, .pid = fr_os_process_id()};
    assert_int_equal(env.os.ops->event_create(env.os.self, NULL, &env.notify), FR_OK);
    assert_int_equal(fr_capture_native_channel(&env.channel, &params), FR_OK);
    assert_int_equal(fr_vk_host_create_with(&env.backend, vulkan, env.os, false, faults_get, gpu_log()),
                     FR_OK);
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

/* One of the source's last sixteen pictures, as the processor converts it. */
static void expect_whole(const fr_frame *frame)
{
    static uint8_t luma[HEIGHT * WIDTH], chroma[HEIGHT / 2 * WIDTH];
    const ptrdiff_t pitches[2] = {WIDTH, WIDTH};
    const fr_convert_params params = {
        .from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = WIDTH, .height = HEIGHT};
    const uint32_t grey = ((const uint8_t *)frame->plane[0])[0];
    const uint32_t name = ((grey - 16) * 255 / 219 + 8) / 16;
    uint32_t number = s.number - 1;
    while (number % 16 != name)
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
    assert_true(status == FR_OK || (status == FR_ERR_DEVICE_LOST && faults_lost()));
    if (status == FR_OK)
        expect_whole(frame);
    return status == FR_OK;
}

/* Publishes and takes until so many frames were looked at. */
static void flow(unsigned frames)
{
    fr_frame frame;
    for (unsigned tries = 0; frames; tries++) {
        assert_true(tries < 1000);
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
        assert_true(tries++ < 1000);
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
    assert_int_equal(flip.kind, FR_FLIP_DEVICE);
    assert_int_equal(fr_capture_next_flip(s.capture, &flip), FR_AGAIN);
    /* What lies in memory already is read; what does not is gone, and says so. */
    expect_whole(&mapped);
    (void)look_at(&unseen);
    take_one(&next);
    assert_true(look_at(&next));
    assert_ptr_not_equal(device_of(&next), device);
    fr_frame_release(&next);
    fr_frame_release(&mapped);
    fr_frame_release(&unseen);
    return true;
}

static void run(bool images, const char *slots, fr_vulkan_host_params vulkan)
{
    memset(&s, 0, sizeof(s));
    s.images = images;
    strcpy(s.dir, "/tmp/framering-lost-XXXXXX");
    assert_non_null(mkdtemp(s.dir));
    if (images)
        gpu_open(&s.gpu, NULL);
    open_source();
    vulkan.device = gpu_name();
    open_capture(&vulkan);
    flow(FRAMES);
    fr_capture_info info;
    fr_capture_get_info(s.capture, &info);
    assert_string_equal(info.slots, slots);
    const char *what;
    const long objects = faults_alive(&what);
    unsigned nth = 0;
    while (++nth < CALLS_MAX && lose(nth))
        /* A device alone has more. */
        assert_in_range(faults_alive(&what), 1, objects + 12);
    print_message("%s: lost at each of %u calls, %u frames\n", slots, nth - 1, s.fresh);
    assert_in_range(nth, 8, CALLS_MAX - 1);
    fr_capture_close(&s.capture);
    fr_source_close(&s.source);
    if (images)
        gpu_close(&s.gpu);
    assert_int_equal(faults_alive(&what), 0);
    char path[80];
    snprintf(path, sizeof(path), "%s/target-7.lock", s.dir);
    (void)unlink(path);
    (void)rmdir(s.dir);
}

static void images_that_are_shared(void **state)
{
    (void)state;
    run(true, "opaque fd", (fr_vulkan_host_params){0});
}

static void memory_that_is_imported(void **state)
{
    (void)state;
    run(false, "memory", (fr_vulkan_host_params){0});
}

static void memory_that_is_uploaded(void **state)
{
    (void)state;
    run(false, "memory", (fr_vulkan_host_params){.no_host_memory = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_that_are_shared),
        cmocka_unit_test(memory_that_is_imported),
        cmocka_unit_test(memory_that_is_uploaded),
    };
    return cmocka_run_group_tests_name("vulkan/lost", tests, NULL, NULL);
}
