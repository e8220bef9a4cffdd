/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/select.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { MAX_ROWS = 64 };

static fr_status check_codec(const struct fr_selection *s, fr_codec codec, const struct fr_address_kind *kind)
{
    if (s->codecs & 1u << codec)
        return FR_OK;
    const char *name = codec == FR_CODEC_DEFAULT ? s->named.name : fr_codec_name(codec);
    fr_log_write(&s->log, FR_LOG_ERROR, "%s cannot hold %s: choose another codec, or write .mkv", kind->match,
                 name);
    return FR_ERR_UNSUPPORTED;
}

static fr_status find_named(struct fr_selection *s, const char *name)
{
    for (size_t i = 0; i < s->list.num_rows; i++) {
        if (!strcmp(s->list.rows[i].name, name) && s->list.rows[i].open != fr_lavc_open) {
            s->named = s->list.rows[i];
            return FR_OK;
        }
    }
    return fr_encoder_row_find(&s->named, name);
}

static fr_status init_named(struct fr_selection *s, const fr_recorder_params *params)
{
    if (find_named(s, params->encoder) < 0) {
        fr_log_write(&s->log, FR_LOG_ERROR,
                     "there is no encoder '%s' in FFmpeg here; `framering probe` lists those that work",
                     params->encoder);
        return FR_ERR_UNSUPPORTED;
    }
    if (params->codec && params->codec != s->named.codec) {
        fr_log_write(&s->log, FR_LOG_ERROR, "%s does not write %s: leave the codec or the encoder away",
                     s->named.name, fr_codec_name(params->codec));
        return FR_ERR_ARGUMENT;
    }
    return FR_OK;
}

/* At least one encoder that could run has them all. */
static fr_status check_options(const struct fr_selection *s, const char *options)
{
    char reason[FR_REASON_BYTES];
    fr_status status = fr_lavc_check_options(NULL, options, reason);
    if (status == FR_OK && options && s->named.name) {
        status = fr_encoder_row_check(&s->named, options, reason);
    } else if (status == FR_OK && options) {
        status = FR_ERR_ARGUMENT;
        snprintf(reason, sizeof(reason), "no encoder has the options '%.100s'", options);
        for (size_t i = 0; i < s->list.num_rows && status < 0; i++) {
            const struct fr_encoder_row *row = &s->list.rows[i];
            char skipped[FR_REASON_BYTES];
            if (fr_encoder_row_built_in(row) && (!s->codec || row->codec == s->codec))
                status = fr_encoder_row_check(row, options, skipped);
        }
    }
    if (status < 0)
        fr_log_write(&s->log, FR_LOG_ERROR, "%s; `ffmpeg -h encoder=NAME` lists them", reason);
    return status;
}

fr_status fr_selection_init(struct fr_selection *s, const fr_recorder_params *params,
                            const struct fr_address_kind *kind, struct fr_encoder_list list)
{
    *s = (struct fr_selection){
        .list = list, .codec = params->codec, .codecs = kind->codecs, .log = params->log};
    assert(list.num_rows <= MAX_ROWS);
    fr_status status = params->encoder ? init_named(s, params) : FR_OK;
    if (status == FR_OK && (params->encoder || params->codec))
        status = check_codec(s, params->encoder ? s->named.codec : params->codec, kind);
    if (status < 0)
        return status;
    return check_options(s, params->options);
}

void fr_selection_finish(struct fr_selection *s)
{
    *s = (struct fr_selection){0};
}

static fr_status open_named(struct fr_selection *s, struct fr_encoder **out,
                            const struct fr_encoder_config *config)
{
    char reason[FR_REASON_BYTES] = "";
    const fr_status status = s->named.open(out, &s->named, config, reason);
    if (status == FR_OK) {
        s->current = &s->named;
        return status;
    }
    if (status == FR_ERR_DEVICE_LOST)
        return status; /* the caller waits for a living device */
    if (status == FR_ERR_UNSUPPORTED && config->format == FR_FORMAT_P010)
        fr_log_write(&s->log, FR_LOG_ERROR,
                     "%s cannot encode 10 bit, which an HDR display needs: use libx265 or hevc_nvenc, or ask "
                     "for SDR output",
                     s->named.name);
    else
        fr_log_write(&s->log, FR_LOG_ERROR, "%s: %s; name another encoder, or none", s->named.name, reason);
    return status;
}

static fr_codec wanted_codec(const struct fr_selection *s, fr_format format)
{
    if (s->codec)
        return s->codec;
    return format == FR_FORMAT_P010 && s->codecs & 1u << FR_CODEC_HEVC ? FR_CODEC_HEVC : FR_CODEC_H264;
}

static bool can(const struct fr_encoder_row *row, fr_codec codec, fr_format format)
{
    return row->codec == codec && (format != FR_FORMAT_P010 || row->hdr != FR_HDR_NONE);
}

struct skipped {
    char names[200];
    size_t length;
    char reason[FR_REASON_BYTES]; /* of the last */
};

static void add_skipped(struct skipped *skipped, const char *name, const char *reason)
{
    snprintf(skipped->reason, sizeof(skipped->reason), "%s", reason);
    if (skipped->length >= sizeof(skipped->names))
        return;
    const int added = snprintf(skipped->names + skipped->length, sizeof(skipped->names) - skipped->length,
                               "%s%s", skipped->length ? ", " : "", name);
    skipped->length += (size_t)(added > 0 ? added : 0);
}

static fr_status try_list(struct fr_selection *s, struct fr_encoder **out,
                          const struct fr_encoder_config *config, struct skipped *skipped)
{
    const fr_codec codec = wanted_codec(s, config->format);
    for (size_t i = 0; i < s->list.num_rows; i++) {
        const struct fr_encoder_row *row = &s->list.rows[i];
        if (!can(row, codec, config->format) || (s->failed_open | s->failed_running) >> i & 1)
            continue;
        char reason[FR_REASON_BYTES] = "";
        const fr_status status = row->open(out, row, config, reason);
        if (status == FR_OK) {
            s->current = row;
            return FR_OK;
        }
        if (status == FR_ERR_DEVICE_LOST)
            return status;
        s->failed_open |= UINT64_C(1) << i;
        fr_log_write(&s->log, FR_LOG_DEBUG, "%s: %s", row->name, reason);
        /* An encoder that FFmpeg was built without is none that failed. */
        if (status != FR_ERR_UNSUPPORTED)
            add_skipped(skipped, row->name, reason);
    }
    return FR_ERR_ENCODER;
}

/* What a trial opens: large enough for every hardware encoder's minimum. */
static struct fr_encoder_config trial_config(const char *options)
{
    return (struct fr_encoder_config){
        .width = 640,
        .height = 384,
        .format = FR_FORMAT_NV12,
        .colour = fr_colour_of(FR_FORMAT_NV12),
        .ticks_per_second = 90000,
        .fps_mhz = 60000,
        .gop_frames = 120,
        .options = options,
    };
}

static fr_status try_named(struct fr_selection *s, const char *options)
{
    if (!s->named.needs)
        return FR_OK; /* software opens, and not each closes well without a frame */
    const struct fr_encoder_config config = trial_config(options);
    struct fr_encoder *trial = NULL;
    const fr_status status = open_named(s, &trial, &config);
    fr_encoder_destroy(&trial);
    s->current = NULL;
    return status;
}

fr_status fr_selection_try(struct fr_selection *s, const char *options)
{
    if (s->named.name)
        return try_named(s, options);
    const fr_codec sdr = wanted_codec(s, FR_FORMAT_NV12), hdr = wanted_codec(s, FR_FORMAT_P010);
    const struct fr_encoder_config config = trial_config(options);
    struct skipped skipped = {.length = 0};
    for (size_t i = 0; i < s->list.num_rows; i++) {
        const struct fr_encoder_row *row = &s->list.rows[i];
        if (!row->needs || (row->codec != sdr && row->codec != hdr))
            continue;
        char reason[FR_REASON_BYTES] = "";
        struct fr_encoder *trial = NULL;
        const fr_status status = row->open(&trial, row, &config, reason);
        fr_encoder_destroy(&trial);
        if (status == FR_OK)
            continue;
        s->failed_open |= UINT64_C(1) << i;
        fr_log_write(&s->log, FR_LOG_DEBUG, "%s: %s", row->name, reason);
        if (status != FR_ERR_UNSUPPORTED)
            add_skipped(&skipped, row->name, reason);
    }
    if (skipped.length)
        fr_log_write(&s->log, FR_LOG_DEBUG, "no use here of %s (`framering probe` says why)", skipped.names);
    return FR_OK;
}

fr_status fr_selection_open(struct fr_selection *s, struct fr_encoder **out,
                            const struct fr_encoder_config *config)
{
    *out = NULL;
    if (s->named.name)
        return open_named(s, out, config);
    struct skipped skipped = {.length = 0};
    const bool failed_before = s->failed_open != 0;
    fr_status status = try_list(s, out, config, &skipped);
    if (status == FR_ERR_DEVICE_LOST)
        return status;
    if (status < 0 && failed_before) {
        /* What did not open for another size may open for this one. */
        s->failed_open = 0;
        skipped.length = 0;
        status = try_list(s, out, config, &skipped);
    }
    if (status < 0)
        fr_log_write(&s->log, FR_LOG_ERROR,
                     "no %s encoder opens for %ux%u %s: %s%s%s; `framering probe` lists those that work",
                     fr_codec_name(wanted_codec(s, config->format)), config->width, config->height,
                     fr_format_name(config->format), skipped.length ? skipped.names : "all failed before",
                     skipped.length ? ": " : "", skipped.reason);
    else if (skipped.length)
        fr_log_write(&s->log, FR_LOG_WARNING, "%s encodes; not usable here: %s (`framering probe` says why)",
                     s->current->name, skipped.names);
    return status;
}

bool fr_selection_reject(struct fr_selection *s, const char *reason)
{
    if (s->named.name) {
        fr_log_write(&s->log, FR_LOG_ERROR, "%s failed: %s; what was written plays", s->named.name, reason);
        return false;
    }
    fr_log_write(&s->log, FR_LOG_WARNING, "%s failed, the next encoder takes over: %s", s->current->name,
                 reason);
    s->failed_running |= UINT64_C(1) << (size_t)(s->current - s->list.rows);
    return true;
}

const char *fr_selection_name(const struct fr_selection *s)
{
    return s->current ? s->current->name : "";
}
