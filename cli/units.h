/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_UNITS_H
#define FR_CLI_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How values are written on the command line. Each takes the whole text or nothing: false leaves *out
 * alone. */

/* "1920x1080", each 1..FR_SIZE_MAX. */
bool units_parse_size(const char *text, uint32_t *width, uint32_t *height);

/* "5", "5s", "2.5m", "1h", "750ms": more than nothing, at most 1000 days. */
bool units_parse_duration(const char *text, uint64_t *ns);

/* The same words, "50us" first of all: 0 to 1 s. */
bool units_parse_spin(const char *text, uint64_t *ns);

/* "60" or "59.94": thousandths, min..max given in thousandths. */
bool units_parse_milli(const char *text, uint32_t min, uint32_t max, uint32_t *out);

/* Decimal, or hexadecimal with 0x. */
bool units_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* Without regard to case, in ASCII. */
bool units_same_word(const char *a, const char *b);

/* "1:02:03" or "02:03". Returns out. */
char *units_write_clock(char *out, size_t bytes, uint64_t ns);

#endif
