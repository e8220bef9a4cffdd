/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "display/ccd.h"

#include <stdlib.h>

/* A configuration that grew between the two calls is asked for again, this often. */
#define QUERY_TRIES_MAX 8

/* Far beyond any machine: Windows itself has no more than 1,024 paths. */
#define ELEMENTS_MAX 65536u

static void config_finish(struct fr_ccd_config *config)
{
    free(config->paths);
    free(config->modes);
    *config = (struct fr_ccd_config){0};
}

static enum fr_ccd_trouble config_alloc(struct fr_ccd_config *config)
{
    if (config->num_paths > ELEMENTS_MAX || config->num_modes > ELEMENTS_MAX)
        return FR_CCD_NO_MEMORY;
    config->paths = calloc((size_t)config->num_paths + 1, sizeof(*config->paths));
    config->modes = calloc((size_t)config->num_modes + 1, sizeof(*config->modes));
    return config->paths && config->modes ? FR_CCD_FINE : FR_CCD_NO_MEMORY;
}

static enum fr_ccd_trouble config_read(const struct fr_ccd_api *api, struct fr_ccd_config *config,
                                       LONG *error)
{
    const UINT32 flags = QDC_ONLY_ACTIVE_PATHS;
    for (int i = 0; i < QUERY_TRIES_MAX; i++) {
        *error = api->buffer_sizes(api->self, flags, &config->num_paths, &config->num_modes);
        if (*error != ERROR_SUCCESS)
            return FR_CCD_QUERY_FAILED;
        if (config_alloc(config) != FR_CCD_FINE)
            return FR_CCD_NO_MEMORY;
        const UINT32 num_paths = config->num_paths, num_modes = config->num_modes;
        *error = api->query(api->self, flags, config);
        if (*error == ERROR_SUCCESS) {
            config->num_paths = config->num_paths < num_paths ? config->num_paths : num_paths;
            config->num_modes = config->num_modes < num_modes ? config->num_modes : num_modes;
            return FR_CCD_FINE;
        }
        config_finish(config);
        if (*error != ERROR_INSUFFICIENT_BUFFER)
            return FR_CCD_QUERY_FAILED;
    }
    return FR_CCD_UNSTABLE;
}

static bool is_target(const fr_ccd_params *params, const DISPLAYCONFIG_PATH_TARGET_INFO *target)
{
    if (target->id != params->target_id)
        return false;
    return !params->has_adapter || (target->adapterId.LowPart == params->adapter_luid_low &&
                                    target->adapterId.HighPart == params->adapter_luid_high);
}

static uint32_t to_millihertz(const DISPLAYCONFIG_RATIONAL *rate)
{
    if (!rate->Denominator)
        return 0;
    const uint64_t mhz = ((uint64_t)rate->Numerator * 1000 + rate->Denominator / 2) / rate->Denominator;
    return mhz <= UINT32_MAX ? (uint32_t)mhz : 0;
}

/* The source's mode is the picture that programs draw, already turned when the display is; the target's is
 * the signal on the wire. */
static fr_mode mode_of(const struct fr_ccd_config *config, const DISPLAYCONFIG_PATH_INFO *path)
{
    const UINT32 index = path->sourceInfo.modeInfoIdx;
    if (index >= config->num_modes || config->modes[index].infoType != DISPLAYCONFIG_MODE_INFO_TYPE_SOURCE)
        return (fr_mode){0};
    const UINT32 width = config->modes[index].sourceMode.width;
    const UINT32 height = config->modes[index].sourceMode.height;
    if (!width || !height || width > FR_SIZE_MAX || height > FR_SIZE_MAX)
        return (fr_mode){0};
    return (fr_mode){width, height, to_millihertz(&path->targetInfo.refreshRate)};
}

enum fr_ccd_trouble fr_ccd_find_path(const struct fr_ccd_api *api, const fr_ccd_params *params,
                                     struct fr_ccd_path *out, UINT32 *matches, LONG *error)
{
    struct fr_ccd_config config = {0};
    *out = (struct fr_ccd_path){0};
    *matches = 0;
    enum fr_ccd_trouble trouble = config_read(api, &config, error);
    for (UINT32 i = 0; trouble == FR_CCD_FINE && i < config.num_paths; i++) {
        const DISPLAYCONFIG_PATH_INFO *path = &config.paths[i];
        if (!(path->flags & DISPLAYCONFIG_PATH_ACTIVE) || !is_target(params, &path->targetInfo))
            continue;
        if (++*matches > 1)
            continue;
        *out = (struct fr_ccd_path){
            .adapter = path->targetInfo.adapterId,
            .source_adapter = path->sourceInfo.adapterId,
            .target_id = path->targetInfo.id,
            .source_id = path->sourceInfo.id,
            .mode = mode_of(&config, path),
        };
    }
    config_finish(&config);
    if (trouble == FR_CCD_FINE && !*matches)
        trouble = FR_CCD_ABSENT;
    return trouble == FR_CCD_FINE && !out->mode.width ? FR_CCD_NO_MODE : trouble;
}
