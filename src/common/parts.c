/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "common/parts.h"

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint64_t area(const fr_rect *rect)
{
    return (uint64_t)rect->width * rect->height;
}

static fr_rect bounds(const fr_rect *a, const fr_rect *b)
{
    const uint32_t x = smaller(a->x, b->x), y = smaller(a->y, b->y);
    return (fr_rect){
        .x = x,
        .y = y,
        .width = larger(a->x + a->width, b->x + b->width) - x,
        .height = larger(a->y + a->height, b->y + b->height) - y,
    };
}

/* How much more than the two their bounds cover; not positive: they are better joined. */
static int64_t cost(const fr_rect *a, const fr_rect *b)
{
    const fr_rect both = bounds(a, b);
    return (int64_t)area(&both) - (int64_t)area(a) - (int64_t)area(b);
}

static fr_rect take_out(struct fr_parts *parts, uint32_t index)
{
    const fr_rect rect = parts->rect[index];
    parts->rect[index] = parts->rect[--parts->count];
    return rect;
}

/* Takes out what `rect` is joined with, and returns the two as one. */
static fr_rect join_cheap(struct fr_parts *parts, fr_rect rect)
{
    for (uint32_t i = 0; i < parts->count;) {
        if (cost(&parts->rect[i], &rect) > 0) {
            i++;
            continue;
        }
        const fr_rect other = take_out(parts, i);
        rect = bounds(&other, &rect);
        i = 0; /* the larger one may meet others that were passed */
    }
    return rect;
}

/* The list is full: makes room for `rect`, and returns what is to be added in its place. */
static fr_rect make_room(struct fr_parts *parts, fr_rect rect)
{
    uint32_t first = 0, second = parts->count; /* `count` is `rect` itself */
    int64_t least = INT64_MAX;
    for (uint32_t i = 0; i < parts->count; i++) {
        for (uint32_t k = i + 1; k <= parts->count; k++) {
            const int64_t more = cost(&parts->rect[i], k < parts->count ? &parts->rect[k] : &rect);
            if (more >= least)
                continue;
            least = more;
            first = i;
            second = k;
        }
    }
    if (second == parts->count) {
        const fr_rect other = take_out(parts, first);
        return bounds(&other, &rect);
    }
    const fr_rect b = take_out(parts, second); /* the later one: `first` stays where it is */
    const fr_rect a = parts->rect[first];
    parts->rect[first] = rect;
    return bounds(&a, &b);
}

void fr_parts_add(struct fr_parts *parts, fr_rect rect)
{
    if (!area(&rect))
        return;
    rect = join_cheap(parts, rect);
    if (parts->count == FR_PARTS_MAX)
        rect = join_cheap(parts, make_room(parts, rect));
    parts->rect[parts->count++] = rect;
}

uint64_t fr_parts_area(const struct fr_parts *parts)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < parts->count; i++)
        sum += area(&parts->rect[i]);
    return sum;
}

fr_rect fr_parts_bounds(const struct fr_parts *parts)
{
    fr_rect all = parts->count ? parts->rect[0] : (fr_rect){0};
    for (uint32_t i = 1; i < parts->count; i++)
        all = bounds(&all, &parts->rect[i]);
    return all;
}

bool fr_rect_fits(const fr_rect *rect, uint32_t width, uint32_t height)
{
    return rect->x <= width && rect->width <= width - rect->x && rect->y <= height &&
           rect->height <= height - rect->y;
}
