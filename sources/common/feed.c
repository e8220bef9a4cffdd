/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "feed.h"

#include "feed_system.h"
#include "value.h"

#include <framering/frame.h>

#include <stdlib.h>
#include <string.h>

/* Ctrl-C and the script must be looked at this often. */
static const uint64_t longest_wait_ns = 100 * FR_NS_PER_MS;

/* A host that starts its source needs a moment; only a longer wait is worth a word. */
static const uint64_t patience_ns = 700 * FR_NS_PER_MS;

/* A host takes the newest frame within a few of its own; nothing tells us that it did. */
static const uint64_t linger_ns = 250 * FR_NS_PER_MS;

const char *fr_feed_apply_target(void *user, const char *value)
{
    fr_feed_options *options = user;
    options->has_target = true;
    return fr_value_u32(value, UINT32_MAX, &options->target_id) ? NULL
                                                                : "a number from 0 to 4294967295 is needed";
}

const char *fr_feed_apply_verbose(void *user, const char *value)
{
    (void)value;
    fr_feed_options *options = user;
    options->program.verbose = true;
    return NULL;
}

static const char *apply_size(void *user, const char *value)
{
    fr_feed_options *options = user;
    return fr_value_size(value, &options->mode.width, &options->mode.height)
               ? NULL
               : "a size is WIDTHxHEIGHT, each from 1 to 16384, such as 1920x1080";
}

static const char *apply_fps(void *user, const char *value)
{
    fr_feed_options *options = user;
    options->unpaced = !strcmp(value, "max");
    if (options->unpaced || fr_value_rate(value, &options->mode.refresh_mhz))
        return NULL;
    return "a rate is a number from 0.1 to 1000, such as 59.94, or max";
}

static const fr_option size_options[] = {
    {"size", "WxH", "size of the picture", apply_size},
};

static const fr_option rate_options[] = {
    {"fps", "N", "frames per second, at most; max: as fast as possible", apply_fps},
};

fr_option_group fr_feed_size_group(fr_feed_options *options)
{
    return (fr_option_group){size_options, 1, options};
}

fr_option_group fr_feed_rate_group(fr_feed_options *options)
{
    return (fr_option_group){rate_options, 1, options};
}

bool fr_feed_init(fr_feed *feed, const fr_feed_options *options, fr_source_params *params)
{
    *feed = (fr_feed){.options = options, .waiting_since_ns = fr_clock_now_ns()};
    const char *socket = getenv(FR_SOURCE_SOCKET_ENV);
    feed->inherited = socket && *socket && !options->has_target;
    params->target_id = options->target_id;
    params->by_target = options->has_target;
    params->runtime_dir = options->runtime_dir;
    params->win32 = &options->win32;
    params->log = fr_program_log(&options->program);
    const fr_status status = fr_source_open(&feed->source, params);
    if (status == FR_ERR_ARGUMENT)
        fr_program_say(&options->program, "cannot open a source: %s", fr_status_text(status));
    return status == FR_OK;
}

void fr_feed_finish(fr_feed *feed)
{
    fr_source_close(&feed->source);
}

void fr_feed_stop(fr_feed *feed, int exit_code)
{
    feed->stopped = true;
    feed->exit_code = exit_code;
}

void fr_feed_linger(fr_feed *feed)
{
    const uint64_t until_ns = fr_clock_now_ns() + linger_ns;
    for (fr_source_info info; fr_clock_now_ns() < until_ns;) {
        fr_source_get_info(feed->source, &info);
        if (!info.untaken)
            break;
        const fr_feed_state state = fr_feed_poll(feed, FR_NS_PER_MS);
        if (state == FR_FEED_STOP)
            return;
        if (state == FR_FEED_LOST)
            break;
    }
    fr_feed_stop(feed, FR_EXIT_DONE);
}

static void note_waiting(fr_feed *feed)
{
    const uint64_t now = fr_clock_now_ns();
    if (feed->attached) {
        feed->attached = false;
        feed->waiting_since_ns = now;
    }
    if (feed->inherited || feed->said_waiting || now - feed->waiting_since_ns < patience_ns)
        return;
    feed->said_waiting = true;
    fr_program_say(&feed->options->program,
                   "waiting for a host at target %u; `framering capture --source none --target %u` is one",
                   feed->options->target_id, feed->options->target_id);
}

static fr_feed_state note_attached(fr_feed *feed, fr_feed_state state)
{
    if (feed->said_waiting)
        fr_program_say(&feed->options->program, "the host of target %u is there", feed->options->target_id);
    feed->attached = true;
    feed->said_waiting = false;
    return state;
}

fr_feed_state fr_feed_poll(fr_feed *feed, uint64_t timeout_ns)
{
    if (feed->stopped || fr_program_stopped())
        return FR_FEED_STOP;
    const fr_status status =
        fr_source_poll(feed->source, timeout_ns < longest_wait_ns ? timeout_ns : longest_wait_ns);
    if (fr_program_stopped())
        return FR_FEED_STOP;
    if (status == FR_OK)
        return note_attached(feed, FR_FEED_READY);
    if (status == FR_REATTACHED)
        return note_attached(feed, FR_FEED_REDRAW);
    if (status == FR_ERR_DEVICE_LOST)
        return FR_FEED_LOST;
    if (status == FR_END || status < 0) {
        /* The library has said why. */
        fr_feed_stop(feed, status < 0 ? FR_EXIT_FAILED : FR_EXIT_DONE);
        return FR_FEED_STOP;
    }
    note_waiting(feed);
    return FR_FEED_WAIT;
}

uint64_t fr_pacer_wait_ns(const fr_pacer *pacer, uint64_t now_ns)
{
    return pacer->next_ns > now_ns ? pacer->next_ns - now_ns : 0;
}

void fr_pacer_advance(fr_pacer *pacer, uint64_t now_ns, uint32_t refresh_mhz)
{
    const uint64_t interval = refresh_mhz ? 1000 * FR_NS_PER_S / refresh_mhz : 0;
    pacer->next_ns += interval;
    if (pacer->next_ns + interval < now_ns)
        pacer->next_ns = now_ns + interval;
}
