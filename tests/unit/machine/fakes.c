/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "machine/fakes.h"

#include "backend/cpu/cpu.h"

#include <string.h>

/* ---- display ---- */

static fr_status feed_poll(void *self, fr_display_descriptor *out)
{
    struct fake_feed *feed = self;
    if (!feed->has_sample)
        return FR_AGAIN;
    feed->has_sample = false;
    *out = feed->sample;
    return FR_OK;
}

static fr_status feed_request_hdr(void *self, bool on)
{
    struct fake_feed *feed = self;
    feed->requests++;
    feed->requested_on = on;
    return feed->request_status;
}

static void feed_destroy(void *self)
{
    struct fake_feed *feed = self;
    feed->destroyed++;
}

static const struct fr_display_feed_ops feed_ops = {
    .poll = feed_poll,
    .request_hdr = feed_request_hdr,
    .destroy = feed_destroy,
};

struct fr_display_feed fake_feed(struct fake_feed *feed)
{
    return (struct fr_display_feed){.ops = &feed_ops, .self = feed};
}

void fake_feed_sample(struct fake_feed *feed, uint32_t width, uint32_t height, fr_colour_state state)
{
    feed->sample = (fr_display_descriptor){.mode = {width, height, 60000}, .colour_state = state};
    feed->has_sample = true;
}

/* ---- backend ---- */

static bool due(unsigned *failures)
{
    if (!*failures)
        return false;
    --*failures;
    return true;
}

static fr_status ring_create(void *self, const struct fr_ring_request *request, void **ring)
{
    struct fake_backend *fake = self;
    if (fake->no_rings != FR_OK)
        return fake->no_rings;
    if (due(&fake->ring_failures))
        return FR_ERR_NO_MEMORY;
    const fr_status status = fake->cpu.ops->ring_create(fake->cpu.self, request, ring);
    fake->rings += status == FR_OK;
    fake->shape = request->shape;
    fake->request = *request;
    return status;
}

static void ring_destroy(void *self, void *ring)
{
    struct fake_backend *fake = self;
    assert_false(fake->held);
    fake->rings--;
    fake->cpu.ops->ring_destroy(fake->cpu.self, ring);
}

static void ring_describe(void *self, void *ring, struct fr_delivery *out)
{
    struct fake_backend *fake = self;
    fake->cpu.ops->ring_describe(fake->cpu.self, ring, out);
    out->adapter_luid_low = fake->luid_low;
    if (fake->sync_kind) {
        out->slots_kind = fake->slots_kind;
        out->sync_kind = fake->sync_kind;
    }
}

static enum fr_ring_path ring_path(void *self, void *ring)
{
    const struct fake_backend *fake = self;
    (void)ring;
    return fake->path;
}

static enum fr_claim claim(void *self, void *ring, struct fr_ring_host *words, fr_token token,
                           uint64_t timeout_ns)
{
    struct fake_backend *fake = self;
    assert_false(fake->held);
    fake->claim_calls++;
    fake->last_timeout_ns = timeout_ns;
    if (fake->before_claim)
        fake->before_claim(fake->user);
    enum fr_claim outcome = FR_CLAIM_ACQUIRED;
    if (fake->claims_given < fake->num_claims)
        outcome = fake->claims[fake->claims_given++];
    if (outcome == FR_CLAIM_BUSY)
        machine_advance(fake->machine, timeout_ns);
    if (outcome == FR_CLAIM_ACQUIRED)
        outcome = fake->cpu.ops->claim(fake->cpu.self, ring, words, token, timeout_ns);
    fake->held = outcome == FR_CLAIM_ACQUIRED;
    fake->acquired += fake->held;
    return outcome;
}

static enum fr_claim release(void *self, void *ring, struct fr_ring_host *words, fr_token token)
{
    struct fake_backend *fake = self;
    assert_true(fake->held);
    fake->held = false;
    fake->released++;
    const enum fr_claim scripted = fake->release;
    fake->release = FR_CLAIM_ACQUIRED;
    const enum fr_claim outcome = fake->cpu.ops->release(fake->cpu.self, ring, words, token);
    return scripted == FR_CLAIM_ACQUIRED ? outcome : scripted;
}

static uint32_t device_serial(void *self)
{
    const struct fake_backend *fake = self;
    return fake->device_serial;
}

static fr_status rebind(void *self, uint32_t luid_low, int32_t luid_high)
{
    struct fake_backend *fake = self;
    (void)luid_high;
    fake->rebinds++;
    if (fake->rebind != FR_OK)
        return fake->rebind;
    fake->luid_low = luid_low;
    fake->device_serial++;
    return FR_OK;
}

static fr_status converter_create(void *self, const fr_convert_params *params, void **converter)
{
    struct fake_backend *fake = self;
    assert_false(fake->held);
    if (due(&fake->converter_failures))
        return FR_ERR_NO_MEMORY;
    const fr_status status = fake->cpu.ops->converter_create(fake->cpu.self, params, converter);
    fake->converters += status == FR_OK;
    fake->converter_params = *params;
    return status;
}

static void converter_destroy(void *self, void *converter)
{
    struct fake_backend *fake = self;
    fake->converters--;
    fake->cpu.ops->converter_destroy(fake->cpu.self, converter);
}

static const char *converter_name(void *self, void *converter)
{
    struct fake_backend *fake = self;
    return fake->cpu.ops->converter_name(fake->cpu.self, converter);
}

static fr_status convert(void *self, void *converter, void *ring, uint32_t slot, const struct fr_parts *parts,
                         struct fr_picture *picture)
{
    struct fake_backend *fake = self;
    assert_true(fake->held);
    fake->conversions++;
    fake->parts += parts != NULL;
    for (uint32_t i = 0; parts && i < parts->count; i++)
        fake->parts_area += (uint64_t)parts->rect[i].width * parts->rect[i].height;
    const fr_status scripted = fake->convert;
    fake->convert = FR_OK;
    if (fake->in_convert)
        fake->in_convert(fake->user);
    const fr_status status = fake->cpu.ops->convert(fake->cpu.self, converter, ring, slot, parts, picture);
    return scripted < 0 ? scripted : status;
}

static fr_status picture_create(void *self, uint32_t width, uint32_t height, fr_format format,
                                struct fr_picture *out)
{
    struct fake_backend *fake = self;
    assert_false(fake->held);
    if (due(&fake->picture_failures))
        return FR_ERR_NO_MEMORY;
    return fake->cpu.ops->picture_create(fake->cpu.self, width, height, format, out);
}

/* The cpu backend puts both planes into one block, luma first. */
static fr_status picture_copy(void *self, const struct fr_picture *from, struct fr_picture *to)
{
    struct fake_backend *fake = self;
    fake->copies++;
    if (due(&fake->copy_failures))
        return FR_ERR_DEVICE_LOST;
    const size_t luma_bytes = (size_t)((uint8_t *)from->plane[1] - (uint8_t *)from->plane[0]);
    const size_t height = luma_bytes / from->pitch_bytes[0];
    memcpy(to->plane[0], from->plane[0], luma_bytes + from->pitch_bytes[1] * ((height + 1) / 2));
    return FR_OK;
}

static void destroy(void *self)
{
    struct fake_backend *fake = self;
    assert_int_equal(fake->rings, 0);
    assert_int_equal(fake->converters, 0);
    assert_int_equal(fake->acquired, fake->released);
    fake->cpu.ops->destroy(fake->cpu.self);
    fake->destroyed = true;
}

struct fr_backend_host fake_backend(struct fake_backend *fake, struct machine *machine)
{
    fake->machine = machine;
    fake->destroyed = false;
    assert_int_equal(fr_cpu_host_create(&fake->cpu, machine_os(machine)), FR_OK);
    const bool concurrent_read = fake->ops.name ? fake->ops.concurrent_read : true;
    fake->ops = *fake->cpu.ops;
    fake->ops.name = "fake";
    fake->ops.device_serial = device_serial;
    fake->ops.rebind = rebind;
    fake->ops.concurrent_read = concurrent_read;
    fake->ops.ring_create = ring_create;
    fake->ops.ring_destroy = ring_destroy;
    fake->ops.ring_describe = ring_describe;
    fake->ops.ring_path = ring_path;
    fake->ops.claim = claim;
    fake->ops.release = release;
    fake->ops.converter_create = converter_create;
    fake->ops.converter_destroy = converter_destroy;
    fake->ops.converter_name = converter_name;
    fake->ops.convert = convert;
    fake->ops.picture_create = picture_create;
    fake->ops.picture_copy = picture_copy;
    fake->ops.destroy = destroy;
    return (struct fr_backend_host){.ops = &fake->ops,
                                    .self = fake,
                                    .capabilities =
                                        fake->capabilities ? fake->capabilities : fake->cpu.capabilities};
}

void fake_backend_claims(struct fake_backend *fake, enum fr_claim outcome, unsigned times)
{
    fake->num_claims = fake->claims_given = 0;
    assert_true(times <= FAKE_SCRIPT);
    for (unsigned i = 0; i < times; i++)
        fake->claims[fake->num_claims++] = outcome;
}
