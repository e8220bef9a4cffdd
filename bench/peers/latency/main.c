/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * framering-peers-latency [DISPLAY]
 *
 * Paints a number on an X display, a new one every 37 ms, and takes a recording of it as H.264 in an MPEG
 * transport stream at a UDP port of its own, which it prints first. Ends by SIGTERM or SIGINT, after a minute
 * at the latest, and prints how long after a number was painted the last byte of the first packet came that
 * shows it.
 */

#include "latency.h"
#include "measure.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* No multiple of a frame at 60 Hz, so that the numbers fall anywhere between two of them. */
#define PAINT_NS (37 * NS_PER_MS)
#define RUN_NS (60 * NS_PER_S)
enum {
    MAX_NUMBERS = RUN_NS / PAINT_NS + 2,
    DATAGRAM_BYTES = 65536,
    BUFFER_BYTES = 8 << 20,
    WARM_NUMBERS = 10
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

struct meter {
    uint64_t painted_ns[MAX_NUMBERS];
    unsigned painted, newest;
    struct samples latency;
};

static int open_socket(void)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = BUFFER_BYTES;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, length) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        fprintf(stderr, "no UDP port\n");
        return -1;
    }
    printf("%u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void run(struct meter *meter, struct screen *screen, int fd, struct stream *stream)
{
    static uint8_t datagram[DATAGRAM_BYTES];
    const uint64_t end = now_ns() + RUN_NS;
    uint64_t due = now_ns();
    while (!stopped && now_ns() < end) {
        uint64_t now = now_ns();
        if (now >= due && meter->painted < MAX_NUMBERS) {
            meter->painted_ns[meter->painted] = now;
            if (!screen_paint(screen, (uint16_t)meter->painted++))
                break;
            due = now + PAINT_NS;
        }
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, (int)((due - now) / NS_PER_MS) + 1) <= 0)
            continue;
        const ssize_t bytes = recv(fd, datagram, sizeof datagram, MSG_DONTWAIT);
        if (bytes > 0)
            stream_add(stream, datagram, (size_t)bytes, now_ns());
    }
}

/* Only the first picture that shows a number counts. */
static void on_picture(void *user, uint16_t number, uint64_t arrived_ns)
{
    struct meter *meter = user;
    if (number >= meter->painted || number <= meter->newest || arrived_ns < meter->painted_ns[number])
        return;
    /* The first numbers were painted before the recorder was there. */
    if (meter->newest != 0 && number > WARM_NUMBERS)
        samples_add(&meter->latency, arrived_ns - meter->painted_ns[number]);
    meter->newest = number;
}

int main(int argc, char **argv)
{
    static struct meter meter;
    struct stream stream = {.packets = NULL};
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    struct screen *screen = screen_open(argc > 1 ? argv[1] : NULL);
    const int fd = screen ? open_socket() : -1;
    bool good = fd >= 0;
    if (good) {
        run(&meter, screen, fd, &stream);
        good = decode_stamps(&stream, on_picture, &meter);
    }
    if (good)
        printf("{\"painted\": %u, \"packets\": %zu, \"seen\": %zu, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
               meter.painted, stream.count, meter.latency.count,
               (double)samples_at(&meter.latency, 0.5) / 1e3, (double)samples_at(&meter.latency, 0.99) / 1e3);
    if (screen)
        screen_close(screen);
    stream_finish(&stream);
    samples_finish(&meter.latency);
    return good ? 0 : 1;
}
