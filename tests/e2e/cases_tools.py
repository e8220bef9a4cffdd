# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""The other commands, as a person runs them."""

import json
import pathlib
import struct
import xml.etree.ElementTree

from cases_session import wait_for_windows
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


def watched(world, *arguments):
    """What watch says. A host that is not run just then does not answer in time, and counts as dead."""
    def look():
        done = world.fr("watch", *arguments)
        return done if "no host answers" not in done.err else None
    return wait_for(look, 30, "no host answers").expect(0)


@everywhere
def case_watch(world):
    """watch lists targets and samples a running session without disturbing it."""
    host = world.fr_start("capture", "--json", "--source", "pattern", "--size", "320x180", "--target", "6", "--for", "120s", "a.mkv")
    world.wait_for_target(6)
    world.wait_for_file("a.mkv", 500)
    if not world.windows:  # Wine does not list its pipes
        wait_for(lambda: "6" in world.fr("watch", "--list").expect(0).out, 30, "target 6 is not listed")
    done = watched(world, "6", "--json", "--samples", "4", "--every", "200ms")
    samples = [json.loads(line) for line in done.out.strip().splitlines()]
    check(len(samples) >= 4, f"{len(samples)} samples")
    text = watched(world, "6", "--samples", "2", "--every", "200ms").out
    check("320x180" in text, f"{text!r}")
    summary = host.interrupt().expect(0).json()
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


def numbers(row, names, least=0.0):
    """Each is a number above `least`."""
    for name in names:
        check(isinstance(row.get(name), (int, float)) and row[name] > least, f"{name} in {row}")


@everywhere
def case_bench_convert(world):
    """bench convert: every kernel by its name, each beside a bound, one thread and several."""
    rows = world.fr("bench", "convert", "--json", "--for", "3ms", "--size", "640x420", "--threads", "2", timeout=120).expect(0).json()
    for row in rows:
        check(set(row) >= {"kernel", "isa", "width", "height", "threads", "ms", "bound_ms", "ratio", "bound"}, f"{row}")
        numbers(row, ("ms", "bound_ms", "ratio"))
        check((not row["isa"] or row["kernel"].endswith("_" + row["isa"])) and (row["width"], row["height"]) == (640, 420), f"{row}")
    reference = [row for row in rows if row["isa"] == "c"]
    check(len({(row["kernel"], row.get("sdr_map")) for row in reference}) >= 6, f"{reference}")
    check({row["threads"] for row in rows} == {1, 2}, f"{rows}")
    check({row["kernel"] for row in rows if not row["isa"]} == {"slot_write_bgra8", "slot_write_rgba16f"}, f"{rows}")
    text = world.fr("bench", "convert", "--for", "1ms", "--size", "64x64", timeout=60).expect(0).out
    check("convert_bgra_nv12_c" in text and "bound" in text, text)
    world.fr("bench", "convert", "--for", "1ms", "--size", "1x1", timeout=60).expect(0)


@everywhere
def case_bench_handoff(world):
    """bench handoff: hosts that sleep, look when a frame is due and spin, beside bare wake-ups."""
    report = world.fr("bench", "handoff", "--json", "--for", "1s", timeout=120).expect(0).json()
    sleep, look, spin = report["sleep"], report["look"], report["spin"]
    bare = ("event_rtt_p50_us",) if world.windows else ("eventfd_rtt_p50_us", "futex_rtt_p50_us")
    numbers(sleep, ("p50_us", "p99_us", "frames", "ratio") + bare)
    numbers(look, ("p99_us", "frames", "spin_us"))
    numbers(spin, ("p99_us", "frames"))
    for host in sleep, look, spin:
        check(host["p50_us"] <= host["p99_us"] < 1e6 and 0 <= host["cpu_pct"] <= 110, f"{report}")
    check(0 <= look["looked_pct"] <= 100, f"{report}")
    text = world.fr("bench", "handoff", "--for", "500ms", timeout=120).expect(0).out
    check("spins" in text and "is due" in text and "ratio" in text, text)


@everywhere
def case_bench_session(world):
    """bench session: a whole capture beside the sum of its stages."""
    report = world.fr("bench", "session", "--json", "--for", "1s", "--size", "640x360", timeout=120).expect(0).json()
    check(set(report) >= {"fresh", "dropped", "host_cpu_pct", "rss_beyond_rings_mib", "idle_cpu_pct"}, f"{report}")
    numbers(report, ("fresh", "session_us", "ratio"))
    numbers(report["stages_us"], ("wake", "convert", "encode"))
    check("stage alone" in world.fr("bench", "session", "--for", "300ms", "--size", "320x180", timeout=120).expect(0).out, "no stages")


@everywhere
def case_bench_scale(world):
    """bench scale: several targets in one process, idle and busy."""
    rows = world.fr("bench", "scale", "--json", "--for", "500ms", "--size", "320x180", "--targets", "4", timeout=120).expect(0).json()
    check([(row["targets"], row["busy"]) for row in rows] == [(1, False), (1, True), (4, False), (4, True)], f"{rows}")
    for row in rows:
        check(set(row) >= {"cpu_pct", "rss_mib", "wakeups_per_s"}, f"{row}")
        numbers(row, ("fresh_per_s",) if row["busy"] else ("repeats_per_s", "bare_cpu_pct"), least=-1 if world.windows else 0)
    text = world.fr("bench", "scale", "--for", "200ms", "--size", "64x64", "--targets", "1", timeout=60).expect(0).out
    check("wake-ups" in text, text)


def case_bench_typing(world):
    """bench session --typing: what changes on an X display, as part of whole pictures; nothing changes: a failure."""
    world.xvfb(1280, 720)
    one_sentence(world.fr("bench", "session", "--typing", "--for", "1s", timeout=60).expect(1), "changed")
    world.start("xterm", "-T", "typing", "-geometry", "60x10+40+40", "-e", "sh", "-c", "while :; do printf x; sleep 0.03; done",
                env={"DISPLAY": world.env["DISPLAY"]})
    wait_for_windows(world, "typing")
    report = world.fr("bench", "session", "--typing", "--json", "--for", "4s", timeout=60).expect(0).json()
    numbers(report, ("damage_frames", "whole_frames", "damage_mean_us", "whole_mean_us", "cost_pct"))
    check((report["width"], report["height"]) == (1280, 720), f"{report}")


def case_bench_report(world):
    """bench/report measures everything, quickly, and writes a document with plots; a part that fails is told."""
    script = str(pathlib.Path(__file__).resolve().parent.parent.parent / "bench" / "report")
    world.run(script, "--quick", "--build", str(world.build), "--out", world.path("out"), timeout=220).expect(0)
    text = (world.folder / "out" / "performance.md").read_text()
    for word in ("## To reach", "## Conversion", "## Hand-off", "## A session", "## Many targets", "## Remarks", "BGRA → NV12"):
        check(word in text, f"the document lacks {word!r}")
    check("None" not in text, "a figure is None")
    plots = list((world.folder / "out" / "performance").glob("*.svg"))
    check({plot.stem for plot in plots} >= {"convert", "handoff", "scale"}, f"{plots}")
    for plot in plots:
        check(xml.etree.ElementTree.parse(plot).getroot().tag.endswith("svg"), f"{plot}")
        check("(performance/" + plot.name + ")" in text, f"{plot.name} is not shown")
    done = world.run(script, "--quick", "--build", world.path("nothing"), "--out", world.path("none"), timeout=60)
    check(done.code == 1 and "convert" in done.err, f"{done.code}: {done.err!r}")


@everywhere
def case_bench_refuses(world):
    """bench takes nothing that it does not know."""
    for arguments in ((), ("speed",), ("convert", "handoff"), ("scale", "--targets", "65"), ("convert", "--threads", "0"),
                      ("session", "--for", "soon")):
        one_sentence(world.fr("bench", *arguments).expect(2))
