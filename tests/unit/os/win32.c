/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What os/win32 promises beyond the other systems' part, on real sections and events. */
#include "os/os.h"
#include "os/win32/win32.h"

/* After windows.h. */
#include <sddl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct fr_os os;

static int setup(void **state)
{
    (void)state;
    os = fr_os_native();
    return 0;
}

static struct fr_memory create(const struct fr_object_name *name, size_t bytes, int access)
{
    struct fr_memory memory;
    assert_int_equal(os.ops->memory_create(os.self, name, bytes, access, &memory), FR_OK);
    return memory;
}

/* As a channel hands it over. */
static fr_handle duplicate(fr_handle handle, DWORD access)
{
    HANDLE copy;
    assert_true(
        DuplicateHandle(GetCurrentProcess(), (HANDLE)handle, GetCurrentProcess(), &copy, access, FALSE, 0));
    return (fr_handle)copy;
}

static bool is_open(fr_handle handle)
{
    DWORD flags;
    return GetHandleInformation((HANDLE)handle, &flags);
}

static void memory_is_shared(void **state)
{
    (void)state;
    struct fr_memory memory = create(NULL, 10000, FR_ACCESS_WRITE);
    struct fr_memory again;
    assert_int_equal(
        os.ops->memory_map(os.self, duplicate(memory.handle, FILE_MAP_READ), 10000, FR_ACCESS_READ, &again),
        FR_OK);
    ((uint8_t *)memory.ptr)[9999] = 7;
    assert_int_equal(((const uint8_t *)again.ptr)[9999], 7);
    const fr_handle handle = again.handle;
    os.ops->memory_close(os.self, &again);
    assert_false(is_open(handle));
    os.ops->memory_close(os.self, &memory);
}

static DWORD protection_of(const void *ptr)
{
    MEMORY_BASIC_INFORMATION region;
    assert_true(VirtualQuery(ptr, &region, sizeof(region)));
    return region.Protect;
}

/* The least access: what was asked for reading is not mapped for writing. */
static void a_read_mapping_cannot_be_written(void **state)
{
    (void)state;
    struct fr_memory memory = create(NULL, 4096, FR_ACCESS_READ);
    assert_int_equal(protection_of(memory.ptr), PAGE_READONLY);
    os.ops->memory_close(os.self, &memory);
    memory = create(NULL, 4096, FR_ACCESS_WRITE);
    assert_int_equal(protection_of(memory.ptr), PAGE_READWRITE);
    os.ops->memory_close(os.self, &memory);
}

/* A map that fails must not take the handle, and change nothing. */
static void expect_no_map(fr_handle handle, size_t bytes, int access)
{
    struct fr_memory memory = {.handle = 1234};
    assert_int_equal(os.ops->memory_map(os.self, handle, bytes, access, &memory), FR_ERR_PROTOCOL);
    assert_int_equal(memory.handle, 1234);
    assert_null(memory.ptr);
}

static void delivered_memory_holds_what_was_said(void **state)
{
    (void)state;
    struct fr_memory memory = create(NULL, 8192, FR_ACCESS_READ);
    expect_no_map(memory.handle, 8193, FR_ACCESS_READ);
    expect_no_map(memory.handle, SIZE_MAX, FR_ACCESS_READ);
    expect_no_map(memory.handle, (size_t)PTRDIFF_MAX, FR_ACCESS_READ);
    expect_no_map(memory.handle, 0, FR_ACCESS_READ);
    assert_true(is_open(memory.handle));
    os.ops->memory_close(os.self, &memory);
}

static void delivered_memory_has_the_rights_that_are_wanted(void **state)
{
    (void)state;
    struct fr_memory memory = create(NULL, 8192, FR_ACCESS_READ), mapped;
    const fr_handle read_only = duplicate(memory.handle, FILE_MAP_READ);
    expect_no_map(read_only, 8192, FR_ACCESS_WRITE);
    assert_int_equal(os.ops->memory_map(os.self, read_only, 8192, FR_ACCESS_READ, &mapped), FR_OK);
    os.ops->memory_close(os.self, &mapped);
    os.ops->memory_close(os.self, &memory);
}

/* Reading reserved memory that nobody committed would end the process. */
static void delivered_memory_is_committed(void **state)
{
    (void)state;
    HANDLE section =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_RESERVE, 0, 65536, NULL);
    assert_non_null(section);
    expect_no_map((fr_handle)section, 65536, FR_ACCESS_READ);
    void *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    assert_non_null(view);
    assert_non_null(VirtualAlloc(view, 4096, MEM_COMMIT, PAGE_READWRITE));
    expect_no_map((fr_handle)section, 65536, FR_ACCESS_READ);
    UnmapViewOfFile(view);
    CloseHandle(section);
}

/* A file's disk can go away, and reading the page then ends the process. */
static void delivered_memory_is_no_file(void **state)
{
    (void)state;
    wchar_t folder[MAX_PATH], path[MAX_PATH];
    assert_true(GetTempPathW(MAX_PATH, folder));
    assert_true(GetTempFileNameW(folder, L"frt", 0, path));
    HANDLE file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                              FILE_FLAG_DELETE_ON_CLOSE, NULL);
    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    HANDLE section = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 8192, NULL);
    assert_non_null(section);
    expect_no_map((fr_handle)section, 8192, FR_ACCESS_READ);
    CloseHandle(section);
    CloseHandle(file);
}

static void other_objects_are_no_memory(void **state)
{
    (void)state;
    struct fr_event event;
    assert_int_equal(os.ops->event_create(os.self, NULL, &event), FR_OK);
    expect_no_map(event.handle, 4096, FR_ACCESS_READ);
    os.ops->event_close(os.self, &event);
    expect_no_map(0x7ffffff0, 4096, FR_ACCESS_READ);
}

static void global_name(char name[64], const char *what)
{
    snprintf(name, 64, "Global\\framering-test-%s-%lu", what, GetCurrentProcessId());
}

static void a_name_leads_to_the_object(void **state)
{
    (void)state;
    char text[64];
    global_name(text, "section");
    const struct fr_object_name name = {.global = text};
    struct fr_memory memory = create(&name, 4096, FR_ACCESS_WRITE), mapped;
    HANDLE found = OpenFileMappingA(FILE_MAP_READ, FALSE, text);
    assert_non_null(found);
    assert_int_equal(os.ops->memory_map(os.self, (fr_handle)found, 4096, FR_ACCESS_READ, &mapped), FR_OK);
    ((uint8_t *)memory.ptr)[1] = 9;
    assert_int_equal(((const uint8_t *)mapped.ptr)[1], 9);
    os.ops->memory_close(os.self, &mapped);
    os.ops->memory_close(os.self, &memory);
    assert_null(OpenFileMappingA(FILE_MAP_READ, FALSE, text));
}

/* Whoever made the object before could keep a hand on it. */
static void a_name_that_is_taken_is_not_shared(void **state)
{
    (void)state;
    char sections[64], events[64];
    global_name(sections, "section");
    global_name(events, "event");
    const struct fr_object_name section_name = {.global = sections}, event_name = {.global = events};
    struct fr_memory memory = create(&section_name, 4096, FR_ACCESS_WRITE), again = {.handle = 1234};
    struct fr_event event, other = {.handle = 1234};
    assert_int_equal(os.ops->event_create(os.self, &event_name, &event), FR_OK);
    assert_int_equal(os.ops->memory_create(os.self, &section_name, 4096, FR_ACCESS_WRITE, &again),
                     FR_ERR_TARGET_BUSY);
    assert_int_equal(os.ops->memory_create(os.self, &event_name, 4096, FR_ACCESS_WRITE, &again),
                     FR_ERR_TARGET_BUSY);
    assert_int_equal(os.ops->event_create(os.self, &event_name, &other), FR_ERR_TARGET_BUSY);
    assert_int_equal(os.ops->event_create(os.self, &section_name, &other), FR_ERR_TARGET_BUSY);
    assert_int_equal(again.handle, 1234);
    assert_int_equal(other.handle, 1234);
    os.ops->event_close(os.self, &event);
    os.ops->memory_close(os.self, &memory);
    /* No handle was left behind. */
    memory = create(&section_name, 4096, FR_ACCESS_WRITE);
    assert_int_equal(os.ops->event_create(os.self, &event_name, &event), FR_OK);
    os.ops->event_close(os.self, &event);
    os.ops->memory_close(os.self, &memory);
}

static void a_name_that_is_none_is_refused(void **state)
{
    (void)state;
    char longer[MAX_PATH + 16];
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    const char *const names[] = {longer, "no\xff utf-8"};
    for (size_t i = 0; i < 2; i++) {
        struct fr_memory memory = {.handle = 1234};
        struct fr_event event = {.handle = 1234};
        const struct fr_object_name name = {.global = names[i]};
        assert_int_equal(os.ops->memory_create(os.self, &name, 4096, FR_ACCESS_READ, &memory),
                         FR_ERR_ARGUMENT);
        assert_int_equal(os.ops->event_create(os.self, &name, &event), FR_ERR_ARGUMENT);
        assert_int_equal(memory.handle, 1234);
        assert_int_equal(event.handle, 1234);
    }
}

static void the_security_is_the_object_s(void **state)
{
    (void)state;
    SECURITY_ATTRIBUTES security = {.nLength = sizeof(security)};
    assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorA("D:P(A;;GA;;;SY)", SDDL_REVISION_1,
                                                                     &security.lpSecurityDescriptor, NULL));
    char sections[64], events[64];
    global_name(sections, "system-section");
    global_name(events, "system-event");
    const struct fr_object_name section_name = {.global = sections, .security = &security},
                                event_name = {.global = events, .security = &security};
    struct fr_event event;
    struct fr_memory memory = create(&section_name, 4096, FR_ACCESS_WRITE);
    assert_int_equal(os.ops->event_create(os.self, &event_name, &event), FR_OK);
    assert_null(OpenEventA(EVENT_MODIFY_STATE, FALSE, events));
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    assert_null(OpenFileMappingA(FILE_MAP_READ, FALSE, sections));
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    os.ops->memory_close(os.self, &memory);
    os.ops->event_close(os.self, &event);
    LocalFree(security.lpSecurityDescriptor);
}

/* It must be a timeout, and not one that is over at once: the caller would spin. */
static void a_handle_that_cannot_be_waited_on_is_no_event(void **state)
{
    (void)state;
    const struct fr_event event = {.handle = 0x7ffffff0};
    const struct fr_event *const events[] = {&event};
    const uint64_t begin = os.ops->now_ns(os.self);
    assert_int_equal(os.ops->wait(os.self, events, 1, 8 * FR_NS_PER_MS), FR_TIMEOUT);
    assert_true(os.ops->now_ns(os.self) - begin >= 7 * FR_NS_PER_MS);
}

static void ticks_become_nanoseconds_without_overflow(void **state)
{
    (void)state;
    LARGE_INTEGER frequency;
    assert_true(QueryPerformanceFrequency(&frequency));
    const uint64_t per_s = (uint64_t)frequency.QuadPart, year_s = 366 * 86400;
    assert_true(fr_win32_ns_of_ticks(per_s) == FR_NS_PER_S);
    assert_true(fr_win32_ns_of_ticks(per_s / 2) == FR_NS_PER_S / 2);
    assert_true(fr_win32_ns_of_ticks(20 * year_s * per_s) == 20 * year_s * FR_NS_PER_S);
    assert_true(fr_win32_ns_of_ticks(20 * year_s * per_s + per_s / 2) ==
                20 * year_s * FR_NS_PER_S + FR_NS_PER_S / 2);
}

static void a_null_handle_is_not_closed(void **state)
{
    (void)state;
    SetLastError(0);
    os.ops->handle_close(os.self, 0);
    os.ops->handle_close(os.self, FR_HANDLE_NONE);
    assert_int_equal(GetLastError(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_shared),
        cmocka_unit_test(a_read_mapping_cannot_be_written),
        cmocka_unit_test(delivered_memory_holds_what_was_said),
        cmocka_unit_test(delivered_memory_has_the_rights_that_are_wanted),
        cmocka_unit_test(delivered_memory_is_committed),
        cmocka_unit_test(delivered_memory_is_no_file),
        cmocka_unit_test(other_objects_are_no_memory),
        cmocka_unit_test(a_name_leads_to_the_object),
        cmocka_unit_test(a_name_that_is_taken_is_not_shared),
        cmocka_unit_test(a_name_that_is_none_is_refused),
        cmocka_unit_test(the_security_is_the_object_s),
        cmocka_unit_test(a_handle_that_cannot_be_waited_on_is_no_event),
        cmocka_unit_test(ticks_become_nanoseconds_without_overflow),
        cmocka_unit_test(a_null_handle_is_not_closed),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
