/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "watch_model.h"

#include "clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static double rate(uint64_t before, uint64_t now, bool anew, double seconds)
{
    uint64_t from = anew || now < before ? 0 : before;
    return (double)(now - from) / seconds;
}

void watch_rates_between(const fr_observation *before, const fr_observation *now, struct watch_rates *out)
{
    memset(out, 0, sizeof *out);
    if (!before->has_header || !now->has_header || now->at_ns <= before->at_ns)
        return;
    double seconds = (double)(now->at_ns - before->at_ns) / (double)NS_PER_S;
    bool anew = before->header.v1.generation != now->header.v1.generation;
    const fr_wire_source *s0 = &before->header.source, *s1 = &now->header.source;
    out->offered = rate(s0->offered, s1->offered, anew, seconds);
    out->published = rate(s0->published, s1->published, anew, seconds);
    out->dropped = rate(s0->dropped, s1->dropped, anew, seconds);
    out->mismatched = rate(s0->mismatched, s1->mismatched, anew, seconds);
    out->taken = rate(before->header.host.taken, now->header.host.taken, anew, seconds);
    out->repeated = rate(before->header.host.repeated, now->header.host.repeated, anew, seconds);
}

const char *watch_host_state(uint32_t state)
{
    static const char *const names[] = {"absent", "active", "rebuilding", "dead"};
    return state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

const char *watch_source_status(uint32_t status)
{
    static const char *const names[] = {"none", "opened", "texture failed", "no device", "wrong target"};
    return status < sizeof names / sizeof names[0] ? names[status] : "unknown";
}

const char *watch_slot_state(uint32_t state)
{
    static const char *const names[] = {"free", "writing", "published", "reading"};
    uint32_t low = state & 0xffu;
    return low < sizeof names / sizeof names[0] ? names[low] : "damaged";
}

char *watch_age(char *out, size_t bytes, uint64_t now_ns, uint64_t then_ns)
{
    uint64_t age = now_ns > then_ns ? now_ns - then_ns : 0;
    if (then_ns == 0)
        snprintf(out, bytes, "-");
    else if (age < NS_PER_S)
        snprintf(out, bytes, "%" PRIu64 " ms", age / NS_PER_MS);
    else
        snprintf(out, bytes, "%.1f s", (double)age / (double)NS_PER_S);
    return out;
}

static bool means_not_found(uint32_t error)
{
    return error == 0x80070002u || error == 2u; /* ERROR_FILE_NOT_FOUND as HRESULT; ENOENT */
}

size_t watch_aids(const fr_wire_v2 *header, uint32_t target_id, const char *out[WATCH_AIDS_MAX])
{
    const fr_wire_debug *debug = &header->debug;
    size_t count = 0;
    if (debug->magic != FR_WIRE_DEBUG_MAGIC) {
        out[0] = "there is no debug block: no source has opened the ring, or it is of an old version";
        return 1;
    }
    if (debug->run_core_entries == 0)
        out[count++] = "run_core_entries is 0: the source's frame loop never ran";
    if (debug->resolved_target_id != target_id && debug->run_core_entries)
        out[count++] = "resolved_target_id is not this target: the source feeds another display";
    if (means_not_found(debug->last_open_error) && !debug->header_opened)
        out[count++] = "last_open_error says not found: the source looks for a header under another name";
    if (debug->header_open_attempts && !debug->header_opened && !means_not_found(debug->last_open_error))
        out[count++] = "header_opened is 0: the source tried, and could not open the header";
    if (debug->header_opened && debug->frames_acquired == 0 && header->source.offered == 0)
        out[count++] = "frames_acquired is 0: the display is idle, nothing was composed";
    if (count == 0)
        out[count++] = "nothing unusual: the source runs, found the header and acquired frames";
    return count;
}

char *watch_line(char *out, size_t bytes, uint32_t target_id, const fr_observation *seen,
                 const struct watch_rates *rates)
{
    char host_age[24], source_age[24];
    const fr_wire_v2 *h = &seen->header;
    if (!seen->has_header) {
        snprintf(out, bytes, "target %u: no ring yet", target_id);
        return out;
    }
    int used = snprintf(out, bytes, "target %u: %s, source %s (pid %u), %ux%u %s, generation %u, frame %u",
                        target_id, watch_host_state(h->host.state), watch_source_status(h->v1.status),
                        h->source.pid, h->v1.width, h->v1.height, fr_format_name((fr_format)h->v1.format),
                        h->v1.generation, seen->latest.sequence);
    if (!rates || used < 0 || (size_t)used >= bytes)
        return out;
    snprintf(
        out + used, bytes - (size_t)used,
        ", published %.1f/s, taken %.1f/s, repeated %.1f/s, dropped %.1f/s, heartbeats host %s source %s",
        rates->published, rates->taken, rates->repeated, rates->dropped,
        watch_age(host_age, sizeof host_age, seen->at_ns, h->host.heartbeat_ns),
        watch_age(source_age, sizeof source_age, seen->at_ns, h->source.heartbeat_ns));
    return out;
}

static json_t *big(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *slots_json(const fr_wire_v2 *header)
{
    json_t *slots = json_array();
    for (uint32_t i = 0; i < header->v1.ring_len && i < FR_WIRE_SLOTS_MAX; i++) {
        fr_token token = fr_token_unpack(header->slot[i].token);
        json_array_append_new(slots, json_pack("{s:s, s:o, s:o}", "state",
                                               watch_slot_state(header->slot[i].state), "generation",
                                               big(token.generation), "sequence", big(token.sequence)));
    }
    return slots;
}

static json_t *age_json(uint64_t now_ns, uint64_t then_ns)
{
    if (then_ns == 0)
        return json_null();
    return json_real(now_ns > then_ns ? (double)(now_ns - then_ns) / (double)NS_PER_MS : 0);
}

json_t *watch_json(uint32_t target_id, const fr_observation *seen, const struct watch_rates *rates)
{
    const fr_wire_v2 *h = &seen->header;
    json_t *object = json_pack("{s:o, s:o, s:b}", "target", big(target_id), "at_ns", big(seen->at_ns), "ring",
                               seen->has_header);
    if (!seen->has_header)
        return object;
    json_object_set_new(object, "version", big(h->v1.version));
    json_object_set_new(object, "generation", big(h->v1.generation));
    json_object_set_new(object, "width", big(h->v1.width));
    json_object_set_new(object, "height", big(h->v1.height));
    json_object_set_new(object, "format", json_string(fr_format_name((fr_format)h->v1.format)));
    json_object_set_new(object, "attaches", big(seen->attaches));
    json_object_set_new(object, "latest",
                        json_pack("{s:o, s:o, s:o}", "generation", big(seen->latest.generation), "sequence",
                                  big(seen->latest.sequence), "slot", big(seen->latest.slot)));
    json_object_set_new(object, "host",
                        json_pack("{s:s, s:o, s:o, s:o, s:o}", "state", watch_host_state(h->host.state),
                                  "pid", big(h->host.pid), "heartbeat_ms",
                                  age_json(seen->at_ns, h->host.heartbeat_ns), "taken", big(h->host.taken),
                                  "repeated", big(h->host.repeated)));
    json_object_set_new(object, "source",
                        json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "status",
                                  watch_source_status(h->v1.status), "status_detail",
                                  big(h->v1.status_detail), "pid", big(h->source.pid), "heartbeat_ms",
                                  age_json(seen->at_ns, h->source.heartbeat_ns), "offered",
                                  big(h->source.offered), "published", big(h->source.published), "dropped",
                                  big(h->source.dropped), "mismatched", big(h->source.mismatched)));
    if (rates)
        json_object_set_new(object, "per_s",
                            json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "offered", rates->offered,
                                      "published", rates->published, "dropped", rates->dropped, "mismatched",
                                      rates->mismatched, "taken", rates->taken, "repeated", rates->repeated));
    json_object_set_new(object, "slots", slots_json(h));
    return object;
}

json_t *watch_debug_json(uint32_t target_id, const fr_wire_v2 *header)
{
    const fr_wire_debug *debug = &header->debug;
    const char *aids[WATCH_AIDS_MAX];
    size_t count = watch_aids(header, target_id, aids);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(aids[i]));
    json_t *block =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "run_core_entries", big(debug->run_core_entries),
                  "resolved_target_id", big(debug->resolved_target_id), "header_open_attempts",
                  big(debug->header_open_attempts), "last_open_error", big(debug->last_open_error),
                  "header_opened", big(debug->header_opened), "frames_acquired", big(debug->frames_acquired),
                  "present", big(debug->magic == FR_WIRE_DEBUG_MAGIC));
    return json_pack("{s:o, s:o, s:o}", "target", big(target_id), "debug", block, "aids", list);
}
