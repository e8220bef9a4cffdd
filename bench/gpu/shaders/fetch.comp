#version 450
#ifdef LOAD
#extension GL_EXT_shader_image_load_formatted : require
#endif
#ifdef SHUFFLE
#extension GL_KHR_shader_subgroup_shuffle : require
#endif
// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
// The traffic of a converter to 4:2:0 with next to no arithmetic: every texel read once, both planes stored
// packed. FETCH: texelFetch; GATHER: textureGather; LOAD: storage image; BUFFER: rows in a buffer;
// SHUFFLE: texelFetch of 2x2 texels, words put together by pairs of invocations.
layout(local_size_x_id = 0, local_size_y_id = 1) in;
layout(constant_id = 2) const uint WIDE = 4; // texels of an invocation: WIDE x 2 * PAIRS
layout(constant_id = 3) const uint PAIRS = 1;
layout(constant_id = 4) const bool DEEP = false; // 16 bits a sample
layout(constant_id = 5) const bool HALVES = false; // BUFFER: texels of 8 bytes
layout(push_constant) uniform Push { uvec2 size; uint chroma; uint unused; }; // chroma: its offset in words

#ifdef BUFFER
layout(set = 0, binding = 0) readonly buffer Source { uvec4 source[]; };
#elif defined(LOAD)
layout(set = 0, binding = 3) readonly uniform image2D source;
#else
layout(set = 0, binding = 2) uniform sampler2D source;
#endif
layout(set = 0, binding = 1) writeonly buffer Words { uint words[]; };
layout(set = 0, binding = 1) writeonly buffer Words2 { uvec2 words2[]; };
layout(set = 0, binding = 1) writeonly buffer Words4 { uvec4 words4[]; };

vec3 texel[16][2];

void read_row(uvec2 at, uint row)
{
#ifdef BUFFER
    if (HALVES) {
        for (uint i = 0; i < WIDE; i += 2) {
            const uvec4 v = source[(at.y * size.x + at.x + i) / 2];
            texel[i][row] = vec3(unpackHalf2x16(v.x), unpackHalf2x16(v.y).x);
            texel[i + 1][row] = vec3(unpackHalf2x16(v.z), unpackHalf2x16(v.w).x);
        }
    } else {
        for (uint i = 0; i < WIDE; i += 4) {
            const uvec4 v = source[(at.y * size.x + at.x + i) / 4];
            for (uint k = 0; k < 4; k++)
                texel[i + k][row] = unpackUnorm4x8(v[k]).zyx;
        }
    }
#elif defined(LOAD)
    for (uint i = 0; i < WIDE; i++)
        texel[i][row] = imageLoad(source, ivec2(at) + ivec2(i, 0)).rgb;
#elif !defined(GATHER)
    for (uint i = 0; i < WIDE; i++)
        texel[i][row] = texelFetch(source, ivec2(at) + ivec2(i, 0), 0).rgb;
#endif
}

void read_rows(uvec2 at)
{
#ifdef GATHER
    for (uint i = 0; i < WIDE; i += 2) {
        const vec2 place = (vec2(at) + vec2(i + 1, 1)) / vec2(size);
        const vec4 r = textureGather(source, place, 0);
        const vec4 g = textureGather(source, place, 1);
        const vec4 b = textureGather(source, place, 2);
        texel[i][1] = vec3(r.x, g.x, b.x);
        texel[i + 1][1] = vec3(r.y, g.y, b.y);
        texel[i + 1][0] = vec3(r.z, g.z, b.z);
        texel[i][0] = vec3(r.w, g.w, b.w);
    }
#else
    read_row(at, 0);
    read_row(at + uvec2(0, 1), 1);
#endif
}

uint word8(vec4 v) { return packUnorm4x8(v); }

float luma(uint i, uint row) { return texel[i][row].r + 0.5 * texel[i][row].g; }

vec2 chroma_of(uint i) { return 0.25 * (texel[i][0].gb + texel[i][1].gb + texel[i + 1][0].gb + texel[i + 1][1].gb); }

// n words at a word offset that is a multiple of n, or of 4.
void store(uint at, uint v[8], uint n)
{
    if (n >= 4)
        for (uint i = 0; i < n; i += 4)
            words4[at / 4 + i / 4] = uvec4(v[i], v[i + 1], v[i + 2], v[i + 3]);
    else if (n == 2)
        words2[at / 2] = uvec2(v[0], v[1]);
    else
        words[at] = v[0];
}

void pack_luma(uint row, out uint v[8])
{
    if (DEEP)
        for (uint i = 0; i < WIDE; i += 2)
            v[i / 2] = packUnorm2x16(vec2(luma(i, row), luma(i + 1, row)));
    else
        for (uint i = 0; i < WIDE; i += 4)
            v[i / 4] = word8(vec4(luma(i, row), luma(i + 1, row), luma(i + 2, row), luma(i + 3, row)));
}

void pack_chroma(out uint v[8])
{
    if (DEEP)
        for (uint i = 0; i < WIDE; i += 2)
            v[i / 2] = packUnorm2x16(chroma_of(i));
    else
        for (uint i = 0; i < WIDE; i += 4)
            v[i / 4] = word8(vec4(chroma_of(i), chroma_of(i + 2)));
}

#ifdef SHUFFLE
void main()
{
    const uvec2 at = gl_GlobalInvocationID.xy * 2;
    if (at.x >= size.x || at.y >= size.y)
        return;
    for (uint i = 0; i < 4; i++)
        texel[i & 1][i >> 1] = texelFetch(source, ivec2(at) + ivec2(i & 1, i >> 1), 0).rgb;
    const bool odd = (gl_LocalInvocationID.x & 1) != 0;
    if (DEEP) {
        const uint pitch = size.x / 2;
        words[at.y * pitch + at.x / 2] = packUnorm2x16(vec2(luma(0, 0), luma(1, 0)));
        words[(at.y + 1) * pitch + at.x / 2] = packUnorm2x16(vec2(luma(0, 1), luma(1, 1)));
        words[chroma + at.y / 2 * pitch + at.x / 2] = packUnorm2x16(chroma_of(0));
        return;
    }
    const uint pitch = size.x / 4;
    const uint top = word8(vec4(luma(0, 0), luma(1, 0), 0, 0)), low = word8(vec4(luma(0, 1), luma(1, 1), 0, 0));
    const uint other = subgroupShuffleXor(odd ? top : low, 1u); // each keeps one row of the pair
    words[(at.y + (odd ? 1 : 0)) * pitch + at.x / 4] = odd ? other | low << 16 : top | other << 16;
    const uint half_word = word8(vec4(chroma_of(0), 0, 0));
    const uint pair = subgroupShuffleXor(half_word, 1u);
    if (!odd)
        words[chroma + at.y / 2 * pitch + at.x / 4] = half_word | pair << 16;
}
#else
void main()
{
    const uint pitch = DEEP ? size.x / 2 : size.x / 4;
    const uint n = DEEP ? WIDE / 2 : WIDE / 4;
    for (uint pair = 0; pair < PAIRS; pair++) {
        const uvec2 at = gl_GlobalInvocationID.xy * uvec2(WIDE, 2 * PAIRS) + uvec2(0, 2 * pair);
        if (at.x >= size.x || at.y >= size.y)
            return;
        read_rows(at);
        uint v[8];
        const uint x = at.x / WIDE * n;
        pack_luma(0, v);
        store(at.y * pitch + x, v, n);
        pack_luma(1, v);
        store((at.y + 1) * pitch + x, v, n);
        pack_chroma(v);
        store(chroma + at.y / 2 * pitch + x, v, n);
    }
}
#endif
