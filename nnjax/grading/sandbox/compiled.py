"""JAX's own operations, compiled before they are needed: in a box one takes 20 ms to compile and 5 ms to read.

A separate process calls references and known mistakes on inputs drawn as for a student. Of all that JAX compiles for
them, only programs that are one operation of JAX's own, or a function that answers are called with, are given to the
boxes, where they can be read and not written: nothing of a right answer is among them.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nnjax.compiling import QUICK, flags, keeping
from nnjax.grading.sandbox.temporary import temporary

# The inputs of most exercises have the same shapes for every seed.
SEED = 1
NAME = re.compile(r"jit_(\w+)-[0-9a-f]+-cache")
# An operation around a function is compiled with that function inside.
AROUND = {"scan", "while", "while_loop", "cond", "fori_loop", "map", "switch", "associative_scan", "custom_root",
          "custom_linear_solve", "reduce_precision", "reduce", "reduce_window", "vectorize", "apply_along_axis",
          "apply_over_axes", "piecewise", "fromfunction", "frompyfunc"}  # fmt: skip
# An answer is called a few times: what its programs take to compile counts, not what they take to run.
OPTIONS = {
    "XLA_FLAGS": flags(QUICK),
    # Where in a file an operation stands, nobody asks.
    "JAX_TRACEBACK_IN_LOCATIONS_LIMIT": "0",
}


def reading(folder: Path) -> dict[str, str]:
    """Return the environment in which JAX reads what is compiled in ``folder`` and writes nothing there."""
    # Nothing takes that long to compile.
    return OPTIONS | keeping(folder) | {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "1e9"}


def writing(folder: Path) -> dict[str, str]:
    """Return the environment in which JAX writes what it compiles into ``folder``, to be read by ``reading``."""
    return OPTIONS | keeping(folder)


@contextmanager
def filling(folder: Path, names: Sequence[str]) -> Iterator[None]:
    """Fill ``folder`` with what the exercises ``names`` need, in the background, as long as the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    with temporary() as own:
        environment = dict(os.environ) | writing(own) | {"JAX_PLATFORMS": "cpu"}
        process = subprocess.Popen(
            # -P and cwd: the folder in which marking was started may hold students' files that are called like modules.
            [sys.executable, "-P", "-m", "nnjax.grading.sandbox.compiled", str(own), str(folder), *names],
            cwd=own, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
        try:
            yield
        finally:
            process.kill()
            process.wait()


def main(own: Path, folder: Path, names: Sequence[str]) -> None:
    """Call what the exercises have, and put what may be read by the boxes into ``folder``, exercise by exercise."""
    from nnjax.exercises import get
    from nnjax.grading import running
    from nnjax.grading.answer_key import plan
    from nnjax.grading.sandbox.lowering import share_context

    share_context()
    for name in names:
        exercise = get(name)
        cases, calls = plan(exercise, SEED)
        # Under jit an answer is one program, its own.
        calls = [call for call in calls if call.kind != "jit"]
        for body in (exercise.reference, *(mistake.body for mistake in exercise.mistakes)):
            running.run(body, cases, calls, exercise.seconds)
        give(own, folder)


def give(own: Path, folder: Path) -> None:
    """Move what is one operation of JAX, or one of the functions that are inputs, from ``own`` to ``folder``."""
    from nnjax.exercises.inputs import PROGRAMS

    allowed = operations() | set(PROGRAMS)
    for path in own.iterdir():
        found = NAME.fullmatch(path.name)
        if found and found[1] in allowed:
            path.rename(folder / path.name)


def operations() -> set[str]:
    """Return the names of JAX's own operations, those left out that hold a function."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    from nnjax.exercises import all_exercises

    names = {name.removesuffix("_p").strip("_") for name in (*dir(lax), *dir(jnp), *dir(jax.nn))} - AROUND
    # Many are compiled under a private name, as _where; a reference that bears an operation's name has no underscore.
    return (names - set(all_exercises())) | {f"_{name}" for name in names}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
