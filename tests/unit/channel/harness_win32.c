/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "harness.h"
#include "harness_win32.h"

#include "channel/sealed.h"
#include "channel/sealed_link.h"
#include "channel/sealed_security.h"

#include <inttypes.h>
#include <stdlib.h>

void sleep_ms(unsigned ms)
{
    Sleep(ms);
}

void sandbox_make(struct sandbox *sandbox)
{
    static unsigned number;
    memset(sandbox, 0, sizeof(*sandbox));
    snprintf(sandbox->dir, sizeof(sandbox->dir), "framering-test-%lu-%u", GetCurrentProcessId(), number++);
}

void sandbox_remove(struct sandbox *sandbox)
{
    (void)sandbox;
}

fr_status host_create(struct fr_host_channel *out, const char *dir, uint32_t target_id, const fr_log *log)
{
    const struct fr_pipe_host_params params = {
        .target_id = target_id, .prefix = dir, .no_pipe = !dir, .log = *log};
    return fr_pipe_host_create(out, &params);
}

fr_status source_create(struct fr_source_channel *out, const char *dir, uint32_t target_id, int theirs,
                        const fr_log *log)
{
    const struct fr_pipe_source_params params = {.inherited = theirs,
                                                 .target_id = target_id,
                                                 .prefix = dir,
                                                 .name = "tester",
                                                 .capabilities = FR_CAP_STATES,
                                                 .log = *log};
    return fr_pipe_source_create(out, &params);
}

/* ---- raw pipes ---- */

fr_handle raw_connect(const char *address)
{
    HANDLE pipe = INVALID_HANDLE_VALUE;
    const uint64_t deadline = now_ns() + WAIT_NS;
    /* Between two clients a host has no end for a moment. */
    while (pipe == INVALID_HANDLE_VALUE && now_ns() < deadline) {
        pipe =
            CreateFileA(address, FR_PIPE_CLIENT_ACCESS, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
        if (pipe == INVALID_HANDLE_VALUE)
            Sleep(1);
    }
    assert_ptr_not_equal(pipe, INVALID_HANDLE_VALUE);
    DWORD mode = PIPE_READMODE_MESSAGE;
    assert_true(SetNamedPipeHandleState(pipe, &mode, NULL, NULL));
    return (fr_handle)pipe;
}

static HANDLE make_end(const char *address)
{
    HANDLE pipe = CreateNamedPipeA(address, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                                   PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 16, 4096, 4096, 0, NULL);
    assert_ptr_not_equal(pipe, INVALID_HANDLE_VALUE);
    return pipe;
}

void raw_listen(struct raw_listener *listener, const char *address)
{
    snprintf(listener->address, sizeof(listener->address), "%s", address);
    listener->handle = (fr_handle)make_end(address);
}

fr_handle raw_accept(struct raw_listener *listener)
{
    HANDLE pipe = (HANDLE)listener->handle;
    DWORD bytes;
    OVERLAPPED connect = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    if (!ConnectNamedPipe(pipe, &connect) && GetLastError() == ERROR_IO_PENDING) {
        assert_int_equal(WaitForSingleObject(connect.hEvent, (DWORD)(WAIT_NS / FR_NS_PER_MS)), WAIT_OBJECT_0);
        assert_true(GetOverlappedResult(pipe, &connect, &bytes, FALSE));
    }
    CloseHandle(connect.hEvent);
    listener->handle = (fr_handle)make_end(listener->address);
    return (fr_handle)pipe;
}

void raw_unlisten(struct raw_listener *listener)
{
    CloseHandle((HANDLE)listener->handle);
}

void raw_close(fr_handle end)
{
    CloseHandle((HANDLE)end);
}

/* The handles go as their values in this process, which is where both ends of a raw connection are. */
void raw_send(fr_handle end, const void *bytes, size_t num_bytes, const fr_handle *handles,
              size_t num_handles)
{
    uint8_t packet[1024];
    DWORD sent;
    assert_true(num_bytes + num_handles * sizeof(uint64_t) <= sizeof(packet));
    memcpy(packet, bytes, num_bytes);
    for (size_t i = 0; i < num_handles; i++) {
        const uint64_t value = (uint64_t)handles[i];
        memcpy(packet + num_bytes + i * sizeof(value), &value, sizeof(value));
    }
    OVERLAPPED write = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    /* The other end may have hung up already; the test looks at what it said. */
    if (!WriteFile((HANDLE)end, packet, (DWORD)(num_bytes + num_handles * sizeof(uint64_t)), NULL, &write) &&
        GetLastError() == ERROR_IO_PENDING) {
        if (WaitForSingleObject(write.hEvent, (DWORD)(WAIT_NS / FR_NS_PER_MS)))
            CancelIoEx((HANDLE)end, &write);
        GetOverlappedResult((HANDLE)end, &write, &sent, TRUE);
    }
    CloseHandle(write.hEvent);
}

static void split(struct fr_packet *out, const uint8_t *packet, size_t bytes)
{
    memcpy(&out->msg, packet, bytes < sizeof(out->msg) ? bytes : sizeof(out->msg));
    out->bytes = bytes;
    const size_t said = bytes < sizeof(out->msg.head) ? bytes : out->msg.head.bytes;
    if (said >= bytes)
        return;
    out->bytes = said;
    for (size_t at = said; at + sizeof(uint64_t) <= bytes && out->num_handles < FR_MSG_HANDLES_MAX;
         at += sizeof(uint64_t)) {
        uint64_t value;
        memcpy(&value, packet + at, sizeof(value));
        out->handles[out->num_handles++] = (fr_handle)value;
    }
}

fr_status raw_receive(fr_handle end, struct fr_packet *out, uint64_t timeout_ns)
{
    uint8_t packet[1024];
    DWORD bytes = 0;
    memset(out, 0, sizeof(*out));
    OVERLAPPED read = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    bool done = ReadFile((HANDLE)end, packet, sizeof(packet), NULL, &read);
    const bool pending = !done && GetLastError() == ERROR_IO_PENDING;
    bool timed_out = false;
    if (pending && WaitForSingleObject(read.hEvent, (DWORD)(timeout_ns / FR_NS_PER_MS))) {
        timed_out = true;
        CancelIoEx((HANDLE)end, &read);
    }
    if (done || pending)
        done = GetOverlappedResult((HANDLE)end, &read, &bytes, TRUE);
    CloseHandle(read.hEvent);
    if (!done)
        return timed_out ? FR_AGAIN : FR_END;
    split(out, packet, bytes);
    return FR_OK;
}

/* ---- children: this program once more ---- */

#define CHILD_FLAG "--child"

static HANDLE child_to;

/* No child outlives a test that failed. */
static void die_with_parent(void *parent)
{
    WaitForSingleObject((HANDLE)parent, INFINITE);
    ExitProcess(0);
}

void child_main(int argc, char **argv, const struct child_role *roles)
{
    struct sandbox sandbox = {0};
    struct fr_thread *watchdog;
    if (argc < 7 || strcmp(argv[1], CHILD_FLAG) != 0)
        return;
    HANDLE parent = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)strtoul(argv[6], NULL, 10));
    if (!parent || fr_thread_start(&watchdog, "watchdog", die_with_parent, parent))
        exit(1);
    child_to = (HANDLE)(intptr_t)strtoll(argv[4], NULL, 10);
    snprintf(sandbox.dir, sizeof(sandbox.dir), "%s", argv[3]);
    for (const struct child_role *role = roles; role->name; role++)
        if (!strcmp(role->name, argv[2]))
            role->run(&sandbox);
    exit(0);
}

struct child child_start_with(const char *role, const char *argument, int inherited)
{
    char path[MAX_PATH], line[MAX_PATH + 256];
    SECURITY_ATTRIBUTES inheritable = {.nLength = sizeof(inheritable), .bInheritHandle = TRUE};
    STARTUPINFOA startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    HANDLE from, to;
    assert_true(CreatePipe(&from, &to, &inheritable, 0));
    SetHandleInformation(from, HANDLE_FLAG_INHERIT, 0);
    GetModuleFileNameA(NULL, path, sizeof(path));
    snprintf(line, sizeof(line), "\"%s\" " CHILD_FLAG " %s %s %" PRIdPTR " %d %lu", path, role, argument,
             (intptr_t)to, inherited, GetCurrentProcessId());
    assert_true(CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process));
    CloseHandle(to);
    CloseHandle(process.hThread);
    return (struct child){
        .pid = process.dwProcessId, .process = (fr_handle)process.hProcess, .from = (fr_handle)from};
}

struct child child_start(const char *role, const struct sandbox *sandbox)
{
    return child_start_with(role, sandbox->dir, 0);
}

uint64_t child_hear(const struct child *child)
{
    uint64_t word = 0;
    DWORD bytes = 0;
    assert_true(ReadFile((HANDLE)child->from, &word, sizeof(word), &bytes, NULL));
    assert_int_equal(bytes, sizeof(word));
    return word;
}

void child_kill(struct child *child)
{
    TerminateProcess((HANDLE)child->process, 1);
}

void child_end(struct child *child)
{
    child_kill(child);
    assert_int_equal(WaitForSingleObject((HANDLE)child->process, (DWORD)(WAIT_NS / FR_NS_PER_MS)),
                     WAIT_OBJECT_0);
    CloseHandle((HANDLE)child->process);
    CloseHandle((HANDLE)child->from);
}

/* Far fewer handles than these are ever open there. */
#define HANDLE_STEP 4
#define HANDLE_END 8192

size_t child_handles(const struct child *child)
{
    size_t count = 0;
    for (intptr_t value = HANDLE_STEP; value < HANDLE_END; value += HANDLE_STEP) {
        HANDLE copy = NULL;
        if (!DuplicateHandle((HANDLE)child->process, (HANDLE)value, GetCurrentProcess(), &copy, 0, FALSE,
                             DUPLICATE_SAME_ACCESS))
            continue;
        CloseHandle(copy);
        count++;
    }
    return count;
}

size_t child_handles_settled(const struct child *child)
{
    size_t count = 0;
    for (int same = 0; same < 2;) {
        sleep_ms(25);
        const size_t now = child_handles(child);
        same = now == count ? same + 1 : 0;
        count = now;
    }
    return count;
}

void expect_child_handles(const struct child *child, size_t count)
{
    const uint64_t deadline = now_ns() + WAIT_NS;
    while (child_handles(child) != count && now_ns() < deadline)
        sleep_ms(1);
    assert_int_equal(child_handles(child), count);
}

void tell(uint64_t word)
{
    DWORD bytes;
    WriteFile(child_to, &word, sizeof(word), &bytes, NULL);
}

void wait_for_ever(void)
{
    Sleep(INFINITE);
}
