/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "display/ccd.h"

#include <assert.h>
#include <stddef.h>

static_assert(sizeof(struct fr_ccd_colour_info_2) == 36, "as Windows has it");
static_assert(offsetof(struct fr_ccd_colour_info_2, mode) == 32, "as Windows has it");
static_assert(sizeof(struct fr_ccd_hdr_state) == 24, "as Windows has it");

#define NITS_MAX 10000.0F

static DISPLAYCONFIG_DEVICE_INFO_HEADER target_header(const struct fr_ccd_path *path, int type, size_t bytes)
{
    return (DISPLAYCONFIG_DEVICE_INFO_HEADER){
        .type = (DISPLAYCONFIG_DEVICE_INFO_TYPE)type,
        .size = (UINT32)bytes,
        .adapterId = path->adapter,
        .id = path->target_id,
    };
}

static LONG read_info_2(const struct fr_ccd_api *api, const struct fr_ccd_path *path,
                        struct fr_ccd_colour *out)
{
    static const fr_colour_state states[] = {FR_COLOUR_STATE_SDR, FR_COLOUR_STATE_SDR_WCG,
                                             FR_COLOUR_STATE_HDR};
    struct fr_ccd_colour_info_2 info = {
        .header = target_header(path, FR_CCD_GET_COLOUR_INFO_2, sizeof(info)),
    };
    const LONG error = api->get_info(api->self, &info.header);
    if (error != ERROR_SUCCESS)
        return error;
    out->has_info_2 = true;
    out->can_hdr = (info.flags & FR_CCD_INFO_2_HDR_SUPPORTED) != 0;
    out->policy_bars = (info.flags & FR_CCD_INFO_2_LIMITED_BY_POLICY) != 0;
    if (info.mode < sizeof(states) / sizeof(states[0]))
        out->state = states[info.mode];
    return ERROR_SUCCESS;
}

static LONG read_info_1(const struct fr_ccd_api *api, const struct fr_ccd_path *path,
                        struct fr_ccd_colour *out)
{
    DISPLAYCONFIG_GET_ADVANCED_COLOR_INFO info = {
        .header = target_header(path, DISPLAYCONFIG_DEVICE_INFO_GET_ADVANCED_COLOR_INFO, sizeof(info)),
    };
    const LONG error = api->get_info(api->self, &info.header);
    if (error != ERROR_SUCCESS)
        return error;
    out->can_hdr = info.advancedColorSupported;
    out->policy_bars = info.advancedColorForceDisabled;
    /* Both are on for SDR that is composed with wide colour. */
    if (info.advancedColorEnabled)
        out->state = info.wideColorEnforced ? FR_COLOUR_STATE_SDR_WCG : FR_COLOUR_STATE_HDR;
    else
        out->state = FR_COLOUR_STATE_SDR;
    return ERROR_SUCCESS;
}

/* What a Windows says to a request that it does not know. */
static bool is_unknown_request(LONG error)
{
    return error == ERROR_INVALID_PARAMETER || error == ERROR_NOT_SUPPORTED;
}

void fr_ccd_read_colour(const struct fr_ccd_api *api, const struct fr_ccd_path *path, bool knows_info_2,
                        struct fr_ccd_colour *out)
{
    *out = (struct fr_ccd_colour){0};
    out->error = read_info_2(api, path, out);
    if (is_unknown_request(out->error) && !knows_info_2)
        out->error = read_info_1(api, path, out);
    out->no_queries = is_unknown_request(out->error) && !knows_info_2;
}

LONG fr_ccd_write_hdr(const struct fr_ccd_api *api, const struct fr_ccd_path *path, bool knows_info_2,
                      bool on)
{
    struct fr_ccd_hdr_state state = {
        .header = target_header(path, FR_CCD_SET_HDR_STATE, sizeof(state)),
        .on = on,
    };
    const LONG error = api->set_info(api->self, &state.header);
    /* Where HDR and wide colour are apart, the older request may switch the other one. */
    if (error == ERROR_SUCCESS || knows_info_2)
        return error;
    DISPLAYCONFIG_SET_ADVANCED_COLOR_STATE older = {
        .header = target_header(path, DISPLAYCONFIG_DEVICE_INFO_SET_ADVANCED_COLOR_STATE, sizeof(older)),
    };
    older.value = on;
    return api->set_info(api->self, &older.header);
}

uint32_t fr_ccd_read_sdr_white(const struct fr_ccd_api *api, const struct fr_ccd_path *path)
{
    DISPLAYCONFIG_SDR_WHITE_LEVEL white = {
        .header = target_header(path, DISPLAYCONFIG_DEVICE_INFO_GET_SDR_WHITE_LEVEL, sizeof(white)),
    };
    if (api->get_info(api->self, &white.header) != ERROR_SUCCESS)
        return 0;
    /* 1,000 is 80 cd/m2. */
    const uint64_t millinits = (uint64_t)white.SDRWhiteLevel * 80;
    return millinits <= (uint64_t)NITS_MAX * 1000 ? (uint32_t)millinits : 0;
}

/* Nothing for what is no number of cd/m2. */
static uint32_t in_parts(float nits, float parts)
{
    return nits > 0.0F && nits <= NITS_MAX ? (uint32_t)(nits * parts + 0.5F) : 0;
}

void fr_ccd_read_luminance(const struct fr_ccd_api *api, const struct fr_ccd_path *path,
                           fr_display_descriptor *display)
{
    DISPLAYCONFIG_SOURCE_DEVICE_NAME name = {
        .header =
            {
                .type = DISPLAYCONFIG_DEVICE_INFO_GET_SOURCE_NAME,
                .size = sizeof(name),
                .adapterId = path->source_adapter,
                .id = path->source_id,
            },
    };
    struct fr_ccd_luminance luminance;
    if (!api->luminance || api->get_info(api->self, &name.header) != ERROR_SUCCESS)
        return;
    name.viewGdiDeviceName[CCHDEVICENAME - 1] = 0;
    if (!api->luminance(api->self, name.viewGdiDeviceName, &luminance))
        return;
    display->max_luminance_millinits = in_parts(luminance.max, 1000.0F);
    display->max_full_frame_millinits = in_parts(luminance.max_full_frame, 1000.0F);
    display->min_luminance_tenthmillinits = in_parts(luminance.min, 10000.0F);
}
