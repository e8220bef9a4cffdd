/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "selftest/parameter_sets.h"

#include <stdlib.h>
#include <string.h>

enum { TS_PACKET = 188, TS_SYNC = 0x47, TS_PID_VIDEO_FIRST = 0x100 };

/* nal_unit_type of H.264 table 7-1 and HEVC table 7-1. */
enum { H264_SPS = 7, H264_PPS = 8, HEVC_VPS = 32, HEVC_SPS = 33, HEVC_PPS = 34 };

/* The payload of the packets of the first stream, one after the other, into `out`; how many bytes. A start
 * code may lie across two packets. */
static size_t collect(const uint8_t *data, size_t bytes, uint8_t *out)
{
    size_t used = 0;
    for (size_t at = 0; at + TS_PACKET <= bytes; at += TS_PACKET) {
        const uint8_t *packet = data + at;
        const unsigned pid = (unsigned)(packet[1] & 0x1f) << 8 | packet[2];
        const bool has_field = packet[3] & 0x20, has_payload = packet[3] & 0x10;
        const size_t head = 4 + (has_field ? (size_t)packet[4] + 1 : 0);
        if (packet[0] != TS_SYNC || pid != TS_PID_VIDEO_FIRST || !has_payload || head >= TS_PACKET)
            continue;
        memcpy(out + used, packet + head, TS_PACKET - head);
        used += TS_PACKET - head;
    }
    return used;
}

static bool has_nal(const uint8_t *data, size_t bytes, fr_codec codec, unsigned type)
{
    for (size_t i = 0; i + 3 < bytes; i++) {
        if (data[i] != 0 || data[i + 1] != 0 || data[i + 2] != 1 || data[i + 3] & 0x80)
            continue; /* forbidden_zero_bit: the start code of something else, such as a PES header */
        const unsigned found = codec == FR_CODEC_H264 ? data[i + 3] & 0x1fu : data[i + 3] >> 1 & 0x3fu;
        if (found == type)
            return true;
    }
    return false;
}

static const char *missing_nal(fr_codec codec, const uint8_t *data, size_t bytes)
{
    const bool hevc = codec == FR_CODEC_HEVC;
    uint8_t *stream = malloc(bytes ? bytes : 1);
    const size_t used = stream ? collect(data, bytes, stream) : 0;
    const char *missing = NULL;
    if (hevc && !has_nal(stream, used, codec, HEVC_VPS))
        missing = "video parameter set";
    else if (!has_nal(stream, used, codec, hevc ? HEVC_SPS : H264_SPS))
        missing = "sequence parameter set";
    else if (!has_nal(stream, used, codec, hevc ? HEVC_PPS : H264_PPS))
        missing = "picture parameter set";
    free(stream);
    return missing;
}

/* CodecPrivate of Matroska (element 63 A2, one byte of size) holds av1C: four bytes, then the sequence
 * header, an OBU of type 1 that has a size. */
static const char *missing_obu(const uint8_t *data, size_t bytes)
{
    for (size_t i = 0; i + 8 < bytes; i++)
        if (data[i] == 0x63 && data[i + 1] == 0xa2 && data[i + 2] & 0x80 && data[i + 3] == 0x81 &&
            data[i + 7] == 0x0a)
            return NULL;
    return "sequence header";
}

const char *parameter_sets_missing(fr_codec codec, const uint8_t *data, size_t bytes)
{
    return codec == FR_CODEC_AV1 ? missing_obu(data, bytes) : missing_nal(codec, data, bytes);
}
