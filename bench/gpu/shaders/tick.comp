#version 450
// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
// Counts in device memory and tells the count to a word that the processor sees.
layout(local_size_x = 1) in;
layout(set = 0, binding = 0) buffer Count { uint count; };
layout(set = 0, binding = 1) writeonly buffer Word { uint word; };

void main()
{
    count = count + 1;
    word = count;
}
