/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Recordings of frames that lie on a GPU: encoded there, or brought into memory in one place, and what
 * happens when the GPU changes or goes away. */

#include "coder.h"
#include "nvenc_coder.h"
#include "nvenc_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 320, HEIGHT = 192 };

static struct fr_encoder_row rows[4];

/* The fake NVENC's three, then libx264. */
static struct fr_encoder_list all_rows(void)
{
    memcpy(rows, machine_rows, sizeof(machine_rows));
    rows[3] = (struct fr_encoder_row){.name = "libx264",
                                      .codec = FR_CODEC_H264,
                                      .options = "preset=ultrafast tune=zerolatency forced-idr=1",
                                      .open = fr_lavc_open};
    return (struct fr_encoder_list){rows, 4, machine_device_of};
}

static struct fr_encoder_list software_rows(void)
{
    const struct fr_encoder_list all = all_rows();
    return (struct fr_encoder_list){all.rows + 3, 1, machine_device_of};
}

static struct machine *begin(void)
{
    struct machine *machine = machine_reset();
    nvenc_coder_install();
    return machine;
}

static fr_recorder *open_with(struct fr_encoder_list list, const char *url, struct log_lines *lines)
{
    fr_recorder *recorder;
    const fr_recorder_params params = {.url = url, .log = log_into(lines)};
    assert_int_equal(fr_recorder_open_with(&recorder, &params, list), FR_OK);
    return recorder;
}

static fr_status put_next(fr_recorder *recorder, struct texture_ring *textures)
{
    fr_frame frame = texture_ring_next(textures);
    const fr_status status = fr_recorder_put(recorder, &frame);
    fr_frame_release(&frame);
    return status;
}

static void put(fr_recorder *recorder, struct texture_ring *textures, int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(put_next(recorder, textures), FR_OK);
}

static void end(fr_recorder **recorder)
{
    assert_int_equal(fr_recorder_close(recorder), FR_OK);
    coder_finish();
}

/* --- on the GPU --- */

struct comparison {
    struct texture_ring textures; /* the same pictures once more */
    uint64_t sum, samples;
};

static void compare(void *user, const AVFrame *frame)
{
    struct comparison *c = user;
    fr_frame want = texture_ring_next(&c->textures);
    assert_int_equal(fr_frame_map(&want), FR_OK);
    const bool ten = want.format == FR_FORMAT_P010;
    for (int plane = 0; plane < 3; plane++)
        for (int y = 0; y < (plane ? HEIGHT / 2 : HEIGHT); y++) {
            const uint8_t *row = frame->data[plane] + (ptrdiff_t)y * frame->linesize[plane];
            const uint8_t *wanted = want.plane[plane != 0] + (size_t)y * want.pitch_bytes[plane != 0];
            for (int x = 0; x < (plane ? WIDTH / 2 : WIDTH); x++, c->samples++) {
                const int at = plane ? 2 * x + plane - 1 : x;
                const int a = ten ? ((const uint16_t *)(const void *)row)[x] >> 2 : row[x];
                const int b = ten ? ((const uint16_t *)(const void *)wanted)[at] >> 8 : wanted[at];
                c->sum += (uint64_t)abs(a - b);
            }
        }
    fr_frame_release(&want);
}

/* Eight frames through the named codec, nothing of them in memory, read back. */
static void check_textures(struct read_file *file, const char *path, fr_format format)
{
    struct machine *machine = begin();
    struct log_lines lines;
    struct texture_ring textures;
    struct comparison c = {.sum = 0};
    texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, format);
    fr_recorder *recorder = open_with(all_rows(), path, &lines);
    put(recorder, &textures, 8);
    end(&recorder);
    assert_int_equal(machine->frame_maps, 0);
    assert_int_equal(fake_nvenc()->input_locks.made, 0);
    assert_int_equal(fake_nvenc()->maps.made, 8);
    assert_int_equal(lines.count[FR_LOG_WARNING] + lines.count[FR_LOG_ERROR], 0);
    texture_ring_finish(&textures);
    assert_balanced();
    texture_ring_init(&c.textures, &machine->adapter[0], WIDTH, HEIGHT, format);
    assert_true(read_back(file, path, compare, &c));
    texture_ring_finish(&c.textures);
    assert_int_equal(file->num_frames, 8);
    assert_true((double)c.sum / (double)c.samples < 3);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(file->frame[i].key, i == 0);
}

static void sdr_textures_are_encoded_where_they_lie(void **state)
{
    static const char *const names[] = {"sdr.mkv", "sdr.mp4", "sdr.ts"};
    struct read_file *file = calloc(1, sizeof(*file));
    for (size_t i = 0; i < 3; i++) {
        check_textures(file, in_folder(state, names[i]), FR_FORMAT_NV12);
        assert_string_equal(file->codec, "h264");
        assert_int_equal(file->frame[0].primaries, AVCOL_PRI_BT709);
        assert_int_equal(file->frame[0].transfer, AVCOL_TRC_BT709);
        assert_int_equal(file->frame[0].matrix, AVCOL_SPC_BT709);
        assert_int_equal(file->frame[0].range, AVCOL_RANGE_MPEG);
        assert_int_equal(file->frame[0].location, AVCHROMA_LOC_LEFT);
    }
    free(file);
}

static void hdr_textures_become_main_10_with_their_metadata(void **state)
{
    static const char *const names[] = {"hdr.mkv", "hdr.mp4", "hdr.ts"};
    struct read_file *file = calloc(1, sizeof(*file));
    for (size_t i = 0; i < 3 && avcodec_find_encoder_by_name("libx265"); i++) {
        check_textures(file, in_folder(state, names[i]), FR_FORMAT_P010);
        assert_string_equal(file->codec, "hevc");
        assert_int_equal(file->frame[0].format, AV_PIX_FMT_YUV420P10LE);
        assert_int_equal(file->frame[0].primaries, AVCOL_PRI_BT2020);
        assert_int_equal(file->frame[0].transfer, AVCOL_TRC_SMPTE2084);
        assert_int_equal(file->frame[0].matrix, AVCOL_SPC_BT2020_NCL);
        assert_int_equal(file->frame[0].location, AVCHROMA_LOC_LEFT);
        assert_true(file->frame[0].has_display && file->frame[0].has_light);
        assert_int_equal(file->frame[0].max_cll, 1000);
        assert_int_equal(file->frame[0].max_fall, 400);
    }
    free(file);
}

/* As a caller does who shows the picture as well. */
static void textures_that_were_mapped_are_still_encoded_where_they_lie(void **state)
{
    struct machine *machine = begin();
    struct log_lines lines;
    struct texture_ring textures;
    texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    fr_recorder *recorder = open_with(all_rows(), in_folder(state, "mapped.ts"), &lines);
    put(recorder, &textures, 2);
    const uint32_t sessions = fake_nvenc()->sessions.made;
    fr_frame frame = texture_ring_next(&textures);
    assert_int_equal(fr_frame_map(&frame), FR_OK);
    assert_int_equal(fr_recorder_put(recorder, &frame), FR_OK);
    fr_frame_release(&frame);
    put(recorder, &textures, 1);
    assert_int_equal(fake_nvenc()->sessions.made, sessions);
    assert_int_equal(fake_nvenc()->maps.made, 4);
    end(&recorder);
    texture_ring_finish(&textures);
    assert_balanced();
}

/* --- changes --- */

static void another_size_opens_another_session(void **state)
{
    struct machine *machine = begin();
    struct log_lines lines;
    struct texture_ring small, large;
    const char *path = in_folder(state, "size.ts");
    texture_ring_init(&small, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    texture_ring_init(&large, &machine->adapter[0], 2 * WIDTH, 2 * HEIGHT, FR_FORMAT_NV12);
    fr_recorder *recorder = open_with(all_rows(), path, &lines);
    const uint32_t trials = fake_nvenc()->sessions.made;
    put(recorder, &small, 4);
    assert_int_equal(fake_nvenc()->sessions.made, trials + 1);
    put(recorder, &large, 4);
    assert_int_equal(fake_nvenc()->sessions.made, trials + 2);
    assert_int_equal(fake_nvenc()->sessions.undone, trials + 1);
    assert_int_equal(fake_nvenc()->init.encodeWidth, 2 * WIDTH);
    assert_int_equal(fake_nvenc()->resources.made, 6);
    assert_int_equal(fake_nvenc()->keyframes, 2);
    end(&recorder);
    texture_ring_finish(&small);
    texture_ring_finish(&large);
    assert_balanced();
}

static void hdr_going_on_opens_another_session(void **state)
{
    struct machine *machine = machine_reset(); /* marks: no x265 needed */
    struct log_lines lines;
    struct texture_ring sdr, hdr;
    fr_recorder_info info;
    texture_ring_init(&sdr, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    texture_ring_init(&hdr, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_P010);
    const fr_recorder_params params = {
        .url = in_folder(state, "flip.ts"), .codec = FR_CODEC_HEVC, .log = log_into(&lines)};
    fr_recorder *recorder;
    assert_int_equal(fr_recorder_open_with(&recorder, &params, all_rows()), FR_OK);
    put(recorder, &sdr, 3);
    assert_int_equal(fake_nvenc()->config.encodeCodecConfig.hevcConfig.hevcVUIParameters.colourPrimaries, 1);
    put(recorder, &hdr, 3);
    assert_int_equal(fake_nvenc()->config.encodeCodecConfig.hevcConfig.hevcVUIParameters.colourPrimaries, 9);
    put(recorder, &sdr, 3);
    assert_int_equal(fake_nvenc()->config.encodeCodecConfig.hevcConfig.hevcVUIParameters.colourPrimaries, 1);
    fr_recorder_get_info(recorder, &info);
    assert_int_equal(info.frames, 9);
    assert_int_equal(info.keyframes, 3);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    texture_ring_finish(&sdr);
    texture_ring_finish(&hdr);
    assert_balanced();
}

static void another_device_opens_another_session_on_it(void **state)
{
    struct machine *machine = begin();
    struct log_lines lines;
    struct texture_ring first, second;
    const char *path = in_folder(state, "device.mkv");
    machine->num_adapters = 2;
    machine->adapter[1].has_nvenc = true;
    texture_ring_init(&first, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    texture_ring_init(&second, &machine->adapter[1], WIDTH, HEIGHT, FR_FORMAT_NV12);
    fr_recorder *recorder = open_with(all_rows(), path, &lines);
    put(recorder, &first, 3);
    assert_ptr_equal(fake_nvenc()->device, &machine->adapter[0]);
    put(recorder, &second, 5);
    assert_ptr_equal(fake_nvenc()->device, &machine->adapter[1]);
    assert_int_equal(fake_nvenc()->resources.undone, 3);
    end(&recorder);
    texture_ring_finish(&first);
    texture_ring_finish(&second);
    assert_balanced();
    assert_plays(path, 3, WIDTH, HEIGHT);
    assert_plays(in_folder(state, "device-2.mkv"), 5, WIDTH, HEIGHT);
}

static void frames_that_move_into_memory_and_back_open_other_sessions(void **state)
{
    struct machine *machine = begin();
    struct log_lines lines;
    struct texture_ring textures;
    struct painter painter;
    const char *path = in_folder(state, "memory.ts");
    texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    fr_recorder *recorder = open_with(all_rows(), path, &lines);
    put(recorder, &textures, 2);
    const uint32_t sessions = fake_nvenc()->sessions.made;
    put_frames(recorder, &painter, 2);
    assert_int_equal(fake_nvenc()->input_locks.made, 2);
    put(recorder, &textures, 2);
    assert_int_equal(fake_nvenc()->input_locks.made, 2);
    assert_int_equal(fake_nvenc()->maps.made, 4);
    assert_int_equal(fake_nvenc()->sessions.made, sessions + 2);
    assert_int_equal(machine->frame_maps, 0);
    end(&recorder);
    texture_ring_finish(&textures);
    painter_finish(&painter);
    assert_balanced();
}

/* --- into memory --- */

static void for_software_each_frame_is_mapped_once(void **state)
{
    struct machine *machine = begin();
    struct log_lines lines;
    struct texture_ring textures;
    struct comparison c = {.sum = 0};
    struct read_file *file = calloc(1, sizeof(*file));
    const char *path = in_folder(state, "software.mkv");
    texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    fr_recorder *recorder = open_with(software_rows(), path, &lines);
    put(recorder, &textures, 6);
    assert_int_equal(machine->frame_maps, 6);
    end(&recorder);
    texture_ring_finish(&textures);
    assert_balanced();
    texture_ring_init(&c.textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    assert_true(read_back(file, path, compare, &c));
    texture_ring_finish(&c.textures);
    assert_int_equal(file->num_frames, 6);
    assert_true((double)c.sum / (double)c.samples < 8);
    free(file);
}

static void textures_of_no_known_device_are_mapped_for_nvenc_too(void **state)
{
    struct machine *machine = begin();
    struct log_lines lines;
    struct texture_ring textures;
    struct fr_encoder_list list = all_rows();
    list.device_of = NULL;
    texture_ring_init(&textures, &machine->adapter[1], WIDTH, HEIGHT, FR_FORMAT_NV12);
    fr_recorder *recorder = open_with(list, in_folder(state, "other.ts"), &lines);
    put(recorder, &textures, 3);
    assert_int_equal(machine->frame_maps, 3);
    assert_int_equal(fake_nvenc()->input_locks.made, 3);
    end(&recorder);
    texture_ring_finish(&textures);
    assert_balanced();
}

static uint64_t hash_of(const struct texture_ring *textures, bool mapped)
{
    struct texture_ring again;
    struct log_lines lines;
    fr_recorder_info info;
    texture_ring_init(&again, textures->device, WIDTH + 1, HEIGHT + 1, FR_FORMAT_P010);
    fr_recorder *recorder = open_with(all_rows(), "hash:", &lines);
    for (int i = 0; i < 4; i++) {
        fr_frame frame = texture_ring_next(&again);
        if (mapped)
            assert_int_equal(fr_frame_map(&frame), FR_OK);
        assert_int_equal(fr_recorder_put(recorder, &frame), FR_OK);
        fr_frame_release(&frame);
    }
    fr_recorder_get_info(recorder, &info);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    texture_ring_finish(&again);
    return info.hash;
}

static void raw_outputs_read_textures_as_they_read_memory(void **state)
{
    struct machine *machine = begin();
    const struct texture_ring on_first = {.device = &machine->adapter[0]};
    struct texture_ring textures;
    struct log_lines lines;
    (void)state;
    assert_true(hash_of(&on_first, false) == hash_of(&on_first, true));
    assert_int_equal(machine->frame_maps, 8);
    texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    fr_recorder *recorder = open_with(all_rows(), "null:", &lines);
    put(recorder, &textures, 3);
    assert_int_equal(machine->frame_maps, 8);
    end(&recorder);
    texture_ring_finish(&textures);
    assert_balanced();
}

static void a_picture_that_does_not_come_off_the_gpu_costs_that_frame_alone(void **state)
{
    static const fr_status reasons[] = {FR_TIMEOUT, FR_ERR_DEVICE_LOST};
    for (size_t i = 0; i < 2; i++) {
        struct machine *machine = begin();
        struct log_lines lines;
        struct texture_ring textures;
        struct read_file *file = calloc(1, sizeof(*file));
        const char *path = in_folder(state, "late.mkv");
        texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
        fr_recorder *recorder = open_with(software_rows(), path, &lines);
        put(recorder, &textures, 3);
        machine->map_status = reasons[i];
        fr_frame lost = texture_ring_next(&textures);
        lost.discontinuity = true; /* what it asked for is due all the same */
        assert_int_equal(fr_recorder_put(recorder, &lost), FR_AGAIN);
        fr_frame_release(&lost);
        assert_int_equal(put_next(recorder, &textures), FR_AGAIN);
        assert_int_equal(lines.count[FR_LOG_WARNING], 1);
        machine->map_status = FR_OK;
        put(recorder, &textures, 3);
        end(&recorder);
        texture_ring_finish(&textures);
        assert_true(read_back(file, path, NULL, NULL));
        assert_int_equal(file->num_frames, 6);
        for (size_t f = 0; f < 6; f++)
            assert_int_equal(file->frame[f].key, f == 0 || f == 3);
        free(file);
    }
}

/* --- a GPU that goes away --- */

static void a_lost_device_is_waited_out(void **state)
{
    struct machine *machine = begin();
    struct log_lines lines;
    struct texture_ring dead, alive;
    fr_recorder_info info;
    const char *path = in_folder(state, "lost.mkv");
    machine->num_adapters = 2;
    machine->adapter[1].has_nvenc = true;
    texture_ring_init(&dead, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    texture_ring_init(&alive, &machine->adapter[1], WIDTH, HEIGHT, FR_FORMAT_NV12);
    fr_recorder *recorder = open_with(all_rows(), path, &lines);
    put(recorder, &dead, 3);
    machine->adapter[0].lost = fake_nvenc()->lost = fake_nvenc()->stalled = true;
    /* The first finds the encoder dead, the second that none opens there. */
    assert_int_equal(put_next(recorder, &dead), FR_AGAIN);
    fake_nvenc()->fail_call = fake_nvenc()->calls + 3;
    fake_nvenc()->fail_status = NV_ENC_ERR_GENERIC;
    assert_int_equal(put_next(recorder, &dead), FR_AGAIN);
    fake_nvenc()->stalled = false;
    put(recorder, &alive, 4);
    fr_recorder_get_info(recorder, &info);
    assert_string_equal(info.encoder, "h264_nvenc");
    assert_int_equal(info.segments, 2);
    assert_int_equal(lines.count[FR_LOG_WARNING], 1);
    assert_int_equal(lines.count[FR_LOG_ERROR], 0);
    end(&recorder);
    texture_ring_finish(&dead);
    texture_ring_finish(&alive);
    assert_balanced();
    assert_plays(path, 3, WIDTH, HEIGHT);
    assert_plays(in_folder(state, "lost-2.mkv"), 4, WIDTH, HEIGHT);
}

static void a_lost_device_does_not_keep_the_next_from_being_used(void **state)
{
    struct machine *machine = begin();
    struct log_lines lines;
    struct texture_ring dead, alive;
    const char *path = in_folder(state, "next.ts");
    machine->num_adapters = 2;
    machine->adapter[1].has_nvenc = true;
    texture_ring_init(&dead, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    texture_ring_init(&alive, &machine->adapter[1], WIDTH, HEIGHT, FR_FORMAT_NV12);
    fr_recorder *recorder = open_with(all_rows(), path, &lines);
    put(recorder, &dead, 3);
    machine->adapter[0].lost = fake_nvenc()->lost = true;
    fake_nvenc()->fail_call = fake_nvenc()->calls + 1; /* the flush */
    fake_nvenc()->fail_status = NV_ENC_ERR_GENERIC;
    put(recorder, &alive, 4);
    end(&recorder);
    texture_ring_finish(&dead);
    texture_ring_finish(&alive);
    assert_balanced();
}

static void when_nvenc_hangs_the_next_encoder_takes_the_same_frame(void **state)
{
    struct machine *machine = begin();
    struct log_lines lines;
    struct texture_ring textures;
    fr_recorder_info info;
    const char *path = in_folder(state, "hang.mkv");
    texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    fr_recorder *recorder = open_with(all_rows(), path, &lines);
    put(recorder, &textures, 3);
    fake_nvenc()->stalled = true;
    put(recorder, &textures, 3);
    fr_recorder_get_info(recorder, &info);
    assert_string_equal(info.encoder, "libx264");
    assert_int_equal(info.frames, 6);
    assert_non_null(strstr(lines.last[FR_LOG_WARNING], "no answer"));
    assert_int_equal(machine->frame_maps, 3);
    fake_nvenc()->stalled = false;
    machine_run_apart();
    end(&recorder);
    texture_ring_finish(&textures);
    assert_balanced();
    assert_plays(path, 3, WIDTH, HEIGHT);
    assert_plays(in_folder(state, "hang-2.mkv"), 3, WIDTH, HEIGHT);
}

static void a_named_nvenc_that_is_not_there_says_why_before_the_first_frame(void **state)
{
    struct log_lines lines;
    fr_recorder *recorder;
    const fr_recorder_params params = {
        .url = in_folder(state, "named.mkv"), .encoder = "h264_nvenc", .log = log_into(&lines)};
    begin()->no_library = true;
    assert_int_equal(fr_recorder_open_with(&recorder, &params, all_rows()), FR_ERR_ENCODER);
    assert_null(recorder);
    assert_non_null(strstr(lines.last[FR_LOG_ERROR], "the library is not there"));
    coder_finish();
}

static void its_options_are_checked_before_the_first_frame(void **state)
{
    struct log_lines lines;
    fr_recorder *recorder;
    fr_recorder_params params = {.url = in_folder(state, "options.mkv"),
                                 .encoder = "h264_nvenc",
                                 .options = "preset=slow",
                                 .log = log_into(&lines)};
    begin();
    assert_int_equal(fr_recorder_open_with(&recorder, &params, all_rows()), FR_ERR_ARGUMENT);
    assert_non_null(strstr(lines.last[FR_LOG_ERROR], "p1 to p7"));
    params.options = "preset=p3";
    assert_int_equal(fr_recorder_open_with(&recorder, &params, all_rows()), FR_OK);
    end(&recorder);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(sdr_textures_are_encoded_where_they_lie),
        IN_FOLDER(hdr_textures_become_main_10_with_their_metadata),
        IN_FOLDER(textures_that_were_mapped_are_still_encoded_where_they_lie),
        IN_FOLDER(another_size_opens_another_session),
        IN_FOLDER(hdr_going_on_opens_another_session),
        IN_FOLDER(another_device_opens_another_session_on_it),
        IN_FOLDER(frames_that_move_into_memory_and_back_open_other_sessions),
        IN_FOLDER(for_software_each_frame_is_mapped_once),
        IN_FOLDER(textures_of_no_known_device_are_mapped_for_nvenc_too),
        IN_FOLDER(raw_outputs_read_textures_as_they_read_memory),
        IN_FOLDER(a_picture_that_does_not_come_off_the_gpu_costs_that_frame_alone),
        IN_FOLDER(a_lost_device_is_waited_out),
        IN_FOLDER(a_lost_device_does_not_keep_the_next_from_being_used),
        IN_FOLDER(when_nvenc_hangs_the_next_encoder_takes_the_same_frame),
        IN_FOLDER(a_named_nvenc_that_is_not_there_says_why_before_the_first_frame),
        IN_FOLDER(its_options_are_checked_before_the_first_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
