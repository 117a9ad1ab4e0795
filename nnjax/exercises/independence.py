"""Whether numbers that should be drawn independently repeat each other, for the rules of exercises."""

from collections.abc import Callable, Iterable
from typing import Any

import jax
import numpy as np


def echo(draws: np.ndarray) -> float:
    """Return the largest absolute correlation of an array with itself, moved along its axes in a circle.

    Of n independent draws it is a few times 1/sqrt(n), of a pattern that comes again 1, of draws each used twice 1/2.
    Read backwards, an array meets each pair of its numbers twice, so half of that correlation counts.
    """
    centred = draws - np.mean(draws)
    row = centred.ravel()
    moved = _correlations(centred, centred).ravel()[1:]
    return float(max(np.max(np.abs(moved)), np.max(np.abs(_correlations(row, row[::-1]))) / 2) / np.sum(row**2))


def _correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return sum(x moved * y) for all ways to move x along its axes in a circle."""
    return np.fft.ifftn(np.fft.fftn(x) * np.conj(np.fft.fftn(y))).real


def different(answers: Iterable[Any]) -> int:
    """Return how many different arrays there are."""
    return len({np.asarray(answer).tobytes() for answer in answers})


def of_few_keys(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``draw(key, size)``, wrong in that it draws from one of four keys only."""
    return lambda key, *size: draw(jax.random.key(jax.random.randint(key, (), 0, 4)), *size)
