/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Against an Xvfb of our own. */
#define _GNU_SOURCE
#include "cmocka_all.h"

#include "x11/grab.h"
#include "x11/pointer.h"
#include "x11/target.h"

#include <framering/frame.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xcb/randr.h>

static const fr_program program = {.name = "test-sources-x11"};

typedef struct xvfb {
    pid_t pid;
    char name[32];
    fr_x11_server drawing; /* a client that draws */
    fr_x11_server server;  /* the one that captures */
} xvfb;

/* Reads the number of the display, which says that the server is up. False: no Xvfb here. */
static bool read_number(int fd, char *name, size_t bytes)
{
    char text[16] = "";
    size_t length = 0;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (length < sizeof(text) - 1 && !strchr(text, '\n')) {
        if (poll(&ready, 1, 20000) <= 0)
            return false;
        const ssize_t got = read(fd, text + length, 1);
        if (got <= 0)
            return false;
        text[++length] = '\0';
    }
    snprintf(name, bytes, ":%d", atoi(text));
    return true;
}

static void set_up(xvfb *x, const char *screen)
{
    int pipes[2];
    *x = (xvfb){0};
    assert_int_equal(pipe(pipes), 0);
    x->pid = fork();
    if (x->pid == 0) {
        const int null = open("/dev/null", O_WRONLY);
        char number[16];
        close(pipes[0]);
        dup2(null, STDERR_FILENO);
        /* A case that fails leaves it, and whoever reads the output would wait for it. */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        snprintf(number, sizeof(number), "%d", pipes[1]);
        execlp("Xvfb", "Xvfb", "-displayfd", number, "-screen", "0", screen, "-nolisten", "tcp", "-noreset",
               (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    const bool up = read_number(pipes[0], x->name, sizeof(x->name));
    close(pipes[0]);
    if (!up) {
        waitpid(x->pid, NULL, 0);
        skip();
    }
    assert_true(fr_x11_server_init(&x->drawing, &program, x->name, false));
    assert_true(fr_x11_server_init(&x->server, &program, x->name, true));
}

static void stop_server(xvfb *x, int signal_number)
{
    kill(x->pid, signal_number);
    waitpid(x->pid, NULL, 0);
    x->pid = 0;
}

static void tear_down(xvfb *x)
{
    fr_x11_server_finish(&x->drawing);
    fr_x11_server_finish(&x->server);
    if (x->pid)
        stop_server(x, SIGTERM);
}

/* A ring of two slots in one memory file, as the library hands it out. */
typedef struct ring {
    fr_slot slots[2];
    void *memory;
    size_t bytes;
} ring;

static void make_ring(ring *r, uint32_t width, uint32_t height, uint32_t generation)
{
    const size_t pitch = ((size_t)width * 4 + 63) / 64 * 64,
                 slot_bytes = (pitch * height + 4095) / 4096 * 4096;
    const int fd = memfd_create("ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    r->bytes = 4096 + 2 * slot_bytes;
    assert_int_equal(ftruncate(fd, (off_t)r->bytes), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    r->memory = mmap(NULL, r->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(r->memory != MAP_FAILED);
    for (uint32_t i = 0; i < 2; i++)
        r->slots[i] = (fr_slot){
            .pixels = (uint8_t *)r->memory + 4096 + i * slot_bytes,
            .pitch_bytes = pitch,
            .width = width,
            .height = height,
            .format = FR_FORMAT_BGRA8,
            .generation = generation,
            .memory_fd = fd,
            .memory_offset = 4096 + i * slot_bytes,
            .memory_bytes = r->bytes,
        };
}

static void drop_ring(ring *r)
{
    munmap(r->memory, r->bytes);
    close(r->slots[0].memory_fd);
}

static uint32_t pixel_at(const fr_slot *slot, uint32_t x, uint32_t y)
{
    uint32_t pixel;
    memcpy(&pixel, (const uint8_t *)slot->pixels + y * slot->pitch_bytes + (size_t)x * 4, sizeof(pixel));
    return pixel & 0xffffff;
}

static uint32_t colour_of(uint32_t x, uint32_t y, uint32_t seed)
{
    return ((x * 2654435761u) ^ (y * 40503u * 65537u) ^ seed) & 0xffffff;
}

/* Every pixel of the drawable another colour. */
static void paint(xvfb *x, xcb_drawable_t drawable, uint32_t width, uint32_t height, uint32_t seed)
{
    xcb_connection_t *connection = x->drawing.connection;
    const uint32_t rows = 32;
    uint32_t *pixels = malloc((size_t)width * rows * 4);
    const xcb_gcontext_t gc = xcb_generate_id(connection);
    xcb_create_gc(connection, gc, drawable, 0, NULL);
    for (uint32_t top = 0; top < height; top += rows) {
        const uint32_t num = height - top < rows ? height - top : rows;
        for (uint32_t i = 0; i < num * width; i++)
            pixels[i] = colour_of(i % width, top + i / width, seed);
        xcb_put_image(connection, XCB_IMAGE_FORMAT_Z_PIXMAP, drawable, gc, (uint16_t)width, (uint16_t)num, 0,
                      (int16_t)top, 0, 24, num * width * 4, (const uint8_t *)pixels);
    }
    assert_true(fr_x11_wait_done(&x->drawing, xcb_free_gc_checked(connection, gc)));
    free(pixels);
}

static bool capture(fr_x11_target *target, fr_x11_grab *grab, const fr_slot *slot)
{
    if (!fr_x11_grab_prepare(grab, slot))
        return false;
    return fr_x11_grab_wait(grab, fr_x11_grab_ask(grab, target->drawable, target->border, slot), slot);
}

static void expect_painted(const fr_slot *slot, uint32_t seed)
{
    for (uint32_t y = 0; y < slot->height; y++)
        for (uint32_t x = 0; x < slot->width; x++)
            if (pixel_at(slot, x, y) != colour_of(x, y, seed))
                fail_msg("at %u,%u: %06x, not %06x", x, y, pixel_at(slot, x, y), colour_of(x, y, seed));
}

static void note_events(fr_x11_target *target, fr_x11_pointer *pointer)
{
    xcb_generic_event_t *event;
    while ((event = xcb_poll_for_event(target->server->connection)) != NULL) {
        fr_x11_target_note(target, event);
        if (pointer)
            fr_x11_pointer_note(pointer, event);
        free(event);
    }
}

/* The root, pixel by pixel, into either slot; straight where rows have no gaps, and round where they do. */
static void check_root(const char *screen, uint32_t width, uint32_t height, bool direct)
{
    xvfb x;
    fr_x11_target target;
    fr_x11_grab grab;
    ring r;
    set_up(&x, screen);
    assert_true(fr_x11_target_init(&target, &x.server, 0));
    assert_int_equal(target.width, width);
    assert_int_equal(target.height, height);
    fr_x11_grab_init(&grab, &x.server);
    make_ring(&r, width, height, 1);
    for (uint32_t i = 0; i < 4; i++) {
        paint(&x, x.drawing.screen->root, width, height, i * 77);
        assert_true(capture(&target, &grab, &r.slots[i % 2]));
        expect_painted(&r.slots[i % 2], i * 77);
        assert_int_equal(grab.direct, direct);
    }
    expect_painted(&r.slots[0], 154);
    fr_x11_grab_finish(&grab);
    drop_ring(&r);
    tear_down(&x);
}

static void captures_straight_into_slots(void **state)
{
    (void)state;
    check_root("640x360x24", 640, 360, true);
}

static void captures_a_width_whose_rows_have_gaps(void **state)
{
    (void)state;
    check_root("650x351x24", 650, 351, false);
}

static void damage_says_what_was_drawn(void **state)
{
    (void)state;
    xvfb x;
    fr_x11_target target;
    fr_x11_grab grab;
    ring r;
    set_up(&x, "640x360x24");
    assert_true(fr_x11_target_init(&target, &x.server, 0));
    fr_x11_grab_init(&grab, &x.server);
    make_ring(&r, 640, 360, 1);
    assert_true(target.damaged);
    fr_x11_target_take_damage(&target);
    assert_true(fr_x11_target_read_damage(&target));
    assert_true(capture(&target, &grab, &r.slots[0]));
    note_events(&target, NULL);
    assert_false(target.damaged);

    const xcb_gcontext_t gc = xcb_generate_id(x.drawing.connection);
    const uint32_t white = 0xffffff;
    xcb_create_gc(x.drawing.connection, gc, x.drawing.screen->root, XCB_GC_FOREGROUND, &white);
    /* The server sees a request as one. */
    const xcb_rectangle_t spots[2] = {{100, 50, 20, 10}, {200, 90, 5, 5}};
    for (int i = 0; i < 2; i++)
        assert_true(fr_x11_wait_done(
            &x.drawing,
            xcb_poly_fill_rectangle_checked(x.drawing.connection, x.drawing.screen->root, gc, 1, &spots[i])));
    /* Drawn before the take, though its event has not been read yet: part of this frame. */
    fr_x11_target_take_damage(&target);
    assert_true(fr_x11_target_read_damage(&target));
    assert_true(capture(&target, &grab, &r.slots[1]));
    note_events(&target, NULL);
    assert_int_equal(target.taken.count, 2);
    assert_memory_equal(target.taken.rect, ((const fr_rect[]){{100, 50, 20, 10}, {200, 90, 5, 5}}),
                        2 * sizeof(fr_rect));
    assert_false(target.damaged);
    assert_int_equal(pixel_at(&r.slots[1], 110, 55), 0xffffff);
    fr_x11_grab_finish(&grab);
    drop_ring(&r);
    tear_down(&x);
}

/* A cursor of 16 by 16, white but for its transparent corner, with the hot spot at 3, 2. */
static void set_cursor(xvfb *x)
{
    xcb_connection_t *connection = x->drawing.connection;
    const xcb_window_t root = x->drawing.screen->root;
    const xcb_pixmap_t bits = xcb_generate_id(connection), gc = xcb_generate_id(connection);
    const xcb_cursor_t cursor = xcb_generate_id(connection);
    const uint32_t on = 1, off = 0;
    const xcb_rectangle_t all = {0, 0, 16, 16}, corner = {12, 12, 4, 4};
    xcb_create_pixmap(connection, 1, bits, root, 16, 16);
    xcb_create_gc(connection, gc, bits, XCB_GC_FOREGROUND, &on);
    xcb_poly_fill_rectangle(connection, bits, gc, 1, &all);
    xcb_change_gc(connection, gc, XCB_GC_FOREGROUND, &off);
    xcb_poly_fill_rectangle(connection, bits, gc, 1, &corner);
    xcb_create_cursor(connection, cursor, bits, bits, 65535, 65535, 65535, 0, 0, 0, 3, 2);
    xcb_change_window_attributes(connection, root, XCB_CW_CURSOR, &cursor);
    assert_true(fr_x11_wait_done(&x->drawing,
                                 xcb_warp_pointer_checked(connection, XCB_NONE, root, 0, 0, 0, 0, 100, 80)));
}

static void draws_the_pointer_at_its_hot_spot(void **state)
{
    (void)state;
    xvfb x;
    fr_x11_target target;
    fr_x11_pointer pointer;
    fr_x11_grab grab;
    ring r;
    set_up(&x, "640x360x24");
    assert_true(fr_x11_target_init(&target, &x.server, 0));
    fr_x11_pointer_init(&pointer, &x.server, target.window);
    fr_x11_grab_init(&grab, &x.server);
    make_ring(&r, 640, 360, 1);
    paint(&x, x.drawing.screen->root, 640, 360, 5);
    set_cursor(&x);
    assert_true(capture(&target, &grab, &r.slots[0]));
    note_events(&target, &pointer);
    fr_x11_pointer_ask(&pointer);
    fr_x11_pointer_update(&pointer);
    const fr_rect rect = fr_x11_pointer_rect(&pointer, 640, 360);
    assert_int_equal(rect.x, 97);
    assert_int_equal(rect.y, 78);
    const fr_canvas canvas =
        fr_canvas_on(r.slots[0].pixels, r.slots[0].pitch_bytes, 640, 360, FR_FORMAT_BGRA8);
    fr_x11_pointer_draw(&pointer, &canvas);
    for (uint32_t y = 70; y < 105; y++) {
        for (uint32_t at = 90; at < 125; at++) {
            const bool in = at >= 97 && at < 113 && y >= 78 && y < 94, corner = in && at >= 109 && y >= 90;
            assert_int_equal(pixel_at(&r.slots[0], at, y), in && !corner ? 0xffffff : colour_of(at, y, 5));
        }
    }
    fr_x11_pointer_finish(&pointer);
    fr_x11_grab_finish(&grab);
    drop_ring(&r);
    tear_down(&x);
}

static void blends_premultiplied_pixels(void **state)
{
    (void)state;
    uint32_t pixels[4] = {0xff202020u, 0xff808080u, 0xffffffffu, 0xff000000u};
    /* Half of red; nothing; all blue; light without cover. */
    static const uint32_t argb[4] = {0x80800000u, 0, 0xff0000ffu, 0x00101010u};
    const fr_canvas canvas = fr_canvas_on(pixels, 8, 2, 2, FR_FORMAT_BGRA8);
    fr_x11_blend(&canvas, 0, 0, argb, 2, 2);
    assert_int_equal(pixels[0], 0xff901010u);
    assert_int_equal(pixels[1], 0xff808080u);
    assert_int_equal(pixels[2], 0xff0000ffu);
    assert_int_equal(pixels[3], 0xff101010u);
    /* Half and wholly outside. */
    fr_x11_blend(&canvas, -1, -1, argb, 2, 2);
    assert_int_equal(pixels[0], 0xffa02020u);
    fr_x11_blend(&canvas, -2, 0, argb, 2, 2);
    fr_x11_blend(&canvas, 2, 5, argb, 2, 2);
    assert_int_equal(pixels[0], 0xffa02020u);
}

static void resize_screen(xvfb *x, uint16_t width, uint16_t height)
{
    xcb_connection_t *connection = x->drawing.connection;
    const xcb_window_t root = x->drawing.screen->root;
    uint8_t error_code;
    xcb_randr_get_screen_resources_reply_t *resources = fr_x11_wait_reply(
        &x->drawing, xcb_randr_get_screen_resources(connection, root).sequence, &error_code);
    assert_non_null(resources);
    const xcb_randr_crtc_t crtc = xcb_randr_get_screen_resources_crtcs(resources)[0];
    free(resources);
    /* A screen cannot shrink below what a CRTC shows. */
    free(fr_x11_wait_reply(
        &x->drawing,
        xcb_randr_set_crtc_config(connection, crtc, 0, 0, 0, 0, 0, XCB_RANDR_ROTATION_ROTATE_0, 0, NULL)
            .sequence,
        &error_code));
    assert_true(fr_x11_wait_done(
        &x->drawing, xcb_randr_set_screen_size_checked(connection, root, width, height, 200, 100)));
}

static void follows_the_screen_size(void **state)
{
    (void)state;
    xvfb x;
    fr_x11_target target;
    fr_x11_grab grab;
    ring before, after;
    set_up(&x, "640x360x24");
    assert_true(fr_x11_target_init(&target, &x.server, 0));
    fr_x11_grab_init(&grab, &x.server);
    make_ring(&before, 640, 360, 1);
    make_ring(&after, 480, 270, 2);
    paint(&x, x.drawing.screen->root, 640, 360, 1);
    assert_true(capture(&target, &grab, &before.slots[0]));
    note_events(&target, NULL);
    assert_false(target.resized);
    resize_screen(&x, 480, 270);
    /* The picture of the old size is refused, not read beyond the screen. */
    assert_false(capture(&target, &grab, &before.slots[1]));
    note_events(&target, NULL);
    assert_true(target.resized);
    assert_true(fr_x11_target_refresh(&target));
    assert_int_equal(target.width, 480);
    assert_int_equal(target.height, 270);
    assert_true(target.damaged);
    paint(&x, x.drawing.screen->root, 480, 270, 2);
    assert_true(capture(&target, &grab, &after.slots[1]));
    expect_painted(&after.slots[1], 2);
    fr_x11_grab_finish(&grab);
    drop_ring(&before);
    drop_ring(&after);
    tear_down(&x);
}

static void captures_one_window_behind_another(void **state)
{
    (void)state;
    xvfb x;
    fr_x11_target target;
    fr_x11_grab grab;
    ring r;
    set_up(&x, "640x360x24");
    xcb_connection_t *connection = x.drawing.connection;
    const xcb_window_t root = x.drawing.screen->root, window = xcb_generate_id(connection);
    const xcb_window_t cover = xcb_generate_id(connection);
    xcb_create_window(connection, XCB_COPY_FROM_PARENT, window, root, 30, 40, 128, 64, 0,
                      XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT, 0, NULL);
    assert_true(fr_x11_wait_done(&x.drawing, xcb_map_window_checked(connection, window)));
    assert_true(fr_x11_target_init(&target, &x.server, window));
    fr_x11_grab_init(&grab, &x.server);
    make_ring(&r, 128, 64, 1);
    xcb_create_window(connection, XCB_COPY_FROM_PARENT, cover, root, 0, 0, 640, 360, 0,
                      XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT, 0, NULL);
    assert_true(fr_x11_wait_done(&x.drawing, xcb_map_window_checked(connection, cover)));
    paint(&x, window, 128, 64, 9);
    assert_true(capture(&target, &grab, &r.slots[0]));
    expect_painted(&r.slots[0], 9);

    const uint32_t size[2] = {100, 50};
    assert_true(fr_x11_wait_done(
        &x.drawing, xcb_configure_window_checked(connection, window,
                                                 XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT, size)));
    free(fr_x11_wait_reply(&x.server, xcb_get_input_focus(x.server.connection).sequence, &(uint8_t){0}));
    note_events(&target, NULL);
    assert_true(target.resized);
    assert_true(fr_x11_target_refresh(&target));
    assert_int_equal(target.width, 100);

    assert_true(fr_x11_wait_done(&x.drawing, xcb_destroy_window_checked(connection, window)));
    free(fr_x11_wait_reply(&x.server, xcb_get_input_focus(x.server.connection).sequence, &(uint8_t){0}));
    note_events(&target, NULL);
    assert_true(target.closed);
    fr_x11_grab_finish(&grab);
    drop_ring(&r);
    tear_down(&x);
}

static void a_dead_server_is_an_end_and_no_hang(void **state)
{
    (void)state;
    xvfb x;
    fr_x11_target target;
    fr_x11_grab grab;
    ring r;
    set_up(&x, "640x360x24");
    assert_true(fr_x11_target_init(&target, &x.server, 0));
    fr_x11_grab_init(&grab, &x.server);
    make_ring(&r, 640, 360, 1);
    assert_true(capture(&target, &grab, &r.slots[0]));
    stop_server(&x, SIGKILL);
    assert_false(capture(&target, &grab, &r.slots[1]));
    assert_false(fr_x11_server_is_alive(&x.server));
    fr_x11_grab_finish(&grab);
    drop_ring(&r);
    tear_down(&x);
}

static void a_stopped_server_is_given_up_on(void **state)
{
    (void)state;
    xvfb x;
    uint8_t error_code;
    set_up(&x, "640x360x24");
    kill(x.pid, SIGSTOP);
    const uint64_t start_ns = fr_clock_now_ns();
    assert_null(fr_x11_wait_reply(&x.server, xcb_get_input_focus(x.server.connection).sequence, &error_code));
    assert_true(x.server.lost);
    assert_true(fr_clock_now_ns() - start_ns >= 2 * FR_NS_PER_S);
    kill(x.pid, SIGCONT);
    tear_down(&x);
}

/* The machine stands still for longer than a server may be silent, and the server goes on last. */
static void a_pause_of_the_machine_is_not_the_servers(void **state)
{
    (void)state;
    xvfb x;
    uint8_t error_code;
    set_up(&x, "640x360x24");
    kill(x.pid, SIGSTOP);
    const pid_t us = getpid(), pauser = fork();
    if (pauser == 0) {
        usleep(100000);
        kill(us, SIGSTOP);
        usleep(2500000);
        kill(us, SIGCONT);
        usleep(100000);
        kill(x.pid, SIGCONT);
        _exit(0);
    }
    const uint64_t start_ns = fr_clock_now_ns();
    void *reply =
        fr_x11_wait_reply(&x.server, xcb_get_input_focus(x.server.connection).sequence, &error_code);
    assert_true(fr_clock_now_ns() - start_ns >= 2 * FR_NS_PER_S);
    assert_non_null(reply);
    assert_false(x.server.lost);
    free(reply);
    waitpid(pauser, NULL, 0);
    tear_down(&x);
}

static void refuses_what_it_cannot_capture(void **state)
{
    (void)state;
    xvfb x;
    fr_x11_server nowhere;
    fr_x11_target target;
    assert_false(fr_x11_server_init(&nowhere, &program, ":54321", false));
    assert_false(fr_x11_server_init(&nowhere, &program, "", false));
    set_up(&x, "320x200x16");
    assert_false(fr_x11_target_init(&target, &x.server, 0));
    assert_false(fr_x11_target_init(&target, &x.server, 0x7fffff));
    assert_false(x.server.lost);
    tear_down(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captures_straight_into_slots),
        cmocka_unit_test(captures_a_width_whose_rows_have_gaps),
        cmocka_unit_test(damage_says_what_was_drawn),
        cmocka_unit_test(draws_the_pointer_at_its_hot_spot),
        cmocka_unit_test(blends_premultiplied_pixels),
        cmocka_unit_test(follows_the_screen_size),
        cmocka_unit_test(captures_one_window_behind_another),
        cmocka_unit_test(a_dead_server_is_an_end_and_no_hang),
        cmocka_unit_test(a_stopped_server_is_given_up_on),
        cmocka_unit_test(a_pause_of_the_machine_is_not_the_servers),
        cmocka_unit_test(refuses_what_it_cannot_capture),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
