/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/address.h"

#include "encode/output.h"

#include <libavutil/error.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define H264_HEVC (1u << FR_CODEC_H264 | 1u << FR_CODEC_HEVC)
#define ANY_CODEC (H264_HEVC | 1u << FR_CODEC_AV1 | 1u << FR_CODEC_DEFAULT)
#define MP4_OPTIONS "movflags=+frag_keyframe+empty_moov+default_base_moof frag_duration=500000"
#define TS(scheme)                                                                                           \
    {                                                                                                        \
        .match = scheme, .muxer = "mpegts", .ticks_per_second = 90000, .codecs = H264_HEVC, .network = true, \
        .in_place = true, .create = fr_output_create_mux                                                     \
    }

/*
 * Clusters and fragments are short, so that a killed recorder loses half a second at most and leaves a file
 * that plays. FFmpeg's MPEG-TS has no mapping for AV1, its FLV and RTP know H.264 (and HEVC) only.
 */
static const struct fr_address_kind kinds[] = {
    {.match = ".mkv",
     .muxer = "matroska",
     .options = "cluster_time_limit=500",
     .ticks_per_second = 1000,
     .codecs = ANY_CODEC,
     .create = fr_output_create_mux},
    {.match = ".mp4",
     .muxer = "mp4",
     .options = MP4_OPTIONS,
     .ticks_per_second = 90000,
     .codecs = ANY_CODEC,
     .create = fr_output_create_mux},
    {.match = ".mov",
     .muxer = "mov",
     .options = MP4_OPTIONS,
     .ticks_per_second = 90000,
     .codecs = H264_HEVC,
     .create = fr_output_create_mux},
    {.match = ".ts",
     .muxer = "mpegts",
     .ticks_per_second = 90000,
     .codecs = H264_HEVC,
     .in_place = true,
     .create = fr_output_create_mux},
    {.match = ".y4m", .create = fr_output_create_y4m},
    {.match = "hash", .network = true, .in_place = true, .create = fr_output_create_hash},
    {.match = "null", .network = true, .in_place = true, .create = fr_output_create_null},
    TS("srt"),
    TS("udp"),
    TS("tcp"),
    TS("tls"),
    TS("rist"),
    TS("http"),
    TS("https"),
    TS("pipe"),
    {.match = "rtp",
     .muxer = "rtp_mpegts",
     .ticks_per_second = 90000,
     .codecs = H264_HEVC,
     .network = true,
     .in_place = true,
     .create = fr_output_create_mux},
    {.match = "rtsp",
     .muxer = "rtsp",
     .ticks_per_second = 90000,
     .codecs = H264_HEVC,
     .network = true,
     .create = fr_output_create_mux},
    {.match = "rtmp",
     .muxer = "flv",
     .options = "flvflags=no_duration_filesize",
     .ticks_per_second = 1000,
     .codecs = 1u << FR_CODEC_H264,
     .network = true,
     .create = fr_output_create_mux},
    {.match = "rtmps",
     .muxer = "flv",
     .options = "flvflags=no_duration_filesize",
     .ticks_per_second = 1000,
     .codecs = 1u << FR_CODEC_H264,
     .network = true,
     .create = fr_output_create_mux},
};

static const struct fr_address_kind coded_null = {.match = "null",
                                                  .muxer = "null",
                                                  .ticks_per_second = 90000,
                                                  .codecs = ANY_CODEC,
                                                  .network = true,
                                                  .in_place = true,
                                                  .create = fr_output_create_mux};

enum { NUM_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static const char file_scheme[] = "file:";

/* Length of "scheme" in "scheme:..."; 0 if there is none. */
static size_t scheme_length(const char *url)
{
    size_t length = 0;
    while (isalnum((unsigned char)url[length]))
        length++;
    return url[length] == ':' && length > 1 ? length : 0;
}

static const char *path_of(const char *url)
{
    const size_t length = sizeof(file_scheme) - 1;
    return strncmp(url, file_scheme, length) ? url : url + length;
}

static const char *ending_of(const char *path)
{
    const char *name = strrchr(path, '/');
    const char *dot = strrchr(name ? name : path, '.');
    return dot ? dot : path + strlen(path);
}

static bool same_word(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (tolower((unsigned char)a[i]) != b[i])
            return false;
    return b[length] == '\0';
}

static const struct fr_address_kind *kind_of(const char *word, size_t length)
{
    for (size_t i = 0; i < NUM_KINDS; i++)
        if (length > 0 && same_word(word, kinds[i].match, length))
            return &kinds[i];
    return NULL;
}

static bool has_protocol(const char *name)
{
    void *cursor = NULL;
    const char *protocol;
    while ((protocol = avio_enum_protocols(&cursor, 1)))
        if (!strcmp(protocol, name))
            return true;
    return false;
}

static fr_status check_built_in(const struct fr_address_kind *kind, const char *url, const fr_log *log)
{
    if (!kind->muxer)
        return FR_OK;
    /* rtsp and null are spoken by their muxers, not by a protocol. */
    const bool spoken =
        kind->match[0] == '.' || !strcmp(kind->match, kind->muxer) || has_protocol(kind->match);
    if (spoken && av_guess_format(kind->muxer, NULL, NULL))
        return FR_OK;
    fr_log_write(log, FR_LOG_ERROR,
                 "cannot write %s: FFmpeg here was built without '%s'; use another address", url,
                 spoken ? kind->muxer : kind->match);
    return FR_ERR_UNSUPPORTED;
}

fr_status fr_address_find(const struct fr_address_kind **out, const char *url, bool coded, const fr_log *log)
{
    const char *path = path_of(url);
    const size_t scheme = path == url ? scheme_length(url) : 0;
    *out = kind_of(url, scheme);
    if (!*out && scheme && !strncmp(url + scheme, "://", 3)) {
        fr_log_write(
            log, FR_LOG_ERROR,
            "cannot write %s: '%.*s' is no address that framering knows; use srt, rtsp, rtmp, udp or tcp",
            url, (int)scheme, url);
        return FR_ERR_ARGUMENT;
    }
    const char *ending = ending_of(path);
    if (!*out)
        *out = kind_of(ending, strlen(ending));
    if (!*out) {
        fr_log_write(log, FR_LOG_ERROR,
                     "cannot write '%s': its ending names no container that framering knows; use .mkv, .mp4, "
                     ".ts or .y4m",
                     url);
        return FR_ERR_ARGUMENT;
    }
    if (coded && !strcmp((*out)->match, coded_null.match))
        *out = &coded_null;
    return check_built_in(*out, url, log);
}

char *fr_address_segment(const struct fr_address_kind *kind, const char *url, uint32_t index)
{
    const char *path = path_of(url);
    const size_t room = strlen(path) + 16;
    char *name = malloc(room);
    if (!name)
        return NULL;
    const char *ending = ending_of(path);
    if (index == 0 || kind->network)
        snprintf(name, room, "%s", path);
    else
        snprintf(name, room, "%.*s-%u%s", (int)(ending - path), path, index + 1, ending);
    return name;
}

char *fr_address_for_avio(const struct fr_address_kind *kind, const char *url)
{
    const size_t room = strlen(url) + sizeof(file_scheme);
    char *address = malloc(room);
    if (address)
        snprintf(address, room, "%s%s", kind->network ? "" : file_scheme, url);
    return address;
}

/* What FFmpeg hands on of Windows' sockets keeps the numbers that they have there. */
enum { SOCKET_RESET = 10054, SOCKET_TIMEDOUT = 10060, SOCKET_REFUSED = 10061 };

static const struct {
    int error; /* errno */
    fr_status status;
    const char *cure;
} failures[] = {
    {EACCES, FR_ERR_PERMISSION, "name a folder that you may write to"},
    {EPERM, FR_ERR_PERMISSION, "name a folder that you may write to"},
    {EROFS, FR_ERR_PERMISSION, "name a folder that can be written"},
    {ENOSPC, FR_ERR_NO_SPACE, "free some space or name another disk; what was written plays"},
    {EFBIG, FR_ERR_NO_SPACE,
     "the file is as large as its file system or limit lets it; what was written plays"},
#ifdef EDQUOT
    {EDQUOT, FR_ERR_NO_SPACE, "free some of your quota or name another disk; what was written plays"},
#endif
    {ENOMEM, FR_ERR_NO_MEMORY, "close other programs"},
    {EMFILE, FR_ERR_NO_MEMORY, "raise the limit of open files"},
    {ENOENT, FR_ERR_IO, "create the folder first"},
    {ENOTDIR, FR_ERR_IO, "name a folder, not a file, on the way to it"},
    {EISDIR, FR_ERR_IO, "that is a folder: name a file in it"},
    {ECONNREFUSED, FR_ERR_IO, "start the receiver first, and check address and port"},
    {ETIMEDOUT, FR_ERR_IO, "check that the receiver runs and takes data"},
    {SOCKET_TIMEDOUT, FR_ERR_IO, "check that the receiver runs and takes data"},
    {SOCKET_REFUSED, FR_ERR_IO, "start the receiver first, and check address and port"},
    {SOCKET_RESET, FR_ERR_IO, "the receiver ended the connection; see there why"},
};

enum { NUM_FAILURES = sizeof(failures) / sizeof(failures[0]) };

/* Where FFmpeg has no words, which is on Windows. */
static const struct {
    int error;
    const char *text;
} words[] = {
    {ETIMEDOUT, "no answer in time"},       {ECONNREFUSED, "connection refused"},
    {SOCKET_TIMEDOUT, "no answer in time"}, {SOCKET_REFUSED, "connection refused"},
    {SOCKET_RESET, "connection reset"},
};

static void describe(int av_error, char *text, size_t bytes)
{
    if (av_strerror(av_error, text, bytes) >= 0)
        return;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (av_error == AVERROR(words[i].error))
            snprintf(text, bytes, "%s", words[i].text);
}

fr_status fr_address_status(int av_error)
{
    if (av_error == AVERROR_PROTOCOL_NOT_FOUND || av_error == AVERROR_MUXER_NOT_FOUND)
        return FR_ERR_UNSUPPORTED;
    for (size_t i = 0; i < NUM_FAILURES; i++)
        if (av_error == AVERROR(failures[i].error))
            return failures[i].status;
    return FR_ERR_IO;
}

fr_status fr_address_fail(const fr_log *log, const char *what, const char *url, int av_error)
{
    const char *cure = NULL;
    for (size_t i = 0; i < NUM_FAILURES; i++)
        if (av_error == AVERROR(failures[i].error))
            cure = failures[i].cure;
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    describe(av_error, text, sizeof(text));
    fr_log_write(log, FR_LOG_ERROR, "cannot %s %s: %s%s%s", what, url, text, cure ? "; " : "",
                 cure ? cure : "");
    return fr_address_status(av_error);
}

static int interrupted(void *opaque)
{
    const struct fr_io_guard *guard = opaque;
    if (!guard->network)
        return 0;
    return (int64_t)(fr_clock_now_ns() / 1000) > guard->deadline_us ||
           (guard->cancelled && guard->cancelled(guard->user));
}

AVIOInterruptCB fr_io_guard_callback(struct fr_io_guard *guard)
{
    return (AVIOInterruptCB){interrupted, guard};
}

void fr_io_guard_arm(struct fr_io_guard *guard, uint64_t timeout_ns)
{
    guard->deadline_us = (int64_t)(fr_clock_now_ns() / 1000) + (int64_t)(timeout_ns / 1000);
}
