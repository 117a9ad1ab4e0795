"""Of a run that was killed nothing stays for ever, and nothing is taken from one that goes on."""

import os
import subprocess
import sys
import tempfile
import time

import pytest

from nnjax.grading.sandbox.temporary import AGE, LOCK, PREFIX, sweep, temporary

pytest.importorskip("fcntl", reason="this system has no such locks")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def make_old(folder):
    long_ago = time.time() - AGE - 1
    os.utime(folder, (long_ago, long_ago))


def test_a_folder_is_removed_at_the_end():
    with temporary() as folder:
        (folder / "inner").mkdir()
    assert not folder.exists()


def test_what_a_killed_run_left_is_swept_away(place):
    code = "import sys; from nnjax.grading.sandbox.temporary import temporary; t = temporary(); print(t.__enter__())"
    killed = subprocess.Popen(
        [sys.executable, "-c", f"{code}; sys.stdout.flush(); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(place)},
    )  # fmt: skip
    with killed:
        (folder,) = place.glob(f"{PREFIX}*") if killed.stdout.readline() else ()
        make_old(folder)
        sweep()
        assert folder.exists()
        killed.kill()
        killed.wait()
        sweep()
        assert not folder.exists()


def test_what_is_young_or_was_never_locked_stays(place):
    young, unlocked, other = place / f"{PREFIX}young", place / f"{PREFIX}unlocked", place / "nnjax-other"
    for folder in (young, unlocked, other):
        folder.mkdir()
    for folder in (young, other):
        (folder / LOCK).touch()
    for folder in (unlocked, other):
        make_old(folder)
    sweep()
    assert sorted(place.iterdir()) == sorted([young, unlocked, other])
