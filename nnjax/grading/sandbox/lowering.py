"""One MLIR context for all programs of a process.

JAX makes a new one for each program that it lowers. Of an operation that is compiled already and only read, that is a
third of the time. A context never forgets a constant that it has seen, so this is for processes that end soon.
"""

import contextlib
import functools


def share_context() -> None:
    """Make the context in which JAX lowers from now on; where a version of JAX makes none in this way, do nothing."""
    with contextlib.suppress(ImportError, AttributeError):
        from jax._src.interpreters import mlir

        mlir.make_ir_context = functools.cache(mlir.make_ir_context)
        mlir.make_ir_context()
