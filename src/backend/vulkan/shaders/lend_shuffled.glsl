// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
//
// Invocations of a subgroup lend to each other by shuffles. The workgroup is one row of whole subgroups, and an
// invocation's place is that in its subgroup: which local invocations that are, drivers need not say.

TAP lent_tap[DEEP];
#ifndef TO_P010
uint lent_luma[DEEP];
TAP lent_first[DEEP], lent_second[DEEP];
#endif

int number_in_group()
{
    return int(gl_SubgroupInvocationID);
}

int first_column_of_group()
{
    return first.x + int(gl_WorkGroupID.x * gl_WorkGroupSize.x + gl_SubgroupID * gl_SubgroupSize);
}

int own_column()
{
    return first_column_of_group() + number_in_group();
}

void lend(TAP first_tap[DEEP], TAP second_tap[DEEP], uint luma[DEEP], bool has_edge, SIGNAL edge_signal)
{
    const int me = number_in_group();
    [[unroll]] for (int k = 0; k < DEEP; k++) {
        const TAP before = subgroupShuffle(second_tap[k], uint(max(me - 1, 0)));
        const SIGNAL upper = subgroupShuffle(edge_signal, 2 * k), lower = subgroupShuffle(edge_signal, 2 * k + 1);
        lent_tap[k] = me != 0 ? before : tap_of(upper, lower);
#ifndef TO_P010
        lent_luma[k] = subgroupShuffleXor(luma[k], 1u);
        lent_first[k] = subgroupShuffleXor(first_tap[k], 1u);
        lent_second[k] = subgroupShuffleXor(second_tap[k], 1u);
#endif
    }
}

TAP lent_left(int k)
{
    return lent_tap[k];
}

#ifndef TO_P010
uint lent_other_luma(int k)
{
    return lent_luma[k];
}

// Of an even invocation.
TAP lent_next_first(int k)
{
    return lent_first[k];
}

TAP lent_next_second(int k)
{
    return lent_second[k];
}
#endif
