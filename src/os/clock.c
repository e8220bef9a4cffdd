/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "os/os.h"

#include <framering/frame.h>

uint64_t fr_clock_now_ns(void)
{
    const struct fr_os os = fr_os_native();
    return os.ops->now_ns(os.self);
}
