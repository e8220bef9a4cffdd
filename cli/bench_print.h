/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_BENCH_PRINT_H
#define FR_CLI_BENCH_PRINT_H

#include <jansson.h>

/* The results of `framering bench` for a reader, from what the JSON holds, so that the two cannot differ. */

void bench_print_convert(json_t *list);
void bench_print_handoff(json_t *object);
void bench_print_session(json_t *object);
void bench_print_typing(json_t *object);
void bench_print_scale(json_t *list);

#endif
