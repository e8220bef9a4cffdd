# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Frames of Vulkan to FFmpeg's NVENC as they lie, on fakes of NVIDIA's libraries under the driver that Mesa has for the
processor: what the fake encodes is decoded, and its stamps are read. On a GPU (tests/gpu) CUDA is its own."""

import json
import os

from cases_session import TAGS_HDR, TAGS_SDR, check_tags
from cases_vulkan import steps
from harness import Final, check, frames
from vulkan_rig import session, skip, use_vulkan

SMALL = ("--source", "pattern", "--size", "320x180", "--backend", "vulkan")
ON_GPU = "FRAMERING_TEST_GPU" in os.environ
PAIRS_OF_CUDA = ("contexts", "imports", "maps", "allocations")
PAIRS_OF_NVENC = ("sessions", "resources", "maps", "locks", "inputs", "input_locks")


def use_fakes(world, uuid=None):
    """From now on programs find both fakes as the driver's libraries. `uuid`: of CUDA's device; None: Vulkan's own."""
    use_vulkan(world)
    folders = {"libnvidia-encode.so.1": world.build / "tests" / "unit" / "encode"}
    if not ON_GPU:
        folders["libcuda.so.1"] = world.build / "tests" / "unit" / "cuda"
    if not all((folder / name).exists() for name, folder in folders.items()):
        skip("built without CUDA's headers")
    devices = world.fr("probe", "--json").expect(0).json()["vulkan"]["devices"]
    paths = [str(folder) for folder in folders.values()] + os.environ.get("LD_LIBRARY_PATH", "").split(":")
    world.env.update(LD_LIBRARY_PATH=":".join(filter(None, paths)), FAKE_CUDA_UUID=uuid or devices[0]["device_uuid"],
                     FAKE_CUDA_REPORT=str(world.folder / "cuda.json"), FAKE_NVENC_REPORT=str(world.folder / "nvenc.json"))


def report(world, name, pairs):
    """What a fake counted; all that was made was undone."""
    found = json.loads((world.folder / f"{name}.json").read_text())
    check(not found["wrong"], f"{name}: {found['wrong']}", Final)
    for pair in pairs:
        check(found[pair][0] == found[pair][1], f"{name}: {pair} {found[pair]}", Final)
    return found


def reports(world):
    """Of CUDA (None: it is no fake) and of NVENC."""
    return None if ON_GPU else report(world, "cuda", PAIRS_OF_CUDA), report(world, "nvenc", PAIRS_OF_NVENC)


def case_vulkan_nvenc(world):
    """No copy between the converter and the encoder, and nothing but whole frames."""
    use_fakes(world)
    summary = session(world, *SMALL, "--encoder", "h264_nvenc", *frames(100), "a.mkv")
    check(summary["encoder"] == "h264_nvenc" and summary["encoder_input"] == "cuda", f"{summary}")
    check(summary["encoder_input_reason"] == "" and summary["fresh"] == 100, f"{summary}")
    cuda, nvenc = reports(world)
    check(nvenc["maps"][0] == nvenc["frames"] == summary["frames_encoded"], f"{nvenc}, {summary}")
    check(nvenc["resources"][0] <= 8 and nvenc["input_locks"][0] == 0, f"{nvenc}")
    if cuda:
        check(cuda["imports"][0] == nvenc["resources"][0] and cuda["copies"] == 0, f"{cuda}, {nvenc}")
    check_tags(world, "a.mkv", TAGS_SDR, hdr=False)
    world.stamps("a.mkv")


def case_vulkan_nvenc_size_flip(world):
    """A new size: a session, a segment and mappings of its own."""
    use_fakes(world)
    summary = session(world, *SMALL, "--encoder", "h264_nvenc", *steps("size=400x226", "exit"), "a.mkv")
    check(len(summary["files"]) == 2 and summary["encoder_input"] == "cuda", f"{summary}")
    _, nvenc = reports(world)
    check(nvenc["input_locks"][0] == 0, f"{nvenc}")
    world.stamps(*summary["files"])


# In a container whose header has no parameter sets: the fake's HEVC encoder is libavcodec's too, which opens one at a time.
def case_vulkan_nvenc_hdr(world):
    """P010, tagged, with mastering display and content light, and HDR going off in place."""
    use_fakes(world)
    summary = session(world, *SMALL, "--hdr", "--encoder", "hevc_nvenc", *steps("hdr=off", "exit"), "a.ts")
    check(summary["encoder_input"] == "cuda", f"{summary}")
    check_tags(world, "a.ts", TAGS_HDR, hdr=True)
    _, nvenc = reports(world)
    check(nvenc["input_locks"][0] == 0, f"{nvenc}")
    world.stamps("a.ts")


def case_vulkan_nvenc_of_another_gpu(world):
    """A CUDA that does not know the frames' GPU: through memory, and the summary says why."""
    if ON_GPU:
        skip("the GPU's own CUDA knows it")
    use_fakes(world, uuid="11" * 16)
    summary = session(world, *SMALL, "--encoder", "h264_nvenc", *frames(60), "a.mkv")
    check(summary["encoder_input"] == "memory", f"{summary}")
    check("none of CUDA's 2" in summary["encoder_input_reason"], f"{summary}")
    _, nvenc = reports(world)
    check(nvenc["resources"][0] == 0 and nvenc["frames"] == summary["frames_encoded"], f"{nvenc}")
    world.stamps("a.mkv")


def case_vulkan_software_encoder(world):
    """An encoder that reads memory gets frames of a GPU through memory, and the summary says so."""
    use_vulkan(world)
    summary = session(world, *SMALL, "--encoder", "libx264", *frames(30), "a.mkv")
    check(summary["encoder_input"] == "memory" and "libx264" in summary["encoder_input_reason"], f"{summary}")
