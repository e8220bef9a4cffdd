/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encoding.h"

#include "clock.h"
#include "say.h"
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void on_encoded(void *user, const fr_encoded *encoded)
{
    struct encoding *encoding = user;
    pthread_mutex_lock(&encoding->lock);
    encoding->frames++;
    if (!encoded->repeat && encoded->encoded_ns >= encoded->converted_ns)
        histogram_add(&encoding->converted_to_encoded, encoded->encoded_ns - encoded->converted_ns);
    pthread_mutex_unlock(&encoding->lock);
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
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&encoding->lock, NULL);
    pthread_cond_init(&encoding->changed, &attributes);
    pthread_condattr_destroy(&attributes);
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
    pthread_mutex_lock(&encoding->lock);
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
    pthread_mutex_unlock(&encoding->lock);
}

/* Waits for a frame; false when the queue is empty and closing. */
static bool pop(struct encoding *encoding, fr_frame *out)
{
    pthread_mutex_lock(&encoding->lock);
    while (encoding->count == 0 && !encoding->closing)
        pthread_cond_wait(&encoding->changed, &encoding->lock);
    bool any = encoding->count > 0;
    if (any) {
        *out = encoding->queue[0];
        encoding->count--;
        memmove(encoding->queue, encoding->queue + 1, encoding->count * sizeof encoding->queue[0]);
        pthread_cond_broadcast(&encoding->changed);
    }
    pthread_mutex_unlock(&encoding->lock);
    return any;
}

static void fail(struct encoding *encoding, fr_status status)
{
    pthread_mutex_lock(&encoding->lock);
    if (encoding->status == FR_OK && status < 0)
        encoding->status = status;
    pthread_mutex_unlock(&encoding->lock);
}

static void *run(void *user)
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
    pthread_mutex_lock(&encoding->lock);
    encoding->done = true;
    pthread_cond_broadcast(&encoding->changed);
    pthread_mutex_unlock(&encoding->lock);
    return NULL;
}

fr_status encoding_start(struct encoding *encoding)
{
    /* Signals go to the frame thread alone: its waits are the ones to end early. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    encoding->started = pthread_create(&encoding->thread, NULL, run, encoding) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return encoding->started ? FR_OK : FR_ERR_NO_MEMORY;
}

/* False when the time is over. Holds the lock. */
static bool wait_until(struct encoding *encoding, uint64_t deadline_ns)
{
    struct timespec t = {.tv_sec = (time_t)(deadline_ns / NS_PER_S),
                         .tv_nsec = (long)(deadline_ns % NS_PER_S)};
    return pthread_cond_timedwait(&encoding->changed, &encoding->lock, &t) != ETIMEDOUT;
}

bool encoding_room(struct encoding *encoding, uint64_t timeout_ns)
{
    pthread_mutex_lock(&encoding->lock);
    if (encoding->count == encoding->capacity) {
        uint64_t deadline = clock_now_ns() + timeout_ns;
        while (encoding->count == encoding->capacity && wait_until(encoding, deadline))
            ;
    }
    bool room = encoding->count < encoding->capacity;
    pthread_mutex_unlock(&encoding->lock);
    return room;
}

unsigned encoding_waiting(struct encoding *encoding)
{
    pthread_mutex_lock(&encoding->lock);
    unsigned count = encoding->count;
    pthread_mutex_unlock(&encoding->lock);
    return count;
}

void encoding_push(struct encoding *encoding, fr_frame *frame)
{
    pthread_mutex_lock(&encoding->lock);
    encoding->queue[encoding->count++] = *frame;
    pthread_cond_broadcast(&encoding->changed);
    pthread_mutex_unlock(&encoding->lock);
    memset(frame, 0, sizeof *frame);
}

fr_status encoding_status(struct encoding *encoding)
{
    pthread_mutex_lock(&encoding->lock);
    fr_status status = encoding->status;
    pthread_mutex_unlock(&encoding->lock);
    return status;
}

uint64_t encoding_frames(struct encoding *encoding)
{
    pthread_mutex_lock(&encoding->lock);
    uint64_t frames = encoding->frames;
    pthread_mutex_unlock(&encoding->lock);
    return frames;
}

char *encoding_name(struct encoding *encoding, char *out, size_t bytes)
{
    pthread_mutex_lock(&encoding->lock);
    snprintf(out, bytes, "%s", encoding->encoder_name);
    pthread_mutex_unlock(&encoding->lock);
    return out;
}

char *encoding_file(struct encoding *encoding, char *out, size_t bytes)
{
    pthread_mutex_lock(&encoding->lock);
    snprintf(out, bytes, "%s", encoding->num_files ? encoding->files[encoding->num_files - 1] : "");
    pthread_mutex_unlock(&encoding->lock);
    return out;
}

fr_status encoding_close(struct encoding *encoding, uint64_t timeout_ns)
{
    if (!encoding->started)
        return fr_recorder_close(&encoding->recorder);
    uint64_t deadline = clock_now_ns() + timeout_ns;
    pthread_mutex_lock(&encoding->lock);
    encoding->closing = true;
    pthread_cond_broadcast(&encoding->changed);
    while (!encoding->done && wait_until(encoding, deadline))
        ;
    bool done = encoding->done;
    pthread_mutex_unlock(&encoding->lock);
    if (!done)
        return FR_TIMEOUT;
    pthread_join(encoding->thread, NULL);
    encoding->started = false;
    return encoding->status;
}

void encoding_finish(struct encoding *encoding)
{
    for (uint32_t i = 0; i < encoding->num_files; i++)
        free(encoding->files[i]);
    encoding->num_files = 0;
    pthread_cond_destroy(&encoding->changed);
    pthread_mutex_destroy(&encoding->lock);
}
