/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "display/feed.h"

#include "os/thread.h"

#include <stdlib.h>

#define SETTLE_STEP_NS (25 * FR_NS_PER_MS)
#define SETTLE_NS (250 * FR_NS_PER_MS)

struct sampler {
    struct fr_os os;
    fr_display_provider provider;
    uint64_t interval_ns;
    struct fr_event notify; /* borrowed */
    struct fr_event wake;   /* the sampling thread's */
    struct fr_thread *thread;

    struct fr_mutex *lock; /* guards what follows; never held while the provider or the system is called */
    bool stop;
    bool hdr_asked, hdr_wanted;
    bool has_sample;
    fr_display_descriptor sample;
};

/* Returns whether HDR was asked for since the last look. */
static bool take_request(struct sampler *sampler, bool *stop, bool *hdr_wanted)
{
    fr_mutex_lock(sampler->lock);
    const bool asked = sampler->hdr_asked;
    sampler->hdr_asked = false;
    *hdr_wanted = sampler->hdr_wanted;
    *stop = sampler->stop;
    fr_mutex_unlock(sampler->lock);
    return asked;
}

static void take_sample(struct sampler *sampler)
{
    fr_display_descriptor sample = {0};
    if (sampler->provider.sample(sampler->provider.self, &sample) != FR_OK)
        return;
    fr_mutex_lock(sampler->lock);
    sampler->sample = sample;
    sampler->has_sample = true;
    fr_mutex_unlock(sampler->lock);
    sampler->os.ops->event_signal(sampler->os.self, &sampler->notify);
}

static void sampler_run(void *opaque)
{
    struct sampler *sampler = opaque;
    const struct fr_os os = sampler->os;
    const struct fr_event *const events[] = {&sampler->wake};
    uint64_t settled_at_ns = 0;
    uint64_t next_ns = 0;
    for (;;) {
        bool stop, hdr_wanted;
        const bool asked = take_request(sampler, &stop, &hdr_wanted);
        if (stop)
            return;
        if (asked) {
            /* Only what `sample` then sees counts, so a refusal needs no handling. */
            (void)sampler->provider.set_hdr(sampler->provider.self, hdr_wanted);
            next_ns = 0;
            settled_at_ns = os.ops->now_ns(os.self) + SETTLE_NS;
        }
        uint64_t now = os.ops->now_ns(os.self);
        if (now >= next_ns) {
            take_sample(sampler);
            now = os.ops->now_ns(os.self);
            const bool settling = now < settled_at_ns && SETTLE_STEP_NS < sampler->interval_ns;
            next_ns = now + (settling ? SETTLE_STEP_NS : sampler->interval_ns);
        }
        os.ops->wait(os.self, events, 1, next_ns - now);
    }
}

static fr_status sampler_poll(void *self, fr_display_descriptor *out)
{
    struct sampler *sampler = self;
    fr_mutex_lock(sampler->lock);
    const bool has_sample = sampler->has_sample;
    if (has_sample)
        *out = sampler->sample;
    sampler->has_sample = false;
    fr_mutex_unlock(sampler->lock);
    return has_sample ? FR_OK : FR_AGAIN;
}

static fr_status sampler_request_hdr(void *self, bool on)
{
    struct sampler *sampler = self;
    if (!sampler->provider.set_hdr)
        return FR_ERR_UNSUPPORTED;
    fr_mutex_lock(sampler->lock);
    sampler->hdr_asked = true;
    sampler->hdr_wanted = on;
    fr_mutex_unlock(sampler->lock);
    sampler->os.ops->event_signal(sampler->os.self, &sampler->wake);
    return FR_OK;
}

static void sampler_destroy(void *self)
{
    struct sampler *sampler = self;
    if (sampler->thread) {
        fr_mutex_lock(sampler->lock);
        sampler->stop = true;
        fr_mutex_unlock(sampler->lock);
        sampler->os.ops->event_signal(sampler->os.self, &sampler->wake);
        fr_thread_join(&sampler->thread);
    }
    fr_mutex_destroy(&sampler->lock);
    sampler->os.ops->event_close(sampler->os.self, &sampler->wake);
    free(sampler);
}

static const struct fr_display_feed_ops sampler_ops = {
    .poll = sampler_poll,
    .request_hdr = sampler_request_hdr,
    .destroy = sampler_destroy,
};

fr_status fr_display_sampler_create(struct fr_display_feed *out, const fr_display_provider *provider,
                                    uint64_t interval_ns, const struct fr_event *notify)
{
    *out = (struct fr_display_feed){0};
    struct sampler *sampler = calloc(1, sizeof(*sampler));
    if (!sampler)
        return FR_ERR_NO_MEMORY;
    sampler->os = fr_os_native();
    sampler->provider = *provider;
    sampler->interval_ns = interval_ns;
    sampler->notify = *notify;
    sampler->wake.handle = FR_HANDLE_NONE;

    fr_status status = sampler->os.ops->event_create(sampler->os.self, NULL, &sampler->wake);
    sampler->lock = fr_mutex_create();
    if (!sampler->lock)
        status = FR_ERR_NO_MEMORY;
    if (!status)
        status = fr_thread_start(&sampler->thread, "fr-display", sampler_run, sampler);
    if (status) {
        sampler_destroy(sampler);
        return status;
    }
    *out = (struct fr_display_feed){.ops = &sampler_ops, .self = sampler};
    return FR_OK;
}
