/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_NVENC_API_H
#define FR_ENCODE_NVENC_API_H

/* NVIDIA's header, and what depends on which of its versions is there. */

#if defined(_WIN32) && !defined(WIN32_LEAN_AND_MEAN)
#define WIN32_LEAN_AND_MEAN
#endif
#if defined(_WIN32) && !defined(NOMINMAX)
#define NOMINMAX
#endif
#include <ffnvcodec/nvEncodeAPI.h>

#if NVENCAPI_MAJOR_VERSION < 10
#error "framering needs version 10.0 or newer of nvEncodeAPI.h: presets P1 to P7 and tuning begin there"
#endif

#define FR_NVENC_VERSION_AT_LEAST(major, minor)                                                              \
    (NVENCAPI_MAJOR_VERSION > (major) ||                                                                     \
     (NVENCAPI_MAJOR_VERSION == (major) && NVENCAPI_MINOR_VERSION >= (minor)))

#if FR_NVENC_VERSION_AT_LEAST(12, 0)
#define FR_NVENC_HAS_AV1 1
#else
#define FR_NVENC_HAS_AV1 0
#endif

/* From 12.2 on depths are given as such, for input and output, instead of "minus 8". */
#if FR_NVENC_VERSION_AT_LEAST(12, 2)
#define FR_NVENC_HAS_BIT_DEPTHS 1
#else
#define FR_NVENC_HAS_BIT_DEPTHS 0
#endif

#endif
