"""The notebook of a lesson's exercises: statement, stub or solution, and a check after each."""

from collections.abc import Callable, Sequence
from typing import Any

from nnjax.exercises.exercise import Exercise

IMPORTS = "import jax\nimport jax.numpy as jnp\nimport numpy as np"


def notebook(cells: Sequence[Any]) -> Any:
    """Return a Jupyter notebook of cells, with ids that are the same in every run."""
    import nbformat.v4 as nbformat

    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.new_notebook(cells=list(cells), metadata={"kernelspec": kernel})


def words(text: str) -> Any:
    """Return a cell of text."""
    import nbformat.v4 as nbformat

    return nbformat.new_markdown_cell(text)


def code(source: str, metadata: dict[str, Any] | None = None) -> Any:
    """Return a cell of code."""
    import nbformat.v4 as nbformat

    return nbformat.new_code_cell(source, metadata=metadata or {})


def sheet(
    lesson: str, exercises: Sequence[Exercise], cells: Callable[[Exercise], list[Any]], introduction: str = ""
) -> Any:
    """Return the notebook of a lesson: a title, the imports, and for each exercise its heading and its ``cells``."""
    parts = [words(f"# Exercises of lesson {lesson}\n\n{introduction}".strip()), code(IMPORTS)]
    for exercise in exercises:
        points = f"{exercise.points:g} {'point' if exercise.points == 1 else 'points'}"
        parts += [words(f"## `{exercise.signature}`\n\n{points}. {exercise.statement}"), *cells(exercise)]
    return notebook(parts)


def write(made: Any, path: Any) -> None:
    """Write a notebook to a file."""
    import nbformat

    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
