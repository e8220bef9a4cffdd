/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/dial.h"

#include "channel/link_source.h"
#include "channel/sealed.h"
#include "channel/sealed_link.h"
#include "channel/sealed_security.h"
#include "common/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A host makes the next end of its pipe right after one was taken. */
enum { BUSY_WAIT_MS = 20 };

fr_status fr_dial_address(char out[FR_ADDRESS_BYTES], const char *place, uint32_t target_id,
                          const fr_log *log)
{
    const char *prefix = place ? place : FR_PIPE_PREFIX;
    const int length = snprintf(out, FR_ADDRESS_BYTES, "\\\\.\\pipe\\%s-%" PRIu32, prefix, target_id);
    if (length > 0 && length < FR_ADDRESS_BYTES && prefix[0] && !strchr(prefix, '\\'))
        return FR_OK;
    fr_log_write(log, FR_LOG_ERROR,
                 "\"%.64s\" cannot begin the name of a pipe: use a short word without a backslash", prefix);
    return FR_ERR_ARGUMENT;
}

static HANDLE open_pipe(const wchar_t *name)
{
    return CreateFileW(name, FR_PIPE_CLIENT_ACCESS, 0, NULL, OPEN_EXISTING,
                       FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
}

static fr_status explain(const char *address, DWORD error, const fr_log *log)
{
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PIPE_BUSY:
    case ERROR_SEM_TIMEOUT: return FR_AGAIN;
    case ERROR_ACCESS_DENIED:
        fr_log_write(log, FR_LOG_ERROR,
                     "we may not open %s: run as the user of the host, or have its descriptor allow ours",
                     address);
        return FR_ERR_PERMISSION;
    default:
        fr_log_write(log, FR_LOG_ERROR, "cannot open %s (error %lu)", address, error);
        return fr_win32_status_of_error(error);
    }
}

static fr_status check(const char *address, HANDLE pipe, const fr_log *log)
{
    DWORD mode = PIPE_READMODE_MESSAGE;
    if (!SetNamedPipeHandleState(pipe, &mode, NULL, NULL)) {
        const DWORD error = GetLastError();
        if (error == ERROR_BROKEN_PIPE || error == ERROR_PIPE_NOT_CONNECTED)
            return FR_AGAIN;
        fr_log_write(log, FR_LOG_ERROR, "%s is a pipe of another program: name another target", address);
        return FR_ERR_PROTOCOL;
    }
    if (fr_security_trusts_server(pipe))
        return FR_OK;
    fr_log_write(log, FR_LOG_ERROR,
                 "%s is served by another user, who is no administrator: name another target", address);
    return FR_ERR_PERMISSION;
}

fr_status fr_dial(const char *address, const fr_log *log, struct fr_link **out)
{
    *out = NULL;
    wchar_t name[FR_ADDRESS_BYTES];
    if (!fr_wide(address, name, FR_ADDRESS_BYTES))
        return FR_ERR_ARGUMENT;
    HANDLE pipe = open_pipe(name);
    if (pipe == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY &&
        WaitNamedPipeW(name, BUSY_WAIT_MS))
        pipe = open_pipe(name);
    if (pipe == INVALID_HANDLE_VALUE)
        return explain(address, GetLastError(), log);
    const fr_status status = check(address, pipe, log);
    if (status) {
        CloseHandle(pipe);
        return status;
    }
    *out = fr_link_create((fr_handle)pipe, FR_LINK_PEER);
    return *out ? FR_OK : FR_ERR_NO_MEMORY;
}

static bool is_message_pipe(HANDLE pipe)
{
    DWORD flags = 0;
    return GetFileType(pipe) == FILE_TYPE_PIPE && GetNamedPipeInfo(pipe, &flags, NULL, NULL, NULL) &&
           (flags & PIPE_TYPE_MESSAGE);
}

/* The handle is taken over also on failure. */
static fr_status inherit(fr_handle handle, const fr_log *log, struct fr_link **out)
{
    HANDLE pipe = (HANDLE)handle;
    if (!is_message_pipe(pipe)) {
        fr_log_write(log, FR_LOG_ERROR,
                     "handle %ld is not the pipe of a host: let the host start the source, or name a target",
                     (long)handle);
        CloseHandle(pipe);
        return FR_ERR_ARGUMENT;
    }
    SetHandleInformation(pipe, HANDLE_FLAG_INHERIT, 0);
    *out = fr_link_create(handle, FR_LINK_PEER);
    return *out ? FR_OK : FR_ERR_NO_MEMORY;
}

fr_status fr_pipe_source_create(struct fr_source_channel *out, const struct fr_pipe_source_params *params)
{
    *out = (struct fr_source_channel){0};
    char address[FR_ADDRESS_BYTES] = "";
    struct fr_link_source_params source = {
        .address = address,
        .target_id = params->target_id,
        .name = params->name,
        .capabilities = params->capabilities,
        .log = params->log,
    };
    const fr_status status = params->inherited != FR_HANDLE_NONE
                                 ? inherit(params->inherited, &params->log, &source.inherited)
                                 : fr_dial_address(address, params->prefix, params->target_id, &params->log);
    return status ? status : fr_link_source_create(out, &source);
}
