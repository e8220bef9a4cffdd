/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "sources.h"

#include "files.h"

const char *sources_default(const char **stands_in)
{
    char path[FILES_PATH_MAX];
    *stands_in = NULL;
    if (sources_is_there("desktop", path, sizeof path))
        return "desktop";
    *stands_in =
        "framering-source-desktop.exe is not installed beside this program: the test pattern is recorded; "
        "see --source";
    return "pattern";
}
