/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "server.h"

#include <framering/frame.h>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <xcb/composite.h>
#include <xcb/damage.h>
#include <xcb/randr.h>
#include <xcb/shm.h>
#include <xcb/xcbext.h>
#include <xcb/xfixes.h>

/* How long the server may be silent while both run: when the machine stood still, this process may go on
 * before the server does. */
static const uint64_t reply_timeout_ns = 2 * FR_NS_PER_S, look_ns = 100 * FR_NS_PER_MS;

enum { CONNECT_TIMEOUT_S = 5 };

static volatile sig_atomic_t connect_s;

/* Once a second; the seconds in which this process was stopped come as one. libxcb waits for the server's
 * greeting without a bound of its own, and takes signals for nothing. */
static void look_at_connecting(int signal_number)
{
    static const char text[] =
        "framering-source-x11: the X server takes the connection but does not answer\n";
    (void)signal_number;
    if (++connect_s < CONNECT_TIMEOUT_S)
        return;
    if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
        _exit(FR_EXIT_FAILED);
    _exit(FR_EXIT_FAILED);
}

static xcb_connection_t *connect_in_time(const char *name, int *screen)
{
    const struct itimerval every_second = {{.tv_sec = 1}, {.tv_sec = 1}}, never = {{0}, {0}};
    struct sigaction action = {.sa_handler = look_at_connecting, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    connect_s = 0;
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &every_second, NULL);
    xcb_connection_t *connection = xcb_connect(name, screen);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    return connection;
}

static bool connect_server(fr_x11_server *server, const char *name)
{
    server->name = name ? name : getenv("DISPLAY");
    if (!server->name || !*server->name) {
        fr_program_say(server->program, "no X server is named: set DISPLAY or give --display");
        return false;
    }
    int number = 0;
    server->connection = connect_in_time(server->name, &number);
    if (xcb_connection_has_error(server->connection)) {
        fr_program_say(
            server->program,
            "cannot reach the X server at \"%s\": is it running, and may this user use it (XAUTHORITY)?",
            server->name);
        return false;
    }
    xcb_screen_iterator_t screens = xcb_setup_roots_iterator(xcb_get_setup(server->connection));
    for (; number > 0 && screens.rem > 1; number--)
        xcb_screen_next(&screens);
    server->screen = screens.data;
    return true;
}

bool fr_x11_server_is_alive(fr_x11_server *server)
{
    if (!server->lost && xcb_connection_has_error(server->connection)) {
        server->lost = true;
        fr_program_say(server->program, "the X server at \"%s\" has gone away", server->name);
    }
    return !server->lost;
}

void *fr_x11_wait_reply(fr_x11_server *server, unsigned int sequence, uint8_t *error_code)
{
    uint64_t silent_ns = 0;
    *error_code = 0;
    xcb_flush(server->connection);
    while (fr_x11_server_is_alive(server)) {
        void *reply = NULL;
        xcb_generic_error_t *error = NULL;
        if (xcb_poll_for_reply(server->connection, sequence, &reply, &error)) {
            if (error)
                *error_code = error->error_code;
            free(error);
            if (!reply && !*error_code)
                fr_x11_server_is_alive(server);
            return reply;
        }
        if (silent_ns >= reply_timeout_ns) {
            server->lost = true;
            fr_program_say(server->program, "the X server at \"%s\" has not answered for 2 s", server->name);
            return NULL;
        }
        const uint64_t start_ns = fr_clock_now_ns();
        struct pollfd fd = {.fd = xcb_get_file_descriptor(server->connection), .events = POLLIN};
        poll(&fd, 1, (int)(look_ns / FR_NS_PER_MS));
        const uint64_t took_ns = fr_clock_now_ns() - start_ns;
        silent_ns += took_ns < look_ns ? took_ns : look_ns;
    }
    return NULL;
}

bool fr_x11_wait_done(fr_x11_server *server, xcb_void_cookie_t cookie)
{
    uint8_t error_code;
    /* The reply to a later request proves that the earlier one is done, so the check below does not wait. */
    void *reply = fr_x11_wait_reply(server, xcb_get_input_focus(server->connection).sequence, &error_code);
    if (!reply)
        return false;
    free(reply);
    xcb_generic_error_t *error = xcb_request_check(server->connection, cookie);
    free(error);
    return !error;
}

static bool find_extension(fr_x11_server *server, xcb_extension_t *extension, uint8_t *first_event)
{
    const xcb_query_extension_reply_t *data = xcb_get_extension_data(server->connection, extension);
    if (!data || !data->present)
        return false;
    *first_event = data->first_event;
    return true;
}

static bool refuse(const fr_x11_server *server, const char *what)
{
    fr_program_say(server->program, "the X server at \"%s\" has no %s, which the capture needs", server->name,
                   what);
    return false;
}

static bool has_fd_passing(fr_x11_server *server)
{
    uint8_t unused, error_code;
    if (!find_extension(server, &xcb_shm_id, &unused))
        return false;
    xcb_shm_query_version_reply_t *reply =
        fr_x11_wait_reply(server, xcb_shm_query_version(server->connection).sequence, &error_code);
    const bool has = reply && (reply->major_version > 1 || reply->minor_version >= 2);
    free(reply);
    return has;
}

/* These extensions refuse everything until they were asked for their version. */
static bool enable(fr_x11_server *server, unsigned int sequence)
{
    uint8_t error_code;
    void *reply = fr_x11_wait_reply(server, sequence, &error_code);
    free(reply);
    return reply != NULL;
}

static bool find_extensions(fr_x11_server *server, bool with_composite)
{
    xcb_connection_t *connection = server->connection;
    uint8_t unused;
    if (!has_fd_passing(server))
        return refuse(server, "MIT-SHM 1.2 (a server on another machine cannot have it)");
    if (!find_extension(server, &xcb_damage_id, &server->damage_event) ||
        !enable(server, xcb_damage_query_version(connection, 1, 1).sequence))
        return refuse(server, "DAMAGE extension");
    if (!find_extension(server, &xcb_xfixes_id, &server->xfixes_event) ||
        !enable(server, xcb_xfixes_query_version(connection, 4, 0).sequence))
        return refuse(server, "XFIXES extension");
    if (with_composite && (!find_extension(server, &xcb_composite_id, &unused) ||
                           !enable(server, xcb_composite_query_version(connection, 0, 4).sequence)))
        return refuse(server, "COMPOSITE extension");
    if (find_extension(server, &xcb_randr_id, &server->randr_event))
        enable(server, xcb_randr_query_version(connection, 1, 3).sequence);
    return !server->lost;
}

bool fr_x11_server_init(fr_x11_server *server, const fr_program *program, const char *name,
                        bool with_composite)
{
    *server = (fr_x11_server){.program = program};
    if (connect_server(server, name) && find_extensions(server, with_composite))
        return true;
    fr_x11_server_finish(server);
    return false;
}

void fr_x11_server_finish(fr_x11_server *server)
{
    if (server->connection)
        xcb_disconnect(server->connection);
    server->connection = NULL;
}
