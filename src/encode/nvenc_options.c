/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/nvenc.h"
#include "encode/nvenc_config.h"

#include <libavutil/dict.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_VALUES = 7 };

/* FFmpeg's words for the same things. */
static const struct option {
    const char *key;
    const char *values; /* "a, b and c", for the reason */
    struct {
        const char *word;
        int value;
    } value[MAX_VALUES];
} known[] = {
    {"preset", "p1 to p7", {{"p1", 1}, {"p2", 2}, {"p3", 3}, {"p4", 4}, {"p5", 5}, {"p6", 6}, {"p7", 7}}},
    {"tune",
     "ull, ll and hq",
     {{"ull", NV_ENC_TUNING_INFO_ULTRA_LOW_LATENCY},
      {"ll", NV_ENC_TUNING_INFO_LOW_LATENCY},
      {"hq", NV_ENC_TUNING_INFO_HIGH_QUALITY}}},
    {"rc",
     "constqp, cbr and vbr",
     {{"constqp", NV_ENC_PARAMS_RC_CONSTQP}, {"cbr", NV_ENC_PARAMS_RC_CBR}, {"vbr", NV_ENC_PARAMS_RC_VBR}}},
    {"spatial-aq", "0 and 1", {{"0", 0}, {"1", 1}}},
    {"multipass",
     "disabled, qres and fullres",
     {{"disabled", NV_ENC_MULTI_PASS_DISABLED},
      {"qres", NV_ENC_TWO_PASS_QUARTER_RESOLUTION},
      {"fullres", NV_ENC_TWO_PASS_FULL_RESOLUTION}}},
    {"qp", "0 to 51, 0 to 255 with AV1", {{NULL, 0}}}, /* a number */
};

enum { OPTION_PRESET, OPTION_TUNE, OPTION_RC, OPTION_SPATIAL_AQ, OPTION_MULTIPASS, OPTION_QP, NUM_OPTIONS };

static_assert(sizeof(known) / sizeof(known[0]) == NUM_OPTIONS, "one word for each option");

static bool read_value(size_t option, const char *text, fr_codec codec, int *out)
{
    if (option == OPTION_QP) {
        char *end = NULL;
        const long number = strtol(text, &end, 10);
        *out = (int)number;
        return *text && !*end && number >= 0 && number <= (codec == FR_CODEC_AV1 ? 255 : 51);
    }
    for (size_t i = 0; i < MAX_VALUES && known[option].value[i].word; i++) {
        *out = known[option].value[i].value;
        if (!strcmp(known[option].value[i].word, text))
            return true;
    }
    return false;
}

static fr_status read_entry(int values[NUM_OPTIONS], const struct fr_encoder_row *row,
                            const AVDictionaryEntry *entry, char reason[FR_REASON_BYTES])
{
    size_t i = 0;
    while (i < NUM_OPTIONS && strcmp(known[i].key, entry->key))
        i++;
    if (i == NUM_OPTIONS) {
        snprintf(reason, FR_REASON_BYTES,
                 "%s has no option '%.40s'; it has preset, tune, rc, qp, spatial-aq and multipass", row->name,
                 entry->key);
        return FR_ERR_ARGUMENT;
    }
    if (read_value(i, entry->value, row->codec, &values[i]))
        return FR_OK;
    snprintf(reason, FR_REASON_BYTES, "%s: %s is %s, not '%.40s'", row->name, known[i].key, known[i].values,
             entry->value);
    return FR_ERR_ARGUMENT;
}

static fr_status read_list(int values[NUM_OPTIONS], const struct fr_encoder_row *row, const char *list,
                           const char *separator, char reason[FR_REASON_BYTES])
{
    AVDictionary *dict = NULL;
    const AVDictionaryEntry *entry = NULL;
    fr_status status = FR_OK;
    if (list && av_dict_parse_string(&dict, list, "=", separator, 0) < 0) {
        snprintf(reason, FR_REASON_BYTES, "the options '%.60s' are not of the form key=value:key=value",
                 list);
        status = FR_ERR_ARGUMENT;
    }
    while (status == FR_OK && (entry = av_dict_get(dict, "", entry, AV_DICT_IGNORE_SUFFIX)))
        status = read_entry(values, row, entry, reason);
    av_dict_free(&dict);
    return status;
}

fr_status fr_nvenc_settings_parse(struct fr_nvenc_settings *out, const struct fr_encoder_row *row,
                                  const char *options, bool has_rate, char reason[FR_REASON_BYTES])
{
    int values[NUM_OPTIONS] = {[OPTION_PRESET] = 1,
                               [OPTION_TUNE] = NV_ENC_TUNING_INFO_ULTRA_LOW_LATENCY,
                               [OPTION_RC] = has_rate ? NV_ENC_PARAMS_RC_CBR : NV_ENC_PARAMS_RC_CONSTQP};
    fr_status status = read_list(values, row, row->options, " ", reason);
    if (status == FR_OK)
        status = read_list(values, row, has_rate ? row->rate_options : row->quality_options, " ", reason);
    if (status == FR_OK)
        status = read_list(values, row, options, ":", reason);
    if (status != FR_OK)
        return status;
    if (values[OPTION_RC] != NV_ENC_PARAMS_RC_CONSTQP && !has_rate) {
        snprintf(reason, FR_REASON_BYTES, "%s: rc=cbr and rc=vbr need a bit rate", row->name);
        return FR_ERR_ARGUMENT;
    }
    *out = (struct fr_nvenc_settings){.preset = (uint32_t)values[OPTION_PRESET],
                                      .tuning = (NV_ENC_TUNING_INFO)values[OPTION_TUNE],
                                      .rate_control = (NV_ENC_PARAMS_RC_MODE)values[OPTION_RC],
                                      .qp = (uint32_t)values[OPTION_QP],
                                      .spatial_aq = values[OPTION_SPATIAL_AQ] != 0,
                                      .multi_pass = (NV_ENC_MULTI_PASS)values[OPTION_MULTIPASS]};
    return FR_OK;
}

fr_status fr_nvenc_check_options(const struct fr_encoder_row *row, const char *options,
                                 char reason[FR_REASON_BYTES])
{
    struct fr_nvenc_settings settings;
    return fr_nvenc_settings_parse(&settings, row, options, true, reason);
}
