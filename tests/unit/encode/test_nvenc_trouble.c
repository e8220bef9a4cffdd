/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* NVENC that is not there, refuses, breaks off at any call, or never answers. */

#include "nvenc_machine.h"

#include "encode/nvenc_session.h"

#include <libavutil/mem.h>

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 160, HEIGHT = 64, NUM_STATUSES = NV_ENC_ERR_RESOURCE_NOT_MAPPED };

static const struct fr_encoder_row *const h264 = &machine_rows[0], *const hevc = &machine_rows[1];

static void assert_refused(const char *word)
{
    const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    char reason[FR_REASON_BYTES] = "";
    struct fr_encoder *encoder = NULL;
    assert_int_equal(h264->open(&encoder, h264, &config, reason), FR_ERR_ENCODER);
    assert_null(encoder);
    if (!strstr(reason, word))
        fail_msg("'%s' does not say '%s'", reason, word);
    assert_balanced();
}

/* --- a driver that is not there, or too old --- */

static void no_library_is_no_nvenc(void **state)
{
    (void)state;
    machine_reset()->no_library = true;
    assert_refused("the library is not there");
    assert_int_equal(fake_nvenc()->calls, 0);
}

static void an_old_driver_is_told_both_versions(void **state)
{
    (void)state;
    machine_reset();
    fake_nvenc()->max_version = 9 << 4 | 1;
    assert_refused("NVENC 9.1, framering needs");
    assert_int_equal(fake_nvenc()->sessions.made, 0);
    machine_reset();
    fake_nvenc()->max_version = (NVENCAPI_MAJOR_VERSION << 4 | NVENCAPI_MINOR_VERSION) - 1;
    assert_refused("update the driver");
}

static void a_newer_driver_is_good(void **state)
{
    (void)state;
    machine_reset();
    fake_nvenc()->max_version = (NVENCAPI_MAJOR_VERSION + 3) << 4;
    const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = machine_open(h264, &config);
    fr_encoder_destroy(&encoder);
    assert_balanced();
}

static void a_driver_without_a_function_is_too_old(void **state)
{
    (void)state;
    machine_reset();
    fake_nvenc()->lacks_a_function = true;
    assert_refused("lacks functions: update the driver");
}

/* --- words --- */

static void every_status_is_named(void **state)
{
    (void)state;
    for (int status = 1; status <= NUM_STATUSES; status++) {
        machine_reset();
        fake_nvenc()->fail_call = 3; /* NvEncOpenEncodeSessionEx */
        fake_nvenc()->fail_status = (NVENCSTATUS)status;
        const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
        char reason[FR_REASON_BYTES] = "";
        struct fr_encoder *encoder = NULL;
        assert_int_equal(h264->open(&encoder, h264, &config, reason),
                         status == NV_ENC_ERR_DEVICE_NOT_EXIST ? FR_ERR_DEVICE_LOST : FR_ERR_ENCODER);
        const char *name = fr_nvenc_status_name((NVENCSTATUS)status);
        assert_memory_equal(name, "NV_ENC_ERR_", 11);
        assert_non_null(strstr(reason, name));
        for (int other = 1; other < status; other++)
            assert_string_not_equal(fr_nvenc_status_name((NVENCSTATUS)other), name);
        const char *cure = fr_nvenc_status_cure((NVENCSTATUS)status);
        if (cure)
            assert_non_null(strstr(reason, cure));
        assert_balanced();
    }
    assert_string_equal(fr_nvenc_status_name((NVENCSTATUS)999), "an unknown status");
}

static void too_many_sessions_have_a_cure(void **state)
{
    static const NVENCSTATUS statuses[] = {NV_ENC_ERR_OUT_OF_MEMORY, NV_ENC_ERR_INCOMPATIBLE_CLIENT_KEY};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        machine_reset();
        fake_nvenc()->fail_call = 3;
        fake_nvenc()->fail_status = statuses[i];
        assert_refused("close other recorders and streams");
    }
}

static void the_drivers_own_words_are_told(void **state)
{
    (void)state;
    machine_reset();
    fake_nvenc()->words = "EncodeAPI Internal Error.";
    fake_nvenc()->fail_call = 4; /* NvEncGetEncodeGUIDs */
    fake_nvenc()->fail_status = NV_ENC_ERR_INVALID_PARAM;
    assert_refused("driver: EncodeAPI Internal Error.");
}

static void a_session_that_failed_to_open_is_destroyed(void **state)
{
    (void)state;
    machine_reset();
    fake_nvenc()->failed_open_leaves_handle = true;
    fake_nvenc()->fail_call = 3;
    fake_nvenc()->fail_status = NV_ENC_ERR_OUT_OF_MEMORY;
    assert_refused("NV_ENC_ERR_OUT_OF_MEMORY");
    assert_int_equal(fake_nvenc()->sessions.made, 1);
}

/* --- failures at every call --- */

/* A short session; what fails ends it. Returns whether anything did. */
static bool run_session(const struct fr_encoder_config *config, struct texture_ring *textures,
                        struct painter *painter)
{
    char reason[FR_REASON_BYTES] = "";
    struct fr_encoder *encoder = NULL;
    AVPacket *packet = av_packet_alloc();
    fr_status status = hevc->open(&encoder, hevc, config, reason);
    if (status < 0)
        assert_true(*reason);
    for (int64_t i = 0; i < 4 && status >= 0; i++) {
        fr_frame frame = textures ? texture_ring_next(textures) : painter_next(painter);
        status = encoder->ops->send(encoder, &frame, i, i == 2);
        fr_frame_release(&frame);
        /* Two at a time, so that a failure finds another frame under way. */
        if (status >= 0 && i > 0)
            status = encoder->ops->receive(encoder, packet);
        av_packet_unref(packet);
    }
    if (status >= 0)
        status = encoder->ops->drain(encoder);
    while (status == FR_OK) {
        status = encoder->ops->receive(encoder, packet);
        av_packet_unref(packet);
    }
    if (encoder && status < 0)
        assert_true(*encoder->reason);
    av_packet_free(&packet);
    fr_encoder_destroy(&encoder);
    return status != FR_END;
}

static void check_every_call(bool in_textures, bool async, NVENCSTATUS status)
{
    uint32_t failures = 0;
    for (uint32_t call = 1;; call++) {
        struct machine *machine = machine_reset();
        struct texture_ring textures = {0};
        struct painter painter = {0};
        struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_P010);
        config.global_header = true;
        fake_nvenc()->no_async = !async;
        fake_nvenc()->fail_call = call;
        fake_nvenc()->fail_status = status;
        if (in_textures) {
            config.device = &machine->adapter[0];
            texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_P010);
        } else {
            painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_P010);
        }
        failures += run_session(&config, in_textures ? &textures : NULL, &painter);
        if (in_textures) {
            assert_int_equal(fr_out_ring_held(textures.ring), 0);
            texture_ring_finish(&textures);
        } else {
            assert_int_equal(painter_held(&painter), 0);
            painter_finish(&painter);
        }
        assert_balanced();
        if (fake_nvenc()->calls < call)
            break;
    }
    /* Most calls make something, and are told when they fail. */
    assert_true(failures > 20 || status == NV_ENC_ERR_ENCODER_BUSY || status == NV_ENC_ERR_LOCK_BUSY);
}

static void a_failure_at_any_call_leaves_nothing_behind(void **state)
{
    static const NVENCSTATUS statuses[] = {NV_ENC_ERR_GENERIC,          NV_ENC_ERR_OUT_OF_MEMORY,
                                           NV_ENC_ERR_DEVICE_NOT_EXIST, NV_ENC_ERR_INVALID_PARAM,
                                           NV_ENC_ERR_ENCODER_BUSY,     NV_ENC_ERR_LOCK_BUSY,
                                           NV_ENC_ERR_MAP_FAILED,       NV_ENC_ERR_RESOURCE_REGISTER_FAILED};
    (void)state;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        for (unsigned way = 0; way < 4; way++)
            check_every_call(way & 1, way & 2, statuses[i]);
}

static void no_event_to_be_had_is_told(void **state)
{
    const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    char reason[FR_REASON_BYTES] = "";
    struct fr_encoder *encoder = NULL;
    (void)state;
    machine_reset()->no_events = true;
    assert_int_equal(h264->open(&encoder, h264, &config, reason), FR_ERR_NO_MEMORY);
    assert_non_null(strstr(reason, "event"));
    assert_balanced();
}

static void no_memory_for_a_packet_leaves_nothing_locked(void **state)
{
    struct painter painter;
    const struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    (void)state;
    machine_reset();
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = machine_open(h264, &config);
    fr_frame frame = painter_next(&painter);
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(encoder->ops->send(encoder, &frame, 0, false), FR_OK);
    av_max_alloc(1);
    assert_int_equal(encoder->ops->receive(encoder, packet), FR_ERR_NO_MEMORY);
    av_max_alloc(INT32_MAX);
    assert_int_equal(fake_nvenc()->locks.made, fake_nvenc()->locks.undone);
    machine_encode(encoder, &frame, false);
    fr_frame_release(&frame);
    av_packet_free(&packet);
    fr_encoder_destroy(&encoder);
    painter_finish(&painter);
    assert_balanced();
}

/* --- no answer --- */

struct stalled {
    struct machine *machine;
    struct texture_ring textures;
    struct fr_encoder *encoder;
};

/* An encoder with one frame that got no answer. */
static void stall(struct stalled *s, bool async)
{
    s->machine = machine_reset();
    struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    config.device = &s->machine->adapter[0];
    fake_nvenc()->no_async = !async;
    texture_ring_init(&s->textures, &s->machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    s->encoder = machine_open(h264, &config);
    fr_frame first = texture_ring_next(&s->textures);
    machine_encode(s->encoder, &first, false);
    fr_frame_release(&first);
    fake_nvenc()->stalled = true;
    fr_frame frame = texture_ring_next(&s->textures);
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(s->encoder->ops->send(s->encoder, &frame, 1, false), FR_OK);
    fr_frame_release(&frame);
    assert_int_equal(s->encoder->ops->receive(s->encoder, packet), FR_ERR_ENCODER);
    assert_non_null(strstr(s->encoder->reason, "no answer for 20 ms"));
    av_packet_free(&packet);
}

static void without_an_answer_nothing_is_freed_before_it_comes(void **state)
{
    (void)state;
    for (int async = 0; async < 2; async++) {
        struct stalled s;
        stall(&s, async);
        const uint32_t calls = fake_nvenc()->calls;
        fr_encoder_destroy(&s.encoder);
        assert_int_equal(fake_nvenc()->calls, calls);
        assert_int_equal(fr_out_ring_held(s.textures.ring), 1);
        fake_nvenc()->stalled = false;
        machine_run_apart();
        assert_int_equal(fr_out_ring_held(s.textures.ring), 0);
        texture_ring_finish(&s.textures);
        assert_balanced();
    }
}

static void an_answer_that_never_comes_leaves_the_session_where_it_is(void **state)
{
    struct stalled s;
    (void)state;
    stall(&s, true);
    struct fr_encoder *left = s.encoder;
    fr_encoder_destroy(&s.encoder);
    machine_run_apart();
    assert_int_equal(fake_nvenc()->sessions.undone, 0);
    assert_int_equal(fake_nvenc()->outputs.undone, 0);
    assert_int_equal(fake_nvenc()->maps.made, fake_nvenc()->maps.undone + 1);
    /* For the sake of the leak checkers: the answer after all. */
    fake_nvenc()->stalled = false;
    left->ops->destroy(left);
    machine_run_apart();
    texture_ring_finish(&s.textures);
    assert_balanced();
}

static void a_stall_that_shows_at_the_end_is_treated_alike(void **state)
{
    struct machine *machine = machine_reset();
    struct texture_ring textures;
    struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    (void)state;
    config.device = &machine->adapter[0];
    texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = machine_open(h264, &config);
    fake_nvenc()->stalled = true;
    fr_frame frame = texture_ring_next(&textures);
    assert_int_equal(encoder->ops->send(encoder, &frame, 0, false), FR_OK);
    fr_frame_release(&frame);
    fr_encoder_destroy(&encoder);
    assert_int_equal(fake_nvenc()->sessions.undone, 0);
    fake_nvenc()->stalled = false;
    machine_run_apart();
    texture_ring_finish(&textures);
    assert_balanced();
}

static void a_lost_device_ends_the_wait_and_the_session(void **state)
{
    struct stalled s;
    (void)state;
    stall(&s, true);
    s.machine->adapter[0].lost = fake_nvenc()->lost = true;
    fr_encoder_destroy(&s.encoder);
    assert_null(s.machine->apart);
    assert_int_equal(fr_out_ring_held(s.textures.ring), 0);
    texture_ring_finish(&s.textures);
    assert_balanced();
}

static void a_device_that_is_lost_is_told_from_a_failure(void **state)
{
    struct machine *machine = machine_reset();
    struct texture_ring textures;
    struct fr_encoder_config config = machine_config(WIDTH, HEIGHT, FR_FORMAT_NV12);
    char reason[FR_REASON_BYTES];
    struct fr_encoder *other;
    (void)state;
    config.device = &machine->adapter[0];
    texture_ring_init(&textures, &machine->adapter[0], WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = machine_open(h264, &config);
    fr_frame frame = texture_ring_next(&textures);
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(encoder->ops->send(encoder, &frame, 0, false), FR_OK);
    machine->adapter[0].lost = fake_nvenc()->stalled = fake_nvenc()->lost = true;
    assert_int_equal(encoder->ops->receive(encoder, packet), FR_ERR_DEVICE_LOST);
    assert_non_null(strstr(encoder->reason, "reset or removed"));
    /* Whatever NVENC calls it. */
    fake_nvenc()->fail_call = fake_nvenc()->calls + 1;
    fake_nvenc()->fail_status = NV_ENC_ERR_GENERIC;
    assert_int_equal(encoder->ops->send(encoder, &frame, 1, false), FR_ERR_DEVICE_LOST);
    fake_nvenc()->fail_call = fake_nvenc()->calls + 3;
    assert_int_equal(h264->open(&other, h264, &config, reason), FR_ERR_DEVICE_LOST);
    fr_frame_release(&frame);
    av_packet_free(&packet);
    fr_encoder_destroy(&encoder);
    texture_ring_finish(&textures);
    assert_balanced();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_library_is_no_nvenc),
        cmocka_unit_test(an_old_driver_is_told_both_versions),
        cmocka_unit_test(a_newer_driver_is_good),
        cmocka_unit_test(a_driver_without_a_function_is_too_old),
        cmocka_unit_test(every_status_is_named),
        cmocka_unit_test(too_many_sessions_have_a_cure),
        cmocka_unit_test(the_drivers_own_words_are_told),
        cmocka_unit_test(a_session_that_failed_to_open_is_destroyed),
        cmocka_unit_test(a_failure_at_any_call_leaves_nothing_behind),
        cmocka_unit_test(no_event_to_be_had_is_told),
        cmocka_unit_test(no_memory_for_a_packet_leaves_nothing_locked),
        cmocka_unit_test(without_an_answer_nothing_is_freed_before_it_comes),
        cmocka_unit_test(an_answer_that_never_comes_leaves_the_session_where_it_is),
        cmocka_unit_test(a_stall_that_shows_at_the_end_is_treated_alike),
        cmocka_unit_test(a_lost_device_ends_the_wait_and_the_session),
        cmocka_unit_test(a_device_that_is_lost_is_told_from_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
