# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Rings of Vulkan images between two processes, on the driver that Mesa has for the processor."""

import os
import signal

from cases_session import TAGS_HDR, TAGS_SDR, check_tags
from harness import check, frames, one_sentence, print_flips
from vulkan_rig import caught, session, skip, unvalidated, use_vulkan, valid, validated, validation, wrong

SMALL = ("--source", "pattern", "--size", "320x180")
GPU, MEMORY = ("--backend", "vulkan"), ("--backend", "cpu")


def steps(*actions, count=45):
    """The options of a source that takes these steps, each once so many frames of the state before were taken."""
    return [word for action in actions for word in ("--at", f"{count}f:{action}")]


def third_start(world):
    """Ends a session whose sources die as often as they are started: then one death is over, and was seen."""
    before = len(validated(world, "source"))
    return lambda: len(validated(world, "source")) >= before + 3


def capture(world, *arguments, **options):
    """A session with both sides on the GPU; its summary."""
    summary = session(world, *arguments, **options)
    check(validated(world, "source"), "no source was validated")
    check(summary["backend"] == "vulkan" and summary["slots"] == "opaque fd", f"{summary}")
    check(summary["source_path"] == summary["host_path"] == "direct", f"{summary}")
    print_flips(summary)
    return summary


def pair(world, source, host, backend, source_path, *host_paths):
    """A session of a source and a host that were started apart and share no images. Its summary says which way the pixels went."""
    use_vulkan(world)
    running = world.fr_start("capture", "--json", "--source", "none", "--target", "4", *host, *frames(60), "a.mkv",
                             env=validation(world, "host") if "vulkan" in host else None)
    world.wait_for_target(4)
    feeding = world.source_start("pattern", "--target", "4", "--size", "640x360", *source)
    summary = running.finish().expect(0).json()
    check(summary["backend"] == backend and summary["slots"] == "memory" and summary["fresh"] == 60, f"{summary}")
    check(summary["source_path"] == source_path and summary["host_path"] in host_paths, f"{summary}")
    check(feeding.alive(), "the source ended with its host")
    feeding.interrupt().expect(0)
    world.stamps(*summary["files"])


def case_vulkan(world):
    """What was drawn into an image is what the host finds there: nothing torn, stale or relabelled."""
    summary = capture(world, *SMALL, *GPU, *frames(100), "a.mkv")
    check(summary["fresh"] == 100, f"{summary}")
    check_tags(world, "a.mkv", TAGS_SDR, hdr=False)
    world.stamps("a.mkv")


def case_vulkan_source_of_memory_host(world):
    """A source on a GPU whose host has none reads its pictures back."""
    pair(world, GPU, MEMORY, "cpu", "read-back", "direct")


def case_vulkan_host_of_memory_source(world):
    """What a source without a GPU draws into shared memory is read by the host's."""
    pair(world, MEMORY, GPU, "vulkan", "direct", "import")


def case_vulkan_host_that_uploads(world):
    """... or copied to it, where it cannot import memory."""
    pair(world, MEMORY, (*GPU, "--no-host-memory"), "vulkan", "direct", "upload")


def case_vulkan_no_images_in_common(world):
    """Two sides that both have a GPU and share nothing there, as on different ones: down into memory, and up again."""
    apart = (*GPU, "--no-opaque-fd", "--no-dma-buf")
    pair(world, GPU, apart, "vulkan", "read-back", "import")
    pair(world, GPU, (*apart, "--no-host-memory"), "vulkan", "read-back", "upload")


def case_vulkan_hdr(world):
    """FP16 scRGB and PQ images become Main10 with all tags."""
    for number, more in enumerate((("--hdr",), ("--format", "rgb10a2"))):
        name = f"{number}.mkv"
        summary = capture(world, *SMALL, *more, *GPU, *frames(60), name)
        check(summary["format"] == "p010", f"{summary}")
        check_tags(world, name, TAGS_HDR, hdr=True)
        world.stamps(name)


def case_vulkan_size_flip(world):
    """A new size mid-session: a new ring, a new segment of that size."""
    summary = capture(world, *SMALL, *GPU, *steps("size=400x226", "exit"), "a.mkv")
    check([flip["kind"] for flip in summary["flips"]] == ["size"], f"{summary['flips']}")
    sizes = [(s["width"], s["height"]) for s in (world.probe(f)["streams"][0] for f in summary["files"])]
    check(sizes == [(320, 180), (400, 226)], f"{sizes}")
    world.stamps(*summary["files"])


def case_vulkan_hdr_flip(world):
    """HDR going on and off mid-session."""
    summary = capture(world, *SMALL, *GPU, *steps("hdr=on", "hdr=off", "exit"), "a.mkv")
    check([flip["kind"] for flip in summary["flips"]] == ["hdr", "hdr"], f"{summary['flips']}")
    check_tags(world, summary["files"][1], TAGS_HDR, hdr=True)
    world.stamps(*summary["files"])


def case_vulkan_source_killed(world):
    """A source killed between frames, and in the middle of one: a new one takes its place, no half picture is shown."""
    for what, name in (("kill", "a.mkv"), ("kill-writing", "b.mkv")):
        summary = capture(world, *SMALL, *GPU, *steps(what), name, deaths=None, until=third_start(world))
        world.stamps(*summary["files"])


def case_vulkan_source_loses_its_device(world):
    """A source whose device is lost says so and ends, and one on a new device goes on: every picture is whole. It is lost to
    the source's own submission, to the library's, or to a wait of either: in a frame there is one of each."""
    for loss in range(80, 84):
        env = wrong(world, "framering-source-pattern", loss=loss)
        summary = capture(world, *SMALL, *GPU, *frames(100), f"{loss}.mkv", deaths=1, env=env,
                          says=("the GPU is lost or hangs, and this source ends; one that is started again gets a new device",
                                "it is started again"))
        check((world.folder / "device-lost").exists(), "no device was lost")
        (world.folder / "device-lost").unlink()
        check([flip["kind"] for flip in summary["flips"]] == ["source"], f"{summary}")
        world.stamps(*summary["files"])


def case_vulkan_error_of_a_host_is_seen(world):
    """What the validation layer finds in a host fails a case, though a new source has opened a log since."""
    env = wrong(world, "framering", submit=5)
    with caught("validation-session-0"):
        session(world, *SMALL, *GPU, *steps("kill"), "a.mkv", deaths=None, env=env, until=third_start(world))
    world.checks.remove(valid)


def case_vulkan_error_of_a_source_is_seen(world):
    """What it finds in a source ends that, and fails a case, though a new one has taken its place."""
    env = wrong(world, "framering-source-pattern", submit=60)
    with caught("validation-source"):
        session(world, *SMALL, *GPU, "a.mkv", env=env, until=lambda: len(validated(world, "source")) > 1)
    world.checks.remove(valid)
    died = [folder for folder in world.folder.glob("validation-source-*") if (folder / "errors").read_text()]
    check(died and len(validated(world, "source")) > 1, f"{died}")


def case_vulkan_host_without_validation_is_refused(world):
    """A host that may use Vulkan, or a program under the layer, is not started unvalidated, nor into the log of another."""
    use_vulkan(world)
    env = validation(world, "host", perhaps=True)
    presenter = world.build / "tests" / "vulkan_layer" / "presenter"
    world.fr("capture", "--help", env=env).expect(0)
    for start, words in ((lambda: world.fr("capture", "--help"), "without validation"),
                         (lambda: world.fr("capture", *GPU, "--help", env=dict(env, VK_INSTANCE_LAYERS="")), "without validation"),
                         (lambda: world.run(presenter, "--none"), "without validation"),
                         (lambda: world.fr("capture", "--help", env=env), "another's")):
        with caught(words):
            start()
    world.fr("capture", "--backend", "cpu", "--help").expect(0)


def case_vulkan_source_that_died_is_missed(world):
    """A session whose source died without the case wanting it fails the case."""
    with caught("sources were started"):
        session(world, *SMALL, *GPU, *steps("kill"), "a.mkv", until=third_start(world))


def case_vulkan_trouble_while_writing(world):
    """A source that stops in the middle of a frame, and one that pushes images of another size."""
    taken = []  # whenever images of another size had come before

    def is_over():
        seen = world.sample()
        if seen and seen["source"]["mismatched"] > 10:
            taken.append(seen["host"]["taken"])
        return taken and taken[-1] > taken[0] + 20
    summary = capture(world, *SMALL, *GPU, *steps("hang-writing=500ms", *["mismatch=500ms"] * 9), "a.mkv", until=is_over)
    check(summary["mismatched"] > 5, f"{summary}")
    world.stamps("a.mkv")


def case_vulkan_host_killed(world):
    """The host is killed with images handed out: the source waits, and feeds the next host."""
    use_vulkan(world)

    def host(name, *ends):
        return world.fr_start("capture", "--json", "--source", "none", "--target", "3", *GPU, *ends, name,
                              env=validation(world, "host"))
    killed = host("a.mkv")
    source = world.source_start("pattern", "--target", "3", "--size", "320x180", *GPU)
    world.wait_for_taken(30, ("3",))
    check(killed.alive() and source.alive(), "one of them ended by itself")
    killed.signal(signal.SIGKILL)
    killed.finish()
    summary = host("b.mkv", *frames(60)).finish().expect(0).json()
    check(summary["fresh"] == 60 and summary["slots"] == "opaque fd", f"{summary}")
    check(source.alive(), "the source ended with its host")
    source.interrupt().expect(0)
    world.stamps("b.mkv")
    check(world.stamps_of_killed("a.mkv") > 0, "the killed host recorded nothing")


# ---- machines that lack something ----


def without_driver(world):
    """The environment of a machine whose Vulkan loader finds no driver."""
    return {"VK_ICD_FILENAMES": "/nowhere.json", "VK_DRIVER_FILES": "/nowhere.json", "FRAMERING_VULKAN_VALIDATION": "",
            **unvalidated("it has no instance")}


def without_loader(world):
    """The environment of a machine on which no Vulkan loader can be opened."""
    folder = world.folder / "no-loader"
    folder.mkdir(exist_ok=True)
    (folder / "libvulkan.so.1").touch()
    there = os.environ.get("LD_LIBRARY_PATH")
    return {"LD_LIBRARY_PATH": str(folder) + (f":{there}" if there else ""), "FRAMERING_VULKAN_VALIDATION": "",
            **unvalidated("it has no Vulkan")}


def in_memory(world, done, name, *sentences):
    """The session went through shared memory, its frames whole, and said each of these in one line."""
    summary = done.expect(0).json()
    check(summary["backend"] == "cpu" and summary["slots"] == "memory" and summary["fresh"] == 30, f"{summary}")
    for sentence in sentences:
        said = [line for line in done.lines if sentence in line]
        check(len(said) == 1, f"{sentence!r} was said {len(said)} times: {done.err}")
    world.stamps(name)


def case_vulkan_device_that_is_not_there(world):
    """A device that is not there: a source that is to have it names it and ends; a host says so, and its ring lies in memory."""
    use_vulkan(world)
    one_sentence(world.run(world.source_program("pattern"), *GPU, "--gpu", "Imaginary 9000").expect(1), "Imaginary 9000")
    for number, backend in enumerate(("vulkan", "auto")):
        running = world.fr_start("capture", "--json", "--source", "none", "--target", "4", "--backend", backend, "--gpu", "Imaginary 9000",
                                 *frames(30), f"{number}.mkv", env=validation(world, "host"))
        world.wait_for_target(4)
        feeding = world.source_start("pattern", "--target", "4", "--size", "320x180", *GPU)
        in_memory(world, running.finish(), f"{number}.mkv", 'warning: no Vulkan device is called "Imaginary 9000"',
                  "warning: this machine cannot make the ring's textures for this source; the ring lies in cpu from now on")
        feeding.interrupt().expect(0)


def case_vulkan_no_driver_for_a_host(world):
    """A host without a driver, whose source has one: its ring lies in memory, and it says why."""
    use_vulkan(world)
    for number, backend in enumerate(("vulkan", "auto")):
        running = world.fr_start("capture", "--json", "--source", "none", "--target", "4", "--backend", backend,
                                 *frames(30), f"{number}.mkv", env=without_driver(world))
        world.wait_for_target(4)
        feeding = world.source_start("pattern", "--target", "4", "--size", "320x180", *GPU)
        in_memory(world, running.finish(), f"{number}.mkv",
                  "warning: no Vulkan instance can be made: VK_ERROR_INCOMPATIBLE_DRIVER; a driver may be missing",
                  "warning: this machine cannot make the ring's textures for this source; the ring lies in cpu from now on")
        feeding.interrupt().expect(0)


def case_vulkan_no_driver(world):
    """Neither side finds a driver: both say so, and the frames go through memory."""
    use_vulkan(world)
    done = world.fr("capture", "--json", *SMALL, *GPU, *frames(30), "a.mkv", env=without_driver(world))
    in_memory(world, done, "a.mkv", "Vulkan cannot be used (VkResult -9), a driver may be missing; the pattern is drawn in memory",
              "warning: no Vulkan instance can be made: VK_ERROR_INCOMPATIBLE_DRIVER; a driver may be missing")


def case_vulkan_no_loader(world):
    """Neither side can open the Vulkan loader: both say so and what has it, and the frames go through memory."""
    use_vulkan(world)
    done = world.fr("capture", "--json", *SMALL, *GPU, *frames(30), "a.mkv", env=without_loader(world))
    in_memory(world, done, "a.mkv",
              "there is no Vulkan loader (libvulkan.so.1, package libvulkan1); the pattern is drawn in memory",
              "libvulkan.so.1: file too short), so rings lie in shared memory; the package libvulkan1 has it")
    check("warning: there is no Vulkan loader (" in done.err, f"{done.err}")


def case_vulkan_no_loader_auto(world):
    """Where nobody asked for Vulkan, that there is no loader is no warning."""
    use_vulkan(world)
    done = world.fr("capture", "--json", *SMALL, *frames(30), "a.mkv", env=without_loader(world))
    in_memory(world, done, "a.mkv", "framering: there is no Vulkan loader (")
    check("so rings lie in shared memory; the package libvulkan1 has it" in done.err, f"{done.err}")
    # But of a source that a busy machine does not run for a while.
    check(not [line for line in done.lines if "warning" in line and "does not answer" not in line], f"{done.err}")


def case_vulkan_validation_cannot_be_missed(world):
    """A source that is to be validated and has no Vulkan ends, instead of drawing in memory."""
    use_vulkan(world)
    for env in (without_driver(world), without_loader(world), {"VK_LAYER_PATH": "/nowhere", "VK_ADD_LAYER_PATH": ""}):
        done = world.run(world.source_program("pattern"), *GPU, env={**env, "FRAMERING_VULKAN_VALIDATION": "1"}).expect(1)
        one_sentence(done, "--backend cpu")


def gpus(world):
    """The UUIDs of this machine's GPUs."""
    use_vulkan(world)
    found = world.fr("probe", "--json").expect(0).json()["vulkan"]["devices"]
    return [device["device_uuid"] for device in found if device["type"] != "cpu"]


def case_vulkan_two_gpus(world):
    """The host on one GPU, the source on another: through shared memory, never black, and the summary says so."""
    uuids = gpus(world)
    if len(uuids) < 2:
        skip("this machine has no two GPUs (tests/gpu/run is for one that has)")
    for source, host in (uuids[:2], uuids[1::-1]):
        pair(world, (*GPU, "--gpu", source), (*GPU, "--gpu", host), "vulkan", "read-back", "import", "upload")
