/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "fake_ccd.h"

#include "os/atomic.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

static LUID luid(const struct fake_screen *screen)
{
    return (LUID){.LowPart = 7, .HighPart = screen->adapter};
}

static LONG fake_buffer_sizes(void *self, UINT32 flags, UINT32 *num_paths, UINT32 *num_modes)
{
    const struct fake_ccd *fake = self;
    if (flags != QDC_ONLY_ACTIVE_PATHS)
        return ERROR_INVALID_PARAMETER;
    if (fake->sizes_error)
        return fake->sizes_error;
    *num_paths = fake->num_screens;
    *num_modes = 2 * fake->num_screens;
    return ERROR_SUCCESS;
}

/* Modes as Windows orders them: of a path the target's, then the source's. */
static void fill(const struct fake_screen *screen, struct fr_ccd_config *config, UINT32 i)
{
    config->paths[i] = (DISPLAYCONFIG_PATH_INFO){
        .sourceInfo = {.adapterId = luid(screen), .id = screen->source},
        .targetInfo =
            {
                .adapterId = luid(screen),
                .id = screen->target,
                .rotation = screen->rotation,
                .refreshRate = screen->refresh,
                .targetAvailable = TRUE,
            },
        .flags = screen->inactive ? 0 : DISPLAYCONFIG_PATH_ACTIVE,
    };
    config->paths[i].targetInfo.modeInfoIdx = 2 * i;
    config->paths[i].sourceInfo.modeInfoIdx =
        screen->without_source ? DISPLAYCONFIG_PATH_MODE_IDX_INVALID : 2 * i + 1;
    DISPLAYCONFIG_MODE_INFO *target = &config->modes[2 * i], *source = target + 1;
    memset(target, 0, 2 * sizeof(*target));
    target->infoType = DISPLAYCONFIG_MODE_INFO_TYPE_TARGET;
    target->id = screen->target;
    target->targetMode.targetVideoSignalInfo.activeSize.cx = screen->signal_width;
    target->targetMode.targetVideoSignalInfo.activeSize.cy = screen->signal_height;
    source->infoType = DISPLAYCONFIG_MODE_INFO_TYPE_SOURCE;
    source->id = screen->source;
    source->sourceMode.width = screen->width;
    source->sourceMode.height = screen->height;
}

static LONG fake_query(void *self, UINT32 flags, struct fr_ccd_config *config)
{
    struct fake_ccd *fake = self;
    fake->queries++;
    fr_add_acq_rel_u32(&fake->waiting, 1);
    while (fr_load_acquire_u32(&fake->blocked))
        Sleep(1);
    fr_sub_acq_rel_u32(&fake->waiting, 1);
    if (flags != QDC_ONLY_ACTIVE_PATHS)
        return ERROR_INVALID_PARAMETER;
    if (fake->query_error)
        return fake->query_error;
    /* A display came between the two calls. */
    const UINT32 more = fake->growths ? 1 : 0;
    fake->growths -= more;
    if (config->num_paths < fake->num_screens + more || config->num_modes < 2 * (fake->num_screens + more))
        return ERROR_INSUFFICIENT_BUFFER;
    config->num_paths = fake->num_screens;
    config->num_modes = 2 * fake->num_screens;
    for (UINT32 i = 0; i < fake->num_screens; i++)
        fill(&fake->screens[i], config, i);
    return ERROR_SUCCESS;
}

static struct fake_screen *find(struct fake_ccd *fake, const DISPLAYCONFIG_DEVICE_INFO_HEADER *request,
                                bool source)
{
    for (UINT32 i = 0; i < fake->num_screens; i++) {
        struct fake_screen *screen = &fake->screens[i];
        if (request->adapterId.LowPart == 7 && request->adapterId.HighPart == screen->adapter &&
            request->id == (source ? screen->source : screen->target))
            return screen;
    }
    return NULL;
}

static LONG get_info_2(struct fake_ccd *fake, const struct fake_screen *screen, void *request)
{
    struct fr_ccd_colour_info_2 *info = request;
    if (!fake->modern || info->header.size != sizeof(*info))
        return ERROR_INVALID_PARAMETER;
    if (fake->info_2_error)
        return fake->info_2_error;
    info->flags = (screen->can_hdr ? FR_CCD_INFO_2_HDR_SUPPORTED : 0) |
                  (screen->policy_bars ? FR_CCD_INFO_2_LIMITED_BY_POLICY : 0);
    info->mode = screen->state == FR_COLOUR_STATE_HDR ? 2 : screen->state == FR_COLOUR_STATE_SDR_WCG ? 1 : 0;
    if (fake->unknown_mode)
        info->mode = fake->unknown_mode;
    return ERROR_SUCCESS;
}

static LONG get_info_1(struct fake_ccd *fake, const struct fake_screen *screen, void *request)
{
    DISPLAYCONFIG_GET_ADVANCED_COLOR_INFO *info = request;
    fake->old_infos++;
    if (info->header.size != sizeof(*info))
        return ERROR_INVALID_PARAMETER;
    if (fake->info_error)
        return fake->info_error;
    info->value = 0;
    info->advancedColorSupported = screen->can_hdr;
    info->advancedColorEnabled = screen->state != FR_COLOUR_STATE_SDR;
    info->wideColorEnforced = screen->state == FR_COLOUR_STATE_SDR_WCG;
    info->advancedColorForceDisabled = screen->policy_bars;
    return ERROR_SUCCESS;
}

static LONG get_name(const struct fake_ccd *fake, const struct fake_screen *screen, void *request)
{
    DISPLAYCONFIG_SOURCE_DEVICE_NAME *name = request;
    if (name->header.size != sizeof(*name))
        return ERROR_INVALID_PARAMETER;
    if (fake->name_error)
        return fake->name_error;
    swprintf(name->viewGdiDeviceName, CCHDEVICENAME, L"\\\\.\\DISPLAY%u", screen->source + 1);
    return ERROR_SUCCESS;
}

static LONG fake_get_info(void *self, DISPLAYCONFIG_DEVICE_INFO_HEADER *request)
{
    struct fake_ccd *fake = self;
    const bool of_source = request->type == DISPLAYCONFIG_DEVICE_INFO_GET_SOURCE_NAME;
    const struct fake_screen *screen = find(fake, request, of_source);
    if (!screen)
        return ERROR_INVALID_PARAMETER;
    switch ((int)request->type) {
    case FR_CCD_GET_COLOUR_INFO_2: return get_info_2(fake, screen, request);
    case DISPLAYCONFIG_DEVICE_INFO_GET_ADVANCED_COLOR_INFO: return get_info_1(fake, screen, request);
    case DISPLAYCONFIG_DEVICE_INFO_GET_SOURCE_NAME: return get_name(fake, screen, request);
    case DISPLAYCONFIG_DEVICE_INFO_GET_SDR_WHITE_LEVEL:
        ((DISPLAYCONFIG_SDR_WHITE_LEVEL *)request)->SDRWhiteLevel = screen->white;
        return fake->white_error;
    default: return ERROR_INVALID_PARAMETER;
    }
}

static LONG set_state(struct fake_ccd *fake, struct fake_screen *screen, bool on, fr_colour_state when_on)
{
    if (fake->set_error)
        return fake->set_error;
    if (!screen->can_hdr || screen->policy_bars)
        return ERROR_GEN_FAILURE;
    if (!fake->deaf)
        screen->state = on ? when_on : FR_COLOUR_STATE_SDR;
    return ERROR_SUCCESS;
}

static LONG fake_set_info(void *self, DISPLAYCONFIG_DEVICE_INFO_HEADER *request)
{
    struct fake_ccd *fake = self;
    struct fake_screen *screen = find(fake, request, false);
    if (!screen)
        return ERROR_INVALID_PARAMETER;
    if ((int)request->type == FR_CCD_SET_HDR_STATE) {
        const struct fr_ccd_hdr_state *state = (const void *)request;
        if (!fake->modern || request->size != sizeof(*state))
            return ERROR_INVALID_PARAMETER;
        fake->sets++;
        return set_state(fake, screen, state->on, FR_COLOUR_STATE_HDR);
    }
    const DISPLAYCONFIG_SET_ADVANCED_COLOR_STATE *older = (const void *)request;
    if (request->type != DISPLAYCONFIG_DEVICE_INFO_SET_ADVANCED_COLOR_STATE ||
        request->size != sizeof(*older))
        return ERROR_INVALID_PARAMETER;
    fake->old_sets++;
    return set_state(fake, screen, older->enableAdvancedColor,
                     fake->modern ? FR_COLOUR_STATE_SDR_WCG : FR_COLOUR_STATE_HDR);
}

static bool fake_luminance(void *self, const WCHAR *name, struct fr_ccd_luminance *out)
{
    struct fake_ccd *fake = self;
    fake->luminances++;
    for (UINT32 i = 0; i < fake->num_screens; i++) {
        WCHAR own[CCHDEVICENAME];
        swprintf(own, CCHDEVICENAME, L"\\\\.\\DISPLAY%u", fake->screens[i].source + 1);
        if (!wcscmp(name, own)) {
            *out = fake->screens[i].luminance;
            return true;
        }
    }
    return false;
}

static void fake_destroy(void *self)
{
    struct fake_ccd *fake = self;
    fake->destroyed++;
}

struct fr_ccd_api fake_ccd_api(struct fake_ccd *fake)
{
    return (struct fr_ccd_api){
        .self = fake,
        .buffer_sizes = fake_buffer_sizes,
        .query = fake_query,
        .get_info = fake_get_info,
        .set_info = fake_set_info,
        .luminance = fake_luminance,
        .destroy = fake_destroy,
    };
}

static void write_log(void *user, fr_log_level level, const char *text)
{
    (void)level;
    struct fake_ccd *fake = user;
    const size_t used = strlen(fake->log);
    snprintf(fake->log + used, sizeof(fake->log) - used, "%s\n", text);
    fake->lines++;
}

fr_log fake_ccd_log(struct fake_ccd *fake)
{
    return (fr_log){.write = write_log, .user = fake};
}

struct fake_screen fake_screen(UINT32 target)
{
    return (struct fake_screen){
        .adapter = 1,
        .target = target,
        .source = target % 100,
        .width = 1920,
        .height = 1080,
        .signal_width = 1920,
        .signal_height = 1080,
        .refresh = {60, 1},
        .rotation = DISPLAYCONFIG_ROTATION_IDENTITY,
        .state = FR_COLOUR_STATE_SDR,
        .can_hdr = true,
        .white = 2500,
        .luminance = {600.0F, 350.0F, 0.05F},
    };
}
