/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * A host on the GPU and a source that says what it changed: whatever is taken, skipped and held, no pixel is
 * more than a code off what the processor makes of the whole frame.
 */
#define _GNU_SOURCE
#include "vulkan/gpu.h"

#include <framering/capture.h>
#include <framering/convert.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 151, HEIGHT = 34, BYTES = 4, STEPS = 240, HELD_MAX = 2, DAMAGE_MAX = 256 };

static struct session {
    char dir[64];
    fr_capture *capture;
    fr_source *source;
    struct gpu gpu;
    bool images;
    uint64_t random;
    uint8_t canvas[HEIGHT * WIDTH * BYTES], published[HEIGHT * WIDTH * BYTES];
    bool has_damage;
    fr_rect damage[DAMAGE_MAX];
    uint32_t num_damage;
    fr_frame held[HELD_MAX];
    unsigned num_held, fresh;
} s;

static uint32_t next_random(void)
{
    s.random ^= s.random << 13;
    s.random ^= s.random >> 7;
    s.random ^= s.random << 17;
    return (uint32_t)(s.random >> 32);
}

/* ---- the source ---- */

static void paint(void)
{
    const uint32_t most = next_random() % 8 ? 12 : WIDTH;
    fr_rect rect = {.x = next_random() % WIDTH, .y = next_random() % HEIGHT};
    rect.width = 1 + next_random() % most;
    rect.height = 1 + next_random() % most;
    rect.width = rect.width < WIDTH - rect.x ? rect.width : WIDTH - rect.x;
    rect.height = rect.height < HEIGHT - rect.y ? rect.height : HEIGHT - rect.y;
    for (uint32_t y = rect.y; y < rect.y + rect.height; y++)
        for (uint32_t at = rect.x * BYTES; at < (rect.x + rect.width) * BYTES; at++)
            s.canvas[y * WIDTH * BYTES + at] = (uint8_t)next_random();
    assert_true(s.num_damage < DAMAGE_MAX);
    s.damage[s.num_damage++] = rect;
}

static fr_status push_image(const fr_publish_info *info)
{
    struct gpu_image image;
    gpu_image_create(&s.gpu, WIDTH, HEIGHT, FR_FORMAT_BGRA8, s.canvas, VK_IMAGE_LAYOUT_GENERAL, &image);
    const fr_status status = fr_source_push_vulkan(s.source, &image.push, info);
    gpu_image_destroy(&s.gpu, &image);
    return status;
}

static void publish(void)
{
    const fr_publish_info info = {.damage = s.has_damage ? s.damage : NULL, .num_damage = s.num_damage};
    const fr_image image = {.pixels = s.canvas,
                            .pitch_bytes = WIDTH * BYTES,
                            .width = WIDTH,
                            .height = HEIGHT,
                            .format = FR_FORMAT_BGRA8};
    const fr_status status = s.images ? push_image(&info) : fr_source_push(s.source, &image, &info);
    assert_true(status == FR_OK || status == FR_AGAIN);
    if (status != FR_OK)
        return;
    memcpy(s.published, s.canvas, sizeof(s.published));
    s.has_damage = true;
    s.num_damage = 0;
}

/* The source's turn, also while the host waits for it. */
static bool serve(void *user)
{
    (void)user;
    if (s.source && fr_source_poll(s.source, 0) == FR_REATTACHED) {
        s.has_damage = false;
        publish();
    }
    return false;
}

/* ---- the host ---- */

static unsigned difference(const uint8_t *a, const uint8_t *b, size_t count)
{
    unsigned largest = 0;
    for (size_t i = 0; i < count; i++) {
        const unsigned off = (unsigned)abs(a[i] - b[i]);
        largest = off > largest ? off : largest;
    }
    return largest;
}

static void expect_whole(const fr_frame *frame)
{
    static uint8_t luma[HEIGHT * WIDTH], chroma[HEIGHT * (WIDTH + 1)];
    const ptrdiff_t pitches[2] = {WIDTH, WIDTH + 1};
    const fr_convert_params params = {
        .from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = WIDTH, .height = HEIGHT};
    fr_converter *converter = NULL;
    assert_int_equal(fr_converter_create(&converter, &params), FR_OK);
    fr_converter_run(converter, s.published, WIDTH * BYTES, (void *const[2]){luma, chroma}, pitches);
    fr_converter_destroy(&converter);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        const uint8_t *row = (const uint8_t *)frame->plane[0] + y * frame->pitch_bytes[0];
        if (difference(row, luma + y * WIDTH, WIDTH) > 1)
            fail_msg("sequence %u: row %u differs", frame->sequence, y);
    }
    for (uint32_t y = 0; y < HEIGHT / 2; y++) {
        const uint8_t *row = (const uint8_t *)frame->plane[1] + y * frame->pitch_bytes[1];
        if (difference(row, chroma + y * (WIDTH + 1), WIDTH + 1) > 1)
            fail_msg("sequence %u: chroma row %u differs", frame->sequence, y);
    }
}

static void let_go(unsigned which)
{
    fr_frame_release(&s.held[which]);
    s.held[which] = s.held[--s.num_held];
}

static void take(void)
{
    fr_frame frame;
    const fr_status status = fr_capture_try_latest(s.capture, &frame);
    assert_true(status == FR_OK || status == FR_AGAIN);
    if (status != FR_OK)
        return;
    assert_int_equal(fr_frame_map(&frame), FR_OK);
    expect_whole(&frame);
    s.fresh++;
    if (s.num_held < HELD_MAX && next_random() % 3 == 0)
        s.held[s.num_held++] = frame;
    else
        fr_frame_release(&frame);
}

static void run(bool images, const char *slots, fr_vulkan_host_params vulkan)
{
    memset(&s, 0, sizeof(s));
    s.images = images;
    s.random = 88172645463325252u;
    strcpy(s.dir, "/tmp/framering-damage-XXXXXX");
    assert_non_null(mkdtemp(s.dir));
    if (images)
        gpu_open(&s.gpu, NULL);
    s.source = gpu_open_source(s.dir, WIDTH, HEIGHT, s.images ? &s.gpu.params : NULL);
    vulkan.device = gpu_name();
    const fr_capture_params params = {.target_id = 7,
                                      .timing = *gpu_timing(),
                                      .backend = FR_BACKEND_VULKAN,
                                      .out_surfaces = 4,
                                      .depth = 3,
                                      .runtime_dir = s.dir,
                                      .vulkan = &vulkan,
                                      .cancelled = serve,
                                      .log = *gpu_log()};
    assert_int_equal(fr_capture_open(&s.capture, &params, NULL), FR_OK);
    for (unsigned step = 0; step < STEPS; step++) {
        serve(NULL);
        for (uint32_t i = next_random() % 6; i > 2; i--)
            paint();
        if (next_random() % 3)
            publish();
        if (next_random() % 4)
            take();
        if (s.num_held && next_random() % 2)
            let_go(next_random() % s.num_held);
    }
    fr_capture_info info;
    fr_capture_get_info(s.capture, &info);
    print_message("%u fresh of %llu, %s by %s\n", s.fresh, (unsigned long long)info.published, info.slots,
                  info.sync);
    assert_string_equal(info.backend, "vulkan");
    if (strcmp(info.slots, slots) != 0)
        fail_msg("the slots are %s, not %s", info.slots, slots);
    assert_true(s.fresh > STEPS / 4 && s.fresh < info.published);
    while (s.num_held)
        let_go(0);
    fr_capture_close(&s.capture);
    fr_source_close(&s.source);
    if (images)
        gpu_close(&s.gpu);
    char path[80];
    snprintf(path, sizeof(path), "%s/target-7.lock", s.dir);
    (void)unlink(path);
    (void)rmdir(s.dir);
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

static void images_that_are_shared(void **state)
{
    (void)state;
    run(true, "opaque fd", (fr_vulkan_host_params){0});
}

static void images_that_are_read_back(void **state)
{
    (void)state;
    run(true, "memory", (fr_vulkan_host_params){.no_opaque_fd = true, .no_dma_buf = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_is_imported),
        cmocka_unit_test(memory_that_is_uploaded),
        cmocka_unit_test(images_that_are_shared),
        cmocka_unit_test(images_that_are_read_back),
    };
    return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
