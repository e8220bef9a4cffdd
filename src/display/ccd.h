/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_DISPLAY_CCD_H
#define FR_DISPLAY_CCD_H

/* Windows' display configuration ("CCD"), as fr_ccd_create needs it, behind a table that a test can stand in
 * for. */

#include "os/win32/win32.h"

#include <framering/win32.h>

/* What DXGI says of an output, in cd/m2; 0 = not known. */
struct fr_ccd_luminance {
    float max, max_full_frame, min;
};

/* The arrays of QueryDisplayConfig. The numbers: how much room there is, then how much is filled. */
struct fr_ccd_config {
    DISPLAYCONFIG_PATH_INFO *paths;
    DISPLAYCONFIG_MODE_INFO *modes;
    UINT32 num_paths, num_modes;
};

/* The first four are GetDisplayConfigBufferSizes, QueryDisplayConfig, DisplayConfigGetDeviceInfo and
 * DisplayConfigSetDeviceInfo: ERROR_SUCCESS or a Windows error. They may take long: Windows holds a lock of
 * the whole session meanwhile. */
struct fr_ccd_api {
    void *self;
    LONG (*buffer_sizes)(void *self, UINT32 flags, UINT32 *num_paths, UINT32 *num_modes);
    LONG (*query)(void *self, UINT32 flags, struct fr_ccd_config *config);
    LONG (*get_info)(void *self, DISPLAYCONFIG_DEVICE_INFO_HEADER *request);
    LONG (*set_info)(void *self, DISPLAYCONFIG_DEVICE_INFO_HEADER *request);
    /* Of the output that GDI calls `name` (\\.\DISPLAY1). False: DXGI has no such output. NULL: no DXGI. */
    bool (*luminance)(void *self, const WCHAR *name, struct fr_ccd_luminance *out);
    void (*destroy)(void *self); /* NULL: nothing to free */
};

/* Windows' own. FR_ERR_NO_MEMORY. */
fr_status fr_ccd_api_create(struct fr_ccd_api *out);

/* As fr_ccd_create, on a table that is the provider's from now on, also on failure. */
fr_status fr_ccd_create_with(fr_display_provider *out, const fr_ccd_params *params, const fr_log *log,
                             const struct fr_ccd_api *api);

/* Requests of Windows 11 24H2, which older headers lack. */
#define FR_CCD_GET_COLOUR_INFO_2 15
#define FR_CCD_SET_HDR_STATE 16

#define FR_CCD_INFO_2_LIMITED_BY_POLICY 0x08u
#define FR_CCD_INFO_2_HDR_SUPPORTED 0x10u

struct fr_ccd_colour_info_2 {
    DISPLAYCONFIG_DEVICE_INFO_HEADER header;
    UINT32 flags; /* FR_CCD_INFO_2_* */
    UINT32 encoding;
    UINT32 bits_per_channel;
    UINT32 mode; /* 0 SDR, 1 SDR with wide colour, 2 HDR */
};

struct fr_ccd_hdr_state {
    DISPLAYCONFIG_DEVICE_INFO_HEADER header;
    UINT32 on; /* bit 0 */
};

/* The active path of a target. */
struct fr_ccd_path {
    LUID adapter, source_adapter;
    UINT32 target_id, source_id;
    fr_mode mode; /* width 0: not known */
};

/* Why a look at the display failed. */
enum fr_ccd_trouble {
    FR_CCD_FINE,
    FR_CCD_QUERY_FAILED, /* the Windows error says why */
    FR_CCD_UNSTABLE,     /* the configuration changed at every look */
    FR_CCD_NO_MEMORY,
    FR_CCD_ABSENT, /* no active path leads to the target */
    FR_CCD_NO_MODE /* one does, without a usable size */
};

/* ccd_path.c. Finds the path that leads to the target of `params`. *matches: how many targets have that
 * number, on all adapters; the first is taken. *error: of FR_CCD_QUERY_FAILED. */
enum fr_ccd_trouble fr_ccd_find_path(const struct fr_ccd_api *api, const fr_ccd_params *params,
                                     struct fr_ccd_path *out, UINT32 *matches, LONG *error);

/* ccd_colour.c. What Windows says of a target's colour. */
struct fr_ccd_colour {
    fr_colour_state state; /* FR_COLOUR_STATE_UNKNOWN: `error` says why */
    LONG error;
    bool no_queries;  /* neither request is known here: nor will the switch be */
    bool has_info_2;  /* Windows tells wide colour and HDR apart itself */
    bool can_hdr;     /* the display supports it */
    bool policy_bars; /* the machine's policy does not allow it */
};

/* `knows_info_2`: Windows is known to have the newer request; the older one is then never asked, whose
 * answer means less there. */
void fr_ccd_read_colour(const struct fr_ccd_api *api, const struct fr_ccd_path *path, bool knows_info_2,
                        struct fr_ccd_colour *out);

/* ERROR_SUCCESS, which says nothing of the effect, or a Windows error. */
LONG fr_ccd_write_hdr(const struct fr_ccd_api *api, const struct fr_ccd_path *path, bool knows_info_2,
                      bool on);

/* Thousandths of cd/m2; 0 = not known. */
uint32_t fr_ccd_read_sdr_white(const struct fr_ccd_api *api, const struct fr_ccd_path *path);

/* Replaces what it knows of the three luminances in *display. */
void fr_ccd_read_luminance(const struct fr_ccd_api *api, const struct fr_ccd_path *path,
                           fr_display_descriptor *display);

#endif
