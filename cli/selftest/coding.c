/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "selftest/coding.h"

#include "selftest/parameter_sets.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 16 << 20 };

void coding_begin(struct coding *coding, struct selftest *test, const char *encoder, fr_codec codec)
{
    *coding = (struct coding){.test = test, .encoder = encoder, .codec = codec};
    /* MPEG-TS carries the parameter sets in the stream; it has no place for AV1. */
    if (!files_make_temporary(coding->path, sizeof coding->path, codec == FR_CODEC_AV1 ? ".mkv" : ".ts")) {
        coding->status = FR_ERR_IO;
        return;
    }
    const fr_recorder_params params = {
        .url = coding->path, .encoder = encoder, .fps_mhz = 60000, .log = selftest_log(test)};
    coding->status = fr_recorder_open(&coding->recorder, &params);
}

bool coding_put(struct coding *coding, const fr_frame *frame)
{
    if (coding->status < 0)
        return false;
    coding->status = fr_recorder_put(coding->recorder, frame);
    coding->frames += coding->status == FR_OK;
    coding->width = frame->width;
    coding->height = frame->height;
    return coding->status >= 0 && coding->frames < CODING_FRAMES;
}

static size_t read_file(const char *path, uint8_t **out)
{
    FILE *file = files_open(path, "rb");
    *out = file ? malloc(FILE_MAX) : NULL;
    const size_t bytes = *out ? fread(*out, 1, FILE_MAX, file) : 0;
    if (file)
        fclose(file);
    return bytes;
}

static void look(const struct coding *coding, const char *how)
{
    uint8_t *data;
    const size_t bytes = read_file(coding->path, &data);
    const char *missing = parameter_sets_missing(coding->codec, data, bytes);
    free(data);
    if (bytes == 0)
        selftest_fail(coding->test, "%s wrote nothing", coding->encoder);
    else if (missing)
        selftest_fail(coding->test, "%s: the stream has no %s", coding->encoder, missing);
    else
        selftest_pass(coding->test,
                      "%s encoded %" PRIu32 " frames of %" PRIu32 "x%" PRIu32 "%s, %zu bytes; the parameter "
                      "sets are there",
                      coding->encoder, coding->frames, coding->width, coding->height, how, bytes);
}

void coding_end(struct coding *coding, const char *how)
{
    const fr_status closed = fr_recorder_close(&coding->recorder);
    const fr_status status = coding->status < 0 ? coding->status : closed;
    const char *reason = selftest_reason(coding->test, status);
    /* The first frame opens the encoder. */
    if (coding->frames == 0 && (status == FR_ERR_UNSUPPORTED || status == FR_ERR_ENCODER))
        selftest_not_available(coding->test, "%s", reason);
    else if (status < 0)
        selftest_fail(coding->test, "after %" PRIu32 " frames: %s", coding->frames, reason);
    else if (coding->frames < CODING_FRAMES)
        selftest_fail(coding->test, "%s took only %" PRIu32 " frames", coding->encoder, coding->frames);
    else
        look(coding, how);
    files_remove(coding->path);
}
