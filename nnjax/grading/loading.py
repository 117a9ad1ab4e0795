"""From the bytes of a ``.py`` or ``.ipynb`` file to the functions that it defines, whatever the bytes are.

A script is run as it stands; of a notebook what its answers depend on, so that its plots and training cost nothing. A
statement that raises is noted and passed over: what is defined elsewhere still counts.
"""

import __future__

import ast
import builtins
import functools
import io
import json
import linecache
import operator
import re
import sys
import tokenize
import types
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from nnjax.grading.limits import TooSlow, time_limit
from nnjax.grading.outcomes import plain
from nnjax.grading.slicing import DEFINITIONS, slice_of

# A magic or a command of the shell, also one whose result is kept, or a question about a name.
IPYTHON = re.compile(r"^(\s*)(?:(?:\w+\s*=\s*)?(?:%{1,2}[A-Za-z]|!).*|\?{1,2}[\w.]+|[\w.]+\?{1,2})\s*$")
# Seconds for the definitions that stand below what took too long.
DEFINING = 5
TIMED = re.compile(r"^(\s*)%time\s+(?=\S)")
AROUND_PYTHON = ("%%time", "%%timeit", "%%capture", "%%prun")
FAILED_IMPORT = re.compile(r" raised (ModuleNotFound|Import)Error\b")


class Loaded(NamedTuple):
    """The names that a file defines, and in words what was wrong with it first and which imports failed."""

    names: dict[str, Any]
    problem: str


def load(data: bytes, suffix: str, answers: Iterable[str], seconds: float = 30) -> Loaded:
    """Run the source in ``data``, of a file that ends in ``suffix``, and return what it defines; raises nothing.

    Of a notebook only ``answers`` are sure to be defined, and of these, if it is a lesson's, those that it asks for.
    """
    module = types.ModuleType("submission")
    # Where the file's own functions and classes look for their module, as pickling and dataclasses do.
    sys.modules["submission"] = module
    module.__dict__["__builtins__"] = builtins
    if suffix != ".ipynb":
        module.__file__ = "submission.py"
    problems: list[str] = []
    asked: set[str] = set()
    steps: Iterator[tuple[str, ast.stmt]] = iter(())
    flags = 0
    try:
        with time_limit(seconds):
            text = _text(data, "utf-8-sig" if suffix == ".ipynb" else _encoding(data))
            pieces, asked = _notebook(text) if suffix == ".ipynb" else ([("submission.py", text)], asked)
            flags = _future("\n".join(source for _, source in pieces))
            parsed = [(name, statement) for name, source in pieces for statement in _parsed(name, source, problems)]
            statements = [statement for _, statement in parsed]
            chosen = set(slice_of(statements, asked or answers) if suffix == ".ipynb" else statements)
            steps = iter([step for step in parsed if step[1] in chosen])
            _run(module, steps, flags, problems)
    except TooSlow:
        problems.append(f"running the file took longer than {seconds:g} seconds")
        # What is defined further down is not lost.
        with suppress(TooSlow), time_limit(DEFINING):
            _run(module, (step for step in steps if isinstance(step[1], DEFINITIONS)), flags, problems)
    except ValueError as error:
        problems.append(str(error))
    # A lesson's own cells may define what is called like an exercise of another lesson.
    names = {name: value for name, value in module.__dict__.items() if not asked or name in asked}
    # Of a missing module the first problem may say nothing; most others follow from the first.
    said = problems[:1] + [problem for problem in problems[1:] if FAILED_IMPORT.search(problem)]
    return Loaded(names, "; ".join(said))


def _encoding(data: bytes) -> str:
    """Return the encoding that a script names in its first two lines, such as ``# coding: latin-1``, or UTF-8."""
    with suppress(SyntaxError):
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    return "utf-8-sig"


def _text(data: bytes, encoding: str) -> str:
    """Return the text of a file; raise ValueError, in words, for bytes that are none."""
    try:
        text = data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        place = f" (byte {error.start})" if isinstance(error, UnicodeDecodeError) else ""
        raise ValueError(f"the file is not text in {encoding.removesuffix('-sig').upper()}{place}") from None
    if "\0" in text:
        raise ValueError("the file is binary, not text")
    return text


def _notebook(text: str) -> tuple[list[tuple[str, str]], set[str]]:
    """Return the sources of the code cells with their names, and the exercises that a lesson's notebook asks for.

    Raises ValueError, in words, for text that is no notebook.
    """
    try:
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        marks = [cell.get("metadata", {}).get("nnjax", {}).get("exercise") for cell in cells]
        codes = [_source(cell) for cell in cells]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("the file is not a Jupyter notebook of format 4: its JSON cannot be read") from None
    return [(f"cell {number}", code) for number, code in enumerate(codes, 1)], {str(mark) for mark in marks if mark}


def _source(cell: dict[str, Any]) -> str:
    """Return the source of a cell without the lines that only IPython understands."""
    source = cell["source"]
    text = source if isinstance(source, str) else "".join(source)
    # JSON can spell halves of characters, which are no text.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return as_python(text)


def as_python(cell: str) -> str:
    """Return a cell as Python takes it: the lines that only IPython understands do nothing."""
    lines = [TIMED.sub(r"\1", line) for line in cell.split("\n")]
    if lines[0].lstrip().startswith("%%"):
        if lines[0].split()[0] not in AROUND_PYTHON:
            return ""
        lines[0] = ""
    # What is Python stays as it is, also a comment that ends in a question mark.
    try:
        ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "\n".join(_without_commands(lines))
    return "\n".join(lines)


def _without_commands(lines: Sequence[str]) -> Iterator[str]:
    """Yield ``pass`` for each line that only IPython understands, and nothing for those on which it goes on."""
    goes_on = False
    for line in lines:
        done = "" if goes_on else IPYTHON.sub(r"\1pass", line)
        goes_on = done != line and line.endswith("\\")
        yield done


def _future(source: str) -> int:
    """Return the compiler's flags for what a file imports from ``__future__``, which hold for all that it defines."""
    imported = re.findall(r"^from __future__ import (.+)$", source, re.MULTILINE)
    names = {name for line in imported for name in re.findall(r"\w+", line)} & set(__future__.all_feature_names)
    return functools.reduce(operator.or_, (getattr(__future__, name).compiler_flag for name in names), 0)


def _parsed(name: str, source: str, problems: list[str]) -> list[ast.stmt]:
    """Return the statements of a piece; add to ``problems``, in words, why there are none."""
    # Tracebacks and inspect find the lines of a file that lies nowhere.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        return ast.parse(source, name).body
    except SyntaxError as error:
        problems.append(f"there is a syntax error in line {error.lineno}{_place(name)}: {plain(error.msg, 100)}")
    except (ValueError, RecursionError, MemoryError):
        problems.append(f"the source{_place(name)} cannot be read: it is nested too deep or holds impossible signs")
    return []


def _place(name: str) -> str:
    return f" of {name}" if name.startswith("cell") else ""


def _run(
    module: types.ModuleType, steps: Iterable[tuple[str, ast.stmt]], flags: int, problems: list[str]
) -> None:  # fmt: skip
    """Run statements one by one, each with the name of its piece; add to ``problems``, in words, what went wrong."""
    for name, statement in steps:
        try:
            exec(compile(ast.Module([statement], []), name, "exec", flags, dont_inherit=True), module.__dict__)
        except (TooSlow, KeyboardInterrupt):
            raise
        except BaseException as error:
            # In a notebook, what it needs was perhaps computed by a statement that is not run here.
            if _place(name) and not isinstance(statement, DEFINITIONS):
                continue
            message = plain(str(error).split("\n")[0], 150)
            problems.append(
                f"line {statement.lineno}{_place(name)} raised {type(error).__name__}{': ' * bool(message)}{message}"
            )
