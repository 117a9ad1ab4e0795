"""From a lesson's source, ``lesson.md``, to its notebook: the head, the set-up and the exercises are put in.

The source is MyST markdown by jupytext. Its header holds, under ``nnjax``, the title, the minutes, the lessons that it
builds on and the goals. A code cell tagged ``exercise`` holds the name of one, and becomes its heading, its stub and
its check, so that nothing of an exercise is written twice.
"""

import importlib.metadata
from pathlib import Path
from typing import Any

import nnjax
from nnjax.exercises import LESSONS, get, of_lesson
from nnjax.exercises.exercise import in_words
from nnjax.grading.exports.notebook import notebook

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


def build(lesson: str) -> Any:
    """Return the notebook of a lesson as learners get it, not executed.

    Raises ValueError where the source is not one: no header, no code cells, an unknown exercise, one that is missing.
    """
    import jupytext
    from nbformat.v4 import new_code_cell

    path = FOLDER / lesson / "lesson.md"
    read = jupytext.reads(path.read_text(encoding="utf-8"), fmt="md:myst")
    head = read.metadata.get("nnjax")
    # A header that jupytext does not take for MyST gives plain text, and would pass as a lesson without code.
    if not head or not any(cell.cell_type == "code" for cell in read.cells):
        raise ValueError(f"{path} has no header of jupytext's with an entry nnjax, or no code cells")
    cells = [_head(lesson, head), new_code_cell(SETUP.format(address=address()))]
    for cell in read.cells:
        cells += _expanded(cell)
    asked = {cell.metadata["nnjax"]["exercise"] for cell in cells if "nnjax" in cell.metadata}
    missing = {exercise.name for exercise in of_lesson(lesson)} - asked
    if missing:
        raise ValueError(f"{path} does not place the exercises {sorted(missing)}")
    return notebook(cells, nnjax=head | {"lesson": lesson})


def _head(lesson: str, head: dict[str, Any]) -> Any:
    from nbformat.v4 import new_markdown_cell

    number, goals = int(lesson[:2]), "\n".join(f"- {goal}" for goal in head["goals"])
    colab = address().replace("https://github.com", "https://colab.research.google.com/github")
    badge = "https://colab.research.google.com/assets/colab-badge.svg"
    before = [f"{int(one[:2])}" for one in head["builds_on"]]
    needs = f" It builds on lesson{'s' * (len(before) > 1)} {' and '.join(before)}." if before else ""
    return new_markdown_cell(
        f"# Lesson {number}. {head['title']}\n\n"
        f"[![Open in Colab]({badge})]({colab}/blob/main/lessons/{lesson}/lesson.ipynb)\n\n"
        f"About {head['minutes']} minutes.{needs} After this lesson you can\n\n{goals}"
    )


def _expanded(cell: Any) -> list[Any]:
    """Return a cell as it stands, or the cells of the exercise that it names."""
    from nbformat.v4 import new_code_cell, new_markdown_cell

    if "exercise" not in cell.metadata.get("tags", []):
        return [cell]
    exercise = get(cell.source.strip())

    def marked(part: str) -> dict[str, Any]:
        return {"nnjax": {"exercise": exercise.name, "part": part}}

    effort = f"{in_words(exercise.points)}; {DIFFICULTY[exercise.difficulty]}"
    return [
        new_markdown_cell(f"### Exercise: `{exercise.name}`\n\n*{effort}.*", metadata=marked("statement")),
        new_code_cell(exercise.stub.rstrip("\n"), metadata=marked("answer")),
        new_code_cell(f"nnjax.check({exercise.name})", metadata=marked("check")),
    ]


def built() -> list[str]:
    """Return the lessons whose sources are here."""
    return [lesson for lesson in LESSONS if (FOLDER / lesson / "lesson.md").is_file()]
