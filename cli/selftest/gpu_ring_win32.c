/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The library's own way through a GPU: textures between two processes, and its converters there. */
#include "selftest/areas_win32.h"
#include "selftest/coding.h"
#include "selftest/duo.h"
#include "selftest/picture.h"

#include "clock.h"

#include <framering/convert.h>
#include <framering/d3d11.h>

#include <stdlib.h>
#include <string.h>

static const fr_d3d11_host_params mutex_only = {.no_fence = true};

static struct duo_wish textures(const fr_d3d11_host_params *d3d11)
{
    return (struct duo_wish){
        .capture = {.backend = FR_BACKEND_D3D11, .d3d11 = d3d11},
        .colour_state = FR_COLOUR_STATE_SDR,
        .gpu = true,
    };
}

/* Opens, and looks whether the ring is of textures. False: the row has its result. */
static bool open_textures(struct duo *duo, struct selftest *test, const struct duo_wish *wish,
                          fr_capture_info *info)
{
    const fr_status status = duo_open(duo, test, wish);
    if (status == FR_ERR_UNSUPPORTED)
        selftest_not_available(test, "%s", selftest_coded_reason(test, status));
    else if (status < 0)
        selftest_fail(test, "the ring does not open: %s", selftest_reason(test, status));
    if (status < 0)
        return false;
    fr_capture_get_info(duo->capture, info);
    if (strcmp(info->backend, "d3d11") == 0)
        return true;
    const char *reason = selftest_coded_reason(test, FR_ERR_UNSUPPORTED);
    selftest_not_available(test, "the ring became one of %s: %s", info->backend, reason);
    return false;
}

static void run_ring(struct selftest *test, const fr_d3d11_host_params *d3d11, const char *sync)
{
    const struct duo_wish wish = textures(d3d11);
    struct duo duo;
    fr_capture_info info;
    if (open_textures(&duo, test, &wish, &info)) {
        if (strcmp(info.sync, sync) != 0)
            selftest_not_available(test, "the two sides agreed on %s instead", info.sync);
        else if (duo_check_numbers(&duo, DUO_FRAMES))
            selftest_pass(test,
                          "%d frames of %dx%d came through (%s, %s), none torn, mislabelled or out of order",
                          DUO_FRAMES, DUO_WIDTH, DUO_HEIGHT, info.backend, info.sync);
    }
    duo_close(&duo);
}

static void keyed_mutex(struct selftest *test)
{
    run_ring(test, &mutex_only, "keyed mutex");
}

static void fence(struct selftest *test)
{
    run_ring(test, NULL, "fence");
}

/* A source that is killed while it draws leaves a slot abandoned. */
static void death(struct selftest *test)
{
    const struct duo_wish wish = textures(&mutex_only);
    struct duo duo;
    fr_capture_info info;
    if (open_textures(&duo, test, &wish, &info) && duo_check_numbers(&duo, 20)) {
        peer_kill(&duo.peer);
        fr_frame frame;
        fr_status status = FR_AGAIN;
        for (int i = 0; i < 100 && status >= 0 && info.liveness != FR_LIVENESS_GONE; i++) {
            status = fr_capture_next(duo.capture, &frame);
            fr_frame_release(&frame);
            fr_capture_get_info(duo.capture, &info);
        }
        if (info.liveness != FR_LIVENESS_GONE)
            selftest_fail(test, "the death of the source was not noticed: %s", fr_status_text(status));
        else if (duo_invite(&duo) && duo_check_numbers(&duo, 20))
            selftest_pass(test, "after a source was killed, another went on with new textures");
    }
    duo_close(&duo);
}

/* A host with a GPU and a source without one meet in shared memory. */
static void fallback(struct selftest *test)
{
    struct duo_wish wish = textures(NULL);
    wish.gpu = false;
    wish.capture.backend = FR_BACKEND_AUTO;
    struct duo duo;
    const fr_status status = duo_open(&duo, test, &wish);
    fr_capture_info info;
    if (status < 0) {
        selftest_fail(test, "the ring does not open: %s", selftest_reason(test, status));
    } else if (duo_check_numbers(&duo, 50)) {
        fr_capture_get_info(duo.capture, &info);
        selftest_pass(test, "a source without a GPU fed this host through %s", info.backend);
    }
    duo_close(&duo);
}

/* NVENC reads the pictures where they lie, on the GPU. */
static void encode(struct selftest *test)
{
    const struct duo_wish wish = textures(NULL);
    struct duo duo;
    struct coding coding;
    fr_capture_info info;
    if (open_textures(&duo, test, &wish, &info)) {
        const uint64_t until_ns = fr_clock_now_ns() + DUO_FRAME_MS * NS_PER_MS;
        fr_status status = FR_OK;
        bool more = true;
        coding_begin(&coding, test, "h264_nvenc", FR_CODEC_H264);
        while (more && status >= 0 && fr_clock_now_ns() < until_ns) {
            fr_frame frame;
            status = fr_capture_next(duo.capture, &frame);
            if (status == FR_OK)
                more = coding_put(&coding, &frame);
            fr_frame_release(&frame);
        }
        coding_end(&coding, " in place");
    }
    duo_close(&duo);
}

/* ---- converters ---- */

struct conversion {
    fr_colour_state colour_state;
    fr_format from, to;
    bool sdr_output;
    fr_sdr_map map;
    unsigned luma, chroma; /* codes that it may be off */
};

/* What the processor makes of the same picture. False: no memory. */
static bool reference(const struct conversion *c, const fr_frame *frame, void *plane[2], ptrdiff_t pitch[2])
{
    const fr_convert_params params = {.from = c->from,
                                      .to = c->to,
                                      .width = frame->width,
                                      .height = frame->height,
                                      .sdr_map = c->map,
                                      .cpu_mask = ~0u};
    const size_t source_pitch = (size_t)frame->width * fr_format_pixel_bytes(c->from);
    const size_t sample = c->to == FR_FORMAT_P010 ? 2 : 1;
    uint8_t *source = malloc(source_pitch * frame->height);
    pitch[0] = pitch[1] = (ptrdiff_t)(((size_t)frame->width + 1) / 2 * 2 * sample);
    plane[0] = malloc((size_t)pitch[0] * frame->height);
    plane[1] = malloc((size_t)pitch[1] * ((frame->height + 1) / 2));
    fr_converter *converter = NULL;
    const bool ready = source && plane[0] && plane[1] && fr_converter_create(&converter, &params) == FR_OK;
    if (ready) {
        picture_draw_squares(source, source_pitch, frame->width, frame->height, c->from);
        fr_converter_run(converter, source, (ptrdiff_t)source_pitch, plane, pitch);
    }
    fr_converter_destroy(&converter);
    free(source);
    return ready;
}

static void judge(struct selftest *test, const struct conversion *c, const fr_frame *frame,
                  const char *kernel)
{
    void *plane[2];
    ptrdiff_t pitch[2];
    if (frame->format != c->to) {
        selftest_fail(test, "the frame came as %s, not as %s", fr_format_name(frame->format),
                      fr_format_name(c->to));
        return;
    }
    if (!reference(c, frame, plane, pitch)) {
        selftest_fail(test, "no memory for the reference");
    } else {
        const struct picture_difference off = picture_compare(frame, plane, pitch);
        if (off.luma > c->luma || off.chroma > c->chroma)
            selftest_fail(test, "%s is off by up to %u codes of luma and %u of chroma; %u and %u are allowed",
                          kernel, off.luma, off.chroma, c->luma, c->chroma);
        else
            selftest_pass(test, "%s is off by at most %u codes of luma and %u of chroma", kernel, off.luma,
                          off.chroma);
    }
    free(plane[0]);
    free(plane[1]);
}

static void convert(struct selftest *test)
{
    const struct conversion *c = test->with;
    struct duo_wish wish = textures(NULL);
    wish.colour_state = c->colour_state;
    wish.format = c->from;
    wish.picture = DUO_SQUARES;
    wish.capture.sdr_output = c->sdr_output;
    struct duo duo;
    fr_capture_info info;
    fr_frame frame;
    if (open_textures(&duo, test, &wish, &info) && duo_fresh(&duo, &frame)) {
        fr_capture_get_info(duo.capture, &info);
        judge(test, c, &frame, info.kernel);
        fr_frame_release(&frame);
    }
    duo_close(&duo);
}

/* A driver's video processor rounds as it likes; our shaders do not. */
static const struct conversion bgra = {
    FR_COLOUR_STATE_SDR, FR_FORMAT_BGRA8, FR_FORMAT_NV12, false, FR_SDR_MAP_TONE, 2, 3};
static const struct conversion scrgb = {
    FR_COLOUR_STATE_HDR, FR_FORMAT_RGBA16F, FR_FORMAT_P010, false, FR_SDR_MAP_TONE, 1, 1};
static const struct conversion pq = {
    FR_COLOUR_STATE_HDR, FR_FORMAT_RGB10A2, FR_FORMAT_P010, false, FR_SDR_MAP_TONE, 1, 1};
static const struct conversion tone = {
    FR_COLOUR_STATE_HDR, FR_FORMAT_RGBA16F, FR_FORMAT_NV12, true, FR_SDR_MAP_TONE, 1, 1};
static const struct conversion clip = {
    FR_COLOUR_STATE_SDR_WCG, FR_FORMAT_RGBA16F, FR_FORMAT_NV12, false, FR_SDR_MAP_CLIP, 1, 1};

static const struct selftest_row rows[] = {
    {"gpu", "keyed-mutex", "frames through textures with keyed mutexes, two processes", 40000, false,
     keyed_mutex, NULL},
    {"gpu", "fence", "the same with shared fences", 40000, false, fence, NULL},
    {"gpu", "death", "a source that is killed", 40000, false, death, NULL},
    {"gpu", "fallback", "a source without a GPU", 40000, false, fallback, NULL},
    {"gpu", "nvenc", "NVENC on the textures of a capture", 40000, false, encode, NULL},
    {"gpu", "bgra-nv12", "the GPU's converter against the reference", 40000, false, convert, &bgra},
    {"gpu", "rgba16f-p010", "likewise, scRGB to PQ", 40000, false, convert, &scrgb},
    {"gpu", "rgb10a2-p010", "likewise, PQ to PQ", 40000, false, convert, &pq},
    {"gpu", "rgba16f-nv12-tone", "likewise, HDR for an SDR viewer", 40000, false, convert, &tone},
    {"gpu", "rgba16f-nv12-clip", "likewise, wide colour for an SDR viewer", 40000, false, convert, &clip},
};
const struct selftest_rows selftest_gpu = {rows, sizeof rows / sizeof rows[0]};
