/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * Each side has a buffer of stores that only it sees. Any of them may become visible next, except that
 *   - stores to the same bytes keep their order,
 *   - a release store waits for all that the side stored before it,
 *   - a store after a release fence waits for all that the side stored before the fence,
 *   - a successful compare-and-swap and a full fence wait for all of them, and the swap is visible at once.
 * How soon differs from run to run, and in each some stores are stubborn: reorderings need one that stays
 * behind.
 */
#include "explorer.h"

#include "os/atomic.h"

#include <string.h>

#ifdef FR_ATOMIC_STEP
#error "the library's own os/atomic.h was found first"
#endif

enum { BUFFER_MAX = 64 };

struct pending {
    unsigned char *at;
    uint32_t bytes;
    uint64_t value;
    bool release, stubborn;
    uint32_t epoch; /* how many release fences came before */
};

static struct buffer {
    struct pending store[BUFFER_MAX];
    uint32_t count, epoch;
} buffers[SIM_SIDES];

static uint32_t wait_mask; /* a store becomes visible when these bits of a random word are 0 */

static void make_visible(struct buffer *buffer, uint32_t index)
{
    const struct pending store = buffer->store[index];
    memcpy(store.at, &store.value, store.bytes);
    buffer->count--;
    memmove(&buffer->store[index], &buffer->store[index + 1],
            (buffer->count - index) * sizeof(buffer->store[0]));
}

static bool overlap(const struct pending *a, const struct pending *b)
{
    return a->at < b->at + b->bytes && b->at < a->at + a->bytes;
}

static bool may_go(const struct buffer *buffer, uint32_t index)
{
    const struct pending *store = &buffer->store[index];
    for (uint32_t i = 0; i < index; i++) {
        const struct pending *earlier = &buffer->store[i];
        if (store->release || earlier->epoch < store->epoch || overlap(store, earlier))
            return false;
    }
    return true;
}

void sim_memory_reset(void)
{
    for (int side = 0; side < SIM_SIDES; side++)
        buffers[side].count = buffers[side].epoch = 0;
    wait_mask = (2u << (sim_random() & 3u)) - 1;
}

void sim_memory_step(void)
{
    for (int side = 0; side < SIM_SIDES; side++) {
        struct buffer *buffer = &buffers[side];
        if (!buffer->count || (sim_random() & wait_mask))
            continue;
        const uint32_t index = sim_random() % buffer->count;
        const bool stays = buffer->store[index].stubborn && (sim_random() & 31u);
        if (!stays && may_go(buffer, index))
            make_visible(buffer, index);
    }
}

bool sim_memory_drain(int side)
{
    struct buffer *buffer = &buffers[side];
    const bool any = buffer->count > 0;
    while (buffer->count)
        make_visible(buffer, 0);
    return any;
}

static uint64_t seen(const void *word, size_t bytes)
{
    unsigned char value[8] = {0};
    memcpy(value, word, bytes);
    const unsigned char *at = word;
    const struct buffer *own = &buffers[sim_running()];
    for (uint32_t i = 0; i < own->count; i++) {
        const struct pending *store = &own->store[i];
        for (size_t byte = 0; byte < bytes; byte++)
            if (at + byte >= store->at && at + byte < store->at + store->bytes)
                value[byte] = (unsigned char)(store->value >> 8 * (size_t)(at + byte - store->at));
    }
    uint64_t out;
    memcpy(&out, value, sizeof(out));
    return out;
}

uint64_t sim_weak_load(const void *word, size_t bytes)
{
    fr_simulator_step();
    return seen(word, bytes);
}

void sim_weak_store(void *word, uint64_t value, size_t bytes, bool release)
{
    fr_simulator_step();
    struct buffer *own = &buffers[sim_running()];
    if (own->count == BUFFER_MAX)
        make_visible(own, 0);
    own->store[own->count++] = (struct pending){
        .at = word,
        .bytes = (uint32_t)bytes,
        .value = value,
        .release = release,
        .stubborn = (sim_random() & 15u) == 0,
        .epoch = own->epoch,
    };
}

bool sim_weak_compare_swap(uint32_t *word, uint32_t expected, uint32_t desired)
{
    fr_simulator_step();
    if ((uint32_t)seen(word, sizeof(*word)) != expected)
        return false;
    /* The exchange itself works on what all sides see. */
    (void)sim_memory_drain(sim_running());
    if (*word != expected)
        return false;
    *word = desired;
    return true;
}

void sim_weak_fence_release(void)
{
    buffers[sim_running()].epoch++;
}

/* No load is early here, so all that a full fence adds to a load after it is that the stores are visible. */
void sim_weak_fence_full(void)
{
    (void)sim_memory_drain(sim_running());
}
