/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The provider on a display configuration of our own. */
#include "fake_ccd.h"

#include "display/feed.h"
#include "os/atomic.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TARGET 4352u

struct rig {
    struct fake_ccd fake;
    fr_display_provider provider;
};

static void open_provider(struct rig *rig, const fr_ccd_params *params, bool with_dxgi)
{
    const fr_log log = fake_ccd_log(&rig->fake);
    struct fr_ccd_api api = fake_ccd_api(&rig->fake);
    if (!with_dxgi)
        api.luminance = NULL;
    assert_int_equal(fr_ccd_create_with(&rig->provider, params, &log, &api), FR_OK);
}

/* One screen, and a provider for it. */
static int setup(void **state)
{
    static struct rig rig;
    rig = (struct rig){0};
    rig.fake.screens[0] = fake_screen(TARGET);
    rig.fake.num_screens = 1;
    open_provider(&rig, &(fr_ccd_params){.target_id = TARGET}, true);
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    fr_ccd_destroy(&rig->provider);
    return rig->fake.destroyed == 1 ? 0 : -1;
}

static fr_display_descriptor sample(struct rig *rig)
{
    fr_display_descriptor display;
    assert_int_equal(rig->provider.sample(rig->provider.self, &display), FR_OK);
    return display;
}

static fr_status sample_status(struct rig *rig)
{
    fr_display_descriptor display;
    return rig->provider.sample(rig->provider.self, &display);
}

static fr_status set_hdr(struct rig *rig, bool on)
{
    return rig->provider.set_hdr(rig->provider.self, on);
}

static void expect_state(struct rig *rig, fr_colour_state state)
{
    assert_string_equal(fr_colour_state_name(sample(rig).colour_state), fr_colour_state_name(state));
}

static void reads_size_and_rate(void **state)
{
    struct rig *rig = *state;
    rig->fake.screens[0].refresh = (DISPLAYCONFIG_RATIONAL){60000, 1001};
    const fr_display_descriptor display = sample(rig);
    assert_int_equal(display.mode.width, 1920);
    assert_int_equal(display.mode.height, 1080);
    assert_int_equal(display.mode.refresh_mhz, 59940);
    assert_int_equal(display.colour_state, FR_COLOUR_STATE_SDR);
    assert_int_equal(display.format, FR_FORMAT_NONE);
    rig->fake.screens[0].refresh = (DISPLAYCONFIG_RATIONAL){4000000000u, 1000000};
    assert_int_equal(sample(rig).mode.refresh_mhz, 4000000);
    rig->fake.screens[0].refresh = (DISPLAYCONFIG_RATIONAL){119999, 2000};
    assert_int_equal(sample(rig).mode.refresh_mhz, 60000);
    rig->fake.screens[0].refresh = (DISPLAYCONFIG_RATIONAL){60, 0};
    assert_int_equal(sample(rig).mode.refresh_mhz, 0);
    rig->fake.screens[0].refresh = (DISPLAYCONFIG_RATIONAL){UINT32_MAX, 1};
    assert_int_equal(sample(rig).mode.refresh_mhz, 0);
    assert_int_equal(rig->fake.lines, 0);
}

static void a_turned_display_has_the_size_of_its_picture(void **state)
{
    struct rig *rig = *state;
    struct fake_screen *screen = &rig->fake.screens[0];
    screen->rotation = DISPLAYCONFIG_ROTATION_ROTATE90;
    screen->width = 1080;
    screen->height = 1920;
    const fr_display_descriptor display = sample(rig);
    assert_int_equal(display.mode.width, 1080);
    assert_int_equal(display.mode.height, 1920);
}

static void each_of_two_clones_is_found(void **state)
{
    struct rig *rig = *state;
    struct rig second = {0};
    struct fake_screen *screens = second.fake.screens;
    screens[0] = fake_screen(TARGET);
    screens[1] = fake_screen(TARGET + 1);
    screens[1].source = screens[0].source;
    screens[1].signal_width = 3840;
    screens[1].refresh = (DISPLAYCONFIG_RATIONAL){144, 1};
    screens[1].state = FR_COLOUR_STATE_HDR;
    second.fake.num_screens = 2;
    open_provider(&second, &(fr_ccd_params){.target_id = TARGET + 1}, true);
    const fr_display_descriptor first = sample(rig), clone = sample(&second);
    assert_int_equal(first.mode.refresh_mhz, 60000);
    assert_int_equal(clone.mode.refresh_mhz, 144000);
    assert_int_equal(clone.mode.width, 1920);
    assert_int_equal(clone.colour_state, FR_COLOUR_STATE_HDR);
    fr_ccd_destroy(&second.provider);
}

static void check_states(struct rig *rig)
{
    static const fr_colour_state states[] = {FR_COLOUR_STATE_HDR, FR_COLOUR_STATE_SDR,
                                             FR_COLOUR_STATE_SDR_WCG, FR_COLOUR_STATE_HDR,
                                             FR_COLOUR_STATE_SDR_WCG};
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        rig->fake.screens[0].state = states[i];
        expect_state(rig, states[i]);
    }
    assert_int_equal(rig->fake.lines, 0);
}

static void older_windows_tells_hdr_from_wide_colour(void **state)
{
    struct rig *rig = *state;
    check_states(rig);
    assert_int_not_equal(rig->fake.old_infos, 0);
}

static void newer_windows_tells_hdr_from_wide_colour(void **state)
{
    struct rig *rig = *state;
    rig->fake.modern = true;
    check_states(rig);
    assert_int_equal(rig->fake.old_infos, 0);
}

/* What was in force stays, the light included; one sentence an episode. */
static void a_failed_colour_query_is_unknown(void **state)
{
    struct rig *rig = *state;
    static const LONG errors[] = {ERROR_INVALID_PARAMETER, ERROR_GEN_FAILURE, ERROR_NOT_SUPPORTED};
    rig->fake.screens[0].state = FR_COLOUR_STATE_HDR;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        rig->fake.info_error = ERROR_SUCCESS;
        const fr_display_descriptor known = sample(rig);
        assert_int_equal(known.colour_state, FR_COLOUR_STATE_HDR);
        rig->fake.info_error = errors[i];
        for (int again = 0; again < 3; again++) {
            const fr_display_descriptor display = sample(rig);
            assert_int_equal(display.colour_state, FR_COLOUR_STATE_UNKNOWN);
            assert_int_equal(display.mode.width, 1920);
            assert_int_equal(display.sdr_white_millinits, known.sdr_white_millinits);
            assert_int_equal(display.max_luminance_millinits, known.max_luminance_millinits);
        }
        assert_int_equal(rig->fake.lines, i + 1);
    }
}

/* There the older answer may call wide colour HDR. */
static void newer_windows_is_never_asked_the_older_way(void **state)
{
    struct rig *rig = *state;
    static const LONG errors[] = {ERROR_GEN_FAILURE, ERROR_INVALID_PARAMETER};
    rig->fake.modern = true;
    rig->fake.screens[0].state = FR_COLOUR_STATE_HDR;
    rig->fake.info_2_error = ERROR_GEN_FAILURE;
    expect_state(rig, FR_COLOUR_STATE_UNKNOWN);
    rig->fake.info_2_error = ERROR_SUCCESS;
    expect_state(rig, FR_COLOUR_STATE_HDR);
    for (size_t i = 0; i < 2; i++) {
        rig->fake.info_2_error = errors[i];
        expect_state(rig, FR_COLOUR_STATE_UNKNOWN);
    }
    rig->fake.info_2_error = ERROR_SUCCESS;
    rig->fake.unknown_mode = 3;
    expect_state(rig, FR_COLOUR_STATE_UNKNOWN);
    assert_int_equal(rig->fake.old_infos, 0);
}

static void an_absent_display_is_said_once(void **state)
{
    struct rig *rig = *state;
    for (int episode = 1; episode <= 2; episode++) {
        rig->fake.screens[0].target = TARGET + 5;
        for (int i = 0; i < 3; i++)
            assert_int_equal(sample_status(rig), FR_ERR_NO_MODE);
        assert_int_equal(rig->fake.lines, episode);
        assert_int_equal(set_hdr(rig, true), FR_ERR_NO_MODE);
        rig->fake.screens[0].target = TARGET;
        expect_state(rig, FR_COLOUR_STATE_SDR);
    }
    assert_non_null(strstr(rig->fake.log, "display 4352 cannot be read"));
    rig->fake.screens[0].inactive = true;
    assert_int_equal(sample_status(rig), FR_ERR_NO_MODE);
    assert_int_equal(rig->fake.sets + rig->fake.old_sets, 0);
}

static void set_two_adapters(struct fake_ccd *fake)
{
    fake->screens[1] = fake_screen(TARGET);
    fake->screens[1].adapter = 2;
    fake->screens[1].source = 8;
    fake->screens[1].width = 2560;
    fake->screens[1].can_hdr = true;
    fake->num_screens = 2;
}

static void of_two_displays_with_one_number_the_first_is_taken(void **state)
{
    struct rig *rig = *state;
    set_two_adapters(&rig->fake);
    for (int i = 0; i < 3; i++)
        assert_int_equal(sample(rig).mode.width, 1920);
    assert_int_equal(rig->fake.lines, 1);
    assert_non_null(strstr(rig->fake.log, "2 adapters have a display 4352"));
}

static void the_adapter_chooses_between_them(void **state)
{
    (void)state;
    struct rig rig = {0};
    rig.fake.screens[0] = fake_screen(TARGET);
    set_two_adapters(&rig.fake);
    open_provider(
        &rig,
        &(fr_ccd_params){
            .target_id = TARGET, .has_adapter = true, .adapter_luid_low = 7, .adapter_luid_high = 2},
        true);
    assert_int_equal(sample(&rig).mode.width, 2560);
    assert_int_equal(set_hdr(&rig, true), FR_OK);
    assert_int_equal(rig.fake.screens[0].state, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig.fake.screens[1].state, FR_COLOUR_STATE_HDR);
    assert_int_equal(rig.fake.lines, 0);
    rig.fake.screens[1].adapter = 3;
    assert_int_equal(sample_status(&rig), FR_ERR_NO_MODE);
    fr_ccd_destroy(&rig.provider);
}

static void a_growing_configuration_is_read_again(void **state)
{
    struct rig *rig = *state;
    rig->fake.growths = 3;
    assert_int_equal(sample(rig).mode.width, 1920);
    assert_int_equal(rig->fake.queries, 4);
    assert_int_equal(rig->fake.lines, 0);
}

static void one_that_grows_without_end_is_given_up(void **state)
{
    struct rig *rig = *state;
    rig->fake.growths = 1000000;
    assert_int_equal(sample_status(rig), FR_ERR_SYSTEM);
    assert_in_range(rig->fake.queries, 2, 20);
    assert_int_equal(rig->fake.lines, 1);
}

static void refused_queries_have_their_cause(void **state)
{
    struct rig *rig = *state;
    rig->fake.sizes_error = ERROR_ACCESS_DENIED;
    assert_int_equal(sample_status(rig), FR_ERR_PERMISSION);
    assert_non_null(strstr(rig->fake.log, "in the session of the user"));
    rig->fake.sizes_error = ERROR_SUCCESS;
    expect_state(rig, FR_COLOUR_STATE_SDR);
    rig->fake.query_error = ERROR_GEN_FAILURE;
    assert_int_equal(sample_status(rig), FR_ERR_SYSTEM);
    assert_int_equal(rig->fake.queries, 2);
    assert_int_equal(rig->fake.lines, 2);
}

static void a_path_without_a_size_is_no_mode(void **state)
{
    struct rig *rig = *state;
    struct fake_screen *screen = &rig->fake.screens[0];
    screen->without_source = true;
    assert_int_equal(sample_status(rig), FR_ERR_NO_MODE);
    screen->without_source = false;
    screen->width = FR_SIZE_MAX + 1;
    assert_int_equal(sample_status(rig), FR_ERR_NO_MODE);
    screen->width = FR_SIZE_MAX;
    screen->height = 0;
    assert_int_equal(sample_status(rig), FR_ERR_NO_MODE);
    assert_int_equal(rig->fake.lines, 1);
}

static void hdr_has_white_and_luminance(void **state)
{
    struct rig *rig = *state;
    rig->fake.screens[0].state = FR_COLOUR_STATE_HDR;
    fr_display_descriptor display = sample(rig);
    assert_int_equal(display.sdr_white_millinits, 200000);
    assert_int_equal(display.max_luminance_millinits, 600000);
    assert_int_equal(display.max_full_frame_millinits, 350000);
    assert_int_equal(display.min_luminance_tenthmillinits, 500);
    /* One that fails leaves what was known. */
    rig->fake.white_error = ERROR_GEN_FAILURE;
    rig->fake.name_error = ERROR_GEN_FAILURE;
    display = sample(rig);
    assert_int_equal(display.sdr_white_millinits, 200000);
    assert_int_equal(display.max_luminance_millinits, 600000);
    rig->fake.screens[0].state = FR_COLOUR_STATE_SDR;
    display = sample(rig);
    assert_int_equal(display.sdr_white_millinits, 0);
    assert_int_equal(display.max_luminance_millinits, 0);
}

static void impossible_light_is_not_known(void **state)
{
    struct rig *rig = *state;
    struct fake_screen *screen = &rig->fake.screens[0];
    screen->state = FR_COLOUR_STATE_HDR;
    screen->white = 4000000000u;
    screen->luminance = (struct fr_ccd_luminance){NAN, INFINITY, -1.0F};
    const fr_display_descriptor display = sample(rig);
    assert_int_equal(display.sdr_white_millinits, 0);
    assert_int_equal(display.max_luminance_millinits, 0);
    assert_int_equal(display.max_full_frame_millinits, 0);
    assert_int_equal(display.min_luminance_tenthmillinits, 0);
}

static void sdr_asks_for_no_luminance(void **state)
{
    struct rig *rig = *state;
    expect_state(rig, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig->fake.luminances, 0);
}

static void works_without_dxgi(void **state)
{
    (void)state;
    struct rig rig = {.fake = {.num_screens = 1}};
    rig.fake.screens[0] = fake_screen(TARGET);
    rig.fake.screens[0].state = FR_COLOUR_STATE_HDR;
    open_provider(&rig, &(fr_ccd_params){.target_id = TARGET}, false);
    const fr_display_descriptor display = sample(&rig);
    assert_int_equal(display.colour_state, FR_COLOUR_STATE_HDR);
    assert_int_equal(display.max_luminance_millinits, 0);
    assert_int_equal(display.sdr_white_millinits, 200000);
    fr_ccd_destroy(&rig.provider);
}

static void older_windows_switches_hdr(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(set_hdr(rig, true), FR_OK);
    expect_state(rig, FR_COLOUR_STATE_HDR);
    assert_int_equal(set_hdr(rig, false), FR_OK);
    expect_state(rig, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig->fake.old_sets, 2);
    assert_int_equal(rig->fake.lines, 0);
}

/* The older request would switch wide colour there. */
static void newer_windows_switches_hdr_and_not_wide_colour(void **state)
{
    struct rig *rig = *state;
    rig->fake.modern = true;
    assert_int_equal(set_hdr(rig, true), FR_OK);
    expect_state(rig, FR_COLOUR_STATE_HDR);
    rig->fake.set_error = ERROR_GEN_FAILURE;
    assert_int_equal(set_hdr(rig, false), FR_ERR_UNSUPPORTED);
    expect_state(rig, FR_COLOUR_STATE_HDR);
    assert_int_equal(rig->fake.sets, 2);
    assert_int_equal(rig->fake.old_sets, 0);
}

static void refused_hdr_has_its_cause(void **state)
{
    struct rig *rig = *state;
    for (int modern = 0; modern <= 1; modern++) {
        rig->fake.modern = modern;
        rig->fake.log[0] = '\0';
        rig->fake.screens[0].can_hdr = false;
        assert_int_equal(set_hdr(rig, true), FR_ERR_UNSUPPORTED);
        assert_non_null(strstr(rig->fake.log, "does not support it"));
        rig->fake.screens[0].can_hdr = true;
        rig->fake.screens[0].policy_bars = true;
        assert_int_equal(set_hdr(rig, true), FR_ERR_UNSUPPORTED);
        assert_non_null(strstr(rig->fake.log, "a policy"));
        rig->fake.screens[0].policy_bars = false;
        rig->fake.set_error = ERROR_ACCESS_DENIED;
        assert_int_equal(set_hdr(rig, true), FR_ERR_PERMISSION);
        rig->fake.set_error = ERROR_SUCCESS;
        expect_state(rig, FR_COLOUR_STATE_SDR);
    }
    assert_int_equal(rig->fake.lines, 6);
}

/* A switch would be a shot in the dark there. */
static void a_windows_without_colour_queries_is_not_switched(void **state)
{
    struct rig *rig = *state;
    rig->fake.info_error = ERROR_NOT_SUPPORTED;
    assert_int_equal(set_hdr(rig, true), FR_ERR_UNSUPPORTED);
    assert_non_null(strstr(rig->fake.log, "this Windows has no such switch"));
    assert_int_equal(rig->fake.old_sets, 0);
    /* A query that only failed does not say so. */
    rig->fake.info_error = ERROR_GEN_FAILURE;
    assert_int_equal(set_hdr(rig, true), FR_OK);
    assert_int_equal(rig->fake.screens[0].state, FR_COLOUR_STATE_HDR);
}

/* What was asked for is never taken for what is. */
static void a_switch_without_effect_is_said_once(void **state)
{
    struct rig *rig = *state;
    rig->fake.deaf = true;
    assert_int_equal(set_hdr(rig, true), FR_OK);
    for (int i = 0; i < 40; i++)
        expect_state(rig, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig->fake.lines, 1);
    assert_non_null(strstr(rig->fake.log, "switch HDR of display 4352 on"));
    rig->fake.deaf = false;
    assert_int_equal(set_hdr(rig, true), FR_OK);
    for (int i = 0; i < 40; i++)
        expect_state(rig, FR_COLOUR_STATE_HDR);
    /* Somebody else switches it back, much later: no fault of the request. */
    rig->fake.screens[0].state = FR_COLOUR_STATE_SDR;
    for (int i = 0; i < 40; i++)
        expect_state(rig, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig->fake.lines, 1);
}

static void flapping_hdr_is_followed_sample_by_sample(void **state)
{
    struct rig *rig = *state;
    for (int i = 0; i < 20; i++) {
        rig->fake.screens[0].state = i % 2 ? FR_COLOUR_STATE_HDR : FR_COLOUR_STATE_SDR;
        const fr_display_descriptor display = sample(rig);
        assert_int_equal(display.colour_state, rig->fake.screens[0].state);
        assert_int_equal(display.sdr_white_millinits, i % 2 ? 200000 : 0);
    }
    assert_int_equal(rig->fake.lines, 0);
}

/* A wait for Windows is the sampling thread's alone. */
static void a_blocked_query_blocks_no_frame(void **state)
{
    struct rig *rig = *state;
    struct fr_os os = fr_os_native();
    struct fr_event notify;
    struct fr_display_feed feed;
    fr_display_descriptor display;
    fr_store_release_u32(&rig->fake.blocked, 1);
    assert_int_equal(os.ops->event_create(os.self, NULL, &notify), FR_OK);
    assert_int_equal(fr_display_sampler_create(&feed, &rig->provider, FR_NS_PER_MS, &notify), FR_OK);
    while (!fr_load_acquire_u32(&rig->fake.waiting))
        Sleep(1);
    /* These come back while Windows holds the other thread: nobody else would end that wait. */
    for (int i = 0; i < 100; i++)
        assert_int_equal(feed.ops->poll(feed.self, &display), FR_AGAIN);
    assert_int_equal(feed.ops->request_hdr(feed.self, true), FR_OK);
    assert_int_equal(fr_load_acquire_u32(&rig->fake.waiting), 1);
    fr_store_release_u32(&rig->fake.blocked, 0);
    const struct fr_event *const events[] = {&notify};
    display.colour_state = FR_COLOUR_STATE_UNKNOWN;
    for (int i = 0; i < 1000 && display.colour_state != FR_COLOUR_STATE_HDR; i++)
        if (feed.ops->poll(feed.self, &display) != FR_OK)
            os.ops->wait(os.self, events, 1, 10 * FR_NS_PER_MS);
    assert_int_equal(display.colour_state, FR_COLOUR_STATE_HDR);
    feed.ops->destroy(feed.self);
    os.ops->event_close(os.self, &notify);
}

static void create_and_destroy_take_what_they_are_given(void **state)
{
    (void)state;
    fr_display_provider provider = {.self = &provider};
    assert_int_equal(fr_ccd_create(NULL, &(fr_ccd_params){0}, NULL), FR_ERR_ARGUMENT);
    assert_int_equal(fr_ccd_create(&provider, NULL, NULL), FR_ERR_ARGUMENT);
    assert_null(provider.self);
    fr_ccd_destroy(&provider);
    fr_ccd_destroy(NULL);
    struct fake_ccd fake = {0};
    const struct fr_ccd_api api = fake_ccd_api(&fake);
    assert_int_equal(fr_ccd_create_with(&provider, &(fr_ccd_params){0}, NULL, &api), FR_OK);
    fr_display_descriptor display;
    assert_int_equal(provider.sample(provider.self, &display), FR_ERR_NO_MODE);
    fr_ccd_destroy(&provider);
    assert_null(provider.sample);
    assert_int_equal(fake.destroyed, 1);
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RIG(reads_size_and_rate),
        WITH_RIG(a_turned_display_has_the_size_of_its_picture),
        WITH_RIG(each_of_two_clones_is_found),
        WITH_RIG(older_windows_tells_hdr_from_wide_colour),
        WITH_RIG(newer_windows_tells_hdr_from_wide_colour),
        WITH_RIG(a_failed_colour_query_is_unknown),
        WITH_RIG(newer_windows_is_never_asked_the_older_way),
        WITH_RIG(an_absent_display_is_said_once),
        WITH_RIG(of_two_displays_with_one_number_the_first_is_taken),
        cmocka_unit_test(the_adapter_chooses_between_them),
        WITH_RIG(a_growing_configuration_is_read_again),
        WITH_RIG(one_that_grows_without_end_is_given_up),
        WITH_RIG(refused_queries_have_their_cause),
        WITH_RIG(a_path_without_a_size_is_no_mode),
        WITH_RIG(hdr_has_white_and_luminance),
        WITH_RIG(impossible_light_is_not_known),
        WITH_RIG(sdr_asks_for_no_luminance),
        cmocka_unit_test(works_without_dxgi),
        WITH_RIG(older_windows_switches_hdr),
        WITH_RIG(newer_windows_switches_hdr_and_not_wide_colour),
        WITH_RIG(refused_hdr_has_its_cause),
        WITH_RIG(a_windows_without_colour_queries_is_not_switched),
        WITH_RIG(a_switch_without_effect_is_said_once),
        WITH_RIG(flapping_hdr_is_followed_sample_by_sample),
        WITH_RIG(a_blocked_query_blocks_no_frame),
        cmocka_unit_test(create_and_destroy_take_what_they_are_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
