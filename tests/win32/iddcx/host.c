/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "host.h"

#include "backend/cpu/cpu.h"
#include "backend/d3d11/d3d11.h"
#include "capture/native.h"
#include "display/feed.h"
#include "iddcx/ioctl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { EXPECT_MS = 15000 };

static void write_log(void *user, fr_log_level level, const char *text)
{
    struct host *host = user;
    if (level <= FR_LOG_WARNING)
        snprintf(host->last_log, sizeof host->last_log, "%s", text);
}

static fr_status find_source(void *user, fr_win32_peer *out)
{
    const struct host *host = user;
    struct example_source source;
    if (fake_request(IOCTL_EXAMPLE_GET_SOURCE, host->file, NULL, 0, &source, sizeof source) != STATUS_SUCCESS)
        return FR_AGAIN;
    *out = (fr_win32_peer){.pid = source.pid, .capabilities = source.capabilities};
    return FR_OK;
}

static fr_status deliver(void *user, const fr_win32_ring *ring)
{
    struct host *host = user;
    const NTSTATUS status = fake_request(IOCTL_EXAMPLE_SET_RING, host->file, ring, sizeof *ring, NULL, 0);
    host->carried += status == STATUS_SUCCESS;
    host->refused += status != STATUS_SUCCESS;
    return status == STATUS_SUCCESS ? FR_OK : FR_ERR_REFUSED;
}

static fr_status sample(void *self, fr_display_descriptor *out)
{
    struct host *host = self;
    AcquireSRWLockShared(&host->lock);
    *out = host->display;
    ReleaseSRWLockShared(&host->lock);
    return FR_OK;
}

void host_display(struct host *host, uint32_t width, uint32_t height, fr_colour_state state)
{
    AcquireSRWLockExclusive(&host->lock);
    host->display = (fr_display_descriptor){.mode = {width, height, 60000}, .colour_state = state};
    ReleaseSRWLockExclusive(&host->lock);
}

fr_status host_open(struct host *host, struct fake_system *system, uint32_t width, uint32_t height,
                    fr_colour_state state, uint32_t timeout_ms)
{
    static int files;
    *host = (struct host){.system = system, .target = system->display.target_id};
    host->file = (WDFFILEOBJECT)(uintptr_t)(++files);
    InitializeSRWLock(&host->lock);
    host_display(host, width, height, state);
    char prefix[48]; /* of this process alone */
    snprintf(prefix, sizeof prefix, "framering-test-iddcx-%lu", GetCurrentProcessId());
    const fr_win32_host_params win32 = {
        .channel = FR_WIN32_CHANNEL_DELIVERED,
        .courier = {.user = host, .find_source = find_source, .deliver = deliver},
        .name_prefix = prefix,
    };
    const fr_display_provider provider = {.self = host, .sample = sample};
    fr_capture_params params = {.target_id = host->target,
                                .win32 = &win32,
                                .log = {.write = write_log, .user = host, .max_level = FR_LOG_DEBUG}};
    params.timing.attach_wait_ns = timeout_ms * FR_NS_PER_MS;
    params.timing.descriptor_poll_ns = 20 * FR_NS_PER_MS;
    struct fr_capture_env env = {
        .os = fr_os_native(), .notify.handle = FR_HANDLE_NONE, .pid = fr_os_process_id()};
    assert_int_equal(env.os.ops->event_create(env.os.self, NULL, &env.notify), FR_OK);
    assert_int_equal(fr_capture_native_channel(&env.channel, &params), FR_OK);
    assert_int_equal(fr_d3d11_host_create(&env.backend, NULL, fake_api(), &params.log), FR_OK);
    assert_int_equal(fr_cpu_host_create(&env.fallback, env.os), FR_OK);
    env.has_display = sample(host, &env.display) == FR_OK;
    assert_int_equal(
        fr_display_sampler_create(&env.feed, &provider, params.timing.descriptor_poll_ns, &env.notify),
        FR_OK);
    return fr_capture_open_env(&host->capture, &params, NULL, &env);
}

void host_close(struct host *host)
{
    fr_capture_close(&host->capture);
    example_file_cleanup(host->file);
}

int host_luma(uint8_t grey)
{
    return (int)(16.5 + 219.0 * grey / 255);
}

static int first_luma(const fr_frame *frame)
{
    const uint8_t *row = frame->plane[0];
    return frame->format == FR_FORMAT_NV12 ? row[0] : (row[0] | row[1] << 8) >> 6;
}

void host_expect(struct host *host, uint32_t width, uint32_t height, int luma, uint32_t *sequence)
{
    const ULONGLONG until = GetTickCount64() + EXPECT_MS;
    int seen = -1;
    while (GetTickCount64() < until) {
        fr_frame frame;
        const fr_status status = fr_capture_next(host->capture, &frame);
        if (status < 0)
            fail_msg("the capture failed: %s (%s)", fr_status_text(status), host->last_log);
        bool found = false;
        if (status == FR_OK && fr_frame_map(&frame) == FR_OK) {
            seen = first_luma(&frame);
            found = frame.width == width && frame.height == height && seen == luma;
            if (found && sequence)
                *sequence = frame.sequence;
        }
        fr_frame_release(&frame);
        if (found)
            return;
    }
    fail_msg("no frame of %ux%u with luma %d came; the last had %d (%s)", width, height, luma, seen,
             host->last_log);
}

unsigned host_drain(struct host *host, unsigned calls)
{
    unsigned fresh = 0;
    for (unsigned i = 0; i < calls; i++) {
        fr_frame frame;
        fresh += fr_capture_next(host->capture, &frame) == FR_OK;
        fr_frame_release(&frame);
    }
    return fresh;
}
