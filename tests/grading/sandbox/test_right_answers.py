"""Right answers to every exercise get full marks where marks are given: in the sandbox, from scripts and notebooks."""

import inspect
from importlib import import_module

import nbformat
import pytest

from nnjax.course.source import FOLDER
from nnjax.course.teaching import solve
from nnjax.exercises import LESSONS, of_lesson
from nnjax.grading import classroom
from nnjax.grading.judging import RIGHT

# Of each exercise the answer in the last style, under the name of the exercise.
NAMED = "for name, bodies in ANSWERS.items():\n    globals()[name] = bodies[-1]\n"


@pytest.mark.slow
def test_all_right_answers_get_full_marks(sandbox, tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    for lesson in LESSONS:
        notebook = solve(nbformat.read(FOLDER / lesson / "lesson.ipynb", 4))
        nbformat.write(notebook, folder / f"{lesson}.ipynb")
        others = inspect.getsource(import_module(f"tests.exercises.answers.lesson_{lesson}"))
        (folder / f"{lesson}_otherwise.py").write_text(others + NAMED, "utf-8")
    rows = classroom.grade(folder, tmp_path / "marks", seed=1)
    assert len(rows) == 2 * len(LESSONS)
    for row in rows:
        wanted = {exercise.name for exercise in of_lesson(row.student.name.partition("_")[0])}
        found = {one.name: (one.status, one.sentence) for one in row.marked.verdicts}
        assert set(found) == wanted, row.student.name
        assert {status for status, _ in found.values()} == {RIGHT}, (row.student.name, found)
