"""For the lecturer: the notebooks with the solutions filled in, the learning goals, and timetables."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from nnjax.course.shipped import Lesson, course, notebooks
from nnjax.exercises import get

WEEKS = (6, 12)


def write(out: Path, *, each: Callable[[str], None] = lambda lesson: None) -> list[Path]:
    """Write NN_name.ipynb, solved and executed, for every lesson, and course.md; return what was written.

    Raises RuntimeError where a solved lesson does not run or an exercise does not get full marks.
    """
    import nbformat

    from nnjax.course.executing import execute

    out.mkdir(parents=True, exist_ok=True)
    written = []
    for lesson, path in notebooks().items():
        each(lesson)
        made = execute(solve(nbformat.read(path, 4)))
        for cell in made.cells:
            if cell.metadata.get("nnjax", {}).get("part") == "check" and ": right" not in str(cell.outputs):
                raise RuntimeError(f"{lesson}: the solution of {cell.metadata['nnjax']['exercise']} is not right")
        nbformat.write(made, out / f"{lesson}.ipynb")
        written.append(out / f"{lesson}.ipynb")
    (out / "course.md").write_text(handbook(course()), encoding="utf-8")
    return [*written, out / "course.md"]


def solve(notebook: Any) -> Any:
    """Fill the solutions into a lesson's notebook, in place; return it."""
    for cell in notebook.cells:
        entry = cell.metadata.get("nnjax", {})
        if entry.get("part") == "answer":
            cell.source = get(entry["exercise"]).solution.rstrip("\n")
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def handbook(lessons: Sequence[Lesson]) -> str:
    """Return the lecturer's page: goals, times and points of each lesson, and the timetables."""
    lines = ["# nnjax: the course for lecturers", ""]
    for weeks in WEEKS:
        lines += [f"## Timetable for {weeks} weeks", "", "| week | lessons | hours |", "| ---: | --- | ---: |"]
        for week, part in enumerate(split(lessons, weeks), 1):
            titles = "; ".join(f"{lesson.name[:2]} {lesson.title}" for lesson in part)
            lines.append(f"| {week} | {titles} | {sum(lesson.minutes for lesson in part) / 60:.1f} |")
        lines.append("")
    for lesson in lessons:
        before = ", ".join(name[:2] for name in lesson.builds_on) or "nothing"
        lines += [
            f"## {lesson.name[:2]}. {lesson.title}", "",
            f"{lesson.minutes} minutes, {lesson.points:g} points; builds on {before}. Learners can afterwards", "",
            *(f"- {goal}" for goal in lesson.goals), "",
        ]  # fmt: skip
    return "\n".join(lines)


def split(lessons: Sequence[Lesson], weeks: int) -> Iterator[list[Lesson]]:
    """Yield the lessons of each week in their order, such that the weeks take about the same time."""
    left = list(lessons)
    for week in range(weeks, 0, -1):
        share = sum(lesson.minutes for lesson in left) / week
        part: list[Lesson] = []
        while left and (not part or sum(lesson.minutes for lesson in part) + left[0].minutes / 2 <= share):
            if part and len(left) < week:
                break
            part.append(left.pop(0))
        yield part
