/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TEST_ENCODE_SUPPORT_H
#define FR_TEST_ENCODE_SUPPORT_H

/* What the tests of libframering-encode share: painted frames in real out ring surfaces, a folder that goes
 * away, a reader that decodes what was written. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/out_ring.h"
#include "encode/recorder.h"

#include <libavutil/frame.h>

/* --- frames --- */

enum { STEP_NS = 16666667 };

struct painter {
    struct fr_out_ring *ring;
    uint32_t sequence, generation;
};

/* An out ring of three pictures, pitches larger than rows. */
void painter_init(struct painter *painter, uint32_t width, uint32_t height, fr_format format);
void painter_finish(struct painter *painter);

/* The next frame: a moving pattern, one step later than the last. The first of a painter is a
 * discontinuity. */
fr_frame painter_next(struct painter *painter);

/* Surfaces that anyone holds. */
uint32_t painter_held(const struct painter *painter);

/* Makes `count` frames and puts each; fails the test when a put does. */
void put_frames(fr_recorder *recorder, struct painter *painter, uint32_t count);

/* Whether FFmpeg here was built with it. Debian's was with all that the tests name: not to find one there is
 * a failure. */
bool has_encoder(const char *name);

/* --- files --- */

/* A new folder, the same for all of a test. */
int folder_setup(void **state);
int folder_teardown(void **state);

/* "<folder>/name", valid until the third call after it. */
const char *in_folder(void **state, const char *name);

/* --- log --- */

struct log_lines {
    unsigned count[FR_LOG_DEBUG + 1];
    char last[FR_LOG_DEBUG + 1][1000]; /* per level */
};

fr_log log_into(struct log_lines *lines);

/* --- reading back --- */

enum { MAX_READ = 512 };

struct read_frame {
    double seconds;
    int width, height, format;
    bool key;
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
    enum AVColorSpace matrix;
    enum AVColorRange range;
    enum AVChromaLocation location;
    bool has_display, has_light;
    unsigned max_cll, max_fall;
    double red_x, min_luminance, max_luminance;
};

struct read_file {
    char codec[32];
    bool stream_display, stream_light;
    double rate;
    size_t num_frames;
    struct read_frame frame[MAX_READ];
};

/* Decodes everything. `seen`, if any, gets each frame. False: cannot be opened or holds no video. */
bool read_back(struct read_file *out, const char *path, void (*seen)(void *user, const AVFrame *frame),
               void *user);

/* The file has so many frames, all of that size, at strictly increasing times from about 0 on. */
void assert_plays(const char *path, size_t num_frames, int width, int height);

#endif
