"""Sentences for bad arguments, as in ``nnjax.checks``, which imports JAX: NumPy would broadcast, count from the end."""

from collections.abc import Iterable
from typing import Any

import numpy as np


def require_same_shape(name: str, x: Any, other_name: str, other: Any) -> None:
    """Raise ValueError unless both arrays have the same shape and at least one entry: of none there is no mean."""
    if np.shape(x) != np.shape(other):
        raise ValueError(f"{name} has shape {np.shape(x)} and {other_name} {np.shape(other)}; they must be the same")
    if np.size(x) == 0:
        raise ValueError(f"{name} is empty: shape {np.shape(x)}")


def require_within(name: str, values: Any, low: int, high: int) -> None:
    """Raise ValueError, naming the first place, unless low <= values <= high everywhere."""
    wrong = np.argwhere((values < low) | (values > high))
    if len(wrong):
        place, value = wrong[0].tolist(), values[tuple(wrong[0])]
        raise ValueError(f"{name}{place} is {value}; it must be from {low} to {high}")


def require_known(name: str, value: str, known: Iterable[str]) -> None:
    """Raise ValueError unless ``value`` is one of the names."""
    if value not in known:
        raise ValueError(f"unknown {name} {value!r} (known: {', '.join(known)})")
