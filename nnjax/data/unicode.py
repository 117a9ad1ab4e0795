"""The names of Unicode's characters: a text of a third of a million characters that is inside every Python.

Python carries the character database of Unicode 3.2 (2002) for the sake of domain names, unchanged in all versions.
Each name is a short phrase of a small language, LATIN SMALL LETTER A WITH GRAVE, with a grammar to be learnt. The
Chinese and Korean ideographs are left out: their names are numbers.
"""

import sys
from unicodedata import ucd_3_2_0 as database

import numpy as np
from jaxtyping import Int, Int32

SYMBOLS = tuple("\n -0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""The vocabulary: a token is a place in it. The line break, token 0, ends a name and fills up rows."""

CATEGORIES = ("letter", "mark", "number", "punctuation", "symbol")
_INITIALS = "LMNPS"
_IDEOGRAPHS = ("CJK", "HANGUL SYLLABLE")


def names() -> list[str]:
    """The 12,771 names in the order of their characters."""
    listed = (database.name(chr(code), "") for code in range(sys.maxunicode + 1))
    return [name for name in listed if name and not name.startswith(_IDEOGRAPHS)]


def stream(lines: list[str]) -> Int32[np.ndarray, "characters"]:
    """The names as one stream of tokens, each ended by a line break."""
    return _tokens("".join(f"{line}\n" for line in lines))


def categories() -> tuple[Int32[np.ndarray, "n longest"], Int[np.ndarray, "n"]]:
    """The names as rows of tokens, filled up with line breaks, and what each names: a place in ``CATEGORIES``.

    The category is the first letter of Unicode's general category; names of separators and control characters, which
    are few, are left out.
    """
    kinds = [(name, database.category(database.lookup(name))[0]) for name in names()]
    kept = [(name, _INITIALS.index(kind)) for name, kind in kinds if kind in _INITIALS]
    longest = max(len(name) for name, _ in kept) + 1
    rows = [_tokens(name.ljust(longest, "\n")) for name, _ in kept]
    return np.stack(rows), np.array([kind for _, kind in kept])


def _tokens(text: str) -> Int32[np.ndarray, "characters"]:
    table = np.zeros(128, np.int32)
    table[[ord(symbol) for symbol in SYMBOLS]] = np.arange(len(SYMBOLS))
    return table[np.frombuffer(text.encode("ascii"), np.uint8)]
