"""A verdict as a reader meets it: a small card in a notebook, a few lines in a terminal. Everything is escaped."""

import html

from nnjax.exercises.exercise import in_words
from nnjax.grading.judging import NOT_YET, RIGHT, Verdict
from nnjax.grading.outcomes import plain

# Blue, grey and orange: told apart without colour too, for the word stands beside the sign.
SIGNS = {RIGHT: ("✓", "#0072b2"), NOT_YET: ("…", "#777777")}
WRONG_SIGN = ("✗", "#b35900")


def points(verdict: Verdict) -> str:
    """Return the points in words, such as "1 of 2 points"."""
    return f"{verdict.points:g} of {in_words(verdict.out_of)}"


def as_text(verdict: Verdict) -> str:
    """Return the card for a terminal: the status, the sentence, the smallest failing input."""
    sign, _ = SIGNS.get(verdict.status, WRONG_SIGN)
    name = plain(verdict.name, 60)
    lines = [f"{sign} {name}: {verdict.status}, {points(verdict)}. {_said(verdict)}".rstrip()]
    lines += [f"    {label + ':':<10}{plain(text)}" for label, text in verdict.example]
    if verdict.status != RIGHT:
        lines.append(f"    hint:     nnjax hint {plain(verdict.name, 60)}")
    return "\n".join(lines)


def _said(verdict: Verdict) -> str:
    sentence = "" if verdict.status == RIGHT and verdict.sentence == "Right." else plain(verdict.sentence)
    return f"{sentence} {plain(verdict.remark)}".strip()


def as_html(verdict: Verdict, *, hint: bool = True) -> str:
    """Return the card for a notebook or a page."""
    sign, colour = SIGNS.get(verdict.status, WRONG_SIGN)
    rows = "".join(
        '<tr><td style="padding:1px 10px 1px 0;vertical-align:top;text-align:left;opacity:.7">'
        f"{html.escape(label)}</td>"
        f'<td style="padding:1px 0;text-align:left"><code style="white-space:pre-wrap">{_safe(text)}</code></td></tr>'
        for label, text in verdict.example
    )
    asked = f'<div style="margin-top:4px;opacity:.7">A hint: <code>nnjax.hint("{_safe(verdict.name)}")</code></div>'
    return (
        f'<div style="border-left:4px solid {colour};padding:6px 12px;margin:6px 0;font-family:sans-serif;'
        f'max-width:60em;line-height:1.4"><div><b style="color:{colour}">{sign} {_safe(verdict.name)}: '
        f'{verdict.status}</b> <span style="opacity:.7">{points(verdict)}</span></div>'
        f"<div>{html.escape(_said(verdict))}</div>"
        + (f'<table style="border-collapse:collapse;margin-top:4px;font-size:90%">{rows}</table>' if rows else "")
        + (asked if hint and verdict.status != RIGHT else "")
        + "</div>"
    )


def _safe(text: str) -> str:
    return html.escape("\n".join(plain(line, 400) for line in text.split("\n")[:20]))
