/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "os/linux/linux.h"

#include <unistd.h>

void fr_linux_handle_close(void *self, fr_handle handle)
{
    (void)self;
    if (handle != FR_HANDLE_NONE)
        close((int)handle);
}

static const struct fr_os_ops native_ops = {
    .now_ns = fr_linux_now_ns,
    .memory_create = fr_linux_memory_create,
    .memory_map = fr_linux_memory_map,
    .memory_close = fr_linux_memory_close,
    .event_create = fr_linux_event_create,
    .event_signal = fr_linux_event_signal,
    .event_reset = fr_linux_event_reset,
    .event_close = fr_linux_event_close,
    .wait = fr_linux_wait,
    .wait_only = fr_linux_wait_only,
    .waiter_create = fr_linux_waiter_create,
    .waiter_wait = fr_linux_waiter_wait,
    .waiter_destroy = fr_linux_waiter_destroy,
    .handle_close = fr_linux_handle_close,
};

struct fr_os fr_os_native(void)
{
    return (struct fr_os){.ops = &native_ops, .self = NULL};
}

uint32_t fr_os_process_id(void)
{
    return (uint32_t)getpid();
}
