/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_DESKTOP_API_H
#define FRAMERING_SOURCES_DESKTOP_API_H

/* Where the interfaces of Direct3D 11 and DXGI come from, and what else Windows is asked for: all that a test
 * has to stand in for. */

#include "com.h"

#include <stdint.h>

typedef struct fr_desktop_api {
    void *self;
    /* Both leave NULL on failure. */
    HRESULT (*create_factory)(void *self, IDXGIFactory1 **out);
    HRESULT(*create_device)
    (void *self, IDXGIAdapter1 *adapter, ID3D11Device **out, ID3D11DeviceContext **context);
    /* What SDR's white is in HDR on the output that GDI calls `name`, in thousandths of cd/m2; 0 = not known.
     * May take long. */
    uint32_t (*sdr_white_millinits)(void *self, const WCHAR *name);
    /* Ticks of QueryPerformanceCounter on the clock of fr_clock_now_ns. */
    uint64_t (*ns_of_ticks)(void *self, int64_t ticks);
} fr_desktop_api;

/* Windows' own. From now on this process sees real pixels, not those that are scaled for old programs:
 * Windows duplicates in other formats than BGRA8 for nobody else. */
const fr_desktop_api *fr_desktop_api_windows(void);

#endif
