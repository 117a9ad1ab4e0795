"""From a folder of submissions to students and the bytes of their files, believing no name, no link and no size."""

import hashlib
import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nnjax.grading.outcomes import plain

LARGEST = 5_000_000
SUFFIXES = (".ipynb", ".py")
DEEPEST = 4
# What learning platforms and desktops leave beside the work.
IGNORED = re.compile(r"(__pycache__|\.ipynb_checkpoints|__MACOSX|\..*)")


class Source(NamedTuple):
    """One file of a student: its name, where it lies, and why it cannot be read (empty: it can)."""

    name: str
    path: Path
    problem: str = ""


class Student(NamedTuple):
    """A student: ``name`` as it is shown, the same for no two; ``slug``, a safe name for files; the files."""

    name: str
    slug: str
    sources: tuple[Source, ...]


def students(folder: Path) -> list[Student]:
    """Return the students in a folder of files or of one folder each, in the order of their names.

    A file is its student's whose name it bears; ``ann.py`` and ``ann.ipynb`` are both Ann's. Links are not followed.
    Files of other kinds, beside the students', are nobody's: see ``strays``.
    Raises ValueError where the folder is none or holds nothing.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder; it must hold .py and .ipynb files, or one folder for each student")
    found: dict[str, list[Source]] = {}
    for entry in _entries(folder):
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            found.setdefault(entry.name, []).extend(inside(path, path))
        elif is_script_or_notebook(path):
            found.setdefault(path.stem or entry.name, []).append(_source(path, entry.name))
    if not found:
        raise ValueError(
            f"{folder} holds no submission; it must hold .py and .ipynb files, or one folder for each student"
        )
    shown = Counter(_shown(name) for name in found)
    return [_student(name, tuple(sources), shown[_shown(name)] > 1) for name, sources in found.items()]


def is_script_or_notebook(path: Path) -> bool:
    """Tell whether a file is one that can be marked, by its name."""
    return path.suffix.lower() in SUFFIXES


def strays(folder: Path) -> list[str]:
    """Return the names, as they can be shown, of what lies in a folder of submissions and is no student's."""
    return [
        plain(entry.name, 120)
        for entry in _entries(folder)
        if not (entry.is_dir(follow_symlinks=False) or is_script_or_notebook(Path(entry.name)))
    ]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return what lies in a folder, but for what is IGNORED, by the bytes of the names."""
    entries = sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))
    return [entry for entry in entries if not IGNORED.fullmatch(entry.name)]


def _student(name: str, sources: tuple[Source, ...], is_twin: bool) -> Student:
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    slug = re.sub(r"[^A-Za-z0-9]+", "-", letters).strip("-").lower()[:40]
    readable = plain(name, 80) or "(no name)"
    return Student(f"{readable} [{digest}]" if is_twin else readable, f"{slug or 'student'}-{digest}", sources)


def _shown(name: str) -> str:
    """Return how a name looks to a reader, so that twins are found."""
    return unicodedata.normalize("NFKC", plain(name, 80)).casefold()


def inside(folder: Path, root: Path, depth: int = DEEPEST) -> Iterator[Source]:
    """Yield the files in a student's folder, named from ``root`` on, and of folders in it to a depth."""
    try:
        entries = _entries(folder)
    except OSError as error:
        yield Source(plain(folder.name, 120), folder, f"cannot be read: {error.strerror}")
        return
    for entry in entries:
        path = Path(entry.path)
        if not entry.is_dir(follow_symlinks=False):
            yield _source(path, str(path.relative_to(root)))
        elif depth:
            yield from inside(path, root, depth - 1)
        else:
            yield Source(plain(str(path.relative_to(root)), 120), path, "is a folder too deep to look into")


def _source(path: Path, name: str) -> Source:
    problem = "" if is_script_or_notebook(path) else "is neither a .py nor an .ipynb file"
    return Source(plain(name, 120), path, problem)


def read(source: Source) -> bytes:
    """Return the bytes of a file; raise ValueError, in words, for a link, a pipe, a device, or a file too large."""
    if source.problem:
        raise ValueError(source.problem)
    try:
        file = os.open(source.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        is_link = source.path.is_symlink()
        raise ValueError(
            "is a link, which is not followed" if is_link else f"cannot be read: {error.strerror}"
        ) from None
    with os.fdopen(file, "rb") as opened:
        facts = os.fstat(opened.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise ValueError("is not a regular file")
        if facts.st_size > LARGEST:
            raise ValueError(f"holds {facts.st_size:,} bytes; at most {LARGEST:,} are read")
        return opened.read(LARGEST)
