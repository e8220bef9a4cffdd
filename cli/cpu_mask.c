/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cpu_mask.h"

#include "say.h"

#include <framering/convert.h>

#include <stdlib.h>

#define WANTED                                                                                               \
    "give instruction sets not to use, as in avx512,avx2 (there are sse4.1, avx2, avx512, neon and all), "   \
    "or "                                                                                                    \
    "their number, as in 6"

const char cpu_mask_help[] =
    "instruction sets that converters do not use, as in avx512,avx2: sse4.1, avx2, avx512, neon, "
    "all, or a number";

bool cpu_mask_take(const struct args *args, uint32_t *out)
{
    return fr_cpu_mask_parse(out, args->value) == FR_OK || args_refuse(args, WANTED);
}

bool cpu_mask_environment(void)
{
    const char *text = getenv("FRAMERING_CPU_MASK");
    uint32_t mask;
    if (!text || !*text || fr_cpu_mask_parse(&mask, text) == FR_OK)
        return true;
    say(FR_LOG_ERROR, "FRAMERING_CPU_MASK is %s; unset it, or " WANTED, text);
    return false;
}
