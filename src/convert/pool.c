/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/pool.h"

#include "os/atomic.h"
#include "os/thread.h"

#include <stdlib.h>

struct fr_pool {
    uint32_t num_helpers;
    struct fr_thread *helper[FR_POOL_HELPERS_MAX];
    struct fr_semaphore *start; /* posted for each helper that may find work */
    struct fr_semaphore *end;   /* posted once when the last part is done */
    uint32_t busy, quit;

    /* Written before `left` is, and read by those alone who have taken a part: the caller waits for them. */
    fr_pool_fn *run;
    void *arg;
    uint32_t num_parts;
    uint32_t left; /* parts that nobody has taken; part left - 1 is the next */
    uint32_t done; /* parts whose calls have returned */
};

/* A thread that was held up here since an earlier piece of work takes a part of the one in force: the swap
 * fails unless `left` is what it was, and the fields are read after it. */
static bool take_part(struct fr_pool *pool, uint32_t *part)
{
    uint32_t left;
    while ((left = fr_load_relaxed_u32(&pool->left)) > 0) {
        if (fr_compare_swap_u32(&pool->left, left, left - 1)) {
            *part = left - 1;
            return true;
        }
    }
    return false;
}

static void do_parts(struct fr_pool *pool)
{
    uint32_t part;
    while (take_part(pool, &part)) {
        const uint32_t num_parts = pool->num_parts;
        pool->run(pool->arg, part);
        /* From here on the work may be over, and the fields another's. */
        if (fr_add_acq_rel_u32(&pool->done, 1) == num_parts)
            fr_semaphore_post(pool->end);
    }
}

static void helper_main(void *arg)
{
    struct fr_pool *pool = arg;
    for (;;) {
        fr_semaphore_wait(pool->start);
        if (fr_load_acquire_u32(&pool->quit))
            return;
        do_parts(pool);
    }
}

struct fr_pool *fr_pool_create(uint32_t num_helpers)
{
    struct fr_pool *pool = calloc(1, sizeof(*pool));
    if (!pool)
        return NULL;
    pool->start = fr_semaphore_create();
    pool->end = fr_semaphore_create();
    while (pool->start && pool->end && pool->num_helpers < num_helpers &&
           fr_thread_start(&pool->helper[pool->num_helpers], "fr-convert", helper_main, pool) == FR_OK)
        pool->num_helpers++;
    if (!pool->num_helpers)
        fr_pool_destroy(&pool);
    return pool;
}

void fr_pool_destroy(struct fr_pool **pool_)
{
    struct fr_pool *pool = *pool_;
    if (!pool)
        return;
    fr_store_release_u32(&pool->quit, 1);
    for (uint32_t i = 0; i < pool->num_helpers; i++)
        fr_semaphore_post(pool->start);
    for (uint32_t i = 0; i < pool->num_helpers; i++)
        fr_thread_join(&pool->helper[i]);
    fr_semaphore_destroy(&pool->start);
    fr_semaphore_destroy(&pool->end);
    free(pool);
    *pool_ = NULL;
}

bool fr_pool_run(struct fr_pool *pool, fr_pool_fn *run, void *arg, uint32_t num_parts)
{
    if (!fr_compare_swap_u32(&pool->busy, 0, 1))
        return false;
    if (num_parts) {
        pool->run = run;
        pool->arg = arg;
        pool->num_parts = num_parts;
        fr_store_relaxed_u32(&pool->done, 0);
        fr_store_release_u32(&pool->left, num_parts); /* partner: the swap in take_part */
        for (uint32_t i = 0; i < pool->num_helpers && i + 1 < num_parts; i++)
            fr_semaphore_post(pool->start);
        do_parts(pool);
        fr_semaphore_wait(pool->end);
    }
    fr_store_release_u32(&pool->busy, 0);
    return true;
}

uint32_t fr_pool_num_threads(const struct fr_pool *pool)
{
    return pool->num_helpers + 1;
}
