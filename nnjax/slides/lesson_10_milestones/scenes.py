"""Pictures of lesson 10's deck that have several parts: a GAN and its judges, two recalls, what goes wrong."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nnjax.slides import sketch
from nnjax.slides.lesson_10_milestones import games, parts, plots, runs
from nnjax.slides.lesson_10_milestones import hopfield as memory
from nnjax.viz.style import palette

LOG_2 = float(np.log(2))


def forging(figure: Figure) -> None:
    """Draw both losses over the epochs, and digits of the same noise at some of them."""
    history, made = games.forging()
    axes = parts.at(figure, 0.7, 0.62, 3.5, 2.95)
    for name, words, color, line, end, place in (
        ("discriminator", "detective", "blue", "-", 2, (57, 0.3)),
        ("generator", "forger", "vermilion", "--", 1, (33, 2.5)),
    ):
        axes.plot(np.arange(1, 1 + len(history[name])), history[name], color=palette[color], linestyle=line)
        axes.axhline(end * LOG_2, color=palette[color], linestyle=":", linewidth=1.6)
        axes.text(*place, words, color=palette[color], fontsize=13, va="center")
    axes.set(xlabel="epoch", ylabel="loss", xlim=(0, games.LOOKS[-1]), ylim=(0, None))
    axes.set_title("dotted: where nobody can tell", fontsize=12.5)
    for row, (epochs, images) in enumerate(made.items()):
        y = 2.93 - 0.94 * row
        figure.text(4.95 / 8.5, (y + 0.4) / 3.85, f"{epochs}", fontsize=14, ha="right", va="center", fontweight="bold")
        for column in range(4):
            parts.pixels(parts.at(figure, 5.1 + 0.84 * column, y, 0.8, 0.84), images[column + 5])
    figure.text(4.95 / 8.5, 3.8 / 3.85, "epoch", fontsize=11.5, ha="right", va="top", color=palette["grey"])


def judged(figure: Figure) -> None:
    """Draw forgeries over the nearest real digits, the kinds of digit among them, and the detective's right answers."""
    images = games.forging().forged[games.LOOKS[-1]]
    near, far, _ = games.nearest(images)
    for i in range(10):
        row, column = divmod(i, 5)
        x, y = 0.1 + 0.76 * column, 2.68 - 1.54 * row
        parts.pixels(parts.at(figure, x, y, 0.7, 0.7), images[i + 5])
        parts.pixels(parts.at(figure, x, y - 0.72, 0.7, 0.7), near[i + 5], cmap="Blues")
    figure.text(0.1 / 8.5, 3.47 / 3.75, "black: forged; blue: the nearest real one", fontsize=12.5, va="bottom")
    figure.text(0.1 / 8.5, 0.02, f"apart: {np.median(far):.2f}; an unseen real one: {games.unseen():.2f}",
                fontsize=12)  # fmt: skip
    above = parts.at(figure, 5.05, 2.35, 3.3, 1.0)
    found = games.kinds(images)
    above.bar(np.arange(10), found, color=palette["blue"], width=0.7)
    above.set(xticks=range(10), xlabel="", ylim=(0, None))
    above.set_title(f"which digit? of {len(images)}, at least {found.min()} each", fontsize=12.5)
    told = 100 * games.forging().history["accuracy"]
    below = parts.at(figure, 5.05, 0.58, 3.3, 1.05)
    below.plot(np.arange(1, len(told) + 1), told, color=palette["blue"])
    below.axhline(50, color=palette["grey"], linestyle=":")
    below.set(xlabel="epoch", ylabel="told (%)", xlim=(0, len(told)), ylim=(45, 102))
    below.set_title(f"the detective tells {told[-20:].mean():.0f} %; a coin 50 %", fontsize=12.5)


def learning(axes: Axes) -> None:
    """Draw the share of games lost against the rounds of self-play."""
    for (name, shares), mark, color in zip(games.lost().items(), ("o-", "s--"), ("blue", "orange"), strict=True):
        axes.plot(games.ROUNDS, 100 * shares, mark, color=palette[color], label=f"against {name}")
    axes.set(xlabel="rounds of self-play", ylabel="games lost (%)", ylim=(-3, 103), xlim=(-0.7, games.ROUNDS[-1] + 0.7))
    axes.legend(loc="upper right", fontsize=12)
    last = " and ".join(f"{100 * shares[-1]:g}" for shares in games.lost().values())
    axes.text(36, 9, f"at the end: {last}", ha="right", fontsize=13)


def circle(figure: Figure) -> None:
    """Draw the three kinds of network on the task of 1997, and digits recalled by the nets of 1982 and of 2017."""
    plots.dots(parts.at(figure, 1.3, 0.55, 2.65, 1.8), runs.gap(), 25)
    figure.text(1.3 / 8.4, 2.47 / 2.64, "the first of 30 symbols", fontsize=12.5)
    ten, spoiled, *found = memory.ten_digits()
    exact = [100 * np.mean(np.all(state == ten, axis=-1)) for state in found]
    rows = (("spoiled", spoiled), (f"1982: {exact[0]:.0f} %", found[0]), (f"2017: {exact[1]:.0f} %", found[1]))
    figure.text(5.5 / 8.4, 2.47 / 2.64, "ten digits stored", fontsize=12.5)
    for row, (name, states) in enumerate(rows):
        y = 1.68 - 0.8 * row
        figure.text(5.4 / 8.4, (y + 0.36) / 2.64, name, fontsize=12.5, ha="right", va="center")
        for column, digit in enumerate((0, 3, 4, 8)):
            frame = states[0, digit].reshape(8, 8)
            parts.pixels(parts.at(figure, 5.5 + 0.71 * column, y, 0.67, 0.72), frame, low=-1.4)


def wrong(figure: Figure, axes: Axes) -> None:
    """Draw two neurons that swap, stored digits that do not stay, and what a hasty forger makes."""
    for step, (_, *states) in enumerate(memory.flipping()[:8]):
        for neuron, state in enumerate(states):
            fill = "#333333" if state > 0 else "white"
            axes.add_patch(Rectangle((0.3 + 0.24 * step, 1.75 - 0.3 * neuron), 0.22, 0.26, facecolor=fill,
                                     edgecolor=palette["grey"]))  # fmt: skip
    sketch.text(axes, (1.25, 2.68), "both at once", "vermilion", fontsize=13.5)
    sketch.arrow(axes, (0.3, 1.2), (2.2, 1.2), "grey")
    sketch.text(axes, (1.25, 0.98), "step", "grey", fontsize=12)
    sketch.text(axes, (1.25, 0.55), "two neurons, joined by +1,\nchange places for ever", fontsize=12)
    sketch.text(axes, (4.35, 2.68), "patterns that are alike", "vermilion", fontsize=13.5)
    plot = parts.at(figure, 3.35, 0.6, 2.2, 1.85)
    for (name, kept), mark, color in zip(memory.alike().items(), ("s--", "o-"), ("grey", "blue"), strict=True):
        plot.plot(memory.ALIKE, 100 * kept, mark, color=palette[color], markersize=5)
        plot.text(10, 100 * kept[-1] - 3, name, color=palette[color], fontsize=12, ha="right", va="top")
    plot.set(xlabel="stored, in 64 neurons", ylabel="bits that stay (%)", ylim=(70, 102), xticks=(2, 4, 6, 8, 10))
    sketch.text(axes, (7.15, 2.68), "a forger of one thing", "vermilion", fontsize=13.5)
    history, made = games.hasty()
    for i in range(8):
        row, column = divmod(i, 4)
        frame = parts.at(figure, 5.95 + 0.61 * column, 1.82 - 0.66 * row, 0.57, 0.6)
        parts.pixels(frame, made[games.HASTE][i])
    losses = f"losses {history['discriminator'][-1]:.0e} and {history['generator'][-1]:.0f}"
    sketch.text(axes, (7.15, 0.62), f"rate 5 times too large:\n{losses}", fontsize=12)
