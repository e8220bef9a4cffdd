/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * Both sides, driven by a seeded script: frames, flips, deaths, restarts, failures, held frames, and the
 * other side's turns in the middle of a claim and of a conversion. After every step: what is shown is what
 * its label says, labels only rise, and a held picture stays as it is. FRAMERING_SEED=n runs that seed alone.
 */
#include "machine/rig.h"

#include <stdlib.h>
#include <string.h>

#define STEPS 17000
#define SEEDS 6
#define HELD_MAX 4
#define PICTURES 8192u /* remembered: far more than can be in flight */

struct held {
    fr_frame frame;
    int code;
};

struct session {
    struct rig rig;
    uint64_t seed, random;
    unsigned step;

    struct {
        uint32_t generation, sequence, stamp;
    } drawn[PICTURES];
    bool begun; /* the source holds a slot */
    uint32_t begun_stamp;
    fr_slot slot;
    uint32_t published_stamp; /* the source's last picture */
    uint32_t stamp;

    struct held held[HELD_MAX];
    unsigned num_held;
    bool has_last;
    fr_frame last; /* the label of the last fresh frame; no reference */
    int last_code;
    uint64_t fresh, repeats, flips, deaths, drops;
};

static uint32_t next_random(struct session *s)
{
    /* xorshift64 */
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return (uint32_t)(s->random >> 32);
}

static bool chance(struct session *s, uint32_t one_in)
{
    return next_random(s) % one_in == 0;
}

#define CHECK(s, condition)                                                                                  \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            rig_print_log(&(s)->rig);                                                                        \
            fail_msg("seed %llu, step %u: %s", (unsigned long long)(s)->seed, (s)->step, #condition);        \
        }                                                                                                    \
    } while (0)

/* ---- the source ---- */

static void remember(struct session *s, uint32_t generation, uint32_t sequence, uint32_t stamp)
{
    const uint32_t at = (generation * 977 + sequence) % PICTURES;
    s->drawn[at].generation = generation;
    s->drawn[at].sequence = sequence;
    s->drawn[at].stamp = stamp;
    s->published_stamp = stamp;
}

static bool recall(const struct session *s, const fr_frame *frame, uint32_t *stamp)
{
    const uint32_t at = (frame->generation * 977 + frame->sequence) % PICTURES;
    *stamp = s->drawn[at].stamp;
    return s->drawn[at].generation == frame->generation && s->drawn[at].sequence == frame->sequence;
}

static void begin(struct session *s)
{
    if (!s->rig.source || s->begun || fr_source_begin(s->rig.source, &s->slot) != FR_OK)
        return;
    s->begun = true;
    s->begun_stamp = ++s->stamp;
    stamp_draw(&s->slot, s->begun_stamp);
}

static void publish(struct session *s)
{
    if (!s->begun)
        return;
    s->begun = false;
    const fr_publish_info info = {.present_ns = s->rig.machine.now_ns - next_random(s) % (10 * FR_NS_PER_MS)};
    const fr_status status = fr_source_publish(s->rig.source, &info);
    CHECK(s, status == FR_OK || status == FR_AGAIN);
    if (status == FR_OK)
        remember(s, s->slot.generation, s->slot.sequence, s->begun_stamp);
}

static void push(struct session *s)
{
    begin(s);
    publish(s);
}

/* A poll may attach, and attaching may publish the last picture again. */
static void poll_source(struct session *s)
{
    if (!s->rig.source)
        return;
    if (s->begun) { /* a new ring would take the slot away while it is drawn */
        fr_source_cancel(s->rig.source);
        s->begun = false;
    }
    fr_source_info before, after;
    fr_source_get_info(s->rig.source, &before);
    const fr_status status = fr_source_poll(s->rig.source, 0);
    fr_source_get_info(s->rig.source, &after);
    CHECK(s, status == FR_OK || status == FR_REATTACHED || status == FR_AGAIN);
    CHECK(s, after.published - before.published <= after.attaches - before.attaches);
    if (after.published != before.published)
        remember(s, after.generation, 1, s->published_stamp);
    if (status == FR_REATTACHED && !chance(s, 8))
        push(s);
}

static void source_turn(void *user)
{
    struct session *s = user;
    if (!chance(s, 3))
        return;
    for (uint32_t i = next_random(s) % 7; i; i--)
        push(s);
}

static void act(struct rig *rig)
{
    poll_source((struct session *)rig);
    if (chance((struct session *)rig, 3))
        push((struct session *)rig);
}

static void start_source(struct session *s)
{
    if (s->rig.source)
        return;
    unsigned dead = 0;
    for (int i = 0; i < LINK_ENDS; i++)
        dead += s->rig.dead[i] != NULL;
    for (int i = 0; i < LINK_ENDS && dead > 4; i++)
        fr_source_close(&s->rig.dead[i]);
    s->rig.source_params.display =
        rig_display(chance(s, 3) ? 48 : 64, 36, chance(s, 3) ? FR_COLOUR_STATE_HDR : FR_COLOUR_STATE_SDR);
    CHECK(s, rig_open_source(&s->rig) == FR_OK);
}

static void end_source(struct session *s)
{
    if (!s->rig.source)
        return;
    s->begun = false;
    s->deaths++;
    if (chance(s, 3))
        fr_source_close(&s->rig.source);
    else
        rig_kill_source(&s->rig);
}

static void change_display(struct session *s)
{
    static const uint32_t widths[] = {64, 48, 33};
    if (!s->rig.source)
        return;
    s->flips++;
    rig_announce(&s->rig, widths[next_random(s) % 3], chance(s, 2) ? 36 : 17,
                 chance(s, 2) ? FR_COLOUR_STATE_HDR : FR_COLOUR_STATE_SDR);
}

/* ---- the host ---- */

static void release(struct session *s)
{
    if (!s->num_held)
        return;
    struct held *held = &s->held[next_random(s) % s->num_held];
    CHECK(s, stamp_fills(&held->frame, held->code));
    fr_frame_release(&held->frame);
    *held = s->held[--s->num_held];
}

static void open_capture(struct session *s)
{
    s->rig.backend.before_claim = s->rig.backend.in_convert = NULL;
    s->rig.backend.claims_given = s->rig.backend.num_claims = 0;
    s->rig.backend.ring_failures = s->rig.backend.converter_failures = s->rig.backend.picture_failures = 0;
    s->rig.backend.convert = FR_OK;
    s->rig.backend.release = FR_CLAIM_ACQUIRED;
    s->has_last = false;
    memset(s->drawn, 0, sizeof(s->drawn));
    fr_status status = FR_AGAIN;
    for (int i = 0; i < 20 && status != FR_OK; i++) {
        start_source(s);
        status = rig_open(&s->rig);
    }
    CHECK(s, status == FR_OK);
    s->rig.backend.before_claim = s->rig.backend.in_convert = source_turn;
    s->rig.backend.user = s;
}

static void check_fresh(struct session *s, const fr_frame *frame)
{
    const bool newer = !s->has_last || frame->generation > s->last.generation ||
                       (frame->generation == s->last.generation && frame->sequence > s->last.sequence);
    CHECK(s, newer);
    CHECK(s, !frame->repeat);
    CHECK(s, frame->discontinuity == (!s->has_last || frame->generation != s->last.generation));
    const fr_capture_info info = rig_info(&s->rig);
    CHECK(s, frame->generation == info.generation);
    CHECK(s, (frame->format == FR_FORMAT_P010) == (info.ring_format == FR_FORMAT_RGBA16F));
    CHECK(s, frame->present_ns <= frame->published_ns && frame->published_ns <= frame->taken_ns);
    CHECK(s, frame->taken_ns <= s->rig.machine.now_ns);
    CHECK(s, info.fresh <= info.published);
    uint32_t stamp;
    CHECK(s, recall(s, frame, &stamp));
    s->last_code = stamp_code(info.ring_format, frame->format, stamp);
    s->last = *frame;
    s->has_last = true;
    s->fresh++;
}

static void check_repeat(struct session *s, const fr_frame *frame)
{
    CHECK(s, s->has_last && frame->repeat && !frame->discontinuity);
    CHECK(s, frame->generation == s->last.generation && frame->sequence == s->last.sequence);
    CHECK(s, frame->width == s->last.width && frame->height == s->last.height);
    CHECK(s, frame->format == s->last.format && frame->present_ns == s->last.present_ns);
    s->repeats++;
}

static void frame_came(struct session *s, fr_status status, fr_frame *frame)
{
    if (status == FR_OK)
        check_fresh(s, frame);
    else
        check_repeat(s, frame);
    CHECK(s, stamp_fills(frame, s->last_code));
    const bool shared = status == FR_REPEAT && s->rig.backend.ops.concurrent_read;
    for (unsigned i = 0; i < s->num_held; i++)
        CHECK(s, shared || s->held[i].frame.plane[0] != frame->plane[0]);
    if (s->num_held == HELD_MAX || chance(s, 2)) {
        fr_frame_release(frame);
        return;
    }
    s->held[s->num_held++] = (struct held){.frame = *frame, .code = s->last_code};
}

static void take(struct session *s)
{
    fr_frame frame;
    const fr_status status = chance(s, 2) ? fr_capture_next(s->rig.capture, &frame)
                                          : fr_capture_try_latest(s->rig.capture, &frame);
    if (status == FR_OK || status == FR_REPEAT) {
        frame_came(s, status, &frame);
        return;
    }
    CHECK(s, !frame.surface);
    if (status == FR_AGAIN)
        return;
    CHECK(s, status == FR_ERR_NOT_RECOVERED || status == FR_ERR_NO_FRAME);
    CHECK(s, rig_info(&s->rig).state == FR_CAPTURE_FAILED);
    s->drops++;
    fr_capture_close(&s->rig.capture);
    s->begun = false;
    if (s->rig.source)
        fr_source_cancel(s->rig.source);
    open_capture(s);
}

static void break_something(struct session *s)
{
    struct fake_backend *backend = &s->rig.backend;
    switch (next_random(s) % 9) {
    case 0: backend->ring_failures = 1; break;
    case 1: backend->converter_failures = 1; break;
    case 2: backend->picture_failures = 1; break;
    case 3: fake_backend_claims(backend, FR_CLAIM_ABANDONED, 1); break;
    case 4: fake_backend_claims(backend, FR_CLAIM_FATAL, 1); break;
    case 5: fake_backend_claims(backend, FR_CLAIM_BUSY, 1 + next_random(s) % 8); break;
    case 6: backend->release = FR_CLAIM_FATAL; break;
    case 7: backend->convert = FR_ERR_DEVICE_LOST; break;
    default: s->rig.link.deliver_failures = 1; break;
    }
}

static void step(struct session *s)
{
    const uint32_t dice = next_random(s) % 1000;
    s->rig.machine.deaf = chance(s, 20);
    if (dice < 250)
        push(s);
    else if (dice < 320)
        begin(s);
    else if (dice < 390)
        publish(s);
    else if (dice < 500)
        poll_source(s);
    else if (dice < 800)
        take(s);
    else if (dice < 930)
        release(s);
    else if (dice < 950)
        change_display(s);
    else if (dice < 955)
        end_source(s);
    else if (dice < 975)
        start_source(s);
    else if (dice < 985)
        break_something(s);
    else
        machine_advance(&s->rig.machine, next_random(s) % (40 * FR_NS_PER_MS));
}

static void run_seed(uint64_t seed)
{
    struct session *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    rig_init(&s->rig);
    s->seed = seed;
    s->random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    s->rig.act = act;
    s->rig.params.log.max_level = FR_LOG_INFO;
    s->rig.params.ring_len = 3 + (uint32_t)(seed % 4);
    s->rig.params.timing.recovery_ns = 300 * FR_NS_PER_MS;
    s->rig.backend.ops = (struct fr_backend_host_ops){.name = "fake", .concurrent_read = seed % 2};
    open_capture(s);
    for (s->step = 0; s->step < STEPS; s->step++)
        step(s);
    while (s->num_held)
        release(s);
    print_message("seed %llu: %llu fresh, %llu repeats, %llu flips, %llu deaths, %llu sessions dropped\n",
                  (unsigned long long)seed, (unsigned long long)s->fresh, (unsigned long long)s->repeats,
                  (unsigned long long)s->flips, (unsigned long long)s->deaths, (unsigned long long)s->drops);
    /* The script is not so wild that nothing works any more. */
    CHECK(s, s->fresh > STEPS / 20 && s->repeats > 100 && s->deaths > 20 && s->drops < 100);
    rig_finish(&s->rig);
    free(s);
}

static void sessions_keep_their_promises(void **state)
{
    (void)state;
    const char *only = getenv("FRAMERING_SEED");
    if (only) {
        run_seed(strtoull(only, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= rig_share(SEEDS); seed++)
        run_seed(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sessions_keep_their_promises)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
