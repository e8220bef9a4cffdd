/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_ENCODE_H
#define FRAMERING_ENCODE_H

/*
 * libframering-encode: takes the frames of a capture, encodes them with low delay, and writes a file or a stream.
 *
 *     fr_recorder *recorder;
 *     fr_recorder_params params = {.url = "desk.mkv", .codec = FR_CODEC_H264, .fps_mhz = 60000, .log = log};
 *     if (fr_recorder_open(&recorder, &params) < 0)
 *         return 1;
 *     while (...)
 *         if (fr_recorder_put(recorder, &frame) < 0)
 *             break;
 *     fr_recorder_close(&recorder);       // writes the end of the file
 *
 * url names what is written:
 *   NAME.mkv  NAME.mp4  NAME.ts      files
 *   srt:// rtsp:// rtmp:// udp:// tcp:// ...  network addresses, as libavformat speaks them
 *   NAME.y4m                          raw frames (YUV4MPEG2)
 *   hash:                             nothing is written; a hash of every frame's pixels is kept
 *   null:                             nothing is written or kept
 *
 * The first frame opens the encoder. When size or format of the frames change (or HDR goes on or off), .mkv .mp4
 * .y4m go on in a new file, NAME-2.mkv and so on; .ts and live streams go on in place with a new encoder.
 * A keyframe is forced on every frame whose `discontinuity` is set.
 *
 * Threads: one thread at a time calls functions on a recorder.
 */

#include <framering/frame.h>
#include <framering/log.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fr_recorder fr_recorder;

typedef enum fr_codec {
    FR_CODEC_DEFAULT = 0, /* H264 for NV12, HEVC for P010 */
    FR_CODEC_H264 = 1,
    FR_CODEC_HEVC = 2,
    FR_CODEC_AV1 = 3
} fr_codec;

/* "default", "h264", "hevc", "av1". Static; never NULL. */
FR_API const char *fr_codec_name(fr_codec codec);

/* What became of one frame. */
typedef struct fr_encoded {
    uint32_t generation, sequence;
    bool repeat, keyframe;
    uint64_t converted_ns; /* copied from the frame */
    uint64_t encoded_ns;   /* when its packet was complete */
    size_t bytes;          /* of the packet; raw outputs: of the pixels */
} fr_encoded;

typedef struct fr_recorder_params {
    const char *url;      /* copied */
    fr_codec codec;
    const char *encoder;  /* an FFmpeg encoder by name ("libx264", "hevc_nvenc"); NULL: the first that opens of the codec's
                             list. A named encoder is never replaced by another */
    const char *options;  /* encoder options as FFmpeg takes them, "preset=fast:crf=20"; NULL: none */
    uint32_t fps_mhz;     /* thousandths of a hertz, the rate that is signalled; 0 = 60000 */
    uint32_t bitrate_kbps; /* 0 = constant quality */
    uint32_t threads;     /* of the encoder; 0 = as many as there are processors */
    uint32_t gop_frames;  /* at most so many frames from keyframe to keyframe; 0 = two seconds for files and streams */
    void (*encoded)(void *user, const fr_encoded *encoded); /* on the thread of put or close; may be NULL */
    /* Asked while a network address blocks open or put; true makes them return FR_CANCELLED. May be NULL. */
    bool (*cancelled)(void *user);
    void *user; /* of both */
    fr_log log;
} fr_recorder_params;

/* Checks that the address can be written (creates the file) and that an encoder of that name is built in.
 * FR_ERR_ARGUMENT: url empty or of no known kind; FR_ERR_UNSUPPORTED: no such encoder or container;
 * FR_ERR_PERMISSION, FR_ERR_NO_SPACE, FR_ERR_IO: the address; FR_ERR_NO_MEMORY. On failure *out is NULL. */
FR_API fr_status fr_recorder_open(fr_recorder **out, const fr_recorder_params *params);

/*
 * Encodes one frame. The recorder takes its own reference where it needs one; no pixel is copied for an encoder that
 * reads NV12. Frames whose time does not advance are moved on by the smallest step. Repeats use the clock.
 * FR_ERR_ENCODER, FR_ERR_NO_SPACE, FR_ERR_IO: the recorder is finished, what was written stays playable.
 */
FR_API fr_status fr_recorder_put(fr_recorder *recorder, const fr_frame *frame);

/* Drains the encoder, writes the end of the file, frees everything, sets *recorder NULL. NULL is accepted.
 * The first failure there, if any. */
FR_API fr_status fr_recorder_close(fr_recorder **recorder);

typedef struct fr_recorder_info {
    const char *encoder;      /* that runs or ran last: "libx264"; "" before the first frame; owned by the recorder */
    uint64_t frames, keyframes, bytes;
    uint32_t segments;        /* files or stream parts begun */
    uint64_t hash;            /* hash: of all frames' pixels in order (64 bit FNV-1a over rows), else 0 */
} fr_recorder_info;

FR_API void fr_recorder_get_info(const fr_recorder *recorder, fr_recorder_info *out);

/* The path or address of segment `index` (from 0), or NULL past the last. Owned by the recorder. */
FR_API const char *fr_recorder_segment(const fr_recorder *recorder, uint32_t index);

typedef struct fr_encoder_info {
    const char *name;   /* FFmpeg's: "libx264"; static */
    fr_codec codec;
    bool built_in;      /* FFmpeg here has it */
    bool usable;        /* it opened with a small frame just now */
    bool hdr;           /* takes 10 bit */
    char reason[160];   /* why not usable; "" if it is */
} fr_encoder_info;

/* Tries every encoder that framering knows (software, NVENC, VAAPI, QSV), best first per codec. Writes at most
 * `capacity` entries; returns how many there are. May take a second. Any thread. */
FR_API size_t fr_encoders_probe(fr_encoder_info *out, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
