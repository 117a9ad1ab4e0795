"""Text as tokens: a vocabulary of characters, there and back, and a stream cut into windows to learn from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int32

from nnjax.data.dataset import Dataset


def vocabulary(text: str) -> tuple[str, ...]:
    """The characters that occur in the text, sorted; a token is a place in it. Raises ValueError for an empty text."""
    if not text:
        raise ValueError("text is empty; a vocabulary needs at least one character")
    return tuple(sorted(set(text)))


def encode(text: str, symbols: Sequence[str]) -> Int32[np.ndarray, "characters"]:
    """The text as tokens, each the place of its character in ``symbols``.

    Raises ValueError that names the first character that is not among them, and its place.
    """
    places = {symbol: place for place, symbol in enumerate(symbols)}
    for place, character in enumerate(text):
        if character not in places:
            raise ValueError(f"text[{place}] is {character!r}, which is not among the {len(places)} symbols")
    return np.array([places[character] for character in text], np.int32)


def decode(tokens: Any, symbols: Sequence[str]) -> str:
    """The text of a row of tokens, (characters,), a NumPy or JAX array or a list.

    Raises ValueError that names the first token that has no symbol, and its place.
    """
    row = np.asarray(tokens)
    if row.ndim != 1:
        raise ValueError(f"tokens has shape {row.shape}; it must be one row, (characters,)")
    wrong = np.flatnonzero((row < 0) | (row >= len(symbols)))
    if wrong.size:
        raise ValueError(f"tokens[{wrong[0]}] is {row[wrong[0]]}; the {len(symbols)} symbols run from 0")
    return "".join(symbols[token] for token in row)


def windows(dataset: Dataset, length: int, *, stride: int | None = None) -> Dataset:
    """The same text in pieces of ``length`` tokens: x and y become (n, length), y each time the token that comes next.

    A new piece begins every ``stride`` tokens of the training text (None: every ``length``, so that none is seen
    twice in an epoch); the test text is cut without overlap. What is left over at the end is dropped.
    Raises ValueError for data that are not a stream of tokens, and a length that the text does not reach.
    """
    if dataset.x.ndim != 1 or dataset.x.dtype.kind not in "iu":
        raise ValueError(
            f"data set {dataset.name!r}: x has shape {dataset.x.shape}, {dataset.x.dtype}; "
            "windows are cut from a stream of tokens"
        )
    stride = length if stride is None else stride
    shortest = min(len(dataset.x), len(dataset.x_test))
    for name, value in (("length", length), ("stride", stride)):
        if not 1 <= value <= shortest:
            raise ValueError(f"{name} is {value}; it must be at least 1 and at most {shortest}, the tokens there are")
    x, y = (_cut(part, length, stride) for part in (dataset.x, dataset.y))
    x_test, y_test = (_cut(part, length, length) for part in (dataset.x_test, dataset.y_test))
    return dataset._replace(x=x, y=y, x_test=x_test, y_test=y_test)


def _cut(tokens: np.ndarray, length: int, stride: int) -> np.ndarray:
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(tokens, length)[::stride])
