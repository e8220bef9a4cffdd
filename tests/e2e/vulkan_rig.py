# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""What the cases with Vulkan share: the processor as the device, the validation layer, the capture layer."""

import json
import os
import pathlib
import re
import shutil

from harness import check

LAVAPIPE = pathlib.Path("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")


def skip(reason):
    print(reason)
    raise SystemExit(77)


def has_vulkan(world):
    return "vulkan" in world.run(world.source_program("pattern"), "--list-options").out or \
        "vulkan" in world.run(world.source_program("pattern"), "--help").out


def use_vulkan(world):
    """From now on Mesa's driver for the processor is the only device, but where the machine's own are to be tested
    (tests/gpu/run), and an error of a source's use ends it."""
    if not has_vulkan(world):
        skip("built without Vulkan")
    if LAVAPIPE.exists() and not os.environ.get("FRAMERING_TEST_GPU"):
        world.env["VK_ICD_FILENAMES"] = str(LAVAPIPE)
    world.env["FRAMERING_VULKAN_VALIDATION"] = "1"


def validation(world, name, by_itself=False):
    """The environment in which a process is validated; valid() reads what was found. `by_itself`: it asks for the layer."""
    folder = world.folder / f"validation-{name}"
    folder.mkdir(exist_ok=True)
    (folder / "vk_layer_settings.txt").write_text(
        "khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG\n"
        "khronos_validation.report_flags = error\n"
        f"khronos_validation.log_filename = {folder / 'errors'}\n")
    environment = {"VK_LAYER_SETTINGS_PATH": str(folder)}
    return environment if by_itself else dict(environment, VK_INSTANCE_LAYERS="VK_LAYER_KHRONOS_validation")


def valid(world, name):
    errors = world.folder / f"validation-{name}" / "errors"
    check(errors.exists(), f"{name} was not validated")
    check(not errors.read_text(errors="replace").strip(), f"{name}: {errors.read_text(errors='replace')[:2000]}")


def install_layer(built, name, folder):
    """A built layer, with a manifest that names where it lies now."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = json.loads((built / f"{name}.json").read_text())
    manifest["layer"]["library_path"] = str(built / f"lib{name}.so")
    (folder / f"{name}.json").write_text(json.dumps(manifest))


def use_layer(world):
    """From now on the capture layer is installed, for whoever turns it on."""
    use_vulkan(world)
    data, tests = world.folder / "data", world.folder / "layers"
    install_layer(world.build / "sources" / "vulkan-layer", "VkLayer_framering_capture", data / "vulkan" / "implicit_layer.d")
    install_layer(world.build / "tests" / "vulkan_layer", "VkLayer_windowless", tests)
    world.env["XDG_DATA_HOME"] = str(data)
    there = os.environ.get("VK_ADD_LAYER_PATH")
    world.env["VK_ADD_LAYER_PATH"] = str(tests) + (f":{there}" if there else "")


def captured(target):
    """The environment of a program whose frames are offered."""
    return {"FRAMERING_CAPTURE": "1", "FRAMERING_TARGET": str(target), "FRAMERING_CAPTURE_STATS": "1"}


def presenter(world, name, target, *arguments, env=None):
    """A program that presents stamps, validated, in swapchains without a window."""
    return world.start(world.build / "tests" / "vulkan_layer" / "presenter", "--validated", *arguments,
                       env={**validation(world, name, by_itself=True), **captured(target), **(env or {})})


def stats(err):
    """What became of the presents, from the layer's own words."""
    found = re.findall(r"stats: (\w+) (\d+)(?:, per present ([\d.]+) us mean, ([\d.]+) us p50)?", err)
    check(len(found) == 4, f"the layer did not count: {err!r}")
    return {name: {"presents": int(num), "mean_us": float(mean or 0), "p50_us": float(p50 or 0)}
            for name, num, mean, p50 in found}


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            skip(f"{program} is not installed")
