/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture_options.h"
#include "commands.h"
#include "say.h"
#include "session.h"
#include "stop.h"
#include "summary.h"

#include <stdlib.h>

static int exit_code_of(const struct session_result *result)
{
    if (result->end == SESSION_DROPPED)
        return EXIT_DROPPED;
    if (result->bad_options)
        return EXIT_USAGE;
    if (result->end == SESSION_FAILED || result->frames_encoded == 0)
        return EXIT_FAILED;
    return EXIT_DONE;
}

static int report(const struct capture_options *o, const struct session_result *result)
{
    int code = exit_code_of(result);
    if (code == EXIT_FAILED && result->end != SESSION_FAILED)
        say(FR_LOG_ERROR, "stopped before the first frame; nothing was recorded");
    if (say_level() >= FR_LOG_INFO)
        summary_write(stderr, result);
    if (o->json && !summary_print(summary_json(result)) && code == EXIT_DONE)
        code = EXIT_FAILED;
    return code;
}

int cmd_capture(int argc, char **argv)
{
    struct capture_options *options = calloc(1, sizeof *options);
    struct session_result *result = calloc(1, sizeof *result);
    int code = EXIT_FAILED;
    if (!options || !result) {
        say(FR_LOG_ERROR, "%s", fr_status_text(FR_ERR_NO_MEMORY));
    } else if (capture_options_parse(options, argc, argv, &code)) {
        stop_install();
        if (options->stands_in)
            say(FR_LOG_INFO, "%s", options->stands_in);
        session_run(&options->session, result);
        code = report(options, result);
        session_result_finish(result);
    }
    if (options)
        capture_system_close(options);
    free(result);
    free(options);
    return code;
}
