"""Checking one's own answers: a function in a notebook, all exercises of a file, again at each save."""

import functools
import importlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nnjax.exercises import all_exercises, get
from nnjax.grading import cards, progress, running
from nnjax.grading.answer_key import plan
from nnjax.grading.judging import Verdict, judge
from nnjax.grading.limits import exit_raises
from nnjax.grading.loading import load
from nnjax.grading.submissions import is_script_or_notebook

LARGEST = 20_000_000


def verdict(function: Callable[..., Any], name: str | None = None, *, seed: int = 0) -> Verdict:
    """Return the verdict on an answer to the exercise ``name``, by default the one that the function is called as.

    The inputs are drawn from ``seed``. Raises ValueError for what is no exercise and TypeError for what is no function.
    """
    if not callable(function):
        raise TypeError(f"check wants the function itself, such as check(neuron); this is a {type(function).__name__}")
    exercise = get(name or _name(function))
    cases, calls = plan(exercise, seed)
    with exit_raises():
        outcomes = running.run(function, cases, calls, exercise.seconds, by_hand=exercise.by_hand)
    return judge(exercise.name, seed, outcomes)


def _name(function: Callable[..., Any]) -> str:
    inner = function
    while isinstance(inner, functools.partial):
        inner = inner.func
    name = getattr(inner, "__name__", "")
    if not name or name == "<lambda>":
        raise ValueError("this function has no name; say which exercise it answers: check(function, 'neuron')")
    return str(name)


def check(function: Callable[..., Any], name: str | None = None) -> None:
    """Say whether an answer is right, and if not, what is wrong: a card in a notebook, a few lines in a terminal.

    ``name`` is that of the exercise, where the function is called otherwise. The result counts for ``nnjax progress``.
    """
    found = verdict(function, name)
    progress.record(found)
    show(found)


def show(found: Verdict) -> None:
    """Show a verdict where the reader is: in IPython's output, or on the terminal."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None and getattr(shell, "kernel", None) is not None:
        from IPython.display import display

        display({"text/html": cards.as_html(found), "text/plain": cards.as_text(found)}, raw=True)
    else:
        print(cards.as_text(found))


def hint(name: str) -> str:
    """Return the next hint to an exercise; after the last, the last again. Raises ValueError for an unknown name."""
    exercise = get(name)
    number = progress.next_hint(name, len(exercise.hints))
    return f"{name}, hint {number + 1} of {len(exercise.hints)}: {exercise.hints[number]}"


def check_file(file: Path) -> Iterator[Verdict]:
    """Yield the verdict on every exercise that a ``.py`` or ``.ipynb`` file defines, in the order of the course.

    The file is run here, as its owner would run it. Raises ValueError, in words, for a file that cannot be read, or
    that defines no exercise.
    """
    if not is_script_or_notebook(file):
        raise ValueError(f"{file} ends in {file.suffix or 'nothing'}; a .py or .ipynb file can be checked")
    if not file.is_file():
        raise ValueError(f"{file} does not exist" if not file.exists() else f"{file} is not a file")
    if file.stat().st_size > LARGEST:
        raise ValueError(f"{file} holds {file.stat().st_size:,} bytes; at most {LARGEST:,} can be checked")
    _import_anew_from(file.resolve().parent)
    with exit_raises():
        loaded = load(file.read_bytes(), file.suffix.lower(), all_exercises())
    found = [name for name in all_exercises() if callable(loaded.names.get(name))]
    if not found:
        raise ValueError(f"{file}: {loaded.problem or 'it defines no function that is called like an exercise'}")
    if loaded.problem:
        print(f"{file}: {loaded.problem}; the rest is checked", file=sys.stderr)
    for name in found:
        checked = verdict(loaded.names[name], name)
        progress.record(checked)
        yield checked


def _import_anew_from(folder: Path) -> None:
    """Let modules be imported from a folder, where no others are called so, as they stand there now."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and name != "__main__" and Path(file).parent == folder:
            del sys.modules[name]
    importlib.invalidate_caches()


def watch(file: Path, seconds: float = 0.2) -> Iterator[list[Verdict] | str]:
    """Yield the verdicts on a file now and after each save, or in words why there are none; never ends by itself."""
    seen: Any = ()
    while True:
        try:
            now = file.stat().st_mtime_ns, file.stat().st_size
        except OSError:
            now = None
        if now != seen:
            seen = now
            try:
                yield list(check_file(file))
            except ValueError as error:
                yield str(error)
        time.sleep(seconds)
