/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "selftest/duo.h"

#include "clock.h"
#include "commands.h"
#include "selftest/picture.h"
#include "units.h"

#include <framering/source.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The source works as long as its host, but not for ever. */
#define SOURCE_LIFE_NS (60 * NS_PER_S)
#define SOURCE_FRAME_NS (4 * NS_PER_MS)

/* ---- the row's side ---- */

static bool start_peer(struct duo *duo, int socket_fd)
{
    const char *const words[] = {duo->wish.way ? duo->wish.way : "inherited", duo->target_word,
                                 duo->display_word, NULL};
    return peer_start(duo->test, &duo->peer, "source", words, socket_fd);
}

static fr_status start_source(void *user, int socket_fd)
{
    struct duo *duo = user;
    const bool started = start_peer(duo, duo->wish.way ? -1 : socket_fd);
    child_socket_close(socket_fd);
    return started ? FR_OK : FR_ERR_SYSTEM;
}

/* Open and next ask this: what the peer says meanwhile is to be noted, and one that gives up ends the wait.
 */
static bool peer_gave_up(void *user)
{
    struct duo *duo = user;
    peer_read(&duo->peer);
    for (; duo->peer.heard < duo->peer.lines; duo->peer.heard++)
        if (peer_concludes(duo->test, duo->peer.said[duo->peer.heard]))
            return true;
    return false;
}

fr_status duo_open(struct duo *duo, struct selftest *test, const struct duo_wish *wish)
{
    *duo = (struct duo){.test = test, .wish = *wish};
    peer_init(&duo->peer);
    duo->target = 0x5e1f0000u | ((uint32_t)fr_clock_now_ns() >> 8 & 0xffffu);
    snprintf(duo->target_word, sizeof duo->target_word, "%" PRIu32, duo->target);
    snprintf(duo->display_word, sizeof duo->display_word, "%dx%d:%d:%d:%d:%d", DUO_WIDTH, DUO_HEIGHT,
             (int)wish->colour_state, (int)wish->format, (int)wish->picture, wish->gpu);
    fr_capture_params params = wish->capture;
    params.target_id = duo->target;
    params.preferred = (fr_mode){DUO_WIDTH, DUO_HEIGHT, 60000};
    params.log = selftest_log(test);
    params.timing.attach_wait_ns = 10 * NS_PER_S;
    params.cancelled = peer_gave_up;
    params.user = duo;
    if (!wish->way)
        params.start_source = start_source;
    else if (!start_peer(duo, -1))
        return FR_ERR_SYSTEM;
    const fr_status status = fr_capture_open(&duo->capture, &params, NULL);
    return status == FR_CANCELLED ? FR_ERR_SOURCE_FAILED : status; /* the peer has said why */
}

bool duo_invite(struct duo *duo)
{
    int socket_fd = -1;
    const fr_status status = fr_capture_invite(duo->capture, &socket_fd);
    if (status < 0)
        selftest_fail(duo->test, "the host invites no other source: %s", fr_status_text(status));
    const bool started = status >= 0 && start_peer(duo, socket_fd);
    child_socket_close(socket_fd);
    return started;
}

bool duo_fresh(struct duo *duo, fr_frame *frame)
{
    const uint64_t until_ns = fr_clock_now_ns() + DUO_FRAME_MS * NS_PER_MS;
    fr_status status = FR_AGAIN;
    while (status >= 0 && fr_clock_now_ns() < until_ns) {
        status = fr_capture_next(duo->capture, frame);
        if (status == FR_OK && fr_frame_map(frame) == FR_OK)
            return true;
        fr_frame_release(frame);
    }
    if (status < 0)
        selftest_fail(duo->test, "the capture failed: %s", selftest_reason(duo->test, status));
    else
        selftest_fail(duo->test, "no frame came within %d ms", DUO_FRAME_MS);
    return false;
}

/* What the last frame was; all zero: none yet. */
struct seen {
    uint32_t generation, sequence;
};

static bool check_number(struct selftest *test, const fr_frame *frame, struct seen *last)
{
    uint32_t number;
    /* The first frame of a ring that replaces another may be the other's last picture, published again. */
    const bool moved = last->generation && frame->generation != last->generation;
    const bool again = moved && frame->sequence == 1;
    const uint32_t before = moved ? 0 : last->sequence;
    *last = (struct seen){frame->generation, frame->sequence};
    if (!picture_read_number(frame, &number))
        selftest_fail(test, "frame %" PRIu32 " is torn or not the source's", frame->sequence);
    else if (number != (frame->sequence & 0xffffffu) && !again)
        selftest_fail(test, "frame %" PRIu32 " shows the picture of frame %" PRIu32, frame->sequence, number);
    else if (frame->sequence <= before)
        selftest_fail(test, "frame %" PRIu32 " came after frame %" PRIu32, frame->sequence, before);
    else
        return true;
    return false;
}

bool duo_check_numbers(struct duo *duo, unsigned count)
{
    struct seen last = {0, 0};
    for (unsigned i = 0; i < count; i++) {
        fr_frame frame;
        if (!duo_fresh(duo, &frame))
            return false;
        const bool good = check_number(duo->test, &frame, &last);
        fr_frame_release(&frame);
        if (!good)
            return false;
    }
    return true;
}

void duo_close(struct duo *duo)
{
    fr_capture_close(&duo->capture);
    (void)peer_finish(&duo->peer, 500);
}

/* ---- the source's side ---- */

struct display_wish {
    unsigned width, height;
    int colour_state, format, picture, gpu;
};

struct painter {
    struct display_wish wish;
    uint8_t *pixels; /* a whole picture of the ring's size and format */
    size_t bytes;
};

static bool paint(struct painter *painter, struct duo_system *system, fr_source *source)
{
    fr_slot slot;
    if (fr_source_begin(source, &slot) != FR_OK)
        return true;
    uint8_t *pixels = slot.pixels;
    size_t pitch = slot.pitch_bytes;
    if (!pixels) { /* a texture: drawn in memory, then copied there */
        pitch = (size_t)slot.width * fr_format_pixel_bytes(slot.format);
        if (painter->bytes < pitch * slot.height) {
            free(painter->pixels);
            painter->bytes = pitch * slot.height;
            painter->pixels = malloc(painter->bytes);
        }
        pixels = painter->pixels;
    }
    if (!pixels) {
        fr_source_cancel(source);
        return false;
    }
    if (painter->wish.picture == DUO_SQUARES)
        picture_draw_squares(pixels, pitch, slot.width, slot.height, slot.format);
    else
        picture_draw_number(pixels, pitch, slot.width, slot.height, slot.format, slot.sequence);
    if (!slot.pixels)
        duo_system_upload(system, &slot, pixels, pitch);
    (void)fr_source_publish(source, NULL);
    return true;
}

static int show(struct painter *painter, struct duo_system *system, fr_source *source)
{
    const uint64_t until_ns = fr_clock_now_ns() + SOURCE_LIFE_NS;
    fr_status status = FR_OK;
    while (status >= 0 && status != FR_END && fr_clock_now_ns() < until_ns) {
        duo_system_poll(system, source);
        status = fr_source_poll(source, SOURCE_FRAME_NS);
        if ((status == FR_OK || status == FR_REATTACHED) && !paint(painter, system, source))
            return peer_failed("no memory for a picture");
    }
    return status < 0 ? peer_failed("%s", fr_status_text(status)) : EXIT_DONE;
}

static bool parse_display(const char *word, struct display_wish *out)
{
    return sscanf(word, "%ux%u:%d:%d:%d:%d", &out->width, &out->height, &out->colour_state, &out->format,
                  &out->picture, &out->gpu) == 6;
}

int duo_source(int argc, char **argv)
{
    struct painter painter = {.pixels = NULL};
    uint64_t target;
    if (argc != 3 || !units_parse_number(argv[1], 0, UINT32_MAX, &target) ||
        !parse_display(argv[2], &painter.wish))
        return EXIT_USAGE;
    fr_source_params params = {
        .target_id = (uint32_t)target,
        .by_target = strcmp(argv[0], "inherited") != 0,
        .name = "selftest",
        .display = {.mode = {painter.wish.width, painter.wish.height, 60000},
                    .colour_state = (fr_colour_state)painter.wish.colour_state,
                    .format = (fr_format)painter.wish.format},
        .log = peer_log(),
    };
    struct duo_system *system = duo_system_create(&params, argv[0], painter.wish.gpu);
    if (!system)
        return EXIT_FAILED;
    fr_source *source;
    const fr_status status = fr_source_open(&source, &params);
    const int code = status < 0 ? peer_failed("the source does not open: %s", fr_status_text(status))
                                : show(&painter, system, source);
    fr_source_close(&source);
    duo_system_destroy(system);
    free(painter.pixels);
    return code;
}
