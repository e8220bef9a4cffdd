/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What a record says of the damage: lists, peers that know none, frames that were not taken, and lies. */
#include "pair.h"

#include <string.h>

enum { WIDTH = 1920, HEIGHT = 1080 };

static const fr_rect corner = {0, 0, 40, 20}, far_corner = {1900, 1070, 20, 10}, middle = {900, 500, 8, 8};

static struct fr_parts list_of(size_t count, const fr_rect *rects)
{
    struct fr_parts parts = {.count = (uint32_t)count};
    memcpy(parts.rect, rects, count * sizeof(*rects));
    return parts;
}

static uint32_t publish(struct pair *pair, const struct fr_parts *damage)
{
    const int slot = fr_ring_source_begin(&pair->source);
    assert_in_range(slot, 0, pair->source.ring_len - 1);
    const struct fr_ring_publish info = {.present_ns = 1, .damage = damage};
    assert_true(fr_ring_source_publish(&pair->source, &info));
    return (uint32_t)slot;
}

static uint32_t publish_one(struct pair *pair, const fr_rect *rect)
{
    const struct fr_parts damage = list_of(1, rect);
    return publish(pair, &damage);
}

static uint32_t publish_two(struct pair *pair)
{
    const struct fr_parts damage = list_of(2, (const fr_rect[]){corner, far_corner});
    return publish(pair, &damage);
}

static struct fr_ring_record take(struct pair *pair)
{
    const fr_token token = pair_newest(pair);
    struct fr_ring_record record;
    assert_true(fr_ring_host_claim(&pair->host, token));
    assert_true(fr_ring_host_record(&pair->host, token, &record));
    fr_ring_host_release(&pair->host, token);
    (void)fr_ring_host_taken(&pair->host, token);
    return record;
}

static void expect(const struct fr_ring_record *record, size_t count, const fr_rect *rects)
{
    assert_true(record->has_damage);
    assert_int_equal(record->damage.count, count);
    for (size_t i = 0; i < count; i++) {
        size_t found = 0;
        for (size_t k = 0; k < count; k++)
            found += memcmp(&record->damage.rect[k], &rects[i], sizeof(*rects)) == 0;
        assert_int_equal(found, 1);
    }
}

static fr_wire_damage *lines(struct pair *pair)
{
    return ((fr_wire_whole *)(void *)pair->header)->damage;
}

/* The bytes of docs/wire.md. */
static void a_list_is_in_the_line_and_its_bounds_in_the_record(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    const uint32_t slot = publish_two(&pair);
    const fr_wire_slot *record = &pair.header->slot[slot];
    assert_int_equal(record->flags, 0x201);
    const uint32_t all[4] = {0, 0, WIDTH, HEIGHT};
    assert_memory_equal(record->damage, all, sizeof(all));
    const uint8_t *line = (const uint8_t *)pair.header + 832 + 128 * slot;
    static const uint8_t words[24] = {0, 0, 0, 0, 40, 0, 20, 0, 0x6c, 7, 0x2e, 4, 20, 0, 10, 0};
    assert_memory_equal(line, words, sizeof(words));
    assert_int_equal(pair.header->host.capabilities, 1);
    assert_int_equal(pair.header->source.capabilities, 1);
    const struct fr_ring_record taken = take(&pair);
    expect(&taken, 2, (const fr_rect[]){corner, far_corner});
    pair_finish(&pair);
}

static void one_rectangle_needs_no_line(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    const uint32_t slot = publish_one(&pair, &middle);
    assert_int_equal(pair.header->slot[slot].flags, FR_WIRE_FRAME_DAMAGE);
    assert_int_equal(lines(&pair)[slot].rect[0], 0);
    struct fr_ring_record taken = take(&pair);
    expect(&taken, 1, &middle);
    const struct fr_parts nothing = {0};
    (void)publish(&pair, &nothing);
    taken = take(&pair);
    expect(&taken, 0, NULL);
    (void)publish(&pair, NULL);
    taken = take(&pair);
    assert_false(taken.has_damage);
    pair_finish(&pair);
}

static void all_rectangles_of_the_largest_ring_arrive(void **state)
{
    (void)state;
    struct pair pair;
    struct fr_parts damage = {.count = FR_WIRE_RECTS_MAX};
    pair_init(&pair, FR_WIRE_SLOTS_MAX);
    for (uint32_t frame = 0; frame < 3 * FR_WIRE_SLOTS_MAX; frame++) {
        for (uint32_t i = 0; i < damage.count; i++)
            damage.rect[i] = (fr_rect){100 * i + frame, 50 * i, 10 + i, 20};
        (void)publish(&pair, &damage);
        const struct fr_ring_record taken = take(&pair);
        expect(&taken, damage.count, damage.rect);
    }
    pair_finish(&pair);
}

/* ---- older peers ---- */

/* What hosts without lines do: the flag, the rectangle, and the sequence after the last one taken. */
static bool old_host_knows(const struct pair *pair, uint32_t slot, fr_rect *out)
{
    const fr_wire_slot *record = &pair->header->slot[slot];
    const fr_token token = fr_token_unpack(record->token);
    *out = (fr_rect){record->damage[0], record->damage[1], record->damage[2], record->damage[3]};
    return (record->flags & 1u) && token.sequence == pair->host.last_sequence + 1;
}

static bool covers(const fr_rect *all, const fr_rect *rect)
{
    return all->x <= rect->x && all->y <= rect->y && rect->x + rect->width <= all->x + all->width &&
           rect->y + rect->height <= all->y + all->height;
}

static void attach_again(struct pair *pair, size_t bytes)
{
    fr_wire_v2 copy;
    assert_int_equal(fr_wire_snapshot(&copy, pair->header, bytes, TARGET), FR_WIRE_FINE);
    fr_ring_source_attach(&pair->source, pair->header, bytes, &copy, 200, NULL);
}

static void an_older_host_sees_the_bounds_alone(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        struct pair pair;
        pair_init(&pair, 4);
        if (way)
            pair.header->host.capabilities = 0; /* bytes that its memory happens to have */
        memset(lines(&pair), 0xaa, FR_WIRE_SLOTS_MAX * sizeof(fr_wire_damage));
        attach_again(&pair, way ? FR_WIRE_WHOLE_BYTES : FR_WIRE_WHOLE_BYTES - 1);
        assert_int_equal(pair.header->source.capabilities, 0);
        fr_rect rect;
        uint32_t slot = publish_two(&pair);
        assert_int_equal(pair.header->slot[slot].flags, FR_WIRE_FRAME_DAMAGE);
        assert_true(old_host_knows(&pair, slot, &rect));
        assert_true(covers(&rect, &corner) && covers(&rect, &far_corner));
        (void)take(&pair);
        (void)publish_one(&pair, &corner);
        slot = publish_one(&pair, &middle);
        assert_false(old_host_knows(&pair, slot, &rect));
        (void)pair_newest(&pair);
        pair.host.last_sequence++; /* the frame before was taken while this one was published */
        assert_true(old_host_knows(&pair, slot, &rect));
        assert_true(covers(&rect, &corner) && covers(&rect, &middle));
        for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
            assert_int_equal(lines(&pair)[i].rect[0], 0xaaaaaaaaaaaaaaaau);
        pair_finish(&pair);
    }
}

static void an_older_host_with_lines_before_it_reads_the_bounds(void **state)
{
    (void)state;
    struct pair pair;
    fr_rect rect;
    pair_init(&pair, 4);
    const uint32_t slot = publish_two(&pair);
    assert_true(old_host_knows(&pair, slot, &rect));
    assert_true(covers(&rect, &corner) && covers(&rect, &far_corner));
    pair_finish(&pair);
}

/* Its record has the one rectangle and the one flag. */
static void spoil_record(struct pair *pair, uint32_t slot, uint32_t flags, fr_rect rect)
{
    fr_wire_slot *record = &pair->header->slot[slot];
    record->flags = flags;
    record->damage[0] = rect.x;
    record->damage[1] = rect.y;
    record->damage[2] = rect.width;
    record->damage[3] = rect.height;
}

static void an_older_source_is_believed_its_rectangle(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    (void)publish(&pair, NULL);
    (void)take(&pair);
    spoil_record(&pair, publish(&pair, NULL), FR_WIRE_FRAME_DAMAGE, middle);
    struct fr_ring_record taken = take(&pair);
    expect(&taken, 1, &middle);
    /* It speaks of the frame before alone. */
    (void)publish(&pair, NULL);
    spoil_record(&pair, publish(&pair, NULL), FR_WIRE_FRAME_DAMAGE, middle);
    taken = take(&pair);
    assert_false(taken.has_damage);
    pair_finish(&pair);
}

/* ---- frames that were not taken ---- */

static void what_was_not_taken_adds_up(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    pair_set_sequence(&pair, 0xfffffffcu);
    for (int i = 0; i < 6; i++) {
        (void)publish_one(&pair, &corner);
        struct fr_ring_record taken = take(&pair);
        expect(&taken, 1, &corner);
        (void)publish_one(&pair, &far_corner);
        (void)publish(&pair, &(struct fr_parts){0});
        (void)publish_one(&pair, &middle);
        taken = take(&pair);
        expect(&taken, 2, (const fr_rect[]){far_corner, middle});
    }
    pair_finish(&pair);
}

static void what_is_not_known_of_one_is_not_known_of_the_next(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    (void)publish(&pair, NULL);
    (void)take(&pair);
    (void)publish(&pair, NULL);
    (void)publish_one(&pair, &corner);
    struct fr_ring_record taken = take(&pair);
    assert_false(taken.has_damage);
    (void)publish_one(&pair, &corner);
    (void)publish(&pair, NULL);
    (void)publish_one(&pair, &middle);
    taken = take(&pair);
    assert_false(taken.has_damage);
    (void)publish_one(&pair, &middle);
    taken = take(&pair);
    expect(&taken, 1, &middle);
    pair_finish(&pair);
}

/* The source saw it being read, and counts it as taken. */
static void a_frame_that_was_given_back_is_not_known(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    (void)publish_one(&pair, &corner);
    (void)take(&pair);
    (void)publish_one(&pair, &far_corner);
    const fr_token token = pair_newest(&pair);
    assert_true(fr_ring_host_claim(&pair.host, token));
    (void)publish_one(&pair, &middle);
    fr_ring_host_unclaim(&pair.host, token);
    const struct fr_ring_record taken = take(&pair);
    assert_false(taken.has_damage);
    pair_finish(&pair);
}

static void a_host_that_looks_away_for_long_knows_nothing(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    (void)publish_one(&pair, &corner);
    (void)take(&pair);
    for (uint32_t i = 0; i < 0x10000; i++)
        (void)publish_one(&pair, &middle);
    struct fr_ring_record taken = take(&pair);
    expect(&taken, 1, &middle);
    for (uint32_t i = 0; i < 0x10001; i++)
        (void)publish_one(&pair, &middle);
    taken = take(&pair);
    assert_false(taken.has_damage);
    (void)publish_one(&pair, &corner);
    taken = take(&pair);
    expect(&taken, 1, &corner);
    pair_finish(&pair);
}

/* ---- lies ---- */

static uint64_t word(uint64_t x, uint64_t y, uint64_t width, uint64_t height)
{
    return x | y << 16 | width << 32 | height << 48;
}

static void a_list_with_a_lie_is_not_believed(void **state)
{
    (void)state;
    static const uint32_t counts[] = {17, 18, 128, 255};
    const uint64_t lies[] = {
        0,
        word(1, 1, 0, 1),
        word(1, 1, 1, 0),
        word(0, 0, WIDTH + 1, 1),
        word(0, 0, 1, HEIGHT + 1),
        word(WIDTH, 0, 1, 1),
        word(0, HEIGHT, 1, 1),
        word(WIDTH - 1, 0, 2, 1),
        word(0, 0xffff, 1, 1),
        word(0xffff, 0, 1, 1),
        word(1, 1, 0xffff, 0xffff),
        UINT64_MAX,
    };
    struct pair pair;
    pair_init(&pair, FR_WIRE_SLOTS_MAX);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        const uint32_t slot = publish_two(&pair);
        memset(lines(&pair), 1, FR_WIRE_SLOTS_MAX * sizeof(fr_wire_damage)); /* 257,257 257x257 each */
        pair.header->slot[slot].flags = FR_WIRE_FRAME_DAMAGE | counts[i] << FR_WIRE_FRAME_RECTS_SHIFT;
        assert_false(take(&pair).has_damage);
    }
    for (size_t i = 0; i < 2 * sizeof(lies) / sizeof(lies[0]); i++) {
        const uint32_t slot = publish_two(&pair);
        lines(&pair)[slot].rect[i % 2] = lies[i / 2];
        assert_false(take(&pair).has_damage);
    }
    (void)publish_two(&pair);
    assert_true(take(&pair).has_damage);
    pair.host.lines = NULL; /* a host that made none */
    (void)publish_two(&pair);
    assert_false(take(&pair).has_damage);
    pair_finish(&pair);
}

static void nor_is_a_rectangle_beside_the_picture(void **state)
{
    (void)state;
    static const fr_rect lies[] = {
        {0, 0, WIDTH + 1, 1},  {0, 0, 1, HEIGHT + 1}, {WIDTH + 1, 0, 0, 0},
        {0, HEIGHT + 1, 0, 0}, {UINT32_MAX, 0, 2, 1}, {0, UINT32_MAX, 1, 2},
        {1, 1, UINT32_MAX, 1}, {1, 1, 1, UINT32_MAX}, {WIDTH / 2, 0, WIDTH, 10},
    };
    struct pair pair;
    pair_init(&pair, 4);
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        spoil_record(&pair, publish_one(&pair, &middle), FR_WIRE_FRAME_DAMAGE, lies[i]);
        assert_false(take(&pair).has_damage);
    }
    spoil_record(&pair, publish_one(&pair, &middle), FR_WIRE_FRAME_DAMAGE, (fr_rect){WIDTH, HEIGHT, 0, 0});
    const struct fr_ring_record taken = take(&pair);
    expect(&taken, 0, NULL);
    pair_finish(&pair);
}

int run_damage(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_in_the_line_and_its_bounds_in_the_record),
        cmocka_unit_test(one_rectangle_needs_no_line),
        cmocka_unit_test(all_rectangles_of_the_largest_ring_arrive),
        cmocka_unit_test(an_older_host_sees_the_bounds_alone),
        cmocka_unit_test(an_older_host_with_lines_before_it_reads_the_bounds),
        cmocka_unit_test(an_older_source_is_believed_its_rectangle),
        cmocka_unit_test(what_was_not_taken_adds_up),
        cmocka_unit_test(what_is_not_known_of_one_is_not_known_of_the_next),
        cmocka_unit_test(a_frame_that_was_given_back_is_not_known),
        cmocka_unit_test(a_host_that_looks_away_for_long_knows_nothing),
        cmocka_unit_test(a_list_with_a_lie_is_not_believed),
        cmocka_unit_test(nor_is_a_rectangle_beside_the_picture),
    };
    return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
