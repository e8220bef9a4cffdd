/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <inttypes.h>

static void begin(struct json *json, const char *key)
{
    fprintf(json->file, "%s\n%*s", json->more ? "," : "", 1 * json->depth, "");
    if (key)
        fprintf(json->file, "\"%s\": ", key);
    json->more = true;
}

static void deeper(struct json *json, const char *key, char bracket)
{
    begin(json, key);
    fputc(bracket, json->file);
    json->depth++;
    json->more = false;
}

static void back(struct json *json, char bracket)
{
    json->depth--;
    fprintf(json->file, "\n%*s%c", 1 * json->depth, "", bracket);
    json->more = true;
}

void json_open(struct json *json, FILE *file)
{
    *json = (struct json){.file = file, .depth = 1};
    fputc('{', file);
}

void json_close(struct json *json)
{
    fputs("\n}\n", json->file);
    fflush(json->file);
}

void json_object(struct json *json, const char *key)
{
    deeper(json, key, '{');
}

void json_end_object(struct json *json)
{
    back(json, '}');
}

void json_array(struct json *json, const char *key)
{
    deeper(json, key, '[');
}

void json_end_array(struct json *json)
{
    back(json, ']');
}

void json_text(struct json *json, const char *key, const char *value)
{
    begin(json, key);
    fputc('"', json->file);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            fputc('\\', json->file);
        fputc((unsigned char)*value < ' ' ? ' ' : *value, json->file);
    }
    fputc('"', json->file);
}

void json_number(struct json *json, const char *key, double value)
{
    begin(json, key);
    fprintf(json->file, "%.6g", value);
}

void json_integer(struct json *json, const char *key, uint64_t value)
{
    begin(json, key);
    fprintf(json->file, "%" PRIu64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
    begin(json, key);
    fputs(value ? "true" : "false", json->file);
}
