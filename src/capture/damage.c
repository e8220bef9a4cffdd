/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/damage.h"

void fr_damage_forget(struct fr_damage *damage)
{
    damage->since = damage->newest + 1;
}

void fr_damage_add(struct fr_damage *damage, const struct fr_parts *change)
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

/* What has to be converted anew where `change` lies, which is not empty: chroma is sited on even columns and
 * takes in the column on either side of it. */
static fr_rect affected(const fr_rect *change, uint32_t width, uint32_t height)
{
    const uint32_t left = change->x & ~1u, top = change->y & ~1u;
    const uint32_t right = smaller(((change->x + change->width) & ~1u) + 2, width);
    const uint32_t bottom = smaller((change->y + change->height + 1) & ~1u, height);
    return (fr_rect){left, top, right - left, bottom - top};
}

bool fr_damage_parts(const struct fr_damage *damage, uint64_t held, uint32_t width, uint32_t height,
                     struct fr_parts *out)
{
    out->count = 0;
    if (!held || held < damage->since || damage->newest - held > FR_DAMAGE_FRAMES)
        return false;
    for (uint64_t number = held + 1; number <= damage->newest; number++) {
        const struct fr_parts *change = &damage->change[number % FR_DAMAGE_FRAMES];
        for (uint32_t i = 0; i < change->count; i++)
            fr_parts_add(out, affected(&change->rect[i], width, height));
    }
    return fr_parts_area(out) < (uint64_t)width * height;
}
