#version 450
// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
// Noise, so that no memory compression helps; each half-word is a finite half float.
layout(local_size_x = 256) in;
layout(set = 0, binding = 1) writeonly buffer Target { uvec4 target[]; };
layout(push_constant) uniform Push { uint count; };

uint noise(uint v)
{
    v ^= v >> 16;
    v *= 0x7feb352du;
    v ^= v >> 15;
    v *= 0x846ca68bu;
    v ^= v >> 16;
    return v & 0x3fff3fffu;
}

void main()
{
    for (uint i = gl_GlobalInvocationID.x; i < count; i += gl_NumWorkGroups.x * 256)
        target[i] = uvec4(noise(4 * i), noise(4 * i + 1), noise(4 * i + 2), noise(4 * i + 3));
}
