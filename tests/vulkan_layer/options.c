/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

options o = {VK_FORMAT_B8G8R8A8_UNORM,
             VK_COLOR_SPACE_SRGB_NONLINEAR_KHR,
             .width = 640,
             .height = 360,
             .fps = 60,
             .flight = 1,
             .frames = 120};

static bool *find_flag(const char *name)
{
    static const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"--exit", &o.bare_exit}, {"--validated", &o.validated}, {"--marks", &o.marks},
        {"--again", &o.again},    {"--keep", &o.keep},           {"--bytes", &o.bytes},
    };
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (!strcmp(flags[i].name, name))
            return flags[i].flag;
    return NULL;
}

const char *options_read(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        bool *flag = find_flag(name);
        if (flag) {
            *flag = true;
            continue;
        }
        const char *value = i + 1 < argc ? argv[++i] : "";
        if (!strcmp(name, "--format"))
            o.format = (VkFormat)atoi(value);
        else if (!strcmp(name, "--space"))
            o.space = (VkColorSpaceKHR)atoi(value);
        else if (!strcmp(name, "--size") && sscanf(value, "%ux%u", &o.width, &o.height) == 2)
            continue;
        else if (!strcmp(name, "--second") && sscanf(value, "%ux%u:%u:%u", &o.second_width, &o.second_height,
                                                     &o.second_first, &o.second_last) == 4)
            continue;
        else if (!strcmp(name, "--fps"))
            o.fps = (uint32_t)atoi(value);
        else if (!strcmp(name, "--frames"))
            o.frames = (uint32_t)atoi(value);
        else if (!strcmp(name, "--work"))
            o.work = (uint32_t)atoi(value);
        else if (!strcmp(name, "--flight") && atoi(value) >= 1 && atoi(value) <= 4)
            o.flight = (uint32_t)atoi(value);
        else if (!strcmp(name, "--nits"))
            o.nits = (uint32_t)atoi(value);
        else if (!strcmp(name, "--features"))
            *(!strcmp(value, "constant") ? &o.features_constant : &o.features_writable) = true;
        else if (!strcmp(name, "--times"))
            o.times = value;
        else if (!strcmp(name, "--linger"))
            o.linger_s = (uint32_t)atoi(value);
        else if (!strcmp(name, "--colour") &&
                 sscanf(value, "%f,%f,%f", &o.colour[0], &o.colour[1], &o.colour[2]) == 3)
            o.one_colour = true;
        else if (!strcmp(name, "--resize") && o.num_resizes < RESIZES_MAX &&
                 sscanf(value, "%u:%ux%u", &o.resize[o.num_resizes].at, &o.resize[o.num_resizes].width,
                        &o.resize[o.num_resizes].height) == 3)
            o.num_resizes++;
        else
            return name;
    }
    return NULL;
}
