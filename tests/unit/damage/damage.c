/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What surfaces lack, and that no pixel differs when only that is converted. tests/sim/mutants.py runs it
 * too.
 */
#include "capture/damage.h"
#include "convert/part.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SURFACES = 5, FRAMES = 1200, PITCH = 2048, ROWS = 128 };

struct surface {
    uint64_t holds;
    uint8_t luma[ROWS * PITCH], chroma[ROWS * PITCH];
};

struct stage {
    fr_convert_params params;
    fr_converter *converter;
    struct fr_damage damage;
    uint8_t source[ROWS * PITCH];
    struct surface surface[SURFACES], whole;
    uint64_t random;
    unsigned in_parts;
};

static uint32_t next_random(struct stage *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return (uint32_t)(s->random >> 32);
}

static fr_rect random_rect(struct stage *s)
{
    const uint32_t width = s->params.width, height = s->params.height;
    const uint32_t x = next_random(s) % width, y = next_random(s) % height;
    const uint32_t most = next_random(s) % 4 ? 9 : width;
    const uint32_t w = 1 + next_random(s) % most, h = 1 + next_random(s) % most;
    return (fr_rect){x, y, w < width - x ? w : width - x, h < height - y ? h : height - y};
}

static void paint(struct stage *s, const fr_rect *rect)
{
    const size_t bytes = fr_format_pixel_bytes(s->params.from);
    for (uint32_t y = rect->y; y < rect->y + rect->height; y++)
        for (size_t at = rect->x * bytes; at < (rect->x + rect->width) * bytes; at++)
            s->source[y * PITCH + at] = (uint8_t)next_random(s);
}

static void convert(struct stage *s, struct surface *to, const fr_rect *part)
{
    void *const planes[2] = {to->luma, to->chroma};
    const ptrdiff_t pitches[2] = {PITCH, PITCH};
    if (part)
        fr_converter_run_part(s->converter, s->source, PITCH, planes, pitches, part);
    else
        fr_converter_run(s->converter, s->source, PITCH, planes, pitches);
}

static void expect_parts_in_order(const struct stage *s, const struct fr_parts *parts)
{
    assert_true(parts->count <= FR_PARTS_MAX);
    for (uint32_t i = 0; i < parts->count; i++) {
        const fr_rect *a = &parts->rect[i];
        const uint32_t right = a->x + a->width, bottom = a->y + a->height;
        assert_true(a->width && a->height && right <= s->params.width && bottom <= s->params.height);
        assert_true(a->x % 2 == 0 && (right % 2 == 0 || right == s->params.width));
        assert_true(a->y % 2 == 0 && (bottom % 2 == 0 || bottom == s->params.height));
    }
}

/* Frames of one change are mostly small; others have up to three lists' worth. */
static struct fr_parts change(struct stage *s)
{
    struct fr_parts parts = {0};
    const uint32_t kind = next_random(s) % 10;
    const uint32_t count = kind == 0  ? 0
                           : kind < 5 ? 1
                           : kind < 9 ? 1 + next_random(s) % 5
                                      : 3 * FR_PARTS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const fr_rect rect = random_rect(s);
        paint(s, &rect);
        fr_parts_add(&parts, rect);
    }
    return parts;
}

static void update(struct stage *s, struct surface *surface)
{
    struct fr_parts parts;
    if (fr_damage_parts(&s->damage, surface->holds, s->params.width, s->params.height, &parts)) {
        expect_parts_in_order(s, &parts);
        for (uint32_t i = 0; i < parts.count; i++)
            convert(s, surface, &parts.rect[i]);
        s->in_parts++;
    } else {
        convert(s, surface, NULL);
    }
    surface->holds = s->damage.newest;
    convert(s, &s->whole, NULL);
    const size_t sample = s->params.to == FR_FORMAT_P010 ? 2 : 1;
    for (uint32_t y = 0; y < s->params.height; y++)
        assert_memory_equal(surface->luma + y * PITCH, s->whole.luma + y * PITCH, s->params.width * sample);
    for (uint32_t y = 0; y < (s->params.height + 1) / 2; y++)
        assert_memory_equal(surface->chroma + y * PITCH, s->whole.chroma + y * PITCH,
                            (s->params.width + 1) / 2 * 2 * sample);
}

static void run(fr_format from, fr_format to, uint32_t width, uint32_t height, uint32_t cpu_mask)
{
    struct stage *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    s->params =
        (fr_convert_params){.from = from, .to = to, .width = width, .height = height, .cpu_mask = cpu_mask};
    s->random = 88172645463325252u + from * 7919u + width;
    assert_int_equal(fr_converter_create(&s->converter, &s->params), FR_OK);
    for (unsigned frame = 0; frame < FRAMES; frame++) {
        const struct fr_parts parts = change(s);
        const bool unknown = next_random(s) % 25 == 0;
        if (unknown) {
            const fr_rect more = random_rect(s);
            paint(s, &more);
        }
        if (next_random(s) % 50 == 0)
            fr_damage_forget(&s->damage);
        fr_damage_add(&s->damage, unknown ? NULL : &parts);
        if (next_random(s) % 4) /* some surfaces are held for long */
            update(s, &s->surface[next_random(s) % (next_random(s) % 8 ? 3 : SURFACES)]);
    }
    if (width > 8)
        assert_true(s->in_parts > FRAMES / 8);
    fr_converter_destroy(&s->converter);
    free(s);
}

static void no_pixel_differs(void **state)
{
    (void)state;
    static const struct {
        fr_format from, to;
    } pairs[] = {{FR_FORMAT_BGRA8, FR_FORMAT_NV12},
                 {FR_FORMAT_RGBA8, FR_FORMAT_NV12},
                 {FR_FORMAT_RGB10A2, FR_FORMAT_P010},
                 {FR_FORMAT_RGBA16F, FR_FORMAT_P010},
                 {FR_FORMAT_RGBA16F, FR_FORMAT_NV12}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        for (int c = 0; c < 2; c++) {
            const uint32_t mask = c ? ~0u : 0;
            run(pairs[i].from, pairs[i].to, 200, 40, mask);
            run(pairs[i].from, pairs[i].to, 151, 33, mask);
            run(pairs[i].from, pairs[i].to, 3, 1, mask);
        }
    }
}

static void add(struct fr_damage *damage, fr_rect rect)
{
    const struct fr_parts parts = {.count = 1, .rect = {rect}};
    fr_damage_add(damage, &parts);
}

static void expect_rect(const fr_rect *rect, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    if (rect->x != x || rect->y != y || rect->width != width || rect->height != height)
        fail_msg("%u,%u %ux%u instead of %u,%u %ux%u", rect->x, rect->y, rect->width, rect->height, x, y,
                 width, height);
}

static void parts_cover_the_chroma_beside(void **state)
{
    (void)state;
    static const struct {
        fr_rect change, part;
    } cases[] = {
        {{10, 10, 2, 2}, {10, 10, 4, 2}}, /* column 11 has a share in the chroma of 12 */
        {{11, 11, 1, 1}, {10, 10, 4, 2}},   {{10, 10, 1, 1}, {10, 10, 2, 2}},
        {{0, 0, 1, 1}, {0, 0, 2, 2}},       {{98, 48, 9, 9}, {98, 48, 3, 3}},
        {{100, 50, 1, 1}, {100, 50, 1, 1}}, {{99, 49, 1, 1}, {98, 48, 3, 2}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fr_damage damage = {0};
        struct fr_parts parts;
        fr_damage_add(&damage, NULL);
        add(&damage, cases[i].change);
        assert_true(fr_damage_parts(&damage, 1, 101, 51, &parts));
        assert_int_equal(parts.count, 1);
        const fr_rect *part = &cases[i].part;
        expect_rect(&parts.rect[0], part->x, part->y, part->width, part->height);
    }
}

static void what_is_not_known_is_everything(void **state)
{
    (void)state;
    const fr_rect small = {4, 4, 2, 2};
    struct fr_damage damage = {0};
    struct fr_parts parts;
    add(&damage, small);
    assert_false(fr_damage_parts(&damage, 0, 100, 50, &parts));
    add(&damage, small);
    assert_true(fr_damage_parts(&damage, 1, 100, 50, &parts));
    fr_damage_add(&damage, NULL);
    assert_false(fr_damage_parts(&damage, 1, 100, 50, &parts));
    assert_false(fr_damage_parts(&damage, 2, 100, 50, &parts));
    add(&damage, small);
    assert_true(fr_damage_parts(&damage, 3, 100, 50, &parts));
    fr_damage_forget(&damage);
    add(&damage, small);
    assert_false(fr_damage_parts(&damage, 4, 100, 50, &parts));
    for (int i = 0; i < FR_DAMAGE_FRAMES; i++)
        add(&damage, small);
    assert_true(fr_damage_parts(&damage, 5, 100, 50, &parts));
    add(&damage, small);
    assert_false(fr_damage_parts(&damage, 5, 100, 50, &parts));
    assert_true(fr_damage_parts(&damage, damage.newest, 100, 50, &parts));
    assert_int_equal(parts.count, 0);
}

static void parts_are_joined_where_that_is_no_more(void **state)
{
    (void)state;
    struct fr_damage damage = {0};
    struct fr_parts parts;
    fr_damage_add(&damage, NULL);
    add(&damage, (fr_rect){0, 0, 9, 9});
    add(&damage, (fr_rect){40, 0, 9, 9});
    assert_true(fr_damage_parts(&damage, 1, 400, 400, &parts));
    assert_int_equal(parts.count, 2);
    add(&damage, (fr_rect){6, 0, 40, 10}); /* fills what is between */
    assert_true(fr_damage_parts(&damage, 1, 400, 400, &parts));
    assert_int_equal(parts.count, 1);
    expect_rect(&parts.rect[0], 0, 0, 50, 10);
    /* A row and a column that cross are not the square around them. */
    add(&damage, (fr_rect){0, 200, 400, 2});
    add(&damage, (fr_rect){200, 0, 2, 400});
    assert_true(fr_damage_parts(&damage, 4, 400, 400, &parts));
    assert_int_equal(parts.count, 2);
}

static bool is_covered(const struct fr_parts *parts, uint32_t x, uint32_t y)
{
    for (uint32_t i = 0; i < parts->count; i++)
        if (x - parts->rect[i].x < parts->rect[i].width && y - parts->rect[i].y < parts->rect[i].height)
            return true;
    return false;
}

static void a_list_covers_all_that_was_added(void **state)
{
    (void)state;
    static struct stage s = {.params = {.width = 96, .height = 80}, .random = 88172645463325252u};
    static bool wanted[80][96];
    for (int round = 0; round < 300; round++) {
        struct fr_parts parts = {0};
        memset(wanted, 0, sizeof(wanted));
        for (int i = 0; i < 60; i++) {
            fr_rect rect = random_rect(&s);
            rect.width = i % 7 ? rect.width : 0;
            fr_parts_add(&parts, rect);
            assert_true(parts.count <= FR_PARTS_MAX);
            for (uint32_t y = rect.y; y < rect.y + rect.height; y++)
                memset(&wanted[y][rect.x], 1, rect.width);
        }
        const fr_rect all = fr_parts_bounds(&parts);
        assert_true(fr_rect_fits(&all, 96, 80));
        for (uint32_t y = 0; y < 80; y++)
            for (uint32_t x = 0; x < 96; x++)
                assert_true(!wanted[y][x] || is_covered(&parts, x, y));
    }
}

/* Sixteen far from each other, and one beside one of them: these two become one. */
static void a_full_list_joins_the_nearest(void **state)
{
    (void)state;
    for (uint32_t near = 0; near < FR_PARTS_MAX; near++) {
        struct fr_parts parts = {0};
        for (uint32_t i = 0; i < FR_PARTS_MAX; i++)
            fr_parts_add(&parts, (fr_rect){100 * i, 50 * (i % 4), 10, 10});
        assert_int_equal(parts.count, FR_PARTS_MAX);
        fr_parts_add(&parts, (fr_rect){100 * near + 12, 50 * (near % 4), 10, 10});
        assert_int_equal(parts.count, FR_PARTS_MAX);
        uint64_t sum = 0;
        for (uint32_t i = 0; i < FR_PARTS_MAX; i++)
            sum += parts.rect[i].width * parts.rect[i].height;
        assert_int_equal(sum, 17 * 100 + 20);
        /* Two of the list are nearer to each other than a new one is to any. */
        fr_parts_add(&parts, (fr_rect){3000, 1000, 10, 10});
        fr_parts_add(&parts, (fr_rect){3013, 1000, 10, 10});
        fr_parts_add(&parts, (fr_rect){6000, 4000, 10, 10});
        assert_int_equal(parts.count, FR_PARTS_MAX);
        assert_true(is_covered(&parts, 3022, 1009) && is_covered(&parts, 6000, 4000));
        assert_false(is_covered(&parts, 3013, 990) || is_covered(&parts, 5999, 3999));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_cover_the_chroma_beside),
        cmocka_unit_test(what_is_not_known_is_everything),
        cmocka_unit_test(parts_are_joined_where_that_is_no_more),
        cmocka_unit_test(a_list_covers_all_that_was_added),
        cmocka_unit_test(a_full_list_joins_the_nearest),
        cmocka_unit_test(no_pixel_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
