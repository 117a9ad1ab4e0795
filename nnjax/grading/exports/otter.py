"""An assignment for Otter 7: the student's notebook, a test an exercise, and the zip file that marks."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nnjax
from nnjax.exercises.exercise import Exercise
from nnjax.grading.exports import notebook

TEST = '''"""Otter's test of the exercise {name}, made by nnjax."""

from otter.test_files import test_case

OK_FORMAT = False
name = "{name}"
points = {points:g}


@test_case(points={points:g}, hidden=False)
def test_{name}({name}):
    from nnjax.grading.checking import verdict

    found = verdict({name}, "{name}")
    assert found.points == found.out_of, found.sentence
'''


def write(lesson: str, exercises: Sequence[Exercise], out: Path) -> Path:
    """Write the folder LESSON: LESSON.ipynb for students, tests/, autograder.zip for ``otter run``; return it."""
    folder = out / lesson
    notebook.write(lesson, exercises, cells, folder / f"{lesson}.ipynb")
    tests = {f"tests/{one.name}.py": TEST.format(name=one.name, points=one.points) for one in exercises}
    for name, text in tests.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    config = {"lang": "python", "score_threshold": None, "points_possible": None, "show_stdout": False}
    files = tests | {
        "otter_config.json": json.dumps(config, indent=1),
        "requirements.txt": f"nnjax=={nnjax.__version__}\n",
    }
    with zipfile.ZipFile(folder / "autograder.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in files.items():
            file.writestr(name, text)
    return folder


def cells(exercise: Exercise) -> list[Any]:
    """Return the stub and a cell that checks it as the learner works."""
    from nbformat.v4 import new_code_cell

    check = f"import nnjax\n\nnnjax.check({exercise.name})"
    return [new_code_cell(exercise.stub.rstrip("\n")), new_code_cell(check)]
