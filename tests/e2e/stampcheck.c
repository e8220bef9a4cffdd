/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * stampcheck [--allow-repeats] [--summary] FILE...
 *
 * Decodes the files in order, as one recording, and reads the stamp of every frame. Prints one JSON object a
 * line and frame, then a summary. Exit code 0: every frame is whole, readable and newer than the one before;
 * 1: not; 2: usage.
 */

#include "common/program.h"
#include "common/stamp.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_GENERATIONS = 4096 };

typedef struct check {
    bool allow_repeats, summary_only;
    const char *file;
    AVRational time_base;
    bool has_last;
    fr_stamp last;
    uint32_t generations[MAX_GENERATIONS]; /* seen, in order; the last is the present one */
    uint32_t num_generations;
    uint64_t frames, fresh, repeats, unreadable, torn, not_increasing, older_generation, failed_files;
    uint64_t longest_gap_us;
    char flips[65536]; /* JSON, the gap of every change of generation */
    size_t flips_length;
} check;

static bool seen_before(const check *c, uint32_t generation)
{
    for (uint32_t i = 0; i + 1 < c->num_generations; i++)
        if (c->generations[i] == generation)
            return true;
    return false;
}

static void note_generation(check *c, const fr_stamp *stamp)
{
    if (c->num_generations && c->generations[c->num_generations - 1] == stamp->generation)
        return;
    if (c->num_generations < MAX_GENERATIONS)
        c->generations[c->num_generations++] = stamp->generation;
    if (!c->has_last || c->flips_length > sizeof(c->flips) - 128)
        return;
    c->flips_length += (size_t)snprintf(c->flips + c->flips_length, sizeof(c->flips) - c->flips_length,
                                        "%s{\"from\":%u,\"to\":%u,\"gap_ms\":%.3f}",
                                        c->flips_length ? "," : "", c->last.generation, stamp->generation,
                                        ((double)stamp->time_us - (double)c->last.time_us) / 1000.0);
}

/* What is wrong with a whole stamp after the one before; NULL: nothing. */
static const char *judge(check *c, const fr_stamp *stamp)
{
    const bool same_generation = c->has_last && c->last.generation == stamp->generation;
    if (!same_generation && seen_before(c, stamp->generation)) {
        c->older_generation++;
        return "older generation";
    }
    if (same_generation && c->last.sequence == stamp->sequence && c->last.time_us == stamp->time_us) {
        c->repeats++;
        if (c->allow_repeats)
            return NULL;
        c->not_increasing++;
        return "repeated";
    }
    /* Sequences wrap around. */
    const bool newer = !same_generation || (int32_t)(stamp->sequence - c->last.sequence) > 0;
    if (c->has_last && (!newer || stamp->time_us <= c->last.time_us)) {
        c->not_increasing++;
        return "not newer";
    }
    c->fresh++;
    return NULL;
}

static void print_frame(const check *c, const AVFrame *frame, const fr_stamp_reading *reading,
                        const char *wrong)
{
    if (c->summary_only && !wrong)
        return;
    const int64_t pts = frame->best_effort_timestamp;
    printf("{\"file\":\"%s\",\"pts\":%.6f,\"width\":%d,\"height\":%d,\"copies\":%u,\"readable\":%u", c->file,
           pts == AV_NOPTS_VALUE ? -1.0 : (double)pts * av_q2d(c->time_base), frame->width, frame->height,
           reading->copies, reading->readable);
    if (reading->readable)
        printf(",\"generation\":%u,\"sequence\":%u,\"time_us\":%" PRIu64, reading->stamp.generation,
               reading->stamp.sequence, reading->stamp.time_us);
    printf(",\"torn\":%s,\"unreadable\":%s,\"wrong\":", reading->torn ? "true" : "false",
           reading->readable < 2 ? "true" : "false");
    if (wrong)
        printf("\"%s\"}\n", wrong);
    else
        printf("null}\n");
}

static void check_stamp(check *c, const AVFrame *frame, const fr_luma *luma)
{
    const fr_stamp_reading reading = fr_stamp_read(luma);
    const char *wrong = NULL;
    c->frames++;
    if (reading.torn) {
        c->torn++;
        wrong = "torn";
    } else if (reading.readable < 2) {
        /* One copy alone cannot show that the picture is not torn. */
        c->unreadable++;
        wrong = "unreadable";
    } else {
        wrong = judge(c, &reading.stamp);
        const uint64_t gap_us = reading.stamp.time_us - c->last.time_us;
        if (c->has_last && reading.stamp.time_us > c->last.time_us && gap_us > c->longest_gap_us)
            c->longest_gap_us = gap_us;
        if (!wrong || strcmp(wrong, "older generation") != 0) {
            note_generation(c, &reading.stamp);
            c->last = reading.stamp;
            c->has_last = true;
        }
    }
    print_frame(c, frame, &reading, wrong);
}

/* Luma, or the green of a picture in RGB. False: a pixel format that does not lie plainly in memory. */
static bool luma_of(const AVFrame *frame, fr_luma *out)
{
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(frame->format);
    if (!format || format->flags & (AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BITSTREAM |
                                    AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_FLOAT))
        return false;
    const AVComponentDescriptor *component = &format->comp[format->flags & AV_PIX_FMT_FLAG_RGB ? 1 : 0];
    if (component->depth < 8 || component->depth > 16 || component->step < 1)
        return false;
    *out = (fr_luma){
        .data = frame->data[component->plane] + component->offset,
        .pitch_bytes = frame->linesize[component->plane],
        .width = (uint32_t)frame->width,
        .height = (uint32_t)frame->height,
        .step_bytes = (uint32_t)component->step,
        .sample_bytes = component->depth > 8 ? 2 : 1,
        .shift = (uint32_t)component->shift,
        .max = (1u << component->depth) - 1,
    };
    return true;
}

static int receive(check *c, AVCodecContext *decoder, AVFrame *frame)
{
    for (;;) {
        const int result = avcodec_receive_frame(decoder, frame);
        if (result == AVERROR(EAGAIN) || result == AVERROR_EOF)
            return 0;
        fr_luma luma;
        if (result < 0)
            return result;
        if (!luma_of(frame, &luma))
            return AVERROR_PATCHWELCOME;
        check_stamp(c, frame, &luma);
        av_frame_unref(frame);
    }
}

static int decode_all(check *c, AVFormatContext *format, int stream, AVCodecContext *decoder)
{
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    int result = packet && frame ? 0 : AVERROR(ENOMEM);
    while (result >= 0) {
        result = av_read_frame(format, packet);
        if (result == AVERROR_EOF) {
            result = avcodec_send_packet(decoder, NULL);
            if (result >= 0)
                result = receive(c, decoder, frame);
            break;
        }
        if (result >= 0 && packet->stream_index == stream) {
            result = avcodec_send_packet(decoder, packet);
            if (result >= 0)
                result = receive(c, decoder, frame);
        }
        av_packet_unref(packet);
    }
    av_frame_free(&frame);
    av_packet_free(&packet);
    return result;
}

static int check_file(check *c, const char *path)
{
    AVFormatContext *format = NULL;
    AVCodecContext *decoder = NULL;
    const AVCodec *codec = NULL;
    int result = avformat_open_input(&format, path, NULL, NULL);
    if (result >= 0)
        result = avformat_find_stream_info(format, NULL);
    if (result >= 0)
        result = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    const int stream = result;
    if (result >= 0 && !(decoder = avcodec_alloc_context3(codec)))
        result = AVERROR(ENOMEM);
    if (result >= 0)
        result = avcodec_parameters_to_context(decoder, format->streams[stream]->codecpar);
    if (result >= 0) {
        c->file = path;
        c->time_base = format->streams[stream]->time_base;
        decoder->thread_count = 2;
        result = avcodec_open2(decoder, codec, NULL);
    }
    if (result >= 0)
        result = decode_all(c, format, stream, decoder);
    avcodec_free_context(&decoder);
    avformat_close_input(&format);
    return result;
}

static bool print_summary(const check *c)
{
    const bool good = c->frames && !c->unreadable && !c->torn && !c->not_increasing && !c->older_generation &&
                      !c->failed_files;
    printf("{\"summary\":true,\"good\":%s,\"frames\":%" PRIu64 ",\"fresh\":%" PRIu64 ",\"repeats\":%" PRIu64
           ",\"unreadable\":%" PRIu64 ",\"torn\":%" PRIu64 ",\"not_increasing\":%" PRIu64
           ",\"older_generation\":%" PRIu64 ",\"failed_files\":%" PRIu64 ",\"generations\":%u"
           ",\"longest_gap_ms\":%.3f,\"flips\":[%s]}\n",
           good ? "true" : "false", c->frames, c->fresh, c->repeats, c->unreadable, c->torn,
           c->not_increasing, c->older_generation, c->failed_files, c->num_generations,
           (double)c->longest_gap_us / 1000.0, c->flips);
    return good;
}

int main(int argc, char **argv)
{
    static check c;
    int first = 1;
    fr_program_arguments(&argc, &argv);
    for (; first < argc && !strncmp(argv[first], "--", 2); first++) {
        if (!strcmp(argv[first], "--allow-repeats"))
            c.allow_repeats = true;
        else if (!strcmp(argv[first], "--summary"))
            c.summary_only = true;
        else
            break;
    }
    if (first >= argc || !strncmp(argv[first], "--", 2)) {
        fprintf(stderr, "usage: stampcheck [--allow-repeats] [--summary] FILE...\n");
        return 2;
    }
    av_log_set_level(AV_LOG_ERROR);
    for (int i = first; i < argc; i++) {
        const int result = check_file(&c, argv[i]);
        if (result < 0) {
            c.failed_files++;
            fprintf(stderr, "stampcheck: cannot read %s: %s\n", argv[i], av_err2str(result));
        }
    }
    return print_summary(&c) ? 0 : 1;
}
