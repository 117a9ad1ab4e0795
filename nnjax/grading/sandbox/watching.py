"""Watching a process from outside: feed it, collect what it sends, and end it when it oversteps a limit."""

import os
import selectors
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

MIB = 2**20
MEMORY, THREADS, FRAMES, PRINTED, MOST_FRAMES = 2048 * MIB, 256, 64 * MIB, 8 * MIB, 1000
# Seconds from one look at the memory and the threads to the next.
LOOK = 0.1


class Limits(NamedTuple):
    """Seconds that a run may take: until its first frame, from one frame to the next, and for all after the first.

    Without the last, frames that hold nothing would buy time.
    """

    first: float
    each: float
    rest: float


class Ended(NamedTuple):
    """How a run ended: the frames that came whole, and in words why it did not end by itself (else empty)."""

    frames: list[bytes]
    reason: str


def watched(
    command: Callable[[int], list[str]],
    work: bytes,
    limits: Limits,
    environment: dict[str, str] | None = None,
    keep: Sequence[int] = (),
) -> Ended:
    """Run ``command(fd)``, which reads ``work`` from its standard input and sends frames to ``fd``; end it in time."""
    answers, send = os.pipe()
    try:
        process = subprocess.Popen(
            command(send), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            pass_fds=(send, *keep), env=environment or {},
        )  # fmt: skip
    finally:
        os.close(send)
    try:
        return _watch(process, answers, work, limits)
    finally:
        process.kill()
        process.wait()
        os.close(answers)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def _watch(process: "subprocess.Popen[bytes]", answers: int, work: bytes, limits: Limits) -> Ended:
    """Feed the work in, collect frames, drop what is printed, and end the run when it oversteps a limit."""
    assert process.stdin is not None
    assert process.stdout is not None
    received, printed, whole, sent = bytearray(), 0, 0, 0
    frames: list[bytes] = []
    look = time.monotonic()
    deadline = look + limits.first
    last = deadline + limits.rest
    with selectors.DefaultSelector() as selector:
        for pipe, event in ((process.stdin, selectors.EVENT_WRITE), (process.stdout, selectors.EVENT_READ)):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, event)
        os.set_blocking(answers, False)
        selector.register(answers, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select(LOOK):
                if key.fileobj is process.stdin:
                    try:
                        sent += os.write(process.stdin.fileno(), work[sent : sent + 2**16])
                    except BrokenPipeError:
                        sent = len(work)
                    if sent >= len(work):
                        selector.unregister(process.stdin)
                        process.stdin.close()
                    continue
                data = os.read(key.fd, 2**20)
                if not data:
                    if key.fileobj == answers:
                        return Ended(frames, _last_words(process))
                    selector.unregister(key.fileobj)
                elif key.fileobj == answers:
                    received += data
                    new, whole = _split(received, whole, MOST_FRAMES - len(frames))
                    if new:
                        if not frames:
                            last = time.monotonic() + limits.rest
                        frames += new
                        deadline = min(time.monotonic() + limits.each, last)
                else:
                    printed += len(data)
            reason = _overstepped(len(received), printed, deadline)
            if not reason and time.monotonic() >= look:
                reason = _overused(process)
                look = time.monotonic() + LOOK
            if reason:
                return Ended(frames, reason)


def _last_words(process: "subprocess.Popen[bytes]") -> str:
    """Return in words how a process ended that closed its answers, or nothing where it ended well."""
    try:
        status = process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        return "it closed the way back and went on"
    if status == 0:
        return ""
    signal = status - 128 if status > 128 else -status if status < 0 else 0
    known = {9: "it was killed (out of memory or processor time)", 11: "it crashed (segmentation fault)",
             6: "it aborted", 24: "it used up its processor time"}  # fmt: skip
    return known.get(signal, f"it ended the process with status {status}")


def _overstepped(received: int, printed: int, deadline: float) -> str:
    if time.monotonic() > deadline:
        return "it did not finish in its time"
    if received > FRAMES:
        return f"it sent more than {FRAMES // MIB} MiB"
    if printed > PRINTED:
        return f"it printed more than {PRINTED // MIB} MiB"
    return ""


def _overused(process: "subprocess.Popen[bytes]") -> str:
    memory, threads = _usage(process.pid)
    if memory > MEMORY:
        return f"it used more than {MEMORY // MIB} MiB of memory"
    if threads > THREADS:
        return f"it started more than {THREADS} threads"
    return ""


def _usage(pid: int) -> tuple[int, int]:
    """Return the memory in bytes and the threads of a process and of all below it."""
    memory = threads = 0
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        memory = int(fields.get("VmRSS", "0 kB").split()[0]) * 1024
        threads = int(fields["Threads"])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (OSError, ValueError, KeyError):
        return memory, threads
    for child in children:
        more = _usage(int(child))
        memory, threads = memory + more[0], threads + more[1]
    return memory, threads


def _split(received: bytearray, place: int, most: int) -> tuple[list[bytes], int]:
    """Return the frames that lie whole beyond ``place``, at most ``most``, and where the last of them ends."""
    frames: list[bytes] = []
    while place + 8 <= len(received) and len(frames) < most:
        end = place + 8 + int.from_bytes(received[place : place + 8], "big")
        if end > len(received):
            break
        frames.append(bytes(received[place + 8 : end]))
        place = end
    return frames, place
