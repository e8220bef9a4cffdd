/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "pointer.h"

#include "target.h"

#include <stdlib.h>

void fr_x11_pointer_init(fr_x11_pointer *pointer, fr_x11_server *server, xcb_window_t window)
{
    *pointer = (fr_x11_pointer){.server = server, .window = window, .image_changed = true};
    xcb_xfixes_select_cursor_input(server->connection, server->screen->root,
                                   XCB_XFIXES_CURSOR_NOTIFY_MASK_DISPLAY_CURSOR);
}

void fr_x11_pointer_finish(fr_x11_pointer *pointer)
{
    free(pointer->image);
    pointer->image = NULL;
}

void fr_x11_pointer_ask(fr_x11_pointer *pointer)
{
    pointer->cookie = xcb_query_pointer(pointer->server->connection, pointer->window);
    pointer->asked = true;
}

static void update_image(fr_x11_pointer *pointer)
{
    uint8_t error_code;
    xcb_xfixes_get_cursor_image_reply_t *image = fr_x11_wait_reply(
        pointer->server, xcb_xfixes_get_cursor_image(pointer->server->connection).sequence, &error_code);
    if (!image)
        return;
    free(pointer->image);
    pointer->image = image;
    pointer->image_changed = false;
}

void fr_x11_pointer_update(fr_x11_pointer *pointer)
{
    uint8_t error_code;
    if (!pointer->asked)
        return;
    pointer->asked = false;
    xcb_query_pointer_reply_t *reply =
        fr_x11_wait_reply(pointer->server, pointer->cookie.sequence, &error_code);
    if (reply) {
        pointer->on_screen = reply->same_screen;
        pointer->x = reply->win_x;
        pointer->y = reply->win_y;
    }
    free(reply);
    if (pointer->image_changed)
        update_image(pointer);
}

void fr_x11_pointer_note(fr_x11_pointer *pointer, const xcb_generic_event_t *event)
{
    if ((event->response_type & 0x7f) == pointer->server->xfixes_event + XCB_XFIXES_CURSOR_NOTIFY)
        pointer->image_changed = true;
}

fr_rect fr_x11_pointer_rect(const fr_x11_pointer *pointer, uint32_t width, uint32_t height)
{
    const xcb_xfixes_get_cursor_image_reply_t *image = pointer->image;
    if (!image || !pointer->on_screen)
        return (fr_rect){0};
    return fr_rect_clip(pointer->x - image->xhot, pointer->y - image->yhot, image->width, image->height,
                        width, height);
}

static uint32_t blend(uint32_t below, uint32_t above)
{
    const uint32_t rest = 255 - (above >> 24);
    uint32_t result = 0;
    for (uint32_t shift = 0; shift < 24; shift += 8) {
        const uint32_t sum = (above >> shift & 0xff) + ((below >> shift & 0xff) * rest + 127) / 255;
        result |= (sum > 255 ? 255 : sum) << shift;
    }
    return result | 0xff000000u;
}

void fr_x11_blend(const fr_canvas *canvas, int32_t x, int32_t y, const uint32_t *argb, uint32_t width,
                  uint32_t height)
{
    const fr_rect seen = fr_rect_clip(x, y, (int32_t)width, (int32_t)height, canvas->width, canvas->height);
    for (uint32_t row = 0; row < seen.height; row++) {
        for (uint32_t column = 0; column < seen.width; column++) {
            const uint32_t from_x = seen.x + column - (uint32_t)x, from_y = seen.y + row - (uint32_t)y;
            const uint32_t above = argb[(size_t)from_y * width + from_x];
            if (!above)
                continue;
            const uint32_t below = (uint32_t)fr_canvas_get(canvas, seen.x + column, seen.y + row);
            fr_canvas_set(canvas, seen.x + column, seen.y + row, blend(below, above));
        }
    }
}

void fr_x11_pointer_draw(const fr_x11_pointer *pointer, const fr_canvas *canvas)
{
    const xcb_xfixes_get_cursor_image_reply_t *image = pointer->image;
    if (image && pointer->on_screen)
        fr_x11_blend(canvas, pointer->x - image->xhot, pointer->y - image->yhot,
                     xcb_xfixes_get_cursor_image_cursor_image(image), image->width, image->height);
}
