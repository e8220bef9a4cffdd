/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "plan.h"

#include <stddef.h>

/* How the numbers of a colour space are read. */
typedef enum reading { READ_NOT, READ_SDR, READ_SCRGB, READ_PQ } reading;

/* What a frame can say is: BT.709 primaries with sRGB's curve (or BT.709's, which streams of SDR are tagged
 * as), scRGB, or BT.2020 primaries with PQ. Everything else would be shown in wrong colours. */
static const struct space {
    VkColorSpaceKHR space;
    reading read;
    const char *fault;
} spaces[] = {
    {VK_COLOR_SPACE_SRGB_NONLINEAR_KHR, READ_SDR, NULL},
    {VK_COLOR_SPACE_BT709_NONLINEAR_EXT, READ_SDR, NULL},
    {VK_COLOR_SPACE_PASS_THROUGH_EXT, READ_SDR, NULL}, /* the display's own, whatever that is */
    {VK_COLOR_SPACE_EXTENDED_SRGB_NONLINEAR_EXT, READ_SDR, NULL},
    {VK_COLOR_SPACE_EXTENDED_SRGB_LINEAR_EXT, READ_SCRGB, NULL},
    {VK_COLOR_SPACE_HDR10_ST2084_EXT, READ_PQ, NULL},
    {VK_COLOR_SPACE_HDR10_HLG_EXT, READ_NOT, "its colour space is HLG, and no frame can say so"},
    {VK_COLOR_SPACE_DISPLAY_P3_NONLINEAR_EXT, READ_NOT,
     "its colour space is Display P3, and no frame can say so"},
    {VK_COLOR_SPACE_DCI_P3_NONLINEAR_EXT, READ_NOT, "its colour space is DCI-P3, and no frame can say so"},
    {VK_COLOR_SPACE_ADOBERGB_NONLINEAR_EXT, READ_NOT,
     "its colour space is Adobe RGB, and no frame can say so"},
};

static const struct space other = {.read = READ_NOT, .fault = "no frame can say what its colour space is"};

static const struct space *find_space(VkColorSpaceKHR colour_space)
{
    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
        if (spaces[i].space == colour_space)
            return &spaces[i];
    return &other;
}

/* One row for each pair that is captured. SRGB formats hold the same bytes as their UNORM twins. */
static const struct row {
    VkFormat format;
    reading read;
    fr_layer_plan plan;
} rows[] = {
    {VK_FORMAT_B8G8R8A8_UNORM,
     READ_SDR,
     {FR_LAYER_COPY, FR_COLOUR_STATE_SDR, FR_FORMAT_BGRA8, VK_FORMAT_B8G8R8A8_UNORM}},
    {VK_FORMAT_B8G8R8A8_SRGB,
     READ_SDR,
     {FR_LAYER_COPY, FR_COLOUR_STATE_SDR, FR_FORMAT_BGRA8, VK_FORMAT_B8G8R8A8_UNORM}},
    {VK_FORMAT_R8G8B8A8_UNORM,
     READ_SDR,
     {FR_LAYER_COPY, FR_COLOUR_STATE_SDR, FR_FORMAT_RGBA8, VK_FORMAT_R8G8B8A8_UNORM}},
    {VK_FORMAT_R8G8B8A8_SRGB,
     READ_SDR,
     {FR_LAYER_COPY, FR_COLOUR_STATE_SDR, FR_FORMAT_RGBA8, VK_FORMAT_R8G8B8A8_UNORM}},
    {VK_FORMAT_A2B10G10R10_UNORM_PACK32,
     READ_SDR,
     {FR_LAYER_BLIT, FR_COLOUR_STATE_SDR, FR_FORMAT_BGRA8, VK_FORMAT_B8G8R8A8_UNORM}},
    {VK_FORMAT_R16G16B16A16_SFLOAT,
     READ_SDR,
     {FR_LAYER_BLIT, FR_COLOUR_STATE_SDR, FR_FORMAT_BGRA8, VK_FORMAT_B8G8R8A8_UNORM}},
    {VK_FORMAT_A2B10G10R10_UNORM_PACK32,
     READ_PQ,
     {FR_LAYER_COPY, FR_COLOUR_STATE_HDR, FR_FORMAT_RGB10A2, VK_FORMAT_A2B10G10R10_UNORM_PACK32}},
    {VK_FORMAT_R16G16B16A16_SFLOAT,
     READ_PQ,
     {FR_LAYER_BLIT, FR_COLOUR_STATE_HDR, FR_FORMAT_RGB10A2, VK_FORMAT_A2B10G10R10_UNORM_PACK32}},
    {VK_FORMAT_R16G16B16A16_SFLOAT,
     READ_SCRGB,
     {FR_LAYER_COPY, FR_COLOUR_STATE_HDR, FR_FORMAT_RGBA16F, VK_FORMAT_R16G16B16A16_SFLOAT}},
};

fr_layer_plan fr_layer_plan_for(VkFormat format, VkColorSpaceKHR colour_space)
{
    const reading read = find_space(colour_space)->read;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].format == format && rows[i].read == read)
            return rows[i].plan;
    return (fr_layer_plan){.way = FR_LAYER_PASS};
}

const char *fr_layer_plan_fault(VkColorSpaceKHR colour_space)
{
    const char *fault = find_space(colour_space)->fault;
    return fault ? fault : "no ring has its format with its colour space";
}

fr_display_descriptor fr_layer_display(const fr_layer_plan *plan, uint32_t width, uint32_t height)
{
    return (fr_display_descriptor){
        .mode = {.width = width, .height = height},
        .colour_state = plan->colour_state,
        .format = plan->format,
    };
}

/* `value` in steps, rounded; what is negative, too large or no number becomes the nearest that is none. */
static uint32_t steps(float value, float per_unit, uint32_t limit)
{
    const float scaled = value * per_unit + 0.5f;
    if (!(scaled >= 1.0f))
        return 0;
    return scaled >= (float)limit ? limit : (uint32_t)scaled;
}

static void put_xy(uint16_t to[2], VkXYColorEXT from)
{
    const float per_unit = 50000.0f;
    to[0] = (uint16_t)steps(from.x, per_unit, 50000);
    to[1] = (uint16_t)steps(from.y, per_unit, 50000);
}

fr_hdr_metadata fr_layer_hdr_metadata(const VkHdrMetadataEXT *metadata)
{
    const float tenth_milli = 10000.0f;
    fr_hdr_metadata out = {
        .max_luminance = steps(metadata->maxLuminance, tenth_milli, 100000000),
        .min_luminance = steps(metadata->minLuminance, tenth_milli, 100000000),
        .max_cll = (uint16_t)steps(metadata->maxContentLightLevel, 1.0f, UINT16_MAX),
        .max_fall = (uint16_t)steps(metadata->maxFrameAverageLightLevel, 1.0f, UINT16_MAX),
    };
    put_xy(out.red, metadata->displayPrimaryRed);
    put_xy(out.green, metadata->displayPrimaryGreen);
    put_xy(out.blue, metadata->displayPrimaryBlue);
    put_xy(out.white, metadata->whitePoint);
    return out;
}
