/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_BGRA_NV12_H
#define FR_CONVERT_BGRA_NV12_H

/*
 * The integers that define BGRA8, RGBA8 -> NV12; every kernel gives exactly these results:
 *
 *   luma   = (LUMA_R R + LUMA_G G + LUMA_B B + LUMA_BIAS) >> LUMA_SHIFT
 *   chroma = (CB_R r + CB_G g + CB_B b + CHROMA_BIAS) >> CHROMA_SHIFT     (CR_* likewise)
 *
 * r, g, b: the components with weights 1 2 1 across and 1 1 down, not divided: 0..2040. The factors are the
 * exact ones to the nearest integer, but for CB_B, which makes its line sum to 0, so that grey is 128. They
 * fit 16 bits with a sign, for pmaddwd.
 */
enum {
    LUMA_SHIFT = 15,
    LUMA_R = 5983,
    LUMA_G = 20127,
    LUMA_B = 2032,
    LUMA_BIAS = (16 << LUMA_SHIFT) + (1 << (LUMA_SHIFT - 1)),

    CHROMA_SHIFT = 16 + 3,
    CB_R = -6596,
    CB_G = -22189,
    CB_B = 28785,
    CR_R = 28784,
    CR_G = -26145,
    CR_B = -2639,
    CHROMA_BIAS = (128 << CHROMA_SHIFT) + (1 << (CHROMA_SHIFT - 1))
};

#endif
