"""How one gradient is certified: three independent computations of it in float64, compared."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from nnjax.compiling import QUICK

FORWARD_LIMIT = 1e-10
GRADIENT_LIMIT = 1e-10
DIFFERENCES_LIMIT = 1e-6
STEP = 1e-5


class Case(NamedTuple):
    """One thing to certify at one random shape and setting.

    ``inputs`` is a pytree of NumPy float64 arrays, all of which are differentiated. ``apply(inputs)`` is the JAX
    function; ``by_hand(inputs, dy)`` returns the output by hand and the gradient of sum(output * dy) by the inputs,
    shaped like them.
    """

    inputs: PyTree
    apply: Callable[[PyTree], Any]
    by_hand: Callable[[PyTree, Any], tuple[Any, PyTree]]


class Certificate(NamedTuple):
    """The largest relative errors over all cases of one thing, and whether all are within the limits.

    ``forward``: apply against the forward pass by hand (at most 1e-10); ``gradient``: by hand against jax.grad (at most
    1e-10); ``differences``: by hand against central differences (at most 1e-6).
    """

    name: str
    cases: int
    forward: float
    gradient: float
    differences: float
    passed: bool


def relative_error(a: PyTree, b: PyTree) -> float:
    """Return the largest max|a - b| / size over the leaves, 0 if both are 0; inf for nan or unlike shapes.

    The size is that of the leaf's largest entry, but at least a thousandth of the largest entry of all leaves: where
    the terms of a sum cancel, the rounding of the terms is left, and it is not an error.
    """
    structures: list[Any] = [jax.tree.structure(a), jax.tree.structure(b)]
    if structures[0] != structures[1]:
        return float("inf")
    pairs = [(np.asarray(x), np.asarray(y)) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)]
    if not all(x.shape == y.shape and np.isfinite(x).all() and np.isfinite(y).all() for x, y in pairs):
        return float("inf")
    sizes = [max(np.abs(x).max(initial=0.0), np.abs(y).max(initial=0.0)) for x, y in pairs]
    least = 1e-3 * max(sizes, default=0.0)
    errors = [np.abs(x - y).max() / max(size, least) for (x, y), size in zip(pairs, sizes, strict=True) if size > 0]
    return float(max(errors, default=0.0))


def certify_cases(name: str, cases: Iterable[Case], *, seed: int = 0) -> Certificate:
    """Return the certificate of all ``cases``; the cotangents dy are drawn from ``seed``."""
    listed, rng = list(cases), np.random.default_rng(seed)
    if not listed:
        raise ValueError(f"{name} has no cases to certify")
    cotangents = [_cotangent(case, rng) for case in listed]
    by_jax = _values_and_gradients(listed, cotangents)
    errors = np.array([_errors(*each) for each in zip(listed, cotangents, by_jax, strict=True)])
    forward, gradient, differences = (float(e) for e in errors.max(axis=0))
    passed = forward <= FORWARD_LIMIT and gradient <= GRADIENT_LIMIT and differences <= DIFFERENCES_LIMIT
    return Certificate(name, len(errors), forward, gradient, differences, passed)


def gradient_error(
    loss: Callable[..., Any], by_hand: Callable[..., tuple[Any, PyTree]], params: PyTree, x: Any, targets: Any
) -> float:
    """Return the relative error between jax.grad(loss) and the gradient by hand, in float64, on these very data.

    ``loss(params, x, targets)`` is a JAX function, ``by_hand(params, x, targets) -> (loss, grads)`` one of
    ``nnjax.manual``. The error is the larger of the loss's and the gradient's.
    """
    params64, x64, targets64 = jax.tree.map(_to_float64, (params, x, targets))
    with jax.enable_x64(True):
        computed = _value_and_grad(loss)(*jax.tree.map(jnp.asarray, (params64, x64, targets64)))
        computed = jax.tree.map(np.asarray, computed)
    return relative_error(computed, by_hand(params64, x64, targets64))


def central_differences(f: Callable[[PyTree], float], inputs: PyTree, step: float = STEP) -> PyTree:
    """Return (f(x + step e_i) - f(x - step e_i)) / (2 step) for every entry i of the inputs, shaped like them."""
    leaves, structure = jax.tree.flatten(inputs)
    slopes = [np.zeros_like(leaf) for leaf in leaves]
    for place, leaf in enumerate(leaves):
        for index in np.ndindex(leaf.shape):

            def moved(by: float, place: int = place, index: tuple[int, ...] = index) -> float:
                copy = leaves[place].copy()
                copy[index] += by
                return f(jax.tree.unflatten(structure, [*leaves[:place], copy, *leaves[place + 1 :]]))

            slopes[place][index] = (moved(step) - moved(-step)) / (2 * step)
    return jax.tree.unflatten(structure, slopes)


def _cotangent(case: Case, rng: np.random.Generator) -> Any:
    output, _ = case.by_hand(case.inputs, None)
    return 1.0 if np.ndim(output) == 0 else rng.normal(size=np.shape(output))


def _values_and_gradients(cases: list[Case], cotangents: list[Any]) -> list[tuple[Any, PyTree]]:
    """Return (output, gradient of sum(output * dy)) by JAX in float64, case by case."""

    def compute(all_inputs: list[PyTree], cotangents: list[Any]) -> list[tuple[Any, PyTree]]:
        results = []
        for case, inputs, dy in zip(cases, all_inputs, cotangents, strict=True):
            y, pull_back = jax.vjp(case.apply, inputs)
            results.append((y, pull_back(jnp.asarray(dy, y.dtype))[0]))
        return results

    with jax.enable_x64(True):
        # Run once and at tiny sizes, all cases at once.
        compiled = jax.jit(compute, compiler_options=QUICK)
        results = compiled(jax.tree.map(jnp.asarray, [case.inputs for case in cases]), cotangents)
        return jax.tree.map(np.asarray, results)


def _errors(case: Case, dy: Any, by_jax: tuple[Any, PyTree]) -> tuple[float, float, float]:
    output, grads = case.by_hand(case.inputs, dy)
    differences = central_differences(lambda inputs: float(np.sum(case.by_hand(inputs, None)[0] * dy)), case.inputs)
    return relative_error(output, by_jax[0]), relative_error(grads, by_jax[1]), relative_error(grads, differences)


@lru_cache(maxsize=16)
def _value_and_grad(loss: Callable[..., Any]) -> Callable[..., Any]:
    """One compiled function a loss, so that certifying the networks of many seeds compiles once."""
    return jax.jit(jax.value_and_grad(loss), compiler_options=QUICK)


def _to_float64(leaf: Any) -> np.ndarray:
    array = np.asarray(leaf)
    return array.astype(np.float64) if np.issubdtype(array.dtype, np.floating) else array
