"""A course folder for nbgrader 0.9: source notebooks from which it makes, collects and marks assignments."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnjax.exercises.exercise import Exercise
from nnjax.grading.exports.notebook import code, sheet
from nnjax.grading.exports.notebook import write as write_notebook

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
    write_notebook(sheet(lesson, exercises, cells), path)
    config = out / "nbgrader_config.py"
    if not config.exists():
        config.write_text(CONFIG, encoding="utf-8")
    return path


def cells(exercise: Exercise) -> list[Any]:
    """Return the solution cell, from which nbgrader takes the solution out, and the locked cell that marks it."""
    head, body = split(exercise)
    solution = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
    # The last line is an assertion: a last value that is a number would be taken for points.
    end = "found.points" if exercise.score else "assert found.points == found.out_of, found.sentence"
    return [
        code(solution, _metadata(exercise.name, solution=True)),
        code(
            CHECK.format(name=exercise.name, end=end),
            _metadata(f"{exercise.name}-check", grade=True, locked=True, points=exercise.points),
        ),
    ]


def split(exercise: Exercise) -> tuple[str, str]:
    """Return the head of the solution, with its docstring, and its body."""
    head = exercise.stub.rsplit("\n    raise NotImplementedError", 1)[0]
    return head, exercise.solution[len(head) + 1 :].rstrip("\n")


def _metadata(
    name: str, *, solution: bool = False, grade: bool = False, locked: bool = False, points: float | None = None
) -> dict[str, Any]:
    entry = {
        "grade_id": name, "schema_version": 3, "cell_type": "code", "task": False, "solution": solution, "grade": grade,
        "locked": locked,
    }  # fmt: skip
    return {"nbgrader": entry | ({} if points is None else {"points": points})}
