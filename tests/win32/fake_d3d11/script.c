/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "device.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METHODS_MAX = 128 };

static struct {
    bool read_environment;
    uint32_t options;
    char method[96]; /* that is to fail */
    uint32_t nth;    /* calls of it until then; 0 = none is to fail */
    HRESULT result;
    bool failed;
    uint32_t remove_nth;
    HRESULT remove_reason;
    bool removed;
    struct {
        const char *method;
        uint32_t calls;
    } count[METHODS_MAX];
    uint32_t violations;
    char violation[256];
    bool stalls;
} script;

static const char *const option_names[] = {
    "no_sharing",  "no_fences",   "no_device1",  "no_video",  "no_planes",  "no_code",       "no_threads",
    "old_runtime", "no_priority", "video_fails", "no_device", "mutex_open", "mutex_forgets", "fence_deaf",
};

static void read_options(char *text)
{
    for (char *word = strtok(text, ","); word; word = strtok(NULL, ","))
        for (size_t i = 0; i < sizeof(option_names) / sizeof(option_names[0]); i++)
            if (!strcmp(word, option_names[i]))
                script.options |= 1u << i;
}

static void read_environment(void)
{
    char text[256];
    script.read_environment = true;
    if (GetEnvironmentVariableA("FAKE_D3D11_OPTIONS", text, sizeof(text)))
        read_options(text);
    if (GetEnvironmentVariableA("FAKE_D3D11_REMOVE", text, sizeof(text)))
        fake_remove((uint32_t)strtoul(text, NULL, 10), DXGI_ERROR_DEVICE_REMOVED);
    if (GetEnvironmentVariableA("FAKE_D3D11_FAIL", text, sizeof(text))) {
        char *result = strrchr(text, ':');
        char *nth = result ? (*result = 0, strrchr(text, ':')) : NULL;
        if (nth) {
            *nth = 0;
            fake_fail(text, (uint32_t)strtoul(nth + 1, NULL, 10), (HRESULT)strtoul(result + 1, NULL, 16));
        }
    }
}

void fake_reset(void)
{
    memset(&script, 0, sizeof(script));
    script.read_environment = true;
    fake_adapters(NULL, 0);
    fake_objects_forget();
    fake_devices_forget();
}

void fake_options(uint32_t options)
{
    script.options = options;
}

bool fake_has(uint32_t option)
{
    if (!script.read_environment)
        read_environment();
    return script.options & option;
}

void fake_fail(const char *method, uint32_t nth, HRESULT result)
{
    snprintf(script.method, sizeof(script.method), "%s", method);
    script.nth = nth;
    script.result = result;
    script.failed = false;
}

bool fake_failed(void)
{
    return script.failed;
}

void fake_remove(uint32_t nth, HRESULT reason)
{
    script.remove_nth = nth;
    script.remove_reason = reason;
    script.removed = false;
}

bool fake_removed(void)
{
    return script.removed;
}

void fake_gpu_stall(bool stalls)
{
    fake_enter();
    script.stalls = stalls;
    if (!stalls)
        fake_device_run_all();
    fake_leave();
}

bool fake_stalls(void)
{
    return script.stalls;
}

static void count(const char *method)
{
    for (size_t i = 0; i < METHODS_MAX; i++) {
        if (!script.count[i].method)
            script.count[i].method = method;
        if (!strcmp(script.count[i].method, method)) {
            script.count[i].calls++;
            return;
        }
    }
}

uint32_t fake_calls(const char *method)
{
    for (size_t i = 0; i < METHODS_MAX && script.count[i].method; i++)
        if (!strcmp(script.count[i].method, method))
            return script.count[i].calls;
    return 0;
}

bool fake_call_void(struct fake_device *device, const char *method)
{
    if (!script.read_environment)
        read_environment();
    count(method);
    if (device && device->dead)
        fake_violation("%s was called on the device of a dead process", method);
    if (script.remove_nth > 1) {
        script.remove_nth--;
    } else if (script.remove_nth && device) {
        script.remove_nth = 0;
        script.removed = true;
        device->removed = script.remove_reason;
    }
    return !device || !device->removed;
}

HRESULT fake_call(struct fake_device *device, const char *method)
{
    if (!fake_call_void(device, method))
        return DXGI_ERROR_DEVICE_REMOVED;
    const bool meant = !strcmp(script.method, "*") || !strcmp(method, script.method);
    if (script.nth && meant && --script.nth == 0) {
        script.failed = true;
        return script.result;
    }
    return S_OK;
}

void fake_violation(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(script.violation, sizeof(script.violation), format, arguments);
    va_end(arguments);
    script.violations++;
    fprintf(stderr, "fake: VIOLATION: %s\n", script.violation);
    fflush(stderr);
}

uint32_t fake_violations(void)
{
    return script.violations;
}

const char *fake_violation_text(void)
{
    return script.violation;
}
