/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_DESKTOP_GRAB_H
#define FRAMERING_SOURCES_DESKTOP_GRAB_H

/* Desktop duplication: Windows hands out each picture of an output as a texture, what changed in it, and the
 * pointer. */

#include "api.h"
#include "common/rect.h"
#include "output.h"
#include "pointer.h"

/* All zero but `api` and `wanted`: closed. */
typedef struct fr_desktop_grab {
    const fr_desktop_api *api;
    const char *wanted; /* as fr_desktop_output_open */
    IDXGIFactory1 *factory;
    fr_desktop_output output;
    ID3D11Device *device;
    ID3D11DeviceContext *context;
    IDXGIOutputDuplication *duplication; /* NULL: fr_desktop_grab_duplicate is due */
    fr_display_descriptor display;       /* of the duplication; before the first one a guess at it */
    bool fresh;                          /* no picture of the duplication has come yet */
    bool held;                           /* a frame of Windows' */
    ID3D11Texture2D *picture;            /* of the held frame; NULL: it has none */
    uint8_t *buffer;                     /* for what is asked about a frame */
    size_t buffer_bytes;
} fr_desktop_grab;

/* Finds the output and makes a device on its adapter. A failure is DXGI's, and leaves it closed. Closing
 * takes what is half open too; no frame may be held. */
HRESULT fr_desktop_grab_open(fr_desktop_grab *grab);
void fr_desktop_grab_close(fr_desktop_grab *grab);

/* Ends the duplication there is, describes the output anew, and duplicates. DXGI_ERROR_DEVICE_RESET: the
 * output has moved to another adapter, so that the device does not serve it; else a failure is DXGI's. */
HRESULT fr_desktop_grab_duplicate(fr_desktop_grab *grab);

/* Ends the duplication, if there is one; no frame may be held. */
void fr_desktop_grab_end(fr_desktop_grab *grab);

/* False: the displays are other ones, or different, since the output was described. */
bool fr_desktop_grab_is_current(const fr_desktop_grab *grab);

typedef struct fr_desktop_news {
    ID3D11Texture2D *picture; /* not turned; borrowed until fr_desktop_grab_done. NULL: it has not changed */
    fr_rects damage;          /* of it, as it lies in the texture; the whole where Windows did not say */
    uint64_t present_ns;      /* of the picture, or of the pointer's last change; 0 = not known */
} fr_desktop_news;

/* Waits for news, and takes what they say of the pointer into *pointer. S_OK: fr_desktop_grab_done is to
 * follow. DXGI_ERROR_WAIT_TIMEOUT: there are none. DXGI_ERROR_ACCESS_LOST: the duplication has ended; also
 * when the picture is not what the duplication promised. Else a failure is DXGI's. */
HRESULT fr_desktop_grab_next(fr_desktop_grab *grab, uint32_t timeout_ms, fr_desktop_news *news,
                             fr_pointer *pointer);
void fr_desktop_grab_done(fr_desktop_grab *grab);

#endif
