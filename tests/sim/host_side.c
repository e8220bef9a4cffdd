/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The host as src/capture drives the ring: newest, claim, record, read, release, taken; new generations; the
 * event. */
#include "world.h"

#include "os/atomic.h"

static void check_label(const struct fr_ring_record *record, uint32_t picture)
{
    const fr_token token = record->token;
    if (token.generation != sim_world.ring.generation)
        sim_fail("a frame of generation %u in generation %u", token.generation, sim_world.ring.generation);
    if (picture != sim_world.shadow[token.generation - 1].picture[sim_frame_index(token.sequence)])
        sim_fail("frame %u shows another frame's picture %u", token.sequence, picture);
    if (record->present_ns != picture || record->publish_delay_us != picture)
        sim_fail("frame %u has another frame's record", token.sequence);
}

static bool names(const struct fr_parts *damage, uint32_t picture)
{
    for (uint32_t i = 0; i < damage->count; i++) {
        const fr_rect rect = sim_damage(picture), *have = &damage->rect[i];
        if (have->x == rect.x && have->y == rect.y && have->width == rect.width &&
            have->height == rect.height)
            return true;
    }
    return false;
}

/* Each frame since the one shown last changed its own place, and said so; the list names these, and may name
 * older ones, which does no harm. */
static void check_damage(const struct fr_ring_record *record)
{
    const fr_token token = record->token;
    const struct sim_shadow *shadow = &sim_world.shadow[token.generation - 1];
    const bool again = sim_world.shown_generation == token.generation;
    const uint32_t before = again ? sim_world.shown_sequence : sim_world.scenario->sequence_base;
    if (!record->has_damage)
        return;
    sim_world.with_damage++;
    for (uint32_t sequence = before + 1; sequence != token.sequence + 1; sequence++)
        if (!names(&record->damage, shadow->picture[sim_frame_index(sequence)]))
            sim_fail("frame %u does not say what differs from frame %u", token.sequence, before);
    for (uint32_t i = 0; i < record->damage.count; i++)
        if (record->damage.rect[i].x > 2 * sim_world.next_picture)
            sim_fail("frame %u names a place that no frame changed", token.sequence);
}

static void check_order(fr_token token, uint32_t passed)
{
    const bool again = sim_world.shown_generation == token.generation;
    const uint32_t before = again ? sim_world.shown_sequence : sim_world.scenario->sequence_base;
    if (!fr_sequence_newer(token.sequence, before))
        sim_fail("frame %u is shown after frame %u", token.sequence, before);
    if (passed != token.sequence - before - 1)
        sim_fail("%u frames passed over between %u and %u", passed, before, token.sequence);
}

static uint32_t read_pixels(uint32_t slot)
{
    const struct sim_scenario *scenario = sim_world.scenario;
    const uint32_t index = sim_world.generations - 1;
    uint32_t word[SIM_PIXELS];
    for (uint32_t i = 0; i < SIM_PIXELS; i++)
        word[i] = fr_load_relaxed_u32(&sim_world.memory[index].pixels[slot][i]);
    for (uint32_t i = 1; i < SIM_PIXELS; i++)
        if (word[i] != word[0])
            sim_fail("torn: pictures %u and %u in one slot of %u", word[0], word[i], scenario->ring_len);
    return word[0];
}

static void show(const struct fr_ring_record *record, uint32_t picture)
{
    const fr_token token = record->token;
    check_label(record, picture);
    check_damage(record);
    const uint32_t passed = fr_ring_host_taken(&sim_world.ring, token);
    check_order(token, passed);
    sim_world.passed += passed;
    sim_world.takes++;
    sim_world.shown_generation = token.generation;
    sim_world.shown_sequence = token.sequence;
    sim_world.shown_picture = picture;
}

/* True: a frame was shown. */
static bool take(void)
{
    struct fr_ring_host *ring = &sim_world.ring;
    fr_token refused = {0};
    for (uint32_t tries = 0; tries <= ring->ring_len; tries++) {
        fr_token token;
        if (!fr_ring_host_newest(ring, &token))
            return false;
        if (token.slot >= ring->ring_len)
            sim_fail("slot %u is not in the ring", token.slot);
        if (refused.generation && refused.sequence == token.sequence)
            sim_fail("frame %u is the newest and cannot be claimed", token.sequence);
        if (!fr_ring_host_claim(ring, token)) {
            refused = token;
            continue;
        }
        const uint32_t claim = sim_world.claims++;
        if (claim < 32 && (sim_world.scenario->late_mask >> claim & 1u)) {
            fr_ring_host_unclaim(ring, token);
            continue;
        }
        struct fr_ring_record record;
        const bool ours = fr_ring_host_record(ring, token, &record);
        const uint32_t picture = ours ? read_pixels(token.slot) : 0;
        fr_ring_host_release(ring, token);
        if (!ours)
            continue;
        show(&record, picture);
        return true;
    }
    return false;
}

/* In place, as the reference design does it: states and records are cleared after the retire. */
static void clear_slots(fr_wire_v2 *header)
{
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++) {
        fr_store_relaxed_u32(&header->slot[i].state, 0);
        fr_store_relaxed_u64(&header->slot[i].token, 0);
    }
}

static void new_generation(void)
{
    const struct sim_scenario *scenario = sim_world.scenario;
    if (sim_world.generations == SIM_MEMORIES)
        sim_fail("more generations than the scenario has");
    const uint32_t number = ++sim_world.generations;
    if (number > 1)
        fr_ring_host_retire(&sim_world.ring, number);
    struct sim_memory *memory = &sim_world.memory[number - 1];
    fr_wire_v2 *header = scenario->in_place ? &sim_world.memory[0].header.v2 : &memory->header.v2;
    if (scenario->in_place && number > 1)
        clear_slots(header);
    const struct fr_ring_shape shape = {scenario->ring_len, 64, 32, FR_FORMAT_BGRA8};
    fr_ring_host_create(&sim_world.ring, header, FR_WIRE_WHOLE_BYTES, &shape, number, 7, FR_WIRE_SYNC_STATES,
                        10);
    sim_world.ring.last_sequence = scenario->sequence_base;
    (void)sim_memory_drain(SIM_HOST);
    sim_world.source_idle = false;
    sim_world.delivery.header = header;
    sim_world.delivery.pixels = memory->pixels;
    sim_world.delivery.generation = number;
    sim_world.source_news = true;
}

static bool wants_new_generation(void)
{
    const uint32_t after = sim_world.scenario->retire_after;
    return after && sim_world.generations == 1 && sim_world.takes >= after;
}

/* A timer ends the sleep, and the host looks for a while: until it rings, whoever publishes signals. */
static void nap(void)
{
    fr_simulator_step();
    sim_world.asleep = true;
    sim_check_sleep();
    fr_simulator_step();
    sim_world.asleep = false;
    sim_world.event_left = sim_world.event;
    fr_ring_host_awake(&sim_world.ring);
    for (int i = 0; i < 2 && !fr_ring_host_moved(&sim_world.ring); i++)
        fr_simulator_step();
}

static bool naps(void)
{
    const uint32_t sleep = sim_world.sleeps++;
    return sleep < 32 && (sim_world.scenario->nap_mask >> sleep & 1u);
}

static void sleep_until_signalled(void)
{
    fr_simulator_step(); /* between the last look and the sleep there is time for the other side */
    sim_world.asleep = true;
    sim_check_sleep();
    do
        sim_wait(&sim_world.event);
    while (!sim_world.event && !sim_world.scenario->bare_event);
    sim_world.asleep = false;
    sim_world.event_left = true;
    fr_ring_host_awake(&sim_world.ring);
}

/* Late, as src/capture does it: signals from after the wake-up are taken back with the one that woke. */
static void reset_event(void)
{
    if (!sim_world.event_left)
        return;
    fr_simulator_step();
    sim_world.event = sim_world.event_left = false;
}

void sim_host_main(void)
{
    new_generation();
    for (;;) {
        while (take())
            if (wants_new_generation())
                new_generation();
        if (sim_world.source_dead) {
            sim_world.source_dead = false;
            new_generation();
            if (sim_world.frame == sim_world.scenario->frames)
                sim_world.frame--; /* the new source has a frame at least */
            sim_start(SIM_SOURCE, sim_source_main);
        }
        reset_event();
        if (sim_world.source_dead) /* said by another event than the ring's, which was not reset */
            continue;
        if (!fr_ring_host_may_sleep(&sim_world.ring))
            continue;
        if (sim_world.source_idle && !sim_world.event)
            break;
        if (naps())
            nap();
        else
            sleep_until_signalled();
    }
    sim_world.host_over = true;
    sim_world.source_news = true;
}
