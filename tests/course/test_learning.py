"""The learner's working copy: nothing of theirs is ever lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import nnjax
from nnjax.course import learning, shipped, teaching
from nnjax.course.shipped import Lesson


def notebook(text):
    head = {"title": "T", "minutes": 60, "builds_on": [], "goals": ["do"], "lesson": "00_jax"}
    cells = [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": text}]
    return json.dumps({"cells": cells, "metadata": {"nnjax": head}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Two lessons as they are shipped; the test may change them as a newer version would."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    for name in ("00_jax", "01_perceptron"):
        (folder / f"{name}.ipynb").write_text(notebook("first"))
    found = {path.stem: path for path in sorted(folder.iterdir())}
    monkeypatch.setattr(learning, "notebooks", lambda: found)
    return folder


def test_a_copy_is_made_once(source, tmp_path):
    place = tmp_path / "mine"
    assert list(learning.copy(place)) == ["00_jax.ipynb: copied", "01_perceptron.ipynb: copied"]
    assert list(learning.copy(place)) == []
    assert (place / "00_jax.ipynb").read_text() == notebook("first")


def test_a_newer_lesson_replaces_what_was_not_touched_and_lands_beside_what_was(source, tmp_path):
    place = tmp_path / "mine"
    list(learning.copy(place))
    (place / "00_jax.ipynb").write_text(notebook("my own work"))
    for path in source.iterdir():
        path.write_text(notebook("second"))
    said = list(learning.copy(place))
    (beside,) = place.glob(f"00_jax-{nnjax.__version__}-*.ipynb")
    assert said == [
        f"00_jax.ipynb holds your work and stays; the newer lesson is {beside.name}",
        "01_perceptron.ipynb: replaced by the newer lesson; you had not changed it",
    ]
    assert (place / "00_jax.ipynb").read_text() == notebook("my own work")
    assert beside.read_text() == (place / "01_perceptron.ipynb").read_text() == notebook("second")
    beside.write_text(notebook("work here too"))
    assert list(learning.copy(place)) == []
    assert beside.read_text() == notebook("work here too")


def test_without_its_record_every_copy_counts_as_touched(source, tmp_path):
    place = tmp_path / "mine"
    list(learning.copy(place))
    (place / learning.RECORD).write_text("torn")
    (place / "00_jax.ipynb").write_text(notebook("mine"))
    list(learning.copy(place))
    assert (place / "00_jax.ipynb").read_text() == notebook("mine")


def test_lab_opens_at_the_lesson_and_prints_the_address_without_a_browser(tmp_path, monkeypatch):
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed")

    def none():
        raise learning.webbrowser.Error

    monkeypatch.setattr(learning.webbrowser, "get", none)
    command = learning.jupyter(tmp_path, "03")
    assert command[-1] == "--no-browser"
    assert "--LabApp.default_url=/lab/tree/03_mlp.ipynb" in command
    # A container's user is root, which Jupyter refuses unless it is told.
    monkeypatch.setattr(learning.os, "geteuid", lambda: 0, raising=False)
    assert "--allow-root" in learning.jupyter(tmp_path, "03")
    monkeypatch.setattr(learning.os, "geteuid", lambda: 1000, raising=False)
    assert "--allow-root" not in learning.jupyter(tmp_path, "03")
    with pytest.raises(ValueError, match="unknown lesson"):
        learning.jupyter(tmp_path, "99")


def test_what_a_lesson_compiles_is_kept_unless_the_user_or_the_disk_says_otherwise(tmp_path, monkeypatch):
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    monkeypatch.setenv("NNJAX_CACHE", str(tmp_path / "cache"))
    folder = Path(learning.environment()["JAX_COMPILATION_CACHE_DIR"])
    assert folder.is_dir()
    assert folder.is_relative_to(tmp_path / "cache")
    program = "import jax; jax.numpy.ones(3) + 1"
    for _ in range(2):
        before = {path.name for path in folder.iterdir()}
        subprocess.run([sys.executable, "-c", program], env=learning.environment(), check=True, timeout=120)
    assert before
    assert {path.name for path in folder.iterdir()} == before
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "elsewhere")
    assert learning.environment()["JAX_COMPILATION_CACHE_DIR"] == "elsewhere"
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    (tmp_path / "file").touch()
    monkeypatch.setenv("NNJAX_CACHE", str(tmp_path / "file"))
    assert "JAX_COMPILATION_CACHE_DIR" not in learning.environment()


def lessons(*minutes):
    return [Lesson(f"{n:02}_x", f"T{n}", each, (), ("do it",), 10) for n, each in enumerate(minutes)]


@pytest.mark.parametrize("weeks", [6, 12])
def test_a_timetable_holds_every_lesson_once_in_order_and_no_week_is_empty(weeks):
    course = lessons(60, 90, 90, 90, 120, 120, 100, 120, 110, 120, 60, 90)
    parts = list(teaching.split(course, weeks))
    assert len(parts) == weeks
    assert [lesson for part in parts for lesson in part] == course
    assert all(parts)
    times = [sum(lesson.minutes for lesson in part) for part in parts]
    assert max(times) <= 1.5 * sum(times) / weeks


def test_the_handbook_names_goals_and_weeks():
    text = teaching.handbook(lessons(*[60] * 12))
    assert "## Timetable for 6 weeks" in text
    assert "| 6 | 10 T10; 11 T11 | 2.0 |" in text
    assert text.count("- do it") == 12


def test_an_installation_without_lessons_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    monkeypatch.setattr(shipped.importlib.metadata, "files", lambda name: [])
    with pytest.raises(OSError, match="installed without its lessons"):
        shipped.notebooks()
