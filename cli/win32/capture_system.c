/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture_options.h"

#include "say.h"
#include "units.h"

#include <stdio.h>
#include <string.h>

enum {
    OPT_ADAPTER = CAPTURE_SYSTEM_FIRST,
    OPT_NO_FENCE,
    OPT_CHANNEL,
    OPT_SOURCE_IMAGE,
    OPT_SDDL,
    OPT_WIRE_VERSION,
    OPT_NAME_PREFIX,
    OPT_EVERYONE,
    OPT_DISPLAY
};

const char capture_system_source_help[] =
    "what to record: desktop, pattern, file:PATH, or none to wait for a source that somebody else starts, "
    "such "
    "as a display driver; default: desktop. Options of the source may follow";
const char capture_system_backend_help[] =
    "auto, cpu (shared memory) or d3d11 (textures; a source without a GPU still gets shared memory)";
const char capture_system_spin_help[] =
    "look for each frame when it is due, so long at most, as in 2ms, instead of being woken by it; default 0";
const char capture_system_backends[] = "auto, cpu and d3d11";

static const struct args_option options[] = {
    {OPT_ADAPTER, "--adapter", "NAME",
     "the GPU that has this in its name; default: the discrete one with the most memory", "GPU:"},
    {OPT_NO_FENCE, "--no-fence", NULL, "share textures by keyed mutexes only, never by fences", NULL},
    {OPT_CHANNEL, "--channel", "NAME",
     "how sources get the ring: pipe (default), or named (objects with names in Global\\, for display "
     "drivers "
     "that know nothing else)",
     "Reaching the source:"},
    {OPT_SOURCE_IMAGE, "--source-image", "PATH",
     "pipe: take no source but this program, for example C:\\Windows\\System32\\WUDFHost.exe", NULL},
    {OPT_SDDL, "--sddl", "TEXT",
     "who may open the pipe or the objects, as a security descriptor; default: this user and SYSTEM; for "
     "names SYSTEM, Administrators and user-mode drivers",
     NULL},
    {OPT_WIRE_VERSION, "--wire-version", "N", "named: 2, or 1 for sources that know nothing else", NULL},
    {OPT_NAME_PREFIX, "--name-prefix", "TEXT",
     "begin the name of the pipe or the objects with this; default: framering-target, Global\\pfvd", NULL},
    {OPT_EVERYONE, "--everyone", NULL, "named: let every program of this machine in", NULL},
    {OPT_DISPLAY, "--display", "N",
     "follow the size and the HDR state of Windows' display N (probe lists them) instead of what the source "
     "says; for sources that cannot say it, such as those found by names",
     "The display:"},
};
const struct args_table capture_system_table = {options, sizeof options / sizeof options[0]};

bool capture_system_backend(const char *name, fr_backend_kind *out)
{
    static const struct {
        const char *name;
        fr_backend_kind kind;
    } backends[] = {{"auto", FR_BACKEND_AUTO}, {"cpu", FR_BACKEND_CPU}, {"d3d11", FR_BACKEND_D3D11}};
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        if (strcmp(name, backends[i].name) == 0) {
            *out = backends[i].kind;
            return true;
        }
    }
    return false;
}

static bool set_channel(struct capture_options *o, const struct args *args)
{
    bool named = strcmp(args->value, "named") == 0;
    if (!named && strcmp(args->value, "pipe") != 0)
        return args_refuse(args, "there is no such channel; there are pipe and named");
    o->win32.channel = named ? FR_WIN32_CHANNEL_NAMED : FR_WIN32_CHANNEL_PIPE;
    return true;
}

static bool set_wire_version(struct capture_options *o, const struct args *args)
{
    if (strcmp(args->value, "1") != 0 && strcmp(args->value, "2") != 0)
        return args_refuse(args, "give 1 or 2");
    o->win32.wire_version = args->value[0] == '1' ? 1 : 2;
    return true;
}

static bool set_text(const struct args *args, const char **out)
{
    *out = args->value;
    return *args->value || args_refuse(args, "it is empty; leave the option out for its default");
}

static bool set_display(struct capture_options *o, const struct args *args)
{
    uint64_t number;
    if (!units_parse_number(args->value, 0, UINT32_MAX, &number))
        return args_refuse(args, "give the number of a display as probe lists it");
    o->ccd.target_id = (uint32_t)number;
    o->follows_display = true;
    return true;
}

/* Timers are late by half a millisecond. */
uint64_t capture_system_spin_ns(void)
{
    return 0;
}

bool capture_system_set(struct capture_options *o, const struct args *args, int id)
{
    switch (id) {
    case OPT_ADAPTER: return set_text(args, &o->d3d11.adapter);
    case OPT_NO_FENCE: o->d3d11.no_fence = true; return true;
    case OPT_CHANNEL: return set_channel(o, args);
    case OPT_SOURCE_IMAGE: return set_text(args, &o->win32.source_image);
    case OPT_SDDL: return set_text(args, &o->win32.sddl);
    case OPT_WIRE_VERSION: return set_wire_version(o, args);
    case OPT_NAME_PREFIX: return set_text(args, &o->win32.name_prefix);
    case OPT_EVERYONE: o->win32.everyone = true; return true;
    case OPT_DISPLAY: return set_display(o, args);
    default: return false;
    }
}

/* The first option that means nothing with the channel that was chosen; NULL: none. */
static const char *misplaced(const struct capture_options *o)
{
    if (o->win32.channel == FR_WIN32_CHANNEL_NAMED)
        return o->win32.source_image ? "--source-image" : NULL;
    return o->win32.everyone ? "--everyone" : o->win32.wire_version ? "--wire-version" : NULL;
}

/* A source that finds its host by names inherits nothing: it has to be told which. */
static void tell_names(struct capture_options *o)
{
    o->session.uninvited = true;
    o->session.any_target = false;
    snprintf(o->target_text, sizeof o->target_text, "%u", o->session.capture.target_id);
    capture_options_hand_on(o, "--target", o->target_text);
    capture_options_hand_on(o, "--channel", "named");
    if (o->win32.name_prefix)
        capture_options_hand_on(o, "--name-prefix", o->win32.name_prefix);
}

static bool follow_display(struct capture_options *o)
{
    const fr_log log = say_log();
    if (!o->follows_display)
        return true;
    const fr_status status = fr_ccd_create(&o->display, &o->ccd, &log);
    if (status < 0) {
        say(FR_LOG_ERROR, "the display cannot be followed: %s", fr_status_text(status));
        return false;
    }
    o->session.capture.display = &o->display;
    return true;
}

void capture_system_close(struct capture_options *o)
{
    if (o->session.capture.display)
        fr_ccd_destroy(&o->display);
    o->session.capture.display = NULL;
}

bool capture_system_finish(struct capture_options *o)
{
    const bool named = o->win32.channel == FR_WIN32_CHANNEL_NAMED;
    const char *wrong = misplaced(o);
    if (wrong) {
        say(FR_LOG_ERROR, "%s means nothing with --channel %s", wrong,
            named ? "named, whose sources are not known" : "pipe; give --channel named with it");
        return false;
    }
    if (o->win32.everyone && o->win32.sddl) {
        say(FR_LOG_ERROR, "--everyone and --sddl say two different things; give one of them");
        return false;
    }
    if (o->win32.wire_version == 1 && o->session.capture.backend == FR_BACKEND_CPU) {
        say(FR_LOG_ERROR, "--wire-version 1 has textures only; give --backend d3d11 with it, or none");
        return false;
    }
    if (o->win32.everyone)
        say(FR_LOG_WARNING, "--everyone: every program on this machine can read and disturb the pictures");
    o->session.capture.win32 = &o->win32;
    o->session.capture.d3d11 = &o->d3d11;
    if (named)
        tell_names(o);
    else
        o->session.capture.runtime_dir = o->win32.name_prefix;
    return follow_display(o);
}
