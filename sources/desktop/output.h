/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_DESKTOP_OUTPUT_H
#define FRAMERING_SOURCES_DESKTOP_OUTPUT_H

/* The output that is captured: one display of the desktop. */

#include "com.h"
#include "turn.h"

#include <framering/display.h>

/* All zero: none. */
typedef struct fr_desktop_output {
    IDXGIAdapter1 *adapter;
    IDXGIOutput *output;
    LUID luid; /* of the adapter */
    WCHAR name[32];
    char text[32];          /* the name, for messages */
    uint32_t width, height; /* as it is seen, turned */
    fr_turn turn;
    bool hdr;
    /* As in fr_display_descriptor; 0 = not known. */
    uint32_t max_luminance_millinits, max_full_frame_millinits, min_luminance_tenthmillinits;
} fr_desktop_output;

/* Whether a name on the command line means the output that Windows calls `name`: "\\.\DISPLAY1", "display1"
 * or "1". */
bool fr_desktop_output_is(const WCHAR *name, const char *wanted);

/* Finds the output, and describes it as the factory knows it. `wanted` NULL: the one at the desktop's upper
 * left corner, which Windows calls the main display. DXGI_ERROR_NOT_FOUND: there is none on the desktop; or
 * a failure of DXGI. *out is all zero then. */
HRESULT fr_desktop_output_open(fr_desktop_output *out, IDXGIFactory1 *factory, const char *wanted);
void fr_desktop_output_close(fr_desktop_output *output);

/* What to announce of it. `fp16`: it is composed, and handed out, in RGBA16F. */
fr_display_descriptor fr_desktop_output_describe(const fr_desktop_output *output, bool fp16,
                                                 uint32_t refresh_mhz, uint32_t sdr_white_millinits);

#endif
