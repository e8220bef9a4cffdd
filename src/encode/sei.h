/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_SEI_H
#define FR_ENCODE_SEI_H

/*
 * Mastering display (137) and content light level (144) messages for H.264 and HEVC streams, ITU-T H.264
 * D.1.29 and D.1.31, H.265 D.2.28 and D.2.35. Of the wrappers in FFmpeg 5.1 only hevc_vaapi writes them on
 * its own.
 */

#include <framering/format.h>

#include <libavcodec/avcodec.h>

enum { FR_SEI_BYTES = 128 }; /* room for both messages in the worst case */

/* Writes both messages as Annex B units. Returns their length. */
size_t fr_sei_write(uint8_t out[FR_SEI_BYTES], enum AVCodecID codec, const fr_hdr_metadata *hdr);

/* Puts them in front of the first slice of an Annex B access unit, unless they are there already; of an AV1
 * temporal unit the same as metadata OBUs, in front of its first frame. FR_OK also where there is nothing to
 * do (another codec, no start code). FR_ERR_NO_MEMORY leaves the packet as it was. */
fr_status fr_sei_insert(AVPacket *packet, enum AVCodecID codec, const fr_hdr_metadata *hdr);

#endif
