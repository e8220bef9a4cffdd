/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "value.h"

#include "program.h"

#include <framering/format.h>

#include <string.h>

#define BILLION UINT64_C(1000000000)

/* Reads digits with an optional fraction as billionths; strtod would follow the locale's decimal point. */
static bool read_decimal(const char **text, uint64_t max_whole, uint64_t *out_billionths)
{
    const char *at = *text;
    if (*at < '0' || *at > '9')
        return false;
    uint64_t whole = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        whole = whole * 10 + (uint64_t)(*at - '0');
        if (whole > max_whole)
            return false;
    }
    uint64_t fraction = 0;
    if (*at == '.') {
        uint64_t unit = BILLION / 10;
        if (*++at < '0' || *at > '9')
            return false;
        for (; *at >= '0' && *at <= '9'; at++, unit /= 10)
            fraction += unit * (uint64_t)(*at - '0');
    }
    *text = at;
    *out_billionths = whole * BILLION + fraction;
    return true;
}

static bool read_whole(const char **text, uint32_t max, uint32_t *out)
{
    const char *at = *text;
    uint64_t value = 0;
    if (*at < '0' || *at > '9')
        return false;
    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (uint64_t)(*at - '0');
        if (value > max)
            return false;
    }
    *text = at;
    *out = (uint32_t)value;
    return true;
}

bool fr_value_u32(const char *text, uint32_t max, uint32_t *out)
{
    uint32_t value;
    if (!read_whole(&text, max, &value) || *text)
        return false;
    *out = value;
    return true;
}

bool fr_value_size(const char *text, uint32_t *width, uint32_t *height)
{
    uint32_t w, h;
    if (!read_whole(&text, FR_SIZE_MAX, &w) || *text++ != 'x' || !read_whole(&text, FR_SIZE_MAX, &h) || *text)
        return false;
    if (!w || !h)
        return false;
    *width = w;
    *height = h;
    return true;
}

bool fr_value_rate(const char *text, uint32_t *out_mhz)
{
    uint64_t billionths;
    if (!read_decimal(&text, 1000, &billionths) || *text)
        return false;
    const uint64_t mhz = (billionths + 500000) / 1000000;
    if (mhz < 100 || mhz > 1000000)
        return false;
    *out_mhz = (uint32_t)mhz;
    return true;
}

bool fr_value_duration(const char *text, uint64_t *out_ns)
{
    uint64_t billionths;
    if (!read_decimal(&text, 86400000, &billionths))
        return false;
    uint64_t ns;
    if (!strcmp(text, "s"))
        ns = billionths;
    else if (!strcmp(text, "ms"))
        ns = billionths / 1000;
    else
        return false;
    if (ns > 86400 * FR_NS_PER_S)
        return false;
    *out_ns = ns;
    return true;
}

bool fr_value_switch(const char *text, bool *out)
{
    if (strcmp(text, "on") && strcmp(text, "off"))
        return false;
    *out = !strcmp(text, "on");
    return true;
}
