/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "observe/names.h"

#include "channel/named.h"
#include "common/log.h"
#include "os/atomic.h"
#include "os/win32/win32.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SNAPSHOT_TRIES = 4 };

struct fr_names {
    uint32_t target_id;
    char prefix[FR_NAMED_PREFIX_BYTES];
    uint32_t generation; /* of the last header seen */
    uint32_t attaches;
    struct fr_memory ring;  /* version 2: the header of that generation */
    struct fr_memory debug; /* none: there is none, or not for us */
};

bool fr_names_meant(const char *place)
{
    return place && strchr(place, '\\');
}

/* 0, or the error of Windows. */
static uint32_t map(const char *name, size_t bytes, struct fr_memory *out)
{
    const struct fr_os os = fr_os_native();
    fr_handle section;
    const uint32_t error = fr_named_open_section(name, FILE_MAP_READ, &section);
    if (error)
        return error;
    if (!os.ops->memory_map(os.self, section, bytes, FR_ACCESS_READ, out))
        return 0;
    os.ops->handle_close(os.self, section);
    return ERROR_INVALID_DATA;
}

/* By name each time: a section that is held would keep the name of a host that died. */
static uint32_t read_front(const struct fr_names *names, fr_wire_v1 *out, fr_wire_fault *fault)
{
    const struct fr_os os = fr_os_native();
    char name[FR_NAME_BYTES];
    struct fr_memory front = {.handle = FR_HANDLE_NONE};
    fr_named_put(name, names->prefix, "hdr", names->target_id, FR_NAMED_NONE, FR_NAMED_NONE);
    const uint32_t error = map(name, FR_WIRE_V1_BYTES, &front);
    *fault = error == ERROR_INVALID_DATA ? FR_WIRE_TOO_SHORT : FR_WIRE_CHANGED;
    if (error)
        return error;
    for (int i = 0; i < SNAPSHOT_TRIES && *fault == FR_WIRE_CHANGED; i++)
        *fault = fr_named_read_front(out, front.ptr, names->target_id);
    os.ops->memory_close(os.self, &front);
    return 0;
}

static void read_debug(struct fr_names *names, fr_wire_debug *out)
{
    char name[FR_NAME_BYTES];
    uint32_t words[sizeof(*out) / sizeof(uint32_t)];
    fr_named_put(name, names->prefix, "dbg", FR_NAMED_NONE, FR_NAMED_NONE, FR_NAMED_NONE);
    if (!names->debug.ptr && map(name, sizeof(*out), &names->debug))
        return;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        words[i] = fr_load_relaxed_u32((const uint32_t *)names->debug.ptr + i);
    memcpy(out, words, sizeof(words));
}

fr_status fr_names_open(struct fr_names **out, const char *place, uint32_t target_id, const fr_log *log)
{
    *out = NULL;
    fr_wire_v1 front;
    fr_wire_fault fault;
    struct fr_names *names = calloc(1, sizeof(*names));
    if (!names)
        return FR_ERR_NO_MEMORY;
    names->target_id = target_id;
    names->ring.handle = names->debug.handle = FR_HANDLE_NONE;
    fr_status status = fr_named_prefix(names->prefix, place, log);
    if (!status) {
        const uint32_t error = read_front(names, &front, &fault);
        if (error == ERROR_ACCESS_DENIED) {
            fr_log_write(log, FR_LOG_ERROR,
                         "%s-hdr-%" PRIu32 " may not be read: run as an administrator, or have the host's "
                         "descriptor allow this user",
                         names->prefix, target_id);
            status = FR_ERR_PERMISSION;
        } else if (error) {
            status = FR_AGAIN;
        }
    }
    if (status) {
        fr_names_close(names);
        return status;
    }
    *out = names;
    return FR_OK;
}

void fr_names_close(struct fr_names *names)
{
    if (!names)
        return;
    const struct fr_os os = fr_os_native();
    os.ops->memory_close(os.self, &names->ring);
    os.ops->memory_close(os.self, &names->debug);
    free(names);
}

/* The header of another generation than before. */
static void follow(struct fr_names *names, const fr_wire_v1 *front)
{
    const struct fr_os os = fr_os_native();
    char name[FR_NAME_BYTES];
    if (front->generation == names->generation)
        return;
    os.ops->memory_close(os.self, &names->ring);
    if (front->version > 1) {
        fr_named_put(name, names->prefix, "ring", names->target_id, front->generation, FR_NAMED_NONE);
        if (map(name, FR_WIRE_V2_BYTES, &names->ring))
            return; /* it is replaced just now: looked at again */
    }
    names->generation = front->generation;
    names->attaches++;
}

static fr_status read_ring(const struct fr_names *names, fr_wire_v2 *out, fr_wire_fault *fault)
{
    *fault = FR_WIRE_CHANGED;
    if (!names->ring.ptr)
        return FR_AGAIN;
    for (int i = 0; i < SNAPSHOT_TRIES && *fault == FR_WIRE_CHANGED; i++)
        *fault = fr_wire_snapshot(out, names->ring.ptr, names->ring.bytes, names->target_id);
    if (*fault == FR_WIRE_FINE)
        return FR_OK;
    return *fault == FR_WIRE_CHANGED || *fault == FR_WIRE_NO_MAGIC ? FR_AGAIN : FR_ERR_PROTOCOL;
}

fr_status fr_names_sample(struct fr_names *names, fr_wire_v2 *out, uint32_t *attaches, fr_wire_fault *fault)
{
    fr_wire_v1 front = {0};
    const uint32_t error = read_front(names, &front, fault);
    fr_status status = FR_OK;
    if (error == ERROR_FILE_NOT_FOUND ||
        (!error && *fault == FR_WIRE_BAD_GENERATION && front.generation == 0 && names->generation))
        status = FR_END;
    else if (*fault == FR_WIRE_NO_MAGIC || *fault == FR_WIRE_CHANGED || *fault == FR_WIRE_BAD_GENERATION)
        status = FR_AGAIN;
    else if (*fault != FR_WIRE_FINE)
        status = FR_ERR_PROTOCOL;
    if (!status) {
        follow(names, &front);
        if (front.version == 1)
            out->v1 = front;
        else
            status = read_ring(names, out, fault);
    }
    if (!status)
        read_debug(names, &out->debug);
    *attaches = names->attaches;
    return status;
}
