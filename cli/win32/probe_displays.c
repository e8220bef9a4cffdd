/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "win32/probe_parts.h"

#include "win32/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { QUERY_TRIES = 4 };

struct configuration {
    UINT32 num_paths, num_modes;
    DISPLAYCONFIG_PATH_INFO *paths;
    DISPLAYCONFIG_MODE_INFO *modes;
};

/* The configuration may grow between the two calls: then again. */
static bool query(struct configuration *out)
{
    for (int i = 0; i < QUERY_TRIES; i++) {
        if (GetDisplayConfigBufferSizes(QDC_ONLY_ACTIVE_PATHS, &out->num_paths, &out->num_modes) !=
            ERROR_SUCCESS)
            return false;
        out->paths = calloc(out->num_paths + 1u, sizeof *out->paths);
        out->modes = calloc(out->num_modes + 1u, sizeof *out->modes);
        LONG result = ERROR_NOT_ENOUGH_MEMORY;
        if (out->paths && out->modes)
            result = QueryDisplayConfig(QDC_ONLY_ACTIVE_PATHS, &out->num_paths, out->paths, &out->num_modes,
                                        out->modes, NULL);
        if (result == ERROR_SUCCESS)
            return true;
        free(out->paths);
        free(out->modes);
        if (result != ERROR_INSUFFICIENT_BUFFER)
            return false;
    }
    return false;
}

static DISPLAYCONFIG_DEVICE_INFO_HEADER header_of(const DISPLAYCONFIG_PATH_TARGET_INFO *target,
                                                  DISPLAYCONFIG_DEVICE_INFO_TYPE type, size_t bytes)
{
    return (DISPLAYCONFIG_DEVICE_INFO_HEADER){
        .type = type, .size = (UINT32)bytes, .adapterId = target->adapterId, .id = target->id};
}

static void add_name(json_t *display, const DISPLAYCONFIG_PATH_TARGET_INFO *target)
{
    DISPLAYCONFIG_TARGET_DEVICE_NAME name = {0};
    char text[3 * 64] = "";
    name.header = header_of(target, DISPLAYCONFIG_DEVICE_INFO_GET_TARGET_NAME, sizeof name);
    if (DisplayConfigGetDeviceInfo(&name.header) == ERROR_SUCCESS)
        text_from_wide(name.monitorFriendlyDeviceName, text, sizeof text);
    json_object_set_new(display, "name", json_string(text));
}

static void add_colour(json_t *display, const DISPLAYCONFIG_PATH_TARGET_INFO *target)
{
    DISPLAYCONFIG_GET_ADVANCED_COLOR_INFO colour = {0};
    colour.header = header_of(target, DISPLAYCONFIG_DEVICE_INFO_GET_ADVANCED_COLOR_INFO, sizeof colour);
    LONG result = DisplayConfigGetDeviceInfo(&colour.header);
    const char *hdr = result != ERROR_SUCCESS         ? "unknown"
                      : colour.advancedColorEnabled   ? "on"
                      : colour.advancedColorSupported ? "off"
                                                      : "unsupported";
    char reason[160] = "", why[120];
    if (result != ERROR_SUCCESS)
        snprintf(reason, sizeof reason, "(%s)", text_of_error((DWORD)result, why, sizeof why));
    json_object_set_new(display, "hdr", json_string(hdr));
    json_object_set_new(display, "bits", json_integer(colour.bitsPerColorChannel));
    json_object_set_new(display, "reason", json_string(reason));
}

static void add_white(json_t *display, const DISPLAYCONFIG_PATH_TARGET_INFO *target)
{
    DISPLAYCONFIG_SDR_WHITE_LEVEL white = {0};
    white.header = header_of(target, DISPLAYCONFIG_DEVICE_INFO_GET_SDR_WHITE_LEVEL, sizeof white);
    /* In thousandths of 80 cd/m2. */
    if (DisplayConfigGetDeviceInfo(&white.header) == ERROR_SUCCESS)
        json_object_set_new(display, "sdr_white_nits", json_real(white.SDRWhiteLevel * 80.0 / 1000.0));
}

static json_t *path_json(const struct configuration *all, const DISPLAYCONFIG_PATH_INFO *path)
{
    const DISPLAYCONFIG_PATH_TARGET_INFO *target = &path->targetInfo;
    const DISPLAYCONFIG_RATIONAL *rate = &target->refreshRate;
    UINT32 mode = path->sourceInfo.modeInfoIdx, width = 0, height = 0;
    char luid[20];
    if (mode < all->num_modes && all->modes[mode].infoType == DISPLAYCONFIG_MODE_INFO_TYPE_SOURCE) {
        width = all->modes[mode].sourceMode.width;
        height = all->modes[mode].sourceMode.height;
    }
    json_t *display = json_pack("{s:I, s:s, s:I, s:I, s:f}", "target", (json_int_t)target->id, "adapter",
                                probe_luid(target->adapterId, luid), "width", (json_int_t)width, "height",
                                (json_int_t)height, "refresh_hz",
                                rate->Denominator ? (double)rate->Numerator / rate->Denominator : 0.0);
    add_name(display, target);
    add_colour(display, target);
    add_white(display, target);
    return display;
}

json_t *probe_displays(void)
{
    json_t *list = json_array();
    struct configuration all = {.num_paths = 0};
    if (!query(&all))
        return list;
    for (UINT32 i = 0; i < all.num_paths; i++)
        json_array_append_new(list, path_json(&all, &all.paths[i]));
    free(all.paths);
    free(all.modes);
    return list;
}
