/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vulkan-layer/plan.h"

#include <math.h>
#include <string.h>

#define SRGB VK_COLOR_SPACE_SRGB_NONLINEAR_KHR
#define SCRGB VK_COLOR_SPACE_EXTENDED_SRGB_LINEAR_EXT
#define HDR10 VK_COLOR_SPACE_HDR10_ST2084_EXT

/* What each pair is to the host, and whether its bytes are copied or its numbers converted. */
static void test_pairs(void **state)
{
    static const struct {
        VkFormat format;
        VkColorSpaceKHR space;
        fr_layer_way way;
        fr_colour_state colour_state;
        fr_format ring;
    } pairs[] = {
        {VK_FORMAT_B8G8R8A8_UNORM, SRGB, FR_LAYER_COPY, FR_COLOUR_STATE_SDR, FR_FORMAT_BGRA8},
        {VK_FORMAT_B8G8R8A8_SRGB, SRGB, FR_LAYER_COPY, FR_COLOUR_STATE_SDR, FR_FORMAT_BGRA8},
        {VK_FORMAT_R8G8B8A8_UNORM, SRGB, FR_LAYER_COPY, FR_COLOUR_STATE_SDR, FR_FORMAT_RGBA8},
        {VK_FORMAT_R8G8B8A8_SRGB, SRGB, FR_LAYER_COPY, FR_COLOUR_STATE_SDR, FR_FORMAT_RGBA8},
        {VK_FORMAT_A2B10G10R10_UNORM_PACK32, HDR10, FR_LAYER_COPY, FR_COLOUR_STATE_HDR, FR_FORMAT_RGB10A2},
        {VK_FORMAT_R16G16B16A16_SFLOAT, SCRGB, FR_LAYER_COPY, FR_COLOUR_STATE_HDR, FR_FORMAT_RGBA16F},
        {VK_FORMAT_R16G16B16A16_SFLOAT, HDR10, FR_LAYER_BLIT, FR_COLOUR_STATE_HDR, FR_FORMAT_RGB10A2},
        {VK_FORMAT_A2B10G10R10_UNORM_PACK32, SRGB, FR_LAYER_BLIT, FR_COLOUR_STATE_SDR, FR_FORMAT_BGRA8},
        {VK_FORMAT_R16G16B16A16_SFLOAT, SRGB, FR_LAYER_BLIT, FR_COLOUR_STATE_SDR, FR_FORMAT_BGRA8},
        {VK_FORMAT_B8G8R8A8_UNORM, VK_COLOR_SPACE_BT709_NONLINEAR_EXT, FR_LAYER_COPY, FR_COLOUR_STATE_SDR,
         FR_FORMAT_BGRA8},
        /* 8 bits are too few for PQ, and scRGB needs its sign. */
        {VK_FORMAT_B8G8R8A8_UNORM, HDR10, FR_LAYER_PASS, FR_COLOUR_STATE_UNKNOWN, FR_FORMAT_NONE},
        {VK_FORMAT_B8G8R8A8_UNORM, SCRGB, FR_LAYER_PASS, FR_COLOUR_STATE_UNKNOWN, FR_FORMAT_NONE},
        {VK_FORMAT_A2B10G10R10_UNORM_PACK32, SCRGB, FR_LAYER_PASS, FR_COLOUR_STATE_UNKNOWN, FR_FORMAT_NONE},
        {VK_FORMAT_R16G16B16A16_SFLOAT, VK_COLOR_SPACE_BT2020_LINEAR_EXT, FR_LAYER_PASS,
         FR_COLOUR_STATE_UNKNOWN, FR_FORMAT_NONE},
        {VK_FORMAT_R5G6B5_UNORM_PACK16, SRGB, FR_LAYER_PASS, FR_COLOUR_STATE_UNKNOWN, FR_FORMAT_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const fr_layer_plan plan = fr_layer_plan_for(pairs[i].format, pairs[i].space);
        assert_int_equal(plan.way, pairs[i].way);
        assert_int_equal(plan.colour_state, pairs[i].colour_state);
        assert_int_equal(plan.format, pairs[i].ring);
    }
}

/* A frame that cannot say what its numbers mean is none, in any format; the reason names the colour space. */
static void test_spaces_that_no_frame_has(void **state)
{
    static const struct {
        VkColorSpaceKHR space;
        const char *name;
    } spaces[] = {
        {VK_COLOR_SPACE_HDR10_HLG_EXT, "HLG"},
        {VK_COLOR_SPACE_DISPLAY_P3_NONLINEAR_EXT, "Display P3"},
        {VK_COLOR_SPACE_DCI_P3_NONLINEAR_EXT, "DCI-P3"},
        {VK_COLOR_SPACE_ADOBERGB_NONLINEAR_EXT, "Adobe RGB"},
        {VK_COLOR_SPACE_DISPLAY_P3_LINEAR_EXT, ""},
        {VK_COLOR_SPACE_BT709_LINEAR_EXT, ""},
        {VK_COLOR_SPACE_BT2020_LINEAR_EXT, ""},
        {VK_COLOR_SPACE_ADOBERGB_LINEAR_EXT, ""},
        {VK_COLOR_SPACE_DOLBYVISION_EXT, ""},
        {VK_COLOR_SPACE_DISPLAY_NATIVE_AMD, ""},
    };
    static const VkFormat formats[] = {VK_FORMAT_B8G8R8A8_UNORM, VK_FORMAT_B8G8R8A8_SRGB,
                                       VK_FORMAT_A2B10G10R10_UNORM_PACK32, VK_FORMAT_R16G16B16A16_SFLOAT};
    (void)state;
    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
        for (size_t k = 0; k < sizeof(formats) / sizeof(formats[0]); k++)
            assert_int_equal(fr_layer_plan_for(formats[k], spaces[i].space).way, FR_LAYER_PASS);
        const char *fault = fr_layer_plan_fault(spaces[i].space);
        assert_non_null(strstr(fault, spaces[i].name));
        assert_non_null(strstr(fault, "no frame can say"));
    }
}

static void test_display(void **state)
{
    (void)state;
    const fr_layer_plan plan = fr_layer_plan_for(VK_FORMAT_A2B10G10R10_UNORM_PACK32, HDR10);
    const fr_display_descriptor display = fr_layer_display(&plan, 2560, 1440);
    assert_int_equal(display.mode.width, 2560);
    assert_int_equal(display.mode.height, 1440);
    assert_int_equal(display.mode.refresh_mhz, 0);
    assert_int_equal(display.colour_state, FR_COLOUR_STATE_HDR);
    assert_int_equal(display.format, FR_FORMAT_RGB10A2);
}

static void test_metadata(void **state)
{
    (void)state;
    const VkHdrMetadataEXT metadata = {
        .displayPrimaryRed = {0.708f, 0.292f},
        .displayPrimaryGreen = {0.170f, 0.797f},
        .displayPrimaryBlue = {0.131f, 0.046f},
        .whitePoint = {0.3127f, 0.3290f},
        .maxLuminance = 1000.0f,
        .minLuminance = 0.0001f,
        .maxContentLightLevel = 1000.0f,
        .maxFrameAverageLightLevel = 400.0f,
    };
    const fr_hdr_metadata out = fr_layer_hdr_metadata(&metadata);
    const fr_hdr_metadata generic = fr_hdr_metadata_generic();
    assert_memory_equal(&out, &generic, sizeof(out));
}

/* A program may write anything there. */
static void test_metadata_out_of_range(void **state)
{
    (void)state;
    const VkHdrMetadataEXT metadata = {
        .displayPrimaryRed = {-1.0f, 7.0f},
        .displayPrimaryGreen = {NAN, INFINITY},
        .maxLuminance = INFINITY,
        .minLuminance = NAN,
        .maxContentLightLevel = 1e9f,
        .maxFrameAverageLightLevel = -5.0f,
    };
    const fr_hdr_metadata out = fr_layer_hdr_metadata(&metadata);
    assert_int_equal(out.red[0], 0);
    assert_int_equal(out.red[1], 50000);
    assert_int_equal(out.green[0], 0);
    assert_int_equal(out.green[1], 50000);
    assert_int_equal(out.max_luminance, 100000000);
    assert_int_equal(out.min_luminance, 0);
    assert_int_equal(out.max_cll, UINT16_MAX);
    assert_int_equal(out.max_fall, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_spaces_that_no_frame_has),
        cmocka_unit_test(test_display),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_metadata_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
