"""A course folder for nbgrader 0.9: source notebooks from which it makes, collects and marks assignments."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnjax.exercises.exercise import Exercise
from nnjax.grading.exports import notebook

CONFIG = '''"""Made by nnjax; nbgrader reads it when it is started in this folder."""

c = get_config()  # noqa: F821
c.CourseDirectory.root = "."
c.CourseDirectory.course_id = "nnjax"
c.ExecutePreprocessor.timeout = 600
'''
# JAX's warnings would cost the points: nbgrader gives none to a cell that writes to stderr.
CHECK = """import logging, warnings
logging.disable(logging.WARNING)
warnings.simplefilter("ignore")
from nnjax.grading.checking import verdict
### BEGIN HIDDEN TESTS
found = verdict({name})
print(found.sentence)
{end}
### END HIDDEN TESTS"""


def write(lesson: str, exercises: Sequence[Exercise], out: Path) -> Path:
    """Write ``source/LESSON/LESSON.ipynb`` and, once, ``nbgrader_config.py`` into ``out``; return the notebook."""
    path = out / "source" / lesson / f"{lesson}.ipynb"
    notebook.write(lesson, exercises, cells, path)
    config = out / "nbgrader_config.py"
    if not config.exists():
        config.write_text(CONFIG, encoding="utf-8")
    return path


def cells(exercise: Exercise) -> list[Any]:
    """Return the solution cell, from which nbgrader takes the solution out, and the locked cell that marks it."""
    from nbformat.v4 import new_code_cell

    head, body = exercise.parts
    solution = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
    # The last line is an assertion: a last value that is a number would be taken for points.
    end = "found.points" if exercise.score else "assert found.points == found.out_of, found.sentence"
    return [
        new_code_cell(solution, metadata=_metadata(exercise.name, solution=True)),
        new_code_cell(
            CHECK.format(name=exercise.name, end=end),
            metadata=_metadata(f"{exercise.name}-check", grade=True, locked=True, points=exercise.points),
        ),
    ]


def _metadata(
    name: str, *, solution: bool = False, grade: bool = False, locked: bool = False, points: float | None = None
) -> dict[str, Any]:
    entry = {
        "grade_id": name, "schema_version": 3, "cell_type": "code", "task": False, "solution": solution, "grade": grade,
        "locked": locked,
    }  # fmt: skip
    return {"nbgrader": entry | ({} if points is None else {"points": points})}
