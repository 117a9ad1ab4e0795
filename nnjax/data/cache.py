"""nnjax's own cache: one .npz file of arrays for each data set, written whole or not at all."""

import io
import os
import secrets
import shlex
import tempfile
from pathlib import Path

import numpy as np

from nnjax.data import identity
from nnjax.data.formats import Raw
from nnjax.data.registry import Location, Spec

_FIELDS = ("x", "y", "x_test", "y_test")


def directory(cache: Location) -> Path:
    """The cache's directory: the argument, else the environment variable NNJAX_CACHE, else the user's cache folder (by
    platformdirs).

    Nothing is created.
    """
    named = cache if cache is not None else os.environ.get("NNJAX_CACHE") or None
    if named is not None:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("nnjax", appauthor=False))


def path_of(spec: Spec, folder: Path) -> Path:
    """The file that holds the data set in the cache ``folder``."""
    return folder / f"{spec.name}.npz"


def command(spec: Spec, folder: Path) -> str:
    """The command that puts the data set into the cache ``folder``."""
    where = "" if folder == directory(None) else f" --cache {shlex.quote(str(folder))}"
    return f"nnjax data get {spec.name}{where}"


def read(spec: Spec, folder: Path) -> Raw | None:
    """The cached data set, or None if there is none.

    Raises ValueError naming the file and the command that mends it if the file is damaged (the zip's checksums are
    verified) or does not hold this data set, as far as :func:`nnjax.data.identity.check` can tell.
    """
    path = path_of(spec, folder)
    if not path.is_file():
        return None
    mend = f"mend it with: {command(spec, folder)}"
    with path.open("rb") as file:
        try:
            with np.load(file, allow_pickle=False) as arrays:
                raw = Raw(str(arrays["origin"]), *(arrays[field] for field in _FIELDS))
        except Exception as error:  # zipfile, zlib and NumPy have a dozen errors for a damaged file
            raise ValueError(f"{path} is damaged ({type(error).__name__}: {error}); {mend}") from error
    try:
        return identity.check(spec, raw)
    except ValueError as error:
        raise ValueError(f"{path} does not hold {spec.name} ({error}); {mend}") from error


def create(folder: Path) -> None:
    """Makes the cache's directory, if it is not there, and sees that files can be made in it.

    Raises OSError that says what to do where that is impossible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _refused(error, folder, "name another folder by NNJAX_CACHE") from error


def write(spec: Spec, raw: Raw, folder: Path) -> Path:
    """Stores ``raw``; returns the file. The bytes go to a temporary file beside it, which takes its name in one step.

    Raises OSError that names the file when it cannot be written (full disk, no permission); then nothing is left behind
    and an older file stays.
    """
    create(folder)
    path = path_of(spec, folder)
    buffer = io.BytesIO()
    np.savez(buffer, **{field: getattr(raw, field) for field in _FIELDS}, origin=np.str_(raw.origin))
    size = buffer.getbuffer().nbytes
    part = path.with_name(f".{spec.name}-{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        raise _refused(error, path, f"free {size} bytes, or name another folder by NNJAX_CACHE") from error
    finally:
        part.unlink(missing_ok=True)
    return path


def _refused(error: OSError, path: Path, remedy: str) -> OSError:
    return OSError(error.errno, f"cannot write {path} ({error.strerror or error}); nothing was changed: {remedy}")
