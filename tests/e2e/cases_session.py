# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Whole sessions that go well: what was drawn is what was recorded."""

import json
import pathlib
import socket
import statistics
import time

from harness import Final, alone, check, everywhere, frames, print_flips, wait_for

TAGS_SDR = {"color_range": "tv", "color_space": "bt709", "color_transfer": "bt709", "color_primaries": "bt709",
            "chroma_location": "left"}
TAGS_HDR = {"color_range": "tv", "color_space": "bt2020nc", "color_transfer": "smpte2084",
            "color_primaries": "bt2020", "chroma_location": "left"}


def check_tags(world, file, tags, hdr):
    probe = world.probe(file)
    stream = probe["streams"][0]
    for name, value in tags.items():
        check(stream.get(name) == value, f"{file}: {name} is {stream.get(name)}, not {value}", Final)
    kinds = {data["side_data_type"] for data in probe["frames"][0].get("side_data_list", [])}
    for wanted in ("Mastering display metadata", "Content light level metadata"):
        check((wanted in kinds) == hdr, f"{file}: side data of the first frame: {sorted(kinds)}", Final)
    return stream


@everywhere
def case_sdr_h264_mkv(world):
    """An SDR pattern becomes an H.264 Matroska file with complete tags and no wrong frame."""
    summary = world.capture("--source", "pattern", "--size", "640x360", *frames(100, "8s"), "a.mkv")
    check(summary["fresh"] == 100, f"only {summary['fresh']} fresh frames in 8 s")
    check(summary["backend"] == "cpu" and summary["encoder"] == "libx264", f"{summary}")
    stream = check_tags(world, "a.mkv", TAGS_SDR, hdr=False)
    check((stream["width"], stream["height"], stream["codec_name"]) == (640, 360, "h264"), f"{stream}")
    stamps = world.stamps("a.mkv")
    check(stamps["frames"] == 100, f"{stamps}")


def case_hdr_hevc_mp4(world):
    """An HDR pattern becomes Main10 HEVC with PQ tags, mastering display and content light."""
    summary = world.capture("--source", "pattern", "--size", "640x360", "--hdr", *frames(100), "a.mp4")
    check(summary["encoder"] == "libx265", f"{summary}")
    stream = check_tags(world, "a.mp4", TAGS_HDR, hdr=True)
    check(stream["profile"] == "Main 10" and stream["pix_fmt"] == "yuv420p10le", f"{stream}")
    world.stamps("a.mp4")


def case_hdr_display_for_sdr_viewer(world):
    """An HDR display recorded for an SDR viewer is tone-mapped: NV12, BT.709 tags."""
    world.capture("--source", "pattern", "--size", "640x360", "--hdr", "--sdr", *frames(60), "a.mkv")
    check_tags(world, "a.mkv", TAGS_SDR, hdr=False)
    world.stamps("a.mkv")


def flip_session(world, out, *steps, count=60):
    """A session whose display takes these steps, each once so many frames of the state before were taken."""
    script = [word for step in (*steps, "exit") for word in ("--at", f"{count}f:{step}")]
    summary = world.capture("--source", "pattern", "--size", "640x360", *script, "--for", "100s", out)
    print_flips(summary)
    check(summary["end"] == "source_ended", f"{summary}")
    seen = world.stamps(*summary["files"])
    check(seen["frames"] > (10 if world.sanitized else count), f"{seen}")
    return summary


@alone
def case_hdr_flip(world):
    """HDR going on and off mid-session: new segments, tags that fit, nothing of an old generation."""
    summary = flip_session(world, "a.mkv", "hdr=on", "hdr=off", count=45)
    check([flip["kind"] for flip in summary["flips"]] == ["hdr", "hdr"], f"{summary['flips']}")
    world.check_time(all(flip["gap_ms"] < 1000 for flip in summary["flips"]), f"{summary['flips']}")
    check(len(summary["files"]) == 3, f"{summary['files']}")
    check_tags(world, summary["files"][0], TAGS_SDR, hdr=False)
    check_tags(world, summary["files"][1], TAGS_HDR, hdr=True)
    check_tags(world, summary["files"][2], TAGS_SDR, hdr=False)


@everywhere
@alone
def case_size_flip(world):
    """A new size mid-session: a new segment of that size."""
    summary = flip_session(world, "a.mp4", "size=800x450")
    check([flip["kind"] for flip in summary["flips"]] == ["size"], f"{summary['flips']}")
    world.check_time(summary["flips"][0]["gap_ms"] < 1000, f"{summary['flips']}")
    sizes = [(s["width"], s["height"]) for s in (world.probe(f)["streams"][0] for f in summary["files"])]
    check(sizes == [(640, 360), (800, 450)], f"{sizes}")
    keyframe = world.probe(summary["files"][1])["frames"][0]
    check(keyframe["key_frame"] == 1, f"{keyframe}")


@everywhere
def case_size_flip_in_place(world):
    """A transport stream takes a new size in place and plays through."""
    summary = flip_session(world, "a.ts", "size=800x450")
    check(summary["files"] == ["a.ts"] or len(summary["files"]) == 1, f"{summary['files']}")
    widths = {frame["width"] for frame in world.stamp_frames("a.ts")}
    check(widths == {640, 800}, f"{widths}")


@alone
def case_many_flips(world):
    """A display that changes every 300 ms (sooner under a sanitizer) is followed each time, in the median within 100 ms."""
    steps = [f"size={640 + 64 * i}x360" if i % 2 else f"hdr={'on' if i % 4 else 'off'}" for i in range(1, 9)]
    summary = flip_session(world, "a.mkv", *steps, count=6 if world.sanitized else 18)
    check(summary["generations"] == 9, f"{summary['generations']} generations")
    check([flip["kind"] for flip in summary["flips"]] == ["size", "hdr"] * 4, f"{summary['flips']}")
    # The median, and a loose bound elsewhere: the machine may take a pause of its own at any moment.
    world.check_time(statistics.median(flip["gap_ms"] for flip in summary["flips"]) < 100, f"{summary['flips']}")


@everywhere
def case_raw_outputs(world):
    """.y4m, hash: and null: hold what was captured."""
    summary = world.capture("--source", "pattern", "--size", "320x180", "--frames", "30", "a.y4m")
    stream = world.probe("a.y4m")["streams"][0]
    check((stream["width"], stream["height"], stream["pix_fmt"]) == (320, 180, "yuv420p"), f"{stream}")
    world.stamps("a.y4m")
    summary = world.capture("--source", "pattern", "--size", "320x180", "--frames", "30", "hash:")
    check(summary["hash"], f"{summary}")
    world.capture("--source", "pattern", "--size", "320x180", "--frames", "30", "null:")


def case_av1(world):
    """AV1 by SVT-AV1, SDR."""
    summary = world.capture("--source", "pattern", "--size", "640x360", "--codec", "av1", *frames(41, "60s"), "a.mkv")
    check(summary["encoder"] == "libsvtav1", f"{summary['encoder']}")
    check_tags(world, "a.mkv", {"color_space": "bt709", "color_transfer": "bt709", "color_primaries": "bt709"}, hdr=False)
    # At a preset that keeps up, SVT-AV1 1.4 keeps a block of the picture before now and then: of the three copies of a
    # stamp one or, in one session of ten, two cannot be read. The same frames in y4m or H.264 have all three.
    seen = world.stamps("a.mkv", blurred=2)
    check(seen["fresh"] >= 39, f"{seen}")


def receives(port):
    """Somebody has that port of UDP."""
    return any(line.split()[1].endswith(f":{port:04X}") for line in pathlib.Path("/proc/net/udp").read_text().splitlines()[1:])


def free_port(world):
    """A port of UDP that nobody has, below those that the system gives to whoever asks for any."""
    first = 20000 + world.framering.stat().st_ino % 10000
    for port in range(first, first + 1000):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    return None


@everywhere
def case_network_stream(world):
    """A transport stream over UDP on the loopback arrives and plays."""
    port = free_port(world)
    receiver = world.start("ffmpeg", "-v", "error", "-nostdin", "-y", "-i", f"udp://127.0.0.1:{port}?timeout=20000000",
                           "-frames:v", "60", "-c", "copy", "got.ts")
    wait_for(lambda: receives(port), 30, "nobody receives")
    sender = world.fr_start("capture", "--source", "pattern", "--size", "640x360", "--for", "120s",
                            f"udp://127.0.0.1:{port}?pkt_size=1316")
    receiver.finish()
    sender.interrupt().expect(0)
    arrived, _ = world.playable("got.ts")
    check(arrived > 30, f"{arrived} frames arrived")


@everywhere
def case_file_source(world):
    """A video that is played into the ring comes out with the stamps it had."""
    world.capture("--source", "pattern", "--size", "640x360", *frames(60), "--fps", "30", "in.mkv")
    before = world.stamps("in.mkv")
    summary = world.capture("--source", f"file:{world.path('in.mkv')}", "--no-repeats", "out.mkv")
    # A host that is not run for some time has the newest afterwards, and says how many it missed.
    came = summary["fresh"] + summary["dropped"] + summary["dropped_at_start"]
    check(came > 0.8 * before["frames"] - 5 and summary["fresh"] > 10, f"{summary} of {before['frames']} frames")
    world.stamps("out.mkv")


@everywhere
def case_file_source_unpaced(world):
    """A video played as fast as the ring takes it loses not one frame."""
    world.capture("--source", "pattern", "--size", "640x360", "--frames", "90", "--no-repeats", "in.y4m")
    before = world.stamps("in.y4m")
    summary = world.capture("--source", f"file:{world.path('in.y4m')}", "--unpaced", "--fps", "240", "--no-repeats", "out.y4m")
    check(summary["fresh"] == before["frames"] and summary["dropped"] == 0, f"{summary} of {before}")
    check(world.stamps("out.y4m")["fresh"] == before["fresh"], "stamps are missing")


def case_file_source_hdr(world):
    """An HDR10 video is played as FP16 scRGB and recorded as HDR10 again, with its own light levels."""
    world.capture("--source", "pattern", "--size", "640x360", "--hdr", *frames(60), "in.mkv")
    summary = world.capture("--source", f"file:{world.path('in.mkv')}", "out.mkv")
    check_tags(world, summary["files"][0], TAGS_HDR, hdr=True)
    world.stamps(summary["files"][0])


def wait_for_windows(world, *names):
    """Until they are on the screen."""
    def are_mapped():
        tree = world.run("xwininfo", "-root", "-tree").out
        return all(f'"{name}"' in tree for name in names) and \
            all("IsViewable" in world.run("xwininfo", "-name", name, "-stats").out for name in names)
    wait_for(are_mapped, 30, f"not all of {names} are on the screen")


def wait_until_still(world):
    """Until the source, which runs, has shown all that was drawn, and the host has taken it: for 600 ms nothing came."""
    seen = []

    def is_still():
        sample = world.sample()
        if not sample or (sample["source"]["heartbeat_ms"] or 0) > 250 or any(slot["state"] == "published" for slot in sample["slots"]):
            seen.clear()
        else:
            seen.append((sample["source"]["published"], sample["host"]["taken"]))
        if len(seen) >= 3 and len(set(seen[-3:])) == 1:
            return True
        time.sleep(0.3)
        return False
    wait_for(is_still, 60, "the picture never stood still")


@alone
def case_x11_desktop_with_resize(world):
    """A desktop with real programs, resized live: both sizes are recorded, the picture is not black."""
    world.xvfb(1280, 720, clients=[("xterm", "-T", "text", "-geometry", "100x30+40+40", "-e", "sh", "-c",
                                     "while :; do date +%N; sleep 0.02; done"),
                                    ("xclock", "-update", "1", "-geometry", "200x200+900+100")])
    wait_for_windows(world, "text", "xclock")
    world.add_mode(1024, 576)
    capture = world.fr_start("capture", "--json", "--source", "x11", "--for", "120s", "a.mkv")
    first = world.wait_for_taken(30)
    world.wait_for_file("a.mkv")
    world.set_mode(1024, 576)
    world.wait_for_taken(30, other_than=first["generation"])
    summary = capture.interrupt().expect(0).json()
    print_flips(summary)
    check(len(summary["files"]) == 2, f"{summary['files']}")
    sizes = [(s["width"], s["height"]) for s in (world.probe(f)["streams"][0] for f in summary["files"])]
    check(sizes == [(1280, 720), (1024, 576)], f"{sizes}")
    world.check_time(summary["flips"][0]["gap_ms"] < 1000, f"{summary['flips']}")
    for file in summary["files"]:
        done = world.run("ffmpeg", "-v", "info", "-nostdin", "-i", file, "-vf", "blackframe=99:32", "-f", "null", "-")
        check("blackframe:" not in done.err or "pblack:100" not in done.err, f"{file} has black frames", Final)


def last_picture(world, name):
    data = (world.folder / name).read_bytes()
    head = data.index(b"\n") + 1
    width, height = (int(part[1:]) for part in data[:head].split()[1:3])
    return data[head:][-(width * height * 3 // 2):]


def type_words(world, geometry, count, pause):
    """An xterm in which somebody types so many words, and more until the case has seen enough; the function that says
    whether he is done."""
    done = world.folder / f"done{geometry}"
    script = (f"for i in $(seq 10000); do printf 'word %d, ' $i; sleep {pause}; [ $i -ge {count} ] && [ -e enough ] && break; "
              f"done; : >'{done}'; exec sleep 300")
    world.start("xterm", "-geometry", geometry, "-e", "sh", "-c", script, env={"DISPLAY": world.env["DISPLAY"]})
    return done.exists


def check_whole(world, capture, *typing):
    """Ends the typing and the capture, whose last picture has to be the one that is taken whole; its summary."""
    world.wait_for_taken(25)
    (world.folder / "enough").touch()
    wait_for(lambda: all(is_done() for is_done in typing), 100, "the typing does not end")
    wait_until_still(world)
    summary = capture.interrupt().expect(0).json()
    check(summary["fresh"] > 20, f"{summary['fresh']} fresh frames")
    world.capture("--source", "x11", "--frames", "5", "--for", "20s", "whole.y4m")
    check(last_picture(world, "parts.y4m") == last_picture(world, "whole.y4m"), "the last pictures differ", Final)
    return summary


def case_x11_damage(world):
    """A picture put together from what changed is the one that is taken whole, also where the pointer rests."""
    world.xvfb(640, 480)
    world.run("xdotool", "mousemove", "120", "60").expect(0)
    capture = world.fr_start("capture", "--json", "--source", "x11", "--for", "120s", "parts.y4m")
    before = world.wait_for_taken(1)
    is_done = type_words(world, "60x16+20+20", 60, 0.02)
    world.wait_for_taken(before["host"]["taken"] + 10)
    world.run("xdotool", "mousemove", "300", "100").expect(0)
    check_whole(world, capture, is_done)


def case_x11_damage_in_corners(world):
    """Two programs that draw all the time in two far corners: what lies between them is not converted, and no pixel is wrong."""
    world.xvfb(1280, 720)
    capture = world.fr_start("capture", "--json", "--source", "x11", "--for", "120s", "parts.y4m")
    world.wait_for_taken(1)
    typing = [type_words(world, corner, 250, 0.008) for corner in ("24x4+0+0", "24x4-0-0")]
    summary = check_whole(world, capture, *typing)
    check(0 < summary["converted_pct"] < 50, f"{summary['converted_pct']} % were converted")
    print(f"  {summary['fresh']} frames, of which {summary['converted_pct']:.2f} % were converted")


def case_idle_desktop(world):
    """A desktop on which nothing happens: one picture, then repeats, and it is no fault."""
    world.xvfb(640, 480)
    summary = world.capture("--source", "x11", "--frames", "150", "--for", "10s", "a.mkv")
    check(summary["fresh"] <= 3, f"{summary['fresh']} fresh frames on a still desktop")
    check(summary["repeats"] > 100, f"{summary['repeats']} repeats in 10 s")
    print(f"  cpu: {json.dumps(summary['cpu_pct'])}")


def case_one_window(world):
    """One window instead of the whole desktop."""
    world.xvfb(800, 600, clients=[("xclock", "-update", "1", "-geometry", "300x200+100+100")])
    done = wait_for(lambda: world.run("xwininfo", "-name", "xclock").out, 30, "xclock did not open")
    window = next(line.split()[3] for line in done.splitlines() if "Window id" in line)
    summary = world.capture("--source", "x11", "--window", window, "--frames", "60", "--for", "20s", "a.mkv")
    stream = world.probe(summary["files"][0])["streams"][0]
    check((stream["width"], stream["height"]) == (300, 200), f"{stream['width']}x{stream['height']}")


@everywhere
def case_odd_size(world):
    """An odd size goes through every stage."""
    summary = world.capture("--source", "pattern", "--size", "641x361", *frames(60), "a.y4m")
    check(summary["fresh"] == 60, f"{summary}")
    stream = world.probe("a.y4m")["streams"][0]
    check((stream["width"], stream["height"]) == (641, 361), f"{stream}")
    world.capture("--source", "pattern", "--size", "641x361", "--frames", "30", "a.mkv")


@everywhere
def case_json_summary(world):
    """The summary is one object with every field that was promised."""
    summary = world.capture("--source", "pattern", "--size", "320x180", *frames(60), "a.mkv")
    for name in ("fresh", "repeats", "dropped", "generations", "flips", "latency_us", "cpu_pct", "looking", "backend",
                 "encoder", "files"):
        check(name in summary, f"no {name} in {summary}")
    for stage in ("publish_to_take", "take_to_converted", "converted_to_encoded"):
        check(summary["latency_us"][stage]["p50"] <= summary["latency_us"][stage]["p99"], f"{summary['latency_us']}")
        # An hour would mean two clocks.
        check(summary["latency_us"][stage]["p99"] < 3.6e9, f"{stage}: {summary['latency_us']}")
    check(set(summary["cpu_pct"]) >= {"host", "source"}, f"{summary['cpu_pct']}")


@everywhere
def case_frames_looked_for(world):
    """A capture looks for frames when they are due if it may, and loses none by that."""
    for spin, least in (("0", 0), ("200us", 0), ("5ms", 0), ("1s", 1)):
        summary = world.capture("--source", "pattern", "--size", "320x180", "--spin", spin, *frames(60, "6s"), f"{spin}.mkv")
        looking, fresh = summary["looking"], summary["fresh"]
        print(f"  --spin {spin}: {looking['frames']} of {fresh} came while it looked, {looking['cpu_pct']:.2f} % of a core, "
              f"publish to take {summary['latency_us']['publish_to_take']}")
        check(least <= looking["frames"] <= fresh, f"{summary}")
        check(looking["cpu_pct"] == 0 if spin == "0" else looking["cpu_pct"] >= 0, f"{summary}")
        check(fresh == 60, f"only {fresh} fresh frames in 6 s")
        world.stamps(f"{spin}.mkv")
