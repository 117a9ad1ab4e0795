"""What data sets there are, and which of them are on this machine: the rows of ``nnjax data``."""

from pathlib import Path
from typing import NamedTuple

from nnjax.data import cache as cached
from nnjax.data import originals as original_files
from nnjax.data import prepared
from nnjax.data.registry import SPECS, Location, Spec


class Available(NamedTuple):
    """One row of ``nnjax data``: the facts of a data set, and where it is on this machine.

    ``where`` is "embedded", "cache", "originals", "tfds" or "not here"; ``path`` the file or directory, if there is
    one; ``size`` the bytes of the original files, that is, of the download (0 when embedded).
    """

    name: str
    task: str
    train: int
    test: int
    shape: tuple[int, ...]
    classes: int
    where: str
    path: Path | None
    size: int
    source: str
    licence: str
    citation: str


def available(*, originals: Location = None, cache: Location = None, tfds_dir: Location = None) -> list[Available]:
    """All data sets. Only file names and sizes are looked at; it is ``load`` that checks the contents."""
    named = original_files.directory(originals)
    rows = []
    for spec in SPECS.values():
        where, path = _whereabouts(spec, named, cached.directory(cache), prepared.directory(tfds_dir))
        size = sum(file.size for file in spec.files)
        facts = (spec.name, spec.task, spec.train, spec.test, spec.shape, len(spec.classes))
        rows.append(Available(*facts, where, path, size, spec.source, spec.licence, spec.citation))
    return rows


def _whereabouts(spec: Spec, originals: Path | None, cache: Path, tfds_dir: Path) -> tuple[str, Path | None]:
    if not spec.files:
        return "embedded", None
    if (path := cached.path_of(spec, cache)).is_file():
        return "cache", path
    for folder in () if originals is None else (originals / spec.name, originals):
        paths = [folder / file.name for file in spec.files]
        if all(
            path.is_file() and path.stat().st_size == file.size for path, file in zip(paths, spec.files, strict=True)
        ):
            return "originals", folder
    if prepared.exists(spec, tfds_dir):
        return "tfds", tfds_dir / spec.name
    return "not here", None
