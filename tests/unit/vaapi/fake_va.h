/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TEST_FAKE_VA_H
#define FR_TEST_FAKE_VA_H

/*
 * A driver of VA-API's for libva itself and for FFmpeg above it: it is built as fake_drv_video.so and works
 * in the processor's memory. Surfaces are made of DMA-BUFs, which it maps, as drivers want them: one object,
 * one layer, linear, planes in order, pitches in units of 64 bytes, chroma after an even number of rows,
 * nothing outside. A memfd of Mesa's driver for the processor passes for one where the machine has no
 * DMA-BUFs. Pictures come back by vaGetImage; H.264 is encoded without loss below FFmpeg's own headers, HEVC
 * by x265. The first thing that was wrong stands in `wrong`.
 *
 * FAKE_VA_REPORT in the environment: a file to which the end of the process writes what was counted.
 * FAKE_VA_NO_IMPORT: `no_import`.
 */

#include <va/va.h>
#include <va/va_drmcommon.h>

#include <stdbool.h>
#include <stdint.h>

struct fake_va_pair {
    uint32_t made, undone;
};

struct fake_va {
    /* What it is like; all zero: everything works. */
    uint32_t fail_call; /* that call (from 1) fails; what it undoes is undone all the same */
    bool no_import;     /* surfaces of its own alone */

    /* What happened. */
    const char *wrong;
    uint32_t calls;
    struct fake_va_pair displays, configs, contexts, imports, surfaces, images, buffers, maps;
    uint32_t dma_bufs; /* of the imports: those that the kernel knows as such */
    uint32_t frames, keyframes, downloads, uploads;
    VADRMPRIMESurfaceDescriptor import; /* the newest */
};

/* The one that the driver works on. */
struct fake_va *fake_va(void);

/* Forgets counts and wishes; nothing may be open. */
void fake_va_reset(void);

/* Everything that was made was undone. */
bool fake_va_balanced(void);

#endif
