/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/dial.h"
#include "channel/host.h"
#include "channel/sealed.h"
#include "channel/sealed_link.h"
#include "channel/sealed_remote.h"
#include "channel/sealed_security.h"
#include "common/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* After windows.h. */
#include <tlhelp32.h>

/* Full, a peer that does not read has some twenty packets before it; without the bound each would keep a ring
 * alive. */
enum { PIPE_BUFFER_BYTES = 4096 };

enum { IMAGE_CHARS = 1024, RANDOM_CHARS = 32, ANCESTORS_MAX = 8 };

/* Nobody may open the object by its name, and a handle with less access stays so: Windows keeps a descriptor
 * only for objects that have a name, and without one a peer could duplicate its read-only handle into a
 * writable one. The owner's own right to change the descriptor is taken too. */
#define SEALED_SDDL "D:P(A;;RC;;;OW)"

struct fr_gate {
    uint32_t target_id;
    char address[FR_ADDRESS_BYTES]; /* "": it does not listen */
    struct fr_security security;
    wchar_t image[IMAGE_CHARS]; /* "": any */

    /* The channel thread's alone. */
    HANDLE pipe; /* the end that the next one connects to; INVALID_HANDLE_VALUE: could not be made yet */
    OVERLAPPED connect;
    bool connecting; /* under way */
    bool connected;  /* at once */

    /* The frame thread's alone. */
    struct fr_security sealed;
    char object_text[16 + RANDOM_CHARS];
    struct fr_object_name object;
};

void fr_gate_destroy(struct fr_gate *gate)
{
    if (!gate)
        return;
    DWORD bytes;
    if (gate->connecting) {
        (void)CancelIoEx(gate->pipe, &gate->connect);
        (void)GetOverlappedResult(gate->pipe, &gate->connect, &bytes, TRUE);
    }
    if (gate->pipe != INVALID_HANDLE_VALUE)
        CloseHandle(gate->pipe);
    if (gate->connect.hEvent)
        CloseHandle(gate->connect.hEvent);
    fr_security_finish(&gate->security);
    fr_security_finish(&gate->sealed);
    free(gate);
}

static HANDLE make_pipe(struct fr_gate *gate, const char *address, DWORD max_ends, DWORD first)
{
    wchar_t name[FR_ADDRESS_BYTES];
    if (!fr_wide(address, name, FR_ADDRESS_BYTES)) {
        SetLastError(ERROR_INVALID_NAME);
        return INVALID_HANDLE_VALUE;
    }
    return CreateNamedPipeW(
        name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | first,
        PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, max_ends,
        PIPE_BUFFER_BYTES, PIPE_BUFFER_BYTES, 0, fr_security_attributes(&gate->security));
}

/* ---- listening ---- */

/* Begun on the channel thread: what a thread began is cancelled when it ends. */
static void begin_connect(struct fr_gate *gate)
{
    if (gate->pipe == INVALID_HANDLE_VALUE || gate->connecting || gate->connected)
        return;
    gate->connecting = !ConnectNamedPipe(gate->pipe, &gate->connect) && GetLastError() == ERROR_IO_PENDING;
    gate->connected = !gate->connecting; /* who came and went already too: its link tells */
}

fr_handle fr_gate_waitable(struct fr_gate *gate)
{
    if (!gate->address[0])
        return FR_HANDLE_NONE;
    begin_connect(gate);
    if (!gate->connecting)
        SetEvent(gate->connect.hEvent);
    return (fr_handle)gate->connect.hEvent;
}

static fr_status renew(struct fr_gate *gate, char why[FR_GATE_WHY_BYTES])
{
    gate->connecting = gate->connected = false;
    ResetEvent(gate->connect.hEvent);
    gate->pipe = make_pipe(gate, gate->address, FR_HOST_PEERS_MAX + 1, 0);
    if (gate->pipe != INVALID_HANDLE_VALUE)
        return FR_AGAIN;
    snprintf(why, FR_GATE_WHY_BYTES, "no further end of %s can be made (error %lu)", gate->address,
             GetLastError());
    return FR_ERR_SYSTEM;
}

fr_status fr_gate_accept(struct fr_gate *gate, struct fr_link **out, char why[FR_GATE_WHY_BYTES])
{
    DWORD bytes;
    *out = NULL;
    if (gate->pipe == INVALID_HANDLE_VALUE)
        return renew(gate, why);
    if (gate->connecting && !GetOverlappedResult(gate->pipe, &gate->connect, &bytes, FALSE)) {
        if (GetLastError() == ERROR_IO_INCOMPLETE)
            return FR_AGAIN;
        CloseHandle(gate->pipe);
        return renew(gate, why);
    }
    HANDLE pipe = gate->pipe;
    char later[FR_GATE_WHY_BYTES]; /* the next round says it, if it is still so */
    (void)renew(gate, later);
    *out = fr_link_create((fr_handle)pipe, FR_LINK_HOST);
    return *out ? FR_OK : FR_AGAIN;
}

/* ---- inviting ---- */

fr_status fr_gate_invite(struct fr_gate *gate, struct fr_link **ours, int *theirs)
{
    char random[RANDOM_CHARS + 1], address[FR_ADDRESS_BYTES];
    wchar_t name[FR_ADDRESS_BYTES];
    if (!fr_random_text(random, sizeof(random)))
        return FR_ERR_SYSTEM;
    snprintf(address, sizeof(address), "\\\\.\\pipe\\framering-invited-%s", random);
    HANDLE server = make_pipe(gate, address, 1, FILE_FLAG_FIRST_PIPE_INSTANCE);
    if (server == INVALID_HANDLE_VALUE)
        return fr_win32_status_of_error(GetLastError());
    SECURITY_ATTRIBUTES inheritable = {.nLength = sizeof(inheritable), .bInheritHandle = TRUE};
    DWORD mode = PIPE_READMODE_MESSAGE;
    HANDLE client = INVALID_HANDLE_VALUE;
    if (fr_wide(address, name, FR_ADDRESS_BYTES))
        client = CreateFileW(name, FR_PIPE_CLIENT_ACCESS, 0, &inheritable, OPEN_EXISTING,
                             FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    if (client == INVALID_HANDLE_VALUE || !SetNamedPipeHandleState(client, &mode, NULL, NULL)) {
        const fr_status status = fr_win32_status_of_error(GetLastError());
        if (client != INVALID_HANDLE_VALUE)
            CloseHandle(client);
        CloseHandle(server);
        return status;
    }
    *ours = fr_link_create((fr_handle)server, FR_LINK_HOST);
    if (!*ours) {
        CloseHandle(client);
        return FR_ERR_NO_MEMORY;
    }
    *theirs = (int)(intptr_t)client; /* handles have 32 bits */
    return FR_OK;
}

/* ---- admitting ---- */

static DWORD parent_of(HANDLE snapshot, DWORD pid)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
    for (BOOL more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry))
        if (entry.th32ProcessID == pid)
            return entry.th32ParentProcessID;
    return 0;
}

/* The system names us as the client of an invited pipe, because we opened it. So who inherited it says itself
 * who it is, and must be of ours. */
static bool descends_from_us(DWORD pid)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    if (snapshot == INVALID_HANDLE_VALUE)
        return false;
    for (int i = 0; i < ANCESTORS_MAX && pid && pid != GetCurrentProcessId(); i++)
        pid = parent_of(snapshot, pid);
    CloseHandle(snapshot);
    return pid == GetCurrentProcessId();
}

fr_status fr_gate_admit(struct fr_gate *gate, struct fr_link *link, const struct fr_msg_hello *hello,
                        bool invited, uint32_t *pid, char why[FR_GATE_WHY_BYTES])
{
    HANDLE process = NULL;
    if (invited)
        *pid = hello->pid;
    if (invited && !descends_from_us(*pid)) {
        snprintf(why, FR_GATE_WHY_BYTES,
                 "it says that it is pid %" PRIu32 ", which is no process that the host started", *pid);
        return FR_ERR_PERMISSION;
    }
    if (!*pid)
        return FR_END;
    fr_status status = fr_remote_open(*pid, &process, why);
    if (status)
        return status;
    /* From here on the number is not used again; until here it might have been. */
    if (!invited && fr_link_ask_pid(link) != *pid)
        status = FR_END;
    if (!status && gate->image[0] && hello->role == FR_MSG_ROLE_SOURCE)
        status = fr_remote_check_image(process, gate->image, why);
    if (status) {
        CloseHandle(process);
        return status;
    }
    fr_link_set_process(link, process);
    return FR_OK;
}

/* ---- names ---- */

const struct fr_object_name *fr_gate_object_name(struct fr_gate *gate, enum fr_object_kind kind)
{
    char random[RANDOM_CHARS + 1];
    if ((kind != FR_OBJECT_HEADER && kind != FR_OBJECT_EVENT) || !fr_random_text(random, sizeof(random)))
        return NULL;
    snprintf(gate->object_text, sizeof(gate->object_text), "framering-%s", random);
    gate->object = (struct fr_object_name){.label = gate->object_text,
                                           .global = gate->object_text,
                                           .security = fr_security_attributes(&gate->sealed)};
    return &gate->object;
}

/* ---- creating ---- */

static fr_status init_security(struct fr_gate *gate, const struct fr_pipe_host_params *params)
{
    char user[FR_SID_TEXT_BYTES], own[FR_SDDL_BYTES];
    const char *sddl = params->sddl;
    if (!sddl) {
        if (fr_security_own_user(user)) {
            fr_log_write(&params->log, FR_LOG_ERROR, "cannot tell which user this is (error %lu)",
                         GetLastError());
            return FR_ERR_SYSTEM;
        }
        snprintf(own, sizeof(own), "D:P(A;;GA;;;SY)(A;;GA;;;%s)", user);
        sddl = own;
    }
    const fr_status status = fr_security_init(&gate->security, sddl, &params->log);
    return status ? status : fr_security_init(&gate->sealed, SEALED_SDDL, &params->log);
}

/* 0: it cannot be asked. */
static DWORD pid_of_server(const wchar_t *name)
{
    ULONG pid = 0;
    HANDLE client = CreateFileW(name, FILE_READ_ATTRIBUTES | FILE_READ_DATA, 0, NULL, OPEN_EXISTING,
                                SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    if (client == INVALID_HANDLE_VALUE)
        return 0;
    if (!GetNamedPipeServerProcessId(client, &pid))
        pid = 0;
    CloseHandle(client);
    return pid;
}

/* Not every system keeps the promise of FILE_FLAG_FIRST_PIPE_INSTANCE, so it is looked before. */
static bool is_served(const wchar_t *name)
{
    return WaitNamedPipeW(name, 1) || GetLastError() != ERROR_FILE_NOT_FOUND;
}

static fr_status listen_there(struct fr_gate *gate, const fr_log *log)
{
    wchar_t name[FR_ADDRESS_BYTES];
    if (!fr_wide(gate->address, name, FR_ADDRESS_BYTES))
        return FR_ERR_ARGUMENT;
    const bool served = is_served(name);
    DWORD error = ERROR_ACCESS_DENIED;
    if (!served) {
        gate->pipe = make_pipe(gate, gate->address, FR_HOST_PEERS_MAX + 1, FILE_FLAG_FIRST_PIPE_INSTANCE);
        if (gate->pipe != INVALID_HANDLE_VALUE)
            return FR_OK;
        error = GetLastError();
    }
    if (served || error == ERROR_ACCESS_DENIED || error == ERROR_PIPE_BUSY) {
        char who[32] = "which cannot be asked";
        const DWORD pid = pid_of_server(name);
        if (pid)
            snprintf(who, sizeof(who), "pid %lu", pid);
        fr_log_write(log, FR_LOG_ERROR,
                     "another host serves target %" PRIu32 " (%s): stop it, or name another target",
                     gate->target_id, who);
        return FR_ERR_TARGET_BUSY;
    }
    fr_log_write(log, FR_LOG_ERROR, "cannot make the pipe %s (error %lu)", gate->address, error);
    return fr_win32_status_of_error(error);
}

static fr_status init(struct fr_gate *gate, const struct fr_pipe_host_params *params)
{
    const fr_log *log = &params->log;
    gate->target_id = params->target_id;
    gate->pipe = INVALID_HANDLE_VALUE;
    gate->connect.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!gate->connect.hEvent)
        return FR_ERR_NO_MEMORY;
    if (params->source_image && !fr_wide(params->source_image, gate->image, IMAGE_CHARS)) {
        fr_log_write(log, FR_LOG_ERROR, "the path of the source's image is too long, or is not UTF-8");
        return FR_ERR_ARGUMENT;
    }
    fr_status status = init_security(gate, params);
    if (status || params->no_pipe)
        return status;
    status = fr_dial_address(gate->address, params->prefix, params->target_id, log);
    return status ? status : listen_there(gate, log);
}

fr_status fr_pipe_host_create(struct fr_host_channel *out, const struct fr_pipe_host_params *params)
{
    *out = (struct fr_host_channel){0};
    struct fr_gate *gate = calloc(1, sizeof(*gate));
    if (!gate)
        return FR_ERR_NO_MEMORY;
    const fr_status status = init(gate, params);
    if (status) {
        fr_gate_destroy(gate);
        return status;
    }
    const struct fr_host_params host = {
        .target_id = params->target_id,
        .capabilities = FR_CAP_STATES | FR_CAP_KEYED_MUTEX | FR_CAP_FENCE,
        .observers_only = params->observers_only,
        .log = params->log,
    };
    return fr_host_create(out, &host, gate);
}
