/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "target.h"

#include <stdlib.h>

#include <xcb/composite.h>
#include <xcb/randr.h>

static const xcb_visualtype_t *find_visual(const fr_x11_server *server, xcb_visualid_t id)
{
    xcb_depth_iterator_t depths = xcb_screen_allowed_depths_iterator(server->screen);
    for (; depths.rem; xcb_depth_next(&depths)) {
        xcb_visualtype_iterator_t visuals = xcb_depth_visuals_iterator(depths.data);
        for (; visuals.rem; xcb_visualtype_next(&visuals))
            if (visuals.data->visual_id == id)
                return visuals.data;
    }
    return NULL;
}

/* The picture must lie in memory as BGRA8 does. */
static bool check_pixels(const fr_x11_server *server, uint8_t depth, xcb_visualid_t visual_id)
{
    const xcb_setup_t *setup = xcb_get_setup(server->connection);
    const xcb_visualtype_t *visual = find_visual(server, visual_id);
    uint8_t bits = 0;
    xcb_format_iterator_t formats = xcb_setup_pixmap_formats_iterator(setup);
    for (; formats.rem; xcb_format_next(&formats))
        if (formats.data->depth == depth)
            bits = formats.data->bits_per_pixel;
    if ((depth == 24 || depth == 32) && bits == 32 && setup->image_byte_order == XCB_IMAGE_ORDER_LSB_FIRST &&
        visual && visual->red_mask == 0xff0000 && visual->green_mask == 0xff00 && visual->blue_mask == 0xff)
        return true;
    fr_program_say(
        server->program,
        "the X server at \"%s\" has a picture of depth %u with %u bits a pixel; the capture takes depth 24"
        " or 32 with 32 bits (blue, green, red from the lowest)",
        server->name, depth, bits);
    return false;
}

static bool read_geometry(fr_x11_target *target, uint8_t *depth)
{
    fr_x11_server *server = target->server;
    uint8_t error_code;
    xcb_get_geometry_reply_t *geometry =
        fr_x11_wait_reply(server, xcb_get_geometry(server->connection, target->window).sequence, &error_code);
    if (!geometry) {
        target->closed = !server->lost;
        return false;
    }
    target->border = (int16_t)geometry->border_width;
    target->width = geometry->width;
    target->height = geometry->height;
    *depth = geometry->depth;
    free(geometry);
    return true;
}

/* A pixmap keeps the size that its window had when it was named. */
static void name_pixmap(fr_x11_target *target)
{
    fr_x11_server *server = target->server;
    if (target->drawable)
        xcb_free_pixmap(server->connection, target->drawable);
    target->drawable = xcb_generate_id(server->connection);
    if (!fr_x11_wait_done(server, xcb_composite_name_window_pixmap_checked(server->connection, target->window,
                                                                           target->drawable)))
        target->drawable = 0;
}

bool fr_x11_target_refresh(fr_x11_target *target)
{
    uint8_t depth;
    target->resized = false;
    if (!read_geometry(target, &depth))
        return false;
    if (!target->is_root)
        name_pixmap(target);
    target->damaged = true;
    return !target->server->lost;
}

static bool check_window(fr_x11_target *target)
{
    fr_x11_server *server = target->server;
    uint8_t error_code, depth;
    xcb_get_window_attributes_reply_t *attributes = fr_x11_wait_reply(
        server, xcb_get_window_attributes(server->connection, target->window).sequence, &error_code);
    const bool can_be_seen = attributes && attributes->_class != XCB_WINDOW_CLASS_INPUT_ONLY;
    const xcb_visualid_t visual = attributes ? attributes->visual : 0;
    free(attributes);
    if (server->lost)
        return false;
    if (!can_be_seen || !read_geometry(target, &depth)) {
        fr_program_say(server->program, "the X server at \"%s\" has no window 0x%x that can be seen",
                       server->name, target->window);
        return false;
    }
    return check_pixels(server, depth, visual);
}

bool fr_x11_target_init(fr_x11_target *target, fr_x11_server *server, xcb_window_t window)
{
    xcb_connection_t *connection = server->connection;
    const xcb_window_t root = server->screen->root;
    *target = (fr_x11_target){.server = server, .window = window ? window : root};
    target->is_root = target->window == root;
    if (!check_window(target))
        return false;
    const uint32_t events = XCB_EVENT_MASK_STRUCTURE_NOTIFY;
    xcb_change_window_attributes(connection, target->window, XCB_CW_EVENT_MASK, &events);
    if (target->is_root) {
        target->drawable = root;
        if (server->randr_event)
            xcb_randr_select_input(connection, root, XCB_RANDR_NOTIFY_MASK_SCREEN_CHANGE);
    } else {
        xcb_composite_redirect_window(connection, target->window, XCB_COMPOSITE_REDIRECT_AUTOMATIC);
    }
    target->damage = xcb_generate_id(connection);
    xcb_damage_create(connection, target->damage, target->window, XCB_DAMAGE_REPORT_LEVEL_NON_EMPTY);
    target->region = xcb_generate_id(connection);
    xcb_xfixes_create_region(connection, target->region, 0, NULL);
    return fr_x11_target_refresh(target);
}

void fr_x11_target_note(fr_x11_target *target, const xcb_generic_event_t *event)
{
    const uint8_t type = event->response_type & 0x7f;
    if (type == target->server->damage_event + XCB_DAMAGE_NOTIFY) {
        const bool was_taken = (int32_t)(event->full_sequence - target->take_sequence) < 0;
        target->damaged |= !was_taken;
    } else if (type == XCB_CONFIGURE_NOTIFY) {
        const xcb_configure_notify_event_t *configured = (const void *)event;
        if (configured->window == target->window &&
            (configured->width != target->width || configured->height != target->height ||
             configured->border_width != target->border))
            target->resized = true;
    } else if (type == XCB_MAP_NOTIFY) {
        /* Each map gives the window a new pixmap. */
        target->resized |= ((const xcb_map_notify_event_t *)event)->window == target->window;
    } else if (type == XCB_DESTROY_NOTIFY) {
        target->closed |= ((const xcb_destroy_notify_event_t *)event)->window == target->window;
    } else if (target->server->randr_event &&
               type == target->server->randr_event + XCB_RANDR_SCREEN_CHANGE_NOTIFY) {
        target->resized = true;
    }
}

void fr_x11_target_take_damage(fr_x11_target *target)
{
    xcb_connection_t *connection = target->server->connection;
    target->take_sequence =
        xcb_damage_subtract(connection, target->damage, XCB_NONE, target->region).sequence;
    target->region_sequence = xcb_xfixes_fetch_region(connection, target->region).sequence;
    target->damaged = false;
}

bool fr_x11_target_read_damage(fr_x11_target *target)
{
    uint8_t error_code;
    xcb_xfixes_fetch_region_reply_t *reply =
        fr_x11_wait_reply(target->server, target->region_sequence, &error_code);
    target->taken.count = 0;
    if (!reply)
        return false;
    const xcb_rectangle_t *rects = xcb_xfixes_fetch_region_rectangles(reply);
    const int count = xcb_xfixes_fetch_region_rectangles_length(reply);
    for (int i = 0; i < count; i++)
        fr_rects_add(&target->taken, fr_rect_clip(rects[i].x, rects[i].y, rects[i].width, rects[i].height,
                                                  target->width, target->height));
    free(reply);
    return true;
}
