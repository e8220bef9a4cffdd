// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
//
// Invocations of a workgroup lend to each other through its shared memory.

shared SIGNAL lent_edge[LENT]; // the column left of the workgroup, row by row
shared TAP lent_second[DEEP][LENT]; // of the second column
#ifndef TO_P010
shared TAP lent_first[DEEP][LENT];
shared uint lent_luma[DEEP][LENT]; // two codes of each row
#endif

int own_number()
{
    return int(gl_LocalInvocationIndex);
}

int own_column()
{
    return first.x + int(gl_GlobalInvocationID.x);
}

int number_in_group()
{
    return own_number();
}

int first_column_of_group()
{
    return first.x + int(gl_WorkGroupID.x * gl_WorkGroupSize.x);
}

void lend(TAP first_tap[DEEP], TAP second_tap[DEEP], uint luma[DEEP], bool has_edge, SIGNAL edge_signal)
{
    const int me = own_number();
    [[unroll]] for (int k = 0; k < DEEP; k++) {
        lent_second[k][me] = second_tap[k];
#ifndef TO_P010
        lent_first[k][me] = first_tap[k];
        lent_luma[k][me] = luma[k];
#endif
    }
    if (has_edge)
        lent_edge[me] = edge_signal;
    barrier();
}

TAP lent_left(int k)
{
    const int row = 2 * (int(gl_LocalInvocationID.y) * DEEP + k);
    if (gl_LocalInvocationID.x != 0)
        return lent_second[k][own_number() - 1];
    return tap_of(lent_edge[row], lent_edge[row + 1]);
}

#ifndef TO_P010
uint lent_other_luma(int k)
{
    return lent_luma[k][own_number() ^ 1];
}

// Of an even invocation.
TAP lent_next_first(int k)
{
    return lent_first[k][own_number() + 1];
}

TAP lent_next_second(int k)
{
    return lent_second[k][own_number() + 1];
}
#endif
