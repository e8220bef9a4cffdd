/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "display/ccd.h"

#include "common/log.h"

#include <stdlib.h>

/* Samples after which a switch of HDR that Windows took should be seen: the settle time's. */
#define SETTLE_SAMPLES 10

/* Called on one thread at a time, so without a lock. */
struct ccd {
    struct fr_ccd_api api;
    fr_ccd_params params;
    fr_log log;
    bool has_info_2;
    fr_display_descriptor known; /* white and luminances, which stay while the colour state is unknown */

    uint32_t settling; /* samples left until a switch of HDR should be seen; 0 = none is due */
    bool wanted_hdr;

    enum fr_ccd_trouble said;
    bool said_unknown, said_ambiguous;
};

static const char *trouble_text(enum fr_ccd_trouble trouble)
{
    switch (trouble) {
    case FR_CCD_FINE: break;
    case FR_CCD_QUERY_FAILED:
        return "Windows does not show its display configuration; it does so only to programs in the session "
               "of the user who is logged in at the screen";
    case FR_CCD_UNSTABLE: return "the display configuration changes faster than it can be read";
    case FR_CCD_NO_MEMORY: return "no memory for the display configuration";
    case FR_CCD_ABSENT:
        return "no active display has that number; is it switched on and part of the desktop?";
    case FR_CCD_NO_MODE: return "the display has no size that can be captured";
    }
    return "";
}

static fr_status trouble_status(enum fr_ccd_trouble trouble, LONG error)
{
    switch (trouble) {
    case FR_CCD_FINE: return FR_OK;
    case FR_CCD_QUERY_FAILED: return error == ERROR_ACCESS_DENIED ? FR_ERR_PERMISSION : FR_ERR_SYSTEM;
    case FR_CCD_UNSTABLE: return FR_ERR_SYSTEM;
    case FR_CCD_NO_MEMORY: return FR_ERR_NO_MEMORY;
    case FR_CCD_ABSENT:
    case FR_CCD_NO_MODE: break;
    }
    return FR_ERR_NO_MODE;
}

static void say_ambiguous(struct ccd *ccd, UINT32 matches)
{
    if (matches < 2 || ccd->said_ambiguous)
        return;
    ccd->said_ambiguous = true;
    fr_log_write(&ccd->log, FR_LOG_WARNING,
                 "%u adapters have a display %u, the first one is followed; name the adapter to be sure",
                 matches, ccd->params.target_id);
}

/* Says each trouble once, until it is over. */
static fr_status find_path(struct ccd *ccd, struct fr_ccd_path *path)
{
    UINT32 matches;
    LONG error;
    const enum fr_ccd_trouble trouble = fr_ccd_find_path(&ccd->api, &ccd->params, path, &matches, &error);
    say_ambiguous(ccd, matches);
    if (trouble != ccd->said && trouble != FR_CCD_FINE)
        fr_log_write(&ccd->log, FR_LOG_WARNING, "display %u cannot be read (error %ld): %s",
                     ccd->params.target_id, error, trouble_text(trouble));
    ccd->said = trouble;
    return trouble_status(trouble, error);
}

static void say_unknown(struct ccd *ccd, const struct fr_ccd_colour *colour)
{
    const bool unknown = colour->state == FR_COLOUR_STATE_UNKNOWN;
    if (unknown && !ccd->said_unknown)
        fr_log_write(
            &ccd->log, FR_LOG_WARNING,
            "Windows does not say whether display %u is in HDR (error %ld): what was known of it stays",
            ccd->params.target_id, colour->error);
    ccd->said_unknown = unknown;
}

/* Windows also takes requests that it then does not follow. */
static void look_for_effect(struct ccd *ccd, fr_colour_state state)
{
    if (!ccd->settling || state == FR_COLOUR_STATE_UNKNOWN)
        return;
    if ((state == FR_COLOUR_STATE_HDR) == ccd->wanted_hdr) {
        ccd->settling = 0;
    } else if (--ccd->settling == 0) {
        fr_log_write(
            &ccd->log, FR_LOG_WARNING,
            "Windows was asked to switch HDR of display %u %s and did not object, but the display stays "
            "in %s; does it support HDR in this mode?",
            ccd->params.target_id, ccd->wanted_hdr ? "on" : "off", fr_colour_state_name(state));
    }
}

static void read_colour(struct ccd *ccd, const struct fr_ccd_path *path, struct fr_ccd_colour *colour)
{
    fr_ccd_read_colour(&ccd->api, path, ccd->has_info_2, colour);
    ccd->has_info_2 |= colour->has_info_2;
}

/* White and luminance count in HDR only. */
static void read_light(struct ccd *ccd, const struct fr_ccd_path *path)
{
    const uint32_t white = fr_ccd_read_sdr_white(&ccd->api, path);
    if (white)
        ccd->known.sdr_white_millinits = white;
    fr_ccd_read_luminance(&ccd->api, path, &ccd->known);
}

static fr_status ccd_sample(void *self, fr_display_descriptor *out)
{
    struct ccd *ccd = self;
    struct fr_ccd_path path;
    struct fr_ccd_colour colour;
    *out = (fr_display_descriptor){0};
    const fr_status status = find_path(ccd, &path);
    if (status < 0)
        return status;
    read_colour(ccd, &path, &colour);
    say_unknown(ccd, &colour);
    look_for_effect(ccd, colour.state);
    if (colour.state == FR_COLOUR_STATE_HDR)
        read_light(ccd, &path);
    else if (colour.state != FR_COLOUR_STATE_UNKNOWN)
        ccd->known = (fr_display_descriptor){0};
    *out = ccd->known;
    out->mode = path.mode;
    out->colour_state = colour.state;
    return FR_OK;
}

static const char *refusal_text(const struct fr_ccd_colour *colour, LONG error)
{
    if (colour->no_queries)
        return "this Windows has no such switch; Windows 10 of 2018 (1803) has";
    if (colour->policy_bars)
        return "a policy of this machine bars it";
    if (colour->state != FR_COLOUR_STATE_UNKNOWN && !colour->can_hdr)
        return "the display does not support it";
    if (error == ERROR_ACCESS_DENIED)
        return "only programs in the session of the user who is logged in at the screen may do that";
    return "Windows gives no reason";
}

static fr_status ccd_set_hdr(void *self, bool on)
{
    struct ccd *ccd = self;
    struct fr_ccd_path path;
    struct fr_ccd_colour colour;
    const fr_status status = find_path(ccd, &path);
    if (status < 0)
        return status;
    read_colour(ccd, &path, &colour);
    const LONG error =
        colour.no_queries ? colour.error : fr_ccd_write_hdr(&ccd->api, &path, ccd->has_info_2, on);
    ccd->wanted_hdr = on;
    ccd->settling = error == ERROR_SUCCESS ? SETTLE_SAMPLES : 0;
    if (error == ERROR_SUCCESS)
        return FR_OK;
    fr_log_write(&ccd->log, FR_LOG_WARNING, "HDR of display %u cannot be switched %s (error %ld): %s",
                 ccd->params.target_id, on ? "on" : "off", error, refusal_text(&colour, error));
    return error == ERROR_ACCESS_DENIED ? FR_ERR_PERMISSION : FR_ERR_UNSUPPORTED;
}

static void ccd_free(struct ccd *ccd)
{
    if (ccd->api.destroy)
        ccd->api.destroy(ccd->api.self);
    free(ccd);
}

fr_status fr_ccd_create_with(fr_display_provider *out, const fr_ccd_params *params, const fr_log *log,
                             const struct fr_ccd_api *api)
{
    *out = (fr_display_provider){0};
    struct ccd *ccd = calloc(1, sizeof(*ccd));
    if (!ccd) {
        if (api->destroy)
            api->destroy(api->self);
        return FR_ERR_NO_MEMORY;
    }
    ccd->api = *api;
    ccd->params = *params;
    if (log)
        ccd->log = *log;
    *out = (fr_display_provider){.self = ccd, .sample = ccd_sample, .set_hdr = ccd_set_hdr};
    return FR_OK;
}

fr_status fr_ccd_create(fr_display_provider *out, const fr_ccd_params *params, const fr_log *log)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = (fr_display_provider){0};
    if (!params)
        return FR_ERR_ARGUMENT;
    struct fr_ccd_api api;
    const fr_status status = fr_ccd_api_create(&api);
    return status < 0 ? status : fr_ccd_create_with(out, params, log, &api);
}

void fr_ccd_destroy(fr_display_provider *provider)
{
    if (!provider || !provider->self)
        return;
    ccd_free(provider->self);
    *provider = (fr_display_provider){0};
}
