/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_FILE_LIGHT_H
#define FRAMERING_SOURCES_FILE_LIGHT_H

/*
 * HDR10 and HLG as scRGB: the code values become light by way of tables, and the light gets BT.709 primaries.
 * Colours outside BT.709 become negative values and stay so.
 *
 * PQ is light of the display already (SMPTE ST 2084). HLG is light of the scene; the display's comes from the
 * OOTF of BT.2100 for a display of 1000 cd/m2: 1000 * Y^0.2 * E.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum fr_light_curve { FR_LIGHT_PQ, FR_LIGHT_HLG } fr_light_curve;

typedef struct fr_light_params {
    fr_light_curve curve;
    bool is_rgb; /* the three planes are G, B, R; else Y, Cb, Cr */
    bool full_range;
    float kr, kb;         /* luma weights of the matrix: 0.2627 and 0.0593 for BT.2020 */
    bool bt709_primaries; /* else BT.2020 */
} fr_light_params;

typedef struct fr_light fr_light;

/* NULL: out of memory. */
fr_light *fr_light_create(const fr_light_params *params);
void fr_light_destroy(fr_light **light);

/* True when it was made for the same. */
bool fr_light_is_for(const fr_light *light, const fr_light_params *params);

/* One row of three planes of 16-bit codes (10-bit codes times 64, and so on) to RGBA16F. */
void fr_light_row(fr_light *light, const uint16_t *const planes[3], uint16_t *halves, size_t width);

#endif
