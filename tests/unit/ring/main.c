/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "pair.h"

int main(void)
{
    return run_states() + run_rules() + run_lines() + run_hostile() + run_version1() + run_resume() +
           run_looking() + run_damage();
}
