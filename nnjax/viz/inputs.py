"""What a picture may be given: checks that turn arguments into NumPy arrays or raise ValueError."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Shaped

Values = Shaped[np.ndarray, "..."] | Shaped[Array, "..."] | Sequence[Any]
"""Numbers as a NumPy or JAX array or as lists. Which shapes fit is told by each function and checked by ``shaped``."""


BATCH = 21_600
"""A sixth of the points of a decision boundary: all its batches have one shape, for which XLA compiles once."""


def shaped(name: str, values: Any, *patterns: str) -> np.ndarray:
    """Return float64 values of one of the shapes, written like "samples 2"; raise ValueError for others or if empty."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not an array of numbers; it must have shape {_written(patterns)}") from None
    if not any(_fits(array.shape, pattern.split()) for pattern in patterns):
        raise ValueError(f"{name} has shape {array.shape}; it must have shape {_written(patterns)}")
    if array.size == 0:
        raise ValueError(f"{name} is empty: shape {array.shape}")
    return array


def finite(name: str, array: np.ndarray) -> np.ndarray:
    """Return the array; raise ValueError naming the first entry that is nan or infinite."""
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        where = ", ".join(str(i) for i in wrong[0])
        raise ValueError(f"{name}[{where}] is {array[tuple(wrong[0])]}; a picture can only show finite numbers")
    return array


def class_labels(name: str, values: Any, count: int) -> np.ndarray:
    """Return ``count`` class numbers as int64; raise ValueError unless they are whole and not negative."""
    array = shaped(name, values, "samples")
    if len(array) != count:
        raise ValueError(f"{name} has {len(array)} labels for {count} samples; there must be one label a sample")
    wrong = np.flatnonzero((array != np.round(array)) | (array < 0))
    if len(wrong):
        raise ValueError(f"{name}[{wrong[0]}] is {array[wrong[0]]:g}; labels are whole numbers, 0 for the first class")
    return array.astype(np.int64)


def class_names(classes: Sequence[str] | None, count: int) -> list[str]:
    """Return the names of ``count`` classes, by default "class 0" and so on; raise ValueError if there are too few."""
    if classes is None or len(classes) == 0:
        return [f"class {k}" for k in range(count)]
    if len(classes) < count:
        raise ValueError(f"classes has {len(classes)} names; the labels speak of {count} classes")
    return [str(name) for name in classes]


def outputs_of(apply: Callable[..., Any], params: Any, x: np.ndarray, batch: int = BATCH) -> np.ndarray:
    """Return apply(params, x) as float64 (samples, outputs), computed in batches; raise ValueError for other shapes."""
    parts = []
    for start in range(0, len(x), batch):
        rows = jnp.asarray(x[start : start + batch], jnp.float32)
        out = np.asarray(apply(params, rows), dtype=np.float64)
        if out.ndim not in (1, 2) or len(out) != len(rows) or out.size == 0:
            raise ValueError(
                f"apply(params, x) has shape {out.shape} for x of shape {rows.shape}; "
                "it must be (samples,) or (samples, outputs)"
            )
        parts.append(out.reshape(len(rows), -1))
    return np.concatenate(parts)


def class_scores(apply: Callable[..., Any], params: Any, x: np.ndarray, threshold: float) -> np.ndarray:
    """Return (samples, classes) whose largest entry is the class that the network chooses.

    One output z stands for two classes: the scores are 0 and z - threshold, so that class 1 wins where z is above it.
    """
    out = outputs_of(apply, params, x)
    return out if out.shape[1] > 1 else np.concatenate([np.zeros_like(out), out - threshold], axis=1)


def _fits(shape: tuple[int, ...], words: list[str]) -> bool:
    return len(shape) == len(words) and all(
        not word.isdigit() or size == int(word) for size, word in zip(shape, words, strict=True)
    )


def _written(patterns: Sequence[str]) -> str:
    words = [pattern.split() for pattern in patterns]
    return " or ".join(f"({', '.join(w)}{',' if len(w) == 1 else ''})" for w in words)
