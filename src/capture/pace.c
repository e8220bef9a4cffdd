/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/pace.h"

#include <string.h>

/* Fewer say nothing of how even they are. */
#define FORECAST_MIN 4u
/* After a longer pause there is no pace: in intervals, and while none is known. */
#define PAUSE 4u
#define PAUSE_NS UINT64_C(1000000000)
/* The head start grows by an eighth of the budget when it was too short, and shrinks so slowly that one frame
 * in a few hundred comes too early for it. Of a larger budget as of this one. */
#define HEAD_SCALE_NS UINT64_C(512000)
#define HEAD_UP 8u
#define HEAD_DOWN 2048u

/* A frame that is seen awake is this much sooner there. */
#define GAIN_NS UINT64_C(25000)
/* Looks in vain, less what the others gained, after which the host looks for none of so many frames. */
#define VAIN_MAX 4u
#define REST_FRAMES 64u

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* Sorts the values, of which there is one at least. */
static uint64_t median(uint64_t *value, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const uint64_t moved = value[i];
        uint32_t at = i;
        for (; at > 0 && value[at - 1] > moved; at--)
            value[at] = value[at - 1];
        value[at] = moved;
    }
    const uint64_t low = value[(count - 1) / 2];
    return low + (value[count / 2] - low) / 2;
}

static uint64_t usual_interval(const struct fr_pace *pace)
{
    uint64_t interval[FR_PACE_FRAMES];
    for (uint32_t i = 1; i < pace->count; i++)
        interval[i - 1] = pace->at_ns[i] - pace->at_ns[i - 1];
    return pace->count > 1 ? median(interval, pace->count - 1) : 0;
}

static void keep_newest(struct fr_pace *pace, uint32_t count)
{
    memmove(pace->at_ns, pace->at_ns + pace->count - count, count * sizeof(pace->at_ns[0]));
    pace->count = count;
}

static void add(struct fr_pace *pace, uint64_t at_ns)
{
    const uint64_t last_ns = pace->count ? pace->at_ns[pace->count - 1] : 0;
    const uint64_t most_ns = pace->interval_ns ? PAUSE * pace->interval_ns : PAUSE_NS;
    if (pace->count && (at_ns <= last_ns || at_ns - last_ns > most_ns))
        pace->count = 0;
    if (pace->count == FR_PACE_FRAMES)
        keep_newest(pace, FR_PACE_FRAMES - 1);
    pace->at_ns[pace->count++] = at_ns;
    pace->interval_ns = usual_interval(pace);
}

/* Each frame says when the next one is due, by its own time and the interval: the middle of what they say.
 * Frames may have been left out between them. 0: they do not agree. */
static uint64_t forecast(const struct fr_pace *pace)
{
    const uint64_t usual_ns = pace->interval_ns;
    const uint32_t count = pace->count, half = count / 2;
    uint64_t step[FR_PACE_FRAMES] = {0}, interval[FR_PACE_FRAMES], due[FR_PACE_FRAMES];
    for (uint32_t i = 1; i < count; i++) {
        const uint64_t passed = (pace->at_ns[i] - pace->at_ns[i - 1] + usual_ns / 2) / usual_ns;
        step[i] = step[i - 1] + (passed ? passed : 1);
    }
    for (uint32_t i = 0; i + half < count; i++)
        interval[i] = (pace->at_ns[i + half] - pace->at_ns[i]) / (step[i + half] - step[i]);
    const uint64_t exact_ns = median(interval, count - half);
    for (uint32_t i = 0; i < count; i++)
        due[i] = pace->at_ns[i] + (step[count - 1] - step[i] + 1) * exact_ns;
    const uint64_t due_ns = median(due, count);
    uint32_t agree = 0;
    for (uint32_t i = 0; i < count; i++)
        agree += distance(due[i], due_ns) <= pace->budget_ns / 2;
    /* A few agree by chance easily. */
    const uint32_t enough = count < FR_PACE_FRAMES ? count : 3 * FR_PACE_FRAMES / 4;
    return agree >= enough ? due_ns : 0;
}

/* After a leap, and at another rate, the frames before are of no use. */
static uint64_t forecast_anew(struct fr_pace *pace)
{
    keep_newest(pace, FORECAST_MIN);
    pace->interval_ns = usual_interval(pace);
    return forecast(pace);
}

/* Where no processor is free, a host that looks keeps its source from running, for half the budget on
 * average: so many frames must be seen awake for each that comes right after a look, or it is not worth it.
 */
static uint64_t price(const struct fr_pace *pace)
{
    return 1 + pace->budget_ns / 2 / GAIN_NS;
}

static bool rests(struct fr_pace *pace)
{
    if (pace->vain >= VAIN_MAX * price(pace)) {
        pace->vain -= price(pace); /* then one look shows whether it is better */
        pace->rest = REST_FRAMES;
    }
    if (!pace->rest)
        return false;
    pace->rest--;
    return true;
}

static void plan(struct fr_pace *pace)
{
    const uint64_t budget_ns = pace->budget_ns, last_ns = pace->at_ns[pace->count - 1];
    pace->due_ns = pace->from_ns = pace->until_ns = 0;
    if (!pace->interval_ns)
        return;
    if (budget_ns >= pace->interval_ns) {
        pace->from_ns = last_ns;
        pace->until_ns = last_ns + budget_ns;
        return;
    }
    if (rests(pace))
        return;
    if (pace->count >= FORECAST_MIN)
        pace->due_ns = forecast(pace);
    if (!pace->due_ns && pace->count > FORECAST_MIN)
        pace->due_ns = forecast_anew(pace);
    if (!pace->due_ns)
        return;
    pace->from_ns = pace->due_ns > pace->head_ns ? pace->due_ns - pace->head_ns : 0;
    pace->until_ns = pace->from_ns + budget_ns;
}

/* What the head start would have had to be for this frame. One that was far from due teaches nothing. */
static void learn_head(struct fr_pace *pace, uint64_t at_ns)
{
    if (distance(at_ns, pace->due_ns) > pace->budget_ns / 2)
        return;
    const uint64_t scale_ns = smaller(pace->budget_ns, HEAD_SCALE_NS);
    if (pace->napping || pace->due_ns + pace->late_ns > at_ns + pace->head_ns)
        pace->head_ns = smaller(pace->head_ns + scale_ns / HEAD_UP, pace->budget_ns / 2);
    else
        pace->head_ns -= smaller(pace->head_ns, scale_ns / HEAD_DOWN);
}

static void learn(struct fr_pace *pace, uint64_t at_ns)
{
    if (!pace->due_ns)
        return;
    learn_head(pace, at_ns);
    if (pace->gave_up && at_ns < pace->due_ns + pace->interval_ns / 2)
        pace->vain += price(pace);
    else if (pace->seen)
        pace->vain -= pace->vain > 0;
}

void fr_pace_init(struct fr_pace *pace, uint64_t budget_ns)
{
    *pace = (struct fr_pace){.budget_ns = budget_ns, .head_ns = smaller(budget_ns, HEAD_SCALE_NS) / 2};
}

void fr_pace_frame(struct fr_pace *pace, uint64_t published_ns)
{
    if (!pace->budget_ns)
        return;
    learn(pace, published_ns);
    pace->napping = pace->seen = pace->gave_up = false;
    add(pace, published_ns);
    plan(pace);
}

void fr_pace_nap(struct fr_pace *pace)
{
    pace->napping = true;
}

void fr_pace_woke(struct fr_pace *pace, uint64_t now_ns)
{
    pace->napping = false;
    pace->late_ns = now_ns > pace->from_ns ? now_ns - pace->from_ns : 0;
}

void fr_pace_looked(struct fr_pace *pace, bool seen)
{
    pace->seen = seen;
    pace->gave_up = !seen;
    if (!seen)
        pace->until_ns = 0;
}
