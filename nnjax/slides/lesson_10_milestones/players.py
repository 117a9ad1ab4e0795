"""Drawings of lesson 10's deck: a Hopfield network, the forger and the detective, trees and boards, the ledger."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nnjax import data, manual
from nnjax.slides import sketch
from nnjax.slides.lesson_10_milestones import games, parts
from nnjax.slides.lesson_10_milestones.runs import Test
from nnjax.viz import style
from nnjax.viz.style import palette

ENDGAME = (1, -1, 1, 0, -1, 0, -1, 0, 1)


def joined(axes: Axes) -> None:
    """Draw six neurons, each joined to all others; the three that are +1 filled; what reaches one of them marked."""
    states = (1, -1, 1, 1, -1, -1)
    angles = np.pi / 2 - np.arange(6) * np.pi / 3
    places = [(2.2 + 1.35 * np.cos(a), 1.85 + 1.35 * np.sin(a)) for a in angles]
    for i in range(6):
        for j in range(i):
            into = 0 in (i, j)
            look: dict[str, Any] = {
                "color": palette["vermilion" if into else "pale"],
                "linewidth": 2.6 if into else 1.4,
            }
            axes.plot(*zip(places[i], places[j], strict=True), zorder=2 if into else 1, **look)
    for i, (place, state) in enumerate(zip(places, states, strict=True)):
        fill, edge = ("#333333" if state > 0 else "white"), palette["vermilion" if i == 0 else "grey"]
        axes.plot(*place, "o", markersize=33, markerfacecolor=fill, markeredgecolor=edge, markeredgewidth=2.4, zorder=3)
        ink: dict[str, Any] = {"color": "white" if state > 0 else "black", "zorder": 4, "fontsize": 13}
        axes.text(*place, "+1" if state > 0 else "−1", ha="center", va="center", **ink)
    sketch.text(axes, (2.6, 3.38), "neuron $i$", "vermilion", fontsize=14, ha="left")
    sketch.text(axes, (3.72, 3.0), "neuron $j$", "grey", fontsize=14, ha="center")
    sketch.text(axes, (2.98, 2.83), "$W_{ij}$", "vermilion", fontsize=14, ha="center",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1}, zorder=5)  # fmt: skip


def sequence(axes: Axes, symbols: np.ndarray) -> None:
    """Draw a row of symbols, the first marked, and the question at the end."""
    side, left, low = 0.235, 0.45, 2.12
    for i, symbol in enumerate(symbols):
        sketch.cells(axes, (left + side * i, low), [[0.35 if i == 0 else 0.0]], side, color="orange", largest=1.0)
        words: dict[str, Any] = {"fontsize": 11.5, "fontweight": "bold" if i == 0 else "normal"}
        middle = (left + side * (i + 0.5), low + side / 2 - 0.01)
        sketch.text(axes, middle, "abcd"[symbol], "black" if i == 0 else "grey", zorder=3, **words)
    end = left + side * len(symbols)
    sketch.text(axes, (end + 0.1, low + side / 2), "first?", "vermilion", fontsize=12.5, ha="left")
    sketch.arrow(axes, (end + 0.2, low + side + 0.03), (left + side / 2, low + side + 0.03), "vermilion", 1.6, 0.1)


def players(figure: Figure, axes: Axes, *, back: bool) -> None:
    """Draw noise, forger, forgery, detective and belief, real images above; with ``back``, the way of each slope."""
    forged, real = games.forging().forged[games.LOOKS[-1]][5], data.load("digits").x[0, ..., 0]
    up, low = 1.93, 0.74
    sketch.ring(axes, (0.4, low), 0.3, "$z$", "grey", fontsize=16)
    sketch.box(axes, (1.6, low), (1.15, 0.85), "forger\n$G$", "vermilion", fontsize=14)
    parts.pixels(parts.at(figure, 2.65, low - 0.4, 0.8, 0.8), forged)
    parts.pixels(parts.at(figure, 2.65, up - 0.4, 0.8, 0.8), real)
    sketch.box(axes, (4.75, 1.34), (1.3, 0.95), "detective\n$D$", "blue", fontsize=14)
    for start, end in (((0.72, low), (1.0, low)), ((2.2, low), (2.6, low)), ((3.5, low + 0.05), (4.05, 1.16)),
                       ((3.5, up - 0.05), (4.05, 1.52)), ((5.42, 1.34), (5.85, 1.34))):  # fmt: skip
        sketch.arrow(axes, start, end, "grey", 2.0)
    sketch.text(axes, (2.5, up), "a real $x$", fontsize=13.5, ha="right")
    sketch.text(axes, (3.05, 0.14), "forged: $x' = G(z)$", fontsize=13.5)
    sketch.text(axes, (0.4, 0.14), "random", fontsize=13.5)
    if not back:
        sketch.text(axes, (5.95, 1.34), "a logit: is it real?", "black", fontsize=13.5, ha="left")
        sketch.text(axes, (5.95, 1.98), "the detective wants\nyes above, no below", "blue", fontsize=13, ha="left")
        sketch.text(axes, (5.95, 0.7), "the forger wants\nyes below", "vermilion", fontsize=13, ha="left")
        return
    sketch.text(axes, (5.95, 1.34), "logits $r$ and $f$", "black", fontsize=13.5, ha="left")
    sketch.arrow(axes, (5.85, 1.79), (5.25, 1.85), "blue", 2.6, 0.15)
    sketch.text(axes, (5.95, 1.94), "slopes of $L_D$:\nthey end in $D$", "blue", fontsize=13, ha="left")
    for start, end in (((5.85, 0.97), (5.45, 1.07)), ((4.1, 0.86), (3.52, 0.53)), ((2.6, 0.53), (2.22, 0.53))):
        sketch.arrow(axes, start, end, "vermilion", 2.6)
    axes.plot([5.4, 4.15], [1.05, 0.88], color=palette["vermilion"], linewidth=2.6, linestyle=(0, (3, 1.5)), zorder=4)
    sketch.text(
        axes, (5.95, 0.69), "those of $L_G$: through $D$\nto the pixels, into $G$", "vermilion", fontsize=13, ha="left"
    )


def tree(axes: Axes) -> None:
    """Draw a position with three empty squares, what can follow, and the value of each for who is to move."""
    after, value, moves = manual.tictactoe.after, manual.tictactoe.value, manual.tictactoe.moves
    side, places = 0.84, {3: 1.25, 5: 4.2, 7: 6.45}
    parts.board(axes, (4.2 - side / 2, 2.46), side, ENDGAME)
    sketch.text(axes, (4.75, 2.88), f"X to move: {_signed(value(ENDGAME))}", "blue", fontsize=13.5, ha="left")
    for move, x in places.items():
        board = after(ENDGAME, move)
        best = -value(board) == value(ENDGAME)
        look: dict[str, Any] = {"color": palette["blue" if best else "pale"], "linewidth": 3.5 if best else 1.6}
        axes.plot([4.2, x], [2.42, 2.14], zorder=0.5, **look)
        parts.board(axes, (x - side / 2, 1.28), side, board)
        who = "O to move" if moves(board) else "O has lost"
        sketch.text(axes, (x + 0.52, 1.7), f"{who}:\n{_signed(value(board))}", "vermilion", fontsize=13.5, ha="left")
        for reply, shift in zip(moves(board), (-0.72, 0.72), strict=False):
            last = after(board, reply)
            good = -value(last) == value(board)
            look = {"color": palette["vermilion" if good else "pale"], "linewidth": 3.5 if good else 1.6}
            axes.plot([x, x + shift], [1.24, 1.0], zorder=0.5, **look)
            parts.board(axes, (x + shift - 0.36, 0.24), 0.72, last)
            sketch.text(axes, (x + shift, 0.1), f"X: {_signed(value(last))}", "blue", fontsize=12.5)


def _signed(number: int) -> str:
    return f"{number:+d}".replace("-", "−") if number else "0"


def thinking(axes: Axes) -> None:
    """Draw the trap twice: with the first thought of a young network, and with the shares of the search's tries."""
    corners = [move for move, value in games.exact().items() if value < 0]
    for x, words, shares in (
        (0.1, "first thought $\\pi$", games.mind(games.EARLY)[0]),
        (2.5, "32 tries: $\\sigma$", games.searched(games.EARLY)),
    ):
        parts.board(axes, (x, 0.62), 2.1, games.TRAP, shares)
        sketch.text(axes, (x + 1.05, 2.95), words, fontsize=14)
        lose = 100 * float(shares[corners].sum())
        sketch.text(axes, (x + 1.05, 0.36), f"on the corners: {lose:.0f} %", "vermilion", fontsize=13)


def ledger(axes: Axes, tests: Sequence[Test]) -> None:
    """Write a line for each test: the year, the claim, what was found, and the verdict."""
    width, height = axes.get_xlim()[1], axes.get_ylim()[1]
    step = height / len(tests)
    for i, (year, claim, found, holds) in enumerate(tests):
        y = height - (i + 0.5) * step
        if i % 2 == 0:
            axes.axhspan(y - step / 2, y + step / 2, color=style.tint("grey", 0.1), zorder=0)
        color = "green" if holds else "vermilion"
        look: dict[str, Any] = {"fontsize": 10.5, "ha": "left"}
        sketch.text(axes, (0.08, y), str(year), "blue", fontweight="bold", **look)
        sketch.text(axes, (0.56, y), claim, "black", **look)
        sketch.text(axes, (4.18, y), found, "grey", **look)
        verdict = "holds" if holds else "NO"
        sketch.text(axes, (width - 0.08, y), verdict, color, fontweight="bold", fontsize=10.5, ha="right")
