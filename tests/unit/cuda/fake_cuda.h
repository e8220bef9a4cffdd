/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TEST_FAKE_CUDA_H
#define FR_TEST_FAKE_CUDA_H

/*
 * CUDA's driver library in the processor's memory, for what framering and FFmpeg's hwcontext_cuda and nvenc
 * use of it: it is built as libcuda.so.1. Device 0 is some other GPU, device 1 the one of `uuid`. OPAQUE_FDs
 * are those of Mesa's driver for the processor. Copies on a stream are made when the stream is waited for, or
 * asked and not busy. The first thing that was wrong stands in `wrong`.
 *
 * FAKE_CUDA_UUID in the environment: `uuid` in hexadecimal. FAKE_CUDA_REPORT: a file to which the end of the
 * process writes what was counted.
 */

#include <ffnvcodec/dynlink_cuda.h>

#include <stdbool.h>

#define FAKE_CUDA_NO_DEVICE ((CUresult)100)

struct fake_cuda_pair {
    uint32_t made, undone;
};

struct fake_cuda {
    /* What it is like; all zero: everything works at once. */
    uint8_t uuid[16];
    CUresult init;      /* what cuInit says */
    uint32_t fail_call; /* that call (from 1) fails; what it undoes is undone all the same */
    uint32_t fail_push; /* that cuCtxPushCurrent (from 1) does */
    uint32_t busy;      /* cuStreamQuery says so many times that the stream is not through */
    bool hangs;         /* ... always */

    /* What happened. */
    const char *wrong;
    uint32_t calls, pushes;
    struct fake_cuda_pair contexts, imports, maps, allocations;
    uint32_t copies, queries;
    unsigned flags;  /* of the newest context */
    CUdevice device; /* likewise */
};

/* The one that the library works on. */
struct fake_cuda *fake_cuda(void);

/* Forgets counts and wishes, but for the UUID; nothing may be open. */
void fake_cuda_reset(void);

/* Everything that was made was undone, and no context is current on this thread. */
bool fake_cuda_balanced(void);

/* [at, at + bytes) lies in one range of memory that is allocated or mapped. */
bool fake_cuda_has(const void *at, size_t bytes);

#endif
