/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_PACE_H
#define FR_CLI_PACE_H

#include <stdint.h>

/* Caps the average rate of fresh frames. One interval of credit is kept, so that a source that runs at the
 * very same rate loses no frame to jitter. What passes is up to 0.2 % more than the cap. */
struct pace {
    uint64_t interval_ns; /* 0 = no cap */
    uint64_t due_ns;
};

/* fps_mhz: thousandths of a hertz; 0 = no cap. */
void pace_init(struct pace *pace, uint32_t fps_mhz);

/* How long to wait before the next fresh frame may be taken; 0 = now. */
uint64_t pace_wait_ns(const struct pace *pace, uint64_t now_ns);

/* A fresh frame was taken at now_ns. */
void pace_taken(struct pace *pace, uint64_t now_ns);

#endif
