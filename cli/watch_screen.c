/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "watch_screen.h"

#include "clock.h"
#include "say.h"
#include "screen.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_COLUMNS = 14, ESCAPE = 27, WAIT_MAX_MS = 60000 };

struct watch_screen {
    struct screen *screen;
    int row;
};

struct watch_screen *watch_screen_create(void)
{
    struct watch_screen *screen = calloc(1, sizeof *screen);
    if (screen)
        screen->screen = screen_open();
    if (screen && screen->screen)
        return screen;
    free(screen);
    return NULL;
}

static void put(struct watch_screen *screen, const char *name, const char *format, ...) SAY_PRINTF(3, 4);

static void put(struct watch_screen *screen, const char *name, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    screen_put(screen->screen, screen->row, 0, name);
    screen_put(screen->screen, screen->row, NAME_COLUMNS, text);
    screen->row++;
}

static void draw_slots(struct watch_screen *screen, const fr_wire_v2 *header)
{
    for (uint32_t i = 0; i < header->v1.ring_len && i < FR_WIRE_SLOTS_MAX; i++) {
        fr_token token = fr_token_unpack(header->slot[i].token);
        char name[24];
        snprintf(name, sizeof name, "slot %u", i);
        put(screen, name, "%-10s frame %u of generation %u", watch_slot_state(header->slot[i].state),
            token.sequence, token.generation);
    }
}

static void draw_debug(struct watch_screen *screen, uint32_t target_id, const fr_wire_v2 *header)
{
    const fr_wire_debug *debug = &header->debug;
    const char *aids[WATCH_AIDS_MAX];
    size_t count = watch_aids(header, target_id, aids);
    if (debug->magic == FR_WIRE_DEBUG_MAGIC)
        put(screen, "debug",
            "run_core_entries %u, resolved_target_id %u, header %u of %u opens, error 0x%x, frames %u",
            debug->run_core_entries, debug->resolved_target_id, debug->header_opened,
            debug->header_open_attempts, debug->last_open_error, debug->frames_acquired);
    for (size_t i = 0; i < count; i++)
        put(screen, i ? "" : "that means", "%s", aids[i]);
}

static void draw_header(struct watch_screen *screen, const fr_observation *seen,
                        const struct watch_rates *rates)
{
    const fr_wire_v2 *h = &seen->header;
    char age[24];
    put(screen, "ring", "%ux%u %s, %u slots, generation %u, version %u", h->v1.width, h->v1.height,
        fr_format_name((fr_format)h->v1.format), h->v1.ring_len, h->v1.generation, h->v1.version);
    put(screen, "host", "%s, pid %u, heartbeat %s ago", watch_host_state(h->host.state), h->host.pid,
        watch_age(age, sizeof age, seen->at_ns, h->host.heartbeat_ns));
    put(screen, "source", "%s (detail 0x%x), pid %u, heartbeat %s ago", watch_source_status(h->v1.status),
        h->v1.status_detail, h->source.pid, watch_age(age, sizeof age, seen->at_ns, h->source.heartbeat_ns));
    put(screen, "latest", "frame %u in slot %u, presented %s ago", seen->latest.sequence, seen->latest.slot,
        watch_age(age, sizeof age, seen->at_ns, h->v1.present_time));
    screen->row++;
    put(screen, "", "%14s %14s", "a second", "in all");
    put(screen, "offered", "%14.1f %14" PRIu64, rates->offered, h->source.offered);
    put(screen, "published", "%14.1f %14" PRIu64, rates->published, h->source.published);
    put(screen, "taken", "%14.1f %14" PRIu64, rates->taken, h->host.taken);
    put(screen, "repeated", "%14.1f %14" PRIu64, rates->repeated, h->host.repeated);
    put(screen, "dropped", "%14.1f %14" PRIu64, rates->dropped, h->source.dropped);
    put(screen, "mismatched", "%14.1f %14" PRIu64, rates->mismatched, h->source.mismatched);
    screen->row++;
    draw_slots(screen, h);
}

void watch_screen_draw(struct watch_screen *screen, uint32_t target_id, const fr_observation *seen,
                       const struct watch_rates *rates)
{
    screen_begin(screen->screen);
    screen->row = 0;
    put(screen, "framering", "target %u%s", target_id, seen->has_header ? "" : ": no ring yet");
    screen->row++;
    if (seen->has_header) {
        draw_header(screen, seen, rates);
        screen->row++;
        draw_debug(screen, target_id, &seen->header);
    }
    screen->row++;
    put(screen, "q quits", "%s", "");
    screen_show(screen->screen);
}

bool watch_screen_wait(struct watch_screen *screen, uint64_t ns)
{
    uint64_t ms = ns / NS_PER_MS;
    int key = screen_key(screen->screen, ms > WAIT_MAX_MS ? WAIT_MAX_MS : (int)ms);
    return key == 'q' || key == 'Q' || key == ESCAPE;
}

void watch_screen_destroy(struct watch_screen **screen)
{
    if (!*screen)
        return;
    screen_close(&(*screen)->screen);
    free(*screen);
    *screen = NULL;
}
