"""From the bytes of a ``.py`` or ``.ipynb`` file to the functions that it defines, whatever the bytes are.

A script is run as it stands. Of a notebook only imports, definitions, assignments, and calls such as f.defvjp(...) and
table.append(...) of what it defined are run, so that its plots and training cost nothing. A statement that raises is
noted and passed over: what is defined elsewhere still counts.
"""

import __future__

import ast
import builtins
import functools
import json
import linecache
import operator
import re
import sys
import types
from typing import Any, NamedTuple

from nnjax.grading.limits import TooSlow, time_limit
from nnjax.grading.outcomes import plain

DEFINING = (
    ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign,
    ast.AugAssign, ast.If, ast.Try,
)  # fmt: skip
# A magic or a command of the shell, also one whose result is kept, or a question about a name.
IPYTHON = re.compile(r"^(\s*)(?:(?:\w+\s*=\s*)?[%!].*|\?{1,2}[\w.]+|[\w.]+\?{1,2})\s*$")
AROUND_PYTHON = ("%%time", "%%timeit", "%%capture", "%%prun")
FAILED_IMPORT = re.compile(r" raised (ModuleNotFound|Import)Error\b")
SAID = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Loaded(NamedTuple):
    """The names that a file defines, and in words what was wrong with it first and which imports failed."""

    names: dict[str, Any]
    problem: str


def load(data: bytes, suffix: str, seconds: float = 30) -> Loaded:
    """Run the source in ``data``, of a file that ends in ``suffix``, and return what it defines; raises nothing."""
    module = types.ModuleType("submission")
    # Where the file's own functions and classes look for their module, as pickling and dataclasses do.
    sys.modules["submission"] = module
    module.__dict__["__builtins__"] = builtins
    if suffix != ".ipynb":
        module.__file__ = "submission.py"
    problems: list[str] = []
    asked: set[str] = set()
    try:
        with time_limit(seconds):
            pieces, asked = _notebook(_text(data)) if suffix == ".ipynb" else ([("submission.py", _text(data))], asked)
            flags = _future("\n".join(source for _, source in pieces))
            for name, source in pieces:
                problems += _run(module, name, source, flags, everything=suffix != ".ipynb")
    except TooSlow:
        problems.append(f"running the file took longer than {seconds:g} seconds")
    except ValueError as error:
        problems.append(str(error))
    # A lesson's own cells may define what is called like an exercise of another lesson.
    names = {name: value for name, value in module.__dict__.items() if not asked or name in asked}
    # Of a missing module the first problem may say nothing; most others follow from the first.
    said = problems[:1] + [problem for problem in problems[1:] if FAILED_IMPORT.search(problem)]
    return Loaded(names, "; ".join(said))


def _text(data: bytes) -> str:
    """Return the text of a file; raise ValueError, in words, for bytes that are none."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"the file is not text in UTF-8 (byte {error.start})") from None
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
    lines = cell.split("\n")
    if lines[0].lstrip().startswith("%%"):
        if lines[0].split()[0] not in AROUND_PYTHON:
            return ""
        lines[0] = ""
    # What is Python stays as it is, also a comment that ends in a question mark.
    try:
        ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "\n".join(IPYTHON.sub(r"\1pass", line) for line in lines)
    return "\n".join(lines)


def _future(source: str) -> int:
    """Return the compiler's flags for what a file imports from ``__future__``, which hold for all that it defines."""
    imported = re.findall(r"^from __future__ import (.+)$", source, re.MULTILINE)
    names = {name for line in imported for name in re.findall(r"\w+", line)} & set(__future__.all_feature_names)
    return functools.reduce(operator.or_, (getattr(__future__, name).compiler_flag for name in names), 0)


def _run(module: types.ModuleType, name: str, source: str, flags: int, *, everything: bool) -> list[str]:
    """Run the statements one by one; return what went wrong, in words."""
    # Tracebacks and inspect find the lines of a file that lies nowhere.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    where = f" of {name}" if name.startswith("cell") else ""
    try:
        tree = ast.parse(source, name)
    except SyntaxError as error:
        return [f"there is a syntax error in line {error.lineno}{where}: {plain(error.msg, 100)}"]
    except (ValueError, RecursionError, MemoryError):
        return [f"the source{where} cannot be read: it is nested too deep or holds impossible signs"]
    problems = []
    for statement in tree.body:
        if not everything and not (isinstance(statement, DEFINING) or _changes_its_own(statement, module)):
            continue
        try:
            exec(compile(ast.Module([statement], []), name, "exec", flags, dont_inherit=True), module.__dict__)
        except (TooSlow, KeyboardInterrupt):
            raise
        except BaseException as error:
            # In a notebook, what an assignment needs was perhaps computed by a statement that is not run here.
            if not everything and not isinstance(statement, SAID):
                continue
            message = plain(str(error).split("\n")[0], 150)
            problems.append(
                f"line {statement.lineno}{where} raised {type(error).__name__}{': ' * bool(message)}{message}"
            )
    return problems


def _changes_its_own(statement: ast.stmt, module: types.ModuleType) -> bool:
    """Tell whether a statement calls a method of a function or container that the file made, as f.defvjp(...) does."""
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
        return False
    called = statement.value.func
    owner = called.value if isinstance(called, ast.Attribute) else None
    own = module.__dict__.get(owner.id) if isinstance(owner, ast.Name) else None
    if type(own).__module__ == module.__name__:  # an object of the learner's own class, which may do anything
        return False
    return isinstance(own, (list, dict, set)) or getattr(own, "__module__", None) == module.__name__
