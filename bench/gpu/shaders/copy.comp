#version 450
// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
// Buffer to buffer, 16 bytes an access, PER accesses in flight per invocation.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint PER = 4;
layout(set = 0, binding = 0) readonly buffer Source { uvec4 source[]; };
layout(set = 0, binding = 1) writeonly buffer Target { uvec4 target[]; };
layout(push_constant) uniform Push { uint count; };

void main()
{
    const uint chunk = gl_WorkGroupSize.x * PER;
    for (uint base = gl_WorkGroupID.x * chunk; base < count; base += gl_NumWorkGroups.x * chunk) {
        const uint at = base + gl_LocalInvocationIndex;
        uvec4 value[PER];
        if (base + chunk <= count) {
            for (uint i = 0; i < PER; i++)
                value[i] = source[at + i * gl_WorkGroupSize.x];
            for (uint i = 0; i < PER; i++)
                target[at + i * gl_WorkGroupSize.x] = value[i];
        } else {
            for (uint i = 0; i < PER; i++)
                if (at + i * gl_WorkGroupSize.x < count)
                    target[at + i * gl_WorkGroupSize.x] = source[at + i * gl_WorkGroupSize.x];
        }
    }
}
