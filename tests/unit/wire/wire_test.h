/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_WIRE_WIRE_TEST_H
#define FR_TESTS_UNIT_WIRE_WIRE_TEST_H

#include <framering/wire.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Header images, written byte by byte from the tables of docs/wire.md. */
struct image {
    _Alignas(8) uint8_t byte[FR_WIRE_V2_BYTES];
};

extern const struct image golden_v1; /* its tail is not zero: nobody may look at it */
extern const struct image golden_v2;

/* Writes `value` little endian at `offset`. */
void put_u32(struct image *image, size_t offset, uint32_t value);

int run_token(void);
int run_snapshot(void);
int run_hostile(void);

#endif
