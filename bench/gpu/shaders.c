/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "shaders.h"

#include "copy.h"
#include "fill.h"
#include "image_copy.h"
#include "tick.h"
#include "burn.h"
#include "fetch_fetch.h"
#include "fetch_gather.h"
#include "fetch_load.h"
#include "fetch_buffer.h"
#include "fetch_shuffle.h"

#define CODE(name) const struct gpu_code gpu_code_##name = {name##_spv, sizeof name##_spv}

CODE(copy);
CODE(fill);
CODE(image_copy);
CODE(tick);
CODE(burn);
CODE(fetch_fetch);
CODE(fetch_gather);
CODE(fetch_load);
CODE(fetch_buffer);
CODE(fetch_shuffle);
