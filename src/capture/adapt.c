/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/capture.h"

#include "common/log.h"

static bool usable(const fr_capture *capture, const struct fr_backend_host *backend)
{
    return backend->ops && (backend->capabilities & capture->source_capabilities & FR_CAP_WAYS);
}

const struct fr_backend_host *fr_capture_choose_backend(const fr_capture *capture)
{
    if (!capture->use_fallback && usable(capture, &capture->env.backend))
        return &capture->env.backend;
    return usable(capture, &capture->env.fallback) ? &capture->env.fallback : NULL;
}

bool fr_capture_fall_back(fr_capture *capture, const char *why)
{
    if (capture->use_fallback || !usable(capture, &capture->env.fallback))
        return false;
    capture->use_fallback = true;
    fr_log_write(&capture->log, capture->told_why == why ? FR_LOG_DEBUG : FR_LOG_WARNING,
                 "%s; the ring lies in %s from now on", why, capture->env.fallback.ops->name);
    capture->told_why = why;
    return true;
}

static bool other_adapter(const fr_capture *capture, uint32_t *luid_low, int32_t *luid_high)
{
    const struct fr_delivery *ours = &capture->ring.delivery;
    return fr_ring_host_source_adapter(&capture->ring.words, luid_low, luid_high) &&
           (*luid_low != ours->adapter_luid_low || *luid_high != ours->adapter_luid_high);
}

static bool move_to_source(fr_capture *capture)
{
    const struct fr_backend_host *backend = capture->ring.backend;
    uint32_t luid_low;
    int32_t luid_high;
    if (capture->rebound || !other_adapter(capture, &luid_low, &luid_high) ||
        backend->ops->rebind(backend->self, luid_low, luid_high) != FR_OK)
        return false;
    capture->rebound = true;
    fr_log_write(&capture->log, FR_LOG_WARNING,
                 "the source renders on another adapter (%08x:%08x); the ring is made there",
                 (unsigned)luid_high, luid_low);
    return true;
}

bool fr_capture_adapt(fr_capture *capture)
{
    struct fr_generation *ring = &capture->ring;
    uint32_t detail;
    if (!ring->present || ring->adapted)
        return false;
    const uint32_t status = fr_ring_host_source_status(&ring->words, &detail);
    if (status != FR_WIRE_STATUS_TEXTURE_FAILED && status != FR_WIRE_STATUS_NO_DEVICE)
        return false;
    ring->adapted = move_to_source(capture) ||
                    (ring->backend == &capture->env.backend &&
                     fr_capture_fall_back(capture, "the source cannot open the ring's textures"));
    return ring->adapted;
}
