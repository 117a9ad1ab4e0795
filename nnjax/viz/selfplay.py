"""Self-play in pictures: how soon it is no longer beaten, and what the network thinks of one board."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from nnjax.models import tictactoe
from nnjax.viz import canvas, style, words
from nnjax.viz.inputs import Values, finite, shaped

PLAYERS = {1: "X", -1: "O"}


@style.context()
def selfplay_curve(not_lost: Mapping[str, Values], *, title: str | None = None) -> Figure:
    """Return, for each opponent, the share of games that are not lost, against the rounds of self-play, 0 first.

    ``not_lost`` is {opponent: (rounds + 1,)}, fractions. Raises ValueError for other shapes, fractions outside 0 to 1,
    or more than seven opponents.
    """
    style.require_series("not_lost", len(not_lost))
    curves = {label: _shares(f"not_lost[{label!r}]", values) for label, values in not_lost.items()}
    figure, (axes,) = canvas.blank()
    handles, labels = [], []
    for i, (label, curve) in enumerate(curves.items()):
        look = style.series(i) | {"marker": None}
        handles += axes.plot(np.arange(len(curve)), curve, **look)
        labels.append(f"against {words.shorten(label, 30)}: {words.percent(curve[-1])}")
    axes.set(xlabel="rounds of self-play", ylabel="games not lost (%)")
    axes.set_xlim(0, max(1, *(len(curve) - 1 for curve in curves.values())))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    canvas.percent_axis(axes)
    canvas.legend(figure, handles, labels)
    canvas.headline(figure, title or _message(curves))
    return figure


@style.context()
def board_policy(
    board: Values, probabilities: Values, value: float | np.ndarray, *, title: str | None = None
) -> Figure:
    """Return the board with each move's probability in its square, and the result that the network expects.

    ``board`` is (9,) of 0, 1 (X) and -1 (O), an unfinished game, ``probabilities`` (9,) summing to 1, 0 on taken
    squares; ``value`` is the expected result for the player to move, -1 to 1. Raises ValueError for anything else.
    """
    stones = shaped("board", board, "9")
    tictactoe.require_unfinished("board", stones)
    p = _shares("probabilities", probabilities)
    if p.shape != (9,) or abs(p.sum() - 1) > 1e-3 or p[stones != 0].any():
        raise ValueError("probabilities must be nine numbers that sum to 1, 0 on taken squares; softmax the logits")
    expected = float(value)
    if not -1 <= expected <= 1:
        raise ValueError(f"value is {expected:g}; the expected result lies between -1 (lost) and 1 (won)")
    player = PLAYERS[1 - 2 * int(stones.sum())]

    figure, (squares, bar) = canvas.blank(4.6, columns=2, width_ratios=(4, 1.15))
    _draw_board(squares, stones, p)
    bar.axhline(0, color=style.palette["grey"], linewidth=1)
    bar.bar([0], [expected], width=0.9, color=style.palette["orange"], edgecolor="black")
    bar.text(0, expected / 2 if abs(expected) > 0.3 else 0.06, f"{expected:+.2f}".replace("-", "−"), ha="center")
    bar.set(xlim=(-0.8, 0.8), ylim=(-1, 1), ylabel=f"expected result for {player}")
    bar.set_xticks([])
    bar.set_yticks([-1, 0, 1], ["−1 lost", "0 drawn", "1 won"])
    best = int(np.argmax(p))
    canvas.headline(figure, title or f"{player} to move: {words.percent(p[best])} on the {_place(best)}")
    return figure


def _draw_board(axes: Axes, stones: np.ndarray, p: np.ndarray) -> None:
    for square in range(9):
        row, column = divmod(square, 3)
        look: dict[str, Any] = {"edgecolor": style.palette["grey"], "linewidth": 1.5}
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=style.tint("sky", 0.9 * p[square]), **look))
        middle = (column + 0.5, row + 0.5)
        if stones[square] == 0:
            axes.text(*middle, f"{100 * p[square]:.1f} %", ha="center", va="center", fontsize=12)
        elif stones[square] == 1:
            for slope in (1, -1):
                ends = np.array([-0.27, 0.27])
                axes.plot(middle[0] + ends, middle[1] + slope * ends, color=style.palette["blue"], linewidth=5)
        else:
            axes.plot(*middle, "o", markersize=44, markerfacecolor="none", markeredgewidth=5,
                      markeredgecolor=style.palette["vermilion"])  # fmt: skip
    axes.set(xlim=(-0.02, 3.02), ylim=(3.02, -0.02), aspect="equal")
    axes.axis("off")


def _shares(name: str, values: Any) -> np.ndarray:
    array = finite(name, shaped(name, values, "entries"))
    if array.min() < 0 or array.max() > 1 + 1e-6:
        raise ValueError(f"{name} lies in [{array.min():g}, {array.max():g}]; give fractions between 0 and 1")
    return array


def _place(square: int) -> str:
    rows, columns = ("top", "middle", "bottom"), ("left", "middle", "right")
    row, column = divmod(square, 3)
    return "centre" if square == 4 else f"{rows[row]} {columns[column]}"


def _message(curves: Mapping[str, np.ndarray]) -> str:
    last_loss = max(int(np.max(np.flatnonzero(curve < 1), initial=-1)) for curve in curves.values())
    rounds = max(len(curve) for curve in curves.values()) - 1
    if last_loss < rounds:
        return f"No game is lost from round {last_loss + 1} of self-play on"
    worst = min(curves, key=lambda label: float(curves[label][-1]))
    lost = words.percent(1 - curves[worst][-1])
    return f"After {words.several(rounds, 'round')} {lost} of the games against {worst} are lost"
