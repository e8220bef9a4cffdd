/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/hdr.h"

static AVRational quotient(uint32_t value, int steps)
{
    return (AVRational){value < INT32_MAX ? (int)value : INT32_MAX, steps};
}

void fr_hdr_to_av(AVMasteringDisplayMetadata *display, AVContentLightMetadata *light,
                  const fr_hdr_metadata *hdr)
{
    const uint16_t *const primaries[3] = {hdr->red, hdr->green, hdr->blue};
    for (int xy = 0; xy < 2; xy++) {
        for (int i = 0; i < 3; i++)
            display->display_primaries[i][xy] = quotient(primaries[i][xy], 50000);
        display->white_point[xy] = quotient(hdr->white[xy], 50000);
    }
    display->max_luminance = quotient(hdr->max_luminance, 10000);
    display->min_luminance = quotient(hdr->min_luminance, 10000);
    display->has_primaries = display->has_luminance = 1;
    light->MaxCLL = hdr->max_cll;
    light->MaxFALL = hdr->max_fall;
}
