/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include <stdlib.h>

void pair_init(struct pair *pair, uint32_t ring_len)
{
    pair->header = calloc(1, FR_WIRE_WHOLE_BYTES);
    assert_non_null(pair->header);
    const struct fr_ring_shape shape = {ring_len, 1920, 1080, FR_FORMAT_BGRA8};
    fr_ring_host_create(&pair->host, pair->header, FR_WIRE_WHOLE_BYTES, &shape, GENERATION, TARGET,
                        FR_WIRE_SYNC_STATES, 100);
    fr_wire_v2 copy;
    assert_int_equal(fr_wire_snapshot(&copy, pair->header, FR_WIRE_WHOLE_BYTES, TARGET), FR_WIRE_FINE);
    fr_ring_source_attach(&pair->source, pair->header, FR_WIRE_WHOLE_BYTES, &copy, 200, NULL);
}

void pair_finish(struct pair *pair)
{
    free(pair->header);
    pair->header = NULL;
}

void pair_set_sequence(struct pair *pair, uint32_t sequence)
{
    pair->source.sequence = sequence;
    pair->host.last_sequence = sequence;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        pair->source.slot_sequence[i] = sequence;
}

uint32_t pair_publish(struct pair *pair)
{
    const int slot = fr_ring_source_begin(&pair->source);
    assert_in_range(slot, 0, pair->source.ring_len - 1);
    const uint32_t sequence = pair->source.sequence + 1;
    const struct fr_ring_publish info = {.present_ns = sequence, .publish_delay_us = sequence};
    assert_true(fr_ring_source_publish(&pair->source, &info));
    fr_ring_source_beat(&pair->source, 0);
    return (uint32_t)slot;
}

uint32_t pair_take(struct pair *pair)
{
    const fr_token token = pair_newest(pair);
    assert_true(fr_ring_host_claim(&pair->host, token));
    struct fr_ring_record record;
    assert_true(fr_ring_host_record(&pair->host, token, &record));
    assert_int_equal(record.present_ns, token.sequence);
    fr_ring_host_release(&pair->host, token);
    (void)fr_ring_host_taken(&pair->host, token);
    return token.sequence;
}

uint32_t pair_state(const struct pair *pair, uint32_t slot)
{
    return pair->header->slot[slot].state & 0xffu;
}

fr_token pair_newest(struct pair *pair)
{
    fr_token token = {0};
    assert_true(fr_ring_host_newest(&pair->host, &token));
    return token;
}
