/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_OBU_H
#define FR_ENCODE_OBU_H

/* Mastering display and content light level of AV1 streams: metadata OBUs, AV1 specification 5.8.3 and 5.8.4,
 * in the low-overhead format (5.2). */

#include <framering/format.h>

#include <libavcodec/avcodec.h>

enum { FR_OBU_HDR_BYTES = 2 + 1 + 24 + 1 + 2 + 1 + 4 + 1 };

/* Writes both OBUs. */
void fr_obu_write_hdr(uint8_t out[FR_OBU_HDR_BYTES], const fr_hdr_metadata *hdr);

/* Where in a temporal unit they belong: behind temporal delimiter and sequence header. False: they are there
 * already, or this is no such unit. */
bool fr_obu_find_place(const uint8_t *data, size_t size, size_t *place);

#endif
