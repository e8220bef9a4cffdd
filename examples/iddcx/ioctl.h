/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLE_IDDCX_IOCTL_H
#define EXAMPLE_IDDCX_IOCTL_H

/* What the example's host and its driver say to each other. docs/driver.md explains it. */

#include <windows.h>

#include <winioctl.h>

#include <stdint.h>

/* In: nothing. Out: struct example_source. */
#define IOCTL_EXAMPLE_GET_SOURCE                                                                             \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
/* In: struct fr_win32_ring. Out: nothing. Success: the handles in it are the driver's. */
#define IOCTL_EXAMPLE_SET_RING                                                                               \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)

struct example_source {
    uint32_t pid;          /* of the process that the handles are to be duplicated into */
    uint32_t reserved;     /* 0 */
    uint64_t capabilities; /* FR_WIN32_CAN_* */
};

#endif
