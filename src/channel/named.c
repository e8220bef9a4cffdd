/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/named.h"

#include "channel/sealed_security.h"
#include "common/log.h"
#include "os/atomic.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ROW_ALIGN = 64, SLOT_ALIGN = 4096 };

void fr_named_put(char out[FR_NAME_BYTES], const char *prefix, const char *kind, int64_t target_id,
                  int64_t generation, int64_t index)
{
    int length = snprintf(out, FR_NAME_BYTES, "%s-%s", prefix, kind);
    const int64_t numbers[] = {target_id, generation, index};
    for (size_t i = 0; i < 3 && length > 0 && length < FR_NAME_BYTES && numbers[i] != FR_NAMED_NONE; i++)
        length += snprintf(out + length, (size_t)(FR_NAME_BYTES - length), "-%" PRId64, numbers[i]);
}

fr_status fr_named_prefix(char out[FR_NAMED_PREFIX_BYTES], const char *prefix, const fr_log *log)
{
    if (!prefix)
        prefix = FR_NAMED_PREFIX;
    const int length = snprintf(out, FR_NAMED_PREFIX_BYTES, "%s", prefix);
    if (length > 0 && length < FR_NAMED_PREFIX_BYTES)
        return FR_OK;
    fr_log_write(log, FR_LOG_ERROR, "a prefix of names has 1 to %d bytes", FR_NAMED_PREFIX_BYTES - 1);
    return FR_ERR_ARGUMENT;
}

static size_t round_up(size_t value, size_t to)
{
    return (value + to - 1) / to * to;
}

void fr_named_layout(struct fr_delivery *delivery)
{
    delivery->pitch_bytes =
        round_up((size_t)delivery->width * fr_format_pixel_bytes(delivery->format), ROW_ALIGN);
    const size_t slot_bytes = round_up(delivery->pitch_bytes * delivery->height, SLOT_ALIGN);
    delivery->slots_bytes = slot_bytes * delivery->ring_len;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        delivery->slot_offset[i] = i < delivery->ring_len ? i * slot_bytes : 0;
}

uint32_t fr_named_open_section(const char *name, uint32_t access, fr_handle *out)
{
    wchar_t wide[FR_NAME_BYTES];
    HANDLE section = fr_wide(name, wide, FR_NAME_BYTES) ? OpenFileMappingW(access, FALSE, wide) : NULL;
    *out = section ? (fr_handle)section : FR_HANDLE_NONE;
    return section ? 0 : GetLastError();
}

uint32_t fr_named_open_event(const char *name, uint32_t access, fr_handle *out)
{
    wchar_t wide[FR_NAME_BYTES];
    HANDLE event = fr_wide(name, wide, FR_NAME_BYTES) ? OpenEventW(access, FALSE, wide) : NULL;
    *out = event ? (fr_handle)event : FR_HANDLE_NONE;
    return event ? 0 : GetLastError();
}

fr_wire_fault fr_named_read_front(fr_wire_v1 *out, const void *shared, uint32_t target_id)
{
    /* Sixteen words, the generation last again, so that what moved meanwhile is seen. The order of the magic
     * and of the generation is that of fr_wire_snapshot. */
    uint32_t words[FR_WIRE_V1_BYTES / sizeof(uint32_t)];
    const uint32_t *from = shared;
    words[0] = fr_load_acquire_u32(from);
    words[1] = fr_load_relaxed_u32(from + 1);
    words[2] = fr_load_acquire_u32(from + 2);
    for (size_t i = 3; i < sizeof(words) / sizeof(words[0]); i++)
        words[i] = fr_load_relaxed_u32(from + i);
    fr_fence_acquire();
    const bool changed = fr_load_relaxed_u32(from + 2) != words[2];

    fr_wire_v2 copy, checked;
    memset(&copy, 0, sizeof(copy));
    memcpy(&copy.v1, words, sizeof(words));
    const fr_wire_fault fault = fr_wire_snapshot(&checked, &copy, sizeof(copy), target_id);
    *out = copy.v1;
    return fault == FR_WIRE_FINE && changed ? FR_WIRE_CHANGED : fault;
}
