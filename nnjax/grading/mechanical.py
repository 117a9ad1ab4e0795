"""Naming the wrong answers that nobody foresaw: a factor, a sign, a transpose, an axis, a missing term."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from nnjax.grading.comparing import as_float, close, leaves

Case = tuple[Any, ...]


class Pair(NamedTuple):
    """One leaf of an answer beside the right one, and the inputs that they come from."""

    came: np.ndarray
    expected: np.ndarray
    case: Case
    names: Sequence[str]


def sentence(
    names: Sequence[str], cases: Sequence[Case], came: Sequence[Any], expected: Sequence[Any], tolerance: float
) -> str | None:
    """Return what one simple change would make all answers right, or None if no such change is known.

    ``names`` are the arguments'; ``came`` and ``expected`` are the answers on each case, in the same containers.
    """
    tables = [(dict(leaves(a)), dict(leaves(b)), case) for a, b, case in zip(came, expected, cases, strict=True)]
    if any(a.keys() != b.keys() for a, b, _ in tables):
        return None
    said = []
    for path in tables[0][1]:
        pairs = [Pair(a[path], b[path], case, names) for a, b, case in tables if path in b]
        if not all(isinstance(part, np.ndarray) and part.size for pair in pairs for part in pair[:2]):
            return None
        if all(_same(*pair[:2], tolerance) for pair in pairs):
            continue
        found = next(filter(None, (_found(test, pairs, tolerance) for test in TESTS)), None)
        if found is None:
            return None
        said.append((path, found))
    if not said:
        return None
    whats = {what for _, what in said}
    if len(whats) == 1 and len(said) == len(tables[0][1]):
        said = [("", whats.pop())]
    return " ".join(f"Your answer{path} is {what}" + "." * (not what.endswith("?")) for path, what in said)


def _same(came: Any, expected: Any, tolerance: float) -> bool:
    return came.shape == expected.shape and bool(np.all(close(came, expected, tolerance)))


Test = Callable[[Pair], Iterator[tuple[str, np.ndarray]]]


def _found(test: Test, pairs: Sequence[Pair], tolerance: float) -> str | None:
    """Return the words of the first change that the test offers which makes every pair agree.

    Pairs whose right answer is zero, and is what came, agree with any factor and say nothing.
    """
    telling = [pair for pair in pairs if np.any(pair.expected) or not _same(pair.came, pair.expected, tolerance)]
    # Some factor or term turns any number into any other.
    if sum(pair.expected.size for pair in telling) < 2:
        return None
    offers = [[(said, np.asarray(offer)) for said, offer in test(pair)] for pair in telling]
    for words, _ in offers[0]:
        if all(
            any(said == words and _same(pair.came, offer, tolerance) for said, offer in offered)
            for pair, offered in zip(telling, offers, strict=True)
        ):
            return words
    return None


def _transposed(pair: Pair) -> Iterator[tuple[str, np.ndarray]]:
    if pair.expected.ndim == 2:
        yield "the transpose of the right one", pair.expected.T
    for axis in range(pair.expected.ndim):
        yield f"in reverse order along axis {axis}", np.flip(pair.expected, axis)


def _factors(pair: Pair) -> Iterator[tuple[str, np.ndarray]]:
    if pair.came.shape != pair.expected.shape:
        return
    a, b = as_float(pair.came), as_float(pair.expected)
    square = float(np.sum(b * b))
    factor = float(np.sum(a * b)) / square if square else 0.0
    if not np.isfinite(factor) or abs(factor) < 1e-6:
        return
    if abs(factor + 1) < 1e-3:
        yield "the right one with the wrong sign", -b
    # First the plain factor: if it is the same in all cases, it is no size, for sizes differ between them.
    yield f"{_rounded(factor):.3g} times the right one", _rounded(factor) * b
    for name, size in _sizes(pair):
        if size > 1:
            yield f"{name} times too large: was a sum meant to be a mean?", size * b
            yield f"{name} times too small: was a mean meant to be a sum, or taken twice?", b / size


def _rounded(factor: float) -> float:
    for denominator in (1, 2, 3, 4, 5, 6, 8, 10):
        if abs(factor * denominator - round(factor * denominator)) < 2e-3 * abs(factor * denominator):
            return round(factor * denominator) / denominator
    return float(f"{factor:.3g}")


def _sizes(pair: Pair) -> Iterator[tuple[str, int]]:
    """Yield the size of the batch (the first axis of the last argument that is an array) and of all last axes."""
    batches = [part for part in pair.case if isinstance(part, np.ndarray) and part.ndim]
    if batches:
        yield "the batch size", batches[-1].shape[0]
    for name, argument in zip(pair.names, pair.case, strict=False):
        for path, leaf in leaves(argument, name):
            if isinstance(leaf, np.ndarray) and leaf.ndim > 1:
                yield f"the length of the last axis of {path}", leaf.shape[-1]


def _axes(pair: Pair) -> Iterator[tuple[str, np.ndarray]]:
    right = as_float(pair.expected)
    if pair.came.size == right.size and pair.came.shape != right.shape:
        yield "right but for its shape", right.reshape(pair.came.shape)
    for axis in range(right.ndim):
        yield f"summed over axis {axis}, which should stay", right.sum(axis)
        yield f"averaged over axis {axis}, which should stay", right.mean(axis)
    came = as_float(pair.came)
    for axis in range(came.ndim):
        if came.ndim == right.ndim + 1 and came.shape[axis] > 1:
            if _same(np.asarray(came.sum(axis)), right, 1e-4):
                yield f"not yet summed over axis {axis}", came
            if _same(np.asarray(came.mean(axis)), right, 1e-4):
                yield f"not yet averaged over axis {axis}", came


def _terms(pair: Pair) -> Iterator[tuple[str, np.ndarray]]:
    if pair.came.shape != pair.expected.shape:
        return
    right = as_float(pair.expected)
    for name, argument in zip(pair.names, pair.case, strict=False):
        for path, leaf in leaves(argument, name):
            if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f" and _broadcasts(leaf, right) and np.any(leaf):
                yield f"without {path}, which must be added", right - leaf
                yield f"with {path} added once too often", right + leaf
                yield f"the right one times {path}", right * leaf
    offset = float(np.mean(as_float(pair.came) - right))
    if right.size > 1:
        yield (
            f"{offset:.4g} too large everywhere" if offset > 0 else f"{-offset:.4g} too small everywhere",
            right + offset,
        )
    if right.size == 1 or np.ptp(np.abs(right)):  # of numbers that are all +1 and -1 any others are right but for signs
        yield "right but for signs", np.where(np.sign(as_float(pair.came)) == np.sign(right), right, -right)


def _broadcasts(leaf: np.ndarray, right: np.ndarray) -> bool:
    try:
        return np.broadcast_shapes(leaf.shape, right.shape) == right.shape
    except ValueError:
        return False


TESTS: tuple[Test, ...] = (_transposed, _factors, _axes, _terms)
