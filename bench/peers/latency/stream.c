/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* ISO/IEC 13818-1, as much as tells the video's packets apart: no demuxer gives one out before the next has
 * begun, and a latency may not wait for that. */

#include "latency.h"

#include <stdlib.h>
#include <string.h>

enum { CELL = 188, SYNC = 0x47, VIDEO_FIRST = 0xe0, VIDEO_LAST = 0xef, PES_HEADER = 9 };

static struct packet *begin_packet(struct stream *stream)
{
    if (stream->count == stream->capacity) {
        const size_t capacity = stream->capacity ? 2 * stream->capacity : 256;
        struct packet *more = realloc(stream->packets, capacity * sizeof *more);
        if (!more)
            return NULL;
        stream->packets = more;
        stream->capacity = capacity;
    }
    struct packet *packet = &stream->packets[stream->count++];
    memset(packet, 0, sizeof *packet);
    return packet;
}

static void append(struct packet *packet, const uint8_t *data, size_t bytes, uint64_t now_ns)
{
    if (packet->bytes + bytes > packet->capacity) {
        const size_t capacity = 2 * (packet->bytes + bytes);
        uint8_t *more = realloc(packet->data, capacity);
        if (!more)
            return;
        packet->data = more;
        packet->capacity = capacity;
    }
    memcpy(packet->data + packet->bytes, data, bytes);
    packet->bytes += bytes;
    packet->arrived_ns = now_ns;
}

static bool begins_video(const uint8_t *payload, size_t bytes)
{
    return bytes >= PES_HEADER && payload[0] == 0 && payload[1] == 0 && payload[2] == 1 &&
           payload[3] >= VIDEO_FIRST && payload[3] <= VIDEO_LAST && (size_t)PES_HEADER + payload[8] <= bytes;
}

/* One video is expected: its number in the stream is that of the first packet that begins one. */
static void add_cell(struct stream *stream, const uint8_t *cell, uint64_t now_ns)
{
    const bool begins = cell[1] & 0x40, has_payload = cell[3] & 0x10;
    const unsigned pid = (cell[1] & 0x1fu) << 8 | cell[2];
    const size_t skip = cell[3] & 0x20 ? 5u + cell[4] : 4u;
    if (cell[0] != SYNC || !has_payload || skip > CELL)
        return;
    const uint8_t *payload = cell + skip;
    size_t bytes = CELL - skip;
    if (begins && begins_video(payload, bytes)) {
        const size_t header = PES_HEADER + payload[8];
        stream->pid = pid;
        if (!begin_packet(stream))
            return;
        payload += header;
        bytes -= header;
    } else if (begins || stream->count == 0 || pid != stream->pid) {
        return;
    }
    append(&stream->packets[stream->count - 1], payload, bytes, now_ns);
}

void stream_add(struct stream *stream, const uint8_t *datagram, size_t bytes, uint64_t now_ns)
{
    for (size_t at = 0; at + CELL <= bytes; at += CELL)
        add_cell(stream, datagram + at, now_ns);
}

void stream_finish(struct stream *stream)
{
    for (size_t i = 0; i < stream->count; i++)
        free(stream->packets[i].data);
    free(stream->packets);
}
