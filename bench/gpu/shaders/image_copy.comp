#version 450
#extension GL_EXT_shader_image_load_formatted : require
// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
// Image to image, the way to copy where vkCmdCopyImage is slow.
layout(local_size_x_id = 0, local_size_y_id = 1) in;
layout(set = 0, binding = 2) uniform sampler2D source;
layout(set = 0, binding = 4) writeonly uniform image2D target;
layout(push_constant) uniform Push { uvec2 size; };

void main()
{
    if (gl_GlobalInvocationID.x < size.x && gl_GlobalInvocationID.y < size.y)
        imageStore(target, ivec2(gl_GlobalInvocationID.xy), texelFetch(source, ivec2(gl_GlobalInvocationID.xy), 0));
}
