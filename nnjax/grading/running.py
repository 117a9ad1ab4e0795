"""Calling a learner's function in every manner that an exercise asks for, and taking what happens as an ``Outcome``.

This is the only place where a learner's function is called, in a notebook as in the sandbox. It holds no right answer.
"""

import contextlib
import io
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nnjax import flops
from nnjax.exercises.inputs import is_static, materialise
from nnjax.exercises.laws import Call
from nnjax.grading import programs
from nnjax.grading.limits import TooSlow, autodiff_off, time_limit
from nnjax.grading.outcomes import Outcome, plain, to_numpy

# What came is not JAX's inside (NumPy, plain Python): laws about tracing do not concern it.
NOT_TRACED = Outcome(failure="not traced")
TRACED = ("jit", "vmap", "gradient", "flops", "cut")
Case = tuple[Any, ...]


def run(
    function: Callable[..., Any], cases: Sequence[Case], calls: Sequence[Call], seconds: float, *, by_hand: bool = False
) -> list[Outcome]:
    """Return the outcome of each call; all together may take ``seconds``. What the function prints is not shown.

    With ``by_hand`` JAX's autodiff is switched off. Once the time is over, the calls that remain are not made.
    """
    outcomes: list[Outcome] = []
    traced = True
    try:
        with time_limit(seconds), autodiff_off(by_hand), contextlib.redirect_stdout(io.StringIO()):
            for call in calls:
                if traced or call.kind not in TRACED:
                    outcome, is_traced = attempt(function, cases[call.case], call)
                    traced = traced and is_traced
                else:
                    outcome = NOT_TRACED
                outcomes.append(outcome)
    except TooSlow:
        outcomes += [Outcome(failure="slow", words=f"{seconds:g}")] * (len(calls) - len(outcomes))
    return outcomes


def attempt(function: Callable[..., Any], case: Case, call: Call) -> tuple[Outcome, bool]:
    """Return the outcome of one call, and whether what came is JAX's, so that the function can be traced."""
    try:
        value = MANNERS[call.kind](function, materialise(case), call.detail)
    except (TooSlow, KeyboardInterrupt):
        raise
    except BaseException as error:
        if call.kind in TRACED and isinstance(error, jax.errors.TracerArrayConversionError):
            return NOT_TRACED, True
        return _failure(error), True
    try:
        return Outcome(to_numpy(value)), any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(value))
    except Exception as error:
        return Outcome(failure="type", words=plain(error)), True


def _failure(error: BaseException) -> Outcome:
    """Return what was raised, with the line; a NotImplementedError of the learner's own means: not solved yet."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    own = [frame for frame in frames if not _is_library(frame.filename)]
    if isinstance(error, NotImplementedError) and (not frames or (own and frames[-1] is own[-1])):
        return Outcome(failure="unsolved")
    line = f" in line {own[-1].lineno}" if own else ""
    message = plain(str(error).split("\n")[0], 200).rstrip(".")
    return Outcome(failure="raised", words=f"{type(error).__name__}{line}{': ' if message else ''}{message}")


def _is_library(filename: str) -> bool:
    return "site-packages" in filename or "nnjax/grading" in filename or "nnjax/exercises" in filename


def _traced(function: Callable[..., Any], case: Case) -> tuple[Callable[..., Any], list[Any]]:
    """Return the function of the arrays among its arguments alone, the rest bound, and those arrays."""
    leaves, tree = jax.tree.flatten(case)
    places = [place for place, leaf in enumerate(leaves) if not is_static(leaf)]
    return of_leaves(lambda case: function(*case), leaves, tree, places), [leaves[place] for place in places]


def of_leaves(
    function: Callable[[Any], Any], leaves: Sequence[Any], tree: Any, places: Sequence[int]
) -> Callable[..., Any]:
    """Return a function of a pytree as one of its leaves at ``places`` alone, the others bound."""
    fixed = [None if place in places else leaf for place, leaf in enumerate(leaves)]

    def of_those(*those: Any) -> Any:
        filled = list(fixed)
        for place, leaf in zip(places, those, strict=True):
            filled[place] = leaf
        return function(jax.tree.unflatten(tree, filled))

    return of_those


def _plain(function: Callable[..., Any], case: Case, _: int) -> Any:
    return function(*case)


def _jit(function: Callable[..., Any], case: Case, _: int) -> Any:
    of_arrays, arrays = _traced(function, case)
    return jax.jit(of_arrays)(*arrays)


def _again(function: Callable[..., Any], case: Case, _: int) -> Any:
    function(*case)
    return function(*case), jax.tree.map(as_sent, case)


def as_sent(leaf: Any) -> Any:
    """Return an argument as data again: keys as their numbers, functions and meshes as nothing."""
    if isinstance(leaf, jax.Array):
        return jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf
    return leaf if isinstance(leaf, (bool, int, float, str)) else None


def _of(function: Callable[..., Any], case: Case, argument: int) -> Callable[[Any], Any]:
    """Return the function of one argument alone, the others bound."""
    return lambda part: function(*case[:argument], part, *case[argument + 1 :])


def _vmap(function: Callable[..., Any], case: Case, argument: int) -> Any:
    return jax.vmap(_of(function, case, argument))(case[argument])


def _gradient(function: Callable[..., Any], case: Case, argument: int) -> Any:
    of_part = _of(function, case, argument)
    return jax.grad(lambda part: sum(jnp.sum(leaf) for leaf in jax.tree.leaves(of_part(part))))(case[argument])


def _flops(function: Callable[..., Any], case: Case, _: int) -> Any:
    of_arrays, arrays = _traced(function, case)
    return flops.count(of_arrays, *arrays)


def _largest(function: Callable[..., Any], case: Case, argument: int) -> Any:
    return programs.largest_of(_of(function, case, argument), case[argument])


def _cut(function: Callable[..., Any], case: Case, argument: int) -> Any:
    devices = {device for part in case if isinstance(part, jax.sharding.Mesh) for device in part.devices.flat}
    return programs.cuts_all(jax.make_jaxpr(_of(function, case, argument))(case[argument]).jaxpr, devices)


def _total(function: Callable[..., Any], case: Case, argument: int) -> Any:
    of_part, part = _of(function, case, argument), case[argument]
    return np.array([np.sum(of_part(tied)) for tied in (jnp.zeros_like(part), jnp.sign(part))])


def _predictions(function: Callable[..., Any], case: Case, _: int) -> Any:
    """Return what a trained network gives for inputs that it has not seen, and whose labels are not here.

    ``function(dataset, key)`` returns (apply, params); the case is ((x, y, x_test, y_test), key, unseen inputs).
    """
    from nnjax.data.dataset import Dataset

    arrays, key, unseen = case
    classes = tuple(str(label) for label in range(int(arrays[1].max()) + 1))
    x, y, x_test, y_test = map(np.asarray, arrays)
    dataset = Dataset("exercise", x, y, x_test, y_test, classes, "the inputs of an exercise")
    answer = function(dataset, key)
    if not isinstance(answer, (tuple, list)) or len(answer) != 2 or not callable(answer[0]):
        raise TypeError("the pair (apply, params) is wanted, a function and what it takes as its first argument")
    apply, params = answer
    return apply(params, unseen)


MANNERS: dict[str, Callable[[Callable[..., Any], Case, int], Any]] = {
    "plain": _plain,
    "jit": _jit,
    "again": _again,
    "vmap": _vmap,
    "gradient": _gradient,
    "flops": _flops,
    "largest": _largest,
    "cut": _cut,
    "predictions": _predictions,
    "total": _total,
}
