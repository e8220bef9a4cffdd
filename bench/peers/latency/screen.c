/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "latency.h"

#include <stdio.h>
#include <stdlib.h>
#include <xcb/xcb.h>

struct screen {
    xcb_connection_t *connection;
    xcb_window_t window;
    xcb_gcontext_t context;
    uint8_t depth;
    uint32_t pixels[STAMP_WIDTH * STAMP_HEIGHT];
};

uint32_t stamp_bits(uint16_t number)
{
    return (uint32_t)number << 8 | (uint8_t)(number * 151u + (number >> 8) * 29u + 90u);
}

bool stamp_check(uint32_t bits, uint16_t *number)
{
    *number = (uint16_t)(bits >> 8);
    return stamp_bits(*number) == bits;
}

struct screen *screen_open(const char *display)
{
    struct screen *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->connection = xcb_connect(display, NULL);
    if (xcb_connection_has_error(s->connection)) {
        fprintf(stderr, "no X server answers at %s\n", display ? display : "$DISPLAY");
        screen_close(s);
        return NULL;
    }
    const xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(s->connection)).data;
    const uint32_t values[] = {screen->black_pixel, 1};
    s->depth = screen->root_depth;
    s->window = xcb_generate_id(s->connection);
    s->context = xcb_generate_id(s->connection);
    /* Redirected by no window manager. */
    xcb_create_window(s->connection, XCB_COPY_FROM_PARENT, s->window, screen->root, 0, 0, STAMP_WIDTH,
                      STAMP_HEIGHT, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual,
                      XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT, values);
    xcb_create_gc(s->connection, s->context, s->window, 0, NULL);
    xcb_map_window(s->connection, s->window);
    xcb_flush(s->connection);
    return s;
}

void screen_close(struct screen *screen)
{
    xcb_disconnect(screen->connection);
    free(screen);
}

bool screen_paint(struct screen *s, uint16_t number)
{
    const uint32_t bits = stamp_bits(number);
    for (int y = 0; y < STAMP_HEIGHT; y++)
        for (int x = 0; x < STAMP_WIDTH; x++)
            s->pixels[y * STAMP_WIDTH + x] =
                bits >> (STAMP_BITS - 1 - x / STAMP_BLOCK) & 1 ? 0xffffffffu : 0xff000000u;
    xcb_put_image(s->connection, XCB_IMAGE_FORMAT_Z_PIXMAP, s->window, s->context, STAMP_WIDTH, STAMP_HEIGHT,
                  0, 0, 0, s->depth, sizeof s->pixels, (const uint8_t *)s->pixels);
    return xcb_flush(s->connection) > 0;
}
