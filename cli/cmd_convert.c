/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "args.h"
#include "commands.h"
#include "cpu_mask.h"
#include "files.h"
#include "say.h"
#include "stop.h"
#include "terminal.h"
#include "units.h"

#include <framering/convert.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_FROM = 1, OPT_TO, OPT_SIZE, OPT_TONE_MAP, OPT_CLIP, OPT_PEAK, OPT_SDR_WHITE, OPT_CPU_MASK };

static const struct args_option table[] = {
    {OPT_FROM, "--from", "FORMAT", "bgra, rgba (8 bit), rgba16f (scRGB) or rgb10a2 (PQ, BT.2020)",
     "Formats:"},
    {OPT_TO, "--to", "FORMAT", "nv12 (BT.709) or p010 (BT.2020, PQ)", NULL},
    {OPT_SIZE, "--size", "WxH", "in pixels", NULL},
    {OPT_TONE_MAP, "--tone-map", NULL, "rgba16f to nv12: BT.2390 from the peak to SDR white (the default)",
     "From HDR to SDR:"},
    {OPT_CLIP, "--clip", NULL, "rgba16f to nv12: clip to BT.709, 1.0 is white", NULL},
    {OPT_PEAK, "--peak", "NITS", "of the display; default 1000", NULL},
    {OPT_SDR_WHITE, "--sdr-white", "NITS", "what becomes white; default 203", NULL},
    {OPT_CPU_MASK, "--cpu-mask", "LIST", cpu_mask_help, "Other:"},
};

static const struct args_command command = {
    .name = "convert",
    .synopsis = "--from FORMAT --to FORMAT --size WxH [OPTIONS] IN OUT",
    .about = "Runs the converters on raw frames. IN holds tightly packed frames one after the\n"
             "other, OUT gets the planes of each: Y, then CbCr. '-' is the standard input\n"
             "or output.",
    .options = table,
    .num_options = sizeof table / sizeof table[0],
    .epilogue = "Example:\n"
                "  framering convert --from bgra --to nv12 --size 1920x1080 in.bgra out.nv12",
};

struct job {
    fr_convert_params params;
    const char *in_name, *out_name;
    FILE *in, *out;
    size_t in_bytes, out_bytes;
    uint64_t frames;
};

static bool set_format(const struct args *args, bool source, fr_format *out)
{
    fr_format format = fr_format_from_name(args->value);
    bool is_source = fr_format_pixel_bytes(format) > 0;
    if (format == FR_FORMAT_NONE || is_source != source)
        return args_refuse(args, source ? "there is no such format; there are bgra, rgba, rgba16f and rgb10a2"
                                        : "there is no such format; there are nv12 and p010");
    *out = format;
    return true;
}

static bool set_option(struct job *job, const struct args *args, int id)
{
    fr_convert_params *params = &job->params;
    switch (id) {
    case OPT_FROM: return set_format(args, true, &params->from);
    case OPT_TO: return set_format(args, false, &params->to);
    case OPT_SIZE:
        return units_parse_size(args->value, &params->width, &params->height) ||
               args_refuse(args, "give width and height from 1 to 16384 pixels, as in 1920x1080");
    case OPT_TONE_MAP:
    case OPT_CLIP: params->sdr_map = id == OPT_CLIP ? FR_SDR_MAP_CLIP : FR_SDR_MAP_TONE; return true;
    case OPT_PEAK:
        return units_parse_milli(args->value, 1000, 10000000, &params->peak_millinits) ||
               args_refuse(args, "give cd/m2, 1 to 10000");
    case OPT_SDR_WHITE:
        return units_parse_milli(args->value, 1000, 10000000, &params->sdr_white_millinits) ||
               args_refuse(args, "give cd/m2, 1 to 10000");
    case OPT_CPU_MASK: return cpu_mask_take(args, &params->cpu_mask);
    default: break;
    }
    if (job->out_name) {
        say(FR_LOG_ERROR, "there are more than two files: IN and OUT are wanted");
        return false;
    }
    *(job->in_name ? &job->out_name : &job->in_name) = args->value;
    return true;
}

static bool is_complete(const struct job *job)
{
    if (!job->params.from || !job->params.to || !job->params.width || !job->out_name)
        say(FR_LOG_ERROR, "--from, --to, --size, IN and OUT are needed (see framering convert --help)");
    else if (strcmp(job->out_name, "-") == 0 && terminal_is(TERMINAL_OUT))
        say(FR_LOG_ERROR, "frames are not written to a terminal; name a file, or pipe them on");
    else
        return true;
    return false;
}

static size_t plane_bytes(const fr_convert_params *params, int plane)
{
    size_t sample = params->to == FR_FORMAT_P010 ? 2 : 1;
    size_t width = params->width, height = params->height;
    return plane == 0 ? width * height * sample : (width + 1) / 2 * 2 * ((height + 1) / 2) * sample;
}

static bool open_files(struct job *job)
{
    job->in = strcmp(job->in_name, "-") == 0 ? stdin : files_open(job->in_name, "rb");
    if (!job->in) {
        say(FR_LOG_ERROR, "cannot read %s: %s", job->in_name, strerror(errno));
        return false;
    }
    job->out = strcmp(job->out_name, "-") == 0 ? stdout : files_open(job->out_name, "wb");
    if (!job->out)
        say(FR_LOG_ERROR, "cannot write %s: %s", job->out_name, strerror(errno));
    return job->out != NULL;
}

static bool convert_frames(struct job *job, const fr_converter *converter, void *in, uint8_t *out)
{
    ptrdiff_t sample = job->params.to == FR_FORMAT_P010 ? 2 : 1;
    ptrdiff_t width = (ptrdiff_t)job->params.width;
    void *const planes[2] = {out, out + plane_bytes(&job->params, 0)};
    const ptrdiff_t pitches[2] = {width * sample, (width + 1) / 2 * 2 * sample};
    while (!stop_requested()) {
        size_t got = fread(in, 1, job->in_bytes, job->in);
        if (ferror(job->in)) {
            say(FR_LOG_ERROR, "cannot read %s after frame %" PRIu64 ": %s", job->in_name, job->frames,
                strerror(errno));
            return false;
        }
        if (got == 0)
            return true;
        if (got < job->in_bytes) {
            say(FR_LOG_ERROR,
                "%s ends inside frame %" PRIu64 ": %zu of its %zu bytes are there; is the size right?",
                job->in_name, job->frames + 1, got, job->in_bytes);
            return false;
        }
        fr_converter_run(converter, in, width * (ptrdiff_t)fr_format_pixel_bytes(job->params.from), planes,
                         pitches);
        if (fwrite(out, 1, job->out_bytes, job->out) != job->out_bytes) {
            say(FR_LOG_ERROR, "cannot write %s: %s", job->out_name, strerror(errno));
            return false;
        }
        job->frames++;
    }
    return true;
}

/* The frames before a failure are kept: the output is always closed in order. */
static bool close_files(struct job *job, bool good)
{
    bool written = !job->out || (job->out == stdout ? fflush(stdout) : fclose(job->out)) == 0;
    if (!written && good)
        say(FR_LOG_ERROR, "cannot write %s: %s", job->out_name, strerror(errno));
    if (job->in && job->in != stdin)
        fclose(job->in);
    return written && good;
}

static int run(struct job *job)
{
    fr_converter *converter = NULL;
    fr_status status = fr_converter_create(&converter, &job->params);
    if (status == FR_ERR_UNSUPPORTED)
        say(FR_LOG_ERROR,
            "%s cannot be converted to %s; bgra and rgba become nv12, rgb10a2 p010, rgba16f both",
            fr_format_name(job->params.from), fr_format_name(job->params.to));
    else if (status < 0)
        say(FR_LOG_ERROR, "%s", fr_status_text(status));
    if (status < 0)
        return status == FR_ERR_UNSUPPORTED ? EXIT_USAGE : EXIT_FAILED;
    job->in_bytes = (size_t)job->params.width * job->params.height * fr_format_pixel_bytes(job->params.from);
    job->out_bytes = plane_bytes(&job->params, 0) + plane_bytes(&job->params, 1);
    void *in = malloc(job->in_bytes);
    uint8_t *out = malloc(job->out_bytes);
    bool good = false;
    if (!in || !out)
        say(FR_LOG_ERROR, "%s", fr_status_text(FR_ERR_NO_MEMORY));
    else if (open_files(job))
        good = convert_frames(job, converter, in, out);
    good = close_files(job, good);
    if (good && job->frames == 0) {
        say(FR_LOG_ERROR, "%s holds no frame", job->in_name);
        good = false;
    }
    free(out);
    free(in);
    fr_converter_destroy(&converter);
    return good ? EXIT_DONE : EXIT_FAILED;
}

int cmd_convert(int argc, char **argv)
{
    struct args args = {.command = &command, .argc = argc, .argv = argv};
    struct job job = {.in_name = NULL};
    int id;
    while ((id = args_next(&args)) != ARGS_END) {
        if (id == ARGS_HELP)
            return args_print_help(&command);
        if (id == ARGS_BAD || !set_option(&job, &args, id))
            return EXIT_USAGE;
    }
    if (!is_complete(&job) || !cpu_mask_environment())
        return EXIT_USAGE;
    stop_install();
    return run(&job);
}
