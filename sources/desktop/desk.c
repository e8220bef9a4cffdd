/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "desk.h"

#include "common/rect.h"

/* One wait for Windows. */
enum { ACQUIRE_MS = 16 };

static const uint64_t patience_ns = 10 * FR_NS_PER_S;
static const uint64_t first_retry_ns = 20 * FR_NS_PER_MS;
static const uint64_t longest_retry_ns = 500 * FR_NS_PER_MS;
static const uint64_t look_every_ns = 250 * FR_NS_PER_MS;
/* A host that has not made the new ring by then is not going to: it is to see what does not fit. */
static const uint64_t ring_change_ns = FR_NS_PER_S;
static const uint64_t idle_ns = 100 * FR_NS_PER_MS;

void fr_desk_init(fr_desk *desk, const fr_desk_options *options, const fr_desktop_api *api,
                  const fr_desk_ring *ring)
{
    *desk = (fr_desk){.options = options, .ring = ring, .whole = true};
    desk->grab.api = api;
    desk->grab.wanted = options->output;
}

/* The next picture is the first one of its shape. */
static void forget_picture(fr_desk *desk)
{
    desk->whole = true;
    desk->unpublished.count = 0;
    desk->pointer_drawn = (fr_rect){0};
}

static void close_all(fr_desk *desk)
{
    fr_desktop_scene_finish(&desk->scene);
    forget_picture(desk);
    if (desk->ring_open)
        desk->ring->close(desk->ring->self);
    desk->ring_open = false;
    fr_desktop_grab_close(&desk->grab);
}

void fr_desk_finish(fr_desk *desk)
{
    close_all(desk);
    fr_pointer_finish(&desk->pointer);
}

static void stop(fr_desk *desk, int exit_code)
{
    desk->stopped = true;
    desk->exit_code = exit_code;
}

static const char *output_name(const fr_desk *desk)
{
    if (desk->grab.output.text[0])
        return desk->grab.output.text;
    return desk->options->output ? desk->options->output : "the main display";
}

static void say_trouble(const fr_desk *desk, HRESULT result, fr_fate fate)
{
    fr_program_say(&desk->options->feed.program, "cannot capture %s (0x%08lx %s): %s", output_name(desk),
                   (unsigned long)result, fr_fate_result_name(result), fr_fate_text(fate));
}

static void say_end(const fr_desk *desk)
{
    fr_program_say(&desk->options->feed.program, "nothing of %s for %u s: the end", output_name(desk),
                   (unsigned)(patience_ns / FR_NS_PER_S));
}

static uint64_t retry_delay_ns(uint32_t retries)
{
    const uint64_t delay_ns = retries < 8 ? first_retry_ns << retries : longest_retry_ns;
    return delay_ns < longest_retry_ns ? delay_ns : longest_retry_ns;
}

/* Whether to say it now. A loss is routine, and has a word only when it has no end. */
static bool is_news(const fr_desk *desk, fr_fate fate, bool late)
{
    return fate != desk->said && (fate != FR_FATE_LOST || late);
}

/* Something failed: when to try again, or the end. */
static void note_trouble(fr_desk *desk, HRESULT result, uint64_t now_ns)
{
    const fr_fate fate = fr_fate_of(result);
    if (!desk->troubled) {
        desk->troubled = true;
        desk->troubled_since_ns = now_ns;
        desk->retries = 0;
        desk->said = FR_FATE_FINE;
    }
    /* What waits for the user counts for nothing. */
    if (fate == FR_FATE_LOCKED)
        desk->troubled_since_ns = now_ns;
    const bool hopeless = !desk->ever_fine && (fate == FR_FATE_UNSUPPORTED || fate == FR_FATE_ABSENT);
    const bool late = now_ns - desk->troubled_since_ns >= patience_ns;
    if (is_news(desk, fate, late)) {
        say_trouble(desk, result, fate);
        desk->said = fate;
    }
    if (late)
        say_end(desk);
    if (late || hopeless)
        stop(desk, FR_EXIT_FAILED);
    /* The first loss is mended at once. */
    desk->retry_ns = now_ns + (fate == FR_FATE_LOST && !desk->retries ? 0 : retry_delay_ns(desk->retries));
    desk->retries++;
    if (fate == FR_FATE_GONE)
        close_all(desk);
}

static void note_fine(fr_desk *desk)
{
    desk->troubled = false;
    desk->ever_fine = true;
}

/* Why the device went away, which the call that noticed it does not know. */
static HRESULT cause_of(const fr_desk *desk, HRESULT result)
{
    if (fr_fate_of(result) != FR_FATE_GONE)
        return result;
    const HRESULT reason = ID3D11Device_GetDeviceRemovedReason(desk->grab.device);
    return fr_fate_of(reason) == FR_FATE_GONE ? reason : result;
}

static void lose(fr_desk *desk, HRESULT result, uint64_t now_ns)
{
    result = cause_of(desk, result);
    fr_desktop_grab_end(&desk->grab);
    note_trouble(desk, result, now_ns);
}

void fr_desk_lose_device(fr_desk *desk, uint64_t now_ns)
{
    lose(desk, DXGI_ERROR_DEVICE_REMOVED, now_ns);
}

static void announce(fr_desk *desk, uint64_t now_ns)
{
    const fr_display_descriptor *display = &desk->grab.display;
    const fr_status status = desk->ring->announce(desk->ring->self, display);
    desk->announced = *display;
    desk->announced_ns = now_ns;
    if (status >= 0)
        return;
    fr_program_say(&desk->options->feed.program, "cannot announce a size of %ux%u: %s", display->mode.width,
                   display->mode.height, fr_status_text(status));
    stop(desk, FR_EXIT_FAILED);
}

static bool is_announced(const fr_desk *desk)
{
    const fr_display_descriptor *a = &desk->announced, *b = &desk->grab.display;
    return fr_display_same_ring(a, b) && a->mode.refresh_mhz == b->mode.refresh_mhz &&
           a->sdr_white_millinits == b->sdr_white_millinits &&
           a->max_luminance_millinits == b->max_luminance_millinits &&
           a->max_full_frame_millinits == b->max_full_frame_millinits &&
           a->min_luminance_tenthmillinits == b->min_luminance_tenthmillinits;
}

static bool open_ring(fr_desk *desk, uint64_t now_ns)
{
    desk->announced = desk->grab.display;
    desk->announced_ns = now_ns;
    desk->ring_open = desk->ring->open(desk->ring->self, desk->grab.device, &desk->grab.display);
    if (!desk->ring_open)
        stop(desk, FR_EXIT_FAILED);
    return desk->ring_open;
}

/* Device, ring and duplication are there afterwards, or false. */
static bool open_all(fr_desk *desk, uint64_t now_ns)
{
    if (desk->grab.duplication)
        return true;
    if (desk->troubled && now_ns < desk->retry_ns)
        return false;
    HRESULT result = desk->grab.device ? S_OK : fr_desktop_grab_open(&desk->grab);
    if (result == S_OK && !desk->ring_open && !open_ring(desk, now_ns))
        return false;
    if (result == S_OK)
        result = fr_desktop_grab_duplicate(&desk->grab);
    if (result != S_OK) {
        note_trouble(desk, result, now_ns);
        return false;
    }
    const fr_display_descriptor *display = &desk->grab.display;
    if (!is_announced(desk))
        announce(desk, now_ns);
    fr_desktop_scene_shape(&desk->scene, desk->grab.device, desk->grab.context, display->mode.width,
                           display->mode.height, display->format, desk->grab.output.turn);
    if (!desk->scene.picture)
        forget_picture(desk);
    return !desk->stopped;
}

/* A change of colour or of the arrangement does not always end the duplication. */
static void look_at_displays(fr_desk *desk, uint64_t now_ns)
{
    if (now_ns < desk->look_due_ns)
        return;
    desk->look_due_ns = now_ns + look_every_ns;
    if (!fr_desktop_grab_is_current(&desk->grab))
        lose(desk, DXGI_ERROR_ACCESS_LOST, now_ns);
}

/* Takes what Windows has over into the scene. */
static HRESULT take_news(fr_desk *desk)
{
    fr_desktop_news news;
    HRESULT result = fr_desktop_grab_next(&desk->grab, ACQUIRE_MS, &news, &desk->pointer);
    if (result != S_OK)
        return result;
    if (news.picture) {
        const fr_desktop_scene *scene = &desk->scene;
        result = fr_desktop_scene_take(&desk->scene, news.picture, &news.damage);
        for (uint32_t i = 0; i < news.damage.count; i++)
            fr_rects_add(&desk->unpublished,
                         fr_turn_rect(scene->turn, news.damage.rect[i], scene->width, scene->height));
    }
    if (news.present_ns)
        desk->present_ns = news.present_ns;
    fr_desktop_grab_done(&desk->grab);
    return result;
}

static fr_rect pointer_rect(const fr_desk *desk)
{
    return desk->options->no_cursor ? (fr_rect){0}
                                    : fr_pointer_rect(&desk->pointer, desk->scene.width, desk->scene.height);
}

static bool pointer_moved(const fr_desk *desk)
{
    const fr_rect rect = pointer_rect(desk);
    if (!rect.width || !desk->pointer_drawn.width)
        return rect.width != desk->pointer_drawn.width;
    return desk->pointer.x != desk->drawn_x || desk->pointer.y != desk->drawn_y ||
           desk->pointer.number != desk->drawn_number;
}

/* After a change there is a ring of the old shape for a moment. */
static bool may_push(const fr_desk *desk, uint64_t now_ns)
{
    return desk->ring->fits(desk->ring->self, &desk->announced) ||
           now_ns - desk->announced_ns >= ring_change_ns;
}

static bool has_news(const fr_desk *desk)
{
    return desk->scene.picture && (desk->whole || desk->unpublished.count || pointer_moved(desk));
}

/* What the white of SDR is in the picture. */
static float white_of(const fr_desk *desk)
{
    if (desk->grab.display.colour_state != FR_COLOUR_STATE_HDR)
        return 1.0F;
    const uint32_t millinits = desk->grab.display.sdr_white_millinits;
    return (float)(millinits ? millinits : 203000) / 80000.0F;
}

static void note_published(fr_desk *desk)
{
    desk->unpublished.count = 0;
    desk->whole = false;
    desk->present_ns = 0;
    desk->pointer_drawn = pointer_rect(desk);
    desk->drawn_x = desk->pointer.x;
    desk->drawn_y = desk->pointer.y;
    desk->drawn_number = desk->pointer.number;
}

static void publish(fr_desk *desk, uint64_t now_ns)
{
    fr_rects damage = desk->unpublished;
    if (pointer_moved(desk)) {
        fr_rects_add(&damage, desk->pointer_drawn);
        fr_rects_add(&damage, pointer_rect(desk));
    }
    if (!desk->options->no_cursor) {
        const HRESULT result = fr_desktop_scene_draw(&desk->scene, &desk->pointer, white_of(desk));
        if (result != S_OK) {
            lose(desk, result, now_ns);
            return;
        }
    }
    const fr_publish_info info = {
        .present_ns = desk->present_ns ? desk->present_ns : now_ns,
        .damage = desk->whole ? NULL : damage.rect,
        .num_damage = damage.count,
    };
    const fr_status status = desk->ring->push(desk->ring->self, desk->scene.picture, &info);
    if (status == FR_OK)
        note_published(desk);
    else if (status == FR_ERR_DEVICE_LOST)
        fr_desk_lose_device(desk, now_ns);
    else if (status < 0)
        stop(desk, FR_EXIT_FAILED); /* the library has said why */
}

static uint64_t retry_wait_ns(const fr_desk *desk, uint64_t now_ns)
{
    const uint64_t wait_ns = desk->retry_ns > now_ns ? desk->retry_ns - now_ns : 0;
    return wait_ns < idle_ns ? wait_ns : idle_ns;
}

uint64_t fr_desk_turn(fr_desk *desk, uint64_t now_ns, bool attached, bool redraw)
{
    desk->whole |= redraw;
    if (!open_all(desk, now_ns))
        return retry_wait_ns(desk, now_ns);
    look_at_displays(desk, now_ns);
    if (!desk->grab.duplication)
        return 0;
    if (!attached)
        return idle_ns;
    const uint64_t wait_ns = fr_pacer_wait_ns(&desk->pacer, now_ns);
    if (wait_ns)
        return wait_ns;
    const HRESULT result = take_news(desk);
    if (fr_fate_of(result) != FR_FATE_FINE) {
        lose(desk, result, now_ns);
        return 0;
    }
    note_fine(desk);
    if (has_news(desk) && may_push(desk, now_ns)) {
        fr_pacer_advance(&desk->pacer, now_ns, desk->options->feed.mode.refresh_mhz);
        publish(desk, now_ns);
    }
    return 0;
}
