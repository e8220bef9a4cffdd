/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include <framering/format.h>

#include <string.h>

static const struct {
    fr_format format;
    uint32_t pixel_bytes;
    const char *name;
} formats[] = {
    {FR_FORMAT_BGRA8, 4, "bgra"},      {FR_FORMAT_RGBA8, 4, "rgba"}, {FR_FORMAT_RGBA16F, 8, "rgba16f"},
    {FR_FORMAT_RGB10A2, 4, "rgb10a2"}, {FR_FORMAT_NV12, 0, "nv12"},  {FR_FORMAT_P010, 0, "p010"},
};

enum { NUM_FORMATS = sizeof(formats) / sizeof(formats[0]) };

const char *fr_format_name(fr_format format)
{
    for (size_t i = 0; i < NUM_FORMATS; i++)
        if (formats[i].format == format)
            return formats[i].name;
    return "none";
}

fr_format fr_format_from_name(const char *name)
{
    for (size_t i = 0; name && i < NUM_FORMATS; i++)
        if (!strcmp(formats[i].name, name))
            return formats[i].format;
    return FR_FORMAT_NONE;
}

uint32_t fr_format_pixel_bytes(fr_format format)
{
    for (size_t i = 0; i < NUM_FORMATS; i++)
        if (formats[i].format == format)
            return formats[i].pixel_bytes;
    return 0;
}

fr_colour fr_colour_of(fr_format format)
{
    if (format == FR_FORMAT_P010)
        return (fr_colour){.primaries = 9, .transfer = 16, .matrix = 9};
    return (fr_colour){.primaries = 1, .transfer = 1, .matrix = 1};
}

fr_hdr_metadata fr_hdr_metadata_generic(void)
{
    return (fr_hdr_metadata){
        .red = {35400, 14600},
        .green = {8500, 39850},
        .blue = {6550, 2300},
        .white = {15635, 16450},
        .max_luminance = 10000000,
        .min_luminance = 1,
        .max_cll = 1000,
        .max_fall = 400,
    };
}
