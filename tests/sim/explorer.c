/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "explorer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

enum { STACK_BYTES = 128 * 1024 };

struct side {
    ucontext_t context;
    void (*run)(void);
    bool alive;
    const bool *waits_on;
    uint32_t steps;
};

static struct {
    ucontext_t driver;
    struct side side[SIM_SIDES];
    int running;
    const struct sim_play *play;
    struct sim_schedule schedule;
    uint32_t num_preempted;
    uint64_t random_state;
    uint32_t random_mask; /* preempt when these bits are 0 */
    struct sim_result result;
} sim;

static _Alignas(64) char stacks[SIM_SIDES][STACK_BYTES];

int sim_running(void)
{
    return sim.running;
}

/* splitmix64: any seed is good, the next one gives an unrelated run. */
uint32_t sim_random(void)
{
    uint64_t word = sim.random_state += 0x9e3779b97f4a7c15u;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
    word = (word ^ word >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(word >> 32);
}

void sim_fail(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(sim.result.text, sizeof(sim.result.text), format, list);
    va_end(list);
    sim.result.failed = true;
    setcontext(&sim.driver);
    __builtin_unreachable();
}

static bool can_run(int side)
{
    const struct side *it = &sim.side[side];
    return it->alive && (!it->waits_on || *it->waits_on);
}

/* The running side does not come back. */
static void leave(void)
{
    const int other = 1 - sim.running;
    (void)sim_memory_drain(sim.running);
    sim.side[sim.running].alive = false;
    if (can_run(other)) {
        sim.running = other;
        setcontext(&sim.side[other].context);
    }
    if (sim.side[other].alive)
        sim_fail("side %d waits for ever", other);
    setcontext(&sim.driver);
}

static void enter(void)
{
    sim.side[sim.running].run();
    leave();
}

void sim_start(int side, void (*run)(void))
{
    struct side *it = &sim.side[side];
    *it = (struct side){.run = run, .alive = true, .steps = it->steps};
    getcontext(&it->context);
    it->context.uc_stack.ss_sp = stacks[side];
    it->context.uc_stack.ss_size = STACK_BYTES;
    it->context.uc_link = NULL;
    makecontext(&it->context, enter, 0);
}

static void resume_other(void)
{
    const int from = sim.running;
    const int to = 1 - from;
    sim.running = to;
    swapcontext(&sim.side[from].context, &sim.side[to].context);
}

void sim_wait(const bool *flag)
{
    struct side *self = &sim.side[sim.running];
    if (*flag)
        return;
    const bool drained_source = sim_memory_drain(SIM_SOURCE);
    const bool drained_host = sim_memory_drain(SIM_HOST);
    if (drained_source || drained_host)
        return;
    while (!*flag) {
        self->waits_on = flag;
        if (!can_run(1 - sim.running))
            sim_fail("both sides wait for ever");
        resume_other();
        self->waits_on = NULL;
    }
}

static bool wants_preemption(void)
{
    if (sim.schedule.random)
        return (sim_random() & sim.random_mask) == 0;
    if (sim.num_preempted >= sim.schedule.num_preempt ||
        sim.schedule.preempt[sim.num_preempted] != sim.result.steps)
        return false;
    sim.num_preempted++;
    sim.result.wasted |= !can_run(1 - sim.running);
    return true;
}

void fr_simulator_step(void)
{
    struct side *self = &sim.side[sim.running];
    sim.result.steps++;
    self->steps++;
    sim.result.side_steps[sim.running]++;
    if (sim.result.steps > SIM_STEPS_MAX)
        sim_fail("no end after %d steps", SIM_STEPS_MAX);
    sim_memory_step();
    if (sim.schedule.kill_at && sim.running == sim.schedule.kill_side &&
        self->steps == sim.schedule.kill_at) {
        sim.play->died(sim.running);
        leave();
    }
    if (wants_preemption() && can_run(1 - sim.running))
        resume_other();
}

struct sim_result sim_run(const struct sim_play *play, const struct sim_schedule *schedule)
{
    memset(&sim.result, 0, sizeof(sim.result));
    sim.side[SIM_SOURCE] = sim.side[SIM_HOST] = (struct side){0};
    sim.play = play;
    sim.schedule = *schedule;
    sim.num_preempted = 0;
    sim.random_state = schedule->seed;
    sim.random_mask = (2u << (sim_random() & 3u)) - 1;
    sim.running = SIM_SOURCE;
    sim_memory_reset();
    /* Coming back here a second time, by setcontext, means that the run is over. */
    static bool over;
    over = false;
    getcontext(&sim.driver);
    if (!over) {
        over = true;
        play->begin();
        sim.running = sim.schedule.random ? (int)(sim_random() & 1u) : SIM_SOURCE;
        setcontext(&sim.side[sim.running].context);
    }
    static bool ended;
    ended = false;
    getcontext(&sim.driver);
    if (!ended && !sim.result.failed) {
        ended = true;
        play->end();
    }
    return sim.result;
}
