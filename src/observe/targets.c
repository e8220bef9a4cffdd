/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "observe/targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 256 };

bool fr_targets_parse(const char *text, const char *before, const char *after, uint32_t *target_id)
{
    const size_t length = strlen(before);
    if (strncmp(text, before, length) != 0)
        return false;
    const unsigned long long number = strtoull(text + length, NULL, 10);
    if (number > UINT32_MAX)
        return false;
    char expected[TEXT_BYTES];
    snprintf(expected, sizeof(expected), "%s%llu%s", before, number, after);
    *target_id = (uint32_t)number;
    return !strcmp(text, expected);
}

void fr_targets_insert(uint32_t *out, size_t capacity, size_t *count, uint32_t target_id)
{
    size_t at = *count;
    while (at > 0 && out[at - 1] > target_id)
        at--;
    if (at == capacity)
        return;
    const size_t moved = (*count < capacity ? *count : capacity - 1) - at;
    memmove(out + at + 1, out + at, moved * sizeof(*out));
    out[at] = target_id;
    if (*count < capacity)
        (*count)++;
}
