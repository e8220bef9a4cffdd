/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The provider on the display configuration of this machine, which needs a screen. */
#define COBJMACROS
#include "display/ccd.h"

#include <dxgi1_6.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct machine {
    DISPLAYCONFIG_PATH_INFO path;
    LUID dxgi_adapter;
    SIZE size;
};

static int setup(void **state)
{
    static struct machine machine;
    DISPLAYCONFIG_PATH_INFO paths[16];
    DISPLAYCONFIG_MODE_INFO modes[32];
    UINT32 num_paths = 16, num_modes = 32;
    assert_int_equal(QueryDisplayConfig(QDC_ONLY_ACTIVE_PATHS, &num_paths, paths, &num_modes, modes, NULL),
                     ERROR_SUCCESS);
    assert_int_not_equal(num_paths, 0);
    machine.path = paths[0];
    machine.size = (SIZE){GetSystemMetrics(SM_CXSCREEN), GetSystemMetrics(SM_CYSCREEN)};

    void *factory = NULL;
    IDXGIAdapter1 *adapter;
    DXGI_ADAPTER_DESC1 desc;
    assert_int_equal(CreateDXGIFactory1(&IID_IDXGIFactory1, &factory), S_OK);
    assert_int_equal(IDXGIFactory1_EnumAdapters1((IDXGIFactory1 *)factory, 0, &adapter), S_OK);
    assert_int_equal(IDXGIAdapter1_GetDesc1(adapter, &desc), S_OK);
    machine.dxgi_adapter = desc.AdapterLuid;
    IDXGIAdapter1_Release(adapter);
    IDXGIFactory1_Release((IDXGIFactory1 *)factory);
    *state = &machine;
    return 0;
}

static void write_log(void *user, fr_log_level level, const char *text)
{
    (void)level;
    (*(int *)user)++;
    print_message("%s\n", text);
}

static fr_ccd_params params_of(const struct machine *machine)
{
    return (fr_ccd_params){
        .target_id = machine->path.targetInfo.id,
        .has_adapter = true,
        .adapter_luid_low = machine->dxgi_adapter.LowPart,
        .adapter_luid_high = machine->dxgi_adapter.HighPart,
    };
}

/* The adapter of a path is the one that DXGI names. */
static void finds_the_screen_of_the_adapter_that_dxgi_names(void **state)
{
    const struct machine *machine = *state;
    const fr_ccd_params params = params_of(machine);
    fr_display_provider provider;
    fr_display_descriptor display;
    assert_int_equal(fr_ccd_create(&provider, &params, NULL), FR_OK);
    assert_int_equal(provider.sample(provider.self, &display), FR_OK);
    assert_int_equal(display.mode.width, machine->size.cx);
    assert_int_equal(display.mode.height, machine->size.cy);
    fr_ccd_destroy(&provider);
}

/* Wine has no answer to either colour query. */
static void without_a_colour_query_the_state_is_unknown(void **state)
{
    const struct machine *machine = *state;
    const fr_ccd_params params = {.target_id = machine->path.targetInfo.id};
    int lines = 0;
    const fr_log log = {.write = write_log, .user = &lines};
    fr_display_provider provider;
    fr_display_descriptor display;
    assert_int_equal(fr_ccd_create(&provider, &params, &log), FR_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(provider.sample(provider.self, &display), FR_OK);
        assert_int_equal(display.colour_state, FR_COLOUR_STATE_UNKNOWN);
    }
    assert_int_equal(lines, 1);
    assert_true(provider.set_hdr(provider.self, true) < 0);
    assert_int_equal(lines, 2);
    fr_ccd_destroy(&provider);
}

static void a_number_that_no_display_has_is_no_mode(void **state)
{
    const struct machine *machine = *state;
    fr_ccd_params params = params_of(machine);
    params.target_id += 1000;
    fr_display_provider provider;
    fr_display_descriptor display;
    assert_int_equal(fr_ccd_create(&provider, &params, NULL), FR_OK);
    assert_int_equal(provider.sample(provider.self, &display), FR_ERR_NO_MODE);
    fr_ccd_destroy(&provider);
}

/* The table's own luminance: an answer where DXGI knows the output, none for another name. */
static void dxgi_is_asked_by_the_name_that_gdi_has(void **state)
{
    (void)state;
    struct fr_ccd_api api;
    struct fr_ccd_luminance luminance = {0};
    assert_int_equal(fr_ccd_api_create(&api), FR_OK);
    for (int i = 0; i < 3; i++) {
        const bool found = api.luminance(api.self, L"\\\\.\\DISPLAY1", &luminance);
        print_message("luminance: %d, %g %g %g\n", found, (double)luminance.max,
                      (double)luminance.max_full_frame, (double)luminance.min);
        assert_false(api.luminance(api.self, L"\\\\.\\DISPLAY99", &luminance));
    }
    api.destroy(api.self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_screen_of_the_adapter_that_dxgi_names),
        cmocka_unit_test(without_a_colour_query_the_state_is_unknown),
        cmocka_unit_test(a_number_that_no_display_has_is_no_mode),
        cmocka_unit_test(dxgi_is_asked_by_the_name_that_gdi_has),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
