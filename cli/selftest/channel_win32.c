/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The three ways in which a ring reaches its source, and who is kept out of them. */
#include "selftest/areas_win32.h"
#include "selftest/duo.h"

#include "clock.h"
#include "commands.h"
#include "files.h"
#include "win32/text.h"
#include "win32/windows_lean.h"

#include <framering/win32.h>

#include <sddl.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REFUSAL_MS = 6000, TAKE_MS = 2000, LOOK_MS = 5, WORD_MAX = 128, FRAMES = 50 };

/* SYSTEM alone. */
static const char system_only[] = "D:P(A;;GA;;;SY)";

/* Whether we are SYSTEM ourselves, and (sddl) a descriptor for the user that runs this. */
static bool own_user(bool *is_system, char *sddl, size_t bytes)
{
    HANDLE token;
    union {
        TOKEN_USER user;
        char bytes[256];
    } info;
    DWORD got;
    char *text = NULL;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return false;
    const BOOL known = GetTokenInformation(token, TokenUser, &info, sizeof info, &got) &&
                       ConvertSidToStringSidA(info.user.User.Sid, &text);
    CloseHandle(token);
    if (!known)
        return false;
    *is_system = strcmp(text, "S-1-5-18") == 0;
    snprintf(sddl, bytes, "D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;%s)", text);
    LocalFree(text);
    return true;
}

static struct duo_wish by(const char *way, const fr_win32_host_params *win32)
{
    return (struct duo_wish){.capture = {.backend = FR_BACKEND_CPU, .win32 = win32},
                             .way = way,
                             .colour_state = FR_COLOUR_STATE_SDR};
}

static void run_way(struct selftest *test, struct duo *duo, const struct duo_wish *wish, const char *what)
{
    const fr_status status = duo_open(duo, test, wish);
    if (status == FR_ERR_PERMISSION)
        selftest_not_available(test, "%s", selftest_reason(test, status));
    else if (status < 0)
        selftest_fail(test, "no source attached: %s", selftest_reason(test, status));
    else if (duo_check_numbers(duo, FRAMES))
        selftest_pass(test, "%d frames came from a source that %s", FRAMES, what);
    duo_close(duo);
}

static void pipe_row(struct selftest *test)
{
    struct duo duo;
    const struct duo_wish wish = by("target", NULL);
    run_way(test, &duo, &wish, "found its host by the pipe of the target");
}

static void run_named(struct selftest *test, const char *prefix)
{
    struct duo duo;
    bool is_system;
    char sddl[256], way[WORD_MAX];
    if (!own_user(&is_system, sddl, sizeof sddl)) {
        selftest_fail(test, "the user of this process is not known");
        return;
    }
    snprintf(way, sizeof way, "named=%s", prefix);
    const fr_win32_host_params win32 = {
        .channel = FR_WIN32_CHANNEL_NAMED, .sddl = sddl, .name_prefix = prefix};
    const struct duo_wish wish = by(way, &win32);
    run_way(test, &duo, &wish, "opened objects by their names");
}

static void named(struct selftest *test)
{
    run_named(test, "Local\\framering-selftest");
}

static void named_global(struct selftest *test)
{
    run_named(test, "Global\\framering-selftest");
}

/* ---- the delivered way ---- */

/* The requests go through files: PATH-1, PATH-2, ...; the source answers by PATH-1.taken. */
struct courier {
    struct duo *duo;
    const char *path;
    unsigned sent;
};

static fr_status find_source(void *user, fr_win32_peer *out)
{
    const struct courier *courier = user;
    if (courier->duo->peer.child.pid <= 0)
        return FR_AGAIN;
    *out = (fr_win32_peer){.pid = (uint32_t)courier->duo->peer.child.pid};
    return FR_OK;
}

static fr_status deliver(void *user, const fr_win32_ring *ring)
{
    struct courier *courier = user;
    char part[FILES_PATH_MAX], whole[FILES_PATH_MAX + 16], taken[FILES_PATH_MAX + 32];
    const uint64_t until_ns = fr_clock_now_ns() + TAKE_MS * NS_PER_MS;
    snprintf(part, sizeof part, "%s.part", courier->path);
    snprintf(whole, sizeof whole, "%s-%u", courier->path, ++courier->sent);
    snprintf(taken, sizeof taken, "%s.taken", whole);
    FILE *file = files_open(part, "wb");
    bool sent = file && fwrite(ring, sizeof *ring, 1, file) == 1;
    if (file)
        sent = fclose(file) == 0 && sent;
    sent = sent && rename(part, whole) == 0;
    bool is_taken = false;
    while (sent && !is_taken && fr_clock_now_ns() < until_ns) {
        is_taken = files_exist(taken);
        clock_sleep_ns(LOOK_MS * NS_PER_MS);
    }
    files_remove(whole);
    files_remove(taken);
    return is_taken ? FR_OK : FR_ERR_IO;
}

static void delivered(struct selftest *test)
{
    struct duo duo;
    char path[FILES_PATH_MAX], way[FILES_PATH_MAX + 16];
    if (!files_make_temporary(path, sizeof path, ".ring")) {
        selftest_fail(test, "no file can be made in %s", path);
        return;
    }
    struct courier courier = {.duo = &duo, .path = path};
    const fr_win32_host_params win32 = {
        .channel = FR_WIN32_CHANNEL_DELIVERED,
        .courier = {.user = &courier, .find_source = find_source, .deliver = deliver},
    };
    snprintf(way, sizeof way, "delivered=%s", path);
    const struct duo_wish wish = by(way, &win32);
    run_way(test, &duo, &wish, "was handed the ring as a driver would be");
    files_remove(path);
}

/* ---- who is kept out ---- */

/* A host with nobody to serve. */
struct guarded {
    fr_capture_params params;
    struct peer peer;
    char target[16];
};

static void guarded_init(struct guarded *g, struct selftest *test, const fr_win32_host_params *win32)
{
    *g = (struct guarded){.params = {.target_id = 0x5e200000u | ((uint32_t)fr_clock_now_ns() >> 8 & 0xffffu),
                                     .backend = FR_BACKEND_CPU,
                                     .win32 = win32,
                                     .log = selftest_log(test)}};
    g->params.preferred = (fr_mode){DUO_WIDTH, DUO_HEIGHT, 60000};
    g->params.timing.attach_wait_ns = 3 * NS_PER_S;
    snprintf(g->target, sizeof g->target, "%" PRIu32, g->params.target_id);
    peer_init(&g->peer);
}

/* Wine makes pipes with a descriptor, and does not look at it. */
static bool ignores_pipe_descriptors(void)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    return ntdll && GetProcAddress(ntdll, "wine_get_version");
}

/* Waits for a source that cannot come. False: it came, or the host did not open; the row has failed. */
static bool nobody_came(struct selftest *test, struct guarded *g)
{
    fr_capture *capture;
    const fr_status status = fr_capture_open(&capture, &g->params, NULL);
    fr_capture_close(&capture);
    if (status == FR_ERR_PERMISSION || status == FR_ERR_NEVER_ATTACHED)
        return true;
    if (status == FR_ERR_TARGET_BUSY || status == FR_ERR_SYSTEM || status == FR_ERR_NO_MEMORY)
        selftest_fail(test, "the host does not open: %s", selftest_reason(test, status));
    else
        selftest_fail(test, "a source came in that must be kept out (%s)", fr_status_text(status));
    return false;
}

static bool are_system(struct selftest *test)
{
    bool is_system = false;
    char sddl[256];
    if (!own_user(&is_system, sddl, sizeof sddl))
        selftest_fail(test, "the user of this process is not known");
    else if (is_system)
        selftest_not_available(test, "this runs as SYSTEM, which may open everything; run it as a user");
    else
        return false;
    return true;
}

static void pipe_dacl(struct selftest *test)
{
    const fr_win32_host_params win32 = {.sddl = system_only};
    struct guarded g;
    if (are_system(test))
        return;
    if (ignores_pipe_descriptors()) {
        selftest_not_available(test, "Wine does not look at the descriptor of a pipe");
        return;
    }
    guarded_init(&g, test, &win32);
    const char *const words[] = {g.target, NULL};
    if (peer_start(test, &g.peer, "refused", words, -1) && nobody_came(test, &g)) {
        const char *reason = peer_expect(test, &g.peer, "refused", REFUSAL_MS);
        if (reason && atoi(reason) == FR_ERR_PERMISSION)
            selftest_pass(test, "a pipe for SYSTEM alone refused this user");
        else if (reason)
            selftest_fail(test, "a pipe for SYSTEM alone ended this user's attempt otherwise: %s", reason);
    }
    (void)peer_finish(&g.peer, 100);
}

/* The image of every source is looked at: ours is not a driver's host. */
static void pipe_image(struct selftest *test)
{
    const fr_win32_host_params win32 = {.source_image = "C:\\Windows\\System32\\WUDFHost.exe"};
    struct guarded g;
    guarded_init(&g, test, &win32);
    const char *const words[] = {g.target, NULL};
    if (peer_start(test, &g.peer, "refused", words, -1) && nobody_came(test, &g)) {
        const char *reason = peer_expect(test, &g.peer, "refused", REFUSAL_MS);
        if (reason)
            selftest_pass(test, "a source of another image was turned away: %s", reason);
    }
    (void)peer_finish(&g.peer, 100);
}

static void named_dacl(struct selftest *test)
{
    static const char prefix[] = "Local\\framering-selftest";
    const fr_win32_host_params win32 = {
        .channel = FR_WIN32_CHANNEL_NAMED, .sddl = system_only, .name_prefix = prefix};
    struct guarded g;
    char name[WORD_MAX];
    if (are_system(test))
        return;
    guarded_init(&g, test, &win32);
    snprintf(name, sizeof name, "%s-hdr-%s", prefix, g.target);
    const char *const words[] = {name, NULL};
    if (peer_start(test, &g.peer, "open-name", words, -1) && nobody_came(test, &g)) {
        const char *error = peer_expect(test, &g.peer, "error", REFUSAL_MS);
        if (error) {
            selftest_code(test, strtoul(error, NULL, 10));
            if (strtoul(error, NULL, 10) == ERROR_ACCESS_DENIED)
                selftest_pass(test, "a name for SYSTEM alone refused this user");
            else
                selftest_fail(test, "a name for SYSTEM alone was opened by this user, or not there");
        }
    }
    (void)peer_finish(&g.peer, 100);
}

int selftest_open_name_peer(int argc, char **argv)
{
    wchar_t name[WORD_MAX];
    if (argc != 1 || !text_to_wide(argv[0], name, WORD_MAX))
        return EXIT_USAGE;
    const uint64_t until_ns = fr_clock_now_ns() + TAKE_MS * NS_PER_MS;
    DWORD error = ERROR_FILE_NOT_FOUND;
    while (error == ERROR_FILE_NOT_FOUND && fr_clock_now_ns() < until_ns) {
        HANDLE section = OpenFileMappingW(FILE_MAP_READ, FALSE, name);
        error = section ? ERROR_SUCCESS : GetLastError();
        if (section)
            CloseHandle(section);
        clock_sleep_ns(LOOK_MS * NS_PER_MS);
    }
    peer_say("error %lu", error);
    return EXIT_DONE;
}

static const struct selftest_row rows[] = {
    {"channel", "pipe", "a source that finds its host by the pipe", 30000, false, pipe_row, NULL},
    {"channel", "busy", "a second source is turned away", 30000, false, selftest_channel_busy, NULL},
    {"channel", "pipe-dacl", "a pipe for somebody else", 30000, false, pipe_dacl, NULL},
    {"channel", "pipe-image", "a source of another program", 30000, false, pipe_image, NULL},
    {"channel", "delivered", "handles carried by the host's program, as to a driver", 30000, false, delivered,
     NULL},
    {"channel", "named", "objects with names", 30000, false, named, NULL},
    {"channel", "named-global", "the same for every session", 30000, false, named_global, NULL},
    {"channel", "named-dacl", "names for somebody else", 30000, false, named_dacl, NULL},
};
const struct selftest_rows selftest_channel = {rows, sizeof rows / sizeof rows[0]};
