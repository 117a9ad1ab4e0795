"""The plots of lesson 10's deck, each on axes or a sheet that the figure gives."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from scipy.special import expit

from nnjax.slides import sketch
from nnjax.slides.lesson_10_milestones import hopfield as memory
from nnjax.slides.lesson_10_milestones import parts, runs
from nnjax.viz import style
from nnjax.viz.style import palette


def dog(axes: Axes) -> None:
    """Draw the weight of the bell after each meal, and whether the bell alone is enough."""
    weights, alone = runs.dog()
    for meals, (w, drools) in enumerate(zip(weights, alone, strict=True)):
        axes.bar(meals, w, color=palette["vermilion" if drools else "sky"], edgecolor="black", width=0.7)
    axes.axhline(0.45, color=palette["grey"], linestyle=":")
    axes.text(-0.4, 0.46, "enough", color=palette["grey"], fontsize=11.5, va="bottom")
    axes.set(xlabel="meals with the bell", ylabel="weight of the bell", ylim=(0, 0.56), xticks=range(len(weights)))
    axes.set_title(f"1949: {alone.argmax()} meals", fontsize=13)


def mistakes(axes: Axes) -> None:
    """Draw the perceptron's mistakes epoch by epoch on the digits, and write the bound."""
    made, bound = runs.line()
    axes.bar(np.arange(1, len(made) + 1), made, color=palette["blue"], width=0.7)
    axes.set(xlabel="epoch", ylabel="mistakes: is it a 0?", xticks=(1, 4, 8, 12), ylim=(0, 37))
    axes.text(12.6, 36, f"$(R/\\gamma)^2$ allows\n{bound:,.0f}", fontsize=12, ha="right", va="top")
    axes.set_title(f"1958: {made.sum():.0f} mistakes", fontsize=13)


def wall(axes: Axes) -> None:
    """Draw ADALINE's loss at two rates, on both sides of the largest stable one."""
    for (share, path), color, line in zip(runs.rates().items(), ("blue", "vermilion"), ("-", "--"), strict=True):
        axes.semilogy(path, color=palette[color], linestyle=line)
        top = share > 1
        place, side = ((20, 1e32), "left") if top else ((180, 1e-9), "left")
        axes.text(*place, f"{share} of $2/\\lambda$", color=palette[color], fontsize=12.5, ha=side)
    axes.set(xlabel="step", ylabel="loss", xlim=(0, 1000), ylim=(1e-12, 1e35), xticks=(0, 500, 1000))
    axes.set_title("1959: up to $2/\\lambda$", fontsize=13)


def tables(figure: Figure, axes: Axes) -> None:
    """Draw the 16 functions of two inputs and the 256 of three; mark those that one neuron cannot do."""
    two, three = runs.one_neuron(2), runs.one_neuron(3)
    _, functions = runs.tables(2)
    side, apart = 0.2, 0.56
    for i, answers in enumerate(functions.T):
        x, y = 0.3 + apart * (i % 4) * 1.25, 1.83 - apart * 1.02 * (i // 4)
        sketch.cells(axes, (x, y), answers.reshape(2, 2), side, color="blue", largest=1.0)
        if not two[i]:
            sketch.outline(axes, (x - 0.06, y - 0.06), (2 * side + 0.12, 2 * side + 0.12))
    sketch.text(axes, (1.35, 2.52), f"two inputs: {two.sum()} of {two.size}", fontsize=13.5)
    grid = parts.at(figure, 3.6, 0.05, 2.32, 2.32)
    grid.imshow(three.reshape(16, 16), cmap="Blues", vmin=0, vmax=1.35, aspect="auto")
    grid.set(xticks=np.arange(-0.5, 16), yticks=np.arange(-0.5, 16), xticklabels=[], yticklabels=[])
    grid.tick_params(length=0)
    grid.grid(color="white", linewidth=1.2)
    grid.spines[:].set(visible=True, color=palette["grey"], linewidth=1)
    grid.set_axisbelow(False)
    sketch.text(axes, (4.76, 2.54), f"three inputs: {three.sum()} of {three.size}", fontsize=13.5)
    for y, words, color in ((1.95, "blue: one\nneuron can", "blue"), (1.15, "white: no\nneuron can", "grey")):
        sketch.text(axes, (6.2, y), words, color, fontsize=13.5, ha="left")
    sketch.text(axes, (6.2, 0.35), "framed: XOR and\nits opposite", "vermilion", fontsize=13.5, ha="left")


def xor(axes: Axes) -> None:
    """Draw the losses of all networks that learn XOR, those that fail in another colour."""
    paths, solved = runs.hidden()
    steps = 20 * np.arange(paths.shape[1])
    for path, good in zip(paths, solved, strict=True):
        look: dict[str, Any] = {"color": palette["blue"], "linewidth": 0.6, "alpha": 0.5}
        fails: dict[str, Any] = {"color": palette["vermilion"], "linewidth": 2, "zorder": 3}
        axes.semilogy(steps, path, **(look if good else fails))
    axes.set(xlabel="step", ylabel="loss on XOR", xlim=(0, steps[-1]), ylim=(1e-7, 2))
    axes.set_title(f"1986: {solved.sum()} of {solved.size} networks learn XOR", fontsize=12.5)


def width(axes: Axes) -> None:
    """Draw a curve, and the best that a few and that more hidden neurons make of it."""
    errors, ((u, goal), *made) = runs.wide()
    axes.plot(u, goal, color=style.tint("grey", 0.45), linewidth=6)
    looks = zip(
        runs.WIDTHS, errors.mean(axis=1), made, (("vermilion", ":"), ("orange", "--"), ("blue", "-")), strict=True
    )
    for count, error, (_, curve), (color, line) in looks:
        axes.plot(u, curve, linestyle=line, color=palette[color], label=f"{count}: error {error:.2g}")
    axes.legend(loc="lower right", fontsize=11.5, handlelength=1.8, title="hidden neurons", title_fontsize=11.5)
    axes.set(xlabel="$u$", ylabel="a curve", xlim=(-1, 1), ylim=(-2.3, 1.35), xticks=(-1, 0, 1))
    axes.set_title("1989: a wiggle, ever closer", fontsize=12.5)


def recall(figure: Figure) -> None:
    """Draw stored and spoiled digits, the states on the way, and the energies."""
    found, stops = memory.recall(), (0, 16, 32, 64)
    side, colors = 0.86, ("blue", "orange", "green")
    for row in range(3):
        frames = [found.stored[row], *(found.states[stop, row] for stop in stops)]
        for column, frame in enumerate(frames):
            x = 0.1 + 0.9 * column + (0.12 if column else 0)
            axes = parts.at(figure, x, 2.5 - 0.98 * row, side, side)
            parts.pixels(axes, frame.reshape(8, 8), low=-1.4, color=colors[row])
            axes.spines[:].set_linewidth(2)
            if row == 0:
                name = ("stored", "spoiled", "16", "32", "64")[column]
                axes.set_title(name, fontsize=12.5, loc="center", pad=4)
    figure.text(3.36 / 8.4, 0.19 / 3.75, "after so many turns", fontsize=12.5, ha="center")
    axes = parts.at(figure, 5.55, 0.62, 2.7, 2.78)
    for row, (color, line) in enumerate(zip(colors, ("-", (0, (5, 1.6)), (0, (1.2, 1.2))), strict=True)):
        axes.axhline(found.depth[row], color="black", linewidth=1, linestyle=":")
        axes.plot(found.energies[:80, row], color=palette[color], linestyle=line)
    axes.set(xlabel="turns", ylabel="energy", xlim=(0, 79))
    axes.set_title("dotted: the stored ones", fontsize=12)


def falling(axes: Axes) -> None:
    """Draw the energies from all starts, and count the rises."""
    paths = memory.falling()
    change = np.diff(paths, axis=0)
    turns = np.arange(len(paths))
    axes.fill_between(turns, *np.quantile(paths, (0.0, 1.0), axis=1), color=style.tint("sky", 0.3), linewidth=0)
    axes.plot(turns, paths[:, :12], color=palette["blue"], linewidth=1)
    axes.set(xlabel="updates, one neuron after the other", ylabel="energy", xlim=(0, 150))
    axes.set_title(f"1000 starts, {change.size:,} updates:\n{np.sum(change > 1e-4)} rises", fontsize=13)


def crosstalk(panels: Sequence[Axes]) -> None:
    """Draw what reaches neurons, times the sign they should have, at each load; what is below 0 in another colour."""
    for axes, (load, agrees) in zip(panels, memory.crosstalk().items(), strict=True):
        heights, edges = np.histogram(agrees, bins=np.arange(-2, 4.01, 0.1), density=True)
        colors = [palette["vermilion"] if edge < -0.05 else style.tint("blue", 0.7) for edge in edges[:-1]]
        axes.bar(edges[:-1], heights, 0.1, align="edge", color=colors)
        axes.axvline(0, color="black", linewidth=1)
        axes.set_title(f"load {load}: {100 * np.mean(agrees < 0):.2f} % turn", fontsize=12.5)
        axes.set(yticks=[], xlim=(-1.6, 3.6), ylim=(0, 1.35 * heights.max()), xlabel=r"$x_i\, h_i$")
        axes.spines["left"].set_visible(False)
        axes.text(3.5, 1.32 * heights.max(), f"width {agrees.std():.2f}\n$\\sqrt{{P/N}}$ = {np.sqrt(load):.2f}",
                  ha="right", va="top", fontsize=12)  # fmt: skip


def dots(axes: Axes, right: Mapping[str, np.ndarray], guess: float) -> None:
    """Draw the right answers of each kind of network, a dot for each seed."""
    for row, values in enumerate(right.values()):
        color = style.COLORS[row]
        axes.plot(
            values, np.full(len(values), -row), style.MARKERS[row], color=palette[color], markersize=11, alpha=0.8
        )
        place = values.mean() + (5 if values.mean() < 50 else -8)
        axes.text(place, -row, runs.spread(values) + " %", va="center", ha="left" if values.mean() < 50 else "right",
                  fontsize=13)  # fmt: skip
    axes.axvline(guess, color=palette["grey"], linestyle=":")
    axes.set(xlim=(0, 103), ylim=(0.6 - len(right), 0.6), xlabel="right on unseen sequences (%)")
    axes.set_yticks(-np.arange(len(right)), list(right))
    axes.tick_params(axis="y", labelsize=13, length=0)
    if len(right) == 2:
        axes.text(guess - 1.2, 0.5, "guessing", ha="right", va="top", fontsize=11.5, color=palette["grey"])


def kinds(axes: Axes) -> None:
    """Draw filters against dense layers, the mean over the seeds and their spread."""
    right, sizes = runs.moved()
    for place, ((name, values), size, color) in enumerate(zip(right.items(), sizes, ("blue", "orange"), strict=True)):
        axes.bar(
            place, values.mean(), yerr=values.std(), capsize=5, width=0.55, color=palette[color], edgecolor="black"
        )
        axes.text(place, values.mean() / 2, f"{values.mean():.0f} %", ha="center", fontsize=15,
                  color="white" if color == "blue" else "black")  # fmt: skip
        axes.text(place, -9, f"{name}\n{size:,} weights", ha="center", va="top", fontsize=12)
    axes.set(xlim=(-0.6, 1.6), ylim=(0, 105), ylabel="read rightly (%)", xticks=[])
    axes.set_title("1998: digits anywhere on a sheet", fontsize=12.5)


def counts(axes: Axes) -> None:
    """Draw the right answers of one network against the number of images."""
    right, numbers = runs.more_data(), np.array(runs.COUNTS)
    axes.semilogx(numbers, right.mean(axis=1), "-", color=palette["blue"])
    axes.semilogx(np.repeat(numbers, right.shape[1]), right.ravel(), "o", color=palette["blue"], alpha=0.6)
    axes.xaxis.set_major_locator(FixedLocator(runs.COUNTS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([f"{count:,}" for count in numbers])
    for count, values in zip(numbers, right, strict=True):
        axes.text(count, values.mean() - 7, f"{values.mean():.0f} %", ha="center", va="top", fontsize=13)
    axes.set(xlabel="images to learn from", xlim=(45, 2100))
    axes.set_title("2012: the same steps, more images", fontsize=12.5)


def slopes(axes: Axes) -> None:
    """Draw the sizes of the slopes of -log p and of log(1 - p) by the logit of a forgery."""
    f = np.linspace(-6, 6, 200)
    axes.axvspan(-6, -2, color=style.tint("grey", 0.16), linewidth=0)
    axes.plot(f, 1 - expit(f), color=palette["vermilion"], linewidth=3)
    axes.plot(f, expit(f), "--", color=palette["blue"], linewidth=3)
    axes.text(
        2.1, 0.64, r"solid, of $-\log s(f)$:" + "\nsteep where it is bad", color=palette["vermilion"], fontsize=14
    )
    axes.text(2.1, 0.3, r"dashed, of $\log(1 - s(f))$:" + "\nflat where it is bad", color=palette["blue"], fontsize=14)
    axes.text(-4, 0.5, "seen to be forged,\nas all are at first", ha="center", va="center", fontsize=13)
    axes.set(xlabel="logit $f$ of a forgery", ylabel="size of the slope", xlim=(-6, 6), ylim=(-0.04, 1.06))


def belief(panels: Sequence[Axes]) -> None:
    """Draw the densities of real and forged values, and the best belief."""
    x = np.linspace(-4, 6, 300)
    p, q = (np.exp(-((x - middle) ** 2) / 2) / np.sqrt(2 * np.pi) for middle in (2, 0))
    above, below = panels
    above.plot(x, p, color=palette["blue"])
    above.plot(x, q, "--", color=palette["vermilion"])
    above.text(3.4, 0.34, "real: $p$", color=palette["blue"], fontsize=14)
    above.text(-1.3, 0.34, "forged: $q$", color=palette["vermilion"], fontsize=14, ha="right")
    above.set(ylabel="how often", yticks=[], ylim=(0, 0.45))
    below.plot(x, p / (p + q), color="black")
    below.axhline(0.5, color=palette["grey"], linestyle=":")
    below.text(5.9, 0.47, "½ if $q = p$", ha="right", va="top", fontsize=13, color=palette["grey"])
    below.text(1.35, 0.77, "$b$", fontsize=16, ha="right")
    below.set(ylabel="best belief", xlabel="an image (here a number)", ylim=(-0.03, 1.05), xlim=(-4, 6))
