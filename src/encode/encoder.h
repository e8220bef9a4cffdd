/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_ENCODER_H
#define FR_ENCODE_ENCODER_H

/*
 * One encoder, as the recorder sees it: frames in, packets out. A new size, format or colour needs a new
 * encoder.
 *
 * Order of calls: open, then send and receive in turn, then drain, then receive until FR_END; destroy at any
 * time. All on one thread. What a frame holds is released, at the latest, by destroy.
 *
 * FR_ERR_DEVICE_LOST from any of them: the GPU that the encoder works on went away. Nothing is wrong with the
 * encoder as such; with a living device it opens again.
 */

#include <framering/encode.h>

#include <libavcodec/avcodec.h>

enum { FR_REASON_BYTES = 160 };

struct fr_gpu_keep;

struct fr_encoder_config {
    uint32_t width, height; /* of the frames; an odd column or row is not coded */
    fr_format format;
    fr_colour colour;
    bool has_hdr;
    fr_hdr_metadata hdr;
    uint32_t ticks_per_second;                           /* of the times that `send` gets */
    uint32_t fps_mhz, bitrate_kbps, threads, gop_frames; /* 0 only in bitrate_kbps and threads */
    const char *options;                                 /* the user's; may be NULL */
    bool global_header;                                  /* parameter sets go into the file's header */
    const void *device;    /* that the frames lie on (an ID3D11Device, a VkDevice); NULL: frames in memory */
    const fr_frame *frame; /* the first that will be sent, with a device; the caller's */
    struct fr_gpu_keep *keep; /* with a device; outlives the encoder */
};

struct fr_encoder;

struct fr_encoder_ops {
    /* FR_OK; FR_AGAIN: receive first, then send the same again; FR_ERR_*. Takes a reference of its own. Of
     * who reads textures also FR_TIMEOUT: the GPU does not hand this one out; FR_ERR_UNSUPPORTED: it does not
     * any more, and an encoder without a device is to go on. */
    fr_status (*send)(struct fr_encoder *self, const fr_frame *frame, int64_t ticks, bool keyframe);
    /* FR_OK: `packet` (blank before) holds one; FR_AGAIN: none yet; FR_END: drained; FR_ERR_*. */
    fr_status (*receive)(struct fr_encoder *self, AVPacket *packet);
    fr_status (*drain)(struct fr_encoder *self);
    fr_status (*describe)(const struct fr_encoder *self, AVCodecParameters *out);
    void (*destroy)(struct fr_encoder *self);
};

struct fr_encoder {
    const struct fr_encoder_ops *ops;
    bool ignores_keyframe; /* of send: for a keyframe the encoder has to be opened again */
    bool reads_textures;   /* of config.device, so that another device needs another encoder; else it
                              is sent planes in memory */
    const char *input;     /* with a device: as what it gets frames, "d3d11"; NULL: memory */
    char input_reason[FR_REASON_BYTES]; /* with a device and no `input`: why not as they lie there */
    char reason[FR_REASON_BYTES];       /* why the last call failed */
};

/* How the static HDR metadata gets into the coded stream. */
enum fr_hdr_way {
    FR_HDR_NONE,   /* no 10 bit */
    FR_HDR_SEI,    /* we insert the SEI messages: FFmpeg's wrapper does not, or not in every version */
    FR_HDR_FRAME,  /* the wrapper makes them from the frame's side data */
    FR_HDR_OPTIONS /* svtav1-params */
};

/* What framering knows of an encoder: the low-delay settings. */
struct fr_encoder_row {
    const char *name;
    fr_codec codec;
    enum fr_hdr_way hdr;
    uint32_t vbv_frames;         /* size of the rate control's buffer, in frames */
    const char *options;         /* "key=value key=value", always set */
    const char *quality_options; /* set when no bit rate is asked for */
    const char *rate_options;    /* set when one is */
    const char *params_key;      /* option that holds a ':' list, to which the user's is appended; or NULL */
    const char *threads_key;     /* in that list, where FFmpeg's own would make frame threads; or NULL */
    bool ignores_keyframe;
    const char *needs; /* hardware: what must be there; NULL: software */
    /* On failure *out is NULL and `reason` says why. */
    fr_status (*open)(struct fr_encoder **out, const struct fr_encoder_row *row,
                      const struct fr_encoder_config *config, char reason[FR_REASON_BYTES]);
    /* As fr_lavc_check_options; NULL: it is FFmpeg's encoder of that name. */
    fr_status (*check_options)(const struct fr_encoder_row *row, const char *options,
                               char reason[FR_REASON_BYTES]);
};

struct fr_encoder_list {
    const struct fr_encoder_row *rows; /* best first per codec */
    size_t num_rows;
    /* The device of a frame's texture, as config.device, of a frame that was mapped too; NULL: frames here
     * lie in memory. */
    const void *(*device_of)(const fr_frame *frame);
};

/* Every encoder that framering knows. */
struct fr_encoder_list fr_encoder_list_known(void);

/* False: it would be FFmpeg's, which here was built without it. */
bool fr_encoder_row_built_in(const struct fr_encoder_row *row);

/* As fr_lavc_check_options, whoever the encoder is. */
fr_status fr_encoder_row_check(const struct fr_encoder_row *row, const char *options,
                               char reason[FR_REASON_BYTES]);

/* Makes *out the row of an encoder by name, also of one that FFmpeg has and the list has not.
 * FR_ERR_UNSUPPORTED: there is no video encoder of that name. */
fr_status fr_encoder_row_find(struct fr_encoder_row *out, const char *name);

fr_codec fr_codec_from_id(enum AVCodecID id);

/* Opens an encoder of libavcodec. */
fr_status fr_lavc_open(struct fr_encoder **out, const struct fr_encoder_row *row,
                       const struct fr_encoder_config *config, char reason[FR_REASON_BYTES]);

/* Checks that `options` can be read and that the encoder has each of them. `codec` NULL: only the first. */
fr_status fr_lavc_check_options(const AVCodec *codec, const char *options, char reason[FR_REASON_BYTES]);

/* An encoder whose pixel formats FFmpeg lists can take this format. */
bool fr_lavc_takes(const AVCodec *codec, fr_format format);

static inline void fr_encoder_destroy(struct fr_encoder **encoder)
{
    if (*encoder)
        (*encoder)->ops->destroy(*encoder);
    *encoder = NULL;
}

#endif
