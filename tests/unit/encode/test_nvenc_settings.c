/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What NVENC is told, and what is said when it cannot do it. */

#include "nvenc_machine.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 1280, HEIGHT = 720 };

static const struct fr_encoder_row *const h264 = &machine_rows[0], *const hevc = &machine_rows[1],
                                          *const av1 = &machine_rows[2];

/* Opens and closes: what NVENC was told is in the fake. */
static void open_once(const struct fr_encoder_row *row, const struct fr_encoder_config *config)
{
    struct fr_encoder *encoder = machine_open(row, config);
    fr_encoder_destroy(&encoder);
    assert_balanced();
}

/* Fails to open, with a reason that holds `word`. */
static void assert_refused(const struct fr_encoder_row *row, const struct fr_encoder_config *config,
                           fr_status status, const char *word)
{
    char reason[FR_REASON_BYTES] = "";
    struct fr_encoder *encoder = NULL;
    assert_int_equal(row->open(&encoder, row, config, reason), status);
    assert_null(encoder);
    if (!strstr(reason, word))
        fail_msg("'%s' does not say '%s'", reason, word);
    assert_balanced();
}

/* --- colour and depth --- */

static void assert_vui(const NV_ENC_CONFIG_H264_VUI_PARAMETERS *vui, unsigned primaries, unsigned transfer,
                       unsigned matrix)
{
    assert_int_equal(vui->videoSignalTypePresentFlag, 1);
    assert_int_equal(vui->videoFormat, 5);
    assert_int_equal(vui->videoFullRangeFlag, 0);
    assert_int_equal(vui->colourDescriptionPresentFlag, 1);
    assert_int_equal(vui->colourPrimaries, primaries);
    assert_int_equal(vui->transferCharacteristics, transfer);
    assert_int_equal(vui->colourMatrix, matrix);
    assert_int_equal(vui->chromaSampleLocationFlag, 1);
    assert_int_equal(vui->chromaSampleLocationTop, 0);
    assert_int_equal(vui->chromaSampleLocationBot, 0);
}

static unsigned depth_of(const NV_ENC_CONFIG_HEVC *config)
{
#if FR_NVENC_HAS_BIT_DEPTHS
    assert_int_equal(config->inputBitDepth, config->outputBitDepth);
    return (unsigned)config->outputBitDepth;
#else
    return config->pixelBitDepthMinus8 + 8;
#endif
}

static void sdr_is_tagged_bt709_in_8_bit(void **state)
{
    const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    (void)state;
    machine_reset();
    open_once(h264, &config);
    const NV_ENC_CONFIG *told = &fake_nvenc()->config;
    assert_memory_equal(&told->profileGUID, &NV_ENC_H264_PROFILE_HIGH_GUID, sizeof(GUID));
    assert_vui(&told->encodeCodecConfig.h264Config.h264VUIParameters, 1, 1, 1);
    assert_int_equal(told->encodeCodecConfig.h264Config.chromaFormatIDC, 1);
    open_once(hevc, &config);
    assert_memory_equal(&told->profileGUID, &NV_ENC_HEVC_PROFILE_MAIN_GUID, sizeof(GUID));
    assert_vui(&told->encodeCodecConfig.hevcConfig.hevcVUIParameters, 1, 1, 1);
    assert_int_equal(told->encodeCodecConfig.hevcConfig.chromaFormatIDC, 1);
    assert_int_equal(depth_of(&told->encodeCodecConfig.hevcConfig), 8);
}

static void hdr_is_tagged_bt2020_pq_in_10_bit(void **state)
{
    struct machine *machine = machine_reset();
    struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_P010);
    struct texture_ring textures;
    (void)state;
    config.device = &machine->adapter[0];
    texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_P010);
    struct fr_encoder *encoder = machine_open(hevc, &config);
    const NV_ENC_CONFIG *told = &fake_nvenc()->config;
    assert_memory_equal(&told->profileGUID, &NV_ENC_HEVC_PROFILE_MAIN10_GUID, sizeof(GUID));
    assert_vui(&told->encodeCodecConfig.hevcConfig.hevcVUIParameters, 9, 16, 9);
    assert_int_equal(depth_of(&told->encodeCodecConfig.hevcConfig), 10);
    fr_frame frame = texture_ring_next(&textures);
    machine_encode(encoder, &frame, false);
    fr_frame_release(&frame);
    assert_int_equal(fake_nvenc()->picture.bufferFmt, NV_ENC_BUFFER_FORMAT_YUV420_10BIT);
    fr_encoder_destroy(&encoder);
    texture_ring_finish(&textures);
    assert_balanced();
}

static void other_colours_are_tagged_as_they_are(void **state)
{
    struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    (void)state;
    config.colour = (fr_colour){6, 6, 5, 1, 2};
    machine_reset();
    open_once(h264, &config);
    const NV_ENC_CONFIG_H264_VUI_PARAMETERS *vui =
        &fake_nvenc()->config.encodeCodecConfig.h264Config.h264VUIParameters;
    assert_int_equal(vui->colourPrimaries, 6);
    assert_int_equal(vui->transferCharacteristics, 6);
    assert_int_equal(vui->colourMatrix, 5);
    assert_int_equal(vui->videoFullRangeFlag, 1);
    assert_int_equal(vui->chromaSampleLocationTop, 2);
    assert_int_equal(vui->chromaSampleLocationBot, 2);
}

#if FR_NVENC_HAS_AV1
static void av1_is_tagged_in_its_own_words(void **state)
{
    struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_P010);
    (void)state;
    machine_reset();
    open_once(av1, &config);
    const NV_ENC_CONFIG_AV1 *told = &fake_nvenc()->config.encodeCodecConfig.av1Config;
    assert_int_equal(told->colorPrimaries, 9);
    assert_int_equal(told->transferCharacteristics, 16);
    assert_int_equal(told->matrixCoefficients, 9);
    assert_int_equal(told->colorRange, 0);
    assert_int_equal(told->chromaSamplePosition, 1);
    assert_int_equal(told->chromaFormatIDC, 1);
    assert_int_equal(told->idrPeriod, NVENC_INFINITE_GOPLENGTH);
    assert_int_equal(told->repeatSeqHdr, 1);
#if !FR_NVENC_HAS_BIT_DEPTHS
    assert_int_equal(told->pixelBitDepthMinus8, 2);
    assert_int_equal(told->inputPixelBitDepthMinus8, 2);
#endif
    config.colour.chroma_location = 2;
    open_once(av1, &config);
    assert_int_equal(told->chromaSamplePosition, 2);
}

static void av1_keyframes_bring_their_metadata(void **state)
{
    struct painter painter;
    const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_P010);
    (void)state;
    machine_reset();
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_P010);
    struct fr_encoder *encoder = machine_open(av1, &config);
    for (int i = 0; i < 2; i++) {
        static const uint8_t key[] = {0x12, 0, 0x0a, 3, 0, 0, 0, 0x2a}, other[] = {0x12, 0, 0x32};
        fr_frame frame = painter_next(&painter);
        const AVPacket *packet = machine_encode(encoder, &frame, false);
        assert_memory_equal(packet->data, i ? other : key, i ? sizeof(other) : sizeof(key));
        fr_frame_release(&frame);
    }
    fr_encoder_destroy(&encoder);
    painter_finish(&painter);
    assert_balanced();
}
#else
static void av1_needs_a_newer_header(void **state)
{
    const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    (void)state;
    machine_reset();
    assert_refused(av1, &config, FR_ERR_UNSUPPORTED, "nvEncodeAPI.h does not know av1");
}
#endif

/* --- low delay --- */

static void everything_is_set_for_low_delay(void **state)
{
    const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    (void)state;
    machine_reset();
    open_once(hevc, &config);
    const NV_ENC_INITIALIZE_PARAMS *init = &fake_nvenc()->init;
    const NV_ENC_CONFIG *told = &fake_nvenc()->config;
    assert_memory_equal(&init->encodeGUID, &NV_ENC_CODEC_HEVC_GUID, sizeof(GUID));
    assert_memory_equal(&init->presetGUID, &NV_ENC_PRESET_P1_GUID, sizeof(GUID));
    assert_int_equal(init->tuningInfo, NV_ENC_TUNING_INFO_ULTRA_LOW_LATENCY);
    assert_int_equal(init->encodeWidth, WIDTH);
    assert_int_equal(init->encodeHeight, HEIGHT);
    assert_int_equal(init->darWidth * HEIGHT, init->darHeight * WIDTH);
    assert_int_equal(init->frameRateNum, 60);
    assert_int_equal(init->frameRateDen, 1);
    assert_int_equal(told->gopLength, NVENC_INFINITE_GOPLENGTH);
    assert_int_equal(told->encodeCodecConfig.hevcConfig.idrPeriod, NVENC_INFINITE_GOPLENGTH);
    assert_int_equal(told->frameIntervalP, 1);
    assert_int_equal(told->rcParams.enableLookahead, 0);
    assert_int_equal(told->rcParams.zeroReorderDelay, 1);
    open_once(h264, &config);
    assert_int_equal(told->encodeCodecConfig.h264Config.idrPeriod, NVENC_INFINITE_GOPLENGTH);
}

static void a_bit_rate_means_cbr_with_a_buffer_of_one_frame(void **state)
{
    struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    (void)state;
    machine_reset();
    config.bitrate_kbps = 24000;
    config.fps_mhz = 59940;
    open_once(h264, &config);
    const NV_ENC_RC_PARAMS *told = &fake_nvenc()->config.rcParams;
    assert_int_equal(told->rateControlMode, NV_ENC_PARAMS_RC_CBR);
    assert_int_equal(told->averageBitRate, 24000000);
    assert_int_equal(told->maxBitRate, 24000000);
    assert_int_equal(told->vbvBufferSize, 400400);
    assert_int_equal(told->vbvInitialDelay, 400400);
    assert_int_equal(fake_nvenc()->init.frameRateNum, 2997);
    assert_int_equal(fake_nvenc()->init.frameRateDen, 50);
    config.bitrate_kbps = UINT32_MAX;
    open_once(h264, &config);
    assert_int_equal(told->averageBitRate, UINT32_MAX);
}

static void without_its_own_buffer_size_the_drivers_stays(void **state)
{
    struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    (void)state;
    machine_reset();
    fake_nvenc()->no_custom_vbv = true;
    config.bitrate_kbps = 24000;
    open_once(h264, &config);
    assert_int_equal(fake_nvenc()->config.rcParams.vbvBufferSize, 12345678);
}

static void no_bit_rate_means_constant_quality(void **state)
{
    const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    (void)state;
    machine_reset();
    open_once(h264, &config);
    const NV_ENC_RC_PARAMS *told = &fake_nvenc()->config.rcParams;
    assert_int_equal(told->rateControlMode, NV_ENC_PARAMS_RC_CONSTQP);
    assert_int_equal(told->constQP.qpIntra, 22);
    assert_int_equal(told->constQP.qpInterP, 22);
    open_once(hevc, &config);
    assert_int_equal(told->constQP.qpInterP, 23);
}

/* --- options --- */

static void the_users_options_win(void **state)
{
    struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    (void)state;
    machine_reset();
    config.bitrate_kbps = 8000;
    config.options = "preset=p4:tune=hq:rc=vbr:spatial-aq=1:multipass=qres";
    open_once(h264, &config);
    const NV_ENC_RC_PARAMS *told = &fake_nvenc()->config.rcParams;
    assert_memory_equal(&fake_nvenc()->init.presetGUID, &NV_ENC_PRESET_P4_GUID, sizeof(GUID));
    assert_int_equal(fake_nvenc()->init.tuningInfo, NV_ENC_TUNING_INFO_HIGH_QUALITY);
    assert_int_equal(told->rateControlMode, NV_ENC_PARAMS_RC_VBR);
    assert_int_equal(told->enableAQ, 1);
    assert_int_equal(told->multiPass, NV_ENC_TWO_PASS_QUARTER_RESOLUTION);
    config.options = "rc=constqp:qp=0";
    open_once(h264, &config);
    assert_int_equal(told->rateControlMode, NV_ENC_PARAMS_RC_CONSTQP);
    assert_int_equal(told->constQP.qpInterP, 0);
}

static void wrong_options_are_named(void **state)
{
    static const struct {
        const char *options, *word;
    } cases[] = {
        {"bf=2", "no option 'bf'"}, {"preset=slow", "p1 to p7, not 'slow'"},
        {"preset=p8", "p1 to p7"},  {"qp=52", "0 to 51"},
        {"qp=-1", "0 to 51"},       {"qp=", "key=value"},
        {"qp=5x", "0 to 51"},       {"preset", "key=value"},
    };
    char reason[FR_REASON_BYTES];
    (void)state;
    machine_reset();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
        config.options = cases[i].options;
        assert_refused(h264, &config, FR_ERR_ARGUMENT, cases[i].word);
        assert_int_equal(fr_nvenc_check_options(h264, cases[i].options, reason), FR_ERR_ARGUMENT);
    }
    assert_int_equal(fr_nvenc_check_options(h264, "preset=p7:qp=51", reason), FR_OK);
    assert_int_equal(fr_nvenc_check_options(h264, NULL, reason), FR_OK);
    assert_int_equal(fr_nvenc_check_options(av1, "qp=255", reason), FR_OK);
    assert_int_equal(fake_nvenc()->calls, 0);
}

static void a_rate_control_needs_a_rate(void **state)
{
    struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    (void)state;
    machine_reset();
    config.options = "rc=cbr";
    assert_refused(h264, &config, FR_ERR_ARGUMENT, "need a bit rate");
}

/* --- keyframes --- */

static bool has_unit(const AVPacket *packet, uint8_t first_byte)
{
    for (int i = 0; i + 3 < packet->size; i++)
        if (!packet->data[i] && !packet->data[i + 1] && packet->data[i + 2] == 1 &&
            packet->data[i + 3] == first_byte)
            return true;
    return false;
}

static void every_keyframe_brings_its_parameter_sets(void **state)
{
    struct painter painter;
    struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    (void)state;
    machine_reset();
    config.gop_frames = 7;
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = machine_open(h264, &config);
    for (int i = 0; i < 24; i++) {
        fr_frame frame = painter_next(&painter);
        const AVPacket *packet = machine_encode(encoder, &frame, i == 10);
        /* The first, the seventh after each, and the one that was asked for. */
        const bool expected = i == 0 || i == 7 || i == 10 || i == 17;
        assert_int_equal((packet->flags & AV_PKT_FLAG_KEY) != 0, expected);
        assert_int_equal(has_unit(packet, 0x67), expected);
        assert_int_equal(has_unit(packet, 0x68), expected);
        fr_frame_release(&frame);
    }
    assert_int_equal(fake_nvenc()->config.encodeCodecConfig.h264Config.repeatSPSPPS, 1);
    fr_encoder_destroy(&encoder);
    painter_finish(&painter);
    assert_balanced();
}

static void with_a_global_header_the_sets_are_there_alone(void **state)
{
    struct painter painter;
    struct fr_encoder_config config = machine_config(WIDTH + 1, HEIGHT, FR_FORMAT_NV12);
    AVCodecParameters *described = avcodec_parameters_alloc();
    (void)state;
    machine_reset();
    config.global_header = true;
    painter_init(&painter, WIDTH + 1, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = machine_open(hevc, &config);
    fr_frame frame = painter_next(&painter);
    const AVPacket *packet = machine_encode(encoder, &frame, true);
    assert_false(has_unit(packet, 0x42));
    fr_frame_release(&frame);
    /* Twice: what is there is not kept. */
    for (int i = 0; i < 2; i++)
        assert_int_equal(encoder->ops->describe(encoder, described), FR_OK);
    assert_int_equal(described->codec_id, AV_CODEC_ID_HEVC);
    assert_int_equal(described->profile, FF_PROFILE_HEVC_MAIN);
    assert_int_equal(described->format, AV_PIX_FMT_NV12);
    assert_int_equal(described->width, WIDTH);
    assert_int_equal(described->height, HEIGHT);
    assert_int_equal(described->color_primaries, AVCOL_PRI_BT709);
    assert_int_equal(described->color_range, AVCOL_RANGE_MPEG);
    assert_int_equal(described->chroma_location, AVCHROMA_LOC_LEFT);
    assert_int_equal(described->extradata_size, 7 + 7 + 7);
    assert_int_equal(described->extradata[4], 0x40);
    avcodec_parameters_free(&described);
    fr_encoder_destroy(&encoder);
    painter_finish(&painter);
    assert_balanced();
}

static void without_metadata_there_is_no_message(void **state)
{
    struct painter painter;
    const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_P010);
    (void)state;
    machine_reset();
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_P010);
    struct fr_encoder *encoder = machine_open(hevc, &config);
    fr_frame frame = painter_next(&painter);
    frame.has_hdr = false;
    assert_false(has_unit(machine_encode(encoder, &frame, true), 0x4e));
    fr_frame_release(&frame);
    fr_encoder_destroy(&encoder);
    painter_finish(&painter);
    assert_balanced();
}

static void hdr_metadata_are_on_keyframes_alone(void **state)
{
    struct painter painter;
    const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_P010);
    (void)state;
    machine_reset();
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_P010);
    struct fr_encoder *encoder = machine_open(hevc, &config);
    for (int i = 0; i < 3; i++) {
        fr_frame frame = painter_next(&painter);
        frame.hdr.max_cll = (uint16_t)(777 + i);
        const AVPacket *packet = machine_encode(encoder, &frame, i == 2);
        const uint8_t light[] = {0x4e, 1, 144, 4, (uint8_t)((777 + i) >> 8), (uint8_t)(777 + i), 1, 0x90};
        bool found = false;
        for (int at = 0; at + (int)sizeof(light) <= packet->size; at++)
            found |= !memcmp(packet->data + at, light, sizeof(light));
        assert_int_equal(found, i != 1);
        assert_int_equal(has_unit(packet, 0x4e), i != 1);
        fr_frame_release(&frame);
    }
    fr_encoder_destroy(&encoder);
    painter_finish(&painter);
    assert_balanced();
}

/* --- what a GPU cannot --- */

static void a_codec_that_the_gpu_lacks_is_named(void **state)
{
    const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    (void)state;
    machine_reset();
    fake_nvenc()->codecs = FAKE_H264;
    assert_refused(hevc, &config, FR_ERR_ENCODER, "does not encode hevc");
}

static void a_gpu_without_10_bit_says_so(void **state)
{
    const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_P010);
    (void)state;
    machine_reset();
    fake_nvenc()->no_ten_bit = true;
    assert_refused(hevc, &config, FR_ERR_UNSUPPORTED, "hevc with 10 bit");
    fake_nvenc()->no_ten_bit = false;
    assert_refused(h264, &config, FR_ERR_UNSUPPORTED, "h264 with 10 bit");
}

static void sizes_out_of_range_are_told_with_the_range(void **state)
{
    struct fr_encoder_config config = machine_config(5120, 2880, FR_FORMAT_NV12);
    (void)state;
    machine_reset();
    assert_refused(h264, &config, FR_ERR_ENCODER, "from 145x49 to 4096x4096, not 5120x2880");
    config.width = config.height = 48;
    assert_refused(h264, &config, FR_ERR_ENCODER, "not 48x48");
}

static void the_reason_is_that_of_the_adapter_that_came_furthest(void **state)
{
    struct machine *machine = machine_reset();
    const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    (void)state;
    machine->num_adapters = 3;
    machine->adapter[0].has_nvenc = false;
    machine->adapter[1].has_nvenc = true;
    fake_nvenc()->codecs = FAKE_H264;
    assert_refused(hevc, &config, FR_ERR_ENCODER, "does not encode hevc");
    machine->adapter[1].has_nvenc = false;
    assert_refused(hevc, &config, FR_ERR_ENCODER, "NV_ENC_ERR_NO_ENCODE_DEVICE");
    machine->num_adapters = 0;
    assert_refused(hevc, &config, FR_ERR_ENCODER, "no adapter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sdr_is_tagged_bt709_in_8_bit),
        cmocka_unit_test(hdr_is_tagged_bt2020_pq_in_10_bit),
        cmocka_unit_test(other_colours_are_tagged_as_they_are),
#if FR_NVENC_HAS_AV1
        cmocka_unit_test(av1_is_tagged_in_its_own_words),
        cmocka_unit_test(av1_keyframes_bring_their_metadata),
#else
        cmocka_unit_test(av1_needs_a_newer_header),
#endif
        cmocka_unit_test(everything_is_set_for_low_delay),
        cmocka_unit_test(a_bit_rate_means_cbr_with_a_buffer_of_one_frame),
        cmocka_unit_test(without_its_own_buffer_size_the_drivers_stays),
        cmocka_unit_test(no_bit_rate_means_constant_quality),
        cmocka_unit_test(the_users_options_win),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(a_rate_control_needs_a_rate),
        cmocka_unit_test(every_keyframe_brings_its_parameter_sets),
        cmocka_unit_test(with_a_global_header_the_sets_are_there_alone),
        cmocka_unit_test(hdr_metadata_are_on_keyframes_alone),
        cmocka_unit_test(without_metadata_there_is_no_message),
        cmocka_unit_test(a_codec_that_the_gpu_lacks_is_named),
        cmocka_unit_test(a_gpu_without_10_bit_says_so),
        cmocka_unit_test(sizes_out_of_range_are_told_with_the_range),
        cmocka_unit_test(the_reason_is_that_of_the_adapter_that_came_furthest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
