/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/damage.h"

#include <assert.h>

static_assert((int)FR_PARTS_MAX >= (int)FR_DAMAGE_FRAMES, "a part for each change");

void fr_damage_forget(struct fr_damage *damage)
{
    damage->since = damage->newest + 1;
}

void fr_damage_add(struct fr_damage *damage, const fr_rect *change)
{
    const uint64_t number = ++damage->newest;
    if (change)
        damage->change[number % FR_DAMAGE_FRAMES] = *change;
    else
        damage->since = number;
}

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

/* What has to be converted anew where `change` lies: chroma is sited on even columns and takes in the column
 * on either side of it. The numbers are a peer's: cut to the picture, whatever they are. */
static fr_rect affected(const fr_rect *change, uint32_t width, uint32_t height)
{
    const uint32_t x = smaller(change->x, width), y = smaller(change->y, height);
    const uint32_t columns = smaller(change->width, width - x), rows = smaller(change->height, height - y);
    if (!columns || !rows)
        return (fr_rect){0};
    const uint32_t left = x & ~1u, top = y & ~1u;
    const uint32_t right = smaller(((x + columns) & ~1u) + 2, width);
    const uint32_t bottom = smaller((y + rows + 1) & ~1u, height);
    return (fr_rect){left, top, right - left, bottom - top};
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

static bool overlap(const fr_rect *a, const fr_rect *b)
{
    return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
           b->y < a->y + a->height;
}

/* Joins what overlaps, and what is no larger together. */
static void add_part(struct fr_parts *parts, fr_rect rect)
{
    for (uint32_t i = 0; i < parts->count;) {
        const fr_rect both = bounds(&parts->rect[i], &rect);
        if (!overlap(&parts->rect[i], &rect) && area(&both) > area(&parts->rect[i]) + area(&rect)) {
            i++;
            continue;
        }
        /* The larger one may meet others that were passed. */
        rect = both;
        parts->rect[i] = parts->rect[--parts->count];
        i = 0;
    }
    parts->rect[parts->count++] = rect;
}

bool fr_damage_parts(const struct fr_damage *damage, uint64_t held, uint32_t width, uint32_t height,
                     struct fr_parts *out)
{
    out->count = 0;
    if (!held || held < damage->since || damage->newest - held > FR_DAMAGE_FRAMES)
        return false;
    uint64_t sum = 0;
    for (uint64_t number = held + 1; number <= damage->newest; number++) {
        const fr_rect rect = affected(&damage->change[number % FR_DAMAGE_FRAMES], width, height);
        if (area(&rect))
            add_part(out, rect);
    }
    for (uint32_t i = 0; i < out->count; i++)
        sum += area(&out->rect[i]);
    return sum < (uint64_t)width * height;
}
