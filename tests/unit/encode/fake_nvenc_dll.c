/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The fake as a library of its own. It signals real events. */

#include "fake_nvenc.h"

#define EXPORTED __declspec(dllexport)

EXPORTED NVENCSTATUS NVENCAPI NvEncodeAPIGetMaxSupportedVersion(uint32_t *version)
{
    return fake_nvenc_get_max_version(version);
}

EXPORTED NVENCSTATUS NVENCAPI NvEncodeAPICreateInstance(NV_ENCODE_API_FUNCTION_LIST *functions)
{
    return fake_nvenc_create_instance(functions);
}

static void signal_event(void *event)
{
    SetEvent(event);
}

/* For the test: as new. */
EXPORTED struct fake_nvenc *FakeReset(void);
EXPORTED struct fake_nvenc *FakeReset(void)
{
    fake_nvenc_reset();
    fake_nvenc()->own_signals = true;
    fake_nvenc()->signal = signal_event;
    return fake_nvenc();
}

EXPORTED void FakeComplete(void);
EXPORTED void FakeComplete(void)
{
    fake_nvenc_complete();
}

EXPORTED bool FakeBalanced(void);
EXPORTED bool FakeBalanced(void)
{
    return fake_nvenc_balanced();
}
