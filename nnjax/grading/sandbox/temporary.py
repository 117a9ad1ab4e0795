"""Temporary folders of a marking run, and the removal of those that a killed run has left."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nnjax.files import lock

PREFIX, LOCK = "nnjax-marking-", "lock"
# A folder younger than this may be one whose run is just about to lock it.
AGE = 60


@contextmanager
def temporary() -> Iterator[Path]:
    """Make a folder that is removed when the block ends, and that nobody sweeps away until then."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder, (Path(folder) / LOCK).open("w") as file:
        lock(file)
        yield Path(folder)


def sweep() -> None:
    """Remove the folders whose runs were killed: those that are locked by nobody."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if folder.stat().st_mtime < time.time() - AGE:
                with (folder / LOCK).open() as file:
                    if lock(file):
                        shutil.rmtree(folder, ignore_errors=True)
