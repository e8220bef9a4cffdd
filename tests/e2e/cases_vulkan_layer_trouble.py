# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""The capture layer where something is in its way: a host that stands still, a device that is lost, colours that no
frame can have."""

import array
import re
import signal
import time

from cases_session import TAGS_HDR, check_tags, last_picture
from cases_vulkan_layer import (A2B10G10R10, BGRA8, BGRA8_SRGB, FOREVER, HDR10, NO_GOODBYE, RGBA16F, end, host, is_captured,
                                wait_for_frames)
from harness import Final, alone, check, print_flips, wait_for
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
        running = host(world, "--backend", backend, name=name)
        program = presenter(world, f"p{number}", 7, *FOREVER, "--format", RGBA16F, "--space", HDR10, "--nits", "1234",
                            "--colour", "1,0.5,0")
        wait_for_frames(world, program, 30)
        end(world, program)
        summary = running.interrupt().expect(0).json()
        check(summary["fresh"] > 10 and summary["colour_state"] == "hdr", f"{summary}")
        check_tags(world, name, TAGS_HDR, hdr=True)
        # R' 1, G' 0.5, B' 0 by the matrix of BT.2020 in limited range.
        wanted = (64 + 876 * 0.6017, 512 + 896 * -0.6017 / 1.8814, 512 + 896 * 0.3983 / 1.4746)
        codes = codes_of(world, name)
        check(all(abs(code - want) < 5 for code, want in zip(codes, wanted)), f"{backend}: {codes}, not {wanted}", Final)


def felt(world, name, spans):
    """How long each present took that began in one of these spans of time, in seconds, the shortest first."""
    lines = [line.split() for line in (world.folder / name).read_text().splitlines()]
    return sorted(int(took) / 1e9 for begin, took in lines if any(a < int(begin) / 1e9 < b for a, b in spans))


def span(seconds):
    """Sleeps; when that was."""
    begin = time.monotonic()
    time.sleep(seconds)
    return begin, time.monotonic()


def wait_for_last(world):
    """Until the program offers nothing new, and the host has taken what there is."""
    def newest():
        seen = world.sample("7")
        return seen and not {slot["state"] for slot in seen["slots"]} & {"published", "reading"} and seen["latest"]

    def stays():
        first = newest()
        time.sleep(0.5)
        return first and first == newest()
    wait_for(stays, 60, "the host does not take the last frame")


def stand_still(world, backend, name):
    """A program whose host comes after some of its frames, and stands still every other second, at last until they are over.
    Its presents' times without a host, beside one that runs, and beside one that stands still."""
    times = f"{name}.times"
    program = presenter(world, "program", 7, "--frames", "100000", "--linger", "60", "--times", times)
    wait_for(lambda: (world.folder / times).exists(), 30, "the program presents nothing")
    without, runs, stands = [span(1.5)], [], []
    running = host(world, "--backend", backend, seconds=120, name=name)
    wait_for(lambda: is_captured(world, program), 30, "the program is not captured")
    for _ in range(4):
        running.signal(signal.SIGCONT)
        runs.append(span(1))
        running.signal(signal.SIGSTOP)
        stands.append(span(1))
    program.signal(signal.SIGINT)
    time.sleep(0.5)
    running.signal(signal.SIGCONT)
    wait_for_last(world)
    done = program.interrupt().expect(0)
    running.interrupt().expect(0)
    counts, last = stats(done.err), int(re.search(r"presented (\d+)", done.out)[1])
    world.ends_with(last, name)
    felt_by = [felt(world, times, spans) for spans in (without, runs, stands)]
    captured_presents = sum(counts[way]["presents"] for way in ("slot", "stage", "dropped"))
    check(captured_presents >= len(felt_by[1] + felt_by[2]), f"{backend}: {counts} were not captured, of {len(felt_by[2])}")
    return felt_by


# Less than library and layer could wait anywhere, which is 16 ms for a slot and a second for the GPU.
SLOT_S, GPU_S, TRIES = 0.008, 0.5, 3


def presents_wait(without, runs, stands):
    """Beside a host that stands still, one in twenty takes longer than beside one that runs, by a wait for a slot, or one than
    without a host, by a wait for the GPU. On Mesa's driver for the processor a present waits for the copy itself."""
    if min(map(len, (without, runs, stands))) < 40:
        print("  too few presents to tell")
        return True
    slow, slow_beside = (times[len(times) * 95 // 100] for times in (stands, runs))
    print(f"  p95 beside a host that runs {slow_beside * 1e6:.0f} us, and that stands still {slow * 1e6:.0f}; "
          f"longest without one {without[-1] * 1e6:.0f}, {stands[-1] * 1e6:.0f}")
    return slow > max(SLOT_S, 2 * slow_beside) or stands[-1] > max(GPU_S, 2 * without[-1])


@alone
def case_layer_host_stopped(world):
    """A host that stands still in the middle: the program's presents do not wait for it, and when it goes on it has the newest
    frame."""
    use_layer(world)
    for backend in ("vulkan", "cpu"):
        for attempt in range(TRIES):
            waits = presents_wait(*stand_still(world, backend, f"{backend}-{attempt}.mkv"))
            if not waits or world.sanitized:
                break
        world.check_time(not waits, f"{backend}: presents wait while the host stands still, in each of {TRIES} tries")


# "... must have completed execution": of a device that is lost everything has; the validation layer does not know.
IN_USE = r"VUID-vk(Destroy|Free|Reset)\w+-\S+\(ERROR.* in use"


def lose(world, program, told, other_than=None):
    """Loses the device, of which frames were taken from another generation than this; from which."""
    generation = wait_for_frames(world, program, 20, other_than=other_than)["generation"]
    told.touch()
    wait_for(lambda: not told.exists(), 30, "the device is not lost")
    return generation


def case_layer_device_lost(world):
    """A device that is lost, in a present or after it: the program has its own error, destroys it without a wait, and is
    captured on the next one; nothing stays behind."""
    use_layer(world)
    running = host(world, "--backend", "vulkan")
    during, after = world.folder / "lose", world.folder / "lose-after"
    program = presenter(world, "program", 7, "--again", *FOREVER, env={"WINDOWLESS_LOSE": f"{during},{after}+"}, allowed=IN_USE)
    before = None
    for told in (during, after, during):
        before = lose(world, program, told, before)
    wait_for_frames(world, program, 20, other_than=before)
    done, last = end(world, program)
    said = [line for line in done.err.splitlines() if "device is lost" in line and line.startswith("framering")]
    found = re.findall(r"lost at frame (\d+), gone after (\d+) ms\nwithout a device: (\d+) files, (\d+) threads", done.out)
    check(len(found) == 3, f"{done.out!r}")
    for _, gone_ms, files, threads in found:
        check(int(gone_ms) < 8000, f"the device was gone after {gone_ms} ms")
        check((files, threads) == found[0][2:], f"something stays behind: {found}", Final)
    check(len(said) == 3, f"{said}")
    summary = running.interrupt().expect(0).json()
    print_flips(summary)
    world.stamps(*summary["files"])
    seen = {frame["sequence"] for frame in world.stamp_frames(*summary["files"])}
    lost = [int(frame) for frame, *_ in found]
    for first, next_one in zip((1, *lost), (*lost, last + 1)):
        check(len(seen & set(range(first, next_one))) > 10, f"frames {first} to {next_one} were not captured again: {sorted(seen)}")
    check(last in seen, "the last frame is not shown", Final)


def case_layer_device_lost_and_kept(world):
    """A program that makes a new device while the lost one is still there: that one no longer has the connection."""
    use_layer(world)
    running = host(world, "--backend", "vulkan")
    told = world.folder / "lose"
    program = world.start(world.build / "tests" / "vulkan_layer" / "presenter", "--again", "--keep", "--exit", *FOREVER,
                          env={**captured(7), "WINDOWLESS_LOSE": told, **NO_GOODBYE})
    wait_for_frames(world, program, 60, other_than=lose(world, program, told))
    done, last = end(world, program)
    summary = running.interrupt().expect(0).json()
    seen = {frame["sequence"] for frame in world.stamp_frames(*summary["files"])}
    lost = int(re.search(r"lost at frame (\d+)", done.out).group(1))
    check(len(seen & set(range(lost, last + 1))) > 50, f"the new device is not captured: {sorted(seen)} {done.err!r}")
    check(last in seen, "the last frame is not shown", Final)


def case_layer_srgb_bytes(world):
    """A shader reads an sRGB format as light: every byte is what it was, all the same."""
    use_layer(world)
    pictures = []
    for image in (BGRA8, BGRA8_SRGB):
        name = f"{image}.y4m"
        running = host(world, "--backend", "vulkan", name=name)
        program = presenter(world, image, 7, *FOREVER, "--format", image, "--bytes")
        wait_for_frames(world, program, 20)
        done, _ = end(world, program)
        check("by a compute shader" in done.err, f"{done.err!r}")
        running.interrupt().expect(0)
        pictures.append(last_picture(world, name))
    differ = sum(a != b for a, b in zip(*pictures))
    check(len(set(pictures[0])) > 100 and not differ, f"{differ} of {len(pictures[0])} bytes differ", Final)
