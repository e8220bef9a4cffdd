/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "grab.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void fr_x11_grab_init(fr_x11_grab *grab, fr_x11_server *server)
{
    *grab = (fr_x11_grab){.server = server, .detour_fd = -1};
}

void fr_x11_grab_release(fr_x11_grab *grab)
{
    if (grab->segment) {
        xcb_shm_detach(grab->server->connection, grab->segment);
        xcb_flush(grab->server->connection);
    }
    grab->segment = 0;
    if (grab->detour)
        munmap(grab->detour, grab->detour_bytes);
    grab->detour = NULL;
    if (grab->detour_fd >= 0)
        close(grab->detour_fd);
    grab->detour_fd = -1;
}

void fr_x11_grab_finish(fr_x11_grab *grab)
{
    fr_x11_grab_release(grab);
}

static bool attach(fr_x11_grab *grab, int fd)
{
    /* The request closes the descriptor that it is given. */
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return false;
    xcb_connection_t *connection = grab->server->connection;
    grab->segment = xcb_generate_id(connection);
    if (!fr_x11_wait_done(grab->server, xcb_shm_attach_fd_checked(connection, grab->segment, copy, 0)))
        grab->segment = 0;
    return grab->segment != 0;
}

static bool attach_detour(fr_x11_grab *grab, const fr_slot *slot)
{
    grab->detour_bytes = (size_t)slot->width * 4 * slot->height;
    grab->detour_fd = memfd_create("framering-x11", MFD_CLOEXEC);
    if (grab->detour_fd < 0 || ftruncate(grab->detour_fd, (off_t)grab->detour_bytes) < 0)
        return false;
    void *pixels = mmap(NULL, grab->detour_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, grab->detour_fd, 0);
    grab->detour = pixels == MAP_FAILED ? NULL : pixels;
    return grab->detour && attach(grab, grab->detour_fd);
}

bool fr_x11_grab_prepare(fr_x11_grab *grab, const fr_slot *slot)
{
    if (grab->segment && grab->generation == slot->generation)
        return true;
    fr_x11_grab_release(grab);
    grab->generation = slot->generation;
    const bool gapless = slot->pitch_bytes == (size_t)slot->width * 4;
    grab->direct =
        slot->memory_fd >= 0 && gapless && slot->memory_offset <= UINT32_MAX && attach(grab, slot->memory_fd);
    if (grab->direct || grab->server->lost || attach_detour(grab, slot))
        return !grab->server->lost;
    if (!grab->server->lost)
        fr_program_say(grab->server->program,
                       "the X server at \"%s\" cannot share %zu bytes of memory with us", grab->server->name,
                       grab->detour_bytes);
    fr_x11_grab_release(grab);
    return false;
}

xcb_shm_get_image_cookie_t fr_x11_grab_ask(fr_x11_grab *grab, xcb_drawable_t drawable, int16_t border,
                                           const fr_slot *slot)
{
    const uint32_t offset = grab->direct ? (uint32_t)slot->memory_offset : 0;
    return xcb_shm_get_image(grab->server->connection, drawable, border, border, (uint16_t)slot->width,
                             (uint16_t)slot->height, UINT32_MAX, XCB_IMAGE_FORMAT_Z_PIXMAP, grab->segment,
                             offset);
}

bool fr_x11_grab_wait(fr_x11_grab *grab, xcb_shm_get_image_cookie_t cookie, const fr_slot *slot)
{
    uint8_t error_code;
    xcb_shm_get_image_reply_t *reply = fr_x11_wait_reply(grab->server, cookie.sequence, &error_code);
    if (!reply)
        return false;
    free(reply);
    const fr_image image = {
        .pixels = grab->detour,
        .pitch_bytes = (ptrdiff_t)slot->width * 4,
        .width = slot->width,
        .height = slot->height,
        .format = slot->format,
    };
    return grab->direct || fr_slot_write(slot, &image, NULL, 0) == FR_OK;
}
