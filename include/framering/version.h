/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_VERSION_H
#define FRAMERING_VERSION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * FR_API marks what a shared libframering exports; everything else is hidden. On Windows a program that links
 * the static libraries defines FR_STATIC; FR_BUILDING is for the libraries themselves.
 */
#if defined(_WIN32) && defined(FR_STATIC)
#define FR_API
#elif defined(_WIN32) && defined(FR_BUILDING)
#define FR_API __declspec(dllexport)
#elif defined(_WIN32)
#define FR_API __declspec(dllimport)
#else
#define FR_API __attribute__((visibility("default")))
#endif

#define FR_VERSION_MAJOR 0
#define FR_VERSION_MINOR 1
#define FR_VERSION_PATCH 0

/* The version of the library that runs, as major << 16 | minor << 8 | patch. Any thread. */
FR_API uint32_t fr_version(void);

/* The same as text, for example "0.1.0". Static; never NULL. Any thread. */
FR_API const char *fr_version_text(void);

#ifdef __cplusplus
}
#endif
#endif
