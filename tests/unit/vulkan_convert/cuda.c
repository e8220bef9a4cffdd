/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* FFmpeg takes frames as AV_PIX_FMT_CUDA, on a fake of CUDA's library that maps the real memory. */
#include "surface.h"

#include "cuda/fake_cuda_inside.h"
#include "encode/av_cuda_driver.h"
#include "system/system.h"

#include <framering/ffmpeg.h>
#include <framering/vulkan.h>

#include <libavutil/hwcontext.h>
#include <libavutil/log.h>
#include <pthread.h>
#include <string.h>

static const fr_convert_params ways[] = {
    {.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = 322, .height = 138},
    {.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010, .width = 322, .height = 138},
    {.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = 321, .height = 137},
    {.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010, .width = 1, .height = 1},
    {.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = 1920, .height = 1080},
    {.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010, .width = 1366, .height = 768},
};

enum { NUM_WAYS = sizeof(ways) / sizeof(ways[0]) };

static int begin(void **state)
{
    (void)state;
    fr_vulkan_picture picture;
    struct surface s;
    surface_open(&s, &ways[0]);
    fr_vk_picture_get(&s.ring.surface[0].picture, &picture);
    surface_close(&s);
    fake_cuda_reset();
    memcpy(fake_cuda()->uuid, picture.device_uuid, sizeof(picture.device_uuid));
    return 0;
}

static int end(void **state)
{
    (void)state;
    assert_string_equal(fake_cuda()->wrong ? fake_cuda()->wrong : "", "");
    assert_true(fake_cuda_balanced());
    return 0;
}

static fr_av_cuda *create(void)
{
    fr_av_cuda *av;
    assert_int_equal(fr_av_cuda_create(&av), FR_OK);
    return av;
}

static AVFrame *wrap(fr_av_cuda *av, const struct surface *s)
{
    AVFrame *gpu = av_frame_alloc();
    assert_int_equal(fr_av_cuda_wrap(av, &s->frame, gpu), FR_OK);
    assert_string_equal(fr_av_cuda_reason(av), "");
    assert_int_equal(gpu->format, AV_PIX_FMT_CUDA);
    surface_expect_description(s, gpu);
    return gpu;
}

/* As NVENC reads them: one address, one pitch, and how many rows there are. */
static void expect_one_block(const struct surface *s, const AVFrame *gpu)
{
    const AVHWFramesContext *frames = (const AVHWFramesContext *)(const void *)gpu->hw_frames_ctx->data;
    assert_int_equal(frames->sw_format, surface_memory_format(s));
    assert_int_equal(gpu->linesize[0], gpu->linesize[1]);
    assert_true(frames->width % 2 == 0 && frames->height % 2 == 0);
    assert_true(frames->width >= gpu->width && frames->height >= gpu->height);
    assert_ptr_equal(gpu->data[1], gpu->data[0] + (ptrdiff_t)frames->height * gpu->linesize[0]);
    const size_t rows = (size_t)frames->height + s->frame.height / 2;
    assert_true(fake_cuda_has(gpu->data[0], rows * (size_t)gpu->linesize[0]));
}

static void frames_of_every_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_WAYS; i++) {
        struct surface s;
        surface_open(&s, &ways[i]);
        fr_av_cuda *av = create();
        AVFrame *gpu = wrap(av, &s), *again = wrap(av, &s);
        expect_one_block(&s, gpu);
        assert_ptr_equal(gpu->data[0], again->data[0]);
        assert_int_equal(s.ring.surface[0].refs, 3);
        surface_expect_download(&s, gpu);
        av_frame_free(&gpu);
        assert_int_equal(s.ring.surface[0].refs, 2);
        /* The last one outlives what made it. */
        fr_av_cuda_destroy(&av);
        surface_expect_download(&s, again);
        av_frame_free(&again);
        surface_close(&s);
        assert_int_equal(fake_cuda()->flags, CU_CTX_SCHED_BLOCKING_SYNC);
        assert_int_equal(fake_cuda()->device, 1);
        assert_true(fake_cuda_balanced());
    }
}

/* Also where no driver's images decide how. */
static void planes_lie_as_one_block(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_WAYS; i++) {
        struct surface s;
        fr_vulkan_picture picture;
        surface_open_with(&s, &ways[i], false);
        assert_int_equal(fr_frame_vulkan(&s.frame, &picture), FR_OK);
        assert_int_equal(picture.image[0], 0);
        assert_int_equal(picture.pitch_bytes[0], picture.pitch_bytes[1]);
        assert_true(picture.offset_bytes[1] >= ways[i].height * picture.pitch_bytes[0]);
        assert_int_equal(picture.offset_bytes[1] % (2 * picture.pitch_bytes[0]), 0);
        surface_close(&s);
    }
}

static void a_surface_is_imported_once(void **state)
{
    (void)state;
    enum { SURFACES = 3, FRAMES = 300 };
    struct surface s[SURFACES];
    fr_av_cuda *av = create();
    for (size_t i = 0; i < SURFACES; i++)
        surface_open(&s[i], &ways[0]);
    for (size_t i = 0; i < FRAMES; i++) {
        surface_convert(&s[i % SURFACES]);
        AVFrame *gpu = wrap(av, &s[i % SURFACES]);
        if (i % 50 == 0)
            surface_expect_download(&s[i % SURFACES], gpu);
        av_frame_free(&gpu);
    }
    assert_int_equal(fake_cuda()->imports.made, SURFACES);
    assert_int_equal(fake_cuda()->contexts.made, 1);
    fr_av_cuda_destroy(&av);
    for (size_t i = 0; i < SURFACES; i++)
        surface_close(&s[i]);
}

/* Memory that was made where another was is no known one. */
static void new_memory_is_imported_anew(void **state)
{
    (void)state;
    enum { TIMES = 40 };
    struct surface s;
    fr_av_cuda *av = create();
    surface_open(&s, &ways[0]);
    AVFrame *first = wrap(av, &s);
    AVBufferRef *encoder = av_buffer_ref(first->hw_frames_ctx);
    av_frame_free(&first);
    for (uint32_t i = 1; i < TIMES; i++) {
        surface_renew(&s);
        AVFrame *gpu = wrap(av, &s);
        surface_expect_download(&s, gpu);
        /* What an encoder may have registered stays. */
        assert_int_equal(gpu->hw_frames_ctx->data == encoder->data, i < 32);
        assert_int_equal(fake_cuda()->imports.made, i + 1);
        assert_int_equal(fake_cuda()->imports.undone, 0);
        av_frame_free(&gpu);
    }
    av_buffer_unref(&encoder);
    assert_int_equal(fake_cuda()->imports.undone, 32);
    fr_av_cuda_destroy(&av);
    surface_close(&s);
}

static void flips_let_the_old_go(void **state)
{
    (void)state;
    struct surface s[NUM_WAYS];
    fr_av_cuda *av = create();
    for (size_t i = 0; i < NUM_WAYS; i++)
        surface_open(&s[i], &ways[i]);
    AVFrame *before = wrap(av, &s[0]);
    for (size_t i = 1; i < 4 * NUM_WAYS; i++) {
        AVFrame *gpu = wrap(av, &s[i % NUM_WAYS]);
        surface_expect_download(&s[i % NUM_WAYS], gpu);
        av_frame_free(&gpu);
        /* The newest, and the one that is held. */
        assert_int_equal(fake_cuda()->imports.made - fake_cuda()->imports.undone, 2);
        assert_int_equal(fake_cuda()->contexts.made, 1);
    }
    surface_expect_download(&s[0], before);
    fr_av_cuda_destroy(&av);
    av_frame_free(&before);
    for (size_t i = 0; i < NUM_WAYS; i++)
        surface_close(&s[i]);
}

/* Its release gives up after a second; the next frame, or the end, looks again. */
static void a_surface_whose_stream_hung_is_let_go_when_it_is_over(void **state)
{
    (void)state;
    for (int ends = 0; ends < 2; ends++) {
        struct surface s, other;
        fr_av_cuda *av = create();
        surface_open(&s, &ways[0]);
        surface_open(&other, &ways[0]);
        AVFrame *hangs = wrap(av, &s);
        fake_cuda()->hangs = true;
        av_frame_free(&hangs);
        assert_int_equal(s.ring.surface[0].refs, 2);
        AVFrame *next = wrap(av, &other);
        assert_int_equal(s.ring.surface[0].refs, 2);
        fake_cuda()->hangs = false;
        av_frame_free(&next);
        if (!ends) {
            next = wrap(av, &other);
            assert_int_equal(s.ring.surface[0].refs, 1);
            av_frame_free(&next);
        }
        fr_av_cuda_destroy(&av);
        surface_close(&other);
        surface_close(&s);
    }
}

static void a_surface_is_held_while_the_stream_reads_it(void **state)
{
    (void)state;
    struct surface s;
    fr_av_cuda *av = create();
    surface_open(&s, &ways[0]);
    AVFrame *gpu = wrap(av, &s);
    fake_cuda()->busy = 3;
    av_frame_free(&gpu);
    assert_int_equal(fake_cuda()->queries, 4);
    fr_av_cuda_destroy(&av);
    surface_close(&s);

    char reason[FR_REASON_BYTES];
    struct fr_cuda cuda;
    CUcontext context;
    assert_int_equal(fr_cuda_load(&cuda, reason), FR_OK);
    assert_int_equal(cuCtxCreate_v2(&context, 0, 1), CUDA_SUCCESS);
    assert_int_equal(cuCtxPopCurrent_v2(NULL), CUDA_SUCCESS);
    fake_cuda()->hangs = true;
    assert_false(fr_cuda_settle(&cuda, context, NULL, 1000000));
    fake_cuda()->hangs = false;
    fake_cuda()->fail_call = fake_cuda()->calls + 1;
    assert_true(fr_cuda_settle(&cuda, context, NULL, 1000000)); /* it failed: nothing runs any more */
    assert_int_equal(cuCtxDestroy_v2(context), CUDA_SUCCESS);
    fr_cuda_unload(&cuda);
}

enum { HANDED = 200, ROOM = 4 };

struct handing {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    AVFrame *frame[ROOM];
    unsigned count;
};

static void *let_go(void *arg)
{
    struct handing *h = arg;
    for (int i = 0; i < HANDED; i++) {
        (void)pthread_mutex_lock(&h->mutex);
        while (h->count == 0)
            (void)pthread_cond_wait(&h->changed, &h->mutex);
        AVFrame *frame = h->frame[--h->count];
        (void)pthread_cond_broadcast(&h->changed);
        (void)pthread_mutex_unlock(&h->mutex);
        av_frame_free(&frame);
    }
    return NULL;
}

/* Also the last of an old size, which ends its mappings there. */
static void frames_are_released_on_another_thread(void **state)
{
    (void)state;
    struct handing h = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct surface s[2];
    pthread_t thread;
    fr_av_cuda *av = create();
    for (size_t i = 0; i < 2; i++)
        surface_open(&s[i], &ways[i]);
    assert_int_equal(pthread_create(&thread, NULL, let_go, &h), 0);
    for (size_t i = 0; i < HANDED; i++) {
        AVFrame *gpu = wrap(av, &s[i / 5 % 2]);
        (void)pthread_mutex_lock(&h.mutex);
        while (h.count == ROOM)
            (void)pthread_cond_wait(&h.changed, &h.mutex);
        h.frame[h.count++] = gpu;
        (void)pthread_cond_broadcast(&h.changed);
        (void)pthread_mutex_unlock(&h.mutex);
    }
    (void)pthread_join(thread, NULL);
    fr_av_cuda_destroy(&av);
    for (size_t i = 0; i < 2; i++)
        surface_close(&s[i]);
}

static bool has_failed(void)
{
    const struct fake_cuda *fake = fake_cuda();
    return (fake->fail_call && fake->calls >= fake->fail_call) ||
           (fake->fail_push && fake->pushes >= fake->fail_push);
}

/* True: nothing failed. */
static bool use_once(const struct surface *s)
{
    fr_av_cuda *av = create();
    AVFrame *gpu = av_frame_alloc(), *cpu = av_frame_alloc();
    const fr_status status = fr_av_cuda_wrap(av, &s->frame, gpu);
    bool good = status == FR_OK;
    if (good) {
        /* FFmpeg 5.1 says that a download was good when a copy failed. */
        good = av_hwframe_transfer_data(cpu, gpu, 0) == 0 && !has_failed();
        if (good)
            surface_expect_pixels(s, cpu);
    } else {
        assert_int_equal(status, FR_ERR_UNSUPPORTED);
        assert_string_not_equal(fr_av_cuda_reason(av), "");
        assert_null(gpu->buf[0]);
        assert_null(gpu->hw_frames_ctx);
        /* What failed once may work then. */
        fake_cuda()->fail_call = fake_cuda()->fail_push = 0;
        assert_int_equal(fr_av_cuda_wrap(av, &s->frame, gpu), FR_OK);
    }
    av_frame_free(&gpu);
    av_frame_free(&cpu);
    fr_av_cuda_destroy(&av);
    return good;
}

static void each_call_fails_once(void **state)
{
    (void)state;
    struct surface s;
    surface_open(&s, &ways[0]);
    assert_true(use_once(&s));
    const uint32_t calls = fake_cuda()->calls;
    const size_t descriptors = system_count_handles();
    uint32_t failed = 0;
    /* Of the contexts that are entered: to import, and to download. */
    for (uint32_t i = 1; i <= calls + 2; i++) {
        fake_cuda_reset();
        fake_cuda()->fail_call = i <= calls ? i : 0;
        fake_cuda()->fail_push = i <= calls ? 0 : i - calls;
        failed += !use_once(&s);
        assert_string_equal(fake_cuda()->wrong ? fake_cuda()->wrong : "", "");
        assert_true(fake_cuda_balanced());
        assert_int_equal(s.ring.surface[0].refs, 1);
        assert_int_equal(system_count_handles(), descriptors);
    }
    assert_true(failed > 8);
    surface_close(&s);
}

static void expect_refused(const struct surface *s, const char *reason)
{
    fr_av_cuda *av = create();
    AVFrame *out = av_frame_alloc();
    assert_int_equal(fr_av_cuda_wrap(av, &s->frame, out), FR_ERR_UNSUPPORTED);
    assert_string_equal(fr_av_cuda_reason(av), reason);
    assert_null(out->buf[0]);
    assert_int_equal(s->ring.surface[0].refs, 1);
    fr_av_cuda_destroy(&av);
    assert_null(av);
    av_frame_free(&out);
}

static void what_is_refused(void **state)
{
    (void)state;
    struct surface s;
    surface_open(&s, &ways[0]);
    fake_cuda()->uuid[15] ^= 1;
    expect_refused(&s, "the GPU that the frames lie on is none of CUDA's 2");
    fake_cuda()->uuid[15] ^= 1;
    fake_cuda()->init = FAKE_CUDA_NO_DEVICE;
    expect_refused(&s, "CUDA does not start: CUDA_ERROR_NO_DEVICE");
    fake_cuda()->init = CUDA_SUCCESS;
    struct fr_vk_picture *picture = s.ring.surface[0].picture.object;
    picture->pitch_bytes[1] += 64;
    expect_refused(&s, "the frame's planes do not lie as CUDA's encoders take them");
    picture->pitch_bytes[1] -= 64;
    picture->handle_types = 0;
    expect_refused(&s, "the frames' device does not export their memory as OPAQUE_FD");
    surface_close(&s);

    struct fr_out_ring ring = {.refs = 1};
    struct surface memory = {.ring = {.surface[0] = {.refs = 1, .ring = &ring}}};
    memory.frame = (fr_frame){.width = 2, .height = 2, .format = FR_FORMAT_NV12};
    expect_refused(&memory, "the frame does not lie on a GPU");
    memory.frame.surface = &memory.ring.surface[0];
    expect_refused(&memory, "the frame does not lie on a GPU");
}

static void arguments(void **state)
{
    (void)state;
    fr_av_cuda *av = create();
    AVFrame *out = av_frame_alloc();
    const fr_frame frame = {.width = 2, .height = 2};
    assert_int_equal(fr_av_cuda_create(NULL), FR_ERR_ARGUMENT);
    assert_int_equal(fr_av_cuda_wrap(NULL, &frame, out), FR_ERR_ARGUMENT);
    assert_int_equal(fr_av_cuda_wrap(av, NULL, out), FR_ERR_ARGUMENT);
    assert_int_equal(fr_av_cuda_wrap(av, &frame, NULL), FR_ERR_ARGUMENT);
    assert_string_equal(fr_av_cuda_reason(NULL), "");
    fr_av_cuda_destroy(&av);
    fr_av_cuda_destroy(&av);
    fr_av_cuda_destroy(NULL);
    av_frame_free(&out);
}

int main(void)
{
    av_log_set_level(AV_LOG_QUIET);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_of_every_kind, begin, end),
        cmocka_unit_test_setup_teardown(planes_lie_as_one_block, begin, end),
        cmocka_unit_test_setup_teardown(a_surface_is_imported_once, begin, end),
        cmocka_unit_test_setup_teardown(new_memory_is_imported_anew, begin, end),
        cmocka_unit_test_setup_teardown(flips_let_the_old_go, begin, end),
        cmocka_unit_test_setup_teardown(a_surface_whose_stream_hung_is_let_go_when_it_is_over, begin, end),
        cmocka_unit_test_setup_teardown(a_surface_is_held_while_the_stream_reads_it, begin, end),
        cmocka_unit_test_setup_teardown(frames_are_released_on_another_thread, begin, end),
        cmocka_unit_test_setup_teardown(each_call_fails_once, begin, end),
        cmocka_unit_test_setup_teardown(what_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(arguments, begin, end),
    };
    return cmocka_run_group_tests_name("vulkan: CUDA", tests, NULL, NULL);
}
