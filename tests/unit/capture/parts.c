/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * A session whose source says what it changed: whatever the host takes, skips, repeats and holds, every
 * picture is to the bit what a conversion of the whole frame gives.
 */
#include "machine/rig.h"

#include <framering/convert.h>

#include <stdlib.h>
#include <string.h>

enum { PITCH = 2048, ROWS = 128, HELD_MAX = 3, STEPS = 6000, DAMAGE_MAX = 40 };

struct session {
    struct rig rig;
    uint64_t random;
    unsigned step;
    uint8_t canvas[ROWS * PITCH], published[ROWS * PITCH];
    struct fr_ring_shape shape; /* of both */
    bool has_damage;            /* else everything since the frame published last */
    bool careless;              /* says what changed in the first frame of a ring too */
    fr_rect damage[DAMAGE_MAX];
    uint32_t num_damage;
    fr_frame held[HELD_MAX];
    unsigned num_held;
    unsigned fresh, repeats, lost, flips;
};

static uint32_t next_random(struct session *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return (uint32_t)(s->random >> 32);
}

static bool chance(struct session *s, uint32_t one_in)
{
    return next_random(s) % one_in == 0;
}

/* ---- the source ---- */

static fr_rect join(const fr_rect *a, const fr_rect *b)
{
    const uint32_t x = a->x < b->x ? a->x : b->x, y = a->y < b->y ? a->y : b->y;
    const uint32_t a_right = a->x + a->width, b_right = b->x + b->width;
    const uint32_t a_end = a->y + a->height, b_end = b->y + b->height;
    return (fr_rect){x, y, (a_right > b_right ? a_right : b_right) - x, (a_end > b_end ? a_end : b_end) - y};
}

static void paint(struct session *s, const fr_rect *rect)
{
    const size_t bytes = fr_format_pixel_bytes(s->shape.format);
    for (uint32_t y = rect->y; y < rect->y + rect->height; y++)
        for (size_t at = rect->x * bytes; at < (rect->x + rect->width) * bytes; at++)
            s->canvas[y * PITCH + at] = (uint8_t)next_random(s);
    if (s->num_damage < DAMAGE_MAX)
        s->damage[s->num_damage++] = *rect;
    else
        s->damage[DAMAGE_MAX - 1] = join(&s->damage[DAMAGE_MAX - 1], rect);
}

static void paint_somewhere(struct session *s)
{
    const uint32_t width = s->shape.width, height = s->shape.height;
    const uint32_t most = chance(s, 8) ? width : 11;
    fr_rect rect = {.x = next_random(s) % width, .y = next_random(s) % height};
    rect.width = 1 + next_random(s) % most;
    rect.height = 1 + next_random(s) % most;
    rect.width = rect.width < width - rect.x ? rect.width : width - rect.x;
    rect.height = rect.height < height - rect.y ? rect.height : height - rect.y;
    paint(s, &rect);
}

static void publish(struct session *s)
{
    fr_slot slot;
    if (fr_source_begin(s->rig.source, &slot) != FR_OK) {
        s->lost++;
        return;
    }
    for (uint32_t y = 0; y < slot.height; y++)
        memcpy((uint8_t *)slot.pixels + y * slot.pitch_bytes, s->canvas + y * PITCH,
               slot.width * fr_format_pixel_bytes(slot.format));
    if (chance(s, 20)) {
        fr_source_cancel(s->rig.source);
        return;
    }
    const fr_publish_info info = {.damage = s->has_damage ? s->damage : NULL, .num_damage = s->num_damage};
    if (fr_source_publish(s->rig.source, &info) != FR_OK)
        return;
    memcpy(s->published, s->canvas, sizeof(s->published));
    s->has_damage = true;
    s->num_damage = 0;
}

/* The source's turn: follows the ring. */
static void serve(struct session *s)
{
    const fr_status status = fr_source_poll(s->rig.source, 0);
    if (status != FR_OK && status != FR_REATTACHED)
        return;
    const struct fr_ring_shape *shape = &s->rig.source->current.shape;
    if (status == FR_REATTACHED)
        s->has_damage = s->careless;
    if (shape->width != s->shape.width || shape->height != s->shape.height ||
        shape->format != s->shape.format) {
        s->shape = *shape;
        paint(s, &(fr_rect){0, 0, shape->width, shape->height});
        s->has_damage = false;
    }
    if (status == FR_REATTACHED)
        publish(s);
}

static void act(struct rig *rig)
{
    serve((struct session *)rig);
}

/* ---- the host ---- */

static void expect_whole(struct session *s, const fr_frame *frame)
{
    static uint8_t luma[ROWS * PITCH], chroma[ROWS * PITCH];
    fr_converter *converter = NULL;
    assert_int_equal(fr_converter_create(&converter, &s->rig.backend.converter_params), FR_OK);
    fr_converter_run(converter, s->published, PITCH, (void *const[2]){luma, chroma},
                     (const ptrdiff_t[2]){PITCH, PITCH});
    fr_converter_destroy(&converter);
    const size_t sample = frame->format == FR_FORMAT_P010 ? 2 : 1;
    const size_t bytes = frame->width * sample, chroma_bytes = (frame->width + 1) / 2 * 2 * sample;
    for (uint32_t y = 0; y < frame->height; y++)
        if (memcmp((const uint8_t *)frame->plane[0] + y * frame->pitch_bytes[0], luma + y * PITCH, bytes))
            fail_msg("step %u, sequence %u: row %u differs", s->step, frame->sequence, y);
    for (uint32_t y = 0; y < (frame->height + 1) / 2; y++)
        if (memcmp((const uint8_t *)frame->plane[1] + y * frame->pitch_bytes[1], chroma + y * PITCH,
                   chroma_bytes))
            fail_msg("step %u, sequence %u: chroma row %u differs", s->step, frame->sequence, y);
}

static void take(struct session *s)
{
    fr_frame frame;
    const fr_status status = chance(s, 3) ? fr_capture_next(s->rig.capture, &frame)
                                          : fr_capture_try_latest(s->rig.capture, &frame);
    assert_true(status >= 0);
    if (status != FR_OK && status != FR_REPEAT)
        return;
    /* What is shown in place of it while the ring is made anew is older than what was published. */
    if (status == FR_OK)
        expect_whole(s, &frame);
    s->fresh += status == FR_OK;
    s->repeats += status == FR_REPEAT;
    if (s->num_held < HELD_MAX && chance(s, 3)) {
        s->held[s->num_held++] = frame;
        return;
    }
    fr_frame_release(&frame);
}

static void let_go(struct session *s)
{
    if (!s->num_held)
        return;
    const unsigned which = next_random(s) % s->num_held;
    fr_frame_release(&s->held[which]);
    s->held[which] = s->held[--s->num_held];
}

/* Another size, another format, or another tone map alone. */
static void flip(struct session *s)
{
    static const struct {
        uint32_t width, height;
    } sizes[] = {{200, 40}, {151, 33}, {64, 36}};
    const uint32_t size = next_random(s) % 3;
    fr_display_descriptor display = rig_display(sizes[size].width, sizes[size].height,
                                                chance(s, 2) ? FR_COLOUR_STATE_HDR : FR_COLOUR_STATE_SDR);
    if (chance(s, 2)) {
        display = s->rig.source->display;
        display.sdr_white_millinits = 100000 + next_random(s) % 4 * 50000;
    }
    assert_int_equal(fr_source_announce(s->rig.source, &display), FR_OK);
    s->flips++;
}

static void run(struct session *s)
{
    s->rig.act = act;
    s->rig.params.out_surfaces = 5;
    s->rig.params.depth = 4;
    s->rig.source_params.display = rig_display(151, 33, FR_COLOUR_STATE_SDR);
    rig_start(&s->rig);
    const unsigned steps = rig_share(STEPS);
    for (s->step = 0; s->step < steps; s->step++) {
        serve(s);
        for (uint32_t i = chance(s, 2) ? 1 + next_random(s) % 6 : 0; i > 0; i--)
            paint_somewhere(s);
        if (!chance(s, 3))
            publish(s);
        if (!chance(s, 4))
            take(s);
        if (chance(s, 3))
            let_go(s);
        if (chance(s, 150))
            flip(s);
    }
    while (s->num_held)
        let_go(s);
    print_message("%u fresh (%llu in parts), %u repeats, %u found no slot, %u flips\n", s->fresh,
                  (unsigned long long)s->rig.backend.parts, s->repeats, s->lost, s->flips);
    assert_true(s->fresh > steps / 4);
    assert_true(s->rig.backend.parts > s->fresh / 4);
    assert_true(s->repeats > steps / 100 && s->flips > steps / 600);
}

static int setup(void **state)
{
    struct session *s = calloc(1, sizeof(*s));
    if (!s)
        return -1;
    rig_init(&s->rig);
    s->random = 88172645463325252u;
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct session *s = *state;
    rig_finish(&s->rig);
    free(s);
    return 0;
}

static void no_pixel_differs(void **state)
{
    run(*state);
}

static void nor_for_a_viewer_without_hdr(void **state)
{
    struct session *s = *state;
    s->random++;
    s->rig.params.sdr_output = true;
    run(s);
}

/* Repeats are copies, which are as old as what they are copies of. */
static void nor_where_a_repeat_is_a_copy(void **state)
{
    struct session *s = *state;
    s->random += 2;
    s->rig.backend.ops.name = "gpu";
    s->rig.backend.ops.concurrent_read = false;
    run(s);
    assert_true(s->rig.backend.copies > 10);
}

/* ---- one rule each ---- */

static void start(struct session *s)
{
    s->rig.act = act;
    s->rig.params.out_surfaces = 2;
    rig_start(&s->rig);
    assert_int_equal(rig_next(&s->rig), FR_OK);
    for (int i = 0; i < 3; i++) {
        paint_somewhere(s);
        publish(s);
        assert_int_equal(rig_next(&s->rig), FR_OK);
    }
    s->rig.backend.parts = s->rig.backend.parts_area = 0;
}

static void publish_pixel(struct session *s)
{
    paint(s, &(fr_rect){8, 8, 1, 1});
    fr_slot slot;
    assert_int_equal(fr_source_begin(s->rig.source, &slot), FR_OK);
    const fr_publish_info info = {.damage = &(fr_rect){8, 8, 1, 1}, .num_damage = 1};
    assert_int_equal(fr_source_publish(s->rig.source, &info), FR_OK);
}

static void a_pixel_costs_no_more_than_its_block(void **state)
{
    struct session *s = *state;
    start(s);
    for (int i = 0; i < 3; i++) {
        publish_pixel(s);
        assert_int_equal(rig_next(&s->rig), FR_OK);
    }
    s->rig.backend.parts = s->rig.backend.parts_area = 0;
    publish_pixel(s);
    assert_int_equal(rig_next(&s->rig), FR_OK);
    assert_int_equal(s->rig.backend.parts, 1);
    assert_int_equal(s->rig.backend.parts_area, 4);
}

/* Two corners are not the picture between them. */
static void what_lies_between_changes_is_not_converted(void **state)
{
    struct session *s = *state;
    start(s);
    for (int i = 0; i < 3; i++) {
        s->num_damage = 0;
        paint(s, &(fr_rect){0, 0, 2, 2});
        paint(s, &(fr_rect){s->shape.width - 2, s->shape.height - 2, 2, 2});
        s->rig.backend.parts = s->rig.backend.parts_area = 0;
        publish(s);
        assert_int_equal(rig_next(&s->rig), FR_OK);
    }
    assert_int_equal(s->rig.backend.parts, 1);
    assert_int_equal(s->rig.backend.parts_area, 4 * 2 + 2 * 2);
}

static void what_a_skipped_frame_changed_is_converted_too(void **state)
{
    struct session *s = *state;
    start(s);
    for (int i = 0; i < 3; i++) {
        publish_pixel(s);
        publish_pixel(s);
        assert_int_equal(rig_next(&s->rig), FR_OK);
    }
    assert_int_equal(s->rig.backend.parts, 3);
}

/* A source without a word on a frame leaves the next one that is taken unknown, and the surfaces before it.
 */
static void after_a_skipped_frame_that_is_not_known_all_is_converted(void **state)
{
    struct session *s = *state;
    start(s);
    fr_slot slot;
    assert_int_equal(fr_source_begin(s->rig.source, &slot), FR_OK);
    assert_int_equal(fr_source_publish(s->rig.source, NULL), FR_OK);
    publish_pixel(s);
    assert_int_equal(rig_next(&s->rig), FR_OK);
    assert_int_equal(s->rig.backend.parts, 0);
    publish_pixel(s);
    assert_int_equal(rig_next(&s->rig), FR_OK);
    assert_int_equal(s->rig.backend.parts, 0); /* the other surface has neither */
    publish_pixel(s);
    assert_int_equal(rig_next(&s->rig), FR_OK);
    assert_int_equal(s->rig.backend.parts, 1);
}

static void after_a_new_ring_all_is_converted(void **state)
{
    struct session *s = *state;
    start(s);
    rig_kill_source(&s->rig);
    assert_int_equal(rig_open_source(&s->rig), FR_OK);
    s->careless = true;
    paint(s, &(fr_rect){0, 0, 64, 30});
    s->damage[0] = (fr_rect){8, 8, 1, 1};
    s->num_damage = 1;
    assert_int_equal(rig_run(&s->rig, FR_NS_PER_S), FR_OK);
    assert_int_equal(s->rig.backend.parts, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pixel_costs_no_more_than_its_block, setup, teardown),
        cmocka_unit_test_setup_teardown(what_lies_between_changes_is_not_converted, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_skipped_frame_changed_is_converted_too, setup, teardown),
        cmocka_unit_test_setup_teardown(after_a_skipped_frame_that_is_not_known_all_is_converted, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(after_a_new_ring_all_is_converted, setup, teardown),
        cmocka_unit_test_setup_teardown(no_pixel_differs, setup, teardown),
        cmocka_unit_test_setup_teardown(nor_for_a_viewer_without_hdr, setup, teardown),
        cmocka_unit_test_setup_teardown(nor_where_a_repeat_is_a_copy, setup, teardown),
    };
    return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
