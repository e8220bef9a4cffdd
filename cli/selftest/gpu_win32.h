/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SELFTEST_GPU_WIN32_H
#define FR_CLI_SELFTEST_GPU_WIN32_H

/* Direct3D 11 for rows that look at the driver itself, without the library. */

#include "selftest/selftest.h"

#include "win32/windows_lean.h"

#define COBJMACROS
#include <d3d11_4.h>
#include <dxgi1_2.h>

struct gpu {
    LUID luid;
    char name[3 * 128];
    bool software;
    IDXGIAdapter1 *adapter;
    ID3D11Device *device;
    ID3D11DeviceContext *context;
    /* What did not work, when something did not. */
    const char *call;
    HRESULT result;
};

/* A device on the adapter of that LUID, or (NULL) on the one with the most memory that is no software. False:
 * `call` and `result` say why. gpu_close in any case. */
bool gpu_open(struct gpu *gpu, const LUID *luid);
/* The same on the first adapter that drives a display. */
bool gpu_open_desktop(struct gpu *gpu);
void gpu_close(struct gpu *gpu);

/* The adapters of this machine: "A (8192 MiB), B (software)"; how many are no software. */
unsigned gpu_list(char *out, size_t bytes, HRESULT *result);

/* Ends the row with `call` and `result`: not available where they mean that there is no such thing here, else
 * failed. */
void gpu_conclude(struct selftest *test, const struct gpu *gpu);
/* The same in a peer. Returns 1. */
int gpu_peer_concludes(const struct gpu *gpu);

/* A texture such as rings have: B8G8R8A8, GPU_SIZE squared, shared by NT handle, with a keyed mutex. */
enum { GPU_SIZE = 64 };
struct gpu_shared {
    ID3D11Texture2D *texture;
    IDXGIKeyedMutex *mutex;
    HANDLE handle;
};
bool gpu_share(struct gpu *gpu, struct gpu_shared *out);
/* Opens what another process shares; the handle is that process's. */
bool gpu_open_shared(struct gpu *gpu, DWORD pid, uint64_t handle, struct gpu_shared *out);
void gpu_unshare(struct gpu_shared *shared);

/* Duplicates a handle of another process into this one. */
bool gpu_fetch_handle(struct gpu *gpu, DWORD pid, uint64_t handle, HANDLE *out);

/* Every pixel of the texture, which the caller holds. */
void gpu_fill(struct gpu *gpu, ID3D11Texture2D *texture, uint32_t bgra);
/* The first and the last pixel agree on *bgra. */
bool gpu_read(struct gpu *gpu, ID3D11Texture2D *texture, uint32_t *bgra);

/* "0000000012345678", and back. */
void gpu_write_luid(LUID luid, char out[20]);
bool gpu_parse_luid(const char *text, LUID *out);

#endif
