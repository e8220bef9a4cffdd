/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "reel.h"

static const char *apply_input(void *user, const char *value)
{
    fr_reel_options *options = user;
    if (options->path)
        return "one file is enough";
    options->path = value;
    return *value ? NULL : "the name of a video is needed";
}

static const char *apply_loop(void *user, const char *value)
{
    (void)value;
    fr_reel_options *options = user;
    options->loop = true;
    return NULL;
}

static const char *apply_unpaced(void *user, const char *value)
{
    (void)value;
    fr_reel_options *options = user;
    options->feed.unpaced = true;
    return NULL;
}

static const fr_option own_options[] = {
    {"input", "PATH", "the video; PATH alone says the same", apply_input},
    {"loop", NULL, "begin again at the end", apply_loop},
    {"unpaced", NULL, "as fast as the ring takes it", apply_unpaced},
};

int main(int argc, char **argv)
{
    static fr_reel_options options = {.feed = {.program = {.name = "framering-source-file"}}};
    const fr_option_group groups[] = {
        fr_feed_common_group(&options.feed),
        fr_feed_size_group(&options.feed),
        {own_options, sizeof(own_options) / sizeof(own_options[0]), &options},
    };
    const fr_command command = {
        .program = &options.feed.program,
        .usage = "[options] PATH",
        .summary = "Feeds a ring with the pictures of a video that FFmpeg can decode, at its rate and, "
                   "unless told otherwise, at its size: SDR as 8-bit BGRA, HDR10 and HLG as FP16 scRGB.",
        .groups = groups,
        .num_groups = sizeof(groups) / sizeof(groups[0]),
        .argument = apply_input,
        .user = &options,
    };
    int exit_code;
    fr_program_arguments(&argc, &argv);
    if (!fr_options_parse(&command, argc, argv, &exit_code))
        return exit_code;
    if (!options.path) {
        fr_program_say(&options.feed.program, "which video? Give its PATH; --help says more");
        return FR_EXIT_USAGE;
    }
    fr_program_start();
    return fr_reel_run(&options);
}
