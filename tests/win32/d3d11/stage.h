/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WIN32_D3D11_STAGE_H
#define TESTS_WIN32_D3D11_STAGE_H

/*
 * A whole session in one thread: a capture and a source with devices of their own, and a channel that is a
 * variable. The clock moves only when the capture sleeps, and whenever it does the source has its turn.
 */

#include "capture/capture.h"
#include "publish/publish.h"

#include "backend/cpu/cpu.h"
#include "pair.h"

struct stage {
    struct pair *pair; /* for the log */
    uint64_t now_ns;
    struct fr_os os;
    bool no_fallback; /* of the next stage_open */
    fr_d3d11_host_params host_params;

    fr_capture *capture;
    fr_status opened;
    const struct fr_event *notify;

    bool wants_source; /* it is opened again until that works */
    fr_source *source;
    ID3D11Device *device;
    ID3D11Texture2D *texture; /* what the source draws into, of the present size and format */
    fr_display_descriptor display;
    const fr_rect *damage; /* what the source says has changed; NULL: nothing said. All of it has. */
    uint32_t value;        /* of the last picture: 0..255 for BGRA8, a half's bits for RGBA16F */
    uint32_t pushed;
    unsigned devices_lost; /* and made anew, by the source */
    size_t source_adapter;

    bool connected; /* the source's end */
    bool said_connected, say_source, say_gone, say_display;
    uint64_t source_capabilities;
    bool has_ring;
    struct fr_delivery ring;
};

void stage_init(struct stage *stage, struct pair *pair);
/* Closes everything. */
void stage_finish(struct stage *stage);

void stage_open_source(struct stage *stage);
void stage_close_source(struct stage *stage);
fr_status stage_open(struct stage *stage);
void stage_announce(struct stage *stage, uint32_t width, uint32_t height, fr_colour_state state);

/* Fresh frames, each checked by its luma; false: the session failed, *status says how. */
bool stage_frames(struct stage *stage, unsigned count, fr_status *status);

#endif
