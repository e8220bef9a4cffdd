/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_VALUE_H
#define FRAMERING_SOURCES_VALUE_H

/* Values on a command line. Each function takes the whole text or nothing: false leaves *out as it was. */

#include <stdbool.h>
#include <stdint.h>

/* A decimal number from 0 to max. */
bool fr_value_u32(const char *text, uint32_t max, uint32_t *out);

/* "1920x1080", each from 1 to FR_SIZE_MAX. */
bool fr_value_size(const char *text, uint32_t *width, uint32_t *height);

/* Frames per second, from 0.1 to 1000, as thousandths: "59.94" is 59940. */
bool fr_value_rate(const char *text, uint32_t *out_mhz);

/* "2s", "1.5s" or "250ms", up to a day. */
bool fr_value_duration(const char *text, uint64_t *out_ns);

/* "on" or "off". */
bool fr_value_switch(const char *text, bool *out);

#endif
