/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench_bound.h"

static void move(void *user)
{
    const struct bench_mover *mover = user;
    const struct bench_bound *bound = mover->bound;
    mover->run(bound->in, bound->in_bytes, bound->out, bound->out_bytes);
}

void bench_bound_init(struct bench_bound *bound, uint32_t cpu, struct racer **order)
{
    bound->count = bench_moves(bound->moves, cpu);
    for (size_t i = 0; i < bound->count; i++) {
        bound->movers[i] = (struct bench_mover){bound, bound->moves[i].run};
        bound->racers[i].call = move;
        bound->racers[i].user = &bound->movers[i];
        bound->racers[i].threads = false;
        order[i] = &bound->racers[i];
    }
}

void bench_bound_find(struct bench_bound *bound)
{
    for (size_t i = 0; i < bound->count; i++) {
        double ms = race_median_ms(&bound->racers[i]);
        if (i > 0 && ms >= bound->ms)
            continue;
        bound->ms = ms;
        bound->best = i;
    }
}

void bench_bound_again(struct bench_bound *bound, struct racer **order)
{
    order[0] = &bound->racers[bound->best];
    order[0]->threads = true;
}

void bench_bound_found(struct bench_bound *bound)
{
    bound->ms = race_median_ms(&bound->racers[bound->best]);
}

json_t *bench_bound_row(const struct bench_bound *bound, const char *kernel, const char *isa,
                        const uint32_t size[2], unsigned threads, double ms)
{
    return json_pack("{s:s, s:s, s:i, s:i, s:i, s:f, s:f, s:f, s:s}", "kernel", kernel, "isa", isa, "width",
                     (int)size[0], "height", (int)size[1], "threads", (int)threads, "ms", ms, "bound_ms",
                     bound->ms, "ratio", bound->ms > 0 ? ms / bound->ms : 0.0, "bound",
                     bound->moves[bound->best].name);
}
