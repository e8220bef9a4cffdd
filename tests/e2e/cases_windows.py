# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""What only Windows has, run under Wine: names, access rights, restricted sources, textures between two processes."""

import json
import os
import pty
import select

from harness import check, frames, is_alive, one_sentence, print_flips, wait_for

SMALL = ("--source", "pattern", "--size", "320x180")


def names(world):
    """A beginning of object names that no other case has."""
    return ("--name-prefix", f"Local\\{world.folder.name}")


def named(world, *more):
    return ("--channel", "named", *names(world), *more)


# ---- named objects ----


def case_named(world):
    """A source that finds its ring by names: nothing stale, torn or relabelled; the summary says how slots are shared."""
    summary = world.capture(*SMALL, *named(world), *frames(61), "a.y4m")
    check(summary["fresh"] == 61 and summary["backend"] == "cpu", f"{summary}")
    world.stamps("a.y4m")


def case_named_source_killed(world):
    """A source that had found its ring by names is killed: the next one gets a new generation."""
    capture = world.fr_start("capture", "--json", *SMALL, *named(world), "--for", "120s", "a.y4m")
    source = world.source_of(capture)
    world.wait_for_file("a.y4m", 100000)
    watch = ("0", *names(world))
    killed = world.wait_for_taken(1, watch=watch)
    world.kill_source(source, watch=watch)
    world.source_of(capture, other_than=source)
    world.wait_for_taken(30, watch=watch, other_than=killed["generation"])
    summary = capture.interrupt().expect(0).json()
    print_flips(summary)
    check("source" in [flip["kind"] for flip in summary["flips"]], f"{summary['flips']}")
    world.stamps(*summary["files"])


def case_desktop_cannot_be_duplicated(world):
    """Desktop duplication, which Wine does not have: the source says so at once, and the recording ends."""
    done = world.fr("capture", "--source", "desktop", "--for", "2s", "a.y4m").expect(1)
    for word in ("cannot capture", "DISPLAY1", "cannot duplicate it"):
        check(word in done.err, f"nobody says {word!r}: {done.err!r}")
    check(len(done.lines) <= 2, f"more than the source's line and the host's: {done.err!r}")


def case_desktop_without_such_an_output(world):
    """A display that is not there is named at once."""
    source = world.source_start("desktop", "--output", "DISPLAY9", "--target", "6")
    one_sentence(source.finish().expect(1), "DISPLAY9", "framering probe")


def case_version_1_needs_textures(world):
    """Version 1 has no shared memory for pixels: without textures it is refused, with the way out."""
    done = world.fr("capture", *SMALL, "--backend", "cpu", *named(world, "--wire-version", "1"), "a.y4m").expect(2)
    one_sentence(done, "--wire-version", "d3d11")


def case_named_by_hand(world):
    """Host and source started apart, in both orders; Everyone is let in only with a warning."""
    source = world.source_start("pattern", "--target", "5", "--size", "320x180", *named(world))
    host = world.fr_start("capture", "--json", "--source", "none", "--target", "5", "--size", "320x180",
                          *named(world, "--everyone"), *frames(31), "a.y4m")
    done = host.finish().expect(0)
    check("--everyone" in done.err, f"{done.err!r}")
    check(done.json()["fresh"] == 31, f"{done.json()}")
    world.stamps("a.y4m")
    summary = world.capture("--source", "none", "--target", "5", "--size", "320x180", *named(world), *frames(31), "b.y4m")
    check(summary["fresh"] == 31, f"{summary}")
    check(source.alive(), "the source ended with its first host")
    source.interrupt().expect(0)


# ---- who is let in ----

SYSTEM_ONLY = "D:P(A;;GA;;;SY)"
ANYBODY = "D:P(A;;GA;;;WD)"


def case_display_of_windows(world):
    """With --display the size is what Windows says of the display, not what the source announced."""
    shown = world.fr("probe", "--json").expect(0).json()["displays"][0]
    done = world.fr("capture", "--json", *SMALL, "--display", str(shown["target"]), *frames(20), "a.y4m").expect(0)
    summary = done.json()
    check((summary["width"], summary["height"]) == (shown["width"], shown["height"]), f"{summary} beside {shown}")
    world.stamps("a.y4m")


def case_pipe_with_rights(world):
    """Rights of the pipe: a descriptor that lets us in does, one that cannot be read is one sentence."""
    host = world.fr_start("capture", "--json", "--source", "none", "--target", "4", "--size", "320x180", "--sddl", ANYBODY,
                          *frames(31), "b.y4m")
    source = world.source_start("pattern", "--target", "4", "--size", "320x180")
    check(host.finish().expect(0).json()["fresh"] == 31, "no frames came")
    source.interrupt().expect(0)
    world.stamps("b.y4m")
    done = world.fr("capture", "--quiet", *SMALL, "--sddl", "rubbish", "--for", "1s", "a.y4m").expect(1)
    one_sentence(done, "rubbish")


def refusal(world, target, *more):
    """What a source says that gives up; None while it goes on waiting for a host."""
    source = world.source_start("pattern", "--target", target, "--size", "320x180", *more)
    try:
        done = source.finish(10)
    except Exception:
        return None
    return done if done.code == 1 else None


def case_names_refused(world):
    """Objects for SYSTEM alone: the source says that it may not open them, the host that none came."""
    host = world.fr_start("capture", "--json", *SMALL, *named(world, "--sddl", SYSTEM_ONLY), "--for", "2s", "a.y4m")
    done = host.finish().expect(1)
    print("  " + done.err.strip().replace("\n", "\n  "))
    check("denied" in done.err and "security descriptor" in done.err, f"{done.err!r}")
    check("never opened the ring" in done.err, f"{done.err!r}")


def case_source_image(world):
    """Only a source of the named image is taken."""
    ours = "Z:" + str(world.source_program("pattern")).replace("/", "\\")
    host = world.fr_start("capture", "--json", "--source", "none", "--target", "2", "--size", "320x180", "--source-image",
                          "C:\\Windows\\System32\\WUDFHost.exe", "a.y4m")
    refused = wait_for(lambda: refusal(world, "2"), 60, "the source was not refused")
    print(f"  {refused.err.strip()}")
    done = host.interrupt()
    check("framering-source-pattern.exe" in done.err, f"{done.err!r}")
    host = world.fr_start("capture", "--json", "--source", "none", "--target", "2", "--size", "320x180", "--source-image",
                          ours.upper(), *frames(31), "b.y4m")
    source = world.source_start("pattern", "--target", "2", "--size", "320x180")
    check(host.finish().expect(0).json()["fresh"] == 31, "no frames came")
    source.interrupt().expect(0)


# ---- textures ----

ON_GPU = (*SMALL, "--backend", "d3d11")


def case_no_sharing(world):
    """A real Direct3D 11 that cannot share textures, or none: shared memory serves, and the reason is logged."""
    check("DISPLAY" in world.env, "Wine has no Direct3D 11 without a display: run it with DISPLAY set, as ./test windows does")
    done = world.fr("capture", "--json", *SMALL, *frames(31), "a.y4m").expect(0)
    check(done.json()["backend"] == "cpu" and done.json()["fresh"] == 31, f"{done.out}")
    done = world.fr("capture", "--json", *ON_GPU, *frames(31), "b.y4m").expect(0)
    check(done.json()["backend"] == "cpu" and done.json()["fresh"] == 31, f"{done.out}")
    check("sharing textures is unsupported here" in done.err, f"{done.err!r}")
    world.stamps("b.y4m")


def textures(world, *more, sync):
    world.use_fake_gpu()
    done = world.fr("capture", "--json", "--verbose", *ON_GPU, *more, timeout=90).expect(0)
    summary = done.json()
    check(summary["backend"] == "d3d11", f"{summary} {done.err}")
    way = {"keyed mutex": "one side at a time", "fence": "kept in step by fences"}[sync]
    check(f"in shared textures, {way}" in done.err, f"no {sync}: {done.err!r}")
    print_flips(summary)
    world.stamps(*summary["files"])
    return summary


def case_textures_keyed_mutex(world):
    """A ring of textures with keyed mutexes between two processes: no stale, torn or relabelled frame."""
    textures(world, "--no-fence", *frames(120), "a.y4m", sync="keyed mutex")


def case_textures_fence(world):
    """The same with shared fences."""
    textures(world, *frames(120), "a.y4m", sync="fence")


def case_textures_flips(world):
    """A new size and HDR on textures."""
    summary = textures(world, "--at", "30f:size=640x360", "--at", "30f:hdr=on", "--at", "30f:exit", "--for", "60s", "a.y4m",
                       sync="fence")
    check([flip["kind"] for flip in summary["flips"]] == ["size", "hdr"], f"{summary['flips']}")


def case_textures_abandoned(world):
    """A source that dies while it holds a keyed mutex: its half-drawn frame is never shown, a new generation follows."""
    summary = textures(world, "--no-fence", "--at", "45f:kill-writing", *frames(75, "60s"), "a.y4m", sync="keyed mutex")
    check(summary["generations"] > 1, f"{summary}")


def case_textures_version_1(world):
    """A ring of version 1, by names and keyed mutexes, watched from outside."""
    world.use_fake_gpu()
    host = world.fr_start("capture", "--json", *ON_GPU, *named(world, "--wire-version", "1"), "--for", "120s", "a.y4m")
    world.wait_for_file("a.y4m", 40 * 320 * 180 * 3 // 2)
    seen = world.fr("watch", "0", *names(world), "--json", "--samples", "2", "--every", "200ms").expect(0)
    first = json.loads(seen.out.splitlines()[0])
    check(first["ring"] and first["version"] == 1 and first["width"] == 320, f"{first}")
    summary = host.interrupt().expect(0).json()
    check(summary["fresh"] > 30 and summary["backend"] == "d3d11", f"{summary}")
    world.stamps("a.y4m")


# ---- the console ----


class Console:
    """A terminal with a program on it, which Wine makes a console of."""

    def __init__(self, world, *command, screen=False):
        self.master, slave = pty.openpty()
        self.text = b""
        options = {"stdout": slave, "stderr": slave} if screen else {}
        self.running = world.start(*command, stdin=slave, start_new_session=True, **options)
        os.close(slave)

    def type(self, text):
        os.write(self.master, text)

    def read(self):
        while self.master is not None and select.select([self.master], [], [], 0)[0]:
            try:
                self.text += os.read(self.master, 65536)
            except OSError:
                break
        return self.text

    def shown(self):
        """The text without the cursor's comings and goings. Wine writes our own sequences as they are."""
        text = self.read().replace(b"\x1b[?25l", b"").replace(b"\x1b[?25h", b"").replace(b"\x1b[K\x1b[1C", b" ")
        return text.decode(errors="replace")

    def finish(self):
        wait_for(lambda: (self.read(), not self.running.alive())[1], 60, "the program goes on")
        self.read()
        done = self.running.finish()
        os.close(self.master)
        self.master = None
        return done


def case_ctrl_c(world):
    """Ctrl-C, typed at a console, ends a recording in order, and so does a source by hand."""
    console = Console(world, world.framering, "capture", "--json", *SMALL, "a.mp4")
    source = world.source_of(console.running)
    world.wait_for_file("a.mp4", 1000)
    console.type(b"\x03")
    done = console.finish().expect(0)
    summary = done.json()
    check(summary["end"] == "stopped" and summary["fresh"] > 0, f"{summary}")
    check(not is_alive(source), "the source is left")
    frames, errors = world.playable("a.mp4")
    check(frames > 0 and not errors.strip(), f"{frames} frames, {errors!r}")
    console = Console(world, world.framering, "source", "pattern", "--target", "3")
    source = world.source_of(console.running)
    console.type(b"\x03")
    console.finish().expect(0)
    check(not is_alive(source), "the source is left")


def case_source_ends_with_its_parent(world):
    """`framering source` that is killed takes the program with it that it runs."""
    running = world.fr_start("source", "pattern", "--target", "3")
    source = world.source_of(running)
    running.process.kill()
    running.finish()
    wait_for(lambda: not is_alive(source), 30, "the source is left")


def case_watch_screen(world):
    """The live screen shows the session; q leaves it, and the terminal gets its page back."""
    host = world.fr_start("capture", "--json", *SMALL, "--target", "6", "--for", "120s", "null:")
    world.wait_for_target(6)
    console = Console(world, world.framering, "watch", "6", "--every", "200ms", screen=True)
    wait_for(lambda: "320x180 bgra" in console.shown(), 60, "the screen shows no ring")
    console.type(b"q")
    console.finish().expect(0)
    check("debug block" in console.shown(), "it does not end as without a screen")
    host.interrupt().expect(0)


def case_other_letters(world):
    """Names that are not ASCII: the folder, the output, and what the summary says of it."""
    folder = world.folder / "Grüße 日本"
    folder.mkdir()
    summary = world.capture(*SMALL, "--frames", "10", "Grüße 日本/ä.mkv")
    check(summary["files"] == ["Grüße 日本/ä.mkv"], f"{summary['files']}")
    check((folder / "ä.mkv").stat().st_size > 1000, "nothing was written")
    world.stamps(str(folder / "ä.mkv"))
    again = world.capture("--source", "file:Grüße 日本/ä.mkv", "--no-repeats", "b.y4m")
    check(again["fresh"] > 0 and again["fresh"] + again["dropped"] + again["dropped_at_start"] > 5, f"{again}")
    done = world.fr("capture", *SMALL, "--for", "1s", "Grüße/fehlt/ä.mkv").expect(1)
    one_sentence(done, "Grüße/fehlt/ä.mkv")


def case_binary_pipes(world):
    """Frames go through the standard streams byte by byte, also those that mean an end of line or of file."""
    pixels = bytes(range(256)) * 2  # 16 by 8 pixels with every byte there is
    (world.folder / "in.bgra").write_bytes(pixels)
    world.fr("convert", "--from", "bgra", "--to", "nv12", "--size", "16x8", "in.bgra", "wanted.nv12").expect(0)
    with open(world.folder / "in.bgra", "rb") as source, open(world.folder / "out.nv12", "wb") as out:
        code = world.start(world.framering, "convert", "--from", "bgra", "--to", "nv12", "--size", "16x8", "-", "-",
                           stdin=source, stdout=out).process.wait(30)
    check(code == 0, f"exit code {code}")
    check((world.folder / "out.nv12").read_bytes() == (world.folder / "wanted.nv12").read_bytes(), "the frames differ")
