# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""Sessions in which something goes wrong: each ends or continues as it should, with one clear sentence."""

import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import time

from harness import Failure, Final, alone, check, everywhere, frames, is_alive, one_sentence, print_flips, wait_for

SMALL = ("--source", "pattern", "--size", "320x180")
SYN_SENT = "02"  # as /proc/net/tcp writes it


def no_traces(world, source_pid):
    """After the end: no source, no socket."""
    wait_for(lambda: not is_alive(source_pid), 30, "the source outlived the capture")
    check(not world.traces(), f"left behind: {world.traces()}", Final)


# ---- arguments ----


@everywhere
def case_refused_arguments(world):
    """Every wrong argument is one sentence on stderr, exit code 2, and nothing is written."""
    for arguments, words in (
        (("--source", "nonsense", "a.mkv"), ["nonsense"]),
        ((*SMALL, "--codec", "vp6", "a.mkv"), ["codec"]),
        ((*SMALL, "--size", "0x100", "a.mkv"), ["size"]),
        ((*SMALL, "--size", "16385x100", "a.mkv"), ["16384"]),
        ((*SMALL, "--for", "soon", "a.mkv"), ["--for"]),
        ((*SMALL, "--target", "-1", "a.mkv"), ["--target"]),
        ((*SMALL, "--backend", "glide", "a.mkv"), ["backend"]),
        ((*SMALL, "--no-such-option", "a.mkv"), ["--no-such-option"]),
        ((*SMALL, "a.mkv", "b.mkv"), ["b.mkv"]),
    ):
        done = world.fr("capture", *arguments, timeout=20)
        check(done.code == 2, f"{arguments}: exit code {done.code}: {done.err!r}")
        one_sentence(done, *words)
    check(not list(world.folder.glob("*.mkv")), "a file was made")


@everywhere
def case_refused_outputs(world):
    """An output that cannot be written is named, with the cause, before anything starts."""
    for out, words in (("a.avi", ["avi"]), ("missing/folder/a.mkv", ["missing/folder"]), ("nothing", ["nothing"])):
        done = world.fr("capture", *SMALL, "--for", "1s", out, timeout=20)
        check(done.code in (1, 2), f"{out}: exit code {done.code}: {done.err!r}")
        one_sentence(done, *words)


def case_unwritable_path(world):
    """A folder that may not be written to is one clear sentence."""
    folder = world.folder / "locked"
    folder.mkdir(mode=0o500)
    if os.geteuid() == 0:
        out = "/proc/a.mkv"
    else:
        out = str(folder / "a.mkv")
    done = world.fr("capture", *SMALL, "--for", "1s", out, timeout=20).expect(1)
    one_sentence(done, out)


@everywhere
def case_unknown_encoder(world):
    """An encoder that FFmpeg does not have, and one that cannot open here: a sentence each, no other is taken."""
    done = world.fr("capture", *SMALL, "--quiet", "--encoder", "libfoo", "--for", "1s", "a.mkv", timeout=20)
    check(done.code in (1, 2), f"exit code {done.code}")
    one_sentence(done, "libfoo")
    done = world.fr("capture", *SMALL, "--quiet", "--encoder", "h264_nvenc", "--for", "1s", "b.mkv", timeout=20).expect(1)
    one_sentence(done, "h264_nvenc")


def case_disk_full(world):
    """A full disk ends the session with a sentence; what was written is playable."""
    folder = world.folder / "small"
    folder.mkdir()
    mounted = os.geteuid() == 0 and world.run("mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", folder).code == 0
    if not mounted:
        # A file size limit is the nearest thing that an ordinary user has; the ring's memory has to fit in it too.
        done = world.run("sh", "-c", f"ulimit -f 600; trap '' XFSZ; exec {world.framering} capture --source pattern "
                         "--size 160x90 --bitrate 20000 --for 20s small/a.mkv")
    else:
        done = world.fr("capture", "--source", "pattern", "--size", "640x360", "--bitrate", "20000", "--for", "20s",
                        "small/a.mkv")
    try:
        check(done.code == 1, f"exit code {done.code}: {done.err!r}")
        errors = [line for line in done.lines if "space" in line.lower() or "full" in line.lower() or "large" in line.lower()]
        check(len(errors) == 1, f"{done.err!r}")
        recorded, _ = world.playable("small/a.mkv")
        check(recorded > 5, f"{recorded} frames are playable")
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)


# ---- sources ----


@everywhere
@alone
def case_source_killed_and_restarted(world):
    """A source that is killed is started again: repeats meanwhile, fresh frames within 500 ms of its restart."""
    capture = world.fr_start("capture", "--json", *SMALL, "--for", "180s", "a.mkv")
    source, generation = world.source_of(capture), None
    for _ in range(3):
        # One that was well for 2 s is started again after 100 ms.
        generation = world.wait_for_taken(135, other_than=generation)["generation"]
        world.kill_source(source)
        source = world.source_of(capture, other_than=source)
    world.wait_for_taken(60, other_than=generation)
    summary = capture.interrupt().expect(0).json()
    print_flips(summary)
    check([flip["kind"] for flip in summary["flips"]] == ["source"] * 3, f"{summary['flips']}")
    # The middle one of three: the machine may take a pause of its own.
    world.check_time(sorted(flip["gap_ms"] for flip in summary["flips"])[1] < 600, f"{summary['flips']}")
    world.stamps(*summary["files"])
    no_traces(world, source)


def troubled(world, step):
    """A session whose source does that after every 45 frames, until the one after it has shown some."""
    done = world.fr("capture", "--json", *SMALL, "--at", f"45f:{step}", *frames(75, "60s"), "a.mkv", timeout=90).expect(0)
    summary = done.json()
    print_flips(summary)
    check([flip["kind"] for flip in summary["flips"]].count("source") >= 1, f"{summary['flips']}")
    world.stamps(*summary["files"])
    return done


@everywhere
def case_source_killed_while_writing(world):
    """A source that dies with a half-drawn frame in a slot: that frame is never shown."""
    troubled(world, "kill-writing")


@everywhere
def case_source_ends(world):
    """A source that ends in order ends the recording in order."""
    summary = world.capture(*SMALL, "--at", "60f:exit", "--for", "50s", "a.mkv")
    check(summary["end"] == "source_ended" and summary["fresh"] > 20, f"{summary}")
    world.stamps("a.mkv")


def case_source_fails_at_start(world):
    """A source that cannot start is reported with its own reason, and nothing hangs."""
    # Its end ends the wait for its first frame, which is 15 s.
    done = world.fr("capture", "--source", "x11", "--display", ":987", "--for", "5s", "a.mkv", timeout=12).expect(1)
    check(":987" in done.err, f"{done.err!r}")
    done = world.fr("capture", "--source", f"file:{world.path('missing.mkv')}", "--for", "5s", "a.mkv", timeout=12)
    check(done.code == 1 and "missing.mkv" in done.err, f"{done.code} {done.err!r}")


def case_source_starts_slowly(world):
    """A source whose start takes 5 s is waited for; a Ctrl-C ends that at once."""
    folder = world.folder / "slow"
    folder.mkdir()
    program = world.source_program("pattern")
    slow = folder / program.name
    slow.write_text(f"""#!/bin/sh
[ "$1" = --list-options ] && exec '{program}' "$@"
[ "$NEVER" ] && : >'{folder}/begun' && exec sleep 60
sleep 5
exec '{program}' "$@"
""")
    slow.chmod(0o755)
    world.env["FRAMERING_SOURCE_DIR"] = str(folder)
    world.capture(*SMALL, *frames(10), "a.mkv")
    waiting = world.fr_start("capture", *SMALL, "b.mkv", env={"NEVER": "1"})
    wait_for((folder / "begun").exists, 30, "no source was started")
    source = waiting.children()[0]
    done = waiting.interrupt(10)
    check("nothing was recorded" in done.err, f"{done.err!r}")
    no_traces(world, source)


@everywhere
def case_source_stalls(world):
    """A source that stops answering is named; repeats go on; it comes back by itself."""
    done = world.fr("capture", "--json", *SMALL, "--at", "60f:stall=5s", "--at", "60f:exit", "--for", "50s", "a.mkv").expect(0)
    summary = done.json()
    check("does not answer" in done.err, f"{done.err!r}")
    check(summary["repeats"] > 60, f"{summary['repeats']} repeats")
    check(summary["generations"] == 1, f"{summary['generations']} generations")
    seen = world.stamp_frames("a.mkv")
    check(seen[-1]["sequence"] > seen[len(seen) // 2]["sequence"], "no fresh frame after the stall")


@everywhere
def case_source_sends_garbage(world):
    """A source that sends rubbish is cut off with a sentence, a new one takes its place."""
    done = troubled(world, "garbage")
    check("protocol" in done.err.lower() or "message" in done.err.lower(), f"{done.err!r}")


@everywhere
def case_source_mismatches(world):
    """Frames of another size than the ring are dropped and counted, never shown."""
    # Three times, as a pause of the machine may eat one.
    steps = [word for step in (*["mismatch=400ms"] * 3, "exit") for word in ("--at", f"20f:{step}")]
    summary = world.capture(*SMALL, *steps, "--for", "50s", "a.mkv")
    check(summary["mismatched"] > 10, f"{summary}")
    world.stamps("a.mkv")


def case_x_server_dies(world):
    """The X server goes away mid-session: one sentence from the source, the video stays playable, no hang."""
    # Nobody else's server is to stand there when the source comes back.
    world.xvfb(640, 480, clients=[("xclock", "-update", "1")], number=random.randrange(1000, 50000))
    capture = world.fr_start("capture", "--source", "x11", "--for", "120s", "a.mkv")
    world.wait_for_file("a.mkv", 200)
    time.sleep(1)
    world.x_server.process.kill()
    done = capture.finish()
    check(done.code == 1, f"exit code {done.code}: {done.err!r}")
    check("display" in done.err.lower() or "x server" in done.err.lower(), f"{done.err!r}")
    recorded, errors = world.playable("a.mkv")
    check(recorded > 5 and not errors.strip(), f"{recorded} frames, {errors!r}")


# ---- targets, hosts ----


@everywhere
def case_target_in_use(world):
    """A second host for a target, and a second source, are refused with the reason; the session goes on."""
    host = world.fr_start("capture", "--json", "--source", "none", "--target", "7", "--size", "320x180", "--for", "120s", "a.mkv")
    world.wait_for_target(7)
    first = world.source_start("pattern", "--target", "7", "--size", "320x180")
    world.wait_for_file("a.mkv", 500)
    done = world.fr("capture", "--quiet", "--source", "none", "--target", "7", "--for", "1s", "b.mkv", timeout=30).expect(1)
    one_sentence(done, "target 7")
    done = world.fr("source", "pattern", "--target", "7", timeout=30).expect(1)
    check("target 7" in done.err and "source" in done.err, f"{done.err!r}")
    before = world.wait_for_taken(1, watch=("7",))
    world.wait_for_taken(before["host"]["taken"] + 30, watch=("7",))
    summary = host.interrupt().expect(0).json()
    check(summary["generations"] == 1, f"{summary}")
    check(first.alive(), "the source ended with its host instead of waiting for the next")
    first.interrupt().expect(0)
    world.stamps("a.mkv")


@everywhere
def case_host_killed(world):
    """The host is killed: the source waits; the next host replaces the stale socket and gets frames at once."""
    def host(name, *ends):
        return world.fr_start("capture", "--json", "--source", "none", "--target", "3", "--size", "320x180", *ends, name)
    killed = host("a.mkv")
    source = world.source_start("pattern", "--target", "3", "--size", "320x180")
    world.wait_for_file("a.mkv", 2000)
    world.wait_for_taken(60, watch=("3",))
    killed.signal(signal.SIGKILL)
    killed.finish()
    check(world.windows or world.target_is_there(3), "a killed host cannot have removed its socket")
    time.sleep(0.3)
    check(source.alive(), "the source ended with its host")
    summary = host("b.mkv", *frames(60)).finish().expect(0).json()
    check(summary["fresh"] == 60, f"{summary}")
    source.interrupt().expect(0)
    seen = world.stamp_frames("b.mkv", restarts=1)  # numbers count from a ring's first
    first = seen[0]["sequence"]  # the picture that the source kept, with the stamp that it had under the killed host
    superseded = summary["dropped"] + summary["dropped_at_start"]  # by a newer one, before a slow host looked
    check(first > 30 or superseded, f"the second host's first picture has the stamp {first}: not the one that was kept")
    later = [frame["sequence"] for frame in seen if frame["sequence"] != first]
    check(later == sorted(later) and len(set(later)) > 50, f"{later}")
    recorded, _ = world.playable("a.mkv")
    check(recorded > 5, f"the killed host's file has {recorded} frames")


@everywhere
def case_several_targets(world):
    """Four sessions on four targets at once, each sees its own source."""
    hosts = [world.fr_start("capture", "--json", *SMALL, "--fps", "20", "--target", str(n), *frames(30, "40s"), f"{n}.mkv")
             for n in range(4)]
    for number, host in enumerate(hosts):
        summary = host.finish().expect(0).json()
        check(summary["fresh"] == 30, f"target {number}: {summary}")
        world.stamps(f"{number}.mkv")


def case_wrong_version(world):
    """A source of another protocol version is refused with both ranges; a source that is refused so says why and ends."""
    magic, hello_type, refuse_type, version_reason = 0x48435246, 1, 3, 3
    host = world.fr_start("capture", "--source", "none", "--target", "8", "--size", "320x180", "a.mkv")
    world.wait_for_target(8)
    newer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    newer.connect(str(world.socket_of(8)))
    newer.send(struct.pack("<12IQ", magic, hello_type, 128, 0, 9, 12, 2, 2, 1, 0, 8, os.getpid(), 1) + bytes(72))
    newer.settimeout(30)
    answer = newer.recv(512)
    head = struct.unpack_from("<5I", answer)
    check(head[1] == refuse_type and head[4] == version_reason, f"{answer!r}")
    check(b"9 to 12" in answer and b"2 to 2" in answer, f"{answer!r}")
    newer.close()
    check("9 to 12" in host.interrupt().err, "the host's log does not name the versions")

    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(world.socket_of(8)))
    listener.listen(1)
    source = world.fr_start("source", "pattern", "--target", "8")
    listener.settimeout(30)
    peer, _ = listener.accept()
    peer.recv(512)
    text = b"no common version: the host speaks protocol 9 to 12"
    peer.send(struct.pack("<6I", magic, refuse_type, 256, 0, version_reason, 0) + text.ljust(232, b"\0"))
    done = source.finish(30).expect(1)
    one_sentence(done, "9 to 12")
    peer.close()
    listener.close()


def case_hostile_connections(world):
    """A peer that speaks garbage or nothing at the socket does not disturb the session."""
    host = world.fr_start("capture", "--json", "--source", "none", "--target", "5", "--size", "320x180", "--for", "120s", "a.mkv")
    world.wait_for_target(5)
    source = world.fr_start("source", "pattern", "--target", "5", "--size", "320x180")
    world.wait_for_file("a.mkv", 500)
    silent = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    silent.connect(str(world.socket_of(5)))
    for message in (b"", b"x", b"\0" * 4096, os.urandom(200), b"GET / HTTP/1.1\r\n\r\n"):
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        peer.connect(str(world.socket_of(5)))
        try:
            peer.send(message)
            peer.settimeout(3)
            peer.recv(4096)
        except OSError:
            pass
        peer.close()
    world.wait_for_taken(101, watch=("5",))
    summary = host.interrupt().expect(0).json()
    check(summary["generations"] == 1 and summary["fresh"] > 100, f"{summary}")
    source.interrupt().expect(0)
    world.stamps("a.mkv")


@everywhere
def case_no_source_comes(world):
    """Waiting for a source that never comes can be ended with Ctrl-C, without a file that holds nothing."""
    host = world.fr_start("capture", "--source", "none", "--target", "9", "--size", "320x180", "a.mkv")
    world.wait_for_target(9)
    time.sleep(0.5)
    done = host.interrupt()
    check(done.code in (0, 1, 130), f"exit code {done.code}: {done.err!r}")
    check("nothing was recorded" in done.err, f"{done.err!r}")
    check(not world.target_is_there(9), "the target is still there")


# ---- ends ----


@everywhere
def case_interrupt_at_any_moment(world):
    """Ctrl-C at many moments of a session: a prompt end, playable files, no process left."""
    # Wine kills a program whose own start is not over.
    ended = (0, 130, -signal.SIGINT) + ((-signal.SIGKILL,) if world.windows else ())
    for i, delay in enumerate((0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.2)):
        name = f"{i}.mp4"
        capture = world.fr_start("capture", *SMALL, "--at", "700ms:size=640x360", name)
        time.sleep(delay)
        children = capture.children()
        done = capture.interrupt()
        check(done.code in ended or "nothing was recorded" in done.err, f"after {delay} s: exit code {done.code}: {done.err!r}")
        for child in children:
            wait_for(lambda: not is_alive(child), 30, f"after {delay} s: the source is left")
        for file in world.folder.glob(f"{i}*.mp4"):
            if file.stat().st_size:
                _, errors = world.playable(file.name)
                check(not errors.strip(), f"after {delay} s: {file.name}: {errors}", Final)


def case_interrupt_while_connecting(world):
    """A network address that does not answer does not outlast a Ctrl-C."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = []
    for _ in range(3):  # fills the backlog: the next connection hangs
        waiting.append(socket.socket())
        waiting[-1].setblocking(False)
        waiting[-1].connect_ex(listener.getsockname())
    port = listener.getsockname()[1]
    ours = {f":{peer.getsockname()[1]:04X}" for peer in waiting}
    capture = world.fr_start("capture", *SMALL, f"tcp://127.0.0.1:{port}")

    def connects():
        parts = (line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:])
        return any(part[2].endswith(f":{port:04X}") and part[3] == SYN_SENT and part[1][-5:] not in ours for part in parts)
    wait_for(connects, 30, "it did not wait for the connection")
    done = capture.interrupt(8)  # by itself it would give up after 10 s
    one_sentence(done, "nothing was recorded")
    for peer in (*waiting, listener):
        peer.close()


@everywhere
def case_host_killed_files_play(world):
    """A recorder that is killed leaves files that play, in every container."""
    for name in ("a.mkv", "a.mp4", "a.ts"):
        capture = world.fr_start("capture", *SMALL, name)
        world.wait_for_file(name, 2000)
        world.wait_for_taken(150)
        source = world.source_of(capture)
        capture.signal(signal.SIGKILL)
        capture.finish()
        wait_for(lambda: not is_alive(source), 30, "the source outlived its host")
        recorded, _ = world.playable(name)
        check(recorded > 20, f"{name}: {recorded} frames")


@everywhere
def case_session_dropped(world):
    """The display changes and no frame comes back: the session is dropped with exit code 3 and a sentence."""
    capture = world.fr_start("capture", "--no-restart", *SMALL, "--at", "60f:size=640x360", "--at", "0f:idle=60s",
                             "--for", "50s", "a.mkv")
    done = capture.finish()
    check(done.code == 3, f"exit code {done.code}: {done.err!r}")
    check("display changed" in done.err, f"{done.err!r}")
    recorded, _ = world.playable("a.mkv")
    check(recorded > 20, f"{recorded} frames")


def case_no_leaks_over_restarts(world):
    """Thirty source deaths leave no descriptor, mapping or process behind in the host."""
    capture = world.fr_start("capture", "--json", "--source", "none", "--target", "4", "--size", "320x180", "--for", "200s", "hash:")
    world.wait_for_target(4)

    def count():
        return (len(os.listdir(f"/proc/{capture.pid}/fd")),
                len(pathlib.Path(f"/proc/{capture.pid}/maps").read_text().splitlines()))
    counts = []
    for _ in range(30):
        source = world.fr_start("source", "pattern", "--target", "4", "--size", "320x180", "--frames", "5")
        source.finish(30).expect(0)
        counts.append(count())
    # The host may not have heard of the last end yet.
    at_most = counts[3][0], counts[3][1] + 4
    try:
        wait_for(lambda: all(now <= most for now, most in zip(count(), at_most)), 10, "descriptors or mappings grew")
    except Failure as failure:
        raise Final(f"{failure}: {counts}, at last {count()}")
    capture.interrupt().expect(0)
