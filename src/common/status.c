/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include <framering/status.h>

const char *fr_status_text(fr_status status)
{
    switch (status) {
    case FR_OK: return "done";
    case FR_AGAIN: return "nothing now, call again";
    case FR_TIMEOUT: return "the time given is over";
    case FR_REPEAT: return "the last frame again";
    case FR_END: return "the other side finished in order";
    case FR_REATTACHED: return "a new ring is attached, draw a whole frame";
    case FR_CANCELLED: return "cancelled by the caller";
    case FR_ERR_ARGUMENT: return "an argument is out of its range";
    case FR_ERR_NO_MEMORY: return "memory or descriptors ran out";
    case FR_ERR_SYSTEM: return "the operating system refused";
    case FR_ERR_UNSUPPORTED: return "not built in, or this machine cannot do it";
    case FR_ERR_PERMISSION: return "permission denied";
    case FR_ERR_NO_MODE: return "neither the display nor the caller named a size";
    case FR_ERR_TARGET_BUSY: return "another program serves this target";
    case FR_ERR_NO_HOST: return "no host listens at this target";
    case FR_ERR_REFUSED: return "the peer refused";
    case FR_ERR_VERSION: return "no common protocol version";
    case FR_ERR_PROTOCOL: return "the peer broke the protocol";
    case FR_ERR_NEVER_ATTACHED: return "no source attached in time";
    case FR_ERR_NOTHING_OFFERED: return "a source attached but offered no frame";
    case FR_ERR_ALL_MISMATCHED: return "every frame offered had another size or format than the ring";
    case FR_ERR_ADAPTER_MISMATCH: return "the source renders on another adapter";
    case FR_ERR_SOURCE_FAILED: return "the source could not open the ring";
    case FR_ERR_SOURCE_DIED: return "the source went away before its first frame";
    case FR_ERR_NOT_RECOVERED: return "no fresh frame came in time after the display changed";
    case FR_ERR_NO_FRAME: return "not one frame came within the deadline";
    case FR_ERR_DEVICE_LOST: return "the GPU went away";
    case FR_ERR_NO_SPACE: return "the disk is full";
    case FR_ERR_IO: return "a file or network address failed";
    case FR_ERR_ENCODER: return "the encoder failed";
    }
    return "unknown status";
}
