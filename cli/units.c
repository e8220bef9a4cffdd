/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "units.h"

#include "clock.h"

#include <framering/format.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool units_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
    char *end;
    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, base);
    if (errno || *end || value < min || value > max)
        return false;
    *out = value;
    return true;
}

bool units_parse_size(const char *text, uint32_t *width, uint32_t *height)
{
    char left[8];
    const char *cross = strpbrk(text, "xX");
    if (!cross || (size_t)(cross - text) >= sizeof left)
        return false;
    memcpy(left, text, (size_t)(cross - text));
    left[cross - text] = '\0';
    uint64_t w, h;
    if (!units_parse_number(left, 1, FR_SIZE_MAX, &w) || !units_parse_number(cross + 1, 1, FR_SIZE_MAX, &h))
        return false;
    *width = (uint32_t)w;
    *height = (uint32_t)h;
    return true;
}

/* A plain decimal: strtod alone would also take "inf", "nan", hexadecimal and leading blanks. */
static bool parse_decimal(const char *text, double *out, const char **rest)
{
    size_t length = strspn(text, "0123456789.");
    if (length == 0 || length > 15)
        return false;
    char number[16];
    memcpy(number, text, length);
    number[length] = '\0';
    char *end;
    *out = strtod(number, &end);
    *rest = text + length;
    return *end == '\0' && end != number;
}

static bool parse_seconds(const char *text, double *seconds)
{
    static const struct {
        const char *suffix;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"m", 60}, {"min", 60}, {"h", 3600}};
    double value;
    const char *rest;
    if (!parse_decimal(text, &value, &rest))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(rest, units[i].suffix) != 0)
            continue;
        *seconds = value * units[i].seconds;
        return true;
    }
    return false;
}

bool units_parse_duration(const char *text, uint64_t *ns)
{
    double seconds;
    if (!parse_seconds(text, &seconds) || seconds < 1e-3 || seconds > 1000.0 * 86400.0)
        return false;
    *ns = (uint64_t)(seconds * 1e9);
    return true;
}

bool units_parse_spin(const char *text, uint64_t *ns)
{
    double seconds;
    if (!parse_seconds(text, &seconds) || seconds > 1.0)
        return false;
    *ns = (uint64_t)(seconds * 1e9 + 0.5);
    return true;
}

bool units_parse_milli(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
    double value;
    const char *rest;
    if (!parse_decimal(text, &value, &rest) || *rest)
        return false;
    double milli = floor(value * 1000.0 + 0.5);
    if (milli < min || milli > max)
        return false;
    *out = (uint32_t)milli;
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool units_same_word(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

char *units_write_clock(char *out, size_t bytes, uint64_t ns)
{
    uint64_t seconds = ns / NS_PER_S;
    if (seconds < 3600)
        snprintf(out, bytes, "%02" PRIu64 ":%02" PRIu64, seconds / 60, seconds % 60);
    else
        snprintf(out, bytes, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
    return out;
}
