/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_DESKTOP_FAKE_DXGI_H
#define FR_TESTS_UNIT_DESKTOP_FAKE_DXGI_H

/*
 * DXGI and Direct3D 11 with one display, in memory, as strict as the real ones: every interface counts its
 * references; an output is duplicated once at a time; a duplication that was lost stays lost; one frame is
 * held at a time, and its picture is spoilt when it is given back; copies and maps must fit what the textures
 * are. What the capture does not use has no function at all.
 */

#include "desktop/api.h"
#include "desktop/pointer.h"
#include "desktop/turn.h"

#define FAKE_FRAMES_MAX 64
#define FAKE_RESULTS_MAX 64

/* One answer of AcquireNextFrame. */
struct fake_frame {
    HRESULT result;
    bool picture;   /* the desktop was drawn */
    RECT dirty[3];  /* as seen */
    UINT num_dirty; /* 0, and no moves: Windows does not say what changed */
    DXGI_OUTDUPL_MOVE_RECT moved[2];
    UINT num_moved;
    bool mouse; /* the pointer moved or changed */
    bool mouse_visible;
    POINT mouse_at;
    const fr_pointer_shape *shape; /* NULL: unchanged; the height is that of one mask */
    const void *shape_pixels;
    UINT shape_bytes;
    HRESULT rects_result, shape_result; /* of the calls that ask for them */
    uint32_t odd_width; /* the picture has this width, whatever was promised; 0 = it has the right one */
};

struct fake_dxgi {
    /* The display. */
    fr_canvas desktop; /* as seen; its pixels may be drawn by the test */
    fr_turn turn;
    bool hdr;
    const WCHAR *name;
    bool detached; /* not part of the desktop */
    LONG adapter;  /* high part of its adapter's LUID */
    uint32_t sdr_white_millinits;
    DXGI_RATIONAL refresh;
    bool changed;     /* since the last factory */
    int output_level; /* which IDXGIOutput it has, 1 to 6 */

    /* A real device, whose textures the pictures are then; NULL: memory. */
    ID3D11Device *real;
    /* Called before each AcquireNextFrame; may change everything. */
    void (*before_acquire)(void *user);
    void *user;

    /* What is to come; S_OK, or WAIT_TIMEOUT, beyond the end. */
    struct fake_frame frames[FAKE_FRAMES_MAX];
    UINT num_frames, next_frame;
    HRESULT duplicates[FAKE_RESULTS_MAX];
    UINT num_duplicates, next_duplicate;
    HRESULT always_duplicate; /* after them; also of the older call */
    HRESULT newer_refusal;    /* of DuplicateOutput1 alone */
    bool only_bgra;           /* hands out BGRA8 whatever it composes in */
    HRESULT factory_result, device_result;
    HRESULT removed; /* the device is gone, for this reason */
    UINT fail_at;    /* the so-manieth call that can fail does, with the next; 0 = none */
    HRESULT fail_result;

    /* What has happened. */
    UINT calls; /* that can fail */
    LONG live;  /* objects */
    UINT factories, devices, duplications, acquired, released, whites;
    UINT last_timeout_ms;
    bool duplicated, held;
};

/* A display of that size in SDR, main display, all its pixels 0. */
void fake_dxgi_init(struct fake_dxgi *fake, uint32_t width, uint32_t height, fr_format format);
void fake_dxgi_finish(struct fake_dxgi *fake);

/* Another size or format from now on; the picture is lost, and so is the duplication. */
void fake_dxgi_set_mode(struct fake_dxgi *fake, uint32_t width, uint32_t height, fr_format format);

fr_desktop_api fake_dxgi_api(struct fake_dxgi *fake);

/* The next answer, to be filled in: the desktop as a whole was drawn. */
struct fake_frame *fake_dxgi_add(struct fake_dxgi *fake);

/* The pixels of a texture. */
fr_canvas fake_texture_canvas(ID3D11Texture2D *texture);

#endif
