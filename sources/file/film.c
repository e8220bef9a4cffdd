/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "film.h"

#include <libavutil/pixdesc.h>

static bool fail(const fr_film *film, const char *what, int error)
{
    fr_program_say(film->program, "%s %s: %s", what, film->path, av_err2str(error));
    return false;
}

static bool open_decoder(fr_film *film, const AVCodec *codec)
{
    const AVStream *stream = film->format->streams[film->stream];
    film->decoder = avcodec_alloc_context3(codec);
    film->packet = av_packet_alloc();
    film->frame = av_frame_alloc();
    if (!film->decoder || !film->packet || !film->frame)
        return fail(film, "cannot decode", AVERROR(ENOMEM));
    int result = avcodec_parameters_to_context(film->decoder, stream->codecpar);
    film->decoder->pkt_timebase = stream->time_base;
    film->decoder->thread_count = 0;
    if (result >= 0)
        result = avcodec_open2(film->decoder, codec, NULL);
    return result >= 0 || fail(film, "cannot decode", result);
}

static uint32_t rate_of(fr_film *film)
{
    const AVRational rate = av_guess_frame_rate(film->format, film->format->streams[film->stream], NULL);
    if (rate.num <= 0 || rate.den <= 0)
        return 0;
    const int64_t mhz = av_rescale(rate.num, 1000, rate.den);
    return mhz > 0 && mhz <= 1000000 ? (uint32_t)mhz : 0;
}

/* A network address may take its time to answer. */
static int is_stopped(void *unused)
{
    (void)unused;
    return fr_program_stopped();
}

bool fr_film_open(fr_film *film, const fr_program *program, const char *path)
{
    *film = (fr_film){.program = program, .path = path};
    av_log_set_level(program->verbose ? AV_LOG_ERROR : AV_LOG_QUIET);
    const AVCodec *codec = NULL;
    film->format = avformat_alloc_context();
    if (!film->format)
        return fail(film, "cannot open", AVERROR(ENOMEM));
    film->format->interrupt_callback.callback = is_stopped;
    int result = avformat_open_input(&film->format, path, NULL, NULL);
    if (result < 0)
        return fail(film, "cannot open", result);
    result = avformat_find_stream_info(film->format, NULL);
    if (result >= 0)
        result = av_find_best_stream(film->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (result < 0) {
        fail(film, "no video that FFmpeg can decode is in", result);
        fr_film_close(film);
        return false;
    }
    film->stream = result;
    for (unsigned int i = 0; i < film->format->nb_streams; i++)
        if ((int)i != film->stream)
            film->format->streams[i]->discard = AVDISCARD_ALL;
    if (!open_decoder(film, codec)) {
        fr_film_close(film);
        return false;
    }
    film->rate_mhz = rate_of(film);
    return true;
}

void fr_film_close(fr_film *film)
{
    av_frame_free(&film->frame);
    av_packet_free(&film->packet);
    avcodec_free_context(&film->decoder);
    avformat_close_input(&film->format);
}

static void note_damage(fr_film *film, int error)
{
    if (!film->said_damaged)
        fr_program_say(film->program, "%s is damaged (%s); what cannot be decoded is skipped", film->path,
                       av_err2str(error));
    film->said_damaged = true;
}

/* Gives the decoder one more packet of the film, or tells it that there are no more. */
static int feed_decoder(fr_film *film)
{
    const int result = av_read_frame(film->format, film->packet);
    if (result == AVERROR_EXIT || result == AVERROR(EAGAIN))
        return 0;
    if (result < 0) {
        if (result != AVERROR_EOF)
            note_damage(film, result);
        film->draining = true;
        return avcodec_send_packet(film->decoder, NULL);
    }
    int sent = 0;
    if (film->packet->stream_index == film->stream)
        sent = avcodec_send_packet(film->decoder, film->packet);
    av_packet_unref(film->packet);
    return sent;
}

fr_film_result fr_film_next(fr_film *film)
{
    av_frame_unref(film->frame);
    while (!fr_program_stopped()) {
        int result = avcodec_receive_frame(film->decoder, film->frame);
        if (result >= 0) {
            film->frames++;
            return FR_FILM_FRAME;
        }
        if (result == AVERROR_EOF) {
            if (film->frames)
                return FR_FILM_END;
            fr_program_say(film->program, "not one picture of %s can be decoded", film->path);
            return FR_FILM_FAILED;
        }
        if (result == AVERROR(EAGAIN) && !film->draining)
            result = feed_decoder(film);
        if (result == AVERROR(ENOMEM)) {
            fail(film, "cannot decode", result);
            return FR_FILM_FAILED;
        }
        if (result < 0)
            note_damage(film, result);
    }
    return FR_FILM_END;
}

uint64_t fr_film_time_ns(const fr_film *film)
{
    const AVStream *stream = film->format->streams[film->stream];
    int64_t time = film->frame->best_effort_timestamp;
    if (time == AV_NOPTS_VALUE)
        return film->rate_mhz ? (film->frames - 1) * 1000 * FR_NS_PER_S / film->rate_mhz : 0;
    if (stream->start_time != AV_NOPTS_VALUE)
        time -= stream->start_time;
    const int64_t ns = av_rescale_q(time, stream->time_base, (AVRational){1, (int)FR_NS_PER_S});
    return ns > 0 ? (uint64_t)ns : 0;
}
