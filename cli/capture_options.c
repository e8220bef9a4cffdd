/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture_options.h"

#include "args.h"
#include "clock.h"
#include "commands.h"
#include "cpu_mask.h"
#include "say.h"
#include "units.h"

#include <framering/convert.h>

#include <stdio.h>
#include <string.h>

enum {
    OPT_SOURCE = 1,
    OPT_TARGET,
    OPT_SIZE,
    OPT_FPS,
    OPT_HDR,
    OPT_SDR,
    OPT_CODEC,
    OPT_ENCODER,
    OPT_ENCODER_OPTIONS,
    OPT_BITRATE,
    OPT_THREADS,
    OPT_BACKEND,
    OPT_SPIN,
    OPT_FOR,
    OPT_FRAMES,
    OPT_NO_REPEATS,
    OPT_NO_RESTART,
    OPT_CONVERT_THREADS,
    OPT_CPU_MASK,
    OPT_JSON,
    OPT_QUIET,
    OPT_VERBOSE
};

/* A source that this program starts may take so long until its first frame; its end, or a Ctrl-C, ends the
 * wait. On a machine that is busy, programs start in seconds. */
#define SOURCE_START_NS (15 * NS_PER_S)

static const struct args_option table[] = {
    {OPT_SOURCE, "--source", "KIND", capture_system_source_help, "Source:"},
    {OPT_TARGET, "--target", "N", "number of the virtual display; default: the first free one from 0", NULL},
    {OPT_SIZE, "--size", "WxH", "size in pixels, where the source can choose", NULL},
    {OPT_HDR, "--hdr", NULL, "the viewer shows 10 bit: turn the display's HDR on", NULL},
    {OPT_SDR, "--sdr", NULL, "the viewer cannot show HDR: tone-map it", NULL},
    {OPT_NO_RESTART, "--no-restart", NULL,
     "end with a failure when the source dies, instead of starting it again", NULL},
    {OPT_CODEC, "--codec", "NAME", "h264, hevc or av1; default: h264, and hevc for HDR", "Encoder:"},
    {OPT_ENCODER, "--encoder", "NAME",
     "this encoder of FFmpeg and no other, for example libx264 or hevc_nvenc; framering probe lists them",
     NULL},
    {OPT_ENCODER_OPTIONS, "--encoder-options", "LIST", "as FFmpeg takes them: preset=fast:crf=20", NULL},
    {OPT_BITRATE, "--bitrate", "KBPS", "kilobits a second; default: constant quality", NULL},
    {OPT_THREADS, "--threads", "N", "of the encoder; default: one per processor", NULL},
    {OPT_CONVERT_THREADS, "--convert-threads", "N",
     "of the conversion, 1 to 16; default: 1, and half of the processors (at most 4) for HDR from 1080p on",
     NULL},
    {OPT_CPU_MASK, "--cpu-mask", "LIST", cpu_mask_help, NULL},
    {OPT_FPS, "--fps", "N",
     "at most so many fresh frames a second on average, and the rate of the video; default 60", NULL},
    {OPT_NO_REPEATS, "--no-repeats", NULL, "record fresh frames only; the video then has a variable rate",
     NULL},
    {OPT_BACKEND, "--backend", "NAME", capture_system_backend_help, NULL},
    {OPT_SPIN, "--spin", "TIME", capture_system_spin_help, NULL},
    {OPT_FOR, "--for", "TIME", "record so long: 5, 5s, 2m, 1h; default: until Ctrl-C", "Length:"},
    {OPT_FRAMES, "--frames", "N", "record so many frames", NULL},
    {OPT_JSON, "--json", NULL, "the summary as one JSON object on the standard output", "Messages:"},
    {OPT_QUIET, "--quiet", NULL, "errors only", NULL},
    {OPT_VERBOSE, "--verbose", NULL, "everything that the library logs", NULL},
};

static const struct args_command command = {
    .name = "capture",
    .synopsis = "[OPTIONS] [OUT]",
    .about = "Records a display: starts a source, takes its newest frames, encodes and writes\nthem.\n\n"
             "OUT is a file (.mkv .mp4 .ts .y4m), an address that FFmpeg speaks (srt://\n"
             "rtsp:// rtmp:// udp:// tcp:// ...), hash: (a hash of all pixels) or\n"
             "null: (nothing); default: framering-DATE-TIME.mkv in the current folder.",
    .options = table,
    .num_options = sizeof table / sizeof table[0],
    .more = &capture_system_table,
    .epilogue = "Examples:\n"
                "  framering capture --for 10s desktop.mkv\n"
                "  framering capture --source pattern --size 3840x2160 --hdr --for 5s hdr.mkv\n"
                "  framering capture --source file:film.mkv --sdr --codec av1 film.mp4\n"
                "  framering capture --source none --target 7 udp://192.0.2.1:5000\n\n"
                "Exit codes: 0 done, 1 failed, 2 usage, 3 the display changed, and no\npicture came back.",
};

static bool set_number(const struct args *args, uint64_t min, uint64_t max, uint64_t *out, const char *wanted)
{
    return units_parse_number(args->value, min, max, out) || args_refuse(args, wanted);
}

static bool set_codec(struct capture_options *o, const struct args *args)
{
    static const struct {
        const char *name;
        fr_codec codec;
    } codecs[] = {{"h264", FR_CODEC_H264},
                  {"avc", FR_CODEC_H264},
                  {"hevc", FR_CODEC_HEVC},
                  {"h265", FR_CODEC_HEVC},
                  {"av1", FR_CODEC_AV1}};
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        if (units_same_word(args->value, codecs[i].name)) {
            o->session.recorder.codec = codecs[i].codec;
            return true;
        }
    }
    return args_refuse(args, "there is no such codec; there are h264, hevc and av1");
}

static bool set_backend(struct capture_options *o, const struct args *args)
{
    char wanted[128];
    o->backend_text = args->value;
    if (capture_system_backend(args->value, &o->session.capture.backend))
        return true;
    snprintf(wanted, sizeof wanted, "this backend is not built in; there are %s", capture_system_backends);
    return args_refuse(args, wanted);
}

static bool set_size(struct capture_options *o, const struct args *args)
{
    fr_mode *mode = &o->session.capture.preferred;
    o->size_text = args->value;
    return units_parse_size(args->value, &mode->width, &mode->height) ||
           args_refuse(args, "give width and height from 1 to 16384 pixels, as in 1920x1080");
}

static bool set_recorder_option(struct capture_options *o, const struct args *args, int id)
{
    fr_recorder_params *recorder = &o->session.recorder;
    uint64_t number = 0;
    switch (id) {
    case OPT_CODEC: return set_codec(o, args);
    case OPT_ENCODER: recorder->encoder = args->value; return true;
    case OPT_ENCODER_OPTIONS: recorder->options = args->value; return true;
    case OPT_BITRATE:
        if (!set_number(args, 1, 10000000, &number, "give kilobits a second, 1 to 10000000"))
            return false;
        recorder->bitrate_kbps = (uint32_t)number;
        return true;
    case OPT_THREADS:
        if (!set_number(args, 1, 256, &number, "give 1 to 256"))
            return false;
        recorder->threads = (uint32_t)number;
        return true;
    case OPT_FPS:
        o->fps_text = args->value;
        return units_parse_milli(args->value, 1000, 1000000, &recorder->fps_mhz) ||
               args_refuse(args, "give frames a second, 1 to 1000");
    default: return false;
    }
}

static bool set_option(struct capture_options *o, const struct args *args, int id)
{
    struct session_params *session = &o->session;
    uint64_t number = 0;
    switch (id) {
    case OPT_SOURCE: return true; /* read by find_source, before the rest */
    case OPT_TARGET:
        o->target_named = true;
        if (!set_number(args, 0, UINT32_MAX, &number, "give a number from 0 to 4294967295"))
            return false;
        session->capture.target_id = (uint32_t)number;
        return true;
    case OPT_SIZE: return set_size(o, args);
    case OPT_HDR: o->hdr = session->capture.want_10bit = true; return true;
    case OPT_SDR: session->capture.sdr_output = true; return true;
    case OPT_NO_RESTART: session->restart = false; return true;
    case OPT_NO_REPEATS: session->no_repeats = true; return true;
    case OPT_BACKEND: return set_backend(o, args);
    case OPT_CONVERT_THREADS:
        if (!set_number(args, 1, FR_CONVERT_THREADS_MAX, &number, "give 1 to 16"))
            return false;
        session->capture.convert_threads = (uint32_t)number;
        return true;
    case OPT_CPU_MASK: return cpu_mask_take(args, &session->capture.cpu_mask);
    case OPT_SPIN:
        o->spin_named = true;
        return units_parse_spin(args->value, &session->capture.spin_ns) ||
               args_refuse(args, "give a time up to 1s, as in 50us; 0 sleeps at once");
    case OPT_FOR:
        return units_parse_duration(args->value, &session->for_ns) ||
               args_refuse(args, "give a time above zero, as in 5, 5s, 2m or 1h");
    case OPT_FRAMES: return set_number(args, 1, UINT64_MAX / 2, &session->frames, "give a number above 0");
    case OPT_JSON: o->json = true; return true;
    case OPT_QUIET:
    case OPT_VERBOSE: say_set_level(id == OPT_QUIET ? FR_LOG_ERROR : FR_LOG_DEBUG); return true;
    default:
        return id >= CAPTURE_SYSTEM_FIRST ? capture_system_set(o, args, id)
                                          : set_recorder_option(o, args, id);
    }
}

static bool add_source_arg(struct capture_options *o, char *text)
{
    if (o->source_argc == SOURCE_ARGS_MAX) {
        say(FR_LOG_ERROR, "too many options for the source: at most %d words", (int)SOURCE_ARGS_MAX);
        return false;
    }
    o->source_argv[o->source_argc++] = text;
    return true;
}

/* execve takes char *, and does not write to it. */
static char *unconst(const char *text)
{
    union {
        const char *in;
        char *out;
    } u = {.in = text};
    return u.out;
}

/* Sources need to know one way only to write a value: "--at=2s:exit" goes on as two words. */
static bool add_foreign(struct capture_options *o, const struct args *args)
{
    char *word = args->argv[args->at];
    if (!args->value)
        return add_source_arg(o, word);
    if (args->value == word)
        return add_source_arg(o, args->argv[args->at - 1]) && add_source_arg(o, word);
    char *equals = strchr(word, '=');
    *equals = '\0';
    return add_source_arg(o, word) && add_source_arg(o, equals + 1);
}

/* The source must be known before the other options: its own are among them. */
static bool find_source(struct capture_options *o, int argc, char **argv)
{
    struct args args = {.command = &command, .argc = argc, .argv = argv, .lenient = true};
    int id;
    while ((id = args_next(&args)) != ARGS_END) {
        if (id == ARGS_HELP)
            return true;
        if (id == OPT_SOURCE)
            o->source = args.value;
        if (id == OPT_QUIET)
            say_set_level(FR_LOG_ERROR);
    }
    if (!o->source)
        o->source = sources_default(&o->stands_in);
    if (strcmp(o->source, "none") == 0)
        return true;
    char kind[SOURCES_KIND_BYTES];
    snprintf(kind, sizeof kind, "%.*s", (int)strcspn(o->source, ":"), o->source);
    if (strlen(kind) < strcspn(o->source, ":") || !sources_find(kind, o->source_path, sizeof o->source_path))
        return false;
    if (strcmp(o->source, "file:") == 0 || strcmp(o->source, "file") == 0) {
        say(FR_LOG_ERROR, "--source file needs the path of a video, as in --source file:film.mkv");
        return false;
    }
    if (!sources_ask_options(o->source_path, &o->source_options))
        return false;
    o->session.source_kind = o->source;
    o->session.source_argv = o->source_argv;
    return add_source_arg(o, o->source_path);
}

static enum args_foreign knows(void *user, const char *name)
{
    const struct capture_options *o = user;
    return sources_option_kind(&o->source_options, name);
}

void capture_options_hand_on(struct capture_options *o, const char *name, const char *value)
{
    enum args_foreign kind = sources_option_kind(&o->source_options, name);
    if (!o->session.source_argv || kind == ARGS_UNKNOWN || (kind == ARGS_VALUE) != (value != NULL))
        return;
    o->source_argv[o->source_argc++] = unconst(name);
    if (value)
        o->source_argv[o->source_argc++] = unconst(value);
}

/* After all options: what the source gets beside its own. The array keeps room for these. */
static void finish_source_args(struct capture_options *o)
{
    capture_options_hand_on(o, "--size", o->size_text);
    capture_options_hand_on(o, "--fps", o->fps_text);
    if (o->hdr)
        capture_options_hand_on(o, "--hdr", NULL);
    if (o->session.capture.backend != FR_BACKEND_AUTO)
        capture_options_hand_on(o, "--backend", o->backend_text);
    const char *rest = o->source + strcspn(o->source, ":");
    if (o->session.source_argv && *rest)
        o->source_argv[o->source_argc++] = unconst(rest + 1);
    o->source_argv[o->source_argc] = NULL;
}

static bool set_out(struct capture_options *o, const char *out)
{
    static const char *const suffixes[] = {".mkv", ".mp4", ".ts", ".y4m"};
    if (o->out[0]) {
        say(FR_LOG_ERROR, "only one output can be written, and there are two: %s and %s", o->out, out);
        return false;
    }
    size_t length = strlen(out);
    if (length == 0 || length >= sizeof o->out) {
        say(FR_LOG_ERROR, "the name of the output is empty or too long");
        return false;
    }
    memcpy(o->out, out, length + 1);
    if (strstr(out, "://") || strcmp(out, "hash:") == 0 || strcmp(out, "null:") == 0)
        return true;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t bytes = strlen(suffixes[i]);
        if (length > bytes && units_same_word(out + length - bytes, suffixes[i]))
            return true;
    }
    say(FR_LOG_ERROR,
        "%s: what is to be written is not clear; OUT ends in .mkv .mp4 .ts .y4m, is an address like "
        "udp://..., or is hash: or null:",
        out);
    return false;
}

/* When the clock is odd, "framering.mkv" does. */
static void choose_out(struct capture_options *o)
{
    if (!clock_write_local(o->out, sizeof o->out, "framering-%Y%m%d-%H%M%S.mkv"))
        snprintf(o->out, sizeof o->out, "framering.mkv");
    say(FR_LOG_INFO, "writing to %s", o->out);
}

static void finish_params(struct capture_options *o)
{
    struct session_params *session = &o->session;
    if (!session->recorder.fps_mhz)
        session->recorder.fps_mhz = 60000;
    session->recorder.url = o->out;
    if (!o->spin_named)
        session->capture.spin_ns = capture_system_spin_ns();
    session->cap_mhz = session->recorder.fps_mhz;
    session->any_target = !o->target_named;
    session->progress = say_is_terminal() && say_level() >= FR_LOG_INFO;
    if (session->capture.preferred.width)
        session->capture.preferred.refresh_mhz = session->recorder.fps_mhz;
    /* Repeats come no faster than the video's rate, nor than the library would. */
    uint64_t interval_ns = NS_PER_S * 1000 / session->recorder.fps_mhz;
    if (interval_ns > 16 * NS_PER_MS)
        session->capture.timing.event_slice_ns = interval_ns;
    session->capture.timing.attach_wait_ns = session->source_argv ? SOURCE_START_NS : UINT64_MAX;
}

bool capture_options_parse(struct capture_options *o, int argc, char **argv, int *exit_code)
{
    o->session.restart = true;
    struct args args = {.command = &command, .argc = argc, .argv = argv, .foreign = knows, .user = o};
    *exit_code = EXIT_USAGE;
    if (!find_source(o, argc, argv))
        return false;
    int id;
    while ((id = args_next(&args)) != ARGS_END) {
        bool good = id != ARGS_BAD;
        if (id == ARGS_HELP) {
            *exit_code = args_print_help(&command);
            return false;
        }
        if (id == ARGS_POSITIONAL)
            good = set_out(o, args.value);
        else if (id == ARGS_FOREIGN)
            good = add_foreign(o, &args);
        else if (good)
            good = set_option(o, &args, id);
        if (!good)
            return false;
    }
    if (!cpu_mask_environment())
        return false;
    if (o->hdr && o->session.capture.sdr_output)
        say(FR_LOG_INFO, "--hdr with --sdr: the display is asked for HDR, and the video is tone-mapped");
    finish_params(o);
    if (!capture_system_finish(o))
        return false;
    finish_source_args(o);
    if (!o->out[0])
        choose_out(o);
    return true;
}
