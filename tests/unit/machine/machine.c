/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "machine/machine.h"

#include <stdlib.h>
#include <string.h>

/* Of every memory, as on a real machine; rows are expected to start so. */
#define ALIGN 4096u

/* What handles and mappings refer to: an event when it has no bytes. */
struct machine_object {
    unsigned refs;
    bool signalled;
    size_t bytes;
    void *block, *data; /* what was allocated, and its first page */
};

static void object_unref(struct machine_object *object)
{
    if (--object->refs)
        return;
    free(object->block);
    free(object);
}

static struct machine_object *object_of(const struct machine *machine, fr_handle handle)
{
    if (handle < 0 || handle >= MACHINE_HANDLES || !machine->handle[handle])
        fail_msg("handle %ld is not open", (long)handle);
    return machine->handle[handle];
}

static fr_handle handle_open(struct machine *machine, struct machine_object *object)
{
    for (int i = 3; i < MACHINE_HANDLES; i++) {
        if (machine->handle[i])
            continue;
        machine->handle[i] = object;
        machine->handles++;
        object->refs++;
        return i;
    }
    fail_msg("%d handles are open", MACHINE_HANDLES);
    return FR_HANDLE_NONE;
}

static void handle_close(void *self, fr_handle handle)
{
    struct machine *machine = self;
    if (handle == FR_HANDLE_NONE)
        return;
    struct machine_object *object = object_of(machine, handle);
    machine->handle[handle] = NULL;
    machine->handles--;
    object_unref(object);
}

fr_handle machine_duplicate(struct machine *machine, fr_handle handle)
{
    return handle_open(machine, object_of(machine, handle));
}

static uint64_t now_ns(void *self)
{
    const struct machine *machine = self;
    return machine->now_ns;
}

/* From an allocator that is never made to fail. */
static struct machine_object *object_create(size_t bytes)
{
    struct machine_object *object = malloc(sizeof(*object));
    assert_non_null(object);
    *object = (struct machine_object){.bytes = bytes};
    if (bytes) {
        object->block = malloc(bytes + ALIGN);
        assert_non_null(object->block);
        object->data = (uint8_t *)object->block + (ALIGN - (uintptr_t)object->block % ALIGN);
        memset(object->data, 0, bytes);
    }
    return object;
}

static fr_status memory_create(void *self, const struct fr_object_name *name, size_t bytes, int access,
                               struct fr_memory *out)
{
    struct machine *machine = self;
    (void)name, (void)access;
    assert_true(bytes > 0);
    if (machine_must_fail())
        return FR_ERR_NO_MEMORY;
    struct machine_object *object = object_create(bytes);
    object->refs++;
    machine->mappings++;
    if (bytes > machine->largest_memory)
        machine->largest_memory = bytes;
    *out = (struct fr_memory){.ptr = object->data, .bytes = bytes, .handle = handle_open(machine, object)};
    return FR_OK;
}

static fr_status memory_map(void *self, fr_handle handle, size_t bytes, int access, struct fr_memory *out)
{
    struct machine *machine = self;
    (void)access;
    struct machine_object *object = object_of(machine, handle);
    if (!bytes || bytes > object->bytes)
        return FR_ERR_PROTOCOL;
    if (machine_must_fail())
        return FR_ERR_NO_MEMORY;
    object->refs++;
    machine->mappings++;
    *out = (struct fr_memory){.ptr = object->data, .bytes = bytes, .handle = handle};
    return FR_OK;
}

static void memory_close(void *self, struct fr_memory *memory)
{
    struct machine *machine = self;
    if (memory->ptr) {
        machine->mappings--;
        object_unref(object_of(machine, memory->handle));
        handle_close(self, memory->handle);
    }
    *memory = (struct fr_memory){.handle = FR_HANDLE_NONE};
}

static fr_status event_create(void *self, const struct fr_object_name *name, struct fr_event *out)
{
    (void)name;
    if (machine_must_fail())
        return FR_ERR_NO_MEMORY;
    out->handle = handle_open(self, object_create(0));
    return FR_OK;
}

static void event_signal(void *self, const struct fr_event *event)
{
    struct machine *machine = self;
    struct machine_object *object = object_of(machine, event->handle);
    machine->signals++;
    if (!machine->deaf)
        object->signalled = true;
}

static void event_close(void *self, struct fr_event *event)
{
    handle_close(self, event->handle);
    event->handle = FR_HANDLE_NONE;
}

static bool take_signals(struct machine *machine, const struct fr_event *const *events, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        struct machine_object *object = object_of(machine, events[i]->handle);
        any |= object->signalled;
        if (machine->leave && object->signalled)
            *machine->leave |= 1u << i;
        else
            object->signalled = false;
    }
    machine->wakes += any;
    return any;
}

static void event_reset(void *self, const struct fr_event *event)
{
    struct machine *machine = self;
    machine->resets++;
    if (machine->on_reset)
        machine->on_reset(machine->on_wait_user);
    object_of(machine, event->handle)->signalled = false;
}

static fr_status wait_for(void *self, const struct fr_event *const *events, size_t count, uint64_t timeout_ns)
{
    struct machine *machine = self;
    machine->waits++;
    machine->events_waited = (uint32_t)count;
    if (timeout_ns > machine->longest_wait_ns)
        machine->longest_wait_ns = timeout_ns;
    if (take_signals(machine, events, count))
        return FR_OK;
    const uint64_t until = machine->now_ns + timeout_ns;
    if (machine->on_wait && !machine->in_wait) {
        machine->in_wait = true;
        machine->on_wait(machine->on_wait_user);
        machine->in_wait = false;
    }
    if (take_signals(machine, events, count))
        return FR_OK;
    if (until > machine->now_ns)
        machine->now_ns = until;
    return FR_TIMEOUT;
}

/* As where a reset is a system call: what ended the wait stays signalled. */
static fr_status wait_only(void *self, const struct fr_event *const *events, size_t count,
                           uint64_t timeout_ns, uint32_t *left)
{
    struct machine *machine = self;
    machine->leave = left;
    *left = 0;
    const fr_status status = wait_for(self, events, count, timeout_ns);
    machine->leave = NULL;
    return status;
}

static const struct fr_os_ops machine_ops = {
    .now_ns = now_ns,
    .memory_create = memory_create,
    .memory_map = memory_map,
    .memory_close = memory_close,
    .event_create = event_create,
    .event_signal = event_signal,
    .event_close = event_close,
    .event_reset = event_reset,
    .wait = wait_for,
    .wait_only = wait_only,
    .handle_close = handle_close,
};

struct fr_os machine_os(struct machine *machine)
{
    return (struct fr_os){.ops = &machine_ops, .self = machine};
}

void machine_init(struct machine *machine)
{
    *machine = (struct machine){.now_ns = MACHINE_START_NS};
    machine_fail_allocation(0);
}

void machine_finish(struct machine *machine)
{
    machine_fail_allocation(0);
    assert_int_equal(machine->handles, 0);
    assert_int_equal(machine->mappings, 0);
}

void machine_advance(struct machine *machine, uint64_t ns)
{
    machine->now_ns += ns;
}
