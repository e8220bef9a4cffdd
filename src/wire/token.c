/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include <framering/wire.h>

uint64_t fr_token_pack(fr_token token)
{
    return (uint64_t)(token.generation & FR_GENERATION_MAX) << 40 | (uint64_t)token.sequence << 8 |
           (token.slot & 0xffu);
}

fr_token fr_token_unpack(uint64_t word)
{
    return (fr_token){
        .generation = (uint32_t)(word >> 40),
        .sequence = (uint32_t)(word >> 8),
        .slot = (uint32_t)word & 0xffu,
    };
}

bool fr_sequence_newer(uint32_t a, uint32_t b)
{
    return a != b && a - b < 0x80000000u;
}

uint32_t fr_generation_next(uint32_t generation)
{
    return generation >= FR_GENERATION_MAX ? 1 : generation + 1;
}
