/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_ADDRESS_H
#define FR_ENCODE_ADDRESS_H

/* What a recording's address means: a table of the endings and schemes that framering writes. */

#include "common/log.h"

#include <framering/encode.h>

#include <libavformat/avformat.h>

struct fr_output;
struct fr_output_config;

struct fr_address_kind {
    const char *match;   /* ".mkv": an ending; "srt": a scheme */
    const char *muxer;   /* libavformat's name; NULL: raw */
    const char *options; /* of the muxer, "key=value key=value"; may be NULL */
    uint32_t ticks_per_second;
    unsigned codecs; /* bits 1 << fr_codec that the format can hold */
    bool network;    /* a new segment is a new connection, not a new file */
    bool in_place;   /* another size of the same codec can follow */
    fr_status (*create)(struct fr_output **out, const struct fr_output_config *config);
};

/* `coded`: an encoder was asked for, so that null: gets packets too. FR_OK, or FR_ERR_ARGUMENT or
 * FR_ERR_UNSUPPORTED with a line in the log. */
fr_status fr_address_find(const struct fr_address_kind **out, const char *url, bool coded, const fr_log *log);

/* The path or address of segment `index` (from 0), from malloc: "a.mkv", "a-2.mkv". NULL: no memory. */
char *fr_address_segment(const struct fr_address_kind *kind, const char *url, uint32_t index);

/* What libavformat is to open for it: paths are marked as such, so that "a:b.mkv" is a file. From malloc. */
char *fr_address_for_avio(const struct fr_address_kind *kind, const char *url);

/* The status of an error of libavformat. */
fr_status fr_address_status(int av_error);

/* Logs "cannot <what> <url>: <cause>; <cure>" and returns the status. */
fr_status fr_address_fail(const fr_log *log, const char *what, const char *url, int av_error);

/* Bounds the blocking calls of libavformat. Files are never interrupted: their end is still to be written. */
struct fr_io_guard {
    bool network;
    bool (*cancelled)(void *user);
    void *user;
    int64_t deadline_us;
};

AVIOInterruptCB fr_io_guard_callback(struct fr_io_guard *guard);

/* The next call may block so long. */
void fr_io_guard_arm(struct fr_io_guard *guard, uint64_t timeout_ns);

#endif
