/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/mask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t flags;
} names[] = {
    {"sse4.1", FR_CPU_SSE41}, {"avx2", FR_CPU_AVX2}, {"avx512", FR_CPU_AVX512},
    {"neon", FR_CPU_NEON},    {"all", ~0u},
};

static bool parse_number(const char *text, uint32_t *out)
{
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 0);
    *out = (uint32_t)value;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && value <= UINT32_MAX;
}

static bool add_name(const char *text, size_t length, uint32_t *mask)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i].name) == length && strncmp(names[i].name, text, length) == 0) {
            *mask |= names[i].flags;
            return true;
        }
    return false;
}

fr_status fr_cpu_mask_parse(uint32_t *out, const char *text)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = 0;
    uint32_t mask = 0;
    if (!text)
        return FR_ERR_ARGUMENT;
    if (!parse_number(text, &mask)) {
        mask = 0;
        for (;; text++) {
            const size_t length = strcspn(text, ",");
            if (!add_name(text, length, &mask))
                return FR_ERR_ARGUMENT;
            text += length;
            if (!*text)
                break;
        }
    }
    *out = mask;
    return FR_OK;
}

fr_status fr_cpu_mask_from_environment(uint32_t *out)
{
    const char *const text = getenv("FRAMERING_CPU_MASK");
    *out = 0;
    return text && *text ? fr_cpu_mask_parse(out, text) : FR_OK;
}
