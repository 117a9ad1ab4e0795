"""Sentences for bad arguments: a check raises ``ValueError`` naming the argument, what came and what was wanted.

Shapes are known while JAX traces, so these checks also run under ``jit``; checks on values look at concrete arrays.
"""

import difflib
import math
from collections.abc import Iterable, Sequence
from typing import Any

import jax
import numpy as np


def require_array(name: str, x: Any) -> None:
    """Raise if ``x`` is a list or a tuple, which JAX does not compute with."""
    if isinstance(x, (list, tuple)):
        raise ValueError(f"{name} is a {type(x).__name__}; it must be an array, such as jax.numpy.asarray({name})")


def require_last_axis(name: str, x: Any, size: int, owner: str) -> None:
    """Raise unless the last axis of ``x`` has ``size`` entries, the number of inputs that ``owner`` has weights for."""
    require_array(name, x)
    shape = np.shape(x)
    if not shape or shape[-1] != size:
        hint = "; flatten each example first" if math.prod(shape[1:]) == size else ""
        raise ValueError(f"{name} has shape {shape}; {owner} wants {size} features on the last axis{hint}")


def require_same_shape(name: str, x: Any, other_name: str, other: Any) -> None:
    """Raise unless both arrays have the same shape (broadcasting would hide a mistake)."""
    if np.shape(x) != np.shape(other):
        raise ValueError(f"{name} has shape {np.shape(x)} and {other_name} {np.shape(other)}; they must be the same")


def require_not_empty(name: str, x: Any, *, axes: int = 1) -> None:
    """Raise if ``x`` has fewer than ``axes`` axes, or one without entries (its mean would be nan)."""
    if len(np.shape(x)) < axes:
        raise ValueError(f"{name} has {np.ndim(x)} axes, shape {np.shape(x)}; it must have at least {axes}")
    if 0 in np.shape(x):
        raise ValueError(f"{name} is empty: shape {np.shape(x)}")


def require_between(name: str, value: Any, low: float, high: float, *, high_included: bool = True) -> None:
    """Raise unless low <= value <= high (or < high); a traced value is not looked at."""
    if isinstance(value, jax.core.Tracer):
        return
    number = float(value)
    if not (low <= number <= high) or (number == high and not high_included):
        below = f"at most {high:g}" if high_included else f"below {high:g}"
        below = "finite" if math.isinf(high) else below
        bound = f"at least {low:g}" if math.isinf(high) and high_included else f"at least {low:g} and {below}"
        raise ValueError(f"{name} is {number:g}; it must be {bound}")


def require_whole(name: str, value: Any, least: int = 1) -> None:
    """Raise unless ``value`` is a whole number of at least ``least``."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} is {value!r}; it must be a whole number of at least {least}")


def require_seed(seed: int) -> None:
    """Raise unless ``seed`` fits the 64 bits that ``jax.random.key`` takes."""
    if not -(2**63) <= seed < 2**63:
        raise ValueError(f"seed is {seed}; it must be at least -2^63 and below 2^63")


def require_sizes(name: str, sizes: Sequence[int], least: int = 1) -> None:
    """Raise unless ``sizes`` are at least ``least`` positive whole numbers."""
    if len(sizes) < least:
        raise ValueError(f"{name} is {list(sizes)}; it must have at least {least} entries")
    for size in sizes:
        if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1:
            raise ValueError(f"{name} holds {size!r}; every size must be a whole number of at least 1")


def require_labels(name: str, labels: Any, classes: int, kind: str = "labels of {} classes") -> None:
    """Raise if a concrete label lies outside 0 .. classes - 1; ``jit`` would clamp it silently."""
    if isinstance(labels, jax.core.Tracer):
        return
    values = np.asarray(labels)
    wrong = np.argwhere((values < 0) | (values >= classes))
    if len(wrong):
        place = f"[{', '.join(map(str, wrong[0]))}]" if values.ndim else ""
        value = values[tuple(wrong[0])]
        raise ValueError(f"{name}{place} is {value}; {kind.format(classes)} run from 0 to {classes - 1}")


def require_tokens(name: str, tokens: Any, rows: int) -> None:
    """Raise unless ``tokens`` are integers and, where they are concrete, numbers of the ``rows`` of a table."""
    tokens = tokens if isinstance(tokens, jax.Array) else np.asarray(tokens)
    if not np.issubdtype(tokens.dtype, np.integer):
        raise ValueError(f"{name} has dtype {tokens.dtype}; tokens are integers, the numbers of the rows of a table")
    require_labels(name, tokens, rows, "tokens of a table of {} rows")


def unknown(name: str, value: Any, known: Iterable[str]) -> ValueError:
    """Return the error for a name that is none of ``known``: with the closest one, and all where that helps."""
    names = sorted(known)
    written = {name.lower(): name for name in names}  # Relu is relu, and nearer to elu than to it for difflib
    close = difflib.get_close_matches(str(value).lower(), written, n=1)
    hint = f"; did you mean {written[close[0]]!r}?" if close else ""
    # Dozens of names would bury the one that is near.
    listed = "" if close and len(names) > 30 else f" (known: {', '.join(names)})"
    return ValueError(f"unknown {name} {value!r}{hint}{listed}")
