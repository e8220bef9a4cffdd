/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BENCH_GPU_JSON_H
#define FR_BENCH_GPU_JSON_H

/* Writes JSON. A NULL key is for members of an array. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
    FILE *file;
    int depth;
    bool more; /* a comma is due */
};

void json_open(struct json *json, FILE *file); /* the outermost object */
void json_close(struct json *json);
void json_object(struct json *json, const char *key);
void json_end_object(struct json *json);
void json_array(struct json *json, const char *key);
void json_end_array(struct json *json);
void json_text(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, double value); /* 6 digits */
void json_integer(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);

#endif
