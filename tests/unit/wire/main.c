/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "wire_test.h"

int main(void)
{
    return run_token() + run_snapshot() + run_hostile();
}
