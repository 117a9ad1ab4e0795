"""Every lesson: its notebook is the one that its source makes, runs from a fresh kernel, and runs ahead of nothing."""

import ast
import os
import time

import jax
import nbformat
import pytest

from nnjax.compiling import keeping
from nnjax.course.executing import LARGEST, execute
from nnjax.course.source import FOLDER, build, built
from nnjax.course.teaching import solve
from nnjax.exercises import LESSONS, of_lesson
from nnjax.grading.loading import as_python
from tests.course.introduced import INTRODUCED

pytest.importorskip("jupytext", reason="jupytext is not installed (pip install nnjax[lessons])")
BUILT = built()
# The yardstick took 0.54 to 0.92 s on a processor without AVX-512 on which all of the course takes 2.3 times as long as
# on one with it. A lesson has its minute on whatever is nearer to the second than to the first.
SLOW = 0.45


def committed(lesson):
    return nbformat.read(FOLDER / lesson / "lesson.ipynb", 4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_lessons_come_in_their_order_without_a_gap():
    assert len(BUILT) >= 10
    assert tuple(BUILT) == LESSONS[: len(BUILT)]


@pytest.mark.parametrize("lesson", BUILT)
def test_the_notebook_is_made_from_its_source(lesson):
    made, kept = build(lesson), committed(lesson)
    assert [(cell.cell_type, cell.source, cell.id) for cell in kept.cells] == [
        (cell.cell_type, cell.source, cell.id) for cell in made.cells
    ], f"run python -m nnjax.course {lesson}"
    assert kept.metadata == made.metadata
    nbformat.validate(kept)


@pytest.mark.parametrize("lesson", BUILT)
def test_the_committed_outputs_are_whole(lesson):
    assert (FOLDER / lesson / "lesson.ipynb").stat().st_size <= LARGEST
    kept = committed(lesson)
    assert all(cell.execution_count for cell in code(kept))
    outputs = [output for cell in code(kept) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 3
    checks = [cell for cell in code(kept) if cell.metadata.get("nnjax", {}).get("part") == "check"]
    assert all("not yet" in cell.outputs[0].data["text/html"] for cell in checks)


@pytest.mark.parametrize("lesson", BUILT)
def test_nothing_is_used_that_a_later_lesson_introduces(lesson):
    ahead = {
        name: INTRODUCED[name]
        for cell in code(build(lesson))
        for name in used(as_python(cell.source))
        if name in INTRODUCED and INTRODUCED[name] > int(lesson[:2])
    }
    assert ahead == {}


def used(source):
    """Return the dotted names of nnjax that a source uses, without ``nnjax.``, such as ``layers.dense``."""
    tree = ast.parse(source)
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nnjax"):
            room = node.module.removeprefix("nnjax").removeprefix(".")
            names |= {f"{room}.{alias.name}".removeprefix(".") for alias in node.names}
        elif isinstance(node, ast.Attribute):
            names.add(ast.unparse(node).removeprefix("nnjax."))
    return {".".join(name.split(".")[:2]) for name in names}


@pytest.mark.parametrize("lesson", BUILT)
def test_no_cell_of_a_lesson_gives_an_answer_away(lesson):
    names = {exercise.name for exercise in of_lesson(lesson)}
    own = [cell for cell in code(build(lesson)) if "nnjax" not in cell.metadata]
    given = {
        node.name
        for cell in own
        for node in ast.walk(ast.parse(as_python(cell.source)))
        if isinstance(node, ast.FunctionDef)
    }
    assert given & names == set()


def test_used_names_are_found():
    source = (
        "from nnjax import layers, models\nfrom nnjax.training import fit\nlayers.dense.apply(x)\nnnjax.viz.save(f)"
    )
    assert {"layers.dense", "training.fit", "viz.save", "models"} <= used(source)


def processor_seconds():
    """Return the processor time of all kernels that ended: on a quiet machine, about the time that they took."""
    times = os.times()
    return times.children_user + times.children_system


def seconds_to_compile():
    """Return the processor time in which XLA compiles a matrix of normal random numbers, the least of three times."""
    seconds = []
    for width in (31, 32, 33):
        program = jax.jit(lambda key, width=width: jax.random.normal(key, (25, width))).lower(jax.random.key(0))
        start = time.process_time()
        program.compile()
        seconds.append(time.process_time() - start)
    return min(seconds)


@pytest.mark.slow
@pytest.mark.parametrize("lesson", BUILT)
def test_a_lesson_runs_from_a_fresh_kernel_in_a_minute_and_with_its_solutions(lesson, tmp_path, monkeypatch):
    # What a lesson compiles is kept, as `nnjax learn` keeps it: run for the second time, it finds it.
    for name, value in keeping(tmp_path).items():
        monkeypatch.setenv(name, value)
    clock, start = time.monotonic(), processor_seconds()
    execute(build(lesson), seconds=240)
    # By the clock; on a machine that has other work, by the processor's time.
    seconds = min(time.monotonic() - clock, processor_seconds() - start)
    solved = execute(solve(build(lesson)), seconds=240)
    for cell in code(solved):
        if cell.metadata.get("nnjax", {}).get("part") == "check":
            assert ": right" in cell.outputs[0].data["text/html"], cell.source
    if seconds >= 60 and (compiling := seconds_to_compile()) > SLOW:
        pytest.skip(f"ran in {seconds:.0f} s; a processor that compiles the yardstick in {compiling:.2f} s may")
    assert seconds < 60
