# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Frames of Vulkan to FFmpeg's VA-API encoders as they lie, through libva, on a driver of the tests that maps the memory:
what it encodes, H.264 without loss, is decoded, and its stamps are read. tests/vm/run has DMA-BUFs and a render node of the
kernel's; elsewhere both are lent."""

import json
import os

from cases_session import TAGS_HDR, TAGS_SDR, check_tags
from cases_vulkan import steps
from harness import Final, check, frames, wait_for
from vulkan_rig import install_layer, skip, use_vulkan, validation

ON_GPU = "FRAMERING_TEST_GPU" in os.environ
IN_VM = "FRAMERING_VM" in os.environ
# Where the processor is emulated programs start slowly: a host that started its source itself would give it up.
PATIENCE = 120
FPS = 10 if IN_VM else 60
PCM = ("--encoder", "h264_vaapi", "--encoder-options", "coder=cavlc")
PAIRS = ("displays", "configs", "contexts", "imports", "surfaces", "images", "buffers", "maps")


def use_driver(world):
    """From now on libva has the driver, and Vulkan's device names the render node that it is on."""
    if ON_GPU:
        skip("the driver of the tests does not read a GPU's memory")
    use_vulkan(world)
    driver = world.build / "tests" / "unit" / "vaapi"
    if not (driver / "fake_drv_video.so").exists():
        skip("built without libva's headers")
    layers = world.folder / "layers"
    install_layer(world.build / "tests" / "vulkan_layer", "VkLayer_lender", layers)
    world.env.update(LIBVA_DRIVERS_PATH=str(driver), LIBVA_DRIVER_NAME="fake", LIBVA_MESSAGING_LEVEL="0",
                     VK_ADD_LAYER_PATH=str(layers), VK_INSTANCE_LAYERS="VK_LAYER_FRAMERING_lender",
                     LENDER_RENDER_NODE="128" if IN_VM else "191", FAKE_VA_REPORT=str(world.folder / "va.json"))
    if IN_VM:
        world.env["LENDER_DMA_BUF_ALONE"] = "1"
    else:
        preloaded = [str(driver / "librender-node.so"), world.env.get("LD_PRELOAD", "")]
        world.env["LD_PRELOAD"] = ":".join(filter(None, preloaded))


def report(world):
    """What the driver counted; all that was made was undone."""
    found = json.loads((world.folder / "va.json").read_text())
    check(not found["wrong"], found["wrong"], Final)
    for pair in PAIRS:
        check(found[pair][0] == found[pair][1], f"{pair} {found[pair]}", Final)
    if IN_VM:
        check(found["dma_bufs"] == found["imports"][0], f"{found}")
    return found


def record(world, file, *options, source=(), width=None):
    """The summary of a host whose source is started beside it. `width`: it ends once it has this one; None: after some
    frames."""
    ends = ("--for", f"{2 * PATIENCE}s") if width else frames(25, f"{PATIENCE}s")
    host = world.fr_start("capture", "--json", "--source", "none", "--target", "8", "--backend", "vulkan", *options,
                          *ends, file, env=validation(world, "host"))
    wait_for(lambda: world.target_listens(8), PATIENCE, "nobody listens at target 8")
    pattern = world.source_start("pattern", "--target", "8", "--backend", "vulkan", "--size", "320x180", "--fps", str(FPS),
                                 *source)
    if width:
        def has_it():
            seen = world.sample("8")
            return seen and seen["width"] == width and seen["host"]["taken"] >= 10
        wait_for(has_it, PATIENCE, f"the host has no frames that are {width} wide")
    summary = (host.interrupt(PATIENCE) if width else host.finish(2 * PATIENCE)).expect(0).json()
    pattern.interrupt(PATIENCE).expect(0)
    check(summary["backend"] == "vulkan", f"{summary}")
    world.stamps(*summary["files"])
    return summary


def case_vulkan_vaapi(world):
    """No copy between the converter and the encoder, each surface imported once, and nothing but whole frames."""
    use_driver(world)
    summary = record(world, "a.mkv", *PCM)
    check(summary["encoder"] == "h264_vaapi" and summary["encoder_input"] == "vaapi", f"{summary}")
    check(summary["encoder_input_reason"] == "" and summary["fresh"] == 25, f"{summary}")
    found = report(world)
    check(found["frames"] == summary["frames_encoded"] and found["uploads"] == 0, f"{found}, {summary}")
    check(0 < found["imports"][0] <= 8, f"{found}")
    check_tags(world, "a.mkv", TAGS_SDR, hdr=False)


def case_vulkan_vaapi_size_flip(world):
    """A new size: an encoder, a segment and surfaces of its own."""
    use_driver(world)
    summary = record(world, "a.mkv", *PCM, source=steps("size=400x226", count=20), width=400)
    check(len(summary["files"]) == 2 and summary["encoder_input"] == "vaapi", f"{summary}")
    check(report(world)["uploads"] == 0, f"{report(world)}")


# In a container whose header has no parameter sets: x265, which the driver has for HEVC, writes its own.
def case_vulkan_vaapi_hdr(world):
    """P010, tagged, with mastering display and content light."""
    use_driver(world)
    summary = record(world, "a.ts", "--encoder", "hevc_vaapi", source=("--hdr",))
    check(summary["encoder_input"] == "vaapi", f"{summary}")
    check(report(world)["uploads"] == 0, f"{report(world)}")
    check_tags(world, "a.ts", TAGS_HDR, hdr=True)


def case_vulkan_vaapi_without_imports(world):
    """A driver that takes no DMA-BUF: through memory, and the summary says why."""
    use_driver(world)
    world.env["FAKE_VA_NO_IMPORT"] = "1"
    summary = record(world, "a.mkv", *PCM)
    check(summary["encoder"] == "h264_vaapi" and summary["encoder_input"] == "memory", f"{summary}")
    check(summary["encoder_input_reason"] == "VA-API does not take the frames' memory", f"{summary}")
    found = report(world)
    check(found["imports"][0] == 0 and found["uploads"] == found["frames"] == summary["frames_encoded"], f"{found}, {summary}")
