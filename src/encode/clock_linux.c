/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/clock.h"

#include <libavutil/time.h>

uint64_t fr_encode_now_ns(void)
{
    return (uint64_t)av_gettime_relative() * 1000;
}
