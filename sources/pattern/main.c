/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "common/value.h"
#include "show.h"

static const char *apply_hdr(void *user, const char *value)
{
    (void)value;
    fr_show_options *options = user;
    options->colour_state = FR_COLOUR_STATE_HDR;
    return NULL;
}

static const char *apply_format(void *user, const char *value)
{
    fr_show_options *options = user;
    const fr_format format = fr_format_from_name(value);
    if (!fr_format_pixel_bytes(format))
        return "a format is bgra, rgba, rgba16f or rgb10a2";
    fr_show_set_format(options, format);
    return NULL;
}

static const char *apply_at(void *user, const char *value)
{
    fr_show_options *options = user;
    return fr_script_add(&options->script, value);
}

static const char *apply_frames(void *user, const char *value)
{
    fr_show_options *options = user;
    return fr_value_u32(value, UINT32_MAX, &options->num_frames) && options->num_frames
               ? NULL
               : "a number of frames from 1 is needed";
}

static const char *apply_idle_after(void *user, const char *value)
{
    fr_show_options *options = user;
    return fr_value_duration(value, &options->idle_after_ns) && options->idle_after_ns
               ? NULL
               : "a time is needed, such as 2s or 250ms";
}

static const char *apply_peak(void *user, const char *value)
{
    fr_show_options *options = user;
    return fr_value_u32(value, 10000, &options->peak_nits) && options->peak_nits
               ? NULL
               : "a luminance from 1 to 10000 cd/m2 is needed";
}

static const char *apply_ignore_host(void *user, const char *value)
{
    (void)value;
    fr_show_options *options = user;
    options->ignore_host = true;
    return NULL;
}

static const fr_option own_options[] = {
    {"hdr", NULL, "start in HDR", apply_hdr},
    {"format", "NAME", "bgra or rgba (SDR), rgba16f or rgb10a2 (HDR)", apply_format},
    {"at", "WHEN:ACTION", "a step of the script, see below", apply_at},
    {"frames", "N", "end after so many frames", apply_frames},
    {"idle-after", "TIME", "publish nothing from then on", apply_idle_after},
    {"peak", "NITS", "announce this peak luminance", apply_peak},
    {"ignore-host", NULL, "do not follow the host's wish for HDR on or off", apply_ignore_host},
};

int main(int argc, char **argv)
{
    static fr_show_options options = {
        .feed = {.program = {.name = "framering-source-pattern"}, .mode = {1920, 1080, 60000}},
        .colour_state = FR_COLOUR_STATE_SDR,
    };
    const fr_option_group groups[] = {
        fr_feed_common_group(&options.feed),
        fr_feed_size_group(&options.feed),
        fr_feed_rate_group(&options.feed),
        {own_options, sizeof(own_options) / sizeof(own_options[0]), &options},
        fr_gpu_group(&options.gpu),
    };
    const fr_command command = {
        .program = &options.feed.program,
        .usage = "[options]",
        .summary =
            "Feeds a ring with a moving picture that carries its number, its generation and its time as "
            "a machine-readable stamp. Size 1920x1080 and 60 frames per second unless told otherwise.",
        .more = fr_script_help,
        .groups = groups,
        .num_groups = sizeof(groups) / sizeof(groups[0]),
    };
    int exit_code;
    fr_program_arguments(&argc, &argv);
    if (!fr_options_parse(&command, argc, argv, &exit_code))
        return exit_code;
    if (options.feed.unpaced)
        options.feed.mode.refresh_mhz = 0;
    fr_program_start();
    return fr_show_run(&options);
}
