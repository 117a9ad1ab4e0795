"""The original files of a data set in a directory that the user names: DIR/<data set>/<file>, or DIR/<file>."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from nnjax.data import formats
from nnjax.data.formats import Raw
from nnjax.data.registry import Location, Spec, owner_of

_READERS: dict[str, Callable[[Spec, dict[Path, bytes]], Raw]] = {
    "mnist": formats.mnist,
    "fashion_mnist": formats.mnist,
    "tiny_shakespeare": formats.tiny_shakespeare,
    "cifar10": formats.cifar10,
}


def directory(originals: Location) -> Path | None:
    """The directory named by the argument, else by the environment variable NNJAX_ORIGINALS, else None.

    Raises FileNotFoundError if the argument names one that does not exist. The variable is not looked into: what was
    set long ago must not be in the way of data that are found without it.
    """
    if originals is None:
        named = os.environ.get("NNJAX_ORIGINALS")
        return Path(named).expanduser() if named else None
    return _existing(Path(originals).expanduser(), "originals")


def find(spec: Spec, folder: Path) -> list[Path]:
    """The paths of the original files in ``folder``, in the order of ``spec.files``; an empty list if none of them is
    there.

    Raises FileNotFoundError if there is no such folder, and one that names the missing files if only some are there.
    """
    _existing(folder, "NNJAX_ORIGINALS")
    found = [
        next((path for path in (folder / spec.name / file.name, folder / file.name) if path.is_file()), None)
        for file in spec.files
    ]
    missing = [file.name for file, path in zip(spec.files, found, strict=True) if path is None]
    if missing and len(missing) < len(spec.files):
        raise FileNotFoundError(f"{folder} holds some original files of {spec.name}, but not {', '.join(missing)}")
    return [path for path in found if path is not None]


def read(spec: Spec, folder: Path) -> Raw | None:
    """The data set in the original files in ``folder``, or None if they are not there.

    Every file's size and sha256 are checked before a byte of it is parsed; a wrong one raises ValueError.
    """
    paths = find(spec, folder)
    if not paths:
        return None
    contents = {}
    for file, path in zip(spec.files, paths, strict=True):
        data = path.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 != file.sha256:
            raise ValueError(
                f"{path} is not the original {file.name} of {spec.name}: it has {len(data)} bytes and sha256 {sha256}, "
                f"wanted {file.size} and {file.sha256}{_whose(spec, sha256)}"
            )
        contents[path] = data
    raw = _READERS[spec.name](spec, contents)
    return formats.check(spec, raw, str(folder))


def _existing(folder: Path, named_by: str) -> Path:
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{named_by}={folder}: there is no such directory; name the one that holds the original files"
        )
    return folder


def _whose(spec: Spec, sha256: str) -> str:
    owner = owner_of(sha256)
    if owner is None:
        return ""
    name, file = owner
    return (
        f". It is {file} of {name}; data sets share file names, so keep each in a folder of its own: "
        f"DIR/{spec.name}/ and DIR/{name}/"
    )
