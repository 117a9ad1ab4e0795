"""The executed notebooks, from the repository or from an installed wheel, and what their heads say of the course."""

import importlib.metadata
import json
from pathlib import Path
from typing import Any, NamedTuple

from nnjax.course.source import FOLDER
from nnjax.exercises import LESSONS, of_lesson

SHARED = "share/nnjax"


class Lesson(NamedTuple):
    """What the course says of a lesson: name, title, minutes, lessons before it, goals, points of its exercises."""

    name: str
    title: str
    minutes: int
    builds_on: tuple[str, ...]
    goals: tuple[str, ...]
    points: float


def notebooks() -> dict[str, Path]:
    """Return where the notebook of each lesson lies; raise OSError where this installation came without lessons."""
    found = {path.parent.name: path for path in files_of("lessons", "*/lesson.ipynb")}
    found = {lesson: found[lesson] for lesson in LESSONS if lesson in found}
    if not found:
        raise OSError("this nnjax was installed without its lessons; install it from a wheel or a checkout")
    return found


def files_of(room: str, pattern: str) -> list[Path]:
    """Return the files of the repository's ``room`` that match ``pattern``, or those that came with the wheel."""
    here = sorted((FOLDER.parent / room).glob(pattern))
    if here:
        return here
    shipped = importlib.metadata.files("nnjax") or []
    paths = [Path(str(file.locate())).resolve() for file in shipped if f"{SHARED}/{room}/" in file.as_posix()]
    return sorted(path for path in paths if path.match(f"{room}/{pattern}") and path.is_file())


def course() -> list[Lesson]:
    """Return the lessons in their order."""
    return [_lesson(name, json.loads(path.read_text(encoding="utf-8"))) for name, path in notebooks().items()]


def _lesson(name: str, notebook: dict[str, Any]) -> Lesson:
    head = notebook["metadata"]["nnjax"]
    points = sum(exercise.points for exercise in of_lesson(name))
    return Lesson(name, head["title"], head["minutes"], tuple(head["builds_on"]), tuple(head["goals"]), points)
