"""Exercises for the tools that lecturers already have: nbgrader, Gradescope, Otter.

In nbgrader and Otter a student's code and the check share one process, so there a student who wants to can cheat the
check (in Gradescope too, where its machines allow no sandbox); ``nnjax grade`` on the collected files runs it apart.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path

from nnjax.checks import unknown
from nnjax.exercises import of_lesson

TOOLS = ("nbgrader", "gradescope", "otter")


def export(tool: str, lessons: Sequence[str], out: Path) -> list[Path]:
    """Write the exercises of some lessons for a tool into ``out``; return what was written, a path a lesson.

    Raises ValueError for an unknown tool or lesson before anything is written.
    """
    if tool not in TOOLS:
        raise unknown("tool", tool, TOOLS)
    if not lessons:
        raise ValueError("name the lessons to export, such as 03_mlp or 03")
    chosen = {exercises[0].lesson: exercises for exercises in map(of_lesson, lessons)}
    package = importlib.import_module(f"nnjax.grading.exports.{tool}")
    return [package.write(lesson, exercises, out) for lesson, exercises in chosen.items()]
