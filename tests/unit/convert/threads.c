/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* A converter's own threads: each part of a picture is done once, by whoever comes, and the pixels are those
 * of one thread. */

#include "picture.h"

#include "convert/part.h"
#include "convert/pool.h"
#include "os/atomic.h"
#include "os/thread.h"

#include <stdlib.h>
#include <string.h>

enum { NUM_PARTS = 37, NUM_RUNS = 400 };

typedef struct tally {
    uint32_t calls[NUM_PARTS];
    uint32_t work; /* what a call takes, so that helpers wake up before all is done */
} tally;

static void count_part(void *arg, uint32_t part)
{
    tally *const t = arg;
    for (volatile uint32_t i = 0; i < t->work; i++)
        continue;
    fr_add_acq_rel_u32(&t->calls[part], 1);
}

static void assert_once(const tally *t, uint32_t num_parts)
{
    for (uint32_t i = 0; i < NUM_PARTS; i++)
        assert_int_equal(t->calls[i], i < num_parts);
}

static void every_part_is_done_once_and_before_the_return(void **state)
{
    (void)state;
    for (uint32_t helpers = 1; helpers <= 4; helpers++) {
        struct fr_pool *pool = fr_pool_create(helpers);
        assert_non_null(pool);
        assert_int_equal(fr_pool_num_threads(pool), helpers + 1);
        for (uint32_t i = 0; i < NUM_RUNS; i++) {
            tally t = {.work = i % 3 * 500};
            const uint32_t num_parts = i % (NUM_PARTS + 1);
            assert_true(fr_pool_run(pool, count_part, &t, num_parts));
            assert_once(&t, num_parts);
        }
        fr_pool_destroy(&pool);
        assert_null(pool);
    }
    struct fr_pool *none = NULL;
    fr_pool_destroy(&none);
}

typedef struct user {
    struct fr_pool *pool;
    uint32_t served;
} user;

static void use_pool(void *arg)
{
    user *const u = arg;
    for (uint32_t i = 0; i < NUM_RUNS; i++) {
        tally t = {.work = 100};
        const bool served = fr_pool_run(u->pool, count_part, &t, NUM_PARTS);
        for (uint32_t part = 0; part < NUM_PARTS; part++)
            if (fr_load_relaxed_u32(&t.calls[part]) != (uint32_t)served)
                abort();
        u->served += served;
    }
}

static void a_pool_in_use_refuses_and_calls_nothing(void **state)
{
    (void)state;
    struct fr_pool *pool = fr_pool_create(2);
    user users[3] = {{.pool = pool}, {.pool = pool}, {.pool = pool}};
    struct fr_thread *threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(fr_thread_start(&threads[i], "user", use_pool, &users[i]), FR_OK);
    for (int i = 0; i < 3; i++)
        fr_thread_join(&threads[i]);
    assert_true(users[0].served + users[1].served + users[2].served > 0);
    fr_pool_destroy(&pool);
}

static void refuse_second(void *arg, uint32_t part)
{
    (void)part;
    user *const u = arg;
    tally t = {.work = 0};
    u->served += fr_pool_run(u->pool, count_part, &t, NUM_PARTS);
    assert_once(&t, 0);
}

static void a_part_that_asks_for_the_pool_is_refused(void **state)
{
    (void)state;
    struct fr_pool *pool = fr_pool_create(1);
    user u = {.pool = pool};
    assert_true(fr_pool_run(pool, refuse_second, &u, 1));
    assert_int_equal(u.served, 0);
    fr_pool_destroy(&pool);
}

enum { WIDTH = 1011, HEIGHT = 311 }; /* above 256 Ki pixels, both odd */

typedef struct planes {
    uint8_t luma[2 * WIDTH * HEIGHT], chroma[2 * (WIDTH + 1) * ((HEIGHT + 1) / 2)];
} planes;

/* `part` NULL: the whole picture. */
static void convert(const pair *p, uint32_t threads, const uint8_t *src, const fr_rect *part, planes *out)
{
    fr_convert_params params = p->params;
    params.width = WIDTH;
    params.height = HEIGHT;
    params.threads = threads;
    fr_converter *converter;
    assert_int_equal(fr_converter_create(&converter, &params), FR_OK);
    const size_t bytes = params.to == FR_FORMAT_P010 ? 2 : 1;
    void *const dst[2] = {out->luma, out->chroma};
    const ptrdiff_t pitch[2] = {(ptrdiff_t)(WIDTH * bytes), (ptrdiff_t)((WIDTH + 1) * bytes)};
    const ptrdiff_t src_pitch = (ptrdiff_t)(WIDTH * fr_format_pixel_bytes(params.from));
    memset(out, 0xa5, sizeof(*out));
    if (part)
        fr_converter_run_part(converter, src, src_pitch, dst, pitch, part);
    else
        fr_converter_run(converter, src, src_pitch, dst, pitch);
    fr_converter_destroy(&converter);
}

static void any_number_of_threads_gives_the_same_picture(void **state)
{
    (void)state;
    uint8_t *const src = malloc(8 * WIDTH * HEIGHT);
    planes *const one = malloc(sizeof(*one)), *const many = malloc(sizeof(*many));
    uint64_t random = 11;
    for (size_t i = 0; i < 8 * WIDTH * HEIGHT; i++)
        src[i] = (uint8_t)random_next(&random);
    const fr_rect part = {.x = 2, .y = 4, .width = WIDTH - 2, .height = HEIGHT - 4};
    static const uint32_t counts[] = {0, 2, 3, FR_CONVERT_THREADS_MAX};
    for (size_t i = 0; i < num_pairs; i++)
        for (int whole = 0; whole < 2; whole++) {
            convert(&pairs[i], 1, src, whole ? NULL : &part, one);
            for (size_t n = 0; n < sizeof(counts) / sizeof(counts[0]); n++) {
                convert(&pairs[i], counts[n], src, whole ? NULL : &part, many);
                assert_memory_equal(one, many, sizeof(*one));
            }
        }
    free(one);
    free(many);
    free(src);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_is_done_once_and_before_the_return),
        cmocka_unit_test(a_pool_in_use_refuses_and_calls_nothing),
        cmocka_unit_test(a_part_that_asks_for_the_pool_is_refused),
        cmocka_unit_test(any_number_of_threads_gives_the_same_picture),
    };
    return cmocka_run_group_tests_name("convert: threads", tests, NULL, NULL);
}
