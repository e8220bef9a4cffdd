/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_ENCODE_H
#define FRAMERING_ENCODE_H

/*
 * libframering-encode: takes the frames of a capture, encodes them with low delay, and writes a file or a
 * stream.
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
 *   NAME.mkv NAME.mp4 NAME.mov NAME.ts   files; those there are overwritten
 *   srt:// rtsp:// rtmp:// udp:// tcp:// rtp:// http:// ...   network addresses, as libavformat speaks them;
 *                   MPEG-TS where the scheme does not say otherwise
 *   NAME.y4m        raw frames (YUV4MPEG2), 4:2:0 of 8 or 10 bit: one after the other at the signalled rate,
 *                   whatever their times are
 *   hash:           nothing is written; a hash of every frame's pixels is kept
 *   null:           nothing is written or kept; with a codec or an encoder named, frames are encoded
 *
 * The first frame opens the encoder. When size or format of the frames change (or HDR goes on or off), .mkv
 * .mp4 .mov .y4m go on in a new file, NAME-2.mkv and so on, whose times begin at 0. .ts and the network
 * addresses that carry MPEG-TS go on in place with a new encoder, unless the codec changes too
 * (FR_CODEC_DEFAULT when HDR goes on or off): then, as the other addresses at every change, they go on in a
 * new file or a new connection. A keyframe is forced on every frame whose `discontinuity` is set, and where
 * the HDR metadata change.
 *
 * Frames that lie on a GPU are encoded there by an encoder that can: NVENC (Direct3D 11 on Windows, CUDA on
 * Linux), VAAPI on the GPU whose driver hands them out as DMA-BUFs. For any other, and for raw outputs, the
 * recorder calls fr_frame_map; fr_recorder_info and the log say which and why (programs that hand frames to
 * FFmpeg on the GPU by themselves: ffmpeg.h). Frames of another GPU, or of memory instead of one, are a
 * change as that of size is, where the encoder worked on the GPU.
 *
 * Streams are tagged with the frames' colour; HDR ones carry mastering display and content light, in the
 * coded stream (SEI 137 and 144, or AV1 metadata) and, where the container has fields for them, there. H.264
 * of P010 is High 10. Encoders take even sizes only: the last column or row of an odd size is left out. Raw
 * outputs keep it.
 *
 * What is written plays also when the process is killed; at most half a second is lost then. A recording into
 * which no frame was put leaves no file.
 *
 * The encoders' own lines are silenced, but SVT-AV1 writes to stderr unless the environment holds SVT_LOG=1
 * (or less).
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
    const char *url; /* copied */
    fr_codec codec;
    /* An encoder by FFmpeg's name ("libx264", "hevc_nvenc"). NULL: the first that opens of the codec's list.
     * A named encoder is never replaced by another. */
    const char *encoder;
    /* Encoder options as FFmpeg takes them, "preset=fast:crf=20"; NULL: none. They win over the low-delay
     * settings; x264-params, x265-params and svtav1-params are added to those (a ':' in them is "\:").
     * An encoder that was not named and has not all of them is passed over. Copied. */
    const char *options;
    uint32_t fps_mhz;      /* thousandths of a hertz, at most 1000000: the signalled rate; 0 = 60000 */
    uint32_t bitrate_kbps; /* 0 = constant quality */
    uint32_t threads;      /* of the encoder, at most 1024; 0 = as many as there are processors */
    uint32_t gop_frames;   /* at most so many frames from keyframe to keyframe; 0 = two seconds */
    void (*encoded)(void *user, const fr_encoded *encoded); /* on the thread of put or close; may be NULL */
    /* Asked while a network address blocks open or put; true makes them return FR_CANCELLED. May be NULL: an
     * address that takes nothing for 10 s fails with FR_ERR_IO in any case. */
    bool (*cancelled)(void *user);
    void *user; /* of both */
    fr_log log;
} fr_recorder_params;

/* Checks that the address can be written (creates the file, connects) and that an encoder of that name is
 * built in. FR_ERR_ARGUMENT: url empty or of no known kind, other parameters out of range, options that
 * cannot be read or that no encoder in question has; FR_ERR_UNSUPPORTED: no such encoder, container or scheme
 * in FFmpeg here, or a container that cannot hold the codec; FR_ERR_PERMISSION, FR_ERR_NO_SPACE, FR_ERR_IO:
 * the address; FR_ERR_NO_MEMORY; FR_CANCELLED. Unless FR_OK, *out is NULL. */
FR_API fr_status fr_recorder_open(fr_recorder **out, const fr_recorder_params *params);

/*
 * Encodes one frame. The recorder takes its own reference where it needs one; no pixel is copied for an
 * encoder that reads NV12 or P010 in memory, nor for one that reads textures. A frame without a surface is
 * copied. Frames whose time does not advance are moved on by the smallest step. Repeats use the clock.
 *
 * FR_ERR_ARGUMENT: not NV12 or P010, neither planes nor a surface, a size out of range; FR_AGAIN: the GPU
 * that holds the frame was lost or does not hand it out: the recording goes on without it. Anything else ends
 * the recording, every later put returns the same, and what was written stays playable: FR_ERR_ENCODER: the
 * named encoder does not open or failed, or none is left (one that was not named is replaced, with a warning,
 * in a new segment where the old cannot go on); FR_ERR_UNSUPPORTED: the named encoder cannot do 10 bit;
 * FR_ERR_NO_SPACE, FR_ERR_PERMISSION, FR_ERR_IO; FR_ERR_NO_MEMORY; FR_CANCELLED.
 */
FR_API fr_status fr_recorder_put(fr_recorder *recorder, const fr_frame *frame);

/* Drains the encoder, writes the end of the file, frees everything, sets *recorder NULL. NULL is accepted.
 * What ended the recording, or the first failure here, if any. */
FR_API fr_status fr_recorder_close(fr_recorder **recorder);

typedef struct fr_recorder_info {
    const char *encoder; /* that runs or ran last: "libx264"; "" before the first frame; the recorder's */
    uint64_t frames, keyframes, bytes;
    uint32_t segments; /* files or connections that something was written to */
    /* As what the encoder gets frames: "memory", "cuda", "vaapi", "d3d11"; "" before the first; static. */
    const char *input;
    char input_reason[160]; /* why frames that lie on a GPU come through memory; "" = they do not */
    uint64_t hash;          /* hash: of all frames' pixels in order (64 bit FNV-1a over rows), else 0 */
} fr_recorder_info;

FR_API void fr_recorder_get_info(const fr_recorder *recorder, fr_recorder_info *out);

/* The path or address of segment `index` (from 0), without "file:", or NULL past the last. Owned by the
 * recorder. */
FR_API const char *fr_recorder_segment(const fr_recorder *recorder, uint32_t index);

typedef struct fr_encoder_info {
    const char *name; /* FFmpeg's: "libx264"; static */
    fr_codec codec;
    bool built_in;    /* FFmpeg here has it, or framering itself */
    bool usable;      /* it opened with a small frame just now */
    bool hdr;         /* takes 10 bit */
    char reason[160]; /* why not usable; "" if it is */
} fr_encoder_info;

/* Tries every encoder that framering knows (software, NVENC, QSV, on Linux VAAPI, on Windows Media
 * Foundation), best first per codec. Writes at
 * most `capacity` entries; returns how many there are. May take a second. Any thread. */
FR_API size_t fr_encoders_probe(fr_encoder_info *out, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
