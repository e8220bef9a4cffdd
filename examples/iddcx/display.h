/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLE_IDDCX_DISPLAY_H
#define EXAMPLE_IDDCX_DISPLAY_H

/*
 * One monitor of the example driver, and who touches what of it:
 *
 *   control thread      requests of the host (driver.c): the kept ring, and fr_source_deliver
 *   monitor callbacks   assign, unassign, default metadata (driver.c): never two at a time for one monitor
 *   swap-chain thread   everything that a frame needs (swapchain.c); exists between assign and unassign
 *
 * The source belongs to the swap-chain thread while that runs, else to the monitor callbacks. The other
 * threads reach it, and everything else that is marked (lock), under the lock.
 */

#include "iddcx_standin.h"
#include "ring_box.h"

#include <framering/d3d11.h>
#include <framering/win32.h>

/* What happened since the monitor arrived; for the driver's trace. The library counts what became of frames:
 * fr_source_get_info. */
struct display_counts {
    uint32_t loops;     /* how often the swap-chain loop was entered */
    uint64_t acquired;  /* frames of the system */
    uint64_t unwatched; /* of these, no source was there to take them */
    uint64_t protected_frames;
    uint64_t republished; /* kept frames that were published after all, or into a new ring */
    uint64_t devices;
};

/* The device that renders for this monitor, and the last composed frame. */
struct display_device {
    LUID luid;
    ID3D11Device *device; /* NULL: none */
    ID3D11DeviceContext *context;
    ID3D11Texture2D *kept; /* a copy of the last frame; NULL: none yet */
    D3D11_TEXTURE2D_DESC kept_desc;
    bool has_kept;
};

struct display {
    SRWLOCK lock;
    IDDCX_MONITOR monitor;
    bool arrived;
    uint32_t target_id;
    struct display_counts counts;

    fr_source *source;   /* (lock) for the pointer */
    struct ring_box box; /* (lock) the host's last ring */
    WDFFILEOBJECT host;  /* (lock) through which it came */

    IDDCX_HDR10_METADATA default_hdr; /* (lock) */
    bool has_default_hdr;             /* (lock) */
    bool default_hdr_changed;         /* (lock) */
    bool uses_default_hdr;            /* the last frame that said so wanted the default */
    bool owed;                        /* the kept frame is newer than what was published last */
    bool in_step;                     /* the frame acquired last is the one published last */
    bool has_hdr;                     /* the source was told `hdr` */
    fr_hdr_metadata hdr;
    uint32_t sdr_white_nits;

    struct display_device gpu;
    IDDCX_SWAPCHAIN swap_chain;
    HANDLE new_frame; /* the system's */
    HANDLE terminate, thread;
};

/* ---- device.c ---- */

/* Makes `gpu` hold a working device on the adapter; keeps the one it has if it is that one. False: it has
 * none now. *changed: every texture and source of the former device is useless. */
bool display_device_ensure(struct display_device *gpu, LUID luid, bool *changed);
void display_device_finish(struct display_device *gpu);
bool display_device_works(const struct display_device *gpu);
/* Copies a composed frame, so that it can be published again. Failing costs a still picture, nothing else. */
void display_device_keep(struct display_device *gpu, ID3D11Texture2D *frame);

/* ---- swapchain.c ---- */

/* Opens a source on the display's device, and gives it the ring that the host delivered last. No thread may
 * run. Without a source the display works, but nobody sees it. */
void display_open_source(struct display *display);
void display_close_source(struct display *display);
/* (lock) Gives the source, if there is one, handles of its own to the ring. False: it does not take them. */
bool display_give_ring(struct display *display, const fr_win32_ring *ring);

/* Runs the swap chain on a thread of its own, which deletes it at the end. False: no thread; the swap chain
 * is as it was. */
bool display_start(struct display *display, IDDCX_SWAPCHAIN swap_chain, HANDLE new_frame);
/* Ends the thread. */
void display_stop(struct display *display);

/* ---- driver.c ---- */

void example_trace(const char *format, ...);

/* The monitor `display` is there: the first time, or again after a departure. */
NTSTATUS example_monitor_arrive(struct display *display, IDDCX_MONITOR monitor);
void example_monitor_depart(struct display *display);

/* What the driver gives to IDD_CX_CLIENT_CONFIG and WDF_FILEOBJECT_CONFIG; `monitor` and `file` say which. */
NTSTATUS example_assign_swap_chain(IDDCX_MONITOR monitor, const IDARG_IN_SETSWAPCHAIN *in);
NTSTATUS example_unassign_swap_chain(IDDCX_MONITOR monitor);
NTSTATUS example_set_default_hdr_metadata(IDDCX_MONITOR monitor,
                                          const IDARG_IN_MONITOR_SET_DEFAULT_HDR_METADATA *in);
void example_device_io_control(WDFDEVICE device, WDFREQUEST request, size_t out_bytes, size_t in_bytes,
                               ULONG code);
void example_file_cleanup(WDFFILEOBJECT file);

#endif
