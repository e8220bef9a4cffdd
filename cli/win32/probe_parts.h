/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_WIN32_PROBE_PARTS_H
#define FR_CLI_WIN32_PROBE_PARTS_H

#include "win32/windows_lean.h"

#include <jansson.h>

/* Each adapter: {name, luid, vendor, memory_mib, software, device, keyed_mutex, fence}, the last three
 * {usable, reason}, each tried just now. Empty when there is no DXGI. */
json_t *probe_adapters(void);

/* Each active path of the display configuration: {target, adapter, name, width, height, refresh_hz, hdr
 * ("on", "off", "unsupported", "unknown"), bits, sdr_white_nits, reason}. */
json_t *probe_displays(void);

/* "0000000012345678". Returns out. */
char *probe_luid(LUID luid, char out[20]);

#endif
