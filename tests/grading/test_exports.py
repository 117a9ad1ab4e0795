"""The exercises in the tools that lecturers have, each through the real tool: solutions get all, stubs nothing."""

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from nnjax.exercises import of_lesson
from nnjax.grading.exports import export

LESSON = "01_perceptron"
EXERCISES = of_lesson(LESSON)
POINTS = sum(exercise.points for exercise in EXERCISES)
nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")


def needs(tool):
    missing = importlib.util.find_spec(tool) is None
    return pytest.mark.skipif(missing, reason=f"{tool} is not installed (pip install nnjax[exports])")


def run(*command, cwd):
    # The kernel that the tool starts must find this nnjax, and warn nobody.
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment |= {"PYTHONPATH": str(Path(__file__).parents[2]), "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def solve(notebook, path):
    """Write the notebook with every stub replaced by its solution."""
    solutions = {exercise.stub.strip(): exercise.solution for exercise in EXERCISES}
    made = nbformat.read(notebook, 4)
    for cell in made.cells:
        cell.source = solutions.get(cell.source.strip(), cell.source)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)


def test_what_is_exported_is_a_valid_notebook_and_the_same_every_time(tmp_path):
    first, second = (export("nbgrader", ["01"], tmp_path / name)[0] for name in "ab")
    assert first.read_text() == second.read_text()
    made = nbformat.read(first, 4)
    nbformat.validate(made)
    sources = [cell.source for cell in made.cells]
    for exercise in EXERCISES:
        assert any(exercise.statement in source for source in sources)
        assert sum(f"def {exercise.name}(" in source for source in sources) == 1


def test_a_zip_for_gradescope_holds_what_its_machines_need(tmp_path):
    (path,) = export("gradescope", [LESSON], tmp_path)
    with zipfile.ZipFile(path) as file:
        names = file.namelist()
        assert {"setup.sh", "run_autograder", "requirements.txt", "nnjax/grading/exports/gradescope.py"} <= set(names)
        assert file.getinfo("run_autograder").external_attr >> 16 == 0o755
        assert all("==" in line for line in file.read("requirements.txt").decode().splitlines())


def test_bad_wishes_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="unknown lesson '1_perceptron'; did you mean '01_perceptron'"):
        export("otter", ["02", "1_perceptron"], tmp_path)
    with pytest.raises(ValueError, match="unknown tool 'moodle'"):
        export("moodle", ["02"], tmp_path)
    with pytest.raises(ValueError, match="name the lessons"):
        export("otter", [], tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("answer", ["solved", "stub", "nothing"])
def test_gradescope_marks(tmp_path, answer):
    (path,) = export("gradescope", [LESSON], tmp_path)
    (sheet,) = export("otter", [LESSON], tmp_path / "otter")
    root = tmp_path / "autograder"
    with zipfile.ZipFile(path) as file:
        file.extractall(root / "source")
    (root / "submission").mkdir()
    if answer == "solved":
        solve(sheet / f"{LESSON}.ipynb", root / "submission" / "work.ipynb")
    elif answer == "stub":
        (root / "submission" / "work.ipynb").write_bytes((sheet / f"{LESSON}.ipynb").read_bytes())
    else:
        (root / "submission" / "work.txt").touch()
    environment = os.environ | {"AUTOGRADER_ROOT": str(root), "AUTOGRADER_PYTHON": sys.executable}
    subprocess.run(["bash", root / "source" / "run_autograder"], env=environment, check=True, timeout=300)
    found = json.loads((root / "results" / "results.json").read_text())
    assert sum(test["max_score"] for test in found["tests"]) == POINTS
    assert sum(test["score"] for test in found["tests"]) == (POINTS if answer == "solved" else 0)
    assert ("work.txt is neither" in found["output"]) == (answer == "nothing")
    assert {test["status"] for test in found["tests"]} == {"passed" if answer == "solved" else "failed"}


@pytest.mark.slow
@needs("nbgrader")
def test_nbgrader_makes_marks_and_gives_feedback(tmp_path):
    (source,) = export("nbgrader", [LESSON], tmp_path)
    run("nbgrader", "generate_assignment", LESSON, cwd=tmp_path)
    released = tmp_path / "release" / LESSON / f"{LESSON}.ipynb"
    assert "NotImplementedError" in released.read_text()
    assert "HIDDEN" not in released.read_text()
    for student, notebook in (("solver", source), ("beginner", released)):
        folder = tmp_path / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        (folder / notebook.name).write_bytes(notebook.read_bytes())
    run("nbgrader", "autograde", LESSON, cwd=tmp_path)
    run("nbgrader", "generate_feedback", LESSON, cwd=tmp_path)
    asked = (
        "from nbgrader.api import Gradebook\n"
        "with Gradebook('sqlite:///gradebook.db') as book:\n"
        f"    print([book.find_submission('{LESSON}', name).score for name in ('solver', 'beginner')])"
    )
    assert json.loads(run(sys.executable, "-c", asked, cwd=tmp_path)) == [POINTS, 0]
    assert (tmp_path / "feedback" / "beginner" / LESSON / f"{LESSON}.html").exists()


@pytest.mark.slow
@needs("otter")
def test_otter_marks(tmp_path):
    (folder,) = export("otter", [LESSON], tmp_path)
    solve(folder / f"{LESSON}.ipynb", folder / "solved.ipynb")
    scores = []
    for name in ("solved", LESSON):
        (folder / f"out-{name}").mkdir()
        run("otter", "run", "-a", "autograder.zip", "-o", f"out-{name}", f"{name}.ipynb", "--no-logo", cwd=folder)
        results = json.loads((folder / f"out-{name}" / "results.json").read_text())
        scores.append(sum(test.get("score", 0) for test in results["tests"]))
    assert scores == [POINTS, 0]
