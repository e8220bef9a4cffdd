# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""What the cases with Vulkan share: the processor as the device, the validation layer, the capture layer."""

import contextlib
import json
import os
import pathlib
import re
import shutil

from harness import Failure, Final, check, wait_for

LAVAPIPE = pathlib.Path("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")
LAYER = "VK_LAYER_KHRONOS_validation"


def skip(reason):
    print(reason)
    raise SystemExit(77)


def has_vulkan(world):
    return "vulkan" in world.run(world.source_program("pattern"), "--list-options").out or \
        "vulkan" in world.run(world.source_program("pattern"), "--help").out


# Each start of a source has a log of its own: one that a host shares with it, or that a restarted source shares with the first,
# is emptied by the second that opens it. It may be killed at any line of this.
SOURCE = """#!/bin/sh
[ "$1" = --list-options ] && {options}
folder='{world}/validation-{name}'-$$
mkdir "$folder" && printf '{settings}' "$folder/errors" >"$folder/vk_layer_settings.txt"
VK_LAYER_SETTINGS_PATH=$folder exec {command}
"""
SETTINGS = ("khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG\n"
            "khronos_validation.report_flags = error\n"
            "khronos_validation.log_filename = %s\n")


def install_source(world, folder, kind, name, options, command):
    """A source whose every start is validated by that name; what it says of its options, and what it is."""
    folder.mkdir()
    program = folder / f"framering-source-{kind}"
    program.write_text(SOURCE.format(world=world.folder, name=name, settings=SETTINGS.replace("\n", "\\n"), options=options,
                                     command=command))
    program.chmod(0o755)
    world.env["FRAMERING_SOURCE_DIR"] = str(folder)


def use_vulkan(world):
    """From now on Mesa's driver for the processor is the only device, but where the machine's own are to be tested
    (tests/gpu/run), an error of a source's use ends it, one of whoever is validated ends the case, and whoever may use
    Vulkan is validated, or says why not."""
    if valid in world.checks:
        return
    if not has_vulkan(world):
        skip("built without Vulkan")
    if LAVAPIPE.exists() and not os.environ.get("FRAMERING_TEST_GPU"):
        world.env["VK_ICD_FILENAMES"] = str(LAVAPIPE)
    world.env["FRAMERING_VULKAN_VALIDATION"] = "1"
    pattern = f"'{world.source_program('pattern')}' \"$@\""
    install_source(world, world.folder / "validated", "pattern", "source", f"exec {pattern}", pattern)
    world.checks.append(valid)
    world.gates.append(to_be_validated)


def unvalidated(reason):
    """The environment of a process that may use Vulkan and is not validated, for this reason."""
    return {"FRAMERING_UNVALIDATED": reason}


def may_use_vulkan(world, command):
    """A host does where a source has textures, unless it is told not to. A source sees to it itself (SOURCE)."""
    program, arguments = command[0], command[1:]
    if program == str(world.framering):
        return arguments[:1] == ["capture"] and "cpu" not in [b for a, b in zip(arguments, arguments[1:]) if a == "--backend"]
    return pathlib.Path(program).name in ("presenter", "vkcube")


def to_be_validated(world, command, environment):
    """Nobody starts a program that may use Vulkan and forgets to have it validated, in a log of its own."""
    if not may_use_vulkan(world, command) or environment.get("FRAMERING_UNVALIDATED"):
        return
    layers = environment.get("VK_INSTANCE_LAYERS", "").split(":")
    folder = pathlib.Path(environment.get("VK_LAYER_SETTINGS_PATH", "/"))
    check(folder.parent == world.folder and (LAYER in layers or "--validated" in command),
          f"it was to start without validation: {command}", Final)
    check(not (folder / "taken").exists(), f"its log is another's, which it would empty: {command}", Final)
    (folder / "taken").touch()


def validation(world, name, by_itself=False, perhaps=False, allowed=""):
    """The environment in which one process is validated; valid() reads what was found. `by_itself`: it asks for the layer.
    `perhaps`: it may end before it uses Vulkan. `allowed`: errors that are none, whose first line begins so."""
    number = len(list(world.folder.glob(f"validation-{name}-*")))
    folder = world.folder / f"validation-{name}-{number}"
    folder.mkdir()
    (folder / "vk_layer_settings.txt").write_text(SETTINGS % (folder / "errors"))
    if not perhaps:
        (folder / "must").touch()
    if allowed:
        (folder / "allowed").write_text(allowed)
    environment = {"VK_LAYER_SETTINGS_PATH": str(folder)}
    others = world.env.get("VK_INSTANCE_LAYERS", "")  # below it, so that it sees what they say of the device
    return environment if by_itself else dict(environment, VK_INSTANCE_LAYERS=LAYER + (f":{others}" if others else ""))


def validated(world, name):
    """The folders of the processes of that name that were validated."""
    return {errors.parent for errors in world.folder.glob(f"validation-{name}-*/errors")}


def wrongs(folder):
    """What the process with this log did wrong."""
    log, allowed = folder / "errors", folder / "allowed"
    said = log.read_text(errors="replace").strip() if log.exists() else ""
    if not allowed.exists():
        return said
    first = [line for line in said.splitlines() if re.match("VUID|UNASSIGNED|SYNC", line)]
    return "\n".join(line for line in first if not re.match(allowed.read_text(), line))


def valid(world):
    """Whoever was to be validated until now was, and did nothing wrong. Looked at once more at the end of each case."""
    for folder in sorted(world.folder.glob("validation-*")):
        check((folder / "errors").exists() or not (folder / "must").exists(), f"{folder.name}: the process was not validated")
        check(not wrongs(folder), f"{folder.name}: {wrongs(folder)[:2000]}", Final)


def session(world, *arguments, deaths=0, env=None, until=None, says=()):
    """A capture and the source that it starts, both validated; its summary. `deaths`: of sources, which the case wants; None:
    some. Any other is what an error of validation does. `until`: the session is ended then; None: it ends by itself. `says`:
    what one line each is to hold."""
    use_vulkan(world)
    before = set(world.folder.glob("validation-source-*"))
    running = world.fr_start("capture", "--json", *arguments, env={**validation(world, "session"), **(env or {})})
    if until:
        wait_for(lambda: until() or not running.alive(), 90, "what ends the session did not come")
    done = running.interrupt() if until else running.finish()
    valid(world)
    done.expect(0)
    check("validation:" not in done.err, f"the source was ended: {done.err}", Final)
    for words in says:
        check(len([line for line in done.lines if words in line]) == 1, f"not one line says {words!r}: {done.err}")
    summary = done.json()
    starts = len(set(world.folder.glob("validation-source-*")) - before)
    died = [flip["kind"] for flip in summary["flips"]].count("source")
    check(starts > 1 and died > 0 if deaths is None else (starts, died) == (deaths + 1, deaths),
          f"{starts} sources were started, {died} followed another: {done.err}")
    return summary


@contextlib.contextmanager
def caught(words):
    """What is done in it fails the case, with these words: the rig itself is tested."""
    try:
        yield
    except Failure as failure:
        check(words in str(failure), f"another failure: {failure}")
    else:
        raise Failure(f"nothing was found that says {words!r}")


def wrong(world, program, **what):
    """The environment of a session in which this program does it wrong: `submit`: breaks a rule at its so many-th submission;
    `loss`: the first one has its device lost at its so many-th submission or wait."""
    use_vulkan(world)
    folder = world.folder / "layers"
    install_layer(world.build / "tests" / "e2e", "VkLayer_wrong", folder)
    there = os.environ.get("VK_ADD_LAYER_PATH")
    return {"VK_ADD_LAYER_PATH": str(folder) + (f":{there}" if there else ""), "WRONG_PROGRAM": program,
            "WRONG_MARK": world.path("device-lost"), **{f"WRONG_{name.upper()}": str(number) for name, number in what.items()},
            "VK_INSTANCE_LAYERS": f"VK_LAYER_FRAMERING_wrong:{LAYER}"}


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


def presenter(world, name, target, *arguments, env=None, allowed=""):
    """A program that presents stamps, validated, in swapchains without a window."""
    return world.start(world.build / "tests" / "vulkan_layer" / "presenter", "--validated", *arguments,
                       env={**validation(world, name, by_itself=True, allowed=allowed), **captured(target), **(env or {})})


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
