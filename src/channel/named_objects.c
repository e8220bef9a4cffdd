/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/named_objects.h"

#include "common/log.h"
#include "os/atomic.h"

#include <inttypes.h>

/* User-mode drivers: S-1-5-84-0-0-0-0-0, which not every SDDL parser knows as UD. The masks: section map read
 * (and write) and query; event modify state; DXGI shared resource read and write. Nobody but a host needs the
 * mutex. */
#define HOSTS "D:P(A;;GA;;;SY)(A;;GA;;;BA)"
#define DRIVERS(mask) HOSTS "(A;;" mask ";;;S-1-5-84-0-0-0-0-0)"
#define EVERYONE "D:(A;;GA;;;WD)"

static const char *const default_sddl[FR_NAMED_WHATS] = {
    [FR_NAMED_OWN] = HOSTS,
    [FR_NAMED_FRONT] = DRIVERS("0x5"),
    [FR_NAMED_SECTION] = DRIVERS("0x7"),
    [FR_NAMED_EVENT] = DRIVERS("0x2"),
    [FR_NAMED_TEXTURE] = DRIVERS("0x80000001"),
};

static fr_status explain(const struct fr_named_objects *objects, const char *name, fr_status status)
{
    const fr_log *log = &objects->log;
    switch (status) {
    case FR_ERR_TARGET_BUSY:
        fr_log_write(log, FR_LOG_ERROR,
                     "%s is there already and is not ours: another host serves target %" PRIu32
                     ", or somebody holds its names; stop it, or name another target",
                     name, objects->target_id);
        break;
    case FR_ERR_PERMISSION:
        fr_log_write(
            log, FR_LOG_ERROR,
            "%s may not be made: global names need a service or an administrator, a prefix in Local\\ "
            "does not",
            name);
        break;
    default: fr_log_write(log, FR_LOG_ERROR, "%s cannot be made: %s", name, fr_status_text(status));
    }
    return status;
}

static fr_status be_the_only_host(struct fr_named_objects *objects)
{
    char name[FR_NAME_BYTES];
    wchar_t wide[FR_NAME_BYTES];
    fr_named_put(name, objects->prefix, "own", objects->target_id, FR_NAMED_NONE, FR_NAMED_NONE);
    fr_status status = FR_ERR_ARGUMENT;
    if (fr_wide(name, wide, FR_NAME_BYTES)) {
        objects->own = CreateMutexW(fr_security_attributes(&objects->security[FR_NAMED_OWN]), FALSE, wide);
        const DWORD error = GetLastError();
        status = objects->own ? FR_OK : fr_win32_status_of_error(error);
        /* Making a mutex needs no right: the one that is denied is another host's. */
        if (error == (objects->own ? ERROR_ALREADY_EXISTS : ERROR_ACCESS_DENIED))
            status = FR_ERR_TARGET_BUSY;
    }
    return status ? explain(objects, name, status) : FR_OK;
}

/* A source that outlives its host keeps the names alive. What a host before us made, of our own user or of an
 * administrator, is as good as new once it has our descriptor. */
static bool make_ours(fr_handle object, struct fr_security *security)
{
    return fr_security_trusts_owner((HANDLE)object) &&
           (!security || SetKernelObjectSecurity((HANDLE)object, DACL_SECURITY_INFORMATION,
                                                 security->attributes.lpSecurityDescriptor));
}

static fr_status adopt(const char *name, struct fr_security *security, size_t bytes, struct fr_memory *out)
{
    const struct fr_os os = fr_os_native();
    const DWORD access = FILE_MAP_READ | FILE_MAP_WRITE | READ_CONTROL | (security ? WRITE_DAC : 0);
    fr_handle section;
    if (fr_named_open_section(name, access, &section))
        return FR_ERR_TARGET_BUSY;
    if (make_ours(section, security) &&
        !os.ops->memory_map(os.self, section, bytes, FR_ACCESS_READ | FR_ACCESS_WRITE, out))
        return FR_OK;
    os.ops->handle_close(os.self, section);
    return FR_ERR_TARGET_BUSY;
}

static fr_status make_header(struct fr_named_objects *objects)
{
    const struct fr_os os = fr_os_native();
    char text[FR_NAME_BYTES];
    struct fr_security *security =
        &objects->security[objects->wire_version == 1 ? FR_NAMED_SECTION : FR_NAMED_FRONT];
    fr_named_put(text, objects->prefix, "hdr", objects->target_id, FR_NAMED_NONE, FR_NAMED_NONE);
    const struct fr_object_name name = {
        .label = text, .global = text, .security = fr_security_attributes(security)};
    fr_status status = os.ops->memory_create(os.self, &name, FR_WIRE_V1_BYTES,
                                             FR_ACCESS_READ | FR_ACCESS_WRITE, &objects->header);
    if (status == FR_ERR_TARGET_BUSY)
        status = adopt(text, security, FR_WIRE_V1_BYTES, &objects->header);
    if (status)
        return explain(objects, text, status);
    /* Its last host may have left something there. The magic goes first. */
    uint32_t *words = objects->header.ptr;
    for (size_t i = 0; i < FR_WIRE_V1_BYTES / sizeof(*words); i++)
        fr_store_relaxed_u32(words + i, 0);
    return FR_OK;
}

static fr_status make_event(struct fr_named_objects *objects)
{
    const struct fr_os os = fr_os_native();
    char text[FR_NAME_BYTES];
    struct fr_security *security = &objects->security[FR_NAMED_EVENT];
    fr_named_put(text, objects->prefix, "evt", objects->target_id, FR_NAMED_NONE, FR_NAMED_NONE);
    const struct fr_object_name name = {
        .label = text, .global = text, .security = fr_security_attributes(security)};
    fr_status status = os.ops->event_create(os.self, &name, &objects->event);
    if (status == FR_ERR_TARGET_BUSY &&
        !fr_named_open_event(text, EVENT_MODIFY_STATE | SYNCHRONIZE | READ_CONTROL | WRITE_DAC,
                             &objects->event.handle) &&
        make_ours(objects->event.handle, security))
        status = FR_OK;
    return status ? explain(objects, text, status) : FR_OK;
}

/* Best effort. The hosts of all targets share it, so whoever came first has said who may open it. */
static void make_debug(struct fr_named_objects *objects)
{
    const struct fr_os os = fr_os_native();
    char text[FR_NAME_BYTES];
    fr_named_put(text, objects->prefix, "dbg", FR_NAMED_NONE, FR_NAMED_NONE, FR_NAMED_NONE);
    const struct fr_object_name name = {.label = text,
                                        .global = text,
                                        .security =
                                            fr_security_attributes(&objects->security[FR_NAMED_SECTION])};
    fr_status status = os.ops->memory_create(os.self, &name, sizeof(fr_wire_debug),
                                             FR_ACCESS_READ | FR_ACCESS_WRITE, &objects->debug);
    if (status == FR_ERR_TARGET_BUSY)
        status = adopt(text, NULL, sizeof(fr_wire_debug), &objects->debug);
    if (status)
        fr_log_write(&objects->log, FR_LOG_WARNING, "%s is not ours: what a source says there is not read",
                     text);
    else
        fr_store_relaxed_u32(&((fr_wire_debug *)objects->debug.ptr)->magic, FR_WIRE_DEBUG_MAGIC);
}

static fr_status init_security(struct fr_named_objects *objects, const struct fr_named_host_params *params)
{
    const char *const all = params->everyone ? EVERYONE : params->sddl;
    for (size_t i = 0; i < FR_NAMED_WHATS; i++) {
        const fr_status status = fr_security_init(
            &objects->security[i], all && i != FR_NAMED_OWN ? all : default_sddl[i], &objects->log);
        if (status)
            return status;
    }
    if (params->everyone)
        fr_log_write(&objects->log, FR_LOG_WARNING,
                     "every process of this machine may read and write the frames of target %" PRIu32,
                     objects->target_id);
    return FR_OK;
}

fr_status fr_named_objects_init(struct fr_named_objects *out, const struct fr_named_host_params *params)
{
    *out = (struct fr_named_objects){
        .target_id = params->target_id,
        .wire_version = params->wire_version ? params->wire_version : 2,
        .log = params->log,
        .header.handle = FR_HANDLE_NONE,
        .event.handle = FR_HANDLE_NONE,
        .debug.handle = FR_HANDLE_NONE,
    };
    if (out->wire_version > 2) {
        fr_log_write(&out->log, FR_LOG_ERROR, "there is no wire version %" PRIu32 ": 1 or 2",
                     out->wire_version);
        return FR_ERR_ARGUMENT;
    }
    fr_status status = fr_named_prefix(out->prefix, params->prefix, &out->log);
    if (!status)
        status = init_security(out, params);
    if (!status)
        status = be_the_only_host(out);
    if (!status)
        status = make_header(out);
    if (!status && out->wire_version == 1)
        status = make_event(out);
    if (!status)
        make_debug(out);
    return status;
}

void fr_named_objects_finish(struct fr_named_objects *objects)
{
    const struct fr_os os = fr_os_native();
    os.ops->memory_close(os.self, &objects->debug);
    os.ops->memory_close(os.self, &objects->header);
    os.ops->event_close(os.self, &objects->event);
    if (objects->own)
        CloseHandle(objects->own);
    for (size_t i = 0; i < FR_NAMED_WHATS; i++)
        fr_security_finish(&objects->security[i]);
    *objects = (struct fr_named_objects){
        .header.handle = FR_HANDLE_NONE, .event.handle = FR_HANDLE_NONE, .debug.handle = FR_HANDLE_NONE};
}
