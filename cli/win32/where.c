/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "where.h"

const struct args_table where_table = {NULL, 0};
