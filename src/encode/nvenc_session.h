/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_NVENC_SESSION_H
#define FR_ENCODE_NVENC_SESSION_H

/* The way to an open session of NVENC: library, version, device; and the words for what fails. */

#include "encode/nvenc_system.h"

#include <string.h>

struct fr_nvenc_session {
    const struct fr_nvenc_system *system;
    struct fr_nvenc_library library; /* handle NULL: not loaded */
    NV_ENCODE_API_FUNCTION_LIST api;
    void *device;      /* referenced; NULL: no session */
    void *handle;      /* NVENC's; NULL: no session */
    uint32_t sessions; /* that were ever open */
    char *reason;      /* FR_REASON_BYTES, of whoever is told now */
};

/* `s` holds system and reason. FR_ERR_ENCODER: absent, or the driver is too old. Unload in any case. */
fr_status fr_nvenc_session_load(struct fr_nvenc_session *s);

/* Opens a session on a Direct3D 11 device and refers to it. On failure the session is as before. */
fr_status fr_nvenc_session_open(struct fr_nvenc_session *s, void *device);

/* Everything that was made in the session is gone. Accepts one that is not open. */
void fr_nvenc_session_close(struct fr_nvenc_session *s);

void fr_nvenc_session_unload(struct fr_nvenc_session *s);

/* Writes "`what` (NAME): cure; driver: its words" as the reason. FR_ERR_DEVICE_LOST when the device is gone,
 * whatever the status says; else FR_ERR_ENCODER. */
fr_status fr_nvenc_fail(struct fr_nvenc_session *s, const char *what, NVENCSTATUS status);

/* The header's word: "NV_ENC_ERR_GENERIC"; "an unknown status" for what this header does not know. Static. */
const char *fr_nvenc_status_name(NVENCSTATUS status);

/* What to do about it, or NULL. Static. */
const char *fr_nvenc_status_cure(NVENCSTATUS status);

/* GUIDs have no padding. */
static inline bool fr_nvenc_same_guid(const GUID *a, const GUID *b)
{
    return !memcmp(a, b, sizeof(*a));
}

#endif
