/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What ../convert/zimg_oracle.c compares here: the GPU's conversion of an image. */
#include "check.h"

codes convert_packed_gpu(const fr_convert_params *params, const void *src);

codes convert_packed_gpu(const fr_convert_params *params, const void *src)
{
    struct fr_vk_device *device = rig_device();
    const struct check check = {.device = device, .params = *params};
    const codes c = check_convert(&check, src);
    fr_vk_device_unref(device);
    return c;
}
