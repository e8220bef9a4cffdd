# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""`framering selftest` on what only Windows has: Wine's Direct3D as it is, and a fake that works, or lies."""

import shutil

from cases_selftest import outcome, run

SHARE = ("share/texture", "share/held", "share/abandoned", "share/fence")
CONVERTERS = ("bgra-nv12", "rgba16f-p010", "rgb10a2-p010", "rgba16f-nv12-tone", "rgba16f-nv12-clip")


def beside_a_fake(world):
    """A copy of the program with the fake's DLLs beside it, which Wine takes instead of its own."""
    folder = world.folder / "program"
    folder.mkdir()
    for file in ("cli/framering.exe", "src/framering.dll", "src/encode/framering-encode.dll",
                 "tests/win32/fake_d3d11/d3d11.dll", "tests/win32/fake_d3d11/dxgi.dll"):
        shutil.copy(world.build / file, folder)
    world.framering = folder / "framering.exe"
    # FFmpeg stays where it is.
    libraries = (world.build / "windows-deps").read_text().strip() + "/bin"
    world.env["WINEPATH"] = "Z:" + libraries.replace("/", "\\")
    world.env["WINEDLLOVERRIDES"] = "mscoree,mshtml=;winedbg.exe=d;d3d11,dxgi=n"


def case_selftest_channels(world):
    """Pipe, courier and names, each between two processes; who may not open them cannot."""
    rows = run(world, "--only", "channel")
    for name in ("pipe", "pipe-image", "delivered", "named", "named-global"):
        outcome(rows, f"channel/{name}", "pass")
    outcome(rows, "channel/named-dacl", "pass", "0x00000005")
    outcome(rows, "channel/pipe-dacl", "not available", words=("Wine",))


def case_selftest_without_sharing(world):
    """Where textures cannot be shared, no row that needs them says pass: each says by which code it was refused."""
    rows = run(world, "--only", "share")
    for name in SHARE:
        outcome(rows, name, "not available")
        assert rows[name]["code"] in ("0x80004002", "0x887a0004"), rows[name]  # without a screen there is no DXGI
    rows = run(world, "--only", "gpu")
    for name in ("keyed-mutex", "fence", "death", "nvenc", *CONVERTERS):
        outcome(rows, f"gpu/{name}", "not available")
        assert rows[f"gpu/{name}"]["code"] in ("0x80004002", "0x887a0004"), rows[f"gpu/{name}"]
    outcome(rows, "gpu/fallback", "pass", words=("cpu",))
    rows = run(world, "--only", "display")
    outcome(rows, "display/duplication", "not available")
    outcome(rows, "display/hdr-flip", "not available", words=("--allow-hdr-flip",))


def case_selftest_with_a_fake(world):
    """With a Direct3D that can share, everything about it passes, abandonment by a real kill included."""
    beside_a_fake(world)
    rows = run(world, "--only", "share")
    outcome(rows, "share/texture", "pass")
    outcome(rows, "share/held", "pass", "0x00000102")
    outcome(rows, "share/abandoned", "pass", "0x00000080")
    outcome(rows, "share/fence", "pass")
    rows = run(world, "--only", "gpu")
    outcome(rows, "gpu/keyed-mutex", "pass", words=("d3d11, keyed mutex",))
    outcome(rows, "gpu/fence", "pass", words=("d3d11, fence",))
    for name in ("death", "fallback", *CONVERTERS):
        outcome(rows, f"gpu/{name}", "pass")
    outcome(rows, "gpu/nvenc", "not available", words=("NVIDIA",))
    outcome(run(world, "--only", "adapters"), "adapters/list", "pass", words=("Fake GPU",))


def case_selftest_finds_lies(world):
    """A mutex that keeps nobody out, one that forgets its dead owner, a fence that is not signalled: each is a failure."""
    beside_a_fake(world)
    env = {"FAKE_D3D11_OPTIONS": "mutex_open"}
    rows = run(world, "--only", "share", code=1, env=env)
    for name in ("texture", "held", "abandoned"):
        outcome(rows, f"share/{name}", "fail", "0x00000000", words=("0x00000102",))
    rows = run(world, "--only", "share", code=1, env={"FAKE_D3D11_OPTIONS": "mutex_forgets"})
    outcome(rows, "share/held", "pass", "0x00000102")
    outcome(rows, "share/abandoned", "fail", "0x00000000", words=("0x00000080",))
    rows = run(world, "--only", "share/fence", code=1, env={"FAKE_D3D11_OPTIONS": "fence_deaf"})
    outcome(rows, "share/fence", "fail")
    rows = run(world, "--only", "gpu/fence", env={"FAKE_D3D11_OPTIONS": "no_fences"})
    outcome(rows, "gpu/fence", "not available", words=("keyed mutex",))
