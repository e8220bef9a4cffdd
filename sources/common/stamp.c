/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "stamp.h"

#include <string.h>

enum {
    DATA_COLUMNS = 32,
    COLUMNS = DATA_COLUMNS + 2,
    ROWS = 4,
    PAYLOAD_BYTES = 13,
    STAMP_BYTES = 16,
    GRID_COLUMNS = 40, /* cells that must fit into the width and the height of a small picture */
    GRID_ROWS = 22,
    FINE_COLUMNS = 120, /* into the width of a large one */
    SMALL_CELL = 8,
};

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

bool fr_stamp_layout_init(fr_stamp_layout *out, uint32_t width, uint32_t height)
{
    *out = (fr_stamp_layout){0};
    const uint32_t fits = min_u32(width / GRID_COLUMNS, height / GRID_ROWS);
    if (!fits)
        return false;
    const uint32_t fine = width / FINE_COLUMNS / 4 * 4;
    const uint32_t cell = min_u32(fits, fine > SMALL_CELL ? fine : SMALL_CELL);
    const uint32_t edge = (cell + 1) / 2;
    /* Cells that lie on the 8 by 8 grid of a codec's transforms stay sharp. */
    const uint32_t grid = cell >= SMALL_CELL ? SMALL_CELL : 1;
    const uint32_t left = (edge + grid - 1) / grid * grid;
    const uint32_t first = left;
    const uint32_t last = (height - edge - ROWS * cell) / grid * grid;
    const uint32_t room = height / (14 * cell);
    out->cell = cell;
    out->num_copies = room < 3 ? 3 : min_u32(room, FR_STAMP_MAX_COPIES);
    for (uint32_t i = 0; i < out->num_copies; i++) {
        const uint32_t top = (first + (last - first) * i / (out->num_copies - 1)) / grid * grid;
        out->plates[i] =
            (fr_rect){left - edge, top - edge, COLUMNS * cell + 2 * edge, ROWS * cell + 2 * edge};
    }
    return true;
}

static uint32_t crc24(const uint8_t *bytes, size_t num)
{
    uint32_t crc = 0xb704ceu;
    for (size_t i = 0; i < num; i++) {
        crc ^= (uint32_t)bytes[i] << 16;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x800000u ? crc << 1 ^ 0x1864cfbu : crc << 1;
    }
    return crc & 0xffffffu;
}

static void put_bytes(uint8_t *to, uint64_t value, uint32_t num)
{
    for (uint32_t i = 0; i < num; i++)
        to[i] = (uint8_t)(value >> 8 * (num - 1 - i));
}

static uint64_t get_bytes(const uint8_t *from, uint32_t num)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < num; i++)
        value = value << 8 | from[i];
    return value;
}

static void encode(const fr_stamp *stamp, uint8_t bytes[STAMP_BYTES])
{
    put_bytes(bytes, stamp->sequence, 4);
    put_bytes(bytes + 4, stamp->generation, 3);
    put_bytes(bytes + 7, stamp->time_us, 6);
    put_bytes(bytes + PAYLOAD_BYTES, crc24(bytes, PAYLOAD_BYTES), 3);
}

static bool decode(const uint8_t bytes[STAMP_BYTES], fr_stamp *out)
{
    if (get_bytes(bytes + PAYLOAD_BYTES, 3) != crc24(bytes, PAYLOAD_BYTES))
        return false;
    out->sequence = (uint32_t)get_bytes(bytes, 4);
    out->generation = (uint32_t)get_bytes(bytes + 4, 3);
    out->time_us = get_bytes(bytes + 7, 6);
    return true;
}

/* What the mark in an outer column is: true = white. */
static bool mark_is_white(uint32_t row, uint32_t column)
{
    return (row % 2 == 0) == (column == 0);
}

static bool cell_is_white(const uint8_t bytes[STAMP_BYTES], uint32_t row, uint32_t column)
{
    if (column == 0 || column == COLUMNS - 1)
        return mark_is_white(row, column);
    const uint32_t bit = row * DATA_COLUMNS + column - 1;
    return bytes[bit / 8] >> (7 - bit % 8) & 1;
}

static fr_rect cell_rect(const fr_stamp_layout *layout, uint32_t copy, uint32_t row, uint32_t column)
{
    const uint32_t cell = layout->cell, edge = (cell + 1) / 2;
    const fr_rect *plate = &layout->plates[copy];
    return (fr_rect){plate->x + edge + column * cell, plate->y + edge + row * cell, cell, cell};
}

void fr_stamp_draw(const fr_stamp_layout *layout, const fr_canvas *canvas, const fr_stamp *stamp,
                   uint32_t first, uint32_t num, uint64_t black, uint64_t white)
{
    uint8_t bytes[STAMP_BYTES];
    encode(stamp, bytes);
    for (uint32_t copy = first; copy < first + num && copy < layout->num_copies; copy++) {
        fr_canvas_fill(canvas, layout->plates[copy], black);
        for (uint32_t row = 0; row < ROWS; row++)
            for (uint32_t column = 0; column < COLUMNS; column++)
                if (cell_is_white(bytes, row, column))
                    fr_canvas_fill(canvas, cell_rect(layout, copy, row, column), white);
    }
}

/* The mean code in the middle of a cell: a codec smears the edges. */
static uint32_t cell_level(const fr_luma *luma, fr_rect cell)
{
    const uint32_t inset = cell.width / 4;
    uint64_t sum = 0, num = 0;
    for (uint32_t y = cell.y + inset; y < cell.y + cell.height - inset; y++) {
        const uint8_t *row = luma->data + (ptrdiff_t)y * luma->pitch_bytes;
        for (uint32_t x = cell.x + inset; x < cell.x + cell.width - inset; x++) {
            const uint8_t *sample = row + (size_t)x * luma->step_bytes;
            const uint32_t raw = luma->sample_bytes == 2 ? sample[0] | (uint32_t)sample[1] << 8 : sample[0];
            sum += raw >> luma->shift;
            num++;
        }
    }
    return (uint32_t)(sum / num);
}

static bool read_copy(const fr_luma *luma, const fr_stamp_layout *layout, uint32_t copy, fr_stamp *out)
{
    uint32_t levels[2] = {0, 0};
    for (uint32_t row = 0; row < ROWS; row++) {
        levels[mark_is_white(row, 0)] += cell_level(luma, cell_rect(layout, copy, row, 0));
        levels[mark_is_white(row, COLUMNS - 1)] +=
            cell_level(luma, cell_rect(layout, copy, row, COLUMNS - 1));
    }
    const uint32_t black = levels[0] / ROWS, white = levels[1] / ROWS;
    if (white <= black + luma->max / 16)
        return false;
    const uint32_t threshold = (black + white + 1) / 2;
    uint8_t bytes[STAMP_BYTES] = {0};
    for (uint32_t bit = 0; bit < STAMP_BYTES * 8; bit++) {
        const fr_rect cell = cell_rect(layout, copy, bit / DATA_COLUMNS, bit % DATA_COLUMNS + 1);
        if (cell_level(luma, cell) >= threshold)
            bytes[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
    }
    return decode(bytes, out);
}

fr_stamp_reading fr_stamp_read(const fr_luma *luma)
{
    fr_stamp_reading reading = {0};
    fr_stamp_layout layout;
    if (!fr_stamp_layout_init(&layout, luma->width, luma->height))
        return reading;
    reading.copies = layout.num_copies;
    for (uint32_t copy = 0; copy < layout.num_copies; copy++) {
        fr_stamp stamp;
        if (!read_copy(luma, &layout, copy, &stamp))
            continue;
        if (!reading.readable)
            reading.stamp = stamp;
        else if (stamp.sequence != reading.stamp.sequence || stamp.generation != reading.stamp.generation ||
                 stamp.time_us != reading.stamp.time_us)
            reading.torn = true;
        reading.readable++;
    }
    return reading;
}
