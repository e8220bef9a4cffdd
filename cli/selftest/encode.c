/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Each encoder with a few frames; what it wrote must hold what a decoder needs to begin. */
#include "selftest/areas.h"

#include "clock.h"
#include "selftest/coding.h"

#include <stdlib.h>

enum { WIDTH = 640, HEIGHT = 360 };

struct film {
    fr_frame frame;
    uint8_t *memory;
};

static bool film_init(struct film *film, fr_format format)
{
    const size_t sample = format == FR_FORMAT_P010 ? 2 : 1;
    const size_t pitch = WIDTH * sample, bytes = pitch * HEIGHT * 3 / 2;
    *film = (struct film){.memory = calloc(1, bytes)};
    film->frame = (fr_frame){
        .width = WIDTH,
        .height = HEIGHT,
        .format = format,
        .colour = fr_colour_of(format),
        .has_hdr = format == FR_FORMAT_P010,
        .hdr = fr_hdr_metadata_generic(),
        .generation = 1,
        .plane = {film->memory, film->memory + pitch * HEIGHT},
        .pitch_bytes = {pitch, pitch},
    };
    return film->memory != NULL;
}

/* A ramp that moves: something to encode. */
static void film_next(struct film *film, uint32_t number)
{
    const bool wide = film->frame.format == FR_FORMAT_P010;
    for (uint32_t y = 0; y < HEIGHT * 3 / 2; y++) {
        uint8_t *row = film->memory + y * film->frame.pitch_bytes[0];
        for (uint32_t x = 0; x < WIDTH; x++) {
            const uint32_t code = y < HEIGHT ? 16 + (x + y + number * 8) % 220 : 128;
            if (wide)
                row[2 * x] = 0;
            row[wide ? 2 * x + 1 : x] = (uint8_t)code;
        }
    }
    film->frame.sequence = number;
    film->frame.discontinuity = number == 1;
    film->frame.present_ns = film->frame.published_ns = film->frame.taken_ns = film->frame.converted_ns =
        fr_clock_now_ns();
}

struct wish {
    const char *encoder;
    fr_codec codec;
    fr_format format;
};

static void try_encoder(struct selftest *test)
{
    const struct wish *wish = test->with;
    struct coding coding;
    struct film film;
    if (!film_init(&film, wish->format)) {
        selftest_fail(test, "no memory for a picture");
        return;
    }
    coding_begin(&coding, test, wish->encoder, wish->codec);
    uint32_t number = 0;
    do
        film_next(&film, ++number);
    while (coding_put(&coding, &film.frame));
    coding_end(&coding, "");
    free(film.memory);
}

static const struct wish h264_nvenc = {"h264_nvenc", FR_CODEC_H264, FR_FORMAT_NV12};
static const struct wish hevc_nvenc = {"hevc_nvenc", FR_CODEC_HEVC, FR_FORMAT_NV12};
static const struct wish hevc_nvenc_10 = {"hevc_nvenc", FR_CODEC_HEVC, FR_FORMAT_P010};
static const struct wish av1_nvenc = {"av1_nvenc", FR_CODEC_AV1, FR_FORMAT_NV12};
static const struct wish av1_nvenc_10 = {"av1_nvenc", FR_CODEC_AV1, FR_FORMAT_P010};
static const struct wish h264_qsv = {"h264_qsv", FR_CODEC_H264, FR_FORMAT_NV12};
static const struct wish hevc_qsv = {"hevc_qsv", FR_CODEC_HEVC, FR_FORMAT_NV12};
#ifdef _WIN32
static const struct wish h264_amf = {"h264_amf", FR_CODEC_H264, FR_FORMAT_NV12};
static const struct wish hevc_amf = {"hevc_amf", FR_CODEC_HEVC, FR_FORMAT_NV12};
static const struct wish h264_mf = {"h264_mf", FR_CODEC_H264, FR_FORMAT_NV12};
static const struct wish hevc_mf = {"hevc_mf", FR_CODEC_HEVC, FR_FORMAT_NV12};
#else
static const struct wish h264_vaapi = {"h264_vaapi", FR_CODEC_H264, FR_FORMAT_NV12};
static const struct wish hevc_vaapi = {"hevc_vaapi", FR_CODEC_HEVC, FR_FORMAT_NV12};
#endif
static const struct wish x264 = {"libx264", FR_CODEC_H264, FR_FORMAT_NV12};
static const struct wish x265_10 = {"libx265", FR_CODEC_HEVC, FR_FORMAT_P010};
static const struct wish svtav1 = {"libsvtav1", FR_CODEC_AV1, FR_FORMAT_NV12};

static const struct selftest_row rows[] = {
    {"encode", "nvenc-h264", "NVENC", 30000, false, try_encoder, &h264_nvenc},
    {"encode", "nvenc-hevc", "NVENC", 30000, false, try_encoder, &hevc_nvenc},
    {"encode", "nvenc-hevc-10bit", "NVENC, Main 10 with HDR metadata", 30000, false, try_encoder,
     &hevc_nvenc_10},
    {"encode", "nvenc-av1", "NVENC", 30000, false, try_encoder, &av1_nvenc},
    {"encode", "nvenc-av1-10bit", "NVENC, 10 bit", 30000, false, try_encoder, &av1_nvenc_10},
    {"encode", "qsv-h264", "Intel Quick Sync", 30000, false, try_encoder, &h264_qsv},
    {"encode", "qsv-hevc", "Intel Quick Sync", 30000, false, try_encoder, &hevc_qsv},
#ifdef _WIN32
    {"encode", "amf-h264", "AMD AMF", 30000, false, try_encoder, &h264_amf},
    {"encode", "amf-hevc", "AMD AMF", 30000, false, try_encoder, &hevc_amf},
    {"encode", "mf-h264", "Media Foundation", 30000, false, try_encoder, &h264_mf},
    {"encode", "mf-hevc", "Media Foundation", 30000, false, try_encoder, &hevc_mf},
#else
    {"encode", "vaapi-h264", "VA-API", 30000, false, try_encoder, &h264_vaapi},
    {"encode", "vaapi-hevc", "VA-API", 30000, false, try_encoder, &hevc_vaapi},
#endif
    {"encode", "x264", "software", 30000, false, try_encoder, &x264},
    {"encode", "x265-10bit", "software, Main 10 with HDR metadata", 30000, false, try_encoder, &x265_10},
    {"encode", "svt-av1", "software", 30000, false, try_encoder, &svtav1},
};
const struct selftest_rows selftest_encode = {rows, sizeof rows / sizeof rows[0]};
