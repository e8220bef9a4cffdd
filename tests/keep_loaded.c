/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* To be preloaded under a sanitizer: a driver that was unloaded has no name, by which its leaks could be told
 * from ours (tests/lsan.supp). */
int dlclose(void *handle);

int dlclose(void *handle)
{
    (void)handle;
    return 0;
}
