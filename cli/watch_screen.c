/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "watch_screen.h"

#include "clock.h"

#include <inttypes.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct watch_screen {
    SCREEN *terminal;
    int row;
};

struct watch_screen *watch_screen_create(void)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !getenv("TERM"))
        return NULL;
    struct watch_screen *screen = calloc(1, sizeof *screen);
    if (!screen)
        return NULL;
    /* Not initscr: that ends the program on a terminal it does not know. */
    screen->terminal = newterm(NULL, stdout, stdin);
    if (!screen->terminal) {
        free(screen);
        return NULL;
    }
    cbreak();
    noecho();
    curs_set(0);
    return screen;
}

static void put(struct watch_screen *screen, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void put(struct watch_screen *screen, const char *name, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (screen->row >= LINES)
        return;
    mvaddnstr(screen->row, 0, name, COLS);
    if (COLS > 14)
        mvaddnstr(screen->row, 14, text, COLS - 14);
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
    erase();
    screen->row = 0;
    attron(A_BOLD);
    put(screen, "framering", "target %u%s", target_id, seen->has_header ? "" : ": no ring yet");
    attroff(A_BOLD);
    screen->row++;
    if (seen->has_header) {
        draw_header(screen, seen, rates);
        screen->row++;
        draw_debug(screen, target_id, &seen->header);
    }
    screen->row++;
    put(screen, "q quits", "%s", "");
    refresh();
}

bool watch_screen_wait(struct watch_screen *screen, uint64_t ns)
{
    (void)screen;
    uint64_t ms = ns / NS_PER_MS;
    timeout(ms > 60000 ? 60000 : (int)ms);
    int key = getch();
    return key == 'q' || key == 'Q' || key == 27;
}

void watch_screen_destroy(struct watch_screen **screen)
{
    if (!*screen)
        return;
    endwin();
    delscreen((*screen)->terminal);
    free(*screen);
    *screen = NULL;
}
