#version 450
// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
// Keeps a GPU busy for a while.
layout(local_size_x = 256) in;
layout(set = 0, binding = 1) writeonly buffer Target { uint target[]; };
layout(push_constant) uniform Push { uint rounds; };

void main()
{
    float v = float(gl_GlobalInvocationID.x);
    for (uint i = 0; i < rounds; i++)
        v = fma(v, 1.0001, 0.5);
    if (v == 12345.678)
        target[0] = 1;
}
