/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * Textures and fences that two processes share, and how a keyed mutex behaves there. Codes are compared
 * exactly: WAIT_TIMEOUT and WAIT_ABANDONED are no failures to SUCCEEDED(). A row says pass only when the
 * mutex was also seen to keep the other process out.
 */
#include "selftest/areas_win32.h"
#include "selftest/gpu_win32.h"

#include "clock.h"
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 8000, HELD_MS = 60, FREE_MS = 2000, DEAD_MS = 5000 };

static const uint32_t row_colour = 0xff204080u, peer_colour = 0xff906030u;
static const uint64_t row_value = 5, peer_value = 9;

/* A texture of ours and a peer that has opened it. */
struct pair {
    struct gpu gpu;
    struct gpu_shared shared;
    struct peer peer;
    char pid[16], handle[24], luid[20];
};

/* False: it did not say exactly that; the row has failed. */
static bool acquire_says(struct selftest *test, struct gpu_shared *shared, DWORD wait_ms, HRESULT expected,
                         const char *when)
{
    const HRESULT result = IDXGIKeyedMutex_AcquireSync(shared->mutex, 0, wait_ms);
    if (result == expected)
        return true;
    selftest_code(test, (uint32_t)result);
    selftest_fail(test, "AcquireSync %s said this, and should have said 0x%08lx %s", when,
                  (unsigned long)expected, selftest_code_name((uint32_t)expected));
    return false;
}

static bool release(struct selftest *test, struct gpu_shared *shared)
{
    const HRESULT result = IDXGIKeyedMutex_ReleaseSync(shared->mutex, 0);
    if (result == S_OK)
        return true;
    selftest_code(test, (uint32_t)result);
    selftest_fail(test, "ReleaseSync did not say S_OK");
    return false;
}

static bool pair_open(struct pair *pair, struct selftest *test, const char *task)
{
    memset(pair, 0, sizeof *pair);
    peer_init(&pair->peer);
    if (!gpu_open(&pair->gpu, NULL) || !gpu_share(&pair->gpu, &pair->shared)) {
        gpu_conclude(test, &pair->gpu);
        return false;
    }
    if (!acquire_says(test, &pair->shared, FREE_MS, S_OK, "of a new mutex"))
        return false;
    gpu_fill(&pair->gpu, pair->shared.texture, row_colour);
    if (!release(test, &pair->shared))
        return false;
    snprintf(pair->pid, sizeof pair->pid, "%lu", GetCurrentProcessId());
    snprintf(pair->handle, sizeof pair->handle, "%" PRIu64, (uint64_t)(uintptr_t)pair->shared.handle);
    gpu_write_luid(pair->gpu.luid, pair->luid);
    const char *const words[] = {task, pair->pid, pair->handle, pair->luid, NULL};
    return peer_start(test, &pair->peer, "share", words, -1);
}

static void pair_close(struct pair *pair)
{
    (void)peer_finish(&pair->peer, 500);
    gpu_unshare(&pair->shared);
    gpu_close(&pair->gpu);
}

/* While the peer holds the mutex, it must keep us out. */
static bool keeps_out(struct pair *pair, struct selftest *test)
{
    return peer_expect(test, &pair->peer, "held", ANSWER_MS) &&
           acquire_says(test, &pair->shared, HELD_MS, WAIT_TIMEOUT,
                        "of a mutex that the other process holds");
}

static bool exchange(struct pair *pair, struct selftest *test)
{
    uint32_t seen = 0;
    if (!acquire_says(test, &pair->shared, FREE_MS, S_OK, "of a free mutex"))
        return false;
    if (!gpu_read(&pair->gpu, pair->shared.texture, &seen)) {
        gpu_conclude(test, &pair->gpu);
        return false;
    }
    if (seen == peer_colour)
        return release(test, &pair->shared);
    selftest_fail(test, "the other process wrote 0x%08" PRIx32 ", but 0x%08" PRIx32 " was read", peer_colour,
                  seen);
    return false;
}

/* What is drawn on one side is what is read on the other, both ways, and the mutex keeps the two apart. */
static void texture(struct selftest *test)
{
    struct pair pair;
    if (pair_open(&pair, test, "exchange") && keeps_out(&pair, test) &&
        peer_expect(test, &pair.peer, "written", ANSWER_MS) && exchange(&pair, test))
        selftest_pass(test, "a texture of %s was written and read from two processes", pair.gpu.name);
    pair_close(&pair);
}

static void held(struct selftest *test)
{
    struct pair pair;
    if (pair_open(&pair, test, "hold") && keeps_out(&pair, test)) {
        selftest_code(test, WAIT_TIMEOUT);
        selftest_pass(test, "a mutex that the other process holds times out");
    }
    pair_close(&pair);
}

static void abandoned(struct selftest *test)
{
    struct pair pair;
    if (pair_open(&pair, test, "hold") && keeps_out(&pair, test)) {
        peer_kill(&pair.peer);
        if (acquire_says(test, &pair.shared, DEAD_MS, (HRESULT)WAIT_ABANDONED,
                         "of a mutex whose owner was killed")) {
            selftest_code(test, WAIT_ABANDONED);
            selftest_pass(test, "the mutex of a killed process is reported as abandoned");
        }
    }
    pair_close(&pair);
}

/* ---- fences ---- */

struct fence {
    ID3D11Device5 *device;
    ID3D11DeviceContext4 *context;
    ID3D11Fence *fence;
    HANDLE handle;
};

static bool fence_prepare(struct gpu *gpu, struct fence *out)
{
    *out = (struct fence){.handle = NULL};
    gpu->call = "ID3D11Device5";
    gpu->result = ID3D11Device_QueryInterface(gpu->device, &IID_ID3D11Device5, (void **)&out->device);
    if (FAILED(gpu->result))
        return false;
    gpu->call = "ID3D11DeviceContext4";
    gpu->result =
        ID3D11DeviceContext_QueryInterface(gpu->context, &IID_ID3D11DeviceContext4, (void **)&out->context);
    return SUCCEEDED(gpu->result);
}

static bool fence_create(struct gpu *gpu, struct fence *fence)
{
    gpu->call = "CreateFence";
    gpu->result = ID3D11Device5_CreateFence(fence->device, 0, D3D11_FENCE_FLAG_SHARED, &IID_ID3D11Fence,
                                            (void **)&fence->fence);
    if (FAILED(gpu->result))
        return false;
    gpu->call = "CreateSharedHandle of a fence";
    gpu->result = ID3D11Fence_CreateSharedHandle(fence->fence, NULL, GENERIC_ALL, NULL, &fence->handle);
    return SUCCEEDED(gpu->result);
}

static bool fence_open(struct gpu *gpu, struct fence *fence, DWORD pid, uint64_t handle)
{
    if (!gpu_fetch_handle(gpu, pid, handle, &fence->handle))
        return false;
    gpu->call = "OpenSharedFence";
    gpu->result =
        ID3D11Device5_OpenSharedFence(fence->device, fence->handle, &IID_ID3D11Fence, (void **)&fence->fence);
    return SUCCEEDED(gpu->result);
}

static void fence_finish(struct fence *fence)
{
    if (fence->fence)
        ID3D11Fence_Release(fence->fence);
    if (fence->context)
        ID3D11DeviceContext4_Release(fence->context);
    if (fence->device)
        ID3D11Device5_Release(fence->device);
    if (fence->handle)
        CloseHandle(fence->handle);
}

static bool fence_signal(struct gpu *gpu, struct fence *fence, uint64_t value)
{
    gpu->call = "Signal";
    gpu->result = ID3D11DeviceContext4_Signal(fence->context, fence->fence, value);
    ID3D11DeviceContext_Flush(gpu->context);
    return SUCCEEDED(gpu->result);
}

static bool fence_reaches(struct fence *fence, uint64_t value)
{
    const uint64_t until_ns = fr_clock_now_ns() + FREE_MS * NS_PER_MS;
    while (ID3D11Fence_GetCompletedValue(fence->fence) < value) {
        if (fr_clock_now_ns() >= until_ns)
            return false;
        clock_sleep_ns(NS_PER_MS);
    }
    return ID3D11Fence_GetCompletedValue(fence->fence) == value;
}

static void fence_row(struct selftest *test)
{
    struct gpu gpu;
    struct fence fence = {.handle = NULL};
    struct peer peer;
    char pid[16], handle[24], luid[20];
    peer_init(&peer);
    if (!gpu_open(&gpu, NULL) || !fence_prepare(&gpu, &fence) || !fence_create(&gpu, &fence)) {
        gpu_conclude(test, &gpu);
    } else {
        snprintf(pid, sizeof pid, "%lu", GetCurrentProcessId());
        snprintf(handle, sizeof handle, "%" PRIu64, (uint64_t)(uintptr_t)fence.handle);
        gpu_write_luid(gpu.luid, luid);
        const char *const words[] = {"fence", pid, handle, luid, NULL};
        if (peer_start(test, &peer, "share", words, -1) && peer_expect(test, &peer, "opened", ANSWER_MS)) {
            if (!fence_signal(&gpu, &fence, row_value))
                gpu_conclude(test, &gpu);
            else if (peer_expect(test, &peer, "reached", ANSWER_MS) && !fence_reaches(&fence, peer_value))
                selftest_fail(test, "the other process's signal did not arrive: the fence is at %" PRIu64,
                              (uint64_t)ID3D11Fence_GetCompletedValue(fence.fence));
            else
                selftest_pass(test, "a fence of %s was signalled from either process and seen in the other",
                              gpu.name);
        }
    }
    (void)peer_finish(&peer, 500);
    fence_finish(&fence);
    gpu_close(&gpu);
}

/* ---- the peer ---- */

static int hold(struct gpu_shared *shared)
{
    const HRESULT result = IDXGIKeyedMutex_AcquireSync(shared->mutex, 0, FREE_MS);
    if (result != S_OK)
        return peer_failed("AcquireSync of a free mutex said 0x%08lx", (unsigned long)result);
    peer_say("held");
    clock_sleep_ns((uint64_t)ANSWER_MS * NS_PER_MS);
    return EXIT_DONE;
}

static int exchange_back(struct gpu *gpu, struct gpu_shared *shared)
{
    uint32_t seen = 0;
    HRESULT result = IDXGIKeyedMutex_AcquireSync(shared->mutex, 0, FREE_MS);
    if (result != S_OK)
        return peer_failed("AcquireSync of a free mutex said 0x%08lx", (unsigned long)result);
    if (!gpu_read(gpu, shared->texture, &seen))
        return gpu_peer_concludes(gpu);
    if (seen != row_colour)
        return peer_failed("0x%08" PRIx32 " was written, but 0x%08" PRIx32 " was read", row_colour, seen);
    gpu_fill(gpu, shared->texture, peer_colour);
    peer_say("held");
    clock_sleep_ns((HELD_MS * 4) * NS_PER_MS);
    result = IDXGIKeyedMutex_ReleaseSync(shared->mutex, 0);
    if (result != S_OK)
        return peer_failed("ReleaseSync said 0x%08lx", (unsigned long)result);
    peer_say("written");
    return EXIT_DONE;
}

static int follow_fence(struct gpu *gpu, DWORD pid, uint64_t handle)
{
    struct fence fence;
    int code = EXIT_DONE;
    if (!fence_prepare(gpu, &fence) || !fence_open(gpu, &fence, pid, handle)) {
        code = gpu_peer_concludes(gpu);
    } else {
        peer_say("opened");
        if (!fence_reaches(&fence, row_value))
            code = peer_failed("the signal of the first process did not arrive");
        else if (!fence_signal(gpu, &fence, peer_value))
            code = gpu_peer_concludes(gpu);
        else
            peer_say("reached");
    }
    fence_finish(&fence);
    return code;
}

int selftest_share_peer(int argc, char **argv)
{
    struct gpu gpu;
    struct gpu_shared shared = {.handle = NULL};
    LUID luid;
    if (argc != 4 || !gpu_parse_luid(argv[3], &luid))
        return EXIT_USAGE;
    const DWORD pid = strtoul(argv[1], NULL, 10);
    const uint64_t handle = strtoull(argv[2], NULL, 10);
    int code;
    if (!gpu_open(&gpu, &luid))
        code = gpu_peer_concludes(&gpu);
    else if (strcmp(argv[0], "fence") == 0)
        code = follow_fence(&gpu, pid, handle);
    else if (!gpu_open_shared(&gpu, pid, handle, &shared))
        code = gpu_peer_concludes(&gpu);
    else
        code = strcmp(argv[0], "hold") == 0 ? hold(&shared) : exchange_back(&gpu, &shared);
    gpu_unshare(&shared);
    gpu_close(&gpu);
    return code;
}

static const struct selftest_row rows[] = {
    {"share", "texture", "a texture with a keyed mutex, written and read from two processes", 30000, false,
     texture, NULL},
    {"share", "held", "a keyed mutex that another process holds times out", 30000, false, held, NULL},
    {"share", "abandoned", "the keyed mutex of a process that was killed is abandoned", 30000, false,
     abandoned, NULL},
    {"share", "fence", "a fence signalled from two processes", 30000, false, fence_row, NULL},
};
const struct selftest_rows selftest_share = {rows, sizeof rows / sizeof rows[0]};
