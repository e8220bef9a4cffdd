/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_LEND_INSIDE_H
#define FR_TESTS_UNIT_VULKAN_LEND_INSIDE_H

/* What the two halves of lend.h tell each other. */

#include <stdbool.h>

bool lend_is_on(void);
/* It passes for a DMA-BUF from now on. */
void lend_note_buffer(int fd);
void lend_forget_fences(void);

#endif
