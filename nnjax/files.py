"""Writing a file at one stroke, and telling whether the code has changed."""

import hashlib
import os
import tempfile
from pathlib import Path


def write(path: Path, data: bytes | str) -> Path:
    """Write ``data``, text as UTF-8, to a file beside ``path`` and rename it to ``path``; return it.

    A reader sees the old file or the new one, never a part. Folders that are missing are made. Raises OSError, and
    leaves nothing behind, where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode("utf-8") if isinstance(data, str) else data)
        # A temporary file is for its owner only; this one may be read as any new file may.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(part, 0o666 & ~mask)
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    return path


def code_digest(*rooms: str) -> str:
    """Return what changes when any code of these rooms of nnjax changes, such as ``grading``; of all without any."""
    root, digest = Path(__file__).parent, hashlib.sha256()
    for folder in [root / room for room in rooms] or [root]:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
