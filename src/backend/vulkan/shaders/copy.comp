// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
#version 450
#extension GL_EXT_samplerless_texture_functions : require

// One image into another of the same size. The codes of UNORM formats of as many bits survive the way through floats.
// The capture layer (sources/vulkan-layer), which sees the public headers alone, compiles it too.
layout(local_size_x = 16, local_size_y = 16) in;
layout(set = 0, binding = 0) uniform texture2D from;
layout(set = 0, binding = 1) uniform writeonly image2D to;

void main()
{
    const ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    if (all(lessThan(at, imageSize(to))))
        imageStore(to, at, texelFetch(from, at, 0));
}
