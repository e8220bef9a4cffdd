# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Images shared as DMA-BUF. Debian 12's driver for the processor has none: tests/vm/run has one that does.

The host waits for its source for ever: there the processor is emulated, and starts take seconds.
"""

import os
import signal
import time

from cases_session import TAGS_HDR, TAGS_SDR, check_tags
from harness import check, print_flips, wait_for
from vulkan_rig import skip, use_vulkan, validation

GPU = ("--backend", "vulkan")
PATIENCE = 120


class Session:
    """A host that shares no images in the driver's own way, and its sources."""

    def __init__(self, world, seconds, *options):
        use_vulkan(world)
        ways = [device["dma_buf"] for device in world.fr("probe", "--json", timeout=PATIENCE).expect(0).json()["vulkan"]["devices"]]
        if not any(way["available"] for way in ways) and not os.environ.get("FRAMERING_VM"):
            skip(f"{ways[0]['reason'] if ways else 'no device'}: see tests/vm/run")
        self.world = world
        self.host = world.fr_start("capture", "--json", "--source", "none", "--target", "8", *GPU, "--no-opaque-fd", *options,
                                   "--for", f"{seconds}s", "a.mkv", env=validation(world, "host"))
        wait_for(lambda: world.target_listens(8), PATIENCE, "nobody listens at target 8")

    def source(self, *arguments):
        return self.world.source_start("pattern", "--target", "8", *GPU, "--size", "320x180", "--fps", "10", *arguments)

    def first_frames(self):
        file = self.world.folder / "a.mkv"
        wait_for(lambda: file.exists() and file.stat().st_size > 500, PATIENCE, "a.mkv was never written")

    def summary(self, source, sync="sync file"):
        summary = self.host.finish(PATIENCE).expect(0).json()
        source.interrupt(PATIENCE).expect(0)
        check(summary["backend"] == "vulkan" and summary["slots"] == "dma-buf" and summary["sync"] == sync, f"{summary}")
        print_flips(summary)
        self.world.stamps(*summary["files"])
        return summary


def case_vulkan_dma_buf(world):
    """What was drawn into an image is what the host finds in it when it is shared as DMA-BUF with its modifier."""
    session = Session(world, 6)
    summary = session.summary(session.source())
    check(summary["fresh"] > 10, f"{summary}")
    check_tags(world, "a.mkv", TAGS_SDR, hdr=False)


def case_vulkan_dma_buf_states(world):
    """The same where the source waits for its GPU before it publishes."""
    session = Session(world, 6, "--no-sync-file")
    summary = session.summary(session.source(), "states")
    check(summary["fresh"] > 10, f"{summary}")


def case_vulkan_dma_buf_hdr(world):
    """FP16 images of 8 bytes a pixel, after those of 4."""
    session = Session(world, 20)
    summary = session.summary(session.source("--at", "4s:hdr=on"))
    check([flip["kind"] for flip in summary["flips"]] == ["hdr"], f"{summary['flips']}")
    check_tags(world, summary["files"][1], TAGS_HDR, hdr=True)


def case_vulkan_dma_buf_source_killed(world):
    """A source killed with images in flight: the next takes its place."""
    session = Session(world, 40)
    first = session.source()
    session.first_frames()
    time.sleep(1)
    check(first.alive(), "the source ended by itself")
    first.signal(signal.SIGKILL)
    summary = session.summary(session.source())
    check([flip["kind"] for flip in summary["flips"]] == ["source"], f"{summary['flips']}")
