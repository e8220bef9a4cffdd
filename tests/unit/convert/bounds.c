/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Sizes, pitches and memory: nothing outside the rows' pixels is touched, and no pitch changes a pixel. */

#include "picture.h"
#include "reference.h"

#include "system/system.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_WIDTH = 67, MAX_HEIGHT = 9, CANARY = 0xa5 };

/* MAX_HEIGHT pages, each between two that cannot be touched; a row lies at the start or at the end of its
 * page. */
typedef struct guarded {
    uint8_t *pages; /* the first page that can be touched */
    size_t page;
    uint8_t *canaries; /* a page of them */
    uint8_t *first;    /* the first row */
    ptrdiff_t pitch;
    size_t row_bytes, num_rows;
} guarded;

enum { AT_END = 1, UPSIDE_DOWN = 2, NUM_PLACEMENTS = 4 };

static guarded guarded_create(void)
{
    const size_t page = system_page_bytes();
    guarded g = {.pages = system_pages_create(2 * MAX_HEIGHT + 1, true) + page, .page = page};
    g.canaries = malloc(page);
    memset(g.canaries, CANARY, page);
    return g;
}

static void guarded_destroy(guarded *g)
{
    free(g->canaries);
    system_pages_destroy(g->pages - g->page, 2 * MAX_HEIGHT + 1);
}

static void guarded_place(guarded *g, size_t row_bytes, size_t num_rows, int placement)
{
    const ptrdiff_t pitch = 2 * (ptrdiff_t)g->page;
    g->row_bytes = row_bytes;
    g->num_rows = num_rows;
    g->first = g->pages + (placement & AT_END ? g->page - row_bytes : 0);
    g->first += placement & UPSIDE_DOWN ? pitch * (ptrdiff_t)(num_rows - 1) : 0;
    g->pitch = placement & UPSIDE_DOWN ? -pitch : pitch;
    for (size_t i = 0; i < num_rows; i++)
        memset(g->pages + 2 * i * g->page, CANARY, g->page);
}

static uint8_t *guarded_row(const guarded *g, size_t row)
{
    return g->first + (ptrdiff_t)row * g->pitch;
}

static void assert_canaries(const guarded *g)
{
    for (size_t row = 0; row < g->num_rows; row++) {
        const uint8_t *const at = guarded_row(g, row);
        const size_t before = (size_t)(at - g->pages) % g->page;
        /* cmocka compares byte by byte. */
        assert_true(!memcmp(at - before, g->canaries, before));
        assert_true(!memcmp(at + g->row_bytes, g->canaries, g->page - before - g->row_bytes));
    }
}

static void assert_rows(const guarded *g, const void *expected)
{
    for (size_t row = 0; row < g->num_rows; row++)
        assert_memory_equal(guarded_row(g, row), (const uint8_t *)expected + row * g->row_bytes,
                            g->row_bytes);
}

static void fill_source(uint8_t *src, size_t size, const pair *p, uint64_t *state)
{
    for (size_t i = 0; i + 4 <= size; i += 4) {
        const uint32_t word = random_next(state);
        memcpy(src + i, &word, sizeof(word));
        if (p->params.from == FR_FORMAT_RGBA16F && i % 3) /* most within 0..64 */
            src[i + 1] %= 0x54, src[i + 3] %= 0x54;
    }
}

typedef struct arena {
    guarded src, luma, chroma;
} arena;

/* One size under every mask and placement: equal to the tightly packed result of the same kernel. */
static void check_size(arena *a, const pair *p, uint32_t width, uint32_t height, const uint8_t *src)
{
    fr_convert_params params = p->params;
    params.width = width;
    params.height = height;
    const size_t src_row = width * fr_format_pixel_bytes(params.from),
                 bytes = params.to == FR_FORMAT_P010 ? 2 : 1;
    const size_t chroma_row = (width + 1) / 2 * 2 * bytes, chroma_height = (height + 1) / 2;

    for (size_t n = 0; nth_mask(n, &params.cpu_mask); n++) {
        uint8_t luma[2 * MAX_WIDTH * MAX_HEIGHT], chroma[2 * (MAX_WIDTH + 1) * (MAX_HEIGHT + 1)];
        fr_converter *converter;
        assert_int_equal(fr_converter_create(&converter, &params), FR_OK);
        void *const packed[2] = {luma, chroma};
        const ptrdiff_t packed_pitch[2] = {(ptrdiff_t)(width * bytes), (ptrdiff_t)chroma_row};
        fr_converter_run(converter, src, (ptrdiff_t)src_row, packed, packed_pitch);

        for (int placement = 0; placement < NUM_PLACEMENTS; placement++) {
            guarded_place(&a->src, src_row, height, placement);
            guarded_place(&a->luma, width * bytes, height, (placement + (int)n) % NUM_PLACEMENTS);
            guarded_place(&a->chroma, chroma_row, chroma_height, placement ^ UPSIDE_DOWN);
            for (size_t y = 0; y < height; y++)
                memcpy(guarded_row(&a->src, y), src + y * src_row, src_row);
            void *const dst[2] = {a->luma.first, a->chroma.first};
            const ptrdiff_t pitch[2] = {a->luma.pitch, a->chroma.pitch};
            fr_converter_run(converter, a->src.first, a->src.pitch, dst, pitch);
            assert_rows(&a->src, src);
            assert_canaries(&a->src);
            assert_rows(&a->luma, luma);
            assert_canaries(&a->luma);
            assert_rows(&a->chroma, chroma);
            assert_canaries(&a->chroma);
        }
        fr_converter_destroy(&converter);
    }
    check_picture(p, width, height, src);
}

static void no_size_touches_a_byte_outside_its_rows(void **state)
{
    (void)state;
    arena a = {guarded_create(), guarded_create(), guarded_create()};
    uint8_t *const src = malloc(8 * MAX_WIDTH * MAX_HEIGHT);
    uint64_t random = 4;
    for (size_t i = 0; i < num_pairs; i++)
        for (uint32_t height = 1; height <= MAX_HEIGHT; height++)
            for (uint32_t width = 1; width <= MAX_WIDTH; width++) {
                fill_source(src, 8 * MAX_WIDTH * MAX_HEIGHT, &pairs[i], &random);
                check_size(&a, &pairs[i], width, height, src);
            }
    free(src);
    guarded_destroy(&a.src);
    guarded_destroy(&a.luma);
    guarded_destroy(&a.chroma);
}

/* Odd addresses, and rows that follow each other at a distance of a few bytes. */
static void no_alignment_is_needed(void **state)
{
    (void)state;
    enum { WIDTH = 61, HEIGHT = 5, SPARE = 64 };
    uint8_t src[HEIGHT * (8 * WIDTH + 3) + SPARE], luma[HEIGHT * (2 * WIDTH + 3) + SPARE];
    uint8_t chroma[HEIGHT * (2 * WIDTH + 5) + SPARE];
    uint64_t random = 5;
    for (size_t i = 0; i < num_pairs; i++) {
        fr_convert_params params = pairs[i].params;
        params.width = WIDTH;
        params.height = HEIGHT;
        const size_t src_row = WIDTH * fr_format_pixel_bytes(params.from);
        const size_t bytes = params.to == FR_FORMAT_P010 ? 2 : 1;
        uint8_t tight[HEIGHT * 8 * WIDTH];
        fill_source(tight, sizeof(tight), &pairs[i], &random);
        for (size_t n = 0; nth_mask(n, &params.cpu_mask); n++)
            for (size_t offset = 0; offset < 4; offset++) {
                for (size_t y = 0; y < HEIGHT; y++)
                    memcpy(src + offset + y * (src_row + 3), tight + y * src_row, src_row);
                codes expected = convert_packed(&params, tight);
                void *const dst[2] = {luma + offset, chroma + 3 - offset};
                const ptrdiff_t pitch[2] = {(ptrdiff_t)(WIDTH * bytes + 3),
                                            (ptrdiff_t)((WIDTH + 1) * bytes + 1)};
                fr_converter *converter;
                assert_int_equal(fr_converter_create(&converter, &params), FR_OK);
                fr_converter_run(converter, src + offset, (ptrdiff_t)src_row + 3, dst, pitch);
                fr_converter_destroy(&converter);
                for (size_t y = 0; y < HEIGHT; y++)
                    for (size_t x = 0; x < WIDTH; x++) {
                        const uint8_t *const at = luma + offset + (ptrdiff_t)y * pitch[0] + x * bytes;
                        const unsigned code = bytes == 1 ? at[0] : (at[0] | (unsigned)at[1] << 8) >> 6;
                        assert_int_equal(code, expected.luma[y * WIDTH + x]);
                    }
                codes_free(&expected);
            }
    }
}

static void the_largest_width_and_height_work(void **state)
{
    (void)state;
    const uint32_t sizes[][2] = {
        {FR_SIZE_MAX, 1}, {FR_SIZE_MAX - 1, 2}, {1, FR_SIZE_MAX}, {2, FR_SIZE_MAX - 1}};
    uint8_t *const src = malloc(8 * 2 * FR_SIZE_MAX);
    uint64_t random = 6;
    for (size_t i = 0; i < num_pairs; i++) {
        fill_source(src, 8 * 2 * FR_SIZE_MAX, &pairs[i], &random);
        for (size_t s = 0; s < 4; s++)
            check_picture(&pairs[i], sizes[s][0], sizes[s][1], src);
    }
    free(src);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_size_touches_a_byte_outside_its_rows),
        cmocka_unit_test(no_alignment_is_needed),
        cmocka_unit_test(the_largest_width_and_height_work),
    };
    return cmocka_run_group_tests_name("convert: bounds", tests, NULL, NULL);
}
