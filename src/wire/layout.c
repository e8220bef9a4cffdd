/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Compiled for its assertions alone; tests/headers compiles the same file as C++. */
#include "wire/layout.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the shared bytes are little endian"
#endif
