/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_CPU_CPU_H
#define FR_BACKEND_CPU_CPU_H

/* Slots in one shared memory; claims by the slot records' states alone. */

#include "backend/backend.h"

/* Both FR_ERR_NO_MEMORY. `os` is copied. */
fr_status fr_cpu_host_create(struct fr_backend_host *out, struct fr_os os);
fr_status fr_cpu_source_create(struct fr_backend_source *out, struct fr_os os);

#endif
