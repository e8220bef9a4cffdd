// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
#version 450
#extension GL_EXT_samplerless_texture_functions : require

// One image into another of the same size. The codes of UNORM formats of as many bits survive the way through floats; so
// do those of an sRGB format, which is read as light, where they are encoded again.
// The capture layer (sources/vulkan-layer), which sees the public headers alone, compiles it too.
layout(local_size_x = 16, local_size_y = 16) in;
layout(set = 0, binding = 0) uniform texture2D from;
layout(set = 0, binding = 1) uniform writeonly image2D to;

layout(constant_id = 0) const bool encode = false;

vec3 encoded(vec3 light)
{
    const vec3 low = 12.92 * light, high = 1.055 * pow(max(light, 1e-5), vec3(1.0 / 2.4)) - 0.055;
    return mix(high, low, lessThanEqual(light, vec3(0.0031308)));
}

void main()
{
    const ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    if (any(greaterThanEqual(at, imageSize(to))))
        return;
    vec4 texel = texelFetch(from, at, 0);
    if (encode)
        texel.rgb = encoded(texel.rgb);
    imageStore(to, at, texel);
}
