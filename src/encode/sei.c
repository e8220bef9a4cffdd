/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/sei.h"

#include "encode/obu.h"

#include <string.h>

enum {
    SEI_MASTERING_DISPLAY = 137,
    SEI_CONTENT_LIGHT = 144,
    H264_NAL_SEI = 6,
    HEVC_NAL_PREFIX_SEI = 39,
};

struct writer {
    uint8_t *out;
    size_t length;
    unsigned zeros; /* at the end of what was written */
};

static void put_raw(struct writer *w, uint8_t byte)
{
    w->out[w->length++] = byte;
}

/* Inside a unit 00 00 must not be followed by 00..03: "emulation prevention", H.264 7.4.1, H.265 7.4.2. */
static void put8(struct writer *w, uint32_t value)
{
    const uint8_t byte = (uint8_t)value;
    if (w->zeros >= 2 && byte <= 3) {
        put_raw(w, 3);
        w->zeros = 0;
    }
    put_raw(w, byte);
    w->zeros = byte ? 0 : w->zeros + 1;
}

static void put16(struct writer *w, uint32_t value)
{
    put8(w, value >> 8 & 255);
    put8(w, value & 255);
}

static void put32(struct writer *w, uint32_t value)
{
    put16(w, value >> 16);
    put16(w, value & 65535);
}

static void unit_begin(struct writer *w, enum AVCodecID codec, uint8_t payload, uint8_t bytes)
{
    static const uint8_t start[4] = {0, 0, 0, 1};
    for (size_t i = 0; i < sizeof(start); i++)
        put_raw(w, start[i]);
    if (codec == AV_CODEC_ID_HEVC) {
        put_raw(w, HEVC_NAL_PREFIX_SEI << 1);
        put_raw(w, 1);
    } else {
        put_raw(w, H264_NAL_SEI);
    }
    w->zeros = 0;
    put8(w, payload);
    put8(w, bytes);
}

size_t fr_sei_write(uint8_t out[FR_SEI_BYTES], enum AVCodecID codec, const fr_hdr_metadata *hdr)
{
    struct writer w = {out, 0, 0};
    const uint16_t *const in_order[4] = {hdr->green, hdr->blue, hdr->red, hdr->white};
    unit_begin(&w, codec, SEI_MASTERING_DISPLAY, 24);
    for (size_t i = 0; i < 4; i++) {
        put16(&w, in_order[i][0]);
        put16(&w, in_order[i][1]);
    }
    put32(&w, hdr->max_luminance);
    put32(&w, hdr->min_luminance);
    put8(&w, 0x80); /* stop bit */
    unit_begin(&w, codec, SEI_CONTENT_LIGHT, 4);
    put16(&w, hdr->max_cll);
    put16(&w, hdr->max_fall);
    put8(&w, 0x80);
    return w.length;
}

struct unit {
    size_t start; /* of its start code */
    size_t header;
};

static bool next_unit(const AVPacket *packet, size_t from, struct unit *out)
{
    const uint8_t *data = packet->data;
    const size_t size = (size_t)packet->size;
    for (size_t i = from; i + 3 < size; i++) {
        if (data[i] == 0 && data[i + 1] == 0 && data[i + 2] == 1) {
            out->header = i + 3;
            out->start = i > from && data[i - 1] == 0 ? i - 1 : i;
            return true;
        }
    }
    return false;
}

/* Where the first slice begins; false if there is none, or if a mastering display message is before it. */
static bool find_place(const AVPacket *packet, enum AVCodecID codec, size_t *place)
{
    const bool hevc = codec == AV_CODEC_ID_HEVC;
    const size_t header_bytes = hevc ? 2 : 1;
    struct unit unit = {0, 0};
    while (next_unit(packet, unit.header, &unit)) {
        const uint8_t header = packet->data[unit.header];
        const unsigned type = hevc ? header >> 1 & 63u : header & 31u;
        const bool slice = hevc ? type < 32 : type >= 1 && type <= 5;
        *place = unit.start;
        if (slice)
            return true;
        const size_t payload = unit.header + header_bytes;
        if (type == (hevc ? HEVC_NAL_PREFIX_SEI : H264_NAL_SEI) && payload < (size_t)packet->size &&
            packet->data[payload] == SEI_MASTERING_DISPLAY)
            return false;
    }
    return false;
}

static fr_status insert(AVPacket *packet, size_t place, const uint8_t *bytes, size_t length)
{
    if (length > (size_t)(INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE - packet->size))
        return FR_OK;
    AVPacket *whole = av_packet_alloc();
    if (!whole || av_new_packet(whole, packet->size + (int)length) < 0 ||
        av_packet_copy_props(whole, packet) < 0) {
        av_packet_free(&whole);
        return FR_ERR_NO_MEMORY;
    }
    memcpy(whole->data, packet->data, place);
    memcpy(whole->data + place, bytes, length);
    memcpy(whole->data + place + length, packet->data + place, (size_t)packet->size - place);
    av_packet_unref(packet);
    av_packet_move_ref(packet, whole);
    av_packet_free(&whole);
    return FR_OK;
}

static fr_status insert_obus(AVPacket *packet, const fr_hdr_metadata *hdr)
{
    size_t place;
    uint8_t obus[FR_OBU_HDR_BYTES];
    if (!fr_obu_find_place(packet->data, (size_t)packet->size, &place))
        return FR_OK;
    fr_obu_write_hdr(obus, hdr);
    return insert(packet, place, obus, sizeof(obus));
}

fr_status fr_sei_insert(AVPacket *packet, enum AVCodecID codec, const fr_hdr_metadata *hdr)
{
    size_t place;
    if (codec == AV_CODEC_ID_AV1)
        return insert_obus(packet, hdr);
    if ((codec != AV_CODEC_ID_H264 && codec != AV_CODEC_ID_HEVC) || !find_place(packet, codec, &place))
        return FR_OK;
    uint8_t sei[FR_SEI_BYTES];
    const size_t length = fr_sei_write(sei, codec, hdr);
    return insert(packet, place, sei, length);
}
