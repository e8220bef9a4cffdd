/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_HDR_H
#define FR_ENCODE_HDR_H

#include <framering/format.h>

#include <libavutil/mastering_display_metadata.h>

/* Fills libavutil's two structs, fresh from their allocators. */
void fr_hdr_to_av(AVMasteringDisplayMetadata *display, AVContentLightMetadata *light,
                  const fr_hdr_metadata *hdr);

#endif
