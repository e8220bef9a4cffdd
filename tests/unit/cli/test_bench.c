/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cli_test.h"

#include "bench_beat.h"
#include "bench_move.h"
#include "histogram.h"
#include "machine.h"
#include "race.h"

#include <framering/convert.h>

#include <stdlib.h>
#include <string.h>

enum { CANARY = 256, UNTOUCHED = 0xa5 };

/* A picture's bytes, of each of the conversions' proportions: all of the output is written, nothing else. */
static void moves_write_all_of_the_output(void **state)
{
    (void)state;
    static const size_t pairs[][2] = {
        {1920 * 64 * 4, 1920 * 64 * 3 / 2}, {1920 * 64 * 8, 1920 * 64 * 3}, {1920 * 64 * 4, 1920 * 64 * 3}};
    struct bench_move moves[BENCH_MOVES_MAX];
    size_t count = bench_moves(moves, fr_cpu_flags());
    assert_in_range(count, 2, BENCH_MOVES_MAX);
    for (size_t p = 0; p < sizeof pairs / sizeof pairs[0]; p++) {
        size_t in_bytes = pairs[p][0], out_bytes = pairs[p][1];
        uint8_t *in = machine_slots_alloc(in_bytes), *out = machine_surface_alloc(out_bytes + CANARY);
        assert_true(in && out);
        memset(in, 0x11, in_bytes);
        for (size_t i = 0; i < count; i++) {
            memset(out, UNTOUCHED, out_bytes + CANARY);
            moves[i].run(in, in_bytes, out, out_bytes);
            for (size_t at = 0; at < out_bytes + CANARY; at++)
                assert_int_equal(out[at] == UNTOUCHED, at >= out_bytes);
        }
        machine_slots_free(in, in_bytes);
        machine_surface_free(out);
    }
}

static void moves_take_any_size(void **state)
{
    (void)state;
    struct bench_move moves[BENCH_MOVES_MAX];
    size_t count = bench_moves(moves, fr_cpu_flags());
    uint8_t *in = machine_slots_alloc(4096), *out = machine_surface_alloc(4096);
    for (size_t i = 0; i < count; i++)
        for (size_t pixels = 1; pixels < 200; pixels++) {
            moves[i].run(in, pixels * 4, out, pixels * 3 / 2 + 2);
            moves[i].run(in, pixels * 4, out, pixels * 3 + 6);
        }
    machine_slots_free(in, 4096);
    machine_surface_free(out);
}

static void count_call(void *user)
{
    (*(unsigned *)user)++;
}

static void races_give_everyone_turns(void **state)
{
    (void)state;
    unsigned calls[3] = {0, 0, 0};
    struct racer *racers = calloc(3, sizeof *racers), *order[3];
    for (size_t i = 0; i < 3; i++) {
        racers[i].call = count_call;
        racers[i].user = &calls[i];
        racers[i].threads = i == 2;
        order[i] = &racers[i];
    }
    race(order, 3, 1);
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(racers[i].runs, 1, RACE_RUNS_MAX);
        assert_int_equal(calls[i], racers[i].runs + 2);
        assert_true(race_median_ms(&racers[i]) < 1000);
    }
    const uint64_t times[] = {5000000, 1000000, 3000000};
    memcpy(racers[0].times_ns, times, sizeof times);
    racers[0].runs = 3;
    assert_true(race_median_ms(&racers[0]) > 2.99 && race_median_ms(&racers[0]) < 3.01);
    free(racers);
}

/* Two processes that look at the clock at any time agree when a turn begins. */
static void turns_begin_at_the_same_time_for_all(void **state)
{
    (void)state;
    for (uint64_t now = 0; now < 3 * BEAT_TURNS * BEAT_TURN_NS; now += 7777777) {
        for (unsigned turn = 0; turn < BEAT_TURNS; turn++) {
            uint64_t next = beat_next_ns(turn, now);
            assert_true(next > now && next <= now + (BEAT_TURNS + 1) * BEAT_TURN_NS);
            assert_int_equal(beat_turn(next), turn);
            assert_int_equal(next, beat_begin_ns(next));
        }
        assert_true(beat_begin_ns(now) < beat_end_ns(now));
        assert_int_equal(beat_turn(beat_end_ns(now)), beat_turn(now));
    }
}

static void histograms_add_up(void **state)
{
    (void)state;
    struct histogram *both = calloc(2, sizeof *both);
    assert_true(histogram_mean(both) == 0);
    histogram_add(&both[0], 10);
    histogram_add(&both[1], 50);
    histogram_add(&both[1], 60);
    histogram_merge(&both[0], &both[1]);
    assert_int_equal(both[0].count, 3);
    assert_int_equal(both[0].max, 60);
    assert_true(histogram_mean(both) == 40);
    assert_int_equal(histogram_at(both, 0.5), 50);
    free(both);
}

static void processors_come_once_each(void **state)
{
    (void)state;
    int cpus[MACHINE_CPUS_MAX];
    unsigned count = machine_cpus(cpus, MACHINE_CPUS_MAX);
    assert_in_range(count, 1, MACHINE_CPUS_MAX);
    for (unsigned i = 0; i < count; i++)
        for (unsigned k = 0; k < i; k++)
            assert_int_not_equal(cpus[i], cpus[k]);
    assert_true(machine_pin(cpus[0]));
    assert_true(machine_pin(-1));
    assert_int_equal(machine_cpus(cpus, MACHINE_CPUS_MAX), count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_write_all_of_the_output),
        cmocka_unit_test(moves_take_any_size),
        cmocka_unit_test(races_give_everyone_turns),
        cmocka_unit_test(turns_begin_at_the_same_time_for_all),
        cmocka_unit_test(histograms_add_up),
        cmocka_unit_test(processors_come_once_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
