/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Frames of Vulkan reach VA-API as they lie, through FFmpeg and libva, on a driver of the tests that maps the
 * real memory. */
#include "surface.h"

#include "encode/gpu_feeder.h"
#include "vaapi/fake_va.h"

#include <framering/encode.h>

#include <libavformat/avformat.h>
#include <libavutil/hwcontext.h>
#include <libavutil/log.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SURFACES = 3, FRAMES = 30 };

static const fr_convert_params ways[] = {
    {.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = 322, .height = 138},
    {.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010, .width = 322, .height = 138},
    {.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = 323, .height = 139},
    {.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010, .width = 323, .height = 139},
    {.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = 1920, .height = 1080},
    {.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010, .width = 1366, .height = 768},
};

enum { NUM_WAYS = sizeof(ways) / sizeof(ways[0]) };

static int begin(void **state)
{
    (void)state;
    fake_va_reset();
    return 0;
}

static int end(void **state)
{
    (void)state;
    assert_string_equal(fake_va()->wrong ? fake_va()->wrong : "", "");
    assert_true(fake_va_balanced());
    return 0;
}

static const AVCodec *encoder_for(const struct surface *s)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(s->frame.has_hdr ? "hevc_vaapi" : "h264_vaapi");
    assert_non_null(codec);
    return codec;
}

static struct fr_gpu_feeder *open_feeder(const struct surface *s)
{
    char reason[FR_REASON_BYTES] = "";
    struct fr_gpu_keep keep = {0};
    struct fr_gpu_feeder *feeder;
    const fr_status status = fr_gpu_feeder_open(&feeder, encoder_for(s), &s->frame, &keep, reason);
    assert_string_equal(reason, "");
    assert_int_equal(status, FR_OK);
    assert_string_equal(fr_gpu_feeder_name(feeder), "vaapi");
    return feeder;
}

static AVFrame *make(struct fr_gpu_feeder *feeder, const struct surface *s)
{
    char reason[FR_REASON_BYTES] = "";
    AVFrame *out = av_frame_alloc();
    assert_int_equal(fr_gpu_feeder_make(feeder, out, &s->frame, reason), FR_OK);
    assert_int_equal(out->format, AV_PIX_FMT_VAAPI);
    return out;
}

/* ---- frames ---- */

static void expect_layout(const struct surface *s)
{
    const VADRMPRIMESurfaceDescriptor *d = &fake_va()->import;
    fr_vulkan_picture picture;
    assert_int_equal(fr_frame_vulkan(&s->frame, &picture), FR_OK);
    assert_int_equal(d->width, s->frame.width & ~1u);
    assert_int_equal(d->height, s->frame.height & ~1u);
    assert_int_equal(d->fourcc, s->frame.has_hdr ? VA_FOURCC_P010 : VA_FOURCC_NV12);
    assert_int_equal(d->objects[0].size, picture.bytes);
    for (int i = 0; i < 2; i++) {
        const int layer = s->frame.has_hdr ? i : 0, plane = s->frame.has_hdr ? 0 : i;
        assert_int_equal(d->layers[layer].offset[plane], picture.offset_bytes[i]);
        assert_int_equal(d->layers[layer].pitch[plane], picture.pitch_bytes[i]);
    }
}

static void what_is_downloaded_is_what_was_drawn(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_WAYS; i++) {
        struct surface s;
        surface_open(&s, &ways[i]);
        struct fr_gpu_feeder *feeder = open_feeder(&s);
        expect_layout(&s);
        AVFrame *gpu = make(feeder, &s), *again = make(feeder, &s);
        assert_ptr_equal(gpu->data[3], again->data[3]);
        assert_int_equal(s.ring.surface[0].refs, 3);
        s.frame.width &= ~1u;
        s.frame.height &= ~1u;
        surface_expect_description(&s, gpu);
        surface_expect_download(&s, gpu);
        av_frame_free(&gpu);
        assert_int_equal(s.ring.surface[0].refs, 2);
        /* The last one outlives what made it. */
        fr_gpu_feeder_close(&feeder);
        surface_expect_download(&s, again);
        av_frame_free(&again);
        assert_int_equal(fake_va()->imports.made, i + 1);
        assert_int_equal(fake_va()->imports.undone, i + 1);
        surface_close(&s);
    }
}

static void the_kernel_knows_it_as_a_dma_buf(void **state)
{
    (void)state;
    struct surface s;
    if (!getenv("FRAMERING_VM")) {
        print_message("DMA-BUFs are lent here: tests/vm/run has real ones\n");
        skip();
    }
    surface_open(&s, &ways[0]);
    struct fr_gpu_feeder *feeder = open_feeder(&s);
    assert_int_equal(fake_va()->dma_bufs, 1);
    fr_gpu_feeder_close(&feeder);
    surface_close(&s);
}

static void a_memory_is_imported_once(void **state)
{
    (void)state;
    struct surface s[SURFACES];
    for (size_t i = 0; i < SURFACES; i++)
        surface_open(&s[i], &ways[0]);
    struct fr_gpu_feeder *feeder = open_feeder(&s[0]);
    for (size_t i = 0; i < 10 * SURFACES; i++) {
        struct surface *at = &s[i % SURFACES];
        surface_convert(at);
        AVFrame *gpu = make(feeder, at);
        surface_expect_download(at, gpu);
        av_frame_free(&gpu);
        assert_int_equal(at->ring.surface[0].refs, 1);
    }
    assert_int_equal(fake_va()->imports.made, SURFACES);
    fr_gpu_feeder_close(&feeder);
    for (size_t i = 0; i < SURFACES; i++)
        surface_close(&s[i]);
}

/* Memory that was made where another was is no known one; what is kept is bounded. */
static void new_memory_is_imported_anew(void **state)
{
    enum { TIMES = 40, MOST = 32 };
    (void)state;
    struct surface s;
    surface_open(&s, &ways[0]);
    struct fr_gpu_feeder *feeder = open_feeder(&s);
    for (uint32_t i = 1; i <= TIMES; i++) {
        AVFrame *gpu = make(feeder, &s);
        surface_expect_download(&s, gpu);
        av_frame_free(&gpu);
        assert_int_equal(fake_va()->imports.made, i);
        assert_true(i - fake_va()->imports.undone <= MOST);
        surface_renew(&s);
    }
    fr_gpu_feeder_close(&feeder);
    surface_close(&s);
}

/* ---- recordings ---- */

struct film {
    AVFormatContext *input;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
};

static void film_open(struct film *film, const char *path)
{
    *film = (struct film){.packet = av_packet_alloc(), .frame = av_frame_alloc()};
    assert_int_equal(avformat_open_input(&film->input, path, NULL, NULL), 0);
    assert_true(avformat_find_stream_info(film->input, NULL) >= 0);
    const AVCodecParameters *described = film->input->streams[0]->codecpar;
    film->decoder = avcodec_alloc_context3(avcodec_find_decoder(described->codec_id));
    assert_int_equal(avcodec_parameters_to_context(film->decoder, described), 0);
    film->decoder->thread_count = 1;
    assert_int_equal(avcodec_open2(film->decoder, NULL, NULL), 0);
}

/* False: it is over. */
static bool film_next(struct film *film)
{
    int error;
    while ((error = avcodec_receive_frame(film->decoder, film->frame)) == AVERROR(EAGAIN)) {
        const bool more = av_read_frame(film->input, film->packet) >= 0;
        assert_int_equal(avcodec_send_packet(film->decoder, more ? film->packet : NULL), 0);
        av_packet_unref(film->packet);
    }
    return error == 0;
}

static void film_close(struct film *film)
{
    avcodec_free_context(&film->decoder);
    avformat_close_input(&film->input);
    av_packet_free(&film->packet);
    av_frame_free(&film->frame);
}

/* The decoder's three planes hold the samples of the surface's two. */
static void expect_decoded(const struct surface *s, const AVFrame *found)
{
    struct fr_picture mapped;
    const uint32_t ten = s->frame.has_hdr;
    assert_int_equal(found->format, ten ? AV_PIX_FMT_YUV420P10 : AV_PIX_FMT_YUV420P);
    assert_int_equal(found->width, s->frame.width & ~1u);
    assert_int_equal(found->height, s->frame.height & ~1u);
    assert_int_equal(fr_vk_picture_map(&s->ring.surface[0].picture, &mapped), FR_OK);
    for (uint32_t plane = 0; plane < 3; plane++) {
        const uint32_t half = plane > 0, step = plane ? 2 : 1;
        for (uint32_t y = 0; y < s->frame.height / 2 * 2 >> half; y++) {
            const uint8_t *row = (const uint8_t *)mapped.plane[half] + y * mapped.pitch_bytes[half];
            const uint8_t *other = found->data[plane] + (ptrdiff_t)y * found->linesize[plane];
            for (uint32_t x = 0; x < s->frame.width / 2 * 2 >> half; x++) {
                const uint32_t at = x * step + (plane == 2);
                const uint32_t is = ten ? ((const uint16_t *)(const void *)row)[at] >> 6 : row[at];
                assert_int_equal(ten ? ((const uint16_t *)(const void *)other)[x] : other[x], is);
            }
        }
    }
}

static fr_recorder *open_recorder(const char *url, const char *encoder)
{
    fr_recorder *recorder;
    const fr_recorder_params params = {
        .url = url,
        .encoder = encoder,
        .options = strstr(encoder, "h264") ? "coder=cavlc" : NULL,
        .fps_mhz = 60000,
        .log = *gpu_log(),
    };
    assert_int_equal(fr_recorder_open(&recorder, &params), FR_OK);
    return recorder;
}

static fr_recorder_info info_of(const fr_recorder *recorder)
{
    fr_recorder_info info;
    fr_recorder_get_info(recorder, &info);
    return info;
}

/* As many surfaces as pictures, so that each is still there to be compared. */
static void record_and_compare(const fr_convert_params *way, const char *encoder, const char *extension)
{
    enum { PICTURES = 8 };
    struct surface s[PICTURES];
    struct film film;
    char path[64];
    snprintf(path, sizeof(path), "/tmp/framering-vaapi-%ld.%s", (long)getpid(), extension);
    for (size_t i = 0; i < PICTURES; i++) {
        surface_open(&s[i], way);
        s[i].frame.present_ns = 1000000000 + i * 16666667;
    }
    fr_recorder *recorder = open_recorder(path, encoder);
    for (size_t i = 0; i < PICTURES; i++)
        assert_int_equal(fr_recorder_put(recorder, &s[i].frame), FR_OK);
    const fr_recorder_info info = info_of(recorder);
    assert_string_equal(info.input_reason, "");
    assert_string_equal(info.input, "vaapi");
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    assert_int_equal(fake_va()->imports.made, PICTURES);
    assert_int_equal(fake_va()->frames, PICTURES);
    film_open(&film, path);
    for (size_t i = 0; i < PICTURES; i++) {
        assert_true(film_next(&film));
        expect_decoded(&s[i], film.frame);
        surface_close(&s[i]);
    }
    assert_false(film_next(&film));
    film_close(&film);
    assert_int_equal(unlink(path), 0);
}

static void what_is_recorded_is_what_was_drawn(void **state)
{
    (void)state;
    record_and_compare(&ways[2], "h264_vaapi", "mkv");
}

static void what_is_recorded_in_hdr_is_what_was_drawn(void **state)
{
    (void)state;
    record_and_compare(&ways[3], "hevc_vaapi", "ts");
}

static void put(fr_recorder *recorder, struct surface set[SURFACES], uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct surface *s = &set[i % SURFACES];
        surface_convert(s);
        s->frame.present_ns += 16666667;
        assert_int_equal(fr_recorder_put(recorder, &s->frame), FR_OK);
    }
}

/* ---- ways back ---- */

static void a_driver_that_imports_nothing_gets_frames_through_memory(void **state)
{
    (void)state;
    struct surface s[SURFACES];
    for (size_t i = 0; i < SURFACES; i++)
        surface_open(&s[i], &ways[0]);
    fake_va()->no_import = true;
    fr_recorder *recorder = open_recorder("null:", "h264_vaapi");
    put(recorder, s, FRAMES);
    const fr_recorder_info info = info_of(recorder);
    assert_string_equal(info.encoder, "h264_vaapi");
    assert_string_equal(info.input, "memory");
    assert_string_equal(info.input_reason, "VA-API does not take the frames' memory");
    assert_int_equal(info.frames, FRAMES);
    assert_int_equal(fake_va()->uploads, FRAMES);
    assert_int_equal(fake_va()->imports.made, 0);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    for (size_t i = 0; i < SURFACES; i++)
        surface_close(&s[i]);
}

static void a_gpu_without_dma_bufs_or_a_node_is_told(void **state)
{
    (void)state;
    char reason[FR_REASON_BYTES] = "";
    struct fr_gpu_keep keep = {0};
    struct fr_gpu_feeder *feeder;
    struct surface s;
    surface_open(&s, &ways[0]);
    struct fr_vk_picture *picture = s.ring.surface[0].picture.object;
    const uint32_t types = picture->handle_types, node = s.device->render_node;
    picture->handle_types &= ~(uint32_t)VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
    assert_int_equal(fr_gpu_feeder_open(&feeder, encoder_for(&s), &s.frame, &keep, reason),
                     FR_ERR_UNSUPPORTED);
    assert_string_equal(reason, "the GPU's driver exports no DMA-BUFs");
    picture->handle_types = types;
    s.device->render_node = 0;
    assert_int_equal(fr_gpu_feeder_open(&feeder, encoder_for(&s), &s.frame, &keep, reason),
                     FR_ERR_UNSUPPORTED);
    assert_string_equal(reason, "the frames' GPU names no render node");
    s.device->render_node = 1234;
    assert_int_equal(fr_gpu_feeder_open(&feeder, encoder_for(&s), &s.frame, &keep, reason),
                     FR_ERR_UNSUPPORTED);
    assert_string_equal(reason, "VA-API does not open the frames' GPU (/dev/dri/renderD1234)");
    s.device->render_node = node;
    assert_null(feeder);
    surface_close(&s);
}

/* None is lost from the driver, no surface is held, and what can be recorded is. */
static void each_call_of_the_driver_fails_once(void **state)
{
    (void)state;
    struct surface s[SURFACES];
    for (size_t i = 0; i < SURFACES; i++)
        surface_open(&s[i], &ways[0]);
    fr_recorder *recorder = open_recorder("null:", "h264_vaapi");
    put(recorder, s, SURFACES);
    assert_string_equal(info_of(recorder).input, "vaapi");
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    const uint32_t calls = fake_va()->calls;
    uint32_t recorded = 0;
    for (uint32_t i = 1; i <= calls; i++) {
        fake_va_reset();
        fake_va()->fail_call = i;
        const fr_recorder_params params = {
            .url = "null:", .encoder = "h264_vaapi", .options = "coder=cavlc", .log = *gpu_log()};
        if (fr_recorder_open(&recorder, &params) == FR_OK) {
            bool good = true;
            for (size_t j = 0; j < SURFACES && good; j++)
                good = fr_recorder_put(recorder, &s[j].frame) == FR_OK;
            recorded += good;
            (void)fr_recorder_close(&recorder);
        }
        end(NULL);
        for (size_t j = 0; j < SURFACES; j++)
            assert_int_equal(s[j].ring.surface[0].refs, 1);
    }
    assert_true(recorded > 3);
    for (size_t i = 0; i < SURFACES; i++)
        surface_close(&s[i]);
}

int main(void)
{
    av_log_set_level(AV_LOG_QUIET);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_downloaded_is_what_was_drawn, begin, end),
        cmocka_unit_test_setup_teardown(the_kernel_knows_it_as_a_dma_buf, begin, end),
        cmocka_unit_test_setup_teardown(a_memory_is_imported_once, begin, end),
        cmocka_unit_test_setup_teardown(new_memory_is_imported_anew, begin, end),
        cmocka_unit_test_setup_teardown(what_is_recorded_is_what_was_drawn, begin, end),
        cmocka_unit_test_setup_teardown(what_is_recorded_in_hdr_is_what_was_drawn, begin, end),
        cmocka_unit_test_setup_teardown(a_driver_that_imports_nothing_gets_frames_through_memory, begin, end),
        cmocka_unit_test_setup_teardown(a_gpu_without_dma_bufs_or_a_node_is_told, begin, end),
        cmocka_unit_test_setup_teardown(each_call_of_the_driver_fails_once, begin, end),
    };
    return cmocka_run_group_tests_name("vulkan: VA-API", tests, NULL, NULL);
}
