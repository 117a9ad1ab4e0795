"""Writing a file at one stroke, locking one, and telling whether the code has changed."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TextIO


def write(path: Path, data: bytes | str) -> Path:
    """Write ``data``, text as UTF-8, to a file beside ``path`` and rename it to ``path``; return it.

    A reader sees the old file or the new one, never a part. Folders that are missing are made. Raises OSError, naming
    the file, and leaves nothing behind, no folder either, where it cannot be written.
    """
    missing = [folder for folder in path.parents if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write_beside(path, data.encode("utf-8") if isinstance(data, str) else data)
        except OSError as error:  # which names the file beside it, or none
            raise OSError(error.errno, error.strerror, str(path)) from error
    except BaseException:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
        raise
    return path


def _write_beside(path: Path, data: bytes) -> None:
    handle, part = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # A temporary file is for its owner only; this one may be read as any new file may.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(part, 0o666 & ~mask)
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def lock(file: TextIO) -> bool | None:
    """Lock an open file until it is closed; tell whether that went, or None where the system has no such locks."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def code_digest(*rooms: str) -> str:
    """Return what changes when any code of these rooms of nnjax changes, such as ``grading``; of all without any."""
    root, digest = Path(__file__).parent, hashlib.sha256()
    for folder in [root / room for room in rooms] or [root]:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
