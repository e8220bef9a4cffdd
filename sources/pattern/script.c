/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "script.h"

#include "common/value.h"

#include <string.h>

const char fr_script_help[] =
    "The script: --at WHEN:ACTION, as often as you like. WHEN is a time from the\n"
    "first ring on, such as 2s or 250ms; or, for all steps, a number of frames, such\n"
    "as 60f, that the host has taken since it followed the step before.\n"
    "  hdr=on|off        the display turns HDR on or off\n"
    "  wcg=on|off        it composes wide colour in FP16, shown as SDR, or not\n"
    "  size=WxH          it changes its size\n"
    "  format=NAME       the ring's format: bgra, rgba (SDR), rgba16f, rgb10a2 (HDR)\n"
    "  fps=N|max         frames per second\n"
    "  idle=TIME         publishes nothing, but goes on answering\n"
    "  stall=TIME        does not answer at all\n"
    "  mismatch=TIME     offers frames of a wrong size\n"
    "  hang-writing=TIME stops in the middle of a frame, then completes it\n"
    "  kill-writing      is killed in the middle of a frame\n"
    "  kill              is killed between two frames\n"
    "  garbage           sends rubbish to the host\n"
    "  exit[=CODE]       ends in order";

static const char *read_colour(const char *value, fr_colour_state on_state, fr_script_step *step)
{
    bool on;
    if (!fr_value_switch(value, &on))
        return "on or off is needed, such as 2s:hdr=on";
    step->colour_state = on ? on_state : FR_COLOUR_STATE_SDR;
    return NULL;
}

static const char *read_hdr(const char *value, fr_script_step *step)
{
    return read_colour(value, FR_COLOUR_STATE_HDR, step);
}

static const char *read_wcg(const char *value, fr_script_step *step)
{
    return read_colour(value, FR_COLOUR_STATE_SDR_WCG, step);
}

static const char *read_size(const char *value, fr_script_step *step)
{
    return fr_value_size(value, &step->width, &step->height) ? NULL
                                                             : "a size is WIDTHxHEIGHT, each from 1 to 16384";
}

static const char *read_rate(const char *value, fr_script_step *step)
{
    if (!strcmp(value, "max") || fr_value_rate(value, &step->refresh_mhz))
        return NULL;
    return "a rate is a number from 0.1 to 1000, or max";
}

static const char *read_format(const char *value, fr_script_step *step)
{
    step->format = fr_format_from_name(value);
    return fr_format_pixel_bytes(step->format) ? NULL : "a format is bgra, rgba, rgba16f or rgb10a2";
}

static const char *read_duration(const char *value, fr_script_step *step)
{
    return fr_value_duration(value, &step->duration_ns)
               ? NULL
               : "how long is needed, such as 2s:stall=1s or 2s:stall=250ms";
}

static const char *read_exit_code(const char *value, fr_script_step *step)
{
    return !*value || fr_value_u32(value, 255, &step->exit_code) ? NULL
                                                                 : "an exit code is a number from 0 to 255";
}

static const char *read_nothing(const char *value, fr_script_step *step)
{
    (void)step;
    return *value ? "this action takes no value" : NULL;
}

static const struct {
    const char *name;
    fr_script_action action;
    const char *(*read)(const char *value, fr_script_step *step);
} actions[] = {
    {"hdr", FR_SCRIPT_COLOUR, read_hdr},
    {"wcg", FR_SCRIPT_COLOUR, read_wcg},
    {"size", FR_SCRIPT_SIZE, read_size},
    {"fps", FR_SCRIPT_RATE, read_rate},
    {"format", FR_SCRIPT_FORMAT, read_format},
    {"idle", FR_SCRIPT_IDLE, read_duration},
    {"stall", FR_SCRIPT_STALL, read_duration},
    {"mismatch", FR_SCRIPT_MISMATCH, read_duration},
    {"hang-writing", FR_SCRIPT_HANG_WRITING, read_duration},
    {"kill-writing", FR_SCRIPT_KILL_WRITING, read_nothing},
    {"kill", FR_SCRIPT_KILL, read_nothing},
    {"garbage", FR_SCRIPT_GARBAGE, read_nothing},
    {"exit", FR_SCRIPT_EXIT, read_exit_code},
};

static const char *read_action(const char *text, fr_script_step *step)
{
    const size_t length = strcspn(text, "=");
    const char *value = text[length] ? text + length + 1 : "";
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strlen(actions[i].name) != length || strncmp(actions[i].name, text, length))
            continue;
        step->action = actions[i].action;
        if (text[length] && !*value)
            return "there is nothing after the =";
        return actions[i].read(value, step);
    }
    return "there is no such action; --help lists them";
}

static const char *read_when(char *when, fr_script_step *step)
{
    const size_t length = strlen(when);
    if (length > 0 && when[length - 1] == 'f') {
        when[length - 1] = '\0';
        step->by_frames = true;
        if (fr_value_u32(when, 1000000, &step->after_frames))
            return NULL;
    } else if (fr_value_duration(when, &step->at_ns)) {
        return NULL;
    }
    return "before the : is a number with s, ms or f (frames), such as 2s, 250ms or 60f";
}

const char *fr_script_add(fr_script *script, const char *text)
{
    fr_script_step step = {0};
    char when[32];
    const size_t length = strcspn(text, ":");
    if (!text[length] || length >= sizeof(when))
        return "a step is WHEN:ACTION, such as 2s:hdr=on";
    memcpy(when, text, length);
    when[length] = '\0';
    const char *wrong = read_when(when, &step);
    if (!wrong)
        wrong = read_action(text + length + 1, &step);
    if (wrong)
        return wrong;
    if (script->num_steps && script->steps[0].by_frames != step.by_frames)
        return "the steps are either all by time or all by frames";
    if (script->num_steps == FR_SCRIPT_MAX_STEPS)
        return "a script has at most 256 steps";
    uint32_t place = script->num_steps++;
    for (; place > 0 && script->steps[place - 1].at_ns > step.at_ns; place--)
        script->steps[place] = script->steps[place - 1];
    script->steps[place] = step;
    return NULL;
}

const fr_script_step *fr_script_take(fr_script *script, uint64_t elapsed_ns, uint32_t frames)
{
    if (script->next == script->num_steps)
        return NULL;
    const fr_script_step *step = &script->steps[script->next];
    if (step->at_ns > elapsed_ns || step->after_frames > frames)
        return NULL;
    script->next++;
    return step;
}

uint64_t fr_script_wait_ns(const fr_script *script, uint64_t elapsed_ns, uint64_t limit_ns)
{
    if (script->next == script->num_steps || script->steps[script->next].by_frames)
        return limit_ns; /* of frames, the caller knows when they are due */
    const uint64_t at_ns = script->steps[script->next].at_ns;
    const uint64_t wait_ns = at_ns > elapsed_ns ? at_ns - elapsed_ns : 0;
    return wait_ns < limit_ns ? wait_ns : limit_ns;
}
