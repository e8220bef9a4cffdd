/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "stage.h"

#include <stdlib.h>
#include <string.h>

/* ---- the machine ---- */

static void source_acts(struct stage *stage);

static uint64_t now_ns(void *self)
{
    const struct stage *stage = self;
    return stage->now_ns;
}

static fr_status memory_create(void *self, const struct fr_object_name *name, size_t bytes, int access,
                               struct fr_memory *out)
{
    (void)self;
    return fr_win32_memory_create(NULL, name, bytes, access, out);
}

static fr_status memory_map(void *self, fr_handle handle, size_t bytes, int access, struct fr_memory *out)
{
    (void)self;
    return fr_win32_memory_map(NULL, handle, bytes, access, out);
}

static void memory_close(void *self, struct fr_memory *memory)
{
    (void)self;
    fr_win32_memory_close(NULL, memory);
}

static fr_status event_create(void *self, const struct fr_object_name *name, struct fr_event *out)
{
    (void)self;
    return fr_win32_event_create(NULL, name, out);
}

static void event_signal(void *self, const struct fr_event *event)
{
    (void)self;
    fr_win32_event_signal(NULL, event);
}

static void event_close(void *self, struct fr_event *event)
{
    (void)self;
    fr_win32_event_close(NULL, event);
}

static fr_status wait(void *self, const struct fr_event *const *events, size_t count, uint64_t timeout_ns)
{
    struct stage *stage = self;
    source_acts(stage);
    const fr_status status = fr_win32_wait(NULL, events, count, 0);
    stage->now_ns += status == FR_OK ? FR_NS_PER_MS / 10 : timeout_ns;
    return status;
}

static fr_status wait_only(void *self, const struct fr_event *const *events, size_t count,
                           uint64_t timeout_ns, uint32_t *left)
{
    *left = 0;
    return wait(self, events, count, timeout_ns);
}

static void handle_close(void *self, fr_handle handle)
{
    (void)self;
    fr_win32_handle_close(NULL, handle);
}

static const struct fr_os_ops os_ops = {
    .now_ns = now_ns,
    .memory_create = memory_create,
    .memory_map = memory_map,
    .memory_close = memory_close,
    .event_create = event_create,
    .event_signal = event_signal,
    .event_close = event_close,
    .wait = wait,
    .wait_only = wait_only,
    .handle_close = handle_close,
};

/* ---- the channel ---- */

static fr_handle duplicate(fr_handle handle)
{
    HANDLE copy = NULL;
    if (handle == FR_HANDLE_NONE)
        return handle;
    (void)DuplicateHandle(GetCurrentProcess(), (HANDLE)handle, GetCurrentProcess(), &copy, 0, FALSE,
                          DUPLICATE_SAME_ACCESS);
    return (fr_handle)copy;
}

static void drop_ring(struct stage *stage)
{
    if (!stage->has_ring)
        return;
    fr_handle *const all[] = {&stage->ring.header, &stage->ring.event, &stage->ring.slots,
                              &stage->ring.ready_fence, &stage->ring.retire_fence};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        fr_win32_handle_close(NULL, *all[i]);
    for (size_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        fr_win32_handle_close(NULL, stage->ring.texture[i]);
    stage->has_ring = false;
}

static fr_status host_start(void *self, const struct fr_event *notify)
{
    struct stage *stage = self;
    stage->notify = notify;
    return FR_OK;
}

static fr_status host_poll(void *self, struct fr_host_news *out)
{
    struct stage *stage = self;
    *out = (struct fr_host_news){.at_ns = stage->now_ns, .has_display = true, .display = stage->display};
    if (stage->say_gone) {
        stage->say_gone = false;
        out->kind = FR_HOST_NEWS_GONE;
        out->reason = FR_END;
        return FR_OK;
    }
    if (stage->say_source) {
        stage->say_source = stage->say_display = false;
        out->kind = FR_HOST_NEWS_SOURCE;
        out->capabilities = stage->source_capabilities;
        out->pid = 1;
        return FR_OK;
    }
    if (stage->say_display) {
        stage->say_display = false;
        out->kind = FR_HOST_NEWS_DISPLAY;
        return FR_OK;
    }
    return FR_AGAIN;
}

static fr_status host_deliver(void *self, const struct fr_delivery *delivery)
{
    struct stage *stage = self;
    drop_ring(stage);
    if (!stage->connected)
        return FR_OK;
    stage->ring = *delivery;
    stage->ring.header = duplicate(delivery->header);
    stage->ring.event = duplicate(delivery->event);
    stage->ring.slots = duplicate(delivery->slots);
    stage->ring.ready_fence = duplicate(delivery->ready_fence);
    stage->ring.retire_fence = duplicate(delivery->retire_fence);
    for (size_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        stage->ring.texture[i] = duplicate(delivery->texture[i]);
    stage->has_ring = true;
    return FR_OK;
}

static const struct fr_object_name *host_object_name(void *self, enum fr_object_kind kind,
                                                     uint32_t generation, uint32_t index)
{
    (void)self, (void)kind, (void)generation, (void)index;
    return NULL;
}

static fr_status host_request_hdr(void *self, bool on)
{
    (void)self, (void)on;
    return FR_ERR_UNSUPPORTED;
}

static void host_destroy(void *self)
{
    struct stage *stage = self;
    stage->notify = NULL;
    drop_ring(stage);
}

static const struct fr_host_channel_ops host_ops = {
    .start = host_start,
    .poll = host_poll,
    .deliver = host_deliver,
    .object_name = host_object_name,
    .request_hdr = host_request_hdr,
    .destroy = host_destroy,
};

static void notify_host(struct stage *stage)
{
    if (stage->notify)
        fr_win32_event_signal(NULL, stage->notify);
}

static fr_status source_poll(void *self, uint64_t timeout_ns, struct fr_source_news *out)
{
    (void)timeout_ns;
    struct stage *stage = self;
    *out = (struct fr_source_news){0};
    if (!stage->notify)
        return FR_AGAIN;
    if (!stage->said_connected) {
        stage->connected = stage->said_connected = stage->say_source = true;
        notify_host(stage);
        *out = (struct fr_source_news){.kind = FR_SOURCE_NEWS_CONNECTED, .host_pid = 1, .target_id = 7};
        return FR_OK;
    }
    if (!stage->has_ring)
        return FR_AGAIN;
    stage->has_ring = false;
    *out = (struct fr_source_news){.kind = FR_SOURCE_NEWS_RING, .delivery = stage->ring};
    return FR_OK;
}

static fr_status source_announce(void *self, const fr_display_descriptor *display)
{
    struct stage *stage = self;
    stage->display = *display;
    stage->say_display = stage->connected;
    notify_host(stage);
    return FR_OK;
}

static int source_fd(void *self)
{
    (void)self;
    return -1;
}

static fr_wire_debug *source_debug(void *self)
{
    (void)self;
    return NULL;
}

static void source_destroy(void *self)
{
    struct stage *stage = self;
    stage->say_gone = stage->connected && !stage->say_source;
    stage->connected = stage->said_connected = stage->say_source = stage->say_display = false;
    drop_ring(stage);
    notify_host(stage);
}

static const struct fr_source_channel_ops source_ops = {
    .poll = source_poll,
    .announce = source_announce,
    .fd = source_fd,
    .debug = source_debug,
    .destroy = source_destroy,
};

/* ---- the source ---- */

void stage_open_source(struct stage *stage)
{
    stage->wants_source = true;
    stage->device = fake_device_create(stage->source_adapter);
    struct fr_source_env env = {.os = stage->os,
                                .channel = {.ops = &source_ops, .self = stage},
                                .acquire_wait_ns = FR_NS_PER_MS,
                                .pid = 1};
    const fr_d3d11_source_params d3d11 = {.device = stage->device};
    const fr_log log = pair_log(stage->pair);
    if (fr_cpu_source_create(&env.backend[1], stage->os) != FR_OK ||
        fr_d3d11_source_create(&env.backend[0], &d3d11, &log) != FR_OK) {
        env.backend[1].ops->destroy(env.backend[1].self);
        fr_com_release(stage->device);
        stage->device = NULL;
        return;
    }
    stage->source_capabilities = fr_source_capabilities(&env);
    const fr_source_params params = {.target_id = 7, .name = "stage", .display = stage->display, .log = log};
    (void)fr_source_open_env(&stage->source, &params, &env);
}

static void drop_texture(struct stage *stage)
{
    fr_com_release(stage->texture);
    stage->texture = NULL;
}

void stage_close_source(struct stage *stage)
{
    stage->wants_source = false;
    drop_texture(stage);
    fr_source_close(&stage->source);
    fr_com_release(stage->device);
    stage->device = NULL;
}

static fr_format wanted_format(const struct stage *stage)
{
    return stage->display.colour_state == FR_COLOUR_STATE_HDR ? FR_FORMAT_RGBA16F : FR_FORMAT_BGRA8;
}

/* One picture of one value all over. */
static uint64_t pixel_of(const struct stage *stage)
{
    if (wanted_format(stage) == FR_FORMAT_BGRA8)
        return stage->value * UINT64_C(0x01010101);
    return stage->value * UINT64_C(0x0001000100010001);
}

static bool need_texture(struct stage *stage)
{
    D3D11_TEXTURE2D_DESC desc = {0};
    if (stage->texture)
        ID3D11Texture2D_GetDesc(stage->texture, &desc);
    const D3D11_TEXTURE2D_DESC wanted = {
        .Width = stage->display.mode.width,
        .Height = stage->display.mode.height,
        .MipLevels = 1,
        .ArraySize = 1,
        .Format = (DXGI_FORMAT)wanted_format(stage),
        .SampleDesc = {.Count = 1},
        .BindFlags = D3D11_BIND_RENDER_TARGET,
    };
    if (desc.Width == wanted.Width && desc.Height == wanted.Height && desc.Format == wanted.Format)
        return true;
    drop_texture(stage);
    return ID3D11Device_CreateTexture2D(stage->device, &wanted, NULL, &stage->texture) == S_OK;
}

static void draw(struct stage *stage)
{
    /* Values that are no number as halfs do not come up: 0x3800..0x4bff is 0.5 to 16. */
    stage->value = wanted_format(stage) == FR_FORMAT_BGRA8 ? (stage->pushed * 37 + 11) & 0xff
                                                           : 0x3800 + (stage->pushed * 619) % 0x1400;
    stage->pushed++;
    const size_t bytes = fr_format_pixel_bytes(wanted_format(stage)),
                 pixels = (size_t)stage->display.mode.width * stage->display.mode.height;
    uint8_t *all = malloc(pixels * bytes);
    const uint64_t pixel = pixel_of(stage);
    for (size_t i = 0; i < pixels; i++)
        memcpy(all + i * bytes, &pixel, bytes);
    ID3D11DeviceContext *context = NULL;
    ID3D11Device_GetImmediateContext(stage->device, &context);
    ID3D11DeviceContext_UpdateSubresource(context, (ID3D11Resource *)stage->texture, 0, NULL, all,
                                          (UINT)(stage->display.mode.width * bytes), 0);
    fr_com_release(context);
    free(all);
}

/* As a driver does: with a new device. */
static void replace_device(struct stage *stage)
{
    stage->devices_lost++;
    stage_close_source(stage);
    stage_open_source(stage);
}

static void source_acts(struct stage *stage)
{
    if (!stage->source && stage->wants_source)
        stage_open_source(stage);
    if (!stage->source)
        return;
    const fr_status polled = fr_source_poll(stage->source, 0);
    if (polled < 0 || ID3D11Device_GetDeviceRemovedReason(stage->device) != S_OK) {
        replace_device(stage);
        return;
    }
    if (polled != FR_OK && polled != FR_REATTACHED)
        return;
    if (!need_texture(stage))
        return;
    draw(stage);
    const fr_publish_info info = {.damage = stage->damage, .num_damage = 1};
    if (fr_source_push_d3d11(stage->source, stage->texture, stage->damage ? &info : NULL) ==
        FR_ERR_DEVICE_LOST)
        replace_device(stage);
}

void stage_announce(struct stage *stage, uint32_t width, uint32_t height, fr_colour_state state)
{
    stage->display.mode = (fr_mode){width, height, 60000};
    stage->display.colour_state = state;
    if (stage->source) {
        const fr_display_descriptor display = stage->display;
        (void)fr_source_announce(stage->source, &display);
    }
}

/* ---- the host ---- */

void stage_init(struct stage *stage, struct pair *pair)
{
    *stage = (struct stage){.pair = pair, .now_ns = 1000 * FR_NS_PER_S, .os = {.ops = &os_ops}};
    stage->os.self = stage;
    stage->display.mode = (fr_mode){32, 18, 60000};
    stage->display.colour_state = FR_COLOUR_STATE_SDR;
}

void stage_finish(struct stage *stage)
{
    fr_capture_close(&stage->capture);
    stage_close_source(stage);
    drop_ring(stage);
}

fr_status stage_open(struct stage *stage)
{
    const fr_log log = pair_log(stage->pair);
    struct fr_capture_env env = {
        .os = stage->os,
        .channel = {.ops = &host_ops, .self = stage, .wire_version = 2},
        .notify.handle = FR_HANDLE_NONE,
        .pid = 1,
    };
    fr_capture_params params = {.target_id = 7, .log = log};
    (void)fr_win32_event_create(NULL, NULL, &env.notify);
    stage->opened = fr_d3d11_host_create(&env.backend, &stage->host_params, fake_api(), &log);
    if (stage->opened == FR_OK && !stage->no_fallback)
        stage->opened = fr_cpu_host_create(&env.fallback, stage->os);
    stage->opened = fr_capture_open_env(&stage->capture, &params, NULL, &env);
    return stage->opened;
}

static int expected_luma(const struct stage *stage, fr_format format)
{
    const fr_convert_params params = {
        .from = wanted_format(stage), .to = format, .width = 1, .height = 1, .cpu_mask = ~0u};
    fr_converter *converter = NULL;
    if (fr_converter_create(&converter, &params) != FR_OK)
        return -1;
    const uint64_t pixel = pixel_of(stage);
    uint16_t luma = 0, chroma[2];
    void *const planes[2] = {&luma, chroma};
    const ptrdiff_t pitches[2] = {2, 4};
    fr_converter_run(converter, &pixel, 8, planes, pitches);
    fr_converter_destroy(&converter);
    return format == FR_FORMAT_P010 ? luma >> 6 : luma & 0xff;
}

static int luma_of(const fr_frame *frame)
{
    /* The last pixel of the last row: the whole picture is there. */
    const uint8_t *row = frame->plane[0] + (frame->height - 1) * frame->pitch_bytes[0];
    if (frame->format == FR_FORMAT_NV12)
        return row[frame->width - 1];
    uint16_t word;
    memcpy(&word, row + 2 * (frame->width - 1), 2);
    return word >> 6;
}

/* FR_OK: a fresh frame of the present display. */
static fr_status look_at(struct stage *stage, fr_frame *frame)
{
    if (frame->width != stage->display.mode.width || frame->height != stage->display.mode.height ||
        (frame->format == FR_FORMAT_P010) != (stage->display.colour_state == FR_COLOUR_STATE_HDR))
        return FR_AGAIN;
    const fr_status status = fr_frame_map(frame);
    if (status != FR_OK)
        return FR_AGAIN;
    const int expected = expected_luma(stage, frame->format), found = luma_of(frame);
    assert_in_range(found, expected - 1, expected + 1);
    return FR_OK;
}

bool stage_frames(struct stage *stage, unsigned count, fr_status *status)
{
    const uint64_t until = stage->now_ns + 30 * FR_NS_PER_S;
    while (count && stage->now_ns < until) {
        fr_frame frame;
        *status = fr_capture_next(stage->capture, &frame);
        if (*status < 0)
            return false;
        if (*status == FR_OK && look_at(stage, &frame) == FR_OK)
            count--;
        fr_frame_release(&frame);
    }
    *status = count ? FR_TIMEOUT : FR_OK;
    return !count;
}
