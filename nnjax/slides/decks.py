"""Decks: where they are, and what is on each slide.

A deck is ``slides/NN_name.md``, in Marp's markdown. Slides are separated by ``---``, each begins with a heading that
says its message, and ends with the speaker's notes in a comment, whose last words are how long it takes: ``(2 min)``.
"""

import re
from pathlib import Path
from typing import NamedTuple

from nnjax.course.shipped import files_of
from nnjax.exercises import full_name

COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
DIRECTIVE = re.compile(r"\s*_?[a-zA-Z]+:")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")


class Slide(NamedTuple):
    """One slide: its heading, its markdown without comments, its notes, its layout, and how long it takes."""

    title: str
    text: str
    notes: str
    layout: str
    minutes: float


class Deck(NamedTuple):
    """A deck: the lesson, its file, and its slides."""

    lesson: str
    path: Path
    slides: list[Slide]

    @property
    def images(self) -> list[tuple[str, str]]:
        """The alternative text and the address of each image."""
        return [found for slide in self.slides for found in IMAGE.findall(FENCE.sub("", slide.text))]


def decks() -> dict[str, Path]:
    """Return the file of each lesson's deck; raise OSError where this installation came without slides."""
    found = {path.stem: path for path in files_of("slides", "[0-9]*.md")}
    if not found:
        raise OSError("this nnjax was installed without its slides; install it from a wheel or a checkout")
    return dict(sorted(found.items()))


def theme() -> Path:
    """Return the folder of the themes, light and dark."""
    return files_of("slides", "theme/nnjax.css")[0].parent


def read(lesson: str) -> Deck:
    """Return the deck of a lesson, by its name, number or subject; raises ValueError for an unknown one."""
    name = full_name(lesson)
    path = decks()[name]
    return Deck(name, path, [_slide(part) for part in parts(path.read_text(encoding="utf-8"))])


def parts(markdown: str) -> list[str]:
    """Return the markdown of each slide, without the deck's header."""
    _, _, body = markdown.split("---\n", 2)
    # A rule inside code is not the end of a slide, and neither is one inside a comment.
    hidden = re.compile(f"{FENCE.pattern}|{COMMENT.pattern}", re.DOTALL | re.MULTILINE)
    kept: list[str] = []

    def stand_in(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\0{len(kept) - 1}\0"

    slides = re.split(r"^---\s*$", hidden.sub(stand_in, body), flags=re.MULTILINE)
    return [re.sub(r"\0(\d+)\0", lambda found: kept[int(found[1])], slide).strip() for slide in slides]


def _slide(markdown: str) -> Slide:
    bare = FENCE.sub("", markdown)
    comments = [comment.strip() for comment in COMMENT.findall(bare)]
    notes = "\n\n".join(comment for comment in comments if not DIRECTIVE.match(comment))
    layout = next((comment.split(":", 1)[1].strip() for comment in comments if comment.startswith("_class:")), "")
    text = COMMENT.sub("", markdown).strip()
    heading = re.search(r"^##? (.*)$", COMMENT.sub("", bare), re.MULTILINE)
    minutes = re.search(r"\((\d+(?:\.\d+)?) min\)\s*$", notes)
    return Slide(heading[1].strip() if heading else "", text, notes, layout, float(minutes[1]) if minutes else 0.0)
