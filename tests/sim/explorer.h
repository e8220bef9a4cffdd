/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_SIM_EXPLORER_H
#define FR_TESTS_SIM_EXPLORER_H

/*
 * Runs a source and a host as two coroutines of one thread. Each access to a shared word is a step, before
 * which the other side may be let run; a schedule says before which steps that happens. The same schedule
 * gives the same run.
 */

#include <stdbool.h>
#include <stdint.h>

enum { SIM_SOURCE, SIM_HOST, SIM_SIDES };

enum { SIM_PREEMPTIONS_MAX = 6, SIM_STEPS_MAX = 20000 };

struct sim_schedule {
    bool random; /* else `preempt` says where */
    uint64_t seed;
    uint32_t num_preempt;
    uint32_t preempt[SIM_PREEMPTIONS_MAX]; /* rising step numbers of the run */
    uint32_t kill_at;                      /* the step of `kill_side` at which it dies; 0 = never */
    int kill_side;
};

/* What is run: all three work on the world, which is theirs. */
struct sim_play {
    void (*begin)(void); /* lays out the world and calls sim_start */
    void (*died)(int side);
    void (*end)(void); /* looks at what is left, when no side can run any more */
};

struct sim_result {
    bool failed;
    char text[200];
    uint32_t steps;
    uint32_t side_steps[SIM_SIDES];
    bool wasted; /* a preemption found the other side unable to run: as if it had not been listed */
};

struct sim_result sim_run(const struct sim_play *play, const struct sim_schedule *schedule);

/* ---- For the two sides ---- */

/* The side begins (again) at `run`. */
void sim_start(int side, void (*run)(void));

/* Lets the other side run until *flag, or until stores became visible that were on their way: look again. */
void sim_wait(const bool *flag);

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2), noreturn))
#endif
void sim_fail(const char *format, ...);

/* ---- For the model of memory (strong.c, weak.c) ---- */

int sim_running(void);
uint32_t sim_random(void);
void fr_simulator_step(void);

/* Both models have these. */
void sim_memory_reset(void);
void sim_memory_step(void);      /* some stores may become visible */
bool sim_memory_drain(int side); /* all stores of the side become visible; true: there were some */

#endif
