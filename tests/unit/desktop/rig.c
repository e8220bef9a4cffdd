/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char rig_said[8192];
UINT rig_lines;

/* In the place of fr_program_say. */
void __wrap_fr_program_say(const fr_program *program, const char *format, ...);
void __wrap_fr_program_say(const fr_program *program, const char *format, ...)
{
    (void)program;
    const size_t used = strlen(rig_said);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(rig_said + used, sizeof(rig_said) - used - 1, format, arguments);
    va_end(arguments);
    strcat(rig_said, "\n");
    rig_lines++;
}

static bool ring_open(void *self, ID3D11Device *device, const fr_display_descriptor *display)
{
    struct rig *rig = self;
    assert_false(rig->open);
    rig->opens++;
    if (rig->refuses_open)
        return false;
    /* As the library does. */
    ID3D11Device_AddRef(device);
    rig->device = device;
    rig->display = *display;
    rig->open = true;
    return true;
}

static void ring_close(void *self)
{
    struct rig *rig = self;
    assert_true(rig->open);
    rig->open = false;
    ID3D11Device_Release(rig->device);
}

static fr_status ring_announce(void *self, const fr_display_descriptor *display)
{
    struct rig *rig = self;
    assert_true(rig->open);
    rig->announces++;
    rig->display = *display;
    return rig->announce_status;
}

static bool ring_fits(void *self, const fr_display_descriptor *display)
{
    const struct rig *rig = self;
    assert_true(rig->open);
    return !rig->misfit && fr_display_same_ring(display, &rig->display);
}

static fr_status ring_push(void *self, ID3D11Texture2D *texture, const fr_publish_info *info)
{
    struct rig *rig = self;
    const fr_canvas canvas = fake_texture_canvas(texture);
    assert_true(rig->open && rig->attached);
    assert_false(rig->fake.held);
    assert_int_equal(canvas.width, rig->display.mode.width);
    assert_int_equal(canvas.height, rig->display.mode.height);
    assert_int_equal(canvas.format, rig->display.format);
    rig->pushes++;
    rig->has_damage = info->damage != NULL;
    rig->damage.count = 0;
    for (uint32_t i = 0; info->damage && i < info->num_damage; i++)
        fr_rects_add(&rig->damage, info->damage[i]);
    rig->present_ns = info->present_ns;
    free(rig->picture.pixels);
    rig->picture = canvas;
    rig->picture.pixels = malloc(canvas.height * canvas.pitch_bytes);
    assert_non_null(rig->picture.pixels);
    memcpy(rig->picture.pixels, canvas.pixels, canvas.height * canvas.pitch_bytes);
    return rig->push_status;
}

void rig_open(struct rig *rig)
{
    *rig = (struct rig){.attached = true, .now_ns = FR_NS_PER_S};
    rig_said[0] = '\0';
    rig_lines = 0;
    fake_dxgi_init(&rig->fake, RIG_WIDTH, RIG_HEIGHT, FR_FORMAT_BGRA8);
    rig_paint(rig, 1);
    rig->api = fake_dxgi_api(&rig->fake);
    rig->ring = (fr_desk_ring){rig, ring_open, ring_close, ring_announce, ring_fits, ring_push};
    rig->options.feed.program.name = "test";
    fr_desk_init(&rig->desk, &rig->options, &rig->api, &rig->ring);
}

void rig_close(struct rig *rig)
{
    fr_desk_finish(&rig->desk);
    assert_false(rig->open);
    assert_int_equal(rig->fake.live, 0);
    assert_int_equal(rig->fake.acquired, rig->fake.released);
    free(rig->picture.pixels);
    fake_dxgi_finish(&rig->fake);
}

int rig_setup(void **state)
{
    static struct rig rig;
    rig_open(&rig);
    *state = &rig;
    return 0;
}

int rig_teardown(void **state)
{
    rig_close(*state);
    return 0;
}

void rig_paint(struct rig *rig, uint32_t seed)
{
    const fr_canvas *desktop = &rig->fake.desktop;
    for (uint32_t y = 0; y < desktop->height; y++)
        for (uint32_t x = 0; x < desktop->width; x++)
            fr_canvas_set(desktop, x, y,
                          desktop->pixel_bytes == 8
                              ? UINT64_C(0x3c00000000000000) | (uint64_t)(x + seed) << 16 | y
                              : 0xff000000u | (seed * 40503u ^ (y << 8 | x)));
}

void rig_turn(struct rig *rig)
{
    const uint64_t wait_ns = fr_desk_turn(&rig->desk, rig->now_ns, rig->attached && rig->open, rig->redraw);
    rig->redraw = false;
    assert_true(wait_ns <= 100 * FR_NS_PER_MS);
    rig->now_ns += wait_ns ? wait_ns : FR_NS_PER_MS;
}

void rig_turns(struct rig *rig, UINT turns)
{
    for (UINT i = 0; i < turns && !rig->desk.stopped; i++)
        rig_turn(rig);
}

void rig_expect_picture(const struct rig *rig, fr_rect hole)
{
    const fr_canvas *desktop = &rig->fake.desktop;
    assert_int_not_equal(rig->pushes, 0);
    assert_int_equal(rig->picture.width, desktop->width);
    assert_int_equal(rig->picture.height, desktop->height);
    assert_int_equal(rig->picture.format, desktop->format);
    for (uint32_t y = 0; y < desktop->height; y++) {
        for (uint32_t x = 0; x < desktop->width; x++) {
            const bool in_hole =
                x >= hole.x && x < hole.x + hole.width && y >= hole.y && y < hole.y + hole.height;
            if (!in_hole && fr_canvas_get(&rig->picture, x, y) != fr_canvas_get(desktop, x, y))
                fail_msg("at %u,%u: %llx, not %llx", x, y,
                         (unsigned long long)fr_canvas_get(&rig->picture, x, y),
                         (unsigned long long)fr_canvas_get(desktop, x, y));
        }
    }
}

void rig_expect_rects(const struct rig *rig, const fr_rect *rects, size_t count)
{
    assert_true(rig->has_damage);
    assert_int_equal(rig->damage.count, count);
    assert_memory_equal(rig->damage.rect, rects, count * sizeof(*rects));
}
