/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "fake_nvenc_inside.h"

#include <string.h>

static size_t put_unit(uint8_t *out, const uint8_t *unit, size_t size)
{
    static const uint8_t start[] = {0, 0, 0, 1};
    memcpy(out, start, sizeof(start));
    memcpy(out + sizeof(start), unit, size);
    return sizeof(start) + size;
}

size_t fake_mark_sets(const struct fake_input *in, uint8_t *out)
{
    switch (fake_bit_of(&in->codec)) {
    case FAKE_H264: {
        static const uint8_t sps[] = {0x67, 100, 0, 40}, pps[] = {0x68, 0xce};
        const size_t length = put_unit(out, sps, sizeof(sps));
        return length + put_unit(out + length, pps, sizeof(pps));
    }
    case FAKE_HEVC: {
        static const uint8_t vps[] = {0x40, 1, 12}, sps[] = {0x42, 1, 1}, pps[] = {0x44, 1, 0xc0};
        size_t length = put_unit(out, vps, sizeof(vps));
        length += put_unit(out + length, sps, sizeof(sps));
        return length + put_unit(out + length, pps, sizeof(pps));
    }
    default: {
        static const uint8_t header[] = {0x0a, 3, 0, 0, 0};
        memcpy(out, header, sizeof(header));
        return sizeof(header);
    }
    }
}

static size_t mark_frame(const struct fake_input *in, uint8_t *out)
{
    const uint8_t number = (uint8_t)(in->time | 0x80);
    const uint8_t h264[] = {in->keyframe ? 0x65 : 0x41, number, 0x80};
    const uint8_t hevc[] = {in->keyframe ? 0x26 : 0x02, 1, number, 0x80};
    const uint8_t av1[] = {0x32, 2, in->keyframe ? 0x10 : 0x30, number};
    switch (fake_bit_of(&in->codec)) {
    case FAKE_H264: return put_unit(out, h264, sizeof(h264));
    case FAKE_HEVC: return put_unit(out, hevc, sizeof(hevc));
    default: memcpy(out, av1, sizeof(av1)); return sizeof(av1);
    }
}

size_t fake_mark(const struct fake_input *in, uint8_t *out)
{
    static const uint8_t delimiter[] = {0x12, 0};
    size_t length = 0;
    if (fake_bit_of(&in->codec) == FAKE_AV1) {
        memcpy(out, delimiter, sizeof(delimiter));
        length = sizeof(delimiter);
    }
    if (in->with_sets)
        length += fake_mark_sets(in, out + length);
    return length + mark_frame(in, out + length);
}
