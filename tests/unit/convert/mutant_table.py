# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""One edit that makes a family of kernels wrong, the test that must notice, and the text that is replaced.

A family is what is computed for one pair of formats by one instruction set. Files lie in src/convert/.
"""

KERNELS = 'kernels'    # each kernel against the C kernel
ACCURACY = 'accuracy'  # each against the reference in double precision


def mutant(name, file, test, *replace):
    return {'name': name, 'file': file, 'test': test, 'replace': replace}


MUTANTS = [
    mutant('c, 8 bit: luma is cut off', 'bgra_nv12.c', ACCURACY, ('(sum + LUMA_BIAS)', '(sum + (16 << LUMA_SHIFT))')),
    mutant('c, 8 bit: chroma from the odd column', 'bgra_nv12.c', ACCURACY,
           ('a[left] + 2 * a[here] + a[right]', 'a[left] + a[here] + 2 * a[right]')),
    mutant('c, 10 bit: luma is cut off', 'rgb10a2_p010.c', ACCURACY, ('(sum + LUMA_BIAS)', '(sum + (64 << LUMA_SHIFT))')),
    mutant('c, 10 bit: chroma from the column left of it', 'rgb10a2_p010.c', ACCURACY,
           ('a[0] + 2 * a[1] + a[2]', '2 * a[0] + a[1] + a[2]')),
    mutant('sse4.1, 8 bit: luma is cut off', 'x86/sse41_bgra8.c', KERNELS,
           ('_mm_set1_epi16(2 * 16)', '_mm_set1_epi16(2 * 16 - 1)')),
    mutant('sse4.1, 8 bit: chroma is cut off', 'x86/sse41_bgra8.c', KERNELS,
           ('_mm_set1_epi32(CHROMA_BIAS)', '_mm_set1_epi32(128 << CHROMA_SHIFT)')),
    mutant('sse4.1: chroma without the column left of it', 'x86/sse41.h', KERNELS,
           ('_mm_alignr_epi8(odd, *last, 12)', 'odd')),
    mutant('sse4.1, 10 bit: chroma is cut off', 'x86/sse41_rgb10a2.c', KERNELS,
           ('weigh(sum, CR_R, CR_G, CR_B, CHROMA_BIAS', 'weigh(sum, CR_R, CR_G, CR_B, (512 << CHROMA_SHIFT)')),
    mutant('avx2, 8 bit: luma is cut off', 'x86/avx2_bgra8.c', KERNELS,
           ('_mm256_set1_epi16(2 * 16)', '_mm256_set1_epi16(2 * 16 - 1)')),
    mutant('avx2, 8 bit: chroma is cut off', 'x86/avx2_bgra8.c', KERNELS,
           ('CHROMA_BIAS / UNIT', '(128 << CHROMA_SHIFT) / UNIT')),
    mutant('avx2, 8 bit: the left column is that of the row above', 'x86/avx2_bgra8.c', KERNELS,
           ('memcpy(&p[row], rows->src[row] +', 'memcpy(&p[row], rows->src[0] +')),
    mutant('avx2: chroma without the column left of it', 'x86/avx2.h', KERNELS,
           ('_mm256_blend_epi32(turned, *last, 1)', 'odd')),
    mutant('avx2, 10 bit: luma is cut off', 'x86/avx2_rgb10a2.c', KERNELS,
           ('weigh(b, LUMA_R, LUMA_G, LUMA_B, LUMA_BIAS', 'weigh(b, LUMA_R, LUMA_G, LUMA_B, (64 << LUMA_SHIFT)')),
    mutant('avx-512, 8 bit: luma is cut off', 'x86/avx512_bgra8.c', KERNELS, ('LUMA_BIAS >> 8', '(16 << LUMA_SHIFT) >> 8')),
    mutant('avx-512, 8 bit: a factor is split without its carry', 'x86/avx512_bgra8.c', KERNELS,
           ('(of[i] + 128) >> 8', 'of[i] >> 8')),
    mutant('avx-512: chroma two columns from its place', 'x86/avx512.h', KERNELS,
           ('_mm512_alignr_epi32(odd, *last, 15)', '_mm512_alignr_epi32(odd, *last, 14)')),
    mutant('avx-512, 10 bit: chroma is cut off', 'x86/avx512_rgb10a2.c', KERNELS,
           ('weigh(p, cb, CHROMA_BIAS)', 'weigh(p, cb, 512 << CHROMA_SHIFT)')),
    mutant('avx-512, 10 bit: the last columns miss', 'x86/avx512_rgb10a2.c', KERNELS,
           ('if (end < even) {', 'if (end + 2 < even) {')),
    mutant('neon, 8 bit: luma is cut off', 'arm/neon_bgra8.c', KERNELS, ('vrshrn_n_u32(', 'vshrn_n_u32(')),
    mutant('neon, 8 bit: chroma without the column left of it', 'arm/neon_bgra8.c', KERNELS,
           ('vextq_u16(*last, odd, 7)', 'odd')),
    mutant('neon, 10 bit: luma is cut off', 'arm/neon_rgb10a2.c', KERNELS,
           ('weigh(b, LUMA_R, LUMA_G, LUMA_B, LUMA_BIAS)', 'weigh(b, LUMA_R, LUMA_G, LUMA_B, 64 << LUMA_SHIFT)')),
    mutant('neon, 10 bit: chroma two columns from its place', 'arm/neon_rgb10a2.c', KERNELS,
           ('vextq_s32(*last, odd, 3)', 'vextq_s32(*last, odd, 2)')),
    mutant('c, floats: luma is cut off', 'signal.c', ACCURACY, ('.luma_offset = 64.5f', '.luma_offset = 64')),
    mutant('c, floats: chroma from the column left of it', 'signal.c', ACCURACY,
           ('blue[i] + 2 * blue[i + 1] + blue[i + 2]', '2 * blue[i] + blue[i + 1] + blue[i + 2]')),
    mutant('lanes: luma is cut off', 'lanes.c', ACCURACY, ('(2 * f->black + 1) * (1 << (f->shift - 1))', '2 * f->black * (1 << (f->shift - 1))')),
    mutant('lanes: chroma is cut off', 'lanes.c', ACCURACY, ('.chroma_bias = half_code(f),', '.chroma_bias = 0,')),
    mutant('lanes, words: chroma is cut off', 'lanes.c', ACCURACY, ('words.chroma_bias = half_code(f)', 'words.chroma_bias = 0')),
    mutant('lanes: a curve a thousandth too high', 'lanes.c', ACCURACY,
           ('return s->white *', 'return 1.001 * s->white *')),
    mutant('tone lanes: one that does not fit is taken', 'tone_lanes.c', ACCURACY,
           ('lanes->good = is_good(lanes, gain, arg);', 'lanes->good = true;')),
    mutant('sse4.1, floats: chroma two columns from its place', 'x86/sse41_float.c', ACCURACY,
           ('_mm_alignr_epi8(a, last, 12)', '_mm_alignr_epi8(a, last, 8)')),
    mutant('sse4.1, floats: small halves are as others', 'x86/sse41_float.c', ACCURACY,
           ('_mm_set1_ps(0x1p-14f)', '_mm_set1_ps(0)')),
    mutant('avx2, floats: chroma two columns from its place', 'x86/avx2_float.c', ACCURACY,
           ('_mm256_alignr_epi8(d, between, 12)', '_mm256_alignr_epi8(d, between, 8)')),
    mutant('avx2, floats: a step too far', 'x86/avx2_float.c', ACCURACY,
           ('light[1] - FR_LANES_DARKEST', 'light[1] - FR_LANES_DARKEST + 1')),
    mutant('lanes, words: luma is cut off', 'lanes.c', ACCURACY, ('(1 << (f->shift - 16)) + 1', '(1 << (f->shift - 16)) - 16')),
    mutant('avx-512, floats: chroma without the columns before', 'x86/avx512_float.c', ACCURACY,
           ('*last = rows;', '(void)rows;')),
    mutant('avx-512, floats: chroma of the columns alone', 'x86/avx512_float.c', ACCURACY,
           ('center(mean_of(rows, left))', 'center(mean_of(rows, rows))')),
    mutant('avx-512, floats: straight lines', 'x86/avx512_float.c', ACCURACY,
           ('_mm512_add_epi16(part(c, 1, at.index), more)', 'part(c, 1, at.index)')),
    mutant('avx-512, floats: no doubts', 'x86/avx512_float.c', ACCURACY,
           ('most_doubt = _mm512_max_epu32(most_doubt, doubt);', '(void)doubt;')),
    mutant('avx-512, floats: the left column is that of the row above', 'x86/avx512_float.c', KERNELS,
           ('memcpy(&pixel, rows->src[row] +', 'memcpy(&pixel, rows->src[0] +')),
    mutant('neon, floats: chroma two columns from its place', 'arm/neon_float.c', ACCURACY,
           ('vextq_u32(last, a, 3)', 'vextq_u32(last, a, 2)')),
    mutant('neon, floats: products without their upper halves', 'arm/neon_float.c', ACCURACY, ('vuzp2q_u16(', 'vuzp1q_u16(')),
]
