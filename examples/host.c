/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The shortest host that records: takes 300 frames of target 7 and writes them.
 * Run it, then example-source in another terminal. */

#include <framering/capture.h>
#include <framering/encode.h>

#include <stdio.h>

static void write_log(void *user, fr_log_level level, const char *text)
{
    (void)user, (void)level;
    fprintf(stderr, "%s\n", text);
}

int main(int argc, char **argv)
{
    const fr_log log = {.write = write_log};
    const fr_recorder_params out = {.url = argc > 1 ? argv[1] : "example.mkv", .log = log};
    fr_recorder *recorder;
    if (fr_recorder_open(&recorder, &out) < 0)
        return 1;

    fr_capture_params params = {.target_id = 7, .preferred = {1280, 720, 60000}, .log = log};
    params.timing.attach_wait_ns = 60 * UINT64_C(1000000000);
    fr_capture *capture = NULL;
    fr_status status = fr_capture_open(&capture, &params, NULL);
    for (int frames = 0; frames < 300 && status >= 0;) {
        fr_frame frame;
        status = fr_capture_next(capture, &frame);
        if (status != FR_OK && status != FR_REPEAT)
            continue;
        status = fr_recorder_put(recorder, &frame);
        fr_frame_release(&frame);
        frames++;
    }
    fr_capture_close(&capture);
    const fr_status closed = fr_recorder_close(&recorder);
    return status < 0 || closed < 0;
}
