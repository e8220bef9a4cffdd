# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""The capture layer where something is in its way: a host that stands still, a device that is lost, colours that no
frame can have."""

import array
import re
import signal
import time

from cases_session import TAGS_HDR, check_tags, last_picture
from cases_vulkan_layer import A2B10G10R10, BGRA8, BGRA8_SRGB, HDR10, NO_GOODBYE, RGBA16F, host, is_captured
from harness import check, print_flips, wait_for
from vulkan_rig import captured, presenter, stats, use_layer

# Vulkan's own numbers.
P3, DCI_P3, HLG, ADOBE = "1000104001", "1000104004", "1000104010", "1000104012"


def case_layer_colour_spaces(world):
    """Colours that no frame can say it has are not captured, said once and by name; the program runs on."""
    use_layer(world)
    running = host(world, "--backend", "cpu", seconds=60)
    for number, (space, name) in enumerate(((HLG, "HLG"), (P3, "Display P3"), (DCI_P3, "DCI-P3"), (ADOBE, "Adobe RGB"))):
        image = (A2B10G10R10, BGRA8, RGBA16F, BGRA8)[number]
        done = presenter(world, name.replace(" ", "-"), 7, "--format", image, "--space", space, "--colour", "1,0,0",
                         "--frames", "40").finish().expect(0)
        said = [line for line in done.lines if "not captured" in line]
        check(len(said) == 1 and name in said[0], f"{name}: {done.err!r}")
        check(stats(done.err)["passed"]["presents"] == 40, f"{name}: {done.err!r}")
    running.signal(signal.SIGKILL)
    running.finish()


def codes_of(world, name):
    """Y, Cb and Cr in the middle of a ten bit video's last frame."""
    world.run("ffmpeg", "-v", "error", "-y", "-sseof", "-0.5", "-i", name, "-update", "1", "-vf", "crop=16:16", "-pix_fmt",
              "yuv420p10le", "-f", "rawvideo", f"{name}.yuv").expect(0)
    words = array.array("H", (world.folder / f"{name}.yuv").read_bytes())
    return words[0], words[16 * 16], words[16 * 16 + 8 * 8]


def case_layer_formats_fp16_pq(world):
    """FP16 swapchains whose numbers are PQ: the same numbers in ten bits, tagged as what they are."""
    use_layer(world)
    for number, backend in enumerate(("cpu", "vulkan")):
        name = f"{number}.mkv"
        running = host(world, "--backend", backend, seconds=3, name=name)
        presenter(world, f"p{number}", 7, "--format", RGBA16F, "--space", HDR10, "--nits", "1234", "--colour", "1,0.5,0",
                  "--frames", "130").finish().expect(0)
        summary = running.finish(60).expect(0).json()
        check(summary["fresh"] > 10 and summary["colour_state"] == "hdr", f"{summary}")
        check_tags(world, name, TAGS_HDR, hdr=True)
        # R' 1, G' 0.5, B' 0 by the matrix of BT.2020 in limited range.
        wanted = (64 + 876 * 0.6017, 512 + 896 * -0.6017 / 1.8814, 512 + 896 * 0.3983 / 1.4746)
        codes = codes_of(world, name)
        check(all(abs(code - want) < 5 for code, want in zip(codes, wanted)), f"{backend}: {codes}, not {wanted}")


def figures(out):
    """What the program itself felt."""
    found = re.search(r"figures: ([\d.]+) frames/s, present ([\d.]+) us p50, ([\d.]+) us p99, .* of all ([\d.]+) us", out)
    check(found, f"no figures: {out!r}")
    return dict(zip(("fps", "p50_us", "p99_us", "longest_us"), map(float, found.groups())))


def case_layer_host_stopped(world):
    """A host that stands still in the middle: the program's presents take no longer, and when the host goes on it has the
    newest frame."""
    use_layer(world)
    for number, backend in enumerate(("vulkan", "cpu")):
        name = f"{number}.mkv"
        running = host(world, "--backend", backend, seconds=60, name=name)
        program = presenter(world, f"p{number}", 7, "--frames", "480", "--linger", "3")
        wait_for(lambda: is_captured(world, program), 3, "the program is not captured")
        running.signal(signal.SIGSTOP)
        time.sleep(8.5)
        running.signal(signal.SIGCONT)
        done = program.finish().expect(0)
        felt, counts = figures(done.out), stats(done.err)
        print(f"  {backend}: {felt}")
        check("presented 480" in done.out, f"{done.out!r} {done.err!r}")
        world.check_time(felt["fps"] > 40 and felt["longest_us"] < 1_500_000, f"the program was held up: {felt} {done.err!r}")
        check(counts["slot"]["presents"] + counts["stage"]["presents"] + counts["dropped"]["presents"] > 400, f"{counts}")
        running.interrupt(60).expect(0)
        world.stamps(name)
        check(world.stamp_frames(name)[-1]["sequence"] == 480, f"{backend}: the last frame is not shown")


# "... must have completed execution": of a device that is lost everything has; the validation layer does not know.
IN_USE = r"VUID-vk(Destroy|Free|Reset)\w+-\S+\(ERROR.* in use"


def case_layer_device_lost(world):
    """A device that is lost, in a present or after it: the program has its own error, destroys it without a wait, and is
    captured on the next one; nothing stays behind."""
    use_layer(world)
    running = host(world, "--backend", "vulkan", seconds=60)
    lost = (110, 220, 330)
    program = presenter(world, "program", 7, "--again", "--frames", "440", "--linger", "1",
                        env={"WINDOWLESS_LOSE": "110,220+,330"}, allowed=IN_USE)
    done = program.finish(60).expect(0)
    said = [line for line in done.err.splitlines() if "device is lost" in line and line.startswith("framering")]
    found = re.findall(r"lost at frame (\d+), gone after (\d+) ms\nwithout a device: (\d+) files, (\d+) threads", done.out)
    check(len(found) == 3, f"{done.out!r}")
    for (frame, gone_ms, files, threads), at in zip(found, lost):
        check(abs(int(frame) - at) <= 2, f"lost at frame {frame}, not {at}")
        check(int(gone_ms) < 3000, f"the device was gone after {gone_ms} ms")
        check((files, threads) == found[0][2:], f"something stays behind: {found}")
    check(len(said) == 3, f"{said}")
    summary = running.interrupt(60).expect(0).json()
    print_flips(summary)
    world.stamps(*summary["files"])
    seen = {frame["sequence"] for frame in world.stamp_frames(*summary["files"])}
    for begin, end in zip((1, *lost), (*lost, 441)):
        check(len(seen & set(range(begin, end))) > 10, f"frames {begin} to {end} were not captured again: {sorted(seen)}")


def case_layer_device_lost_and_kept(world):
    """A program that makes a new device while the lost one is still there: that one no longer has the connection."""
    use_layer(world)
    running = host(world, "--backend", "vulkan", seconds=60)
    program = world.start(world.build / "tests" / "vulkan_layer" / "presenter", "--again", "--keep", "--exit", "--frames", "240",
                          "--linger", "1", env={**captured(7), "WINDOWLESS_LOSE": "100", **NO_GOODBYE})
    done = program.finish(60).expect(0)
    summary = running.interrupt(60).expect(0).json()
    seen = {frame["sequence"] for frame in world.stamp_frames(*summary["files"])}
    check(len(seen & set(range(130, 241))) > 50, f"the new device is not captured: {sorted(seen)} {done.err!r}")
    check(240 in seen, "the last frame is not shown")


def case_layer_srgb_bytes(world):
    """A shader reads an sRGB format as light: every byte is what it was, all the same."""
    use_layer(world)
    pictures = []
    for image in (BGRA8, BGRA8_SRGB):
        name = f"{image}.y4m"
        running = host(world, "--backend", "vulkan", seconds=60, name=name)
        done = presenter(world, image, 7, "--format", image, "--bytes", "--frames", "60", "--linger", "1").finish().expect(0)
        check("by a compute shader" in done.err, f"{done.err!r}")
        running.interrupt(60).expect(0)
        pictures.append(last_picture(world, name))
    differ = sum(a != b for a, b in zip(*pictures))
    check(len(set(pictures[0])) > 100 and not differ, f"{differ} of {len(pictures[0])} bytes differ")
