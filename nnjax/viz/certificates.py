"""Certificates as a picture: how far the three computations of one gradient lie apart, and how far they may."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from nnjax.viz import canvas, style, words

SMALLEST = 1e-17
"""Where an error of 0 is drawn: a logarithmic axis has no 0."""
KINDS = (("forward", "output", 1e-10), ("gradient", "gradient, jax.grad", 1e-10), ("differences", "differences", 1e-6))
MOST_ROWS = 16


@style.context()
def certificate_errors(certificates: Iterable[Any], *, title: str | None = None) -> Figure:
    """Return a row for each certificate: its three relative errors on a logarithmic axis, the limits as lines.

    Args:
        certificates: as from ``certify.run``: name, the errors forward, gradient and differences, passed. The names are
            written without their room, "lstm" for "layers.lstm".
        title: the headline; by default it says how many hold.

    Raises ValueError for no or more than 16 certificates, or an error that is negative or nan.
    """
    certificates = list(certificates)
    if not 1 <= len(certificates) <= MOST_ROWS:
        raise ValueError(f"there are {len(certificates)} certificates; this picture has room for 1 to {MOST_ROWS}")
    names = [words.shorten(one.name.rpartition(".")[2].replace("_", " "), 24) for one in certificates]
    figure, (axes,) = canvas.blank(2.2 + 0.36 * len(names))
    rows = np.arange(len(names))
    handles = []
    for number, (field, _, limit) in enumerate(KINDS):
        errors = np.array([getattr(one, field) for one in certificates], float)
        if not np.all(errors >= 0):
            wrong = int(np.flatnonzero(~(errors >= 0))[0])
            raise ValueError(
                f"{certificates[wrong].name}: {field} is {errors[wrong]:g}; a relative error is at least 0"
            )
        look = style.series(number) | {"linestyle": "None", "markersize": 9, "zorder": 3, "clip_on": False}
        handles += axes.plot(np.maximum(errors, SMALLEST), rows, **look)
        axes.axvline(limit, color=style.palette["grey"], linewidth=1.4, linestyle=style.LINES[2])
    axes.set_xscale("log")
    largest = max(max(getattr(one, field) for field, *_ in KINDS) for one in certificates)
    axes.set_xlim(SMALLEST, max(1e-4, 10 * largest) if np.isfinite(largest) else 1e1)
    axes.xaxis.set_major_locator(FixedLocator([SMALLEST, 1e-14, 1e-10, 1e-6, 1e-2]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: "0" if x <= SMALLEST else words.power(x)))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    axes.set_yticks(rows, names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set(xlabel="largest relative error (dotted: what is allowed)", ylabel="certified")
    axes.grid(axis="x", visible=False)
    canvas.legend(figure, handles, [label for _, label, _ in KINDS])
    held = sum(one.passed for one in certificates)
    count = words.several(len(names), "certificate")
    canvas.headline(figure, title or (f"{count}, all hold" if held == len(names) else f"{held} of {count} hold"))
    return figure
