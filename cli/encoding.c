/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encoding.h"

#include "clock.h"
#include "say.h"
#include "stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_encoded(void *user, const fr_encoded *encoded)
{
    struct encoding *encoding = user;
    lock_take(&encoding->lock);
    encoding->frames++;
    if (!encoded->repeat && encoded->encoded_ns >= encoded->converted_ns)
        histogram_add(&encoding->converted_to_encoded, encoded->encoded_ns - encoded->converted_ns);
    lock_give(&encoding->lock);
}

/* A network address that does not answer must not outlast a Ctrl-C. */
static bool asked_to_stop(void *user)
{
    (void)user;
    return stop_requested();
}

fr_status encoding_open(struct encoding *encoding, fr_recorder_params *params, unsigned queue_len)
{
    memset(encoding, 0, sizeof *encoding);
    encoding->capacity = queue_len;
    encoding->info.encoder = encoding->encoder_name;
    encoding->info.input = "";
    lock_init(&encoding->lock);
    condition_init(&encoding->changed);
    params->encoded = on_encoded;
    params->cancelled = asked_to_stop;
    params->user = encoding;
    return fr_recorder_open(&encoding->recorder, params);
}

bool encoding_tell_unknown(const char *name)
{
    enum { CAPACITY = 64 };
    fr_encoder_info *list = calloc(CAPACITY, sizeof *list);
    char names[700] = "";
    bool known = false;
    size_t used = 0, count = list ? fr_encoders_probe(list, CAPACITY) : 0;
    for (size_t i = 0; i < count && i < CAPACITY && used < sizeof names; i++) {
        if (!list[i].built_in)
            continue;
        known = known || strcmp(list[i].name, name) == 0;
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", list[i].name);
    }
    free(list);
    if (known || used == 0)
        return false;
    say(FR_LOG_ERROR, "there is no encoder '%s'; this FFmpeg has %s", name, names);
    return true;
}

/* On the thread: copies what the summary and the progress line show. */
static void look(struct encoding *encoding)
{
    fr_recorder_info info;
    fr_recorder_get_info(encoding->recorder, &info);
    lock_take(&encoding->lock);
    if (strcmp(encoding->encoder_name, info.encoder) != 0)
        snprintf(encoding->encoder_name, sizeof encoding->encoder_name, "%s", info.encoder);
    encoding->info = info;
    encoding->info.encoder = encoding->encoder_name;
    const char *file;
    while (encoding->num_files < ENCODING_FILES_MAX &&
           (file = fr_recorder_segment(encoding->recorder, encoding->num_files)) != NULL) {
        encoding->files[encoding->num_files] = strdup(file);
        if (!encoding->files[encoding->num_files])
            break;
        encoding->num_files++;
    }
    lock_give(&encoding->lock);
}

/* Waits for a frame; false when the queue is empty and closing. */
static bool pop(struct encoding *encoding, fr_frame *out)
{
    lock_take(&encoding->lock);
    while (encoding->count == 0 && !encoding->closing)
        condition_wait(&encoding->changed, &encoding->lock);
    bool any = encoding->count > 0;
    if (any) {
        *out = encoding->queue[0];
        encoding->count--;
        memmove(encoding->queue, encoding->queue + 1, encoding->count * sizeof encoding->queue[0]);
        condition_wake_all(&encoding->changed);
    }
    lock_give(&encoding->lock);
    return any;
}

static void fail(struct encoding *encoding, fr_status status)
{
    lock_take(&encoding->lock);
    if (encoding->status == FR_OK && status < 0)
        encoding->status = status;
    lock_give(&encoding->lock);
}

static void run(void *user)
{
    struct encoding *encoding = user;
    fr_frame frame;
    while (pop(encoding, &frame)) {
        if (encoding->status == FR_OK)
            fail(encoding, fr_recorder_put(encoding->recorder, &frame));
        fr_frame_release(&frame);
        look(encoding);
    }
    look(encoding);
    fail(encoding, fr_recorder_close(&encoding->recorder));
    lock_take(&encoding->lock);
    encoding->done = true;
    condition_wake_all(&encoding->changed);
    lock_give(&encoding->lock);
}

fr_status encoding_start(struct encoding *encoding)
{
    encoding->started = thread_start(&encoding->thread, run, encoding);
    return encoding->started ? FR_OK : FR_ERR_NO_MEMORY;
}

bool encoding_room(struct encoding *encoding, uint64_t timeout_ns)
{
    lock_take(&encoding->lock);
    if (encoding->count == encoding->capacity) {
        uint64_t deadline = fr_clock_now_ns() + timeout_ns;
        while (encoding->count == encoding->capacity &&
               condition_wait_until(&encoding->changed, &encoding->lock, deadline))
            ;
    }
    bool room = encoding->count < encoding->capacity;
    lock_give(&encoding->lock);
    return room;
}

unsigned encoding_waiting(struct encoding *encoding)
{
    lock_take(&encoding->lock);
    unsigned count = encoding->count;
    lock_give(&encoding->lock);
    return count;
}

void encoding_push(struct encoding *encoding, fr_frame *frame)
{
    lock_take(&encoding->lock);
    encoding->queue[encoding->count++] = *frame;
    condition_wake_all(&encoding->changed);
    lock_give(&encoding->lock);
    memset(frame, 0, sizeof *frame);
}

fr_status encoding_status(struct encoding *encoding)
{
    lock_take(&encoding->lock);
    fr_status status = encoding->status;
    lock_give(&encoding->lock);
    return status;
}

uint64_t encoding_frames(struct encoding *encoding)
{
    lock_take(&encoding->lock);
    uint64_t frames = encoding->frames;
    lock_give(&encoding->lock);
    return frames;
}

char *encoding_name(struct encoding *encoding, char *out, size_t bytes)
{
    lock_take(&encoding->lock);
    snprintf(out, bytes, "%s", encoding->encoder_name);
    lock_give(&encoding->lock);
    return out;
}

char *encoding_file(struct encoding *encoding, char *out, size_t bytes)
{
    lock_take(&encoding->lock);
    snprintf(out, bytes, "%s", encoding->num_files ? encoding->files[encoding->num_files - 1] : "");
    lock_give(&encoding->lock);
    return out;
}

fr_status encoding_close(struct encoding *encoding, uint64_t timeout_ns)
{
    if (!encoding->started)
        return fr_recorder_close(&encoding->recorder);
    uint64_t deadline = fr_clock_now_ns() + timeout_ns;
    lock_take(&encoding->lock);
    encoding->closing = true;
    condition_wake_all(&encoding->changed);
    while (!encoding->done && condition_wait_until(&encoding->changed, &encoding->lock, deadline))
        ;
    bool done = encoding->done;
    lock_give(&encoding->lock);
    if (!done)
        return FR_TIMEOUT;
    thread_join(&encoding->thread);
    encoding->started = false;
    return encoding->status;
}

void encoding_finish(struct encoding *encoding)
{
    for (uint32_t i = 0; i < encoding->num_files; i++)
        free(encoding->files[i]);
    encoding->num_files = 0;
    condition_finish(&encoding->changed);
    lock_finish(&encoding->lock);
}
