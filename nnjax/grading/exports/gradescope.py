"""An autograder for Gradescope: a zip file with setup.sh, run_autograder, and this nnjax itself."""

import importlib.metadata
import json
import secrets
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nnjax
from nnjax.exercises import of_lesson
from nnjax.exercises.exercise import Exercise
from nnjax.grading import cards
from nnjax.grading.classroom import runner
from nnjax.grading.judging import RIGHT
from nnjax.grading.marking import mark
from nnjax.grading.sandbox import box
from nnjax.grading.submissions import Student, inside

SETUP = """#!/usr/bin/env bash
# Run once, when Gradescope builds the image.
set -euo pipefail
apt-get update
apt-get install -y python3 python3-venv bubblewrap util-linux
python3 -m venv /autograder/venv
/autograder/venv/bin/pip install -r /autograder/source/requirements.txt
"""
RUN = """#!/usr/bin/env bash
# Run for every submission: reads /autograder/submission, writes /autograder/results/results.json.
set -euo pipefail
root=${AUTOGRADER_ROOT:-/autograder}
python=${AUTOGRADER_PYTHON:-/autograder/venv/bin/python}
cd "$root/source"
PYTHONPATH="$root/source" JAX_PLATFORMS=cpu "$python" -m nnjax.grading.exports.gradescope "$root"
"""


def write(lesson: str, exercises: Sequence[Exercise], out: Path) -> Path:
    """Write LESSON.zip, ready to be uploaded, into ``out``; return it."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{lesson}.zip"
    package = Path(nnjax.__file__).parent
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in (("setup.sh", SETUP), ("run_autograder", RUN)):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            file.writestr(entry, text)
        file.writestr("requirements.txt", "".join(f"{line}\n" for line in _requirements()))
        file.writestr("settings.json", json.dumps({"lesson": lesson, "secret": secrets.randbelow(2**53)}))
        for source in sorted(package.rglob("*.py")):
            file.write(source, f"nnjax/{source.relative_to(package)}")
    return path


def _requirements() -> list[str]:
    """Return what nnjax needs, in the versions that are installed here."""
    needed = importlib.metadata.requires("nnjax") or []
    names = [line.split(">")[0].split("=")[0].strip() for line in needed if "extra ==" not in line]
    return [f"{name}=={importlib.metadata.version(name)}" for name in names]


def mark_submission(root: Path) -> None:
    """Mark the submission below ``root`` and write Gradescope's results, whatever was submitted."""
    settings = json.loads((root / "source" / "settings.json").read_text(encoding="utf-8"))
    exercises = of_lesson(settings["lesson"])
    folder = root / "submission"
    # Everybody's inputs differ, and are the same at a regrade.
    student = Student("submission", _identity(root), tuple(inside(folder, folder)))
    note = ""
    try:
        box.require()
    except OSError as error:
        note = f"Marked without a sandbox: {error}"
    with runner(sandbox=not note) as run:
        marked = mark(student, exercises, settings["secret"], run)
    verdicts = {verdict.name: verdict for verdict in marked.verdicts}
    found = {
        "output": "\n".join([*marked.problems, note]).strip(),
        "output_format": "text",
        "tests": [_test(exercise, verdicts) for exercise in exercises],
    }
    (root / "results").mkdir(exist_ok=True)
    (root / "results" / "results.json").write_text(json.dumps(found, indent=1), encoding="utf-8")


def _identity(root: Path) -> str:
    """Return what names the student: Gradescope's users, where it says them."""
    try:
        facts = json.loads((root / "submission_metadata.json").read_text(encoding="utf-8"))
        return "-".join(sorted(str(user["id"]) for user in facts["users"]))
    except (OSError, ValueError, KeyError, TypeError):
        return "submission"


def _test(exercise: Exercise, verdicts: dict[str, Any]) -> dict[str, Any]:
    verdict = verdicts.get(exercise.name)
    return {
        "name": exercise.name,
        "score": verdict.points if verdict else 0,
        "max_score": exercise.points,
        "status": "passed" if verdict and verdict.status == RIGHT else "failed",
        "output": cards.as_html(verdict, hint=False) if verdict else "no answer",
        "output_format": "html" if verdict else "text",
        "visibility": "visible",
    }


if __name__ == "__main__":
    mark_submission(Path(sys.argv[1]))
