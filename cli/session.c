/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "session.h"

#include "clock.h"
#include "encoding.h"
#include "files.h"
#include "pace.h"
#include "usage.h"
#include "progress.h"
#include "say.h"
#include "stop.h"
#include "supervise.h"

#include <stdlib.h>
#include <string.h>

#define SLICE_NS (16 * NS_PER_MS)
#define WATCH_NS (8 * NS_PER_MS)
#define RETRY_NS NS_PER_MS
#define ENCODER_END_NS (15 * NS_PER_S)

struct session {
    const struct session_params *params;
    struct session_result *result;
    fr_capture *capture;
    struct encoding encoding;
    struct supervisor supervisor;
    struct pace pace;
    struct progress progress;
    struct process_usage usage_before;
    uint64_t source_cpu_before, thread_cpu_before;
    uint64_t watched_ns;  /* when the supervisor looked last */
    uint64_t deadline_ns; /* of --for; 0 = none yet */
    uint64_t pushed;
    bool supervisor_acts, encoder_runs, over;
};

const char *session_end_name(enum session_end end)
{
    static const char *const names[] = {"done", "stopped", "source_ended", "failed", "dropped"};
    return names[end];
}

static void end_session(struct session *s, enum session_end end, fr_status status)
{
    if (!s->over) {
        s->result->end = end;
        s->result->status = status;
    }
    s->over = true;
}

/* Called by the capture inside open and next, and by the loop: looks whether there is a reason to come
 * back. */
static bool cancelled(void *user)
{
    struct session *s = user;
    uint64_t now = fr_clock_now_ns();
    if (now - s->watched_ns >= WATCH_NS) {
        s->watched_ns = now;
        s->supervisor_acts = supervisor_watch(&s->supervisor, now);
    }
    return stop_requested() || s->supervisor_acts || (s->deadline_ns && now >= s->deadline_ns);
}

static fr_status start_source(void *user, int socket_fd)
{
    struct session *s = user;
    return supervisor_start(&s->supervisor, socket_fd);
}

static void take_flips(struct session *s)
{
    fr_flip flip;
    while (fr_capture_next_flip(s->capture, &flip) == FR_OK) {
        if (s->result->num_flips < SESSION_FLIPS_MAX)
            s->result->flips[s->result->num_flips] = flip;
        s->result->num_flips++;
    }
}

static void get_info(struct session *s)
{
    fr_capture_info *info = &s->result->info;
    fr_capture_get_info(s->capture, info);
    info->dropped -=
        info->dropped < s->result->dropped_at_start ? info->dropped : s->result->dropped_at_start;
}

/* An encoder opens with the first frame, which may take longer than some frames last. The ring goes on
 * meanwhile: what it drops then says nothing of how the session runs. */
static void note_start(struct session *s)
{
    if (s->encoder_runs || encoding_frames(&s->encoding) == 0)
        return;
    s->encoder_runs = true;
    get_info(s);
    s->result->dropped_at_start = s->result->info.dropped;
}

static void on_fresh(struct session *s, const fr_frame *frame, uint64_t now_ns)
{
    pace_taken(&s->pace, now_ns);
    note_start(s);
    s->supervisor.delivered = true;
    if (frame->taken_ns >= frame->published_ns)
        histogram_add(&s->result->publish_to_take, frame->taken_ns - frame->published_ns);
    if (frame->converted_ns >= frame->taken_ns)
        histogram_add(&s->result->take_to_converted, frame->converted_ns - frame->taken_ns);
    if (frame->discontinuity)
        take_flips(s);
}

static void on_frame(struct session *s, fr_frame *frame)
{
    if (!frame->repeat) {
        on_fresh(s, frame, fr_clock_now_ns());
    } else if (s->params->no_repeats || encoding_waiting(&s->encoding) > 0) {
        /* An encoder that is behind gets fresh frames only. */
        fr_frame_release(frame);
        return;
    }
    encoding_push(&s->encoding, frame);
    if (++s->pushed == s->params->frames)
        end_session(s, SESSION_DONE, FR_OK);
}

/* What is left in the ring after the source ended in order. */
static void take_last(struct session *s)
{
    fr_frame frame;
    if (encoding_room(&s->encoding, NS_PER_S) && fr_capture_try_latest(s->capture, &frame) == FR_OK)
        on_frame(s, &frame);
}

static void follow_source(struct session *s)
{
    if (s->supervisor.ended) {
        take_last(s);
        end_session(s, SESSION_SOURCE_ENDED, FR_OK);
    } else if (s->supervisor.failed) {
        end_session(s, SESSION_FAILED, FR_ERR_SOURCE_DIED);
    } else {
        supervisor_restart(&s->supervisor, s->capture, fr_clock_now_ns());
    }
    s->supervisor_acts = false;
}

static void step(struct session *s)
{
    fr_status status = encoding_status(&s->encoding);
    if (status < 0) {
        end_session(s, SESSION_FAILED, status);
        return;
    }
    if (!encoding_room(&s->encoding, SLICE_NS))
        return;
    uint64_t begin = fr_clock_now_ns();
    uint64_t wait_ns = pace_wait_ns(&s->pace, begin);
    if (wait_ns) {
        clock_sleep_ns(wait_ns < SLICE_NS ? wait_ns : SLICE_NS);
        return;
    }
    fr_frame frame;
    status = fr_capture_next(s->capture, &frame);
    if (status == FR_OK || status == FR_REPEAT)
        on_frame(s, &frame);
    else if (status == FR_ERR_NOT_RECOVERED)
        end_session(s, SESSION_DROPPED, status);
    else if (status < 0)
        end_session(s, SESSION_FAILED, status);
    else if (status == FR_AGAIN && fr_clock_now_ns() - begin < RETRY_NS)
        clock_sleep_ns(RETRY_NS);
}

static void look(struct session *s)
{
    uint64_t now = fr_clock_now_ns();
    if (!progress_is_due(&s->progress, now))
        return;
    char file[256];
    get_info(s);
    progress_draw(&s->progress, now, &s->result->info, encoding_frames(&s->encoding),
                  encoding_file(&s->encoding, file, sizeof file));
}

static void run_loop(struct session *s)
{
    while (!s->over) {
        if (cancelled(s)) {
            if (stop_requested())
                end_session(s, SESSION_STOPPED, FR_OK);
            else if (s->supervisor_acts)
                follow_source(s);
            else
                end_session(s, SESSION_DONE, FR_OK);
            continue;
        }
        step(s);
        look(s);
    }
}

static double percent(uint64_t part_ns, uint64_t whole_ns)
{
    return whole_ns ? 100.0 * (double)part_ns / (double)whole_ns : 0;
}

static void begin_account(struct session *s)
{
    s->result->began = true;
    s->result->started_ns = fr_clock_now_ns();
    s->supervisor.attached = true;
    s->supervisor.delivered = true;
    s->deadline_ns = s->params->for_ns ? s->result->started_ns + s->params->for_ns : 0;
    process_usage_self(&s->usage_before);
    s->thread_cpu_before = clock_thread_cpu_ns();
    s->source_cpu_before = supervisor_cpu_ns(&s->supervisor);
    progress_init(&s->progress, s->params->progress, s->result->started_ns);
}

static void end_account(struct session *s)
{
    struct session_result *r = s->result;
    struct process_usage usage;
    process_usage_self(&usage);
    r->duration_ns = fr_clock_now_ns() - r->started_ns;
    r->cpu_host = percent(usage.cpu_ns - s->usage_before.cpu_ns, r->duration_ns);
    r->cpu_frame_thread = percent(clock_thread_cpu_ns() - s->thread_cpu_before, r->duration_ns);
    uint64_t source_cpu = supervisor_cpu_ns(&s->supervisor);
    if (source_cpu > s->source_cpu_before)
        r->cpu_source = percent(source_cpu - s->source_cpu_before, r->duration_ns);
    r->context_switches = usage.context_switches - s->usage_before.context_switches;
    r->rss_bytes = process_rss_bytes();
    r->restarts = s->supervisor.restarts;
    get_info(s);
    take_flips(s);
}

/* A file takes its time; a stream is looked at now, and what waits is delay. */
static unsigned queue_len_for(const char *url)
{
    bool live = strstr(url, "://") || strcmp(url, "hash:") == 0 || strcmp(url, "null:") == 0;
    return live ? SESSION_QUEUE_LIVE : ENCODING_QUEUE_MAX;
}

static fr_status open_capture(struct session *s)
{
    fr_capture_params params = s->params->capture;
    /* What waits, one frame in the encoder, and one surface for the next. */
    params.depth = queue_len_for(s->params->recorder.url) + 1;
    params.out_surfaces = params.depth + 1;
    bool starts = s->params->source_argv && s->params->uninvited;
    if (starts && supervisor_start(&s->supervisor, -1) < 0)
        return FR_ERR_SOURCE_FAILED;
    params.start_source = s->params->source_argv && !starts ? start_source : NULL;
    params.cancelled = cancelled;
    params.user = s;
    params.log = say_log();
    fr_status status;
    for (uint32_t i = 0;; i++) {
        s->result->target_id = params.target_id;
        if (!s->params->source_argv)
            say(FR_LOG_INFO, "waiting for a source at target %u", params.target_id);
        say_hold();
        status = fr_capture_open(&s->capture, &params, NULL);
        if (status != FR_ERR_TARGET_BUSY || !s->params->any_target || i + 1 == SESSION_TARGETS)
            break;
        params.target_id++;
    }
    return status;
}

/* Tells the one cause: what the source said of itself is nearer to it than what the capture saw. */
static void tell_open_failure(struct session *s, fr_status status, unsigned errors_before)
{
    struct session_result *r = s->result;
    supervisor_watch(&s->supervisor, fr_clock_now_ns());
    r->bad_options = s->supervisor.exit_code == 2;
    bool source_said = s->supervisor.spoke && (s->supervisor.failed || s->supervisor.ended);
    bool had = say_release(!source_said && status < 0 && say_errors() == errors_before);
    if (source_said || stop_requested())
        return;
    if (s->supervisor.ended)
        say(FR_LOG_ERROR, "the source %s ended before its first frame", s->params->source_kind);
    else if (!had && say_errors() == errors_before)
        say(FR_LOG_ERROR, "%s", fr_status_text(s->supervisor.failed ? FR_ERR_SOURCE_DIED : status));
}

static void keep_results(struct session *s)
{
    struct session_result *r = s->result;
    r->frames_encoded = s->encoding.frames;
    r->bytes = s->encoding.info.bytes;
    r->converted_to_encoded = s->encoding.converted_to_encoded;
    r->hash = s->encoding.info.hash;
    r->has_hash = strcmp(s->params->recorder.url, "hash:") == 0;
    memcpy(r->encoder, s->encoding.encoder_name, sizeof r->encoder);
    r->encoder_input = s->encoding.info.input;
    memcpy(r->encoder_input_reason, s->encoding.info.input_reason, sizeof r->encoder_input_reason);
    if (r->has_hash || strcmp(s->params->recorder.url, "null:") == 0)
        return;
    r->files = calloc(s->encoding.num_files + 1u, sizeof *r->files);
    if (!r->files)
        return;
    memcpy(r->files, s->encoding.files, s->encoding.num_files * sizeof *r->files);
    r->num_files = s->encoding.num_files;
    s->encoding.num_files = 0;
}

static void close_encoding(struct session *s, bool existed)
{
    unsigned errors_before = say_errors();
    fr_status status = encoding_close(&s->encoding, ENCODER_END_NS);
    if (status == FR_TIMEOUT) {
        supervisor_finish(&s->supervisor);
        say_progress(NULL);
        say(FR_LOG_ERROR, "the encoder or its output did not end within 15 s; the end of %s may be missing",
            s->params->recorder.url);
        _Exit(1);
    }
    if (status < 0 && (s->result->end != SESSION_FAILED || s->result->status >= 0)) {
        s->result->end = SESSION_FAILED;
        s->result->status = status;
        if (say_errors() == errors_before)
            say(FR_LOG_ERROR, "%s: %s", s->params->recorder.url, fr_status_text(status));
    }
    keep_results(s);
    if (s->result->frames_encoded == 0 && !existed)
        files_remove_empty(s->params->recorder.url); /* it would only be in the way */
    encoding_finish(&s->encoding);
}

static void run_open(struct session *s)
{
    unsigned errors_before = say_errors();
    uint64_t begin = fr_clock_now_ns();
    fr_status status = encoding_start(&s->encoding);
    if (status == FR_OK)
        status = open_capture(s);
    if (!s->capture) {
        tell_open_failure(s, status, errors_before);
        end_session(s, stop_requested() ? SESSION_STOPPED : SESSION_FAILED, status);
        return;
    }
    say_release(true);
    begin_account(s);
    s->result->setup_ns = s->result->started_ns - begin;
    errors_before = say_errors();
    run_loop(s);
    end_account(s);
    if (s->result->status < 0 && say_errors() == errors_before)
        say(FR_LOG_ERROR, "%s", fr_status_text(s->result->status));
    fr_capture_close(&s->capture);
}

void session_run(const struct session_params *params, struct session_result *out)
{
    struct session *s = calloc(1, sizeof *s);
    memset(out, 0, sizeof *out);
    if (!s) {
        say(FR_LOG_ERROR, "%s", fr_status_text(FR_ERR_NO_MEMORY));
        out->end = SESSION_FAILED;
        out->status = FR_ERR_NO_MEMORY;
        return;
    }
    s->params = params;
    s->result = out;
    supervisor_init(&s->supervisor, params->source_argv, params->source_kind, params->restart);
    s->supervisor.uninvited = params->uninvited;
    pace_init(&s->pace, params->cap_mhz);

    fr_recorder_params recorder = params->recorder;
    recorder.log = say_log();
    bool existed = files_exist(recorder.url);
    unsigned errors_before = say_errors();
    say_hold();
    fr_status status = encoding_open(&s->encoding, &recorder, queue_len_for(recorder.url));
    out->bad_options =
        status == FR_ERR_UNSUPPORTED && recorder.encoder && encoding_tell_unknown(recorder.encoder);
    say_release(!out->bad_options);
    if (status != FR_OK) {
        if (status < 0 && say_errors() == errors_before)
            say(FR_LOG_ERROR, "%s: %s", recorder.url, fr_status_text(status));
        end_session(s, status < 0 ? SESSION_FAILED : SESSION_STOPPED, status);
        encoding_finish(&s->encoding);
    } else {
        run_open(s);
        close_encoding(s, existed);
        supervisor_finish(&s->supervisor);
    }
    say_progress(NULL);
    free(s);
}

void session_result_finish(struct session_result *result)
{
    for (uint32_t i = 0; i < result->num_files; i++)
        free(result->files[i]);
    free(result->files);
    result->files = NULL;
    result->num_files = 0;
}
