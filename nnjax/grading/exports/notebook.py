"""The notebook of a lesson's exercises: a title, the imports, and for each exercise its statement and its cells."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nnjax.exercises.exercise import Exercise, in_words

IMPORTS = "import jax\nimport jax.numpy as jnp\nimport numpy as np"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebook(cells: Sequence[Any], **metadata: Any) -> Any:
    """Return a Jupyter notebook of cells, with ids that are the same in every run."""
    import nbformat.v4 as nbformat

    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return nbformat.new_notebook(cells=list(cells), metadata=METADATA | metadata)


def write(lesson: str, exercises: Sequence[Exercise], cells: Callable[[Exercise], list[Any]], path: Path) -> None:
    """Write the notebook of a lesson's exercises, each with its ``cells``, to a file."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell

    parts = [new_markdown_cell(f"# Exercises of lesson {lesson}"), new_code_cell(IMPORTS)]
    for exercise in exercises:
        asked = f"## `{exercise.signature}`\n\n{in_words(exercise.points)}. {exercise.statement}"
        parts += [new_markdown_cell(asked), *cells(exercise)]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook(parts), path)
