/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_OS_LINUX_LINUX_H
#define FR_OS_LINUX_LINUX_H

/* The parts of fr_os_native, one file each. See os/os.h for what they promise. */

#include "os/os.h"

#include <time.h>

uint64_t fr_linux_now_ns(void *self);
struct timespec fr_linux_timespec(uint64_t ns);

fr_status fr_linux_memory_create(void *self, const struct fr_object_name *name, size_t bytes, int access,
                                 struct fr_memory *out);
fr_status fr_linux_memory_map(void *self, fr_handle handle, size_t bytes, int access, struct fr_memory *out);
void fr_linux_memory_close(void *self, struct fr_memory *memory);

fr_status fr_linux_event_create(void *self, const struct fr_object_name *name, struct fr_event *out);
void fr_linux_event_signal(void *self, const struct fr_event *event);
void fr_linux_event_reset(void *self, const struct fr_event *event);
void fr_linux_event_close(void *self, struct fr_event *event);
fr_status fr_linux_wait(void *self, const struct fr_event *const *events, size_t count, uint64_t timeout_ns);
fr_status fr_linux_wait_only(void *self, const struct fr_event *const *events, size_t count,
                             uint64_t timeout_ns, uint32_t *left);

fr_status fr_linux_waiter_create(void *self, const struct fr_event *const *events, size_t count,
                                 struct fr_waiter **out);
fr_status fr_linux_waiter_wait(void *self, struct fr_waiter *waiter, uint64_t timeout_ns, bool soon,
                               uint32_t *signalled);
void fr_linux_waiter_destroy(void *self, struct fr_waiter **waiter);

void fr_linux_handle_close(void *self, fr_handle handle);

#endif
