"""The figures of a deck: each is a function in ``nnjax.slides.lesson_NN_name``, and a file named after it.

A function takes nothing and returns a figure, or yields several, one for each step of a walk; the files are
``figures/NN_name/name.svg`` or ``name-1.svg``, ``name-2.svg`` and so on.
"""

import importlib
import inspect
import io
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text

from nnjax import files
from nnjax.viz import style
from nnjax.viz.saving import METADATA

INCH = 133
"""Pixels of a slide that an inch of a figure takes: the course's pictures, 6.4 inches wide, are 851 of 1280."""
SMALLEST = 18
"""Pixels: the smallest letters that are read from the last row."""
STAMP = "made-by.txt"


def fitted(figure: Figure, width: float, height: float | None = None) -> Figure:
    """Return the picture without its headline, which the slide's own says, ``width`` by ``height`` inches.

    A slide has room for 8.5 by 4 inches, beside text for 4 to 5 inches in width.
    """
    if figure.get_suptitle():
        figure.suptitle("")
    figure.set_size_inches(width, height or figure.get_size_inches()[1])
    return figure


def functions(lesson: str) -> dict[str, Callable[[], Figure | Iterator[Figure]]]:
    """Return what makes the figures of a lesson's deck, by name."""
    module = importlib.import_module(f"nnjax.slides.lesson_{lesson}")
    return {
        name: value for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }  # fmt: skip


def make(lesson: str, folder: Path) -> Path:
    """Make all figures of a deck in ``folder/figures/NN_name`` and return that folder.

    What is there already is kept if the same code has made it. Raises ValueError for a figure whose letters would be
    too small on a slide.
    """
    target, stamp = folder / "figures" / lesson, files.code_digest()
    if (target / STAMP).is_file() and (target / STAMP).read_text(encoding="utf-8") == stamp:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as part:
        for name, function in functions(lesson).items():
            made = function()
            if isinstance(made, Figure):
                files.write(Path(part) / f"{name}.svg", svg(name, made))
            else:
                for number, figure in enumerate(made, start=1):
                    files.write(Path(part) / f"{name}-{number}.svg", svg(f"{name}-{number}", figure))
        files.write(Path(part) / STAMP, stamp)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(part, target)
    return target


def svg(name: str, figure: Figure) -> str:
    """Return the figure as SVG, in the size that it has on a slide."""
    require_legible(name, figure)
    buffer = io.StringIO()
    with style.context():
        figure.savefig(buffer, format="svg", metadata=METADATA["svg"])
    width, height = (round(INCH * inches) for inches in figure.get_size_inches())
    size = re.compile(r'width="[\d.]+pt" height="[\d.]+pt"')
    return size.sub(f'width="{width}" height="{height}"', buffer.getvalue(), count=1)


def require_legible(name: str, figure: Figure) -> None:
    """Raise ValueError where letters of the figure would be smaller on a slide than can be read."""
    figure.draw_without_rendering()
    shown: list[Any] = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    for text in shown:
        pixels = text.get_fontsize() * INCH / 72
        if pixels < SMALLEST:
            raise ValueError(
                f"figure {name}: {text.get_text()!r} is {pixels:.0f} pixels high on a slide, below {SMALLEST}"
            )
