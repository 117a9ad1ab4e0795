"""What a run tells while it runs: a bar in a terminal, a line that changes in Jupyter, a few lines in a file."""

import importlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nnjax.training.step import NAMES

Report = Callable[[int, int, dict[str, float]], None]

EVERY = 0.1
"""Seconds between two changes of the display."""

LINES = 10
"""Lines printed at most, about, where nothing can be redrawn."""


@contextmanager
def reporter(epochs: int, steps: int, *, done: int = 0, shown: bool = True) -> Iterator[Report]:
    """Give a function ``report(epoch, step, numbers)`` to be called after ``step`` steps of the epoch (from 1).

    ``done`` epochs are behind us already (a resumed run). What is shown: epoch, loss, accuracy, those on the test data
    once they are known, and the time left. ``shown=False`` shows nothing.
    """
    if not shown:
        yield lambda epoch, step, numbers: None
        return
    from rich.console import Console

    console = Console()
    if console.is_jupyter:
        yield _in_jupyter(epochs, steps, done)
    elif console.is_terminal:
        with _bar(console, epochs, steps, done) as report:
            yield report
    else:
        yield _plain(epochs, steps, done)


def words(numbers: dict[str, float]) -> str:
    """Return the numbers worth a glance, such as "loss 0.1234  accuracy 0.971  val accuracy 0.962"."""
    known = [name for name in NAMES if name in numbers and (name != "val_loss" or "val_accuracy" not in numbers)]
    names = [*(name for name in numbers if name not in NAMES), *known]
    return "  ".join(f"{name.replace('_', ' ')} {numbers[name]:.{3 if 'accuracy' in name else 4}f}" for name in names)


@contextmanager
def _bar(console: Any, epochs: int, steps: int, done: int) -> Iterator[Report]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), TextColumn("{task.fields[numbers]}"))
    last = 0.0
    with Progress(*columns, TimeRemainingColumn(), console=console, auto_refresh=False) as progress:
        task = progress.add_task(f"epoch {done}/{epochs}", total=epochs * steps, completed=done * steps, numbers="")
        progress.refresh()

        def report(epoch: int, step: int, numbers: dict[str, float]) -> None:
            nonlocal last
            completed = (epoch - 1) * steps + step
            description = f"epoch {epoch}/{epochs}"
            progress.update(task, completed=completed, description=description, numbers=words(numbers))
            if time.monotonic() - last > EVERY or completed == epochs * steps:
                progress.refresh()
                last = time.monotonic()

        yield report


def _line(epochs: int, steps: int, done: int) -> Callable[[int, int, dict[str, float]], str]:
    began = time.monotonic()

    def line(epoch: int, step: int, numbers: dict[str, float]) -> str:
        taken = (epoch - 1) * steps + step
        left = (time.monotonic() - began) * (epochs * steps - taken) / max(taken - done * steps, 1)
        end = f"  {left:.0f} s left" if taken < epochs * steps else f"  {time.monotonic() - began:.1f} s"
        return f"epoch {epoch}/{epochs}  {words(numbers)}{end}"

    return line


def _plain(epochs: int, steps: int, done: int) -> Report:
    line = _line(epochs, steps, done)

    def report(epoch: int, step: int, numbers: dict[str, float]) -> None:
        share = max(1, -(-epochs // LINES))
        if step == steps and (epoch % share == 0 or epoch == epochs):
            sys.stdout.write(line(epoch, step, numbers) + "\n")
            sys.stdout.flush()

    return report


def _in_jupyter(epochs: int, steps: int, done: int) -> Report:
    line = _line(epochs, steps, done)
    handle = importlib.import_module("IPython.display").display({"text/plain": "compiling"}, raw=True, display_id=True)
    last = 0.0

    def report(epoch: int, step: int, numbers: dict[str, float]) -> None:
        nonlocal last
        if time.monotonic() - last > EVERY or (epoch == epochs and step == steps):
            handle.update({"text/plain": line(epoch, step, numbers)}, raw=True)
            last = time.monotonic()

    return report
