"""What a learner's function gave, and how it travels: as a JSON line and raw numbers, never as a pickle.

An ``Outcome`` holds a value, a tree of NumPy arrays, or a failure in words. ``pack`` writes a tree as a header in JSON,
that says of each array its dtype, shape and place, and the bytes of all arrays; ``unpack`` believes none of it: dtypes
come from a short list, shapes must fit the bytes that are there, and nothing is expanded or run.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import ml_dtypes
import numpy as np

from nnjax.exercises.inputs import Function, Key, Mesh

DTYPES = {
    "bool": np.dtype(np.bool_),
    **{name: np.dtype(name) for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")},
    **{name: np.dtype(name) for name in ("float16", "float32", "float64")},
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
MARKERS: dict[str, Any] = {"key": Key, "function": Function, "mesh": Mesh}
MARKS = {marker: name for name, marker in MARKERS.items()}
DEPTH = 20
TEXT = 500
HEADER = 1_000_000
# Bytes of numbers in one outcome.
LARGEST = 4_000_000


class Outcome(NamedTuple):
    """The value of one call, or why there is none: ``failure`` is a kind such as "raised", ``words`` say more."""

    value: Any = None
    failure: str = ""
    words: str = ""


def plain(text: Any, length: int = TEXT) -> str:
    """Return text that can be shown anywhere: one line, no control or direction signs, at most ``length`` long."""
    shown = "".join(sign if sign.isprintable() else " " for sign in str(text)[: 4 * length])
    shown = " ".join(shown.encode("utf-8", "replace").decode("utf-8").split())
    return shown if len(shown) <= length else shown[: length - 3] + "..."


def to_numpy(tree: Any, depth: int = DEPTH) -> Any:
    """Return what a function gave as dicts, tuples and NumPy arrays; raise TypeError for anything that is no number."""
    if depth == 0:
        raise TypeError("containers within containers, too deep")
    if tree is None or isinstance(tree, str):
        return tree
    if isinstance(tree, Mapping):
        return {str(name): to_numpy(value, depth - 1) for name, value in tree.items()}
    if isinstance(tree, tuple) or (isinstance(tree, list) and not _is_array_like(tree)):
        return tuple(to_numpy(value, depth - 1) for value in tree)
    if isinstance(tree, jax.Array) and jax.dtypes.issubdtype(tree.dtype, jax.dtypes.prng_key):
        raise TypeError("a JAX key")
    array = np.asarray(tree)
    if array.dtype == np.longdouble:
        array = array.astype(np.float64)
    if array.dtype.name not in DTYPES:
        raise TypeError(f"a {type(tree).__name__} of dtype {array.dtype}" if array.dtype != object else _kind(tree))
    # Numbers whose bytes stand the other way round, as in files of other machines, are the same numbers.
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _is_array_like(rows: list[Any], depth: int = DEPTH) -> bool:
    """Tell whether nested lists hold nothing but numbers: a matrix written as lists, not a list of arrays."""
    return (
        bool(rows)
        and depth > 0
        and all(
            isinstance(row, (bool, int, float)) or (isinstance(row, list) and _is_array_like(row, depth - 1))
            for row in rows
        )
    )


def _kind(tree: Any) -> str:
    name = type(tree).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def limited(outcome: Outcome) -> Outcome:
    """Return the outcome, or in its place a failure where it holds too many numbers."""
    size = _bytes(outcome.value)
    if size > LARGEST:
        return Outcome(failure="type", words=f"{size:,} bytes of numbers, more than any answer here needs")
    return outcome


def _bytes(tree: Any) -> int:
    if isinstance(tree, dict):
        tree = tuple(tree.values())
    if isinstance(tree, tuple):
        return sum(map(_bytes, tree))
    return len(tree) if isinstance(tree, str) else getattr(tree, "nbytes", 0)


def pack(tree: Any) -> bytes:
    """Return a tree as bytes: the length of the header, the header in JSON, the numbers."""
    buffers: list[bytes] = []
    place = 0

    def describe(node: Any) -> Any:
        nonlocal place
        if type(node) in MARKS:
            return {MARKS[type(node)]: list(map(describe, node))}
        if isinstance(node, Outcome):
            return {"outcome": [describe(part) for part in node]}
        if isinstance(node, dict):
            return {"dict": [[name, describe(value)] for name, value in node.items()]}
        if isinstance(node, (list, tuple)):
            return {"list" if isinstance(node, list) else "tuple": [describe(part) for part in node]}
        if isinstance(node, (np.ndarray, np.generic)):
            array = np.ascontiguousarray(node).reshape(np.shape(node))
            buffers.append(array.tobytes())
            place += array.nbytes
            return {"array": [NAMES[array.dtype], list(array.shape), place - array.nbytes]}
        if node is None or isinstance(node, (bool, int, float, str)):
            return {"value": node}
        raise TypeError(f"cannot be sent: {type(node).__name__}")

    header = json.dumps(describe(tree)).encode("ascii")
    return len(header).to_bytes(8, "big") + header + b"".join(buffers)


def unpack(data: bytes, *, inputs: bool = False) -> Any:
    """Return the tree that ``pack`` wrote; raise ValueError for bytes that it cannot have written.

    Keys, functions and meshes are made only with ``inputs=True``, outcomes only without it.
    """
    try:
        size = int.from_bytes(data[:8], "big")
        if size > len(data) - 8 or (size > HEADER and not inputs):
            raise ValueError("the header is longer than what came, or than any answer needs")
        numbers = Numbers(memoryview(data)[8 + size :])
        return _rebuild(json.loads(data[8 : 8 + size].decode("ascii")), numbers, inputs, DEPTH + 4)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"the answer cannot be read: {plain(error, 100)}") from None


class Numbers:
    """The numbers behind a header: arrays are read from them in their order, none of them twice."""

    def __init__(self, data: memoryview) -> None:
        self.data, self.place = data, 0


def _rebuild(node: Any, numbers: Numbers, inputs: bool, depth: int) -> Any:
    if depth == 0:
        raise ValueError("nested too deep")
    ((kind, content),) = node.items()

    def parts() -> list[Any]:
        return [_rebuild(part, numbers, inputs, depth - 1) for part in content]

    if kind == "array":
        return _array(content, numbers)
    if kind == "value":
        if not (content is None or isinstance(content, (bool, int, float, str))):
            raise ValueError("not a plain value")
        return content if inputs or not isinstance(content, str) else plain(content)
    if kind == "dict":
        return {
            str(name) if inputs else plain(name, 40): _rebuild(value, numbers, inputs, depth - 1)
            for name, value in content
        }
    if kind in ("list", "tuple"):
        return parts() if kind == "list" else tuple(parts())
    if kind == "outcome" and not inputs:
        value, failure, words = parts()
        return Outcome(value, plain(failure, 20), plain(words))
    if kind in MARKERS and inputs:
        return MARKERS[kind](*parts())
    raise ValueError(f"unknown kind {plain(kind, 20)}")


def _array(content: Any, numbers: Numbers) -> np.ndarray:
    name, shape, place = content
    dtype = DTYPES[name]
    if not all(type(size) is int and 0 <= size < 2**40 for size in (*shape, place)) or len(shape) > 16:
        raise ValueError("an impossible shape")
    count = math.prod(shape)
    if place + count * dtype.itemsize > len(numbers.data):
        raise ValueError("fewer numbers than the shape wants")
    # Arrays over the same bytes would make of a small frame more than memory holds.
    if place != numbers.place:
        raise ValueError("arrays that do not follow one another")
    numbers.place = place + count * dtype.itemsize
    return np.frombuffer(numbers.data, dtype, count, place).reshape(shape).copy()
