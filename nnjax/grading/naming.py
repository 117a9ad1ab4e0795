"""Which exercises a file may answer, told from its words alone: outside the sandbox a student's file is not parsed."""

import keyword
import re
import unicodedata
from collections.abc import Sequence

from nnjax.exercises.exercise import Exercise

# A word, and the spaces up to another that stands beside it.
WORD = re.compile(rb"([A-Za-z_0-9]+)([ \t]+(?=[A-Za-z_]))?")
KEYWORDS = {word.encode() for word in (*keyword.kwlist, *keyword.softkwlist)}
# JSON and Python write characters as escapes, which would make one word of an escape and the name beside it.
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)")


def named(data: bytes, exercises: Sequence[Exercise]) -> tuple[list[Exercise], list[Exercise]]:
    """Return the exercises that a file is likely to define, and those that it perhaps defines beside them.

    Where none is likely, all whose names stand in the file count as likely.
    """
    words, code = _words(data), _in_code(data)
    possible = [exercise for exercise in exercises if exercise.name in words]
    likely = [exercise for exercise in possible if exercise.name in code] or possible
    return likely, [exercise for exercise in possible if exercise not in likely]


def is_text(data: bytes) -> bool:
    """Tell whether the bytes are text in UTF-8."""
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _words(data: bytes) -> set[str]:
    """Return all names that may stand in a file, as Python reads names, with escapes written out and without."""
    text = data.decode("utf-8", "replace")
    written_out = ESCAPE.sub(lambda found: chr(int(found[1][1:], 16)) if len(found[1]) > 1 else " ", text)
    return {word for one in (text, written_out) for word in re.findall(r"\w+", unicodedata.normalize("NFKC", one))}


def _in_code(data: bytes) -> set[str]:
    """Return the names that stand in a file as in code, beside another word only if that is a keyword.

    Most others are words of a sentence.
    """
    names, after_a_word = set(), False
    for word, beside_next in WORD.findall(data):
        if not after_a_word:
            names.add(word.decode())
        after_a_word = bool(beside_next) and word not in KEYWORDS
    return names
