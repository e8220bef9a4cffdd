/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * Explores the interleavings of a host and a source: all of them up to a number of preemptions, then random
 * ones by seed. `sim-strong` and `sim-weak` are this program over the two models of memory. An argument names
 * the one scenario that is wanted.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void lay_out(void)
{
    const struct sim_scenario *scenario = sim_world.scenario;
    memset(&sim_world, 0, sizeof(sim_world));
    sim_world.scenario = scenario;
    sim_start(SIM_SOURCE, scenario->source);
    sim_start(SIM_HOST, scenario->host);
}

static void note_death(int side)
{
    if (side == SIM_SOURCE) {
        sim_world.source_dead = true;
        sim_world.publishing = false;
        sim_world.event = true;
    } else {
        sim_world.host_over = true;
        sim_world.asleep = false;
        sim_world.source_news = true;
    }
}

static void end_nothing(void)
{
}

/* The host has shown the last frame that was published, all slots are free, and the counts add up. */
static void end_frames(void)
{
    const struct sim_world *world = &sim_world;
    if (world->starved)
        return; /* in place only: a late source filled the cleared slots */
    if (world->shown_picture != world->last_picture || world->shown_sequence != world->last_sequence ||
        world->shown_generation != world->last_generation)
        sim_fail("the last frame published is %u (picture %u), the last one shown is %u (picture %u)",
                 world->last_sequence, world->last_picture, world->shown_sequence, world->shown_picture);
    if (world->scenario->in_place)
        return; /* what a late source put into cleared slots stays until it is older than a frame taken */
    for (uint32_t i = 0; i < world->scenario->ring_len; i++)
        if ((world->ring.shared->slot[i].state & 0xffu) != FR_WIRE_SLOT_FREE)
            sim_fail("slot %u leaks in state %u", i, world->ring.shared->slot[i].state & 0xffu);
    if (world->scenario->dies == SIM_NOBODY && world->generations == 1 &&
        world->takes + world->passed != world->published)
        sim_fail("%u frames published, %u taken and %u passed over", world->published, world->takes,
                 world->passed);
}

/* The host died: the source went on, and at most one slot is lost. */
static void end_without_host(void)
{
    uint32_t lost = 0;
    for (uint32_t i = 0; sim_world.ring.shared && i < sim_world.scenario->ring_len; i++) {
        const uint32_t state = sim_world.ring.shared->slot[i].state & 0xffu;
        lost += state != FR_WIRE_SLOT_FREE && state != FR_WIRE_SLOT_PUBLISHED;
    }
    if (lost > 1)
        sim_fail("%u slots are lost with the host", lost);
}

#define FRAMES .source = sim_source_main, .host = sim_host_main, .end = end_frames, .dies = SIM_NOBODY
#define NEAR_WRAP 0xfffffffeu
#define NEAR_TAG_WRAP 0xfffffeu

static const struct sim_scenario scenarios[] = {
    {FRAMES, .name = "three slots", .ring_len = 3, .frames = 4, .preemptions = 3, .random_runs = 100000},
    {FRAMES, .name = "four slots", .ring_len = 4, .frames = 5, .preemptions = 2, .random_runs = 100000},
    {FRAMES, .name = "frames given up", .ring_len = 3, .frames = 5, .cancel_mask = 0x12, .preemptions = 2,
     .random_runs = 100000},
    {FRAMES, .name = "late pixels", .ring_len = 3, .frames = 4, .late_mask = 0x5, .preemptions = 2,
     .random_runs = 100000},
    {FRAMES, .name = "looks between sleeps", .ring_len = 3, .frames = 4, .nap_mask = 0x55555555,
     .preemptions = 3, .random_runs = 100000},
    {FRAMES, .name = "an event without order", .ring_len = 3, .frames = 4, .cancel_mask = 0x8,
     .bare_event = true, .preemptions = 2, .random_runs = 100000},
    {FRAMES, .name = "sequence wrap", .ring_len = 3, .frames = 5, .sequence_base = NEAR_WRAP,
     .preemptions = 2, .random_runs = 50000},
    {FRAMES, .name = "tag wrap", .ring_len = 4, .frames = 6, .sequence_base = NEAR_TAG_WRAP, .preemptions = 2,
     .random_runs = 50000},
    {FRAMES, .name = "new generation", .ring_len = 3, .frames = 4, .retire_after = 1, .preemptions = 2,
     .random_runs = 100000},
    {FRAMES, .name = "new generation in place", .ring_len = 3, .frames = 4, .retire_after = 1,
     .in_place = true, .preemptions = 2, .random_runs = 100000},
    {.name = "source dies",
     .source = sim_source_main,
     .host = sim_host_main,
     .end = end_frames,
     .ring_len = 3,
     .frames = 3,
     .dies = SIM_SOURCE,
     .preemptions = 1,
     .random_runs = 100000},
    {.name = "host dies",
     .source = sim_source_main,
     .host = sim_host_main,
     .end = end_without_host,
     .ring_len = 3,
     .frames = 4,
     .dies = SIM_HOST,
     .preemptions = 1,
     .random_runs = 100000},
    {.name = "metadata",
     .source = sim_metadata_source,
     .host = sim_metadata_host,
     .end = end_nothing,
     .frames = 3,
     .dies = SIM_NOBODY,
     .preemptions = 3,
     .random_runs = 100000},
    {.name = "header",
     .source = sim_header_writer,
     .host = sim_header_reader,
     .end = end_nothing,
     .frames = 4,
     .dies = SIM_NOBODY,
     .preemptions = 2,
     .random_runs = 50000},
};

struct count {
    uint64_t runs;
    bool failed;
};

static void report_failure(const struct sim_schedule *schedule, const struct sim_result *result)
{
    printf("%s: %s\n", sim_world.scenario->name, result->text);
    if (schedule->random)
        printf("  seed %llu", (unsigned long long)schedule->seed);
    else
        printf("  preempted before steps");
    for (uint32_t i = 0; !schedule->random && i < schedule->num_preempt; i++)
        printf(" %u", schedule->preempt[i]);
    if (schedule->kill_at)
        printf(", side %d dies at its step %u", schedule->kill_side, schedule->kill_at);
    printf(", step %u\n", result->steps);
}

static struct sim_result run(const struct sim_schedule *schedule, struct count *count)
{
    const struct sim_play play = {lay_out, note_death, sim_world.scenario->end};
    const struct sim_result result = sim_run(&play, schedule);
    count->runs++;
    if (result.failed && !count->failed)
        report_failure(schedule, &result);
    count->failed |= result.failed;
    return result;
}

/* Every schedule that begins with this one and has at most `bound` preemptions. */
static void explore(struct sim_schedule *schedule, uint32_t bound, struct count *count)
{
    const struct sim_result result = run(schedule, count);
    if (schedule->num_preempt == bound || result.wasted)
        return;
    const uint32_t after = schedule->num_preempt ? schedule->preempt[schedule->num_preempt - 1] : 0;
    for (uint32_t step = after + 1; step <= result.steps && !count->failed; step++) {
        schedule->preempt[schedule->num_preempt++] = step;
        explore(schedule, bound, count);
        schedule->num_preempt--;
    }
}

/* The longest that the side takes when nobody dies and nobody is preempted. */
static uint32_t last_step_of(int side, struct count *count)
{
    const struct sim_schedule schedule = {0};
    return run(&schedule, count).side_steps[side];
}

static void explore_all(const struct sim_scenario *scenario, struct count *count)
{
    struct sim_schedule schedule = {.kill_side = scenario->dies};
    if (scenario->dies == SIM_NOBODY) {
        explore(&schedule, scenario->preemptions, count);
        return;
    }
    const uint32_t last = last_step_of(scenario->dies, count);
    for (schedule.kill_at = 1; schedule.kill_at <= last && !count->failed; schedule.kill_at++)
        explore(&schedule, scenario->preemptions, count);
}

static void try_random(const struct sim_scenario *scenario, struct count *count)
{
    const uint32_t last = scenario->dies == SIM_NOBODY ? 0 : last_step_of(scenario->dies, count);
    for (uint32_t seed = 1; seed <= scenario->random_runs && !count->failed; seed++) {
        struct sim_schedule schedule = {.random = true, .seed = seed, .kill_side = scenario->dies};
        if (last)
            schedule.kill_at = 1 + seed % last;
        (void)run(&schedule, count);
    }
}

static bool explore_scenario(const struct sim_scenario *scenario)
{
    const clock_t start = clock();
    struct count count = {0};
    sim_world.scenario = scenario;
    explore_all(scenario, &count);
    const uint64_t listed = count.runs;
    if (!count.failed)
        try_random(scenario, &count);
    printf("%-26s %8llu listed, %8llu random, %5.1f s: %s\n", scenario->name, (unsigned long long)listed,
           (unsigned long long)(count.runs - listed), (double)(clock() - start) / CLOCKS_PER_SEC,
           count.failed ? "FAILED" : "ok");
    return !count.failed;
}

int main(int argc, char **argv)
{
    uint32_t num_run = 0;
    bool good = true;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        if (argc > 1 && strcmp(argv[1], scenarios[i].name) != 0)
            continue;
        num_run++;
        good &= explore_scenario(&scenarios[i]);
        fflush(stdout);
    }
    return good && num_run ? 0 : 1;
}
