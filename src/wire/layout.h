/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_WIRE_LAYOUT_H
#define FR_WIRE_LAYOUT_H

/* Every offset and size of the shared bytes, for C11 and C++11 alike: docs/wire.md is the same table in
 * words. */

#include <framering/wire.h>

#ifdef __cplusplus
#define FR_LAYOUT_ASSERT(condition) static_assert(condition, #condition)
#else
#define FR_LAYOUT_ASSERT(condition) _Static_assert(condition, #condition)
#endif
#define FR_LAYOUT_AT(type, field, offset) FR_LAYOUT_ASSERT(offsetof(type, field) == (offset))

FR_LAYOUT_ASSERT(sizeof(fr_wire_v1) == FR_WIRE_V1_BYTES);
FR_LAYOUT_AT(fr_wire_v1, magic, 0);
FR_LAYOUT_AT(fr_wire_v1, version, 4);
FR_LAYOUT_AT(fr_wire_v1, generation, 8);
FR_LAYOUT_AT(fr_wire_v1, ring_len, 12);
FR_LAYOUT_AT(fr_wire_v1, width, 16);
FR_LAYOUT_AT(fr_wire_v1, height, 20);
FR_LAYOUT_AT(fr_wire_v1, format, 24);
FR_LAYOUT_AT(fr_wire_v1, target_id, 28);
FR_LAYOUT_AT(fr_wire_v1, latest, 32);
FR_LAYOUT_AT(fr_wire_v1, present_time, 40);
FR_LAYOUT_AT(fr_wire_v1, adapter_luid_low, 48);
FR_LAYOUT_AT(fr_wire_v1, adapter_luid_high, 52);
FR_LAYOUT_AT(fr_wire_v1, status, 56);
FR_LAYOUT_AT(fr_wire_v1, status_detail, 60);

FR_LAYOUT_ASSERT(sizeof(fr_wire_host) == 64);
FR_LAYOUT_AT(fr_wire_host, state, 0);
FR_LAYOUT_AT(fr_wire_host, sync_kind, 4);
FR_LAYOUT_AT(fr_wire_host, heartbeat_ns, 8);
FR_LAYOUT_AT(fr_wire_host, taken, 16);
FR_LAYOUT_AT(fr_wire_host, repeated, 24);
FR_LAYOUT_AT(fr_wire_host, capabilities, 32);
FR_LAYOUT_AT(fr_wire_host, looking, 40);
FR_LAYOUT_AT(fr_wire_host, pid, 44);
FR_LAYOUT_AT(fr_wire_host, reserved, 48);

FR_LAYOUT_ASSERT(sizeof(fr_wire_source) == 64);
FR_LAYOUT_AT(fr_wire_source, heartbeat_ns, 0);
FR_LAYOUT_AT(fr_wire_source, offered, 8);
FR_LAYOUT_AT(fr_wire_source, published, 16);
FR_LAYOUT_AT(fr_wire_source, dropped, 24);
FR_LAYOUT_AT(fr_wire_source, mismatched, 32);
FR_LAYOUT_AT(fr_wire_source, capabilities, 40);
FR_LAYOUT_AT(fr_wire_source, pid, 48);
FR_LAYOUT_AT(fr_wire_source, reserved0, 52);
FR_LAYOUT_AT(fr_wire_source, reserved1, 56);

FR_LAYOUT_ASSERT(sizeof(fr_wire_metadata) == 64);
FR_LAYOUT_AT(fr_wire_metadata, valid, 0);
FR_LAYOUT_AT(fr_wire_metadata, sdr_white_millinits, 4);
FR_LAYOUT_AT(fr_wire_metadata, red, 8);
FR_LAYOUT_AT(fr_wire_metadata, green, 12);
FR_LAYOUT_AT(fr_wire_metadata, blue, 16);
FR_LAYOUT_AT(fr_wire_metadata, white, 20);
FR_LAYOUT_AT(fr_wire_metadata, max_luminance, 24);
FR_LAYOUT_AT(fr_wire_metadata, min_luminance, 28);
FR_LAYOUT_AT(fr_wire_metadata, max_cll, 32);
FR_LAYOUT_AT(fr_wire_metadata, max_fall, 34);
FR_LAYOUT_AT(fr_wire_metadata, change, 36);
FR_LAYOUT_AT(fr_wire_metadata, reserved, 40);

FR_LAYOUT_ASSERT(sizeof(fr_wire_slot) == 64);
FR_LAYOUT_AT(fr_wire_slot, state, 0);
FR_LAYOUT_AT(fr_wire_slot, flags, 4);
FR_LAYOUT_AT(fr_wire_slot, token, 8);
FR_LAYOUT_AT(fr_wire_slot, ready_value, 16);
FR_LAYOUT_AT(fr_wire_slot, retire_value, 24);
FR_LAYOUT_AT(fr_wire_slot, present_ns, 32);
FR_LAYOUT_AT(fr_wire_slot, clock_id, 40);
FR_LAYOUT_AT(fr_wire_slot, publish_delay_us, 44);
FR_LAYOUT_AT(fr_wire_slot, damage, 48);

FR_LAYOUT_ASSERT(sizeof(fr_wire_debug) == 40);
FR_LAYOUT_AT(fr_wire_debug, magic, 0);
FR_LAYOUT_AT(fr_wire_debug, run_core_entries, 4);
FR_LAYOUT_AT(fr_wire_debug, resolved_target_id, 8);
FR_LAYOUT_AT(fr_wire_debug, header_open_attempts, 12);
FR_LAYOUT_AT(fr_wire_debug, last_open_error, 16);
FR_LAYOUT_AT(fr_wire_debug, header_opened, 20);
FR_LAYOUT_AT(fr_wire_debug, luid_low, 24);
FR_LAYOUT_AT(fr_wire_debug, luid_high, 28);
FR_LAYOUT_AT(fr_wire_debug, frames_acquired, 32);
FR_LAYOUT_AT(fr_wire_debug, pad, 36);

FR_LAYOUT_ASSERT(sizeof(fr_wire_v2) == FR_WIRE_V2_BYTES);
FR_LAYOUT_AT(fr_wire_v2, v1, 0);
FR_LAYOUT_AT(fr_wire_v2, host, 64);
FR_LAYOUT_AT(fr_wire_v2, source, 128);
FR_LAYOUT_AT(fr_wire_v2, metadata, 192);
FR_LAYOUT_AT(fr_wire_v2, slot, 256);
FR_LAYOUT_AT(fr_wire_v2, debug, 768);
FR_LAYOUT_AT(fr_wire_v2, reserved, 808);

FR_LAYOUT_ASSERT(sizeof(fr_wire_damage) == 128);
FR_LAYOUT_AT(fr_wire_damage, rect, 0);

FR_LAYOUT_ASSERT(sizeof(fr_wire_whole) == FR_WIRE_WHOLE_BYTES);
FR_LAYOUT_AT(fr_wire_whole, v2, 0);
FR_LAYOUT_AT(fr_wire_whole, damage, FR_WIRE_V2_BYTES);

#endif
