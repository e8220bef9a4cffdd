/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/obu.h"

enum {
    OBU_SEQUENCE_HEADER = 1,
    OBU_TEMPORAL_DELIMITER = 2,
    OBU_METADATA = 5,
    METADATA_CONTENT_LIGHT = 1,
    METADATA_MASTERING_DISPLAY = 2,
    HAS_SIZE = 2,
    HAS_EXTENSION = 4,
    TRAILING_BIT = 0x80,
    LEB128_BYTES = 8
};

static uint8_t *put(uint8_t *out, uint32_t value, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0;)
        *out++ = (uint8_t)(value >> 8 * i);
    return out;
}

static uint8_t *begin(uint8_t *out, uint8_t type, uint8_t payload_bytes)
{
    *out++ = OBU_METADATA << 3 | HAS_SIZE;
    *out++ = (uint8_t)(1 + payload_bytes + 1); /* with type and trailing bits; below 128 */
    *out++ = type;
    return out;
}

static uint32_t scaled(uint32_t value, uint32_t numerator, uint32_t denominator, uint32_t max)
{
    const uint64_t exact = ((uint64_t)value * numerator + denominator / 2) / denominator;
    return exact < max ? (uint32_t)exact : max;
}

/* 0.16 fixed point of steps of 0.00002 */
static uint8_t *put_point(uint8_t *out, const uint16_t point[2])
{
    out = put(out, scaled(point[0], 1u << 16, 50000, UINT16_MAX), 2);
    return put(out, scaled(point[1], 1u << 16, 50000, UINT16_MAX), 2);
}

void fr_obu_write_hdr(uint8_t out[FR_OBU_HDR_BYTES], const fr_hdr_metadata *hdr)
{
    out = begin(out, METADATA_MASTERING_DISPLAY, 24);
    out = put_point(out, hdr->red);
    out = put_point(out, hdr->green);
    out = put_point(out, hdr->blue);
    out = put_point(out, hdr->white);
    /* 24.8 and 18.14 fixed point of steps of 0.0001 cd/m2 */
    out = put(out, scaled(hdr->max_luminance, 1u << 8, 10000, UINT32_MAX), 4);
    out = put(out, scaled(hdr->min_luminance, 1u << 14, 10000, UINT32_MAX), 4);
    *out++ = TRAILING_BIT;
    out = begin(out, METADATA_CONTENT_LIGHT, 4);
    out = put(out, hdr->max_cll, 2);
    out = put(out, hdr->max_fall, 2);
    *out = TRAILING_BIT;
}

/* Reads the OBU at `at`: its type and first payload byte (0: empty), and where the next one begins. */
static bool read_obu(const uint8_t *data, size_t size, size_t at, unsigned *type, uint8_t *first,
                     size_t *next)
{
    if (at >= size || data[at] & 0x80 || !(data[at] & HAS_SIZE))
        return false;
    *type = data[at] >> 3 & 15u;
    size_t i = at + (data[at] & HAS_EXTENSION ? 2 : 1);
    uint64_t bytes = 0;
    for (unsigned n = 0;; n++, i++) {
        if (n == LEB128_BYTES || i >= size)
            return false;
        bytes |= (uint64_t)(data[i] & 127u) << 7 * n;
        if (!(data[i] & 128u))
            break;
    }
    i++;
    if (bytes > size - i)
        return false;
    *first = bytes ? data[i] : 0;
    *next = i + (size_t)bytes;
    return true;
}

bool fr_obu_find_place(const uint8_t *data, size_t size, size_t *place)
{
    unsigned type;
    uint8_t first;
    size_t next;
    for (size_t at = 0; read_obu(data, size, at, &type, &first, &next); at = next) {
        if (type == OBU_TEMPORAL_DELIMITER || type == OBU_SEQUENCE_HEADER)
            continue;
        *place = at;
        return type != OBU_METADATA || first != METADATA_MASTERING_DISPLAY;
    }
    return false;
}
