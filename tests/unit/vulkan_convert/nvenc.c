/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The recorder hands frames of Vulkan to FFmpeg's NVENC as they lie, on fakes of CUDA and of NVENC. */
#include "surface.h"

#include "cuda/fake_cuda.h"
#include "encode/fake_nvenc.h"
#include "encode/gpu_feeder.h"

#include <framering/encode.h>

#include <libavutil/log.h>
#include <string.h>

enum { SURFACES = 3, FRAMES = 30 };

static const fr_convert_params sdr = {
    .from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = 323, .height = 181};
static const fr_convert_params hdr = {
    .from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010, .width = 320, .height = 180};

/* Of fake_nvenc_so.c. */
struct fake_nvenc *fake_nvenc_begin(void);

static struct surface surfaces[SURFACES], others[SURFACES];

static int begin(void **state)
{
    (void)state;
    fr_vulkan_picture picture;
    for (size_t i = 0; i < SURFACES; i++) {
        surface_open(&surfaces[i], &sdr);
        surface_open(&others[i], &hdr);
    }
    fr_vk_picture_get(&surfaces[0].ring.surface[0].picture, &picture);
    fake_cuda_reset();
    memcpy(fake_cuda()->uuid, picture.device_uuid, sizeof(picture.device_uuid));
    (void)fake_nvenc_begin();
    return 0;
}

static void expect_nothing_left(void)
{
    assert_string_equal(fake_cuda()->wrong ? fake_cuda()->wrong : "", "");
    assert_string_equal(fake_nvenc()->wrong ? fake_nvenc()->wrong : "", "");
    assert_true(fake_cuda_balanced());
    assert_true(fake_nvenc_balanced());
    for (size_t i = 0; i < SURFACES; i++) {
        assert_int_equal(surfaces[i].ring.surface[0].refs, 1);
        assert_int_equal(others[i].ring.surface[0].refs, 1);
    }
}

static int end(void **state)
{
    (void)state;
    expect_nothing_left();
    for (size_t i = 0; i < SURFACES; i++) {
        surface_close(&surfaces[i]);
        surface_close(&others[i]);
    }
    return 0;
}

static fr_recorder *open_recorder(const char *encoder)
{
    fr_recorder *recorder;
    const fr_recorder_params params = {
        .url = "null:", .encoder = encoder, .fps_mhz = 60000, .log = *gpu_log()};
    assert_int_equal(fr_recorder_open(&recorder, &params), FR_OK);
    fake_nvenc_begin(); /* without the trial */
    return recorder;
}

static void put(fr_recorder *recorder, struct surface set[SURFACES], uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct surface *s = &set[i % SURFACES];
        surface_convert(s);
        s->frame.present_ns += 16666667;
        s->frame.discontinuity = i == count / 2 && i > 0;
        assert_int_equal(fr_recorder_put(recorder, &s->frame), FR_OK);
    }
}

static fr_recorder_info info_of(const fr_recorder *recorder)
{
    fr_recorder_info info;
    fr_recorder_get_info(recorder, &info);
    return info;
}

/* As docs/nvenc.md has it of framering's own, as far as FFmpeg hands it on. */
static void expect_settings(uint32_t qp)
{
    const struct fake_nvenc *f = fake_nvenc();
    const NV_ENC_RC_PARAMS *rc = &f->config.rcParams;
    assert_memory_equal(&f->init.presetGUID, &NV_ENC_PRESET_P1_GUID, sizeof(GUID));
    assert_int_equal(f->init.tuningInfo, NV_ENC_TUNING_INFO_ULTRA_LOW_LATENCY);
    assert_int_equal(f->init.enableEncodeAsync, 0);
    assert_int_equal(rc->rateControlMode, NV_ENC_PARAMS_RC_CONSTQP);
    assert_int_equal(rc->constQP.qpInterP, qp);
    assert_int_equal(rc->constQP.qpIntra, qp);
    assert_int_equal(rc->zeroReorderDelay, 1);
    assert_int_equal(f->config.frameIntervalP, 1);
    assert_int_equal(f->config.gopLength, 120);
}

static void expect_vui(const NV_ENC_CONFIG_H264_VUI_PARAMETERS *vui, const fr_colour *colour)
{
    assert_int_equal(vui->videoSignalTypePresentFlag, 1);
    assert_int_equal(vui->videoFullRangeFlag, colour->full_range);
    assert_int_equal(vui->colourDescriptionPresentFlag, 1);
    assert_int_equal(vui->colourPrimaries, colour->primaries);
    assert_int_equal(vui->transferCharacteristics, colour->transfer);
    assert_int_equal(vui->colourMatrix, colour->matrix);
}

static void frames_are_encoded_where_they_lie(void **state)
{
    (void)state;
    fr_recorder *recorder = open_recorder("h264_nvenc");
    put(recorder, surfaces, FRAMES);
    const fr_recorder_info info = info_of(recorder);
    assert_string_equal(info.encoder, "h264_nvenc");
    assert_string_equal(info.input, "cuda");
    assert_string_equal(info.input_reason, "");
    assert_int_equal(info.frames, FRAMES);
    assert_int_equal(info.keyframes, 2);
    const struct fake_nvenc *f = fake_nvenc();
    assert_int_equal(f->resources.made, SURFACES);
    assert_int_equal(f->maps.made, FRAMES);
    assert_int_equal(f->inputs.made, 0);
    assert_int_equal(f->init.encodeWidth, 322);
    assert_int_equal(f->init.encodeHeight, 180);
    assert_int_equal(f->resource.width, 324);
    assert_true(f->resource.height >= 181);
    expect_settings(22);
    expect_vui(&f->config.encodeCodecConfig.h264Config.h264VUIParameters, &surfaces[0].frame.colour);
    assert_int_equal(fake_cuda()->copies, 0);
    assert_int_equal(fake_cuda()->imports.made, SURFACES);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
}

static void hdr_frames(void **state)
{
    (void)state;
    fr_recorder *recorder = open_recorder("hevc_nvenc");
    put(recorder, others, 6);
    assert_string_equal(info_of(recorder).input, "cuda");
    const struct fake_nvenc *f = fake_nvenc();
    assert_int_equal(f->resource.bufferFormat, NV_ENC_BUFFER_FORMAT_YUV420_10BIT);
    assert_memory_equal(&f->config.profileGUID, &NV_ENC_HEVC_PROFILE_MAIN10_GUID, sizeof(GUID));
    expect_settings(23);
    expect_vui(&f->config.encodeCodecConfig.hevcConfig.hevcVUIParameters, &others[0].frame.colour);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
}

static void a_change_of_the_size_is_a_new_session(void **state)
{
    (void)state;
    fr_recorder *recorder = open_recorder("hevc_nvenc");
    for (int i = 0; i < 6; i++) {
        put(recorder, i % 2 ? others : surfaces, 4);
        assert_string_equal(info_of(recorder).input, "cuda");
    }
    assert_int_equal(fake_nvenc()->sessions.made, 6);
    assert_int_equal(fake_cuda()->contexts.made, 2); /* the trial's, and one for all */
    assert_int_equal(info_of(recorder).frames, 24);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
}

static void expect_through_memory(fr_recorder *recorder, const char *reason, uint64_t frames)
{
    const fr_recorder_info info = info_of(recorder);
    assert_string_equal(info.input, "memory");
    assert_string_equal(info.input_reason, reason);
    assert_int_equal(info.frames, frames);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
}

static void what_cannot_be_there_goes_through_memory(void **state)
{
    (void)state;
    fr_recorder *recorder = open_recorder("libx264");
    put(recorder, surfaces, 4);
    expect_through_memory(recorder, "libx264 reads memory", 4);

    fake_cuda()->uuid[3] ^= 1;
    recorder = open_recorder("h264_nvenc");
    put(recorder, surfaces, 4);
    assert_int_equal(fake_nvenc()->resources.made, 0);
    expect_through_memory(recorder, "the GPU that the frames lie on is none of CUDA's 2", 4);
    fake_cuda()->uuid[3] ^= 1;
}

/* In the middle of a recording: no frame is lost, and it stays so. */
static void a_gpu_that_hands_out_no_more(void **state)
{
    (void)state;
    fr_recorder *recorder = open_recorder("h264_nvenc");
    put(recorder, surfaces, 1);
    assert_string_equal(info_of(recorder).input, "cuda");
    struct fr_vk_picture *picture = surfaces[1].ring.surface[0].picture.object;
    picture->handle_types = 0;
    put(recorder, surfaces, 6);
    assert_int_equal(fake_nvenc()->sessions.made, 2);
    put(recorder, surfaces, 2);
    assert_int_equal(fake_nvenc()->sessions.made, 2);
    expect_through_memory(recorder, "the frames' device does not export their memory as OPAQUE_FD", 9);
}

static void each_call_of_cuda_fails_once(void **state)
{
    (void)state;
    fr_recorder *recorder = open_recorder("h264_nvenc");
    put(recorder, surfaces, 3);
    const uint32_t before = fake_cuda()->calls;
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    uint32_t in_memory = 0, recorded = 0;
    for (uint32_t i = 1; i <= before; i++) {
        fake_cuda_reset();
        fake_cuda()->fail_call = i;
        const fr_recorder_params params = {.url = "null:", .encoder = "h264_nvenc", .log = *gpu_log()};
        if (fr_recorder_open(&recorder, &params) == FR_OK) {
            bool good = true;
            for (size_t j = 0; j < SURFACES && good; j++)
                good = fr_recorder_put(recorder, &surfaces[j].frame) == FR_OK;
            recorded += good;
            in_memory += !strcmp(info_of(recorder).input, "memory");
            (void)fr_recorder_close(&recorder);
        }
        expect_nothing_left();
    }
    assert_true(in_memory > 8);
    assert_true(recorded >= in_memory);
}

int main(void)
{
    av_log_set_level(AV_LOG_QUIET);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_are_encoded_where_they_lie, begin, end),
        cmocka_unit_test_setup_teardown(hdr_frames, begin, end),
        cmocka_unit_test_setup_teardown(a_change_of_the_size_is_a_new_session, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_there_goes_through_memory, begin, end),
        cmocka_unit_test_setup_teardown(a_gpu_that_hands_out_no_more, begin, end),
        cmocka_unit_test_setup_teardown(each_call_of_cuda_fails_once, begin, end),
    };
    return cmocka_run_group_tests_name("vulkan: NVENC", tests, NULL, NULL);
}
