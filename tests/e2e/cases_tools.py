# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""The other commands, as a person runs them."""

import json
import struct

from harness import check, everywhere, one_sentence, wait_for


@everywhere
def case_help(world):
    """--help of every command fits 80 columns and exits with 0."""
    for command in ((), ("capture",), ("source",), ("watch",), ("probe",), ("convert",), ("bench",), ("selftest",),
                    *(("source", kind) for kind in (("pattern", "file") if world.windows else ("pattern", "x11", "file")))):
        done = world.fr(*command, "--help").expect(0)
        check(done.out and not done.err, f"{command}: {done.err!r}")
        wide = [line for line in done.out.splitlines() if len(line) > 80]
        check(not wide, f"{command}: wider than 80 columns: {wide}")
    check(world.fr("--version").expect(0).out.startswith("framering 0."), "--version")


@everywhere
def case_probe(world):
    """probe names encoders, backends and sources, and why one cannot be used."""
    report = json.loads(world.fr("probe", "--json").expect(0).out)
    text = world.fr("probe").expect(0).out
    for word in ("libx264", "h264_nvenc", "cpu", "pattern"):
        check(word in text and word in json.dumps(report), f"probe does not speak of {word}")


@everywhere
def case_watch(world):
    """watch lists targets and samples a running session without disturbing it."""
    host = world.fr_start("capture", "--json", "--source", "pattern", "--size", "320x180", "--target", "6", "--for", "5s", "a.mkv")
    world.wait_for_target(6)
    wait_for(lambda: (world.folder / "a.mkv").exists() and (world.folder / "a.mkv").stat().st_size > 500, 10, "nothing recorded")
    if not world.windows:  # Wine does not list its pipes
        check("6" in world.fr("watch", "--list").expect(0).out, "target 6 is not listed")
    done = world.fr("watch", "6", "--json", "--samples", "4", "--every", "200ms").expect(0)
    samples = [json.loads(line) for line in done.out.strip().splitlines()]
    check(len(samples) >= 4, f"{len(samples)} samples")
    text = world.fr("watch", "6", "--samples", "2", "--every", "200ms").expect(0).out
    check("320x180" in text, f"{text!r}")
    summary = host.finish().expect(0).json()
    check(summary["generations"] == 1, "watching made a new generation")
    done = world.fr("watch", "99")
    check(done.code == 1, f"exit code {done.code}")
    one_sentence(done, "99")


@everywhere
def case_convert(world):
    """convert turns raw frames into raw frames, also through pipes, and refuses half a frame."""
    pixel = bytes((0, 0, 255, 255))  # BGRA red
    (world.folder / "in.bgra").write_bytes(pixel * (16 * 8) * 2)
    world.fr("convert", "--from", "bgra", "--to", "nv12", "--size", "16x8", "in.bgra", "out.nv12").expect(0)
    out = (world.folder / "out.nv12").read_bytes()
    check(len(out) == 2 * 16 * 12, f"{len(out)} bytes")
    check((out[0], out[128], out[129]) == (63, 102, 240), f"red became {out[0]}, {out[128]}, {out[129]}")
    half = struct.pack("<4e", 1.0, 1.0, 1.0, 1.0)
    (world.folder / "in.f16").write_bytes(half * (4 * 4))
    world.fr("convert", "--from", "rgba16f", "--to", "p010", "--size", "4x4", "in.f16", "out.p010").expect(0)
    codes = struct.unpack("<24H", (world.folder / "out.p010").read_bytes())
    check(codes[0] >> 6 == 490 and codes[16] >> 6 == 512, f"80 cd/m2 became {codes[0] >> 6}, {codes[16] >> 6}")
    (world.folder / "half.bgra").write_bytes(pixel * (16 * 8 + 5))
    done = world.fr("convert", "--from", "bgra", "--to", "nv12", "--size", "16x8", "half.bgra", "half.nv12").expect(1)
    one_sentence(done, "half.bgra")
    check((world.folder / "half.nv12").stat().st_size == 16 * 12, "the whole frame before it is lost")


@everywhere
def case_bench(world):
    """bench runs and reports ratios."""
    report = json.loads(world.fr("bench", "handoff", "--json", "--for", "1s", timeout=120).expect(0).out)
    check(report, f"bench handoff: {report}")
    report = json.loads(world.fr("bench", "session", "--json", "--for", "1s", timeout=120).expect(0).out)
    check(set(report) >= {"fresh", "dropped", "host_cpu_pct", "rss_beyond_rings_mib", "idle_cpu_pct"}, f"{report}")
    report = json.loads(world.fr("bench", "scale", "--json", "--for", "1s", timeout=120).expect(0).out)
    check(report and set(report[0]) >= {"targets", "busy", "cpu_pct", "rss_mib", "wakeups_per_s"}, f"{report}")
    rows = json.loads(world.fr("bench", "convert", "--json", timeout=120).expect(0).out)
    rows = rows if isinstance(rows, list) else rows["convert"]
    check(set(rows[0]) >= {"kernel", "isa", "width", "height", "threads", "ms", "bound_ms", "ratio"}, f"{rows[0]}")
