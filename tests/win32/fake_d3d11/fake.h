/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WIN32_FAKE_D3D11_FAKE_H
#define TESTS_WIN32_FAKE_D3D11_FAKE_H

/*
 * Direct3D 11 and DXGI without a GPU: real pixels in memory, textures and fences that are shared between
 * processes, and a will of their own: each call can be made to fail, and the device can go at any call.
 *
 * It is a library for tests in one process (fake_api), and two DLLs to lie beside a program (dll.c), set up
 * by environment variables:
 *
 *   FAKE_D3D11_ADAPTERS  NAME:MEGABYTES:LUID[:software];...      instead of one "Fake GPU" with 8 GiB
 *   FAKE_D3D11_OPTIONS   words of enum fake_option without FAKE_, in small letters, joined by commas
 *   FAKE_D3D11_FAIL      METHOD:NTH:RESULT (hexadecimal)
 *   FAKE_D3D11_REMOVE    NTH, counted over all calls of the process
 *
 *   FAKE_D3D11_STRICT    1: objects that are left at the end count as violations
 *
 * What the debug layer would complain of is a violation: printed, counted, and at the end of a program that
 * uses the DLLs the reason for exit code 3.
 *
 * A method that no one needed yet ends the program with its name.
 */

#include "backend/d3d11/api.h"

enum fake_option {
    FAKE_NO_SHARING = 1 << 0,  /* textures cannot be shared by handle: E_NOINTERFACE */
    FAKE_NO_FENCES = 1 << 1,   /* no ID3D11Device5 */
    FAKE_NO_DEVICE1 = 1 << 2,  /* nor ID3D11Device1 */
    FAKE_NO_VIDEO = 1 << 3,    /* no video processor */
    FAKE_NO_PLANES = 1 << 4,   /* NV12 and P010 have no views by plane */
    FAKE_NO_CODE = 1 << 5,     /* compiled shaders are refused */
    FAKE_NO_THREADS = 1 << 6,  /* no ID3D11Multithread */
    FAKE_OLD_RUNTIME = 1 << 7, /* has never heard of feature level 11.1 */
    FAKE_NO_PRIORITY = 1 << 8, /* the display's GPU priority is refused */
    FAKE_VIDEO_FAILS = 1 << 9, /* there is a video processor, but it does nothing */
    FAKE_NO_DEVICE = 1 << 10,  /* no device can be made */
    /* Lies: what says that it works, and does not. */
    FAKE_MUTEX_OPEN = 1 << 11,    /* AcquireSync always says S_OK, and keeps nobody out */
    FAKE_MUTEX_FORGETS = 1 << 12, /* the mutex of a dead process is given out as if it had been free */
    FAKE_FENCE_DEAF = 1 << 13     /* Signal says S_OK, and nothing is signalled */
};

struct fake_adapter_desc {
    const wchar_t *name;
    uint32_t megabytes;
    uint32_t luid_low;
    bool software;
};

/* Everything as it was at the start: one adapter, no faults, counters at 0. Objects that a failed test left
 * are forgotten. */
void fake_reset(void);
void fake_options(uint32_t options); /* FAKE_*, or-ed; also for devices that are there */
void fake_adapters(const struct fake_adapter_desc *list, size_t count); /* copied, at most 8 */

/* The table for fr_d3d11_host_create. */
const struct fr_d3d11_api *fake_api(void);

/* A device on the adapter with this number, as a source has one; the caller's reference. */
ID3D11Device *fake_device_create(size_t adapter);
/* Its owner's process dies: what it holds stays held, by nobody. Nothing may be called on it any more. */
void fake_device_die(ID3D11Device *device);

/* The nth (from 1) call of a method from now on returns `result` and does nothing else. One at a time.
 * "ID3D11Device::CreateTexture2D", "*" for every one; methods that newer interfaces added are named by the
 * first one's name. */
void fake_fail(const char *method, uint32_t nth, HRESULT result);
/* Whether that call came. */
bool fake_failed(void);
/* The device of the nth call (from 1; of any method that does anything) is removed at it. 0: none. */
void fake_remove(uint32_t nth, HRESULT reason);
bool fake_removed(void);
void fake_remove_device(ID3D11Device *device, HRESULT reason);
/* How often it was called since fake_reset. */
uint32_t fake_calls(const char *method);

/* While the GPU stalls, what was submitted is not done: signals do not arrive, maps would wait. */
void fake_gpu_stall(bool stalls);

/* Objects with references; the names of those that live are printed if there are any. */
uint32_t fake_live(void);
uint32_t fake_live_of(const char *interface_name);
uint32_t fake_violations(void);
/* The text of the last one. */
const char *fake_violation_text(void);

/* What the last device on any adapter was given. */
struct fake_priorities {
    INT gpu_thread;
    UINT frame_latency;
    int scheduling_class; /* of the process; -1 = never set */
    bool multithread_protected;
};
struct fake_priorities fake_priorities(void);

/* Straight to a texture's bytes, whatever holds it: the rows of plane 0, then of plane 1. */
uint8_t *fake_pixels(ID3D11Texture2D *texture, uint32_t plane, size_t *pitch_bytes);

#endif
