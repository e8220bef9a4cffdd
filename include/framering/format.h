/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_FORMAT_H
#define FRAMERING_FORMAT_H

/*
 * Pixel formats, by their DXGI numbers (dxgiformat.h), and what their numbers mean as colour.
 *
 * Ring formats (a source draws them):
 *   BGRA8, RGBA8   full range R'G'B', BT.709 primaries, sRGB display; alpha is ignored
 *   RGBA16F        scRGB (IEC 61966-2-2): linear light, BT.709 primaries, 1.0 = 80 cd/m2; values below 0
 *                  are colours outside BT.709, values above 1 are brighter than 80 cd/m2
 *   RGB10A2        R in the lowest ten bits; PQ (SMPTE ST 2084), BT.2020 primaries: an HDR10 swapchain
 *
 * Out ring formats (the encoder reads them), always limited range, 4:2:0, chroma sited left (H.273 type 0),
 * chroma planes (width + 1) / 2 by (height + 1) / 2:
 *   NV12           8 bit; Y plane, then Cb and Cr interleaved
 *   P010           16 bit little endian, the 10-bit code in the upper bits; planes as NV12
 */

#include <framering/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fr_format {
    FR_FORMAT_NONE = 0,
    FR_FORMAT_RGBA16F = 10,
    FR_FORMAT_RGB10A2 = 24,
    FR_FORMAT_RGBA8 = 28,
    FR_FORMAT_BGRA8 = 87,
    FR_FORMAT_NV12 = 103,
    FR_FORMAT_P010 = 104
} fr_format;

/* The largest width and height that a ring or a converter takes, in pixels. */
#define FR_SIZE_MAX 16384u

/* "bgra", "rgba", "rgba16f", "rgb10a2", "nv12", "p010" or "none". Static; never NULL. */
FR_API const char *fr_format_name(fr_format format);

/* The format with that name (as above), or FR_FORMAT_NONE. */
FR_API fr_format fr_format_from_name(const char *name);

/* Bytes of one pixel of a ring format (4 or 8); 0 for every other format. */
FR_API uint32_t fr_format_pixel_bytes(fr_format format);

/* How a coded picture is to be understood: the code points of ITU-T H.273. */
typedef struct fr_colour {
    uint8_t primaries;       /* 1 BT.709, 9 BT.2020 */
    uint8_t transfer;        /* 1 BT.709, 16 PQ (SMPTE ST 2084) */
    uint8_t matrix;          /* 1 BT.709, 9 BT.2020 non-constant luminance */
    uint8_t full_range;      /* 0 limited, 1 full */
    uint8_t chroma_location; /* 0 left: H.273 chroma sample location type */
} fr_colour;

/* The colour of an out ring format: BT.709 for NV12, BT.2020 PQ for P010, limited range, left. */
FR_API fr_colour fr_colour_of(fr_format format);

/*
 * Static HDR metadata: the mastering display (SMPTE ST 2086, SEI 137) and content light (CTA-861.3, SEI 144).
 * Chromaticities in steps of 0.00002, luminances of the mastering display in steps of 0.0001 cd/m2,
 * MaxCLL and MaxFALL in cd/m2: the units of the SEI messages.
 */
typedef struct fr_hdr_metadata {
    uint16_t red[2], green[2], blue[2], white[2]; /* x, y */
    uint32_t max_luminance, min_luminance;
    uint16_t max_cll, max_fall;
} fr_hdr_metadata;

/* The generic HDR10 baseline: BT.2020 primaries, D65, 1000 / 0.0001 cd/m2, MaxCLL 1000, MaxFALL 400. */
FR_API fr_hdr_metadata fr_hdr_metadata_generic(void);

/* A rectangle in pixels of the picture, top left origin. */
typedef struct fr_rect {
    uint32_t x, y, width, height;
} fr_rect;

#ifdef __cplusplus
}
#endif
#endif
