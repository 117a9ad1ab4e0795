"""Calling our own bodies, reference solutions and known mistakes, often: those that are slow are compiled, once.

A learner's function is called as it stands, once. Ours are called for every student and every seed, and an eager call
compiles anew whatever closes over its arguments (the body of a scan, for one). A body that is still slow when it is
called for the second time with the same shapes runs under ``jit`` from then on, unless it cannot be traced.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from nnjax.exercises.inputs import Function, Key, Mesh, materialise
from nnjax.exercises.laws import Call
from nnjax.grading import running
from nnjax.grading.comparing import same
from nnjax.grading.outcomes import Outcome, to_numpy

Body = Callable[..., Any]
# Calling twice is about what one call leaves behind; training compiles its own steps, and its labels cannot be hashed.
EAGER = ("again", "predictions", "total")
# Seconds of processor time.
SLOW = 0.05
# What is compiled for each body and shapes: None after the first call, False where it cannot or need not be.
_compiled: dict[Any, Any] = {}
_lock = threading.Lock()


def outcome(body: Body, case: tuple[Any, ...], call: Call) -> Outcome:
    """Return the outcome of a call of one of our own functions, as ``running.attempt`` would give it."""
    if call.kind in EAGER:
        return running.attempt(body, case, call)[0]
    # What a function is called for a reader differs from seed to seed, and does not matter here.
    case = jax.tree.map(
        lambda node: node._replace(words="") if isinstance(node, Function) else node,
        case, is_leaf=lambda node: isinstance(node, (Function, Key, Mesh)),
    )  # fmt: skip
    leaves, tree = jax.tree.flatten(case, is_leaf=lambda node: isinstance(node, (Key, Mesh)))
    leaves = [jax.random.key(leaf.seed) if isinstance(leaf, Key) else leaf for leaf in leaves]
    places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, (np.ndarray, jax.Array, float))]
    static = tuple(leaf for place, leaf in enumerate(leaves) if place not in places)
    shapes = tuple((np.shape(leaves[place]), jax.dtypes.result_type(leaves[place])) for place in places)
    signature = (body, call.kind, call.detail, tree, static, shapes)
    with _lock:
        is_first = signature not in _compiled
        function = _compiled.setdefault(signature, None)
    if is_first or function is False:
        return running.attempt(body, case, call)[0]
    arrays = [leaves[place] for place in places]
    if function is not None:
        return Outcome(to_numpy(function(*arrays)))
    start = time.thread_time()
    eager = running.attempt(body, case, call)[0]
    function = False
    if time.thread_time() - start > SLOW:
        manner = running.MANNERS[call.kind]
        whole = jax.jit(
            running.of_leaves(lambda case: manner(body, materialise(case), call.detail), leaves, tree, places)
        )
        # An if on a value, NumPy inside, or a mistake that consists in raising: these stay as they are.
        with contextlib.suppress(Exception):
            # XLA may round sums in another order, and some mistakes are nothing but rounding, as log(1 - p + 1e-10) is.
            function = whole if same(Outcome(to_numpy(whole(*arrays))), eager, 1e-5) else False
    _compiled[signature] = function
    return eager


def forget() -> None:
    """Drop all that was compiled."""
    with _lock:
        _compiled.clear()
