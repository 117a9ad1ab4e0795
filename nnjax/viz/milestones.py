"""The history of neural networks in one picture: the stones of lesson 10 on a scale of years."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from nnjax.viz import canvas, style, words

Stone = tuple[int, str, str]

STONES: tuple[Stone, ...] = (
    (1943, "formal neuron", "McCulloch and Pitts"),
    (1949, "Hebb's rule", "Hebb"),
    (1958, "perceptron", "Rosenblatt"),
    (1959, "ADALINE and MADALINE", "Widrow and Hoff"),
    (1969, "no line divides XOR", "Minsky and Papert"),
    (1974, "backpropagation", "Werbos"),
    (1982, "Hopfield network", "Hopfield"),
    (1986, "backpropagation spreads", "Rumelhart, Hinton and Williams"),
    (1989, "universal approximation", "Cybenko; Hornik and two others"),
    (1997, "LSTM", "Hochreiter and Schmidhuber"),
    (1998, "LeNet-5", "LeCun, Bottou, Bengio, Haffner"),
    (2012, "AlexNet", "Krizhevsky, Sutskever and Hinton"),
    (2014, "adversarial networks", "Goodfellow and seven others"),
    (2016, "AlphaGo, self-play", "Silver, Huang and others"),
    (2017, "AlphaGo Zero, from zero", "Silver, Schrittwieser and others"),
    (2017, "transformer", "Vaswani and seven others"),
)
"""The year, what was new, and who published it."""

MOST = 24


@style.context()
def timeline(stones: Sequence[Stone] = STONES, *, title: str | None = None) -> Figure:
    """Return the picture of (year, what, who), the years true to scale on the left, what happened told beside them.

    The stones may come in any order, up to 24; long words are cut. Raises ValueError for none, for more, or a stone of
    another form.
    """
    if not 1 <= len(stones) <= MOST:
        raise ValueError(f"stones has {len(stones)} entries; this picture has room for 1 to {MOST}")
    for i, stone in enumerate(stones):
        if len(stone) != 3 or not isinstance(stone[0], (int, np.integer)):
            raise ValueError(f"stones[{i}] is {stone!r}; it must be (year, what, who), the year a whole number")
    listed = sorted(stones, key=lambda stone: stone[0])
    years = np.array([year for year, _, _ in listed])
    first, last = 10 * (years.min() // 10), 10 * -(-(years.max() + 1) // 10)
    figure, (axes,) = canvas.blank(0.9 + 0.34 * max(len(listed), 6))
    axes.set(xlim=(0, 1), ylim=(last, first))
    rows = np.linspace(first, last, 2 * len(listed) + 1)[1::2]
    axes.plot([0, 0], [first, last], color=style.palette["grey"], linewidth=3, clip_on=False, solid_capstyle="butt")
    for row, (year, what, who) in zip(rows, listed, strict=True):
        axes.plot([0, 0.05, 0.07], [year, row, row], color=style.palette["pale"], linewidth=1.2, zorder=1)
        axes.plot(0, year, "o", color=style.palette["blue"], clip_on=False, zorder=3)
        axes.text(0.08, row, f"{year}", va="center", fontweight="bold", fontsize=10.5, color=style.palette["blue"])
        axes.text(0.165, row, words.shorten(what, 23), va="center", fontsize=10, parse_math=False)
        author = words.shorten(who, 32)
        axes.text(0.57, row, author, va="center", fontsize=9.5, color=style.palette["grey"], parse_math=False)
    axes.set_yticks(np.arange(first, last + 1, 10))
    axes.set_ylabel("year")
    axes.set_xticks([])
    axes.spines[:].set_visible(False)
    axes.grid(False)
    canvas.headline(figure, title or _message(listed))
    return figure


def _message(listed: Sequence[Stone]) -> str:
    (start, begin, _), (end, close, _) = listed[0], listed[-1]
    return f"From {begin} ({start}) to {close} ({end}): {end - start} years" if end > start else f"{begin} ({start})"
