/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_RGB10A2_P010_H
#define FR_CONVERT_RGB10A2_P010_H

/*
 * The integers that define RGB10A2 -> P010; every kernel gives exactly these results:
 *
 *   luma   = (LUMA_R R + LUMA_G G + LUMA_B B + LUMA_BIAS) >> LUMA_SHIFT
 *   chroma = (CB_R r + CB_G g + CB_B b + CHROMA_BIAS) >> CHROMA_SHIFT     (CR_* likewise)
 *
 * r, g, b: the components with weights 1 2 1 across and 1 1 down, not divided: 0..8184. The factors are the
 * exact ones to the nearest integer, but for LUMA_B, which brings the sum of its line nearest to the exact
 * sum. No intermediate result passes 31 bits.
 */
enum {
    LUMA_SHIFT = 20,
    LUMA_R = 235879,
    LUMA_G = 608777,
    LUMA_B = 53245,
    LUMA_BIAS = (64 << LUMA_SHIFT) + (1 << (LUMA_SHIFT - 1)),

    CHROMA_SHIFT = 18 + 3,
    CB_R = -32059,
    CB_G = -82741,
    CB_B = 114800,
    CR_R = 114800,
    CR_G = -105567,
    CR_B = -9233,
    CHROMA_BIAS = (512 << CHROMA_SHIFT) + (1 << (CHROMA_SHIFT - 1))
};

#endif
