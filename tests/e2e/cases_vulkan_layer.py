# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""The capture layer: any Vulkan program's frames, as it presents them."""

import os
import pathlib
import re
import select
import signal
import time

from cases_session import TAGS_HDR, TAGS_SDR, check_tags, last_picture
from harness import Final, check, print_flips, wait_for
from vulkan_rig import LAYER, captured, install_source, need, presenter, skip, stats, unvalidated, use_layer, validated, validation

# Vulkan's own numbers.
BGRA8, RGBA8, BGRA8_SRGB, A2B10G10R10, RGBA16F, R5G6B5 = "44", "37", "50", "64", "97", "4"
SRGB, SCRGB, HDR10 = "0", "1000104002", "1000104008"


# Until the case ends them.
FOREVER = ("--frames", "100000", "--linger", "60")


def host(world, *arguments, seconds=120, name="a.mkv"):
    env = validation(world, "host") if "vulkan" in arguments else None
    running = world.fr_start("capture", "--json", "--source", "none", "--target", "7", *arguments, "--for", f"{seconds}s", name,
                             env=env)
    world.wait_for_target(7)
    return running


def wait_for_frames(world, program, count, size=None, other_than=None):
    """Until the host took so many frames of this program from one ring, of that size, which is not the generation
    `other_than`; what an observer sees of it."""
    def look():
        seen = world.sample("7")
        good = seen and seen["source"]["pid"] == program.pid and seen["host"]["taken"] >= count and \
            seen["generation"] != other_than and size in (None, (seen["width"], seen["height"]))
        return seen if good else None
    return wait_for(look, 60, f"the host did not take {count} frames of {size or 'any size'}")


def wait_for_rest(world):
    """Until the host took the newest frame, and none followed it for a while."""
    last = []

    def look():
        seen = world.sample("7")
        newest = [seen["generation"], seen["source"]["published"]] if seen else []
        rests = seen and newest == last and seen["slots"][seen["latest"]["slot"]]["state"] != "published"
        last[:] = newest
        return rests or time.sleep(0.2)
    wait_for(look, 60, "the last frame is not taken")


def end(world, program):
    """Ends the frames of one that presents for ever, and it once the host has the last; what it said, that one's number."""
    program.signal(signal.SIGINT)
    out, said, presented = program.process.stdout.fileno(), "", None
    while not presented:
        check(select.select([out], [], [], 60)[0], "the program goes on presenting")
        part = os.read(out, 4096).decode()
        said += part
        presented = re.search(r"^presented (\d+)\n", said, re.MULTILINE)
        check(part, f"the program ended by itself: {said}")
    wait_for_rest(world)
    done = program.interrupt().expect(0)
    done.out = said + done.out
    return done, int(presented.group(1))


def present(world, host_arguments, *arguments, count, name="a.mkv"):
    """A session with the presenter, whose use of Vulkan is validated, until the host has so many frames of it, and its last;
    summary, what the layer counted, and the number of that frame."""
    use_layer(world)
    running = host(world, *host_arguments, name=name)
    program = presenter(world, "program", 7, *FOREVER, *arguments)
    wait_for_frames(world, program, count)
    done, last = end(world, program)
    summary = running.interrupt().expect(0).json()
    print_flips(summary)
    print(f"  {stats(done.err)}")
    return summary, stats(done.err), last


# ---- a program whose frames have stamps ----


def case_layer_memory(world):
    """Through shared memory: every frame that is presented is shown whole, in order, and the last one stays."""
    summary, counts, last = present(world, ("--backend", "cpu"), count=110)
    check(summary["slots"] == "memory" and summary["source_path"] == "read-back" and summary["fresh"] > 100, f"{summary}")
    check(counts["stage"]["presents"] > 100 and counts["dropped"]["presents"] == 0, f"{counts}")
    check_tags(world, "a.mkv", TAGS_SDR, hdr=False)
    world.ends_with(last, "a.mkv")


def at_a_pace_that_is_kept(world, holds, *arguments, **how):
    """What a host sees to that keeps up: the program slows down until it does. Each row: frames a second, and frames."""
    for fps, count in ((60, 120), (15, 60), (4, 30)):
        session = present(world, *arguments[:1], "--fps", str(fps), *arguments[1:], count=count, **how)
        if holds(*session[:2]):
            break
        print(f"  not kept up with at {fps} frames a second")
    return session


def case_layer_says_what_changed(world):
    """A program that says what it changed in each present: that alone is converted, and nothing of it is missing."""
    # After one that went by a stage a frame may be converted whole.
    for backend in ("cpu", "vulkan"):
        summary, _, last = at_a_pace_that_is_kept(world, lambda summary, _: summary["converted_pct"] < 60,
                                                  ("--backend", backend), "--marks", name="a.y4m")
        check(summary["fresh"] > 20, f"{summary}")
        check(0 < summary["converted_pct"] < 60, f"{backend}: {summary['converted_pct']} % were converted")
        luma = last_picture(world, "a.y4m")[:640 * 360]
        for place in {frame % 240 for frame in range(1, last + 1)}:
            x, y = place % 20 * 16 + 8, place // 20 * 16 + 8
            for at in (y * 640 + x, (359 - y) * 640 + 639 - x):
                check(luma[at] > 230, f"{backend}: the mark in place {place} of {last} is missing", Final)
        print(f"  {backend}: {summary['fresh']} frames, of which {summary['converted_pct']:.2f} % were converted")


def case_layer_images(world):
    """Straight into the host's images."""
    # What finds no slot at once goes by a stage.
    summary, counts, last = at_a_pace_that_is_kept(
        world, lambda _, counts: counts["slot"]["presents"] > counts["stage"]["presents"], ("--backend", "vulkan"))
    check(summary["slots"] == "opaque fd" and summary["fresh"] > 20, f"{summary}")
    check(counts["slot"]["presents"] > counts["stage"]["presents"], f"{counts}")
    world.ends_with(last, "a.mkv")


def case_layer_bursts(world):
    """As fast as it goes, then nothing: the last frame is shown, though no slot was free for it at once."""
    for backend in ("cpu", "vulkan"):
        summary, _, last = present(world, ("--backend", backend), "--size", "320x180", "--fps", "0", count=40)
        check(summary["fresh"] > 5, f"{summary}")
        world.ends_with(last, "a.mkv")


def case_layer_slow_program(world):
    """Two frames a second: each is shown, and a claim that was given back meanwhile is no loss."""
    for number in range(3):  # a host that is not run for so long does miss one
        summary, counts, last = present(world, ("--backend", "vulkan"), "--fps", "2", count=6, name=f"{number}.mkv")
        seen = {frame["sequence"] for frame in world.stamp_frames(f"{number}.mkv")}
        # The first ones pass while host and layer still find each other.
        missing = set(range(min(seen), last + 1)) - seen
        if not missing and counts["dropped"]["presents"] == 0 and summary["dropped"] == 0:
            break
    check(len(seen) >= 5 and not missing, f"{sorted(seen)} of {last}")
    check(counts["dropped"]["presents"] == 0 and summary["dropped"] == 0, f"{counts} {summary}")


def formats(world, *rows):
    use_layer(world)
    for number, (backend, arguments, colour_state, tags) in enumerate(rows):
        name = f"{number}.mkv"
        running = host(world, "--backend", backend, name=name)
        program = presenter(world, f"p{number}", 7, *FOREVER, *arguments, "--size", "641x361")
        wait_for_frames(world, program, 30)
        end(world, program)
        summary = running.interrupt().expect(0).json()
        check(summary["colour_state"] == colour_state, f"{arguments} {summary}")
        check_tags(world, name, tags, hdr=colour_state == "hdr")
        world.stamps(name)


def case_layer_formats_sdr(world):
    """SDR swapchains of each format."""
    formats(world, *((backend, ("--format", image), "sdr", TAGS_SDR)
                     for backend in ("cpu", "vulkan") for image in (BGRA8, BGRA8_SRGB, RGBA8)))


def case_layer_formats_hdr(world):
    """HDR10 and scRGB swapchains are HDR displays, with the metadata that the program gave."""
    formats(world, *((backend, ("--format", image, "--space", space, "--nits", "1234"), "hdr", TAGS_HDR)
                     for backend in ("cpu", "vulkan") for image, space in ((A2B10G10R10, HDR10), (RGBA16F, SCRGB))))
    for name in ("0.mkv", "3.mkv"):
        sides = world.probe(name)["frames"][0]["side_data_list"]
        light = next(side for side in sides if side["side_data_type"] == "Content light level metadata")
        check(light["max_content"] == 1234 and light["max_average"] == 300, f"{light}")


def colour_of(world, name):
    """The middle of a video's last frame as R, G, B."""
    done = world.run("sh", "-c", f"ffmpeg -v error -sseof -0.5 -i {name} -update 1 -vf crop=16:16,format=rgb24 -f rawvideo "
                     f"{name}.rgb").expect(0)
    check(not done.err, done.err)
    return tuple((world.folder / f"{name}.rgb").read_bytes()[:3])


def case_layer_formats_converted(world):
    """Ten bits and FP16 in SDR: the GPU makes eight bits of them."""
    use_layer(world)
    number = 0
    for backend in ("cpu", "vulkan"):
        for image in (A2B10G10R10, RGBA16F):
            number += 1
            name = f"{number}.mkv"
            running = host(world, "--backend", backend, name=name)
            program = presenter(world, f"p{number}", 7, *FOREVER, "--format", image, "--colour", "1,0.5,0")
            wait_for_frames(world, program, 30)
            end(world, program)
            running.interrupt().expect(0)
            r, g, b = colour_of(world, name)
            check(r > 248 and 120 < g < 136 and b < 8, f"{backend}, format {image}: {(r, g, b)}", Final)


def case_layer_not_captured(world):
    """What cannot be captured is said once, and the program runs as if nothing were there."""
    use_layer(world)
    for name, arguments, env in (("format", ("--format", R5G6B5, "--colour", "1,0,0"), {}),
                                 ("surface", (), {"WINDOWLESS_NO_COPIES": "1"})):
        done = presenter(world, name, 7, "--frames", "30", *arguments, env=env).finish().expect(0)
        said = [line for line in done.lines if "not captured" in line]
        check(len(said) == 1, f"{done.err!r}")
        check(stats(done.err)["passed"]["presents"] == 30, f"{done.err!r}")


def case_layer_own_features(world):
    """A program that turns all features off in structures of its own, or in constants: they are as they were, and it is captured."""
    for number, kind in enumerate(("writable", "constant")):
        use_layer(world)
        running = host(world, "--backend", "vulkan", name=f"{number}.mkv")
        program = presenter(world, f"p{number}", 7, *FOREVER, "--features", kind)
        wait_for_frames(world, program, 30)
        done, _ = end(world, program)
        counts = stats(done.err)
        check(counts["slot"]["presents"] + counts["stage"]["presents"] > 10, f"{kind}: {done.err!r}")
        running.interrupt().expect(0)
        world.stamps(f"{number}.mkv")


def case_layer_resize(world):
    """Each new swapchain is followed, in both kinds of ring."""
    for number, backend in enumerate(("cpu", "vulkan")):
        name = f"{number}.mkv"
        use_layer(world)
        running = host(world, "--backend", backend, name=name)
        program = presenter(world, f"p{number}", 7, *FOREVER, "--resize", "0:400x300", "--resize", "0:800x450")
        wait_for_frames(world, program, 40, (640, 360))
        for size in ((400, 300), (800, 450)):
            program.signal(signal.SIGUSR1)
            wait_for_frames(world, program, 40, size)
        end(world, program)
        summary = running.interrupt().expect(0).json()
        print_flips(summary)
        check([flip["kind"] for flip in summary["flips"]] == ["size", "size"], f"{summary['flips']}")
        sizes = [(s["width"], s["height"]) for s in (world.probe(f)["streams"][0] for f in summary["files"])]
        check(sizes == [(640, 360), (400, 300), (800, 450)], f"{sizes}")
        world.stamps(*summary["files"])


def case_layer_two_windows(world):
    """Of two windows the larger one is captured, and the other one again when that stands still."""
    use_layer(world)
    running = host(world, "--backend", "vulkan")
    program = presenter(world, "program", 7, *FOREVER, "--size", "320x180", "--second", "640x360:0:0")
    wait_for_frames(world, program, 40, (320, 180))
    for size in ((640, 360), (320, 180)):
        program.signal(signal.SIGUSR1)
        wait_for_frames(world, program, 40, size)
    done, _ = end(world, program)
    summary = running.interrupt().expect(0).json()
    print_flips(summary)
    said = [line for line in done.lines if "windows" in line]
    check(len(said) == 2 and "that of 640x360" in said[0] and "that of 320x180" in said[1], f"{done.err!r}")
    sizes = [(s["width"], s["height"]) for s in (world.probe(f)["streams"][0] for f in summary["files"])]
    check(sizes == [(320, 180), (640, 360), (320, 180)], f"{sizes}")
    r, g, b = colour_of(world, summary["files"][1])
    check(r < 8 and g < 8 and b > 248, f"{(r, g, b)}", Final)
    world.stamps(summary["files"][0], summary["files"][2])


def case_layer_no_host(world):
    """Nobody listens: every present passes, at next to no cost."""
    use_layer(world)
    done = presenter(world, "program", 7, "--fps", "0", "--frames", "600").finish().expect(0)
    counts = stats(done.err)
    check(counts["passed"]["presents"] == 600, f"{counts}")
    world.check_time(counts["passed"]["p50_us"] < 10, f"{counts}")
    print(f"  {counts['passed']}")


def case_layer_host_killed(world):
    """A host that is killed, and one that comes later: the program goes on, its frames come back."""
    use_layer(world)
    program = presenter(world, "program", 7, "--frames", "100000")
    for number, backend in enumerate(("vulkan", "cpu", "vulkan")):
        name = f"{number}.mkv"
        running = host(world, "--backend", backend, name=name)
        world.wait_for_file(name, 2000)
        wait_for_frames(world, program, wait_for_frames(world, program, 1)["host"]["taken"] + 40)
        running.signal(signal.SIGKILL)
        running.finish()
        check(program.alive(), "the program died with the host")
        recorded = world.stamps_of_killed(name)
        check(recorded > 5, f"{recorded} frames")
    program.interrupt().expect(0)


# The environment of a program that ends without a word.
NO_GOODBYE = {**unvalidated("the validation layer itself has no good end there"), "ASAN_OPTIONS": "detect_leaks=0"}


def case_layer_exit_without_goodbye(world):
    """A program that ends without destroying anything ends as it would without the layer."""
    use_layer(world)
    running = host(world, "--backend", "vulkan")
    program = world.start(world.build / "tests" / "vulkan_layer" / "presenter", "--exit", *FOREVER,
                          env={**captured(7), **NO_GOODBYE})
    wait_for_frames(world, program, 30)
    done, _ = end(world, program)
    check("presented" in done.out and "stats: slot" in done.err, f"{done.out!r} {done.err!r}")
    check(running.interrupt().expect(0).json()["fresh"] > 20, "nothing was recorded")


def case_layer_inherited(world):
    """A capture starts the program as its source: by the socket that it inherits, without a target."""
    use_layer(world)
    install_source(world, world.folder / "sources", "game", "game", "exit 0",
                   f"env FRAMERING_CAPTURE=1 '{world.build}/tests/vulkan_layer/presenter' --validated --frames 100000")
    running = world.fr_start("capture", "--json", "--source", "game", "--backend", "vulkan", "--for", "120s", "a.mkv",
                             env=validation(world, "host"))
    os.kill(world.wait_for_taken(40)["source"]["pid"], signal.SIGINT)
    summary = running.finish().expect(0).json()
    check(summary["end"] == "source_ended", f"{summary}")
    check(len(validated(world, "game")) == 1, "the program was not validated")
    check(summary["fresh"] > 30 and summary["slots"] == "opaque fd", f"{summary}")
    world.stamps("a.mkv")


# ---- a program that somebody else wrote ----


def cube(world, *arguments, env=None):
    return world.start("vkcube", *arguments, env={**validation(world, "cube"), **captured(7), **(env or {})})


def use_cube(world):
    if "FRAMERING_TEST_GPU" in os.environ:
        skip("vkcube is shown on Xvfb, whose pictures Mesa's driver for the processor draws")
    need("vkcube", "xdotool", "Xvfb")
    if world.sanitized:
        skip("a program without the sanitizer cannot load a layer with it")
    use_layer(world)
    world.xvfb(1280, 1024)


def window_of_cube(world):
    """None while it has none: it loads its layers and the driver before."""
    shown = world.run("xwininfo", "-root", "-tree").out.splitlines()
    return next((line.split()[0] for line in shown if "500x500" in line), None)


def close(world, program):
    """Has a vkcube end by its user's Escape; what it said."""
    world.run("xdotool", "mousemove", "100", "100", "key", "Escape").expect(0)
    return program.finish().expect(0)


def is_cube(world, name):
    """The cube's picture: a grey ground, and the blue-green of its faces."""
    world.run("ffmpeg", "-v", "error", "-y", "-sseof", "-0.7", "-i", name, "-update", "1", "-pix_fmt", "rgb24", "-f", "rawvideo",
              f"{name}.rgb").expect(0)
    data = (world.folder / f"{name}.rgb").read_bytes()
    pixels = [data[i:i + 3] for i in range(0, len(data) - 2, 3 * 37)]
    ground = sum(abs(r - g) < 8 and abs(g - b) < 8 and 40 < r < 62 for r, g, b in pixels)
    faces = sum(g > r + 20 and b > r + 20 for r, g, b in pixels)
    check(ground > len(pixels) // 5 and faces > len(pixels) // 50,
          f"{name}: {ground} of the ground, {faces} of the faces among {len(pixels)}", Final)


def case_layer_cube(world):
    """vkcube is recorded, and is what is seen."""
    use_cube(world)
    for number, backend in enumerate(("cpu", "vulkan")):
        name = f"{number}.mkv"
        running = host(world, "--backend", backend, name=name)
        program = cube(world)
        wait_for_frames(world, program, 60)
        close(world, program)
        summary = running.interrupt().expect(0).json()
        check((summary["width"], summary["height"]) == (500, 500) and summary["fresh"] > 10, f"{summary}")
        is_cube(world, name)


def case_layer_beside_another(world):
    """Another layer below, which draws over the program's frames: both do their work."""
    use_cube(world)
    running = host(world, "--backend", "vulkan")
    program = cube(world, env={"VK_INSTANCE_LAYERS": f"{LAYER}:VK_LAYER_MESA_overlay"})
    wait_for_frames(world, program, 60)
    done = close(world, program)
    counts = stats(done.err)
    check(counts["slot"]["presents"] + counts["stage"]["presents"] > 20, f"{done.err!r}")
    check(running.interrupt().expect(0).json()["fresh"] > 10, "nothing was recorded")
    is_cube(world, "a.mkv")


def case_layer_cube_resized(world):
    """vkcube's window is resized live."""
    use_cube(world)
    program = cube(world, env={"FRAMERING_CAPTURE_STATS": "0"})
    running = host(world, "--backend", "vulkan")
    wait_for_frames(world, program, 40, (500, 500))
    window = window_of_cube(world)
    for size in ((640, 480), (300, 200), (900, 700)):
        world.run("xdotool", "windowsize", window, *size).expect(0)
        wait_for_frames(world, program, 40, size)
    check(program.alive(), "vkcube died")
    summary = running.interrupt().expect(0).json()
    print_flips(summary)
    sizes = [(s["width"], s["height"]) for s in (world.probe(f)["streams"][0] for f in summary["files"])]
    check(sizes == [(500, 500), (640, 480), (300, 200), (900, 700)], f"{sizes}")
    is_cube(world, summary["files"][-1])


def is_captured(world, program):
    """Frames of this program, and of no other, have been published."""
    seen = world.sample("7")
    return seen and seen["source"]["pid"] == program.pid and seen["source"]["published"] > 3


def case_layer_cube_killed(world):
    """vkcube is killed in the middle of its frames, again and again: the host goes on with the next."""
    use_cube(world)
    running = host(world, "--backend", "vulkan")
    for number in range(4):
        program = cube(world)
        wait_for_frames(world, program, 4)
        time.sleep(0.1 + 0.13 * number)
        program.signal(signal.SIGKILL)
        program.finish()
    program = cube(world)
    wait_for_frames(world, program, 40)
    close(world, program)
    summary = running.interrupt().expect(0).json()
    print_flips(summary)
    check(summary["generations"] == 5, f"{summary}")
    is_cube(world, summary["files"][-1])


def maps(program):
    return pathlib.Path(f"/proc/{program.pid}/maps").read_text()


def case_layer_is_off(world):
    """Without its variable, or with the other one, the layer is not even loaded; with it, it is."""
    use_cube(world)
    for env, loaded in (({}, False), ({"FRAMERING_CAPTURE": "1"}, True),
                        ({"FRAMERING_CAPTURE": "1", "DISABLE_FRAMERING_CAPTURE": "1"}, False)):
        program = world.start("vkcube", env={**validation(world, "cube", perhaps=True), **env})
        wait_for(lambda: window_of_cube(world), 30, "vkcube has no window")
        check(("framering_capture" in maps(program)) == loaded, f"{env}: {maps(program)}")
        check(not os.path.exists(world.socket_of(0)), "somebody made a target")
        program.signal(signal.SIGKILL)
        program.finish()
