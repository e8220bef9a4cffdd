/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Which adapters there are, and a device on the best. */
#include "selftest/areas_win32.h"
#include "selftest/gpu_win32.h"

static void list(struct selftest *test)
{
    char names[300];
    HRESULT result;
    const unsigned hardware = gpu_list(names, sizeof names, &result);
    if (FAILED(result)) {
        selftest_code(test, (uint32_t)result);
        selftest_not_available(test, "DXGI does not start, so that nothing is known of GPUs");
    } else if (hardware) {
        selftest_pass(test, "%s", names);
    } else {
        selftest_not_available(test, "there is no GPU%s%s; rings are shared memory here",
                               names[0] ? ", only " : "", names);
    }
}

static void device(struct selftest *test)
{
    struct gpu gpu;
    if (gpu_open(&gpu, NULL))
        selftest_pass(test, "Direct3D 11 at feature level 11.0 works on %s", gpu.name);
    else
        gpu_conclude(test, &gpu);
    gpu_close(&gpu);
}

static const struct selftest_row rows[] = {
    {"adapters", "list", "the adapters of this machine", 20000, false, list, NULL},
    {"adapters", "device", "a device on the best of them", 20000, false, device, NULL},
};
const struct selftest_rows selftest_adapters = {rows, sizeof rows / sizeof rows[0]};
