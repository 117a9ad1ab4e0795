"""Whether what came is what was expected, and if not, in what it differs first: structure, kind, shape, size, value."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from nnjax.grading.outcomes import Outcome

# Below this share of the largest number expected, a difference is rounding in float32.
TINY = 1e-12
# Parts of an answer that are shown.
MOST = 12
LINE = re.compile(r" in line \d+")


class Difference(NamedTuple):
    """In what two trees differ: ``kind`` is structure, dtype, shape, nan or value; ``words`` say it."""

    kind: str
    words: str


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a tree with their paths, such as ``[0]['W']``."""
    if isinstance(tree, dict):
        for name in sorted(tree):
            yield from leaves(tree[name], f"{path}[{name!r}]")
    elif isinstance(tree, (list, tuple)):
        for place, part in enumerate(tree):
            yield from leaves(part, f"{path}[{place}]")
    else:
        yield path, tree


def fitted(came: Any, expected: Any) -> Any:
    """Return what came in the containers of what was expected: lists of numbers as arrays, pairs as tuples."""
    if isinstance(expected, dict) and isinstance(came, dict):
        return {name: fitted(value, expected[name]) if name in expected else value for name, value in came.items()}
    if isinstance(expected, tuple):
        if isinstance(came, np.ndarray) and came.ndim and len(came) == len(expected) > 0:
            came = tuple(np.asarray(part) for part in came)  # a part of a vector is a NumPy scalar, no array
        if isinstance(came, tuple) and len(came) == len(expected):
            return tuple(fitted(a, b) for a, b in zip(came, expected, strict=True))
        return came
    if isinstance(expected, np.ndarray) and isinstance(came, tuple):
        return _stacked(came)
    return came


def _stacked(came: Any) -> Any:
    if not isinstance(came, tuple):
        return came
    parts = [_stacked(part) for part in came]
    if parts and all(isinstance(part, np.ndarray) and part.shape == parts[0].shape for part in parts):
        return np.stack(parts)
    return came


def difference(came: Any, expected: Any, tolerance: float, path: str = "") -> Difference | None:
    """Return in what ``came`` (already ``fitted``) differs from ``expected``, or None.

    Real numbers agree within ``tolerance``, booleans and whole numbers where they are equal. With an infinite tolerance
    no value is compared.
    """
    where = f"answer{path} " if path else "the answer "
    if isinstance(expected, (dict, tuple)):
        return _difference_of_containers(came, expected, tolerance, path)
    if expected is None or isinstance(expected, str):
        same = type(came) is type(expected) and came == expected
        return None if same else Difference("value", f"{where}is {shown(came)}; {shown(expected)} is wanted")
    if not isinstance(came, np.ndarray):
        return Difference("structure", f"{where}is {kind(came)}; {kind(expected)} is wanted")
    if not fits(came.dtype, expected.dtype):
        return Difference("dtype", f"{where}has dtype {came.dtype}; {wanted(expected.dtype)} are wanted")
    if came.shape != expected.shape:
        return Difference("shape", f"{where}has shape {came.shape}; {expected.shape} is wanted")
    return _difference_of_numbers(came, expected, tolerance, where)


def _difference_of_containers(came: Any, expected: Any, tolerance: float, path: str) -> Difference | None:
    where = f"answer{path} " if path else "the answer "
    if type(came) is not type(expected):
        return Difference("structure", f"{where}is {kind(came)}; {kind(expected)} is wanted")
    if isinstance(expected, dict):
        if came.keys() != expected.keys():
            return Difference("structure", f"{where}has the keys {_keys(came)}; {_keys(expected)} are wanted")
        parts = [(came[name], expected[name], f"{path}[{name!r}]") for name in expected]
    else:
        if len(came) != len(expected):
            return Difference("structure", f"{where}has {len(came)} parts; {len(expected)} are wanted")
        parts = [(a, b, f"{path}[{place}]") for place, (a, b) in enumerate(zip(came, expected, strict=True))]
    found = [difference(a, b, tolerance, name) for a, b, name in parts]
    order = ["structure", "dtype", "shape", "nan", "value"]
    return min(filter(None, found), key=lambda one: order.index(one.kind), default=None)


def _difference_of_numbers(came: np.ndarray, expected: np.ndarray, tolerance: float, where: str) -> Difference | None:
    is_exact = expected.dtype.kind in "iub" and np.isfinite(tolerance)
    wrong = came != expected if is_exact else ~close(came, expected, tolerance)
    if not np.any(wrong):
        return None
    place = tuple(int(axis) for axis in np.argwhere(wrong)[0]) if wrong.ndim else ()
    spot = f"at {list(place)} " if place else ""
    if is_exact:
        return Difference("value", f"{where}{spot}is {came[place]}; {expected[place]} is right")
    value, right = as_float(came)[place], as_float(expected)[place]
    name = "nan" if not np.isfinite(value) and np.isfinite(right) else "value"
    return Difference(name, f"{where}{spot}is {value:.6g}; {right:.6g} is right")


def close(came: np.ndarray, expected: np.ndarray, tolerance: float) -> np.ndarray:
    """Return where numbers agree: within ``tolerance`` of the largest expected; nan and inf agree with themselves."""
    a, b = as_float(came), as_float(expected)
    finite = np.abs(b[np.isfinite(b)])
    scale = float(finite.max()) if finite.size else 0.0
    with np.errstate(invalid="ignore"):
        near = np.abs(a - b) <= tolerance * (scale if scale > TINY else 1.0)
    return np.where(np.isfinite(a) & np.isfinite(b), near, (a == b) | (np.isnan(a) & np.isnan(b)))


def as_float(array: np.ndarray) -> np.ndarray:
    """Return an array as float64."""
    return np.asarray(array, dtype=np.float64)


def same(a: Outcome, b: Outcome, tolerance: float) -> bool:
    """Tell whether two outcomes are alike: the same failure, wherever it was raised, or values that agree."""
    if a.failure or b.failure:
        return a.failure == b.failure and LINE.sub("", a.words) == LINE.sub("", b.words)
    return difference(fitted(a.value, b.value), b.value, tolerance) is None


def fits(came: np.dtype, expected: np.dtype) -> bool:
    """Tell whether a dtype may stand for another: bool only for bool, whole numbers for whole, any for real ones."""
    if expected.kind == "b":
        return came.kind == "b"
    if expected.kind in "iu":
        return came.kind in "iu"
    return True


def wanted(dtype: np.dtype) -> str:
    """Return a dtype in words."""
    return {"b": "booleans", "i": "integers", "u": "integers"}.get(dtype.kind, "real numbers")


def _keys(value: dict[str, Any]) -> str:
    names = sorted(value)
    return str(names) if len(names) <= MOST else f"{str(names[:MOST])[:-1]}, ...]"


def kind(value: Any) -> str:
    """Return in words what a part of an answer is."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else "a number"
    if isinstance(value, dict):
        return f"a dict with the keys {_keys(value)}"
    if isinstance(value, tuple):
        return f"a tuple or list of {len(value)}"
    return "None" if value is None else "text" if isinstance(value, str) else "a plain value"


def shown(value: Any, limit: int = 300) -> str:
    """Return a value as a reader wants to see it: short, with few digits."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return f"{value.item():.6g}" if value.dtype.kind == "f" else str(value.item())
    if isinstance(value, np.ndarray):
        text = np.array2string(value, precision=4, threshold=40, edgeitems=2, suppress_small=True, separator=", ")
        return text if len(text) <= limit else text[: limit - 3] + "..."
    if isinstance(value, dict):
        parts = [f"{name!r}: {shown(part, limit // 2)}" for name, part in list(value.items())[:MOST]]
        return "{" + ", ".join(parts + ["..."] * (len(value) > MOST)) + "}"
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        parts = [shown(part, limit // 2) for part in value[:MOST]]
        return "(" + ", ".join(parts + ["..."] * (len(value) > MOST)) + ")"
    if isinstance(value, float):
        return f"{value:.6g}"
    return repr(value)
