"""Text for networks: characters as numbers and back, texts of one length, and a stream cut into windows.

A **token** is the place of a character in the vocabulary ``symbols``. For a text data set that ``load`` returns,
``symbols`` are its ``classes``: a language model is a classifier of the next character.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int32
from numpy.typing import ArrayLike

from nnjax.data.dataset import Dataset


def vocabulary(text: str) -> tuple[str, ...]:
    """The different characters of the text, by code point. Raises ValueError for an empty text."""
    if not text:
        raise ValueError("text is empty: there is no character to make a vocabulary of")
    return tuple(sorted(set(text)))


def encode(text: str, symbols: Sequence[str]) -> Int32[np.ndarray, "characters"]:
    """The token of each character: symbols[tokens[i]] is text[i].

    Raises ValueError for the first character that is not among ``symbols``, with its place, and for symbols that are
    not single characters or occur twice.
    """
    place = _places(symbols)
    try:
        return np.fromiter((place[character] for character in text), np.int32, len(text))
    except KeyError:
        i = next(i for i, character in enumerate(text) if character not in place)
        raise ValueError(f"text[{i}] is {text[i]!r}, not one of the {len(symbols)} symbols") from None


def decode(tokens: ArrayLike, symbols: Sequence[str]) -> str:
    """The text of the tokens (characters,), such as a model has drawn; the inverse of :func:`encode`.

    Raises ValueError for an array that is not (characters,) of integers, and for the first token out of range.
    """
    array = np.asarray(tokens)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(f"tokens is {array.dtype} {array.shape}; wanted integers (characters,), one text at a time")
    wrong = np.flatnonzero((array < 0) | (array >= len(symbols)))
    if wrong.size:
        i = wrong[0]
        raise ValueError(
            f"tokens[{i}] is {array[i]}; tokens of {len(symbols)} symbols run from 0 to {len(symbols) - 1}"
        )
    return "".join(symbols[token] for token in array)


def pad(
    texts: Sequence[str], symbols: Sequence[str], *, length: int | None = None, end: str = "\n"
) -> Int32[np.ndarray, "texts length"]:
    """The tokens of several texts as one array, each filled up to ``length`` with the token of the symbol ``end``.

    ``length`` is by default that of the longest text. Raises ValueError for no texts, a text that is longer, an
    ``end`` that is no symbol, or a text with a character that is none.
    """
    if not texts:
        raise ValueError("texts is empty; wanted at least one text")
    longest = max(range(len(texts)), key=lambda i: len(texts[i]))
    length = max(1, len(texts[longest])) if length is None else length
    if len(texts[longest]) > length or length < 1:
        raise ValueError(f"texts[{longest}] has {len(texts[longest])} characters; wanted at most length={length}")
    if end not in symbols:
        raise ValueError(f"end is {end!r}, not one of the {len(symbols)} symbols")
    try:
        return encode("".join(text.ljust(length, end) for text in texts), symbols).reshape(len(texts), length)
    except ValueError:
        for i, text in enumerate(texts):
            _encode_row(i, text, symbols)
        raise


def windows(dataset: Dataset, length: int, *, stride: int | None = None) -> Dataset:
    """The two streams of a text data set cut into windows, to train a language model on by ``training.fit``.

    x and y become (n, length), row i being the characters from i * stride on; y is still the character after each
    of x. ``stride`` is by default ``length``, so that each character is in one window; less makes windows overlap.
    What is left over at the end is dropped. n = (characters - length) // stride + 1.

    Raises ValueError for a data set that is not a stream of tokens, or a stream shorter than a window.
    """
    stride = length if stride is None else stride
    for name, value in (("length", length), ("stride", stride)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name} is {value!r}; it must be a whole number of at least 1")
    x, y, x_test, y_test = (_cut(dataset, field, length, stride) for field in ("x", "y", "x_test", "y_test"))
    return dataset._replace(x=x, y=y, x_test=x_test, y_test=y_test)


def _cut(dataset: Dataset, field: str, length: int, stride: int) -> Int32[np.ndarray, "n length"]:
    stream = getattr(dataset, field)
    if stream.ndim != 1 or stream.dtype.kind not in "iu":
        raise ValueError(
            f"data set {dataset.name!r}: {field} is {stream.dtype} {stream.shape}; wanted a stream of tokens (n,)"
        )
    if len(stream) < length:
        raise ValueError(f"data set {dataset.name!r}: {field} has {len(stream)} tokens; wanted length={length}")
    return np.lib.stride_tricks.sliding_window_view(stream, length)[::stride].astype(np.int32)


def _places(symbols: Sequence[str]) -> dict[str, int]:
    places = {symbol: token for token, symbol in enumerate(symbols)}
    for token, symbol in enumerate(symbols):
        if len(symbol) != 1:
            raise ValueError(f"symbols[{token}] is {symbol!r}; every symbol must be one character")
        if places[symbol] != token:
            raise ValueError(f"symbols[{token}] and symbols[{places[symbol]}] are both {symbol!r}")
    return places


def _encode_row(i: int, text: str, symbols: Sequence[str]) -> None:
    try:
        encode(text, symbols)
    except ValueError as error:
        raise ValueError(f"texts[{i}]: {error}") from None
