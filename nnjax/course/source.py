"""From a lesson's source, ``lesson.md``, to its notebook: the head, the set-up and the exercises are put in.

The source is MyST markdown by jupytext. Its header holds, under ``nnjax``, the title, the minutes, the lessons that it
builds on and the goals. A code cell tagged ``exercise`` holds the name of one, and becomes its heading, its stub and
its check, so that nothing of an exercise is written twice.
"""

import importlib.metadata
from pathlib import Path
from typing import Any

import nnjax
from nnjax.exercises import LESSONS, get
from nnjax.exercises.exercise import Exercise

FOLDER = Path(nnjax.__file__).parent.parent / "lessons"
SETUP = """# On Colab this installs nnjax; elsewhere it does nothing.
import importlib.util

if importlib.util.find_spec("nnjax") is None:
    %pip install -q "nnjax[lessons] @ git+{address}"
%matplotlib inline"""
DIFFICULTY = {1: "a line", 2: "a few lines", 3: "think first"}


def address() -> str:
    """Return the project's public address, which stands in pyproject's ``[project.urls]``."""
    urls = importlib.metadata.metadata("nnjax").get_all("Project-URL") or []
    return next(url.split(", ")[1] for url in urls if url.startswith("Repository"))


def build(lesson: str, *, solved: bool = False) -> Any:
    """Return the notebook of a lesson, not executed: as learners get it, or with the solutions filled in.

    Raises ValueError where the source is not one: no header, no code cells, an unknown exercise, one that is missing.
    """
    import jupytext

    path = FOLDER / lesson / "lesson.md"
    text = path.read_text(encoding="utf-8")
    made = jupytext.reads(text, fmt="md:myst")
    head = made.metadata.get("nnjax")
    # A header that jupytext does not take for MyST gives plain text, and would pass as a lesson without code.
    if not head or not any(cell.cell_type == "code" for cell in made.cells):
        raise ValueError(f"{path} has no header of jupytext's with an entry nnjax, or no code cells")
    cells = [_head(lesson, head), *_setup()]
    for cell in made.cells:
        cells += _expanded(cell, solved)
    asked = [cell.metadata["nnjax"]["exercise"] for cell in cells if "nnjax" in cell.metadata]
    missing = {exercise.name for exercise in _of(lesson)} - set(asked)
    if missing:
        raise ValueError(f"{path} does not place the exercises {sorted(missing)}")
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    made.cells = cells
    made.metadata = {
        "nnjax": head | {"lesson": lesson},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    made.nbformat_minor = 5
    return made


def _of(lesson: str) -> list[Exercise]:
    from nnjax.exercises import of_lesson

    return of_lesson(lesson)


def _head(lesson: str, head: dict[str, Any]) -> Any:
    import nbformat.v4 as nbformat

    number, goals = int(lesson[:2]), "\n".join(f"- {goal}" for goal in head["goals"])
    colab = address().replace("https://github.com", "https://colab.research.google.com/github")
    badge = "https://colab.research.google.com/assets/colab-badge.svg"
    before = [f"{int(one[:2])}" for one in head["builds_on"]]
    needs = f" It builds on lesson{'s' * (len(before) > 1)} {' and '.join(before)}." if before else ""
    return nbformat.new_markdown_cell(
        f"# Lesson {number}. {head['title']}\n\n"
        f"[![Open in Colab]({badge})]({colab}/blob/main/lessons/{lesson}/lesson.ipynb)\n\n"
        f"About {head['minutes']} minutes.{needs} After this lesson you can\n\n{goals}"
    )


def _setup() -> list[Any]:
    import nbformat.v4 as nbformat

    return [nbformat.new_code_cell(SETUP.format(address=address()))]


def _expanded(cell: Any, solved: bool) -> list[Any]:
    """Return a cell as it stands, or the cells of the exercise that it names."""
    import nbformat.v4 as nbformat

    if "exercise" not in cell.metadata.get("tags", []):
        return [cell]
    exercise = get(cell.source.strip())
    points = f"{exercise.points:g} {'point' if exercise.points == 1 else 'points'}"
    heading = f"### Exercise: `{exercise.name}`\n\n*{points}; {DIFFICULTY[exercise.difficulty]}.*"
    body = exercise.solution if solved else exercise.stub
    return [
        nbformat.new_markdown_cell(heading, metadata={"nnjax": {"exercise": exercise.name, "part": "statement"}}),
        nbformat.new_code_cell(body.rstrip("\n"), metadata={"nnjax": {"exercise": exercise.name, "part": "answer"}}),
        nbformat.new_code_cell(
            f"nnjax.check({exercise.name})", metadata={"nnjax": {"exercise": exercise.name, "part": "check"}}
        ),
    ]


def built() -> list[str]:
    """Return the lessons whose sources are here."""
    return [lesson for lesson in LESSONS if (FOLDER / lesson / "lesson.md").is_file()]
