/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "machine/rig.h"

#include "backend/cpu/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_log(void *user, fr_log_level level, const char *text)
{
    struct rig_log *log = user;
    struct rig_line *line = &log->line[log->count++ % RIG_LINES];
    line->level = level;
    snprintf(line->text, sizeof(line->text), "%s", text);
}

unsigned rig_logged(const struct rig *rig, fr_log_level level, const char *words)
{
    unsigned found = 0;
    for (unsigned i = 0; i < rig->log.count && i < RIG_LINES; i++)
        found += rig->log.line[i].level == level && strstr(rig->log.line[i].text, words);
    return found;
}

void rig_print_log(const struct rig *rig)
{
    for (unsigned i = 0; i < rig->log.count && i < RIG_LINES; i++)
        print_message("%d %s\n", (int)rig->log.line[i].level, rig->log.line[i].text);
}

static bool cancelled(void *user)
{
    const struct rig *rig = user;
    return rig->cancel;
}

static void hdr_requested(void *user, bool on)
{
    struct rig *rig = user;
    rig->hdr_heard = on;
    if (!rig->obey_hdr)
        return;
    fr_display_descriptor display = rig->source->display;
    display.colour_state = on ? FR_COLOUR_STATE_HDR : FR_COLOUR_STATE_SDR;
    assert_int_equal(fr_source_announce(rig->source, &display), FR_OK);
}

static void take_turn(void *user)
{
    struct rig *rig = user;
    if (rig->act)
        rig->act(rig);
}

void rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    machine_init(&rig->machine);
    rig->machine.on_wait = take_turn;
    rig->machine.on_wait_user = rig;
    link_init(&rig->link, &rig->machine);
    rig->link.host_target = RIG_TARGET;
    rig->hdr_heard = -1;
    const fr_log log = {.write = write_log, .user = &rig->log, .max_level = FR_LOG_DEBUG};
    rig->params =
        (fr_capture_params){.target_id = RIG_TARGET, .cancelled = cancelled, .user = rig, .log = log};
    rig->source_params = (fr_source_params){.target_id = RIG_TARGET,
                                            .name = "drawing",
                                            .display = rig_display(64, 36, FR_COLOUR_STATE_SDR),
                                            .hdr_requested = hdr_requested,
                                            .user = rig,
                                            .log = log};
    rig->act = rig_source_acts;
    rig->puppet.header.handle = rig->puppet.slots.handle = rig->puppet.event.handle = FR_HANDLE_NONE;
}

void rig_finish(struct rig *rig)
{
    machine_fail_allocation(0);
    fr_source_close(&rig->source);
    fr_capture_close(&rig->capture);
    for (int i = 0; i < LINK_ENDS; i++)
        fr_source_close(&rig->dead[i]);
    puppet_finish(rig);
    link_finish(&rig->link);
    machine_finish(&rig->machine);
}

int rig_setup(void **state)
{
    struct rig *rig = malloc(sizeof(*rig));
    if (!rig)
        return -1;
    rig_init(rig);
    *state = rig;
    return 0;
}

int rig_teardown(void **state)
{
    rig_finish(*state);
    free(*state);
    return 0;
}

unsigned rig_share(unsigned whole)
{
    const char *const parts = getenv("FRAMERING_SHORTENED");
    return parts ? whole / (unsigned)strtoul(parts, NULL, 10) : whole;
}

fr_display_descriptor rig_display(uint32_t width, uint32_t height, fr_colour_state state)
{
    return (fr_display_descriptor){.mode = {width, height, 60000}, .colour_state = state};
}

/* ---- host ---- */

static void keepalive_release(void *object)
{
    ++*(unsigned *)object;
}

fr_status rig_open(struct rig *rig)
{
    struct fr_capture_env env = {
        .os = machine_os(&rig->machine),
        .channel = link_host(&rig->link),
        .backend = fake_backend(&rig->backend, &rig->machine),
        .notify.handle = FR_HANDLE_NONE,
        .pid = 4242,
    };
    if (rig->has_fallback)
        env.fallback = fake_backend(&rig->fallback, &rig->machine);
    if (rig->use_feed)
        env.feed = fake_feed(&rig->feed);
    if (rig->has_display) {
        env.has_display = true;
        env.display = rig->feed.sample;
    }
    const fr_status status = env.os.ops->event_create(env.os.self, NULL, &env.notify);
    if (status < 0) {
        fr_capture_env_finish(&env);
        return status;
    }
    const fr_keepalive keepalive = {.object = &rig->keepalive_released, .release = keepalive_release};
    return fr_capture_open_env(&rig->capture, &rig->params, &keepalive, &env);
}

void rig_start(struct rig *rig)
{
    assert_int_equal(rig_open_source(rig), FR_OK);
    const fr_status status = rig_open(rig);
    if (status != FR_OK)
        rig_print_log(rig);
    assert_int_equal(status, FR_OK);
}

fr_capture_info rig_info(struct rig *rig)
{
    fr_capture_info info;
    fr_capture_get_info(rig->capture, &info);
    return info;
}

fr_status rig_next(struct rig *rig)
{
    fr_frame frame;
    const fr_status status = fr_capture_next(rig->capture, &frame);
    fr_frame_release(&frame);
    return status;
}

fr_status rig_try(struct rig *rig)
{
    fr_frame frame;
    const fr_status status = fr_capture_try_latest(rig->capture, &frame);
    fr_frame_release(&frame);
    return status;
}

fr_status rig_run(struct rig *rig, uint64_t ns)
{
    const uint64_t until = rig->machine.now_ns + ns;
    fr_status status = FR_AGAIN;
    while ((status == FR_AGAIN || status == FR_REPEAT) && rig->machine.now_ns < until)
        status = rig_next(rig);
    return status;
}

/* ---- source ---- */

fr_status rig_open_source(struct rig *rig)
{
    struct fr_source_env env = {.os = machine_os(&rig->machine), .pid = 77};
    rig->end = link_end_open(&rig->link, rig->source_params.name, env.pid);
    env.channel = link_source(rig->end);
    assert_int_equal(fr_cpu_source_create(&env.backend[0], env.os), FR_OK);
    return fr_source_open_env(&rig->source, &rig->source_params, &env);
}

fr_status rig_push(struct rig *rig)
{
    fr_slot slot;
    fr_status status = fr_source_begin(rig->source, &slot);
    if (status != FR_OK)
        return status;
    stamp_draw(&slot, rig->stamp + 1);
    status = fr_source_publish(rig->source, NULL);
    rig->stamp += status == FR_OK;
    return status;
}

void rig_source_acts(struct rig *rig)
{
    if (!rig->source)
        return;
    rig->polled = fr_source_poll(rig->source, 0);
    if (rig->polled != FR_REATTACHED)
        return;
    rig->reattached++;
    (void)rig_push(rig);
}

void rig_kill_source(struct rig *rig)
{
    link_kill(rig->end);
    for (int i = 0; i < LINK_ENDS; i++) {
        if (rig->dead[i])
            continue;
        rig->dead[i] = rig->source;
        break;
    }
    rig->source = NULL;
    rig->end = NULL;
}

void rig_announce(struct rig *rig, uint32_t width, uint32_t height, fr_colour_state state)
{
    const fr_display_descriptor display = rig_display(width, height, state);
    assert_int_equal(fr_source_announce(rig->source, &display), FR_OK);
}

int rig_code(const struct rig *rig, const fr_frame *frame)
{
    return stamp_code(rig->source->current.shape.format, frame->format, rig->stamp);
}

/* ---- puppet ---- */

void puppet_connect(struct rig *rig, uint32_t width, uint32_t height, fr_colour_state state)
{
    if (!rig->puppet.end)
        rig->puppet.end = link_end_open(&rig->link, "puppet", 55);
    rig->puppet.end->display = rig_display(width, height, state);
    assert_true(link_connect(rig->puppet.end));
}

static void let_go(struct rig *rig)
{
    const struct fr_os os = machine_os(&rig->machine);
    os.ops->memory_close(os.self, &rig->puppet.header);
    os.ops->memory_close(os.self, &rig->puppet.slots);
    os.ops->event_close(os.self, &rig->puppet.event);
}

bool puppet_take_ring(struct rig *rig)
{
    struct puppet *puppet = &rig->puppet;
    struct fr_delivery ring;
    if (!puppet->end || !link_take_ring(puppet->end, &ring))
        return false;
    let_go(rig);
    puppet->ring = ring;
    const struct fr_os os = machine_os(&rig->machine);
    const int access = FR_ACCESS_READ | FR_ACCESS_WRITE;
    assert_int_equal(os.ops->memory_map(os.self, ring.header, ring.header_bytes, access, &puppet->header),
                     FR_OK);
    assert_int_equal(os.ops->memory_map(os.self, ring.slots, ring.slots_bytes, access, &puppet->slots),
                     FR_OK);
    puppet->event.handle = ring.event;
    fr_wire_v2 header;
    assert_int_equal(fr_wire_snapshot(&header, puppet->header.ptr, ring.header_bytes, RIG_TARGET),
                     FR_WIRE_FINE);
    fr_ring_source_attach(&puppet->words, puppet->header.ptr, puppet->header.bytes, &header, 55, NULL);
    return true;
}

void puppet_report(struct rig *rig, uint32_t status, uint32_t detail)
{
    fr_ring_source_report(rig->puppet.header.ptr, status, detail);
}

void puppet_publish(struct rig *rig, uint64_t present_ns)
{
    struct puppet *puppet = &rig->puppet;
    const int index = fr_ring_source_begin(&puppet->words);
    assert_true(index >= 0);
    stamp_draw(&(fr_slot){.pixels = (uint8_t *)puppet->slots.ptr + puppet->ring.slot_offset[index],
                          .pitch_bytes = puppet->ring.pitch_bytes,
                          .width = puppet->ring.width,
                          .height = puppet->ring.height,
                          .format = puppet->ring.format},
               ++rig->stamp);
    assert_true(fr_ring_source_publish(
        &puppet->words,
        &(struct fr_ring_publish){.present_ns = present_ns ? present_ns : rig->machine.now_ns}));
    const struct fr_os os = machine_os(&rig->machine);
    os.ops->event_signal(os.self, &puppet->event);
}

bool puppet_attach(struct rig *rig)
{
    if (!puppet_take_ring(rig))
        return false;
    puppet_report(rig, FR_WIRE_STATUS_OPENED, 0);
    puppet_publish(rig, 0);
    return true;
}

void puppet_finish(struct rig *rig)
{
    let_go(rig);
    if (!rig->puppet.end)
        return;
    const struct fr_source_channel channel = link_source(rig->puppet.end);
    channel.ops->destroy(channel.self);
    rig->puppet.end = NULL;
}
