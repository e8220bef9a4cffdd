/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The shortest source: a colour that changes, at 60 Hz, into target 7, or into the host that started it. */

#include <framering/source.h>

#include <stdio.h>

static void write_log(void *user, fr_log_level level, const char *text)
{
    (void)user, (void)level;
    fprintf(stderr, "%s\n", text);
}

static void draw(const fr_slot *slot)
{
    const uint8_t value = (uint8_t)slot->sequence;
    for (uint32_t y = 0; y < slot->height; y++) {
        uint8_t *row = (uint8_t *)slot->pixels + y * slot->pitch_bytes;
        for (uint32_t x = 0; x < slot->width; x++) {
            row[4 * x] = value;
            row[4 * x + 1] = (uint8_t)(255 - value);
            row[4 * x + 2] = (uint8_t)(x + y);
            row[4 * x + 3] = 255;
        }
    }
}

int main(void)
{
    fr_source_params params = {.target_id = 7, .name = "example", .log = {.write = write_log}};
    params.display.mode = (fr_mode){1280, 720, 60000};
    params.display.colour_state = FR_COLOUR_STATE_SDR;
    fr_source *source;
    if (fr_source_open(&source, &params) < 0)
        return 1;
    for (;;) {
        const fr_status status = fr_source_poll(source, 16666667);
        if (status < 0 || status == FR_END)
            break;
        fr_slot slot;
        if (status == FR_AGAIN || fr_source_begin(source, &slot) != FR_OK)
            continue; /* no host, or the host is making a new ring */
        draw(&slot);
        fr_source_publish(source, NULL);
    }
    fr_source_close(&source);
    return 0;
}
