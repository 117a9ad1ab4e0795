"""The journal of a class: one line a student, written through to the disk, so that no mark is made twice or lost."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from nnjax.files import lock
from nnjax.grading.judging import Verdict
from nnjax.grading.marking import Marked

NAME = "journal.jsonl"


class Journal:
    """An open journal: the secret of the class, and what was marked already. It is the one file that is appended to."""

    def __init__(self, file: TextIO, secret: int, marked: dict[str, Marked]) -> None:
        self.file, self.secret, self.marked = file, secret, marked

    def add(self, digest: str, marked: Marked) -> None:
        """Keep the marks of one student, whose submission and exercises have the digest."""
        self.marked[digest] = marked
        _write(self.file, {"digest": digest, "verdicts": marked.verdicts, "problems": marked.problems})


@contextmanager
def opened(folder: Path, seed: int | None) -> Iterator[Journal]:
    """Open the journal in ``folder``, or begin one, with ``seed`` or a secret of its own.

    Raises ValueError where another process writes it, or where it was begun with another seed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / NAME).open("a+", encoding="ascii", errors="replace") as file:
        if lock(file) is False:
            raise ValueError(f"another process is marking into {folder}; wait for it, or mark into another folder")
        file.seek(0)
        lines = list(_lines(file.read()))
        if lines and "secret" in lines[0]:
            secret = lines[0]["secret"]
            if not isinstance(secret, int):
                raise ValueError(f"{folder / NAME} was damaged; mark into another folder")
            if seed is not None and seed != secret:
                raise ValueError(
                    f"{folder} was begun with another seed; mark into another folder, or leave the seed out"
                )
        else:
            secret = secrets.randbelow(2**53) if seed is None else seed
            file.truncate(0)
            _write(file, {"secret": secret})
        yield Journal(file, secret, dict(pair for line in lines for pair in _marked(line)))


def _marked(line: dict[str, Any]) -> Iterator[tuple[str, Marked]]:
    """Yield the digest and the marks of a line, if it holds any that can be read: what was damaged is made again."""
    with suppress(KeyError, TypeError, ValueError):
        verdicts = [Verdict(*fields) for fields in line["verdicts"]]
        shown = [one._replace(example=tuple((label, text) for label, text in one.example)) for one in verdicts]
        yield str(line["digest"]), Marked(shown, list(line["problems"]))


def _lines(text: str) -> Iterator[dict[str, Any]]:
    """Yield the lines that were written whole; the last one may be torn by a kill."""
    for line in text.split("\n"):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry


def _write(file: TextIO, entry: dict[str, Any]) -> None:
    # A line break first: a torn line before it must not swallow this one.
    file.write("\n" + json.dumps(entry) + "\n")
    file.flush()
    os.fsync(file.fileno())
