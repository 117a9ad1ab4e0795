"""The executed notebooks, from the repository or from an installed wheel, and what their heads say of the course."""

import importlib.metadata
import json
from pathlib import Path
from typing import Any, NamedTuple

from nnjax.course.source import FOLDER
from nnjax.exercises import LESSONS, of_lesson

SHARED = "share/nnjax/lessons"


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
    found = {lesson: FOLDER / lesson / "lesson.ipynb" for lesson in LESSONS}
    if not any(path.is_file() for path in found.values()):
        files = importlib.metadata.files("nnjax") or []
        shipped = [Path(str(file.locate())) for file in files if SHARED in file.as_posix() and file.suffix == ".ipynb"]
        found = {path.parent.name: path.resolve() for path in shipped}
    found = {lesson: path for lesson, path in sorted(found.items()) if path.is_file()}
    if not found:
        raise OSError("this nnjax was installed without its lessons; install it from a wheel or a checkout")
    return found


def course() -> list[Lesson]:
    """Return the lessons in their order."""
    return [_lesson(name, json.loads(path.read_text(encoding="utf-8"))) for name, path in notebooks().items()]


def _lesson(name: str, notebook: dict[str, Any]) -> Lesson:
    head = notebook["metadata"]["nnjax"]
    points = sum(exercise.points for exercise in of_lesson(name))
    return Lesson(name, head["title"], head["minutes"], tuple(head["builds_on"]), tuple(head["goals"]), points)
