# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Sources and hosts of Vulkan rings, killed at random moments, over and over: whoever lives on loses nothing by it."""

import os
import pathlib
import random
import signal
import time

from cases_session import check_tags, TAGS_SDR
from harness import Final, check, frames, wait_for
from vulkan_rig import use_vulkan, validated, validation

DEATHS = 20
SETTLED = 5  # deaths after which caches are filled
GPU = ("--backend", "vulkan")


def dice():
    seed = os.environ.get("FRAMERING_STORM_SEED") or str(random.randrange(1 << 32))
    print(f"  FRAMERING_STORM_SEED={seed}")
    return random.Random(seed)


class Held:
    """What a process holds."""

    def __init__(self, pid):
        process = pathlib.Path(f"/proc/{pid}")
        self.descriptors = len(list((process / "fd").iterdir()))
        self.mappings = len((process / "maps").read_text().splitlines())
        self.threads = len(list((process / "task").iterdir()))
        self.kib = next(int(line.split()[1]) for line in (process / "status").read_text().splitlines()
                        if line.startswith("VmRSS"))

    def __str__(self):
        return f"{self.descriptors} descriptors, {self.mappings} mappings, {self.threads} threads, {self.kib} KiB"


def no_growth(world, settled, pid, ring_kib):
    """Since `settled` were DEATHS - SETTLED deaths, each with a ring. On a busy machine the last attach may still be under
    way, which takes a few of everything and gives it back; what is lost by each death is more, and stays."""
    deaths = DEATHS - SETTLED

    def leaks():
        last = Held(pid)
        found = [what for what, lost in (
            ("descriptors", last.descriptors - settled.descriptors >= deaths / 2),
            ("threads", last.threads - settled.threads >= deaths / 2),
            ("mappings", last.mappings - settled.mappings >= deaths),
            # The address sanitizer keeps what was freed, and says itself what leaks.
            ("memory", not world.sanitized and last.kib - settled.kib >= deaths * ring_kib / 2)) if lost]
        return last, found

    end = time.monotonic() + 10
    last, found = leaks()
    while found and time.monotonic() < end:
        time.sleep(0.25)
        last, found = leaks()
    print(f"  after {SETTLED} deaths: {settled}; after {DEATHS}: {last}")
    check(not found, f"{' and '.join(found)} leak: {settled}; {last}", Final)


class Lives:
    """How long those live who are killed. One of every `parts` until a frame was taken, and a random while longer: it dies
    between frames. Of the others each dies at some moment within the time that a start to the first frame has taken here:
    before it has a device, or while it attaches."""

    def __init__(self, world, target, parts):
        self.world, self.target, self.parts = world, target, parts
        self.die = dice()
        self.start_s = None

    def frames_of(self, side, program, count=1):
        seen = self.world.sample(self.target)
        return seen and seen[side]["pid"] == program.pid and seen["host"]["taken"] >= count

    def live(self, number, side, program):
        if number % self.parts:
            time.sleep(self.die.uniform(0.05, self.start_s))
            return
        begin = time.monotonic()
        wait_for(lambda: self.frames_of(side, program), 60, f"no frame came before death {number}")
        start_s = time.monotonic() - begin
        self.start_s = min(self.start_s or start_s, start_s)
        time.sleep(self.die.uniform(0, 0.3))


def storm_of_sources(world, source, host, ring_kib):
    use_vulkan(world)
    lives = Lives(world, "5", 2)
    running = world.fr_start("capture", "--json", "--source", "none", "--target", "5", *host, "--for", "120s", "a.mkv",
                             env=validation(world, "host"))
    world.wait_for_target(5)
    settled = None
    for death in range(DEATHS + 1):
        feeding = world.source_start("pattern", "--target", "5", "--size", "640x360", *source)
        if death == DEATHS:
            break
        lives.live(death, "source", feeding)
        check(feeding.alive() and running.alive(), f"one of them ended before death {death}")
        feeding.signal(signal.SIGKILL)
        feeding.process.wait()
        if death + 1 == SETTLED:
            time.sleep(0.5)
            settled = Held(running.pid)
        if death + 1 == DEATHS:
            no_growth(world, settled, running.pid, ring_kib)
    wait_for(lambda: lives.frames_of("source", feeding, 30), 60, "the last source is not captured")
    summary = running.interrupt().expect(0).json()
    feeding.interrupt().expect(0)
    check(source != GPU or len(validated(world, "source")) > DEATHS / 4, "hardly a source lived long enough to be validated")
    print(f"  {summary['fresh']} fresh, {summary['generations']} generations, slots {summary['slots']}")
    check(summary["backend"] == "vulkan" and summary["fresh"] > DEATHS, f"{summary}")
    check_tags(world, summary["files"][0], TAGS_SDR, hdr=False)
    world.stamps(*summary["files"])


def case_vulkan_storm_of_sources(world):
    """Twenty sources that push images are killed at random moments: the host shows whole pictures only, and loses nothing."""
    storm_of_sources(world, GPU, GPU, 4 * 900)


def case_vulkan_storm_of_memory_sources(world):
    """The same with sources that draw into shared memory, which the host's GPU reads."""
    storm_of_sources(world, ("--backend", "cpu"), GPU, 4 * 900)


def case_vulkan_storm_of_hosts(world):
    """Twenty hosts are killed at random moments: the source lives on, loses nothing, and feeds the next with whole pictures."""
    use_vulkan(world)
    lives = Lives(world, "6", 4)  # a host starts slowly
    source = world.source_start("pattern", "--target", "6", "--size", "640x360", *GPU)
    settled = None
    for death in range(DEATHS):
        host = world.fr_start("capture", "--json", "--source", "none", "--target", "6", *GPU, "--for", "120s", f"{death}.mkv",
                              env=validation(world, "host", perhaps=True))
        lives.live(death, "host", host)
        check(source.alive() and host.alive(), f"one of them ended before death {death}")
        host.signal(signal.SIGKILL)
        host.process.wait()
        if death + 1 == SETTLED:
            time.sleep(1)
            settled = Held(source.pid)
    no_growth(world, settled, source.pid, 4 * 900)
    check(len(validated(world, "host")) >= DEATHS / 4, "hardly a host lived long enough to be validated")
    count = 20 if world.sanitized else 60
    summary = world.capture("--source", "none", "--target", "6", *GPU, *frames(count, "60s"), "last.mkv",
                            env=validation(world, "host"), timeout=90)
    check(summary["backend"] == "vulkan" and summary["fresh"] == count, f"{summary}")
    source.interrupt().expect(0)
    world.stamps("last.mkv")
    recorded = world.stamps_of_killed(*(f"{death}.mkv" for death in range(DEATHS)))
    print(f"  the killed hosts recorded {recorded} frames")
