/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include <framering/version.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

uint32_t fr_version(void)
{
    return (uint32_t)FR_VERSION_MAJOR << 16 | (uint32_t)FR_VERSION_MINOR << 8 | (uint32_t)FR_VERSION_PATCH;
}

const char *fr_version_text(void)
{
    return TEXT(FR_VERSION_MAJOR) "." TEXT(FR_VERSION_MINOR) "." TEXT(FR_VERSION_PATCH);
}
