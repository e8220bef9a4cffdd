/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* From the Direct3D 11 backend's pictures to NVENC and to software, on fakes of both libraries: no reference
 * to any object is left, and the pixels are read off the GPU for those alone who need them. */

#include "fake.h"
#include "fake_nvenc.h"
#include "support.h"

#include "backend/d3d11/d3d11.h"
#include "encode/nvenc.h"
#include "encode/nvenc_system.h"

#include <string.h>

enum { WIDTH = 320, HEIGHT = 192 };

/* --- one machine --- */

static struct {
    struct fr_nvenc_system system;
    struct fr_encoder_row rows[2];
    struct fr_backend_host backend;
    void *ring;
    uint32_t sequence;
} m;

static fr_status library_open(void *self, struct fr_nvenc_library *out, char reason[FR_REASON_BYTES])
{
    (void)self;
    (void)reason;
    *out = (struct fr_nvenc_library){&m, fake_nvenc_get_max_version, fake_nvenc_create_instance};
    return FR_OK;
}

static void library_close(void *self, struct fr_nvenc_library *library)
{
    (void)self;
    library->handle = NULL;
}

static void signal_event(void *event)
{
    SetEvent(event);
}

static fr_status open_nvenc(struct fr_encoder **out, const struct fr_encoder_row *row,
                            const struct fr_encoder_config *config, char reason[FR_REASON_BYTES])
{
    return fr_nvenc_open_on(&m.system, out, row, config, reason);
}

/* A ring that nobody feeds: with it the backend has its device. */
static void make_ring(void)
{
    const struct fr_ring_request request = {
        .shape = {.ring_len = 3, .width = WIDTH, .height = HEIGHT, .format = FR_FORMAT_BGRA8},
        .wire_version = 2,
        .generation = ++m.sequence,
        .capabilities = m.backend.capabilities};
    if (m.ring)
        m.backend.ops->ring_destroy(m.backend.self, m.ring);
    assert_int_equal(m.backend.ops->ring_create(m.backend.self, &request, &m.ring), FR_OK);
}

static int begin(void **state)
{
    fake_reset();
    fake_nvenc_reset();
    fake_nvenc()->own_signals = true;
    fake_nvenc()->signal = signal_event;
    memset(&m, 0, sizeof(m));
    m.system = fr_nvenc_native;
    m.system.library_open = library_open;
    m.system.library_close = library_close;
    m.rows[0] = (struct fr_encoder_row){.name = "h264_nvenc",
                                        .codec = FR_CODEC_H264,
                                        .vbv_frames = 1,
                                        .options = "preset=p1 tune=ull",
                                        .quality_options = "rc=constqp qp=22",
                                        .open = open_nvenc,
                                        .check_options = fr_nvenc_check_options};
    m.rows[1] = (struct fr_encoder_row){.name = "libx264",
                                        .codec = FR_CODEC_H264,
                                        .options = "preset=ultrafast tune=zerolatency forced-idr=1",
                                        .open = fr_lavc_open};
    assert_int_equal(fr_d3d11_host_create(&m.backend, NULL, fake_api(), NULL), FR_OK);
    make_ring();
    return folder_setup(state);
}

static int end(void **state)
{
    m.backend.ops->ring_destroy(m.backend.self, m.ring);
    m.backend.ops->destroy(m.backend.self);
    if (fake_nvenc()->wrong)
        fail_msg("%s", fake_nvenc()->wrong);
    assert_true(fake_nvenc_balanced());
    assert_int_equal(fake_live(), 0);
    if (fake_violations())
        fail_msg("%s", fake_violation_text());
    return folder_teardown(state);
}

static fr_recorder *record(void **state, const struct fr_encoder_row *row, struct log_lines *lines)
{
    fr_recorder *recorder;
    const fr_recorder_params params = {.url = in_folder(state, "out.mkv"), .log = log_into(lines)};
    const struct fr_encoder_list list = {row, 1, fr_nvenc_device_of};
    assert_int_equal(fr_recorder_open_with(&recorder, &params, list), FR_OK);
    return recorder;
}

static fr_frame next_frame(struct fr_out_ring *ring)
{
    struct fr_surface *surface = fr_out_ring_free_surface(ring, NULL);
    assert_non_null(surface);
    fr_surface_ref(surface);
    return (fr_frame){.width = WIDTH,
                      .height = HEIGHT,
                      .format = FR_FORMAT_NV12,
                      .colour = fr_colour_of(FR_FORMAT_NV12),
                      .generation = 1,
                      .sequence = ++m.sequence,
                      .present_ns = UINT64_C(5000000000) + (uint64_t)m.sequence * STEP_NS,
                      .surface = surface};
}

static fr_status put_next(fr_recorder *recorder, struct fr_out_ring *ring)
{
    fr_frame frame = next_frame(ring);
    const fr_status status = fr_recorder_put(recorder, &frame);
    fr_frame_release(&frame);
    return status;
}

/* --- the tests --- */

static void nvenc_gets_the_textures_themselves(void **state)
{
    struct fr_out_ring *ring;
    struct log_lines lines;
    fr_d3d11_picture picture;
    assert_int_equal(fr_out_ring_create(&ring, &m.backend, 3, WIDTH, HEIGHT, FR_FORMAT_NV12), FR_OK);
    fr_recorder *recorder = record(state, &m.rows[0], &lines);
    for (int i = 0; i < 9; i++)
        assert_int_equal(put_next(recorder, ring), FR_OK);
    fr_frame frame = next_frame(ring);
    assert_int_equal(fr_frame_d3d11(&frame, &picture), FR_OK);
    assert_ptr_equal(fake_nvenc()->device, picture.device);
    assert_int_equal(fr_recorder_put(recorder, &frame), FR_OK);
    fr_frame_release(&frame);
    assert_int_equal(fake_nvenc()->resources.made, 3);
    assert_int_equal(fake_nvenc()->maps.made, 10);
    assert_int_equal(fake_nvenc()->input_locks.made, 0);
    assert_int_equal(fake_calls("ID3D11DeviceContext::CopyResource"), 0);
    assert_int_equal(fake_calls("ID3D11DeviceContext::Map"), 0);
    /* The encoder's references outlast the pictures. */
    fr_out_ring_drop(&ring);
    assert_int_equal(fake_live_of("ID3D11Texture2D") >= 3, true);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
}

static void software_gets_what_is_read_back(void **state)
{
    struct fr_out_ring *ring;
    struct log_lines lines;
    const char *path = in_folder(state, "out.mkv");
    assert_int_equal(fr_out_ring_create(&ring, &m.backend, 3, WIDTH, HEIGHT, FR_FORMAT_NV12), FR_OK);
    fr_recorder *recorder = record(state, &m.rows[1], &lines);
    for (int i = 0; i < 6; i++)
        assert_int_equal(put_next(recorder, ring), FR_OK);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    fr_out_ring_drop(&ring);
    assert_int_equal(fake_nvenc()->frames, 0);
    /* Once for each picture: nothing is drawn into them between. */
    assert_int_equal(fake_calls("ID3D11DeviceContext::Map"), 3);
    assert_plays(path, 6, WIDTH, HEIGHT);
}

static void a_removed_device_is_left_for_the_next(void **state)
{
    struct fr_out_ring *ring;
    struct log_lines lines;
    fr_recorder_info info;
    assert_int_equal(fr_out_ring_create(&ring, &m.backend, 3, WIDTH, HEIGHT, FR_FORMAT_NV12), FR_OK);
    fr_recorder *recorder = record(state, &m.rows[0], &lines);
    assert_int_equal(put_next(recorder, ring), FR_OK);
    fake_remove_device(fake_nvenc()->device, DXGI_ERROR_DEVICE_RESET);
    fake_nvenc()->lost = true;
    fake_nvenc()->fail_call = fake_nvenc()->calls + 1;
    fake_nvenc()->fail_status = NV_ENC_ERR_GENERIC;
    assert_int_equal(put_next(recorder, ring), FR_AGAIN);
    fr_out_ring_drop(&ring);
    make_ring();
    assert_int_equal(fr_out_ring_create(&ring, &m.backend, 3, WIDTH, HEIGHT, FR_FORMAT_NV12), FR_OK);
    assert_int_equal(put_next(recorder, ring), FR_OK);
    fr_recorder_get_info(recorder, &info);
    assert_int_equal(info.frames, 2);
    assert_int_equal(info.segments, 2);
    assert_int_equal(lines.count[FR_LOG_WARNING], 1);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    fr_out_ring_drop(&ring);
}

#define ON_MACHINE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_MACHINE(nvenc_gets_the_textures_themselves),
        ON_MACHINE(software_gets_what_is_read_back),
        ON_MACHINE(a_removed_device_is_left_for_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
