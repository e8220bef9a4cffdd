/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* NVENC's encoder on a fake library: what it holds, for how long, and in which order. */

#include "nvenc_machine.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 320, HEIGHT = 192 };

static struct fr_encoder *open_h264(const void *device)
{
    struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    config.device = device;
    return machine_open(&machine_rows[0], &config);
}

/* --- textures --- */

static void each_texture_is_registered_once_and_all_is_undone(void **state)
{
    struct machine *machine = machine_reset();
    struct fake_nvenc *fake = fake_nvenc();
    struct texture_ring textures;
    (void)state;
    texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = open_h264(&machine->adapter[0]);
    assert_true(encoder->reads_textures);
    for (int i = 0; i < 30; i++) {
        fr_frame frame = texture_ring_next(&textures);
        machine_encode(encoder, &frame, false);
        fr_frame_release(&frame);
    }
    assert_int_equal(fake->resources.made, 3);
    assert_int_equal(fake->maps.made, 30);
    assert_int_equal(fake->locks.made, 30);
    assert_int_equal(fake->inputs.made, 0);
    assert_ptr_equal(fake->device, &machine->adapter[0]);
    assert_int_equal(machine->devices_created, 0);
    assert_int_equal(machine->frame_maps, 0);
    fr_encoder_destroy(&encoder);
    assert_int_equal(fr_out_ring_held(textures.ring), 0);
    texture_ring_finish(&textures);
    assert_balanced();
}

static void a_picture_is_held_while_its_texture_is_mapped(void **state)
{
    struct machine *machine = machine_reset();
    struct texture_ring textures;
    (void)state;
    texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = open_h264(&machine->adapter[0]);
    fr_frame frame = texture_ring_next(&textures);
    const void *texture = frame.surface->picture.object;
    assert_int_equal(encoder->ops->send(encoder, &frame, 1, false), FR_OK);
    fr_frame_release(&frame);
    assert_int_equal(fr_out_ring_held(textures.ring), 1);
    assert_true(fake_nvenc_is_mapped(texture));
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(encoder->ops->receive(encoder, packet), FR_OK);
    assert_int_equal(fr_out_ring_held(textures.ring), 0);
    assert_false(fake_nvenc_is_mapped(texture));
    av_packet_free(&packet);
    fr_encoder_destroy(&encoder);
    texture_ring_finish(&textures);
    assert_balanced();
}

static void a_repeat_shares_the_mapping_of_a_picture_under_the_encoder(void **state)
{
    struct machine *machine = machine_reset();
    struct texture_ring textures;
    (void)state;
    texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = open_h264(&machine->adapter[0]);
    fr_frame frame = texture_ring_next(&textures);
    AVPacket *packet = av_packet_alloc();
    for (int64_t i = 0; i < 2; i++)
        assert_int_equal(encoder->ops->send(encoder, &frame, i, false), FR_OK);
    const void *texture = frame.surface->picture.object;
    fr_frame_release(&frame);
    for (int i = 0; i < 2; i++) {
        assert_true(fake_nvenc_is_mapped(texture));
        assert_int_equal(encoder->ops->receive(encoder, packet), FR_OK);
        av_packet_unref(packet);
    }
    assert_int_equal(fake_nvenc()->maps.made, 1);
    av_packet_free(&packet);
    fr_encoder_destroy(&encoder);
    texture_ring_finish(&textures);
    assert_balanced();
}

/* A new out ring of the same size needs no new encoder, so textures of many rings may come by. */
static void of_many_textures_the_oldest_are_let_go(void **state)
{
    struct machine *machine = machine_reset();
    struct fake_nvenc *fake = fake_nvenc();
    struct texture_ring textures[7];
    (void)state;
    struct fr_encoder *encoder = open_h264(&machine->adapter[0]);
    for (size_t i = 0; i < 7; i++) {
        texture_ring_init(&textures[i], &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
        for (int j = 0; j < 9; j++) {
            fr_frame frame = texture_ring_next(&textures[i]);
            machine_encode(encoder, &frame, false);
            fr_frame_release(&frame);
        }
    }
    assert_int_equal(fake->resources.made, 21);
    assert_int_equal(fake->resources.undone, 5);
    assert_int_equal(fake->registrations_of_known, 0);
    fr_encoder_destroy(&encoder);
    for (size_t i = 0; i < 7; i++)
        texture_ring_finish(&textures[i]);
    assert_balanced();
}

/* The address of a texture that is gone may be another's: the encoder's reference keeps that from happening.
 */
static void a_registered_texture_outlives_its_ring(void **state)
{
    struct machine *machine = machine_reset();
    struct texture_ring textures;
    (void)state;
    texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = open_h264(&machine->adapter[0]);
    fr_frame frame = texture_ring_next(&textures);
    const struct fake_object *texture = frame.surface->picture.object;
    machine_encode(encoder, &frame, false);
    fr_frame_release(&frame);
    texture_ring_finish(&textures);
    assert_int_equal(texture->refs, 1);
    fr_encoder_destroy(&encoder);
    assert_balanced();
}

static void textures_of_odd_sizes_are_registered_whole_and_coded_even(void **state)
{
    struct machine *machine = machine_reset();
    struct texture_ring textures;
    (void)state;
    texture_ring_init(&textures, &machine->adapter[0], WIDTH + 1, HEIGHT + 1, FR_FORMAT_NV12);
    struct fr_encoder_config config = machine_config(WIDTH + 1, HEIGHT + 1, FR_FORMAT_NV12);
    config.device = &machine->adapter[0];
    struct fr_encoder *encoder = machine_open(&machine_rows[0], &config);
    fr_frame frame = texture_ring_next(&textures);
    machine_encode(encoder, &frame, false);
    fr_frame_release(&frame);
    assert_int_equal(fake_nvenc()->init.encodeWidth, WIDTH);
    assert_int_equal(fake_nvenc()->init.encodeHeight, HEIGHT);
    assert_int_equal(fake_nvenc()->resource.width, WIDTH + 2);
    assert_int_equal(fake_nvenc()->resource.height, HEIGHT + 2);
    fr_encoder_destroy(&encoder);
    texture_ring_finish(&textures);
    assert_balanced();
}

static void a_frame_of_another_device_is_refused(void **state)
{
    struct machine *machine = machine_reset();
    struct texture_ring textures;
    (void)state;
    texture_ring_init(&textures, &machine->adapter[1], WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = open_h264(&machine->adapter[0]);
    fr_frame frame = texture_ring_next(&textures);
    assert_int_equal(encoder->ops->send(encoder, &frame, 0, false), FR_ERR_ENCODER);
    assert_non_null(strstr(encoder->reason, "device"));
    fr_frame_release(&frame);
    fr_encoder_destroy(&encoder);
    texture_ring_finish(&textures);
    assert_int_equal(fake_nvenc()->resources.made, 0);
    assert_balanced();
}

/* --- frames in memory --- */

/* The pixels themselves, for a look at what the encoder was given. */
static size_t hand_back(const struct fake_input *in, uint8_t *out, size_t room)
{
    const size_t row = in->width * (in->format == NV_ENC_BUFFER_FORMAT_NV12 ? 1u : 2u);
    size_t length = 0;
    for (uint32_t plane = 0; plane < 2; plane++)
        for (uint32_t y = 0; y < in->height >> plane; y++, length += row)
            if (length + row <= room)
                memcpy(out + length, in->plane[plane] + y * in->pitch_bytes, row);
    return length;
}

static void check_memory(fr_format format, const struct fr_encoder_row *row, uint32_t odd)
{
    struct painter painter;
    machine_reset();
    fake_nvenc()->code = hand_back;
    painter_init(&painter, WIDTH + odd, HEIGHT + odd, format);
    const struct fr_encoder_config config = machine_config(WIDTH + odd, HEIGHT + odd, format);
    struct fr_encoder *encoder = machine_open(row, &config);
    const size_t bytes = WIDTH * (format == FR_FORMAT_P010 ? 2 : 1);
    for (int i = 0; i < 9; i++) {
        fr_frame frame = painter_next(&painter);
        assert_int_equal(encoder->ops->send(encoder, &frame, i, false), FR_OK);
        /* Copied: the capture may draw over it. */
        assert_int_equal(painter_held(&painter), 1);
        AVPacket *packet = av_packet_alloc();
        assert_int_equal(encoder->ops->receive(encoder, packet), FR_OK);
        assert_true(packet->size >= (int)(bytes * HEIGHT * 3 / 2));
        const uint8_t *at = packet->data + packet->size - bytes * HEIGHT * 3 / 2;
        for (uint32_t plane = 0; plane < 2; plane++)
            for (uint32_t y = 0; y < (uint32_t)HEIGHT >> plane; y++, at += bytes)
                assert_memory_equal(at, frame.plane[plane] + y * frame.pitch_bytes[plane], bytes);
        av_packet_free(&packet);
        fr_frame_release(&frame);
    }
    fr_encoder_destroy(&encoder);
    painter_finish(&painter);
    assert_balanced();
}

static void frames_in_memory_arrive_pixel_by_pixel(void **state)
{
    (void)state;
    check_memory(FR_FORMAT_NV12, &machine_rows[0], 0);
    check_memory(FR_FORMAT_NV12, &machine_rows[0], 1);
    check_memory(FR_FORMAT_P010, &machine_rows[1], 0);
}

static void the_device_for_memory_is_the_one_where_nvenc_opens(void **state)
{
    struct machine *machine = machine_reset();
    (void)state;
    machine->num_adapters = 3;
    machine->broken_adapter[0] = true;
    machine->adapter[0].has_nvenc = false;
    machine->adapter[2].has_nvenc = true;
    struct fr_encoder *encoder = open_h264(NULL);
    assert_ptr_equal(fake_nvenc()->device, &machine->adapter[2]);
    fr_encoder_destroy(&encoder);
    assert_balanced();
}

/* --- order --- */

static void four_frames_are_under_way_and_come_out_in_order(void **state)
{
    struct painter painter;
    (void)state;
    machine_reset();
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = open_h264(NULL);
    fr_frame frame = painter_next(&painter);
    AVPacket *packet = av_packet_alloc();
    for (int64_t round = 0; round < 3; round++) {
        for (int64_t i = 0; i < 4; i++)
            assert_int_equal(encoder->ops->send(encoder, &frame, 4 * round + i, false), FR_OK);
        assert_int_equal(encoder->ops->send(encoder, &frame, 99, false), FR_AGAIN);
        for (int64_t i = 0; i < 4; i++) {
            assert_int_equal(encoder->ops->receive(encoder, packet), FR_OK);
            assert_int_equal(packet->pts, 4 * round + i);
            assert_int_equal(packet->dts, 4 * round + i);
            av_packet_unref(packet);
        }
        assert_int_equal(encoder->ops->receive(encoder, packet), FR_AGAIN);
    }
    fr_frame_release(&frame);
    av_packet_free(&packet);
    fr_encoder_destroy(&encoder);
    painter_finish(&painter);
    assert_int_equal(fake_nvenc()->frames, 12);
    assert_balanced();
}

static void drain_hands_out_the_rest_and_ends(void **state)
{
    struct painter painter;
    (void)state;
    machine_reset();
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = open_h264(NULL);
    fr_frame frame = painter_next(&painter);
    AVPacket *packet = av_packet_alloc();
    for (int64_t i = 0; i < 2; i++)
        assert_int_equal(encoder->ops->send(encoder, &frame, i, false), FR_OK);
    fr_frame_release(&frame);
    assert_int_equal(encoder->ops->drain(encoder), FR_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(encoder->ops->receive(encoder, packet), FR_OK);
        av_packet_unref(packet);
    }
    assert_int_equal(encoder->ops->receive(encoder, packet), FR_END);
    av_packet_free(&packet);
    fr_encoder_destroy(&encoder);
    painter_finish(&painter);
    assert_int_equal(fake_nvenc()->flushes, 1);
    assert_balanced();
}

static void an_end_in_the_middle_takes_every_frame_out_first(void **state)
{
    struct machine *machine = machine_reset();
    struct texture_ring textures;
    (void)state;
    texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = open_h264(&machine->adapter[0]);
    for (int64_t i = 0; i < 3; i++) {
        fr_frame frame = texture_ring_next(&textures);
        assert_int_equal(encoder->ops->send(encoder, &frame, i, false), FR_OK);
        fr_frame_release(&frame);
    }
    fr_encoder_destroy(&encoder);
    assert_int_equal(fake_nvenc()->flushes, 1);
    assert_int_equal(fake_nvenc()->locks.made, 3);
    assert_int_equal(fr_out_ring_held(textures.ring), 0);
    texture_ring_finish(&textures);
    assert_balanced();
}

static void a_frame_that_waits_for_the_next_is_not_locked_before(void **state)
{
    struct painter painter;
    (void)state;
    machine_reset();
    fake_nvenc()->more_input = true;
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = open_h264(NULL);
    fr_frame frame = painter_next(&painter);
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(encoder->ops->send(encoder, &frame, 0, false), FR_OK);
    assert_int_equal(encoder->ops->receive(encoder, packet), FR_AGAIN);
    fake_nvenc()->more_input = false;
    assert_int_equal(encoder->ops->send(encoder, &frame, 1, false), FR_OK);
    for (int64_t i = 0; i < 2; i++) {
        assert_int_equal(encoder->ops->receive(encoder, packet), FR_OK);
        assert_int_equal(packet->pts, i);
        av_packet_unref(packet);
    }
    fr_frame_release(&frame);
    av_packet_free(&packet);
    fr_encoder_destroy(&encoder);
    painter_finish(&painter);
    assert_balanced();
}

/* --- completion --- */

static void encode_some(struct fr_encoder *encoder)
{
    struct painter painter;
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    for (int i = 0; i < 5; i++) {
        fr_frame frame = painter_next(&painter);
        machine_encode(encoder, &frame, false);
        fr_frame_release(&frame);
    }
    painter_finish(&painter);
}

static void with_events_each_frame_is_waited_for_once(void **state)
{
    struct machine *machine = machine_reset();
    (void)state;
    struct fr_encoder *encoder = open_h264(NULL);
    encode_some(encoder);
    assert_int_equal(machine->waits, 5);
    assert_int_equal(fake_nvenc()->init.enableEncodeAsync, 1);
    fr_encoder_destroy(&encoder);
    assert_int_equal(fake_nvenc()->events.made, 5); /* of each slot, and of the flush */
    assert_balanced();
}

static void without_events_it_asks_until_the_frame_is_complete(void **state)
{
    struct machine *machine = machine_reset();
    (void)state;
    machine_set_times(0, 0);
    fake_nvenc()->no_async = true;
    fake_nvenc()->polls = 3;
    struct fr_encoder *encoder = open_h264(NULL);
    encode_some(encoder);
    fr_encoder_destroy(&encoder);
    assert_int_equal(fake_nvenc()->init.enableEncodeAsync, 0);
    assert_int_equal(fake_nvenc()->events.made, 0);
    assert_int_equal(machine->events_made, 0);
    assert_int_equal(fake_nvenc()->locks.made, 5);
    assert_balanced();
}

static void parts_of_a_frame_are_not_taken_for_the_frame(void **state)
{
    (void)state;
    machine_reset();
    machine_set_times(0, 0);
    fake_nvenc()->no_async = fake_nvenc()->parts = true;
    fake_nvenc()->polls = 2;
    struct fr_encoder *encoder = open_h264(NULL);
    encode_some(encoder);
    fr_encoder_destroy(&encoder);
    assert_int_equal(fake_nvenc()->locks.made, 15);
    assert_balanced();
}

static void a_busy_encoder_is_asked_again(void **state)
{
    (void)state;
    machine_reset();
    machine_set_times(0, 0);
    fake_nvenc()->busy = 3;
    struct fr_encoder *encoder = open_h264(NULL);
    encode_some(encoder);
    fr_encoder_destroy(&encoder);
    assert_int_equal(fake_nvenc()->frames, 5);
    assert_balanced();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_texture_is_registered_once_and_all_is_undone),
        cmocka_unit_test(a_picture_is_held_while_its_texture_is_mapped),
        cmocka_unit_test(a_repeat_shares_the_mapping_of_a_picture_under_the_encoder),
        cmocka_unit_test(of_many_textures_the_oldest_are_let_go),
        cmocka_unit_test(a_registered_texture_outlives_its_ring),
        cmocka_unit_test(textures_of_odd_sizes_are_registered_whole_and_coded_even),
        cmocka_unit_test(a_frame_of_another_device_is_refused),
        cmocka_unit_test(frames_in_memory_arrive_pixel_by_pixel),
        cmocka_unit_test(the_device_for_memory_is_the_one_where_nvenc_opens),
        cmocka_unit_test(four_frames_are_under_way_and_come_out_in_order),
        cmocka_unit_test(drain_hands_out_the_rest_and_ends),
        cmocka_unit_test(an_end_in_the_middle_takes_every_frame_out_first),
        cmocka_unit_test(a_frame_that_waits_for_the_next_is_not_locked_before),
        cmocka_unit_test(with_events_each_frame_is_waited_for_once),
        cmocka_unit_test(without_events_it_asks_until_the_frame_is_complete),
        cmocka_unit_test(parts_of_a_frame_are_not_taken_for_the_frame),
        cmocka_unit_test(a_busy_encoder_is_asked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
