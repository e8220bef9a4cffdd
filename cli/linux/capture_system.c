/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture_options.h"

#include <string.h>

enum { OPT_RUNTIME_DIR = CAPTURE_SYSTEM_FIRST };

const char capture_system_source_help[] =
    "what to record: pattern, x11, file:PATH, or none to wait for a source that somebody else starts; "
    "default: x11 where a display answers, else pattern. Options of the source may follow";
const char capture_system_backend_help[] = "auto or cpu (shared memory)";
const char capture_system_backends[] = "auto and cpu";

static const struct args_option options[] = {
    {OPT_RUNTIME_DIR, "--runtime-dir", "DIR",
     "where the socket of the target lies; default: $XDG_RUNTIME_DIR/framering", NULL},
};
const struct args_table capture_system_table = {options, sizeof options / sizeof options[0]};

bool capture_system_backend(const char *name, fr_backend_kind *out)
{
    *out = strcmp(name, "cpu") == 0 ? FR_BACKEND_CPU : FR_BACKEND_AUTO;
    return strcmp(name, "cpu") == 0 || strcmp(name, "auto") == 0;
}

bool capture_system_set(struct capture_options *o, const struct args *args, int id)
{
    (void)id;
    o->session.capture.runtime_dir = args->value;
    return true;
}

bool capture_system_finish(struct capture_options *o)
{
    (void)o;
    return true;
}

void capture_system_close(struct capture_options *o)
{
    (void)o;
}
