"""The measured figures of lesson 3's deck: starts, widths, the curve, digits, and dead neurons."""

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from nnjax import data
from nnjax.slides.figures import fitted
from nnjax.slides.lesson_03_mlp import parts, runs
from nnjax.viz import boundary, canvas, style
from nnjax.viz.style import palette


@style.context()
def copies() -> Figure:
    """The weights of four hidden neurons in training, from equal and from random numbers."""
    figure, panels = canvas.blank(3.4, columns=2, sharey=True)
    for axes, (name, paths) in zip(panels, runs.starts().items(), strict=True):
        for k, path in enumerate(paths.T):
            axes.plot(path, color=palette[style.COLORS[k]], linestyle=style.LINES[k])
        axes.set_title(f"{name} start", fontsize=13)
        axes.set(xlabel="step of gradient descent")
    panels[0].set_ylabel("weights of the first input")
    panels[0].text(300, 0.3, "four lines in one", ha="center", fontsize=12)
    return fitted(figure, 8.4, 3.3)


@style.context()
def sizes() -> Figure:
    """The size of a signal on its way through twenty ReLU layers, for three sizes of the starting weights."""
    figure, (axes,) = canvas.blank(3.7)
    for factor, text, color, marker in ((2, "twice as large", "vermilion", "^"), (1, "$\\sqrt{2/n}$", "blue", "o"),
                                        (0.5, "half as large", "orange", "s")):  # fmt: skip
        found = runs.signal_sizes(factor)
        axes.semilogy(range(1, 21), found, marker=marker, markersize=5, color=palette[color])
        axes.text(9.5, found[9] * {2: 30, 1: 6, 0.5: 0.004}[factor], text, ha="right" if factor != 1 else "center",
                  fontsize=13, color=palette[color], va="center")  # fmt: skip
    axes.set(xlabel="layer", ylabel="size of the signal", xticks=range(0, 21, 5))
    return fitted(figure, 4.7, 3.7)


@style.context()
def learnt() -> Figure:
    """How many of 50 starts solve XOR, by width, and what one network of eight has learnt."""
    shares, one = runs.solved()
    figure, (left, right) = canvas.blank(3.6, columns=2)
    for place, share in enumerate(shares.values()):
        spread = 100 * np.sqrt(share * (1 - share) / 50)
        left.bar(place, 100 * share, yerr=spread, color=palette["blue"], capsize=5, width=0.62)
        left.text(place, 100 * share + spread + 3, f"{100 * share:.0f} %", ha="center", fontsize=13)
    left.set_xticks(range(3), [str(width) for width in shares])
    left.set(xlabel="hidden neurons", ylabel="starts that solve XOR, in %", ylim=(0, 115))
    left.grid(visible=False, axis="x")

    def scores(points: np.ndarray) -> np.ndarray:
        y = np.asarray(runs.network(one, jnp.asarray(points, jnp.float32), jax.nn.relu)) - 0.5
        return np.stack([-y, y], axis=1)

    limits = (-0.45, 1.5, -0.45, 1.5)
    boundary.draw_regions(right, scores, limits, 2)
    parts.lamps(right, runs.X_XOR)
    right.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    right.set_title("one of eight neurons: on or off", fontsize=12)
    right.grid(visible=False)
    return fitted(figure, 8.4, 3.6)


@style.context()
def bends() -> Figure:
    """Four hidden neurons, each bending once, and the sum of what they give."""
    figure, (left, right) = canvas.blank(3.5, columns=2, sharey=True)
    x = np.linspace(-1, 1, 400)
    made = parts.hinges(x, [(-0.8, 3.0), (-0.25, -5.0), (0.2, 4.0), (0.65, -5.5)])
    for k, curve in enumerate(made):
        left.plot(x, curve, color=palette[style.COLORS[k]], linestyle=style.LINES[k])
    right.plot(x, made.sum(axis=0), color="black", linewidth=2.8)
    for k, c in enumerate((-0.8, -0.25, 0.2, 0.65)):
        right.plot(c, np.interp(c, x, made.sum(axis=0)), "o", color=palette[style.COLORS[k]], markersize=11, zorder=3)
    left.set_title("each: weight · max(0, x − c)", fontsize=13)
    right.set_title("their sum", fontsize=13)
    left.set(xlabel="$x$", ylabel="output", ylim=(-2.6, 2.6), xticks=[-1, -0.5, 0, 0.5, 1])
    right.set(xlabel="$x$", xticks=[-1, -0.5, 0, 0.5, 1])
    return fitted(figure, 8.4, 3.3)


@style.context()
def wider() -> Figure:
    """The same curve, followed by hidden layers of 2, 8 and 32 neurons."""
    figure, panels = canvas.blank(2.9, columns=3, sharey=True)
    for axes, width in zip(panels, (2, 8, 32), strict=True):
        axes.plot(runs.CURVE_X, runs.CURVE, "--", color=palette["vermilion"], linewidth=2.6)
        axes.plot(runs.CURVE_X, runs.fit_outputs(width, seed=0), color=palette["blue"])
        axes.set_title(f"{width} hidden neurons", fontsize=13)
        axes.set(xlabel="$x$")
    panels[0].set_ylabel("output")
    return fitted(figure, 8.4, 2.9)


@style.context()
def exists() -> Figure:
    """The error on the curve against the width: best output weights, and gradient descent on all weights."""
    figure, (axes,) = canvas.blank(3.7)
    exact, trained = runs.curve_errors()
    for xs, errors, color, marker, text, where in (
        (runs.WIDTHS, exact, "blue", "o", "random bends,\nbest output weights", (1.05, 1.6e-4)),
        (runs.TRAINED, trained, "orange", "s", "descent", (25, 7e-3)),
    ):
        axes.plot(xs, np.median(errors, axis=1), marker=marker, color=palette[color])
        axes.fill_between(xs, errors.min(axis=1), errors.max(axis=1), color=palette[color], alpha=0.2, linewidth=0)
        axes.text(where[0], where[1], text, color=palette[color], fontsize=12.5)
    axes.set(xscale="log", yscale="log", xlabel="hidden neurons", ylabel="error on the curve")
    axes.set_xticks(runs.WIDTHS, [str(width) for width in runs.WIDTHS])
    axes.minorticks_off()
    return fitted(figure, 4.7, 3.8)


@style.context()
def digits() -> Figure:
    """Ten digits of 8 by 8 pixels, and how well networks without, with a narrow and with a wide hidden layer do."""
    images = data.load("digits")
    figure = canvas.Picture(figsize=(8.4, 3.7), layout="constrained")
    grid = figure.add_gridspec(2, 10, height_ratios=(1, 2.9))
    for k in range(10):
        axes = figure.add_subplot(grid[0, k])
        axes.imshow(images.x[k].reshape(8, 8), cmap="Greys", interpolation="nearest")
        axes.axis("off")
    bars = figure.add_subplot(grid[1, :])
    labels = ["64-10\nno hidden layer", "64-4-10\ntoo narrow", "64-32-10\nwide enough"]
    for row, ((mean, spread), color) in enumerate(zip(runs.digit_scores()[0], ("grey", "orange", "blue"), strict=True)):
        bars.barh(row, 100 * mean, xerr=100 * spread, color=palette[color], capsize=5, height=0.62)
        bars.text(min(100 * (mean + spread), 99) + 1.2, row, f"{100 * mean:.1f} %", va="center", fontsize=13)
    bars.set_yticks(range(3), labels, fontsize=12)
    bars.set(xlim=(0, 112), ylim=(2.5, -0.5), xlabel="unseen digits that are right, in % (five starts)")
    bars.set_xticks(range(0, 101, 20))
    bars.grid(visible=False, axis="y")
    return figure


@style.context()
def softmax() -> Figure:
    """An unseen digit, the ten sums of the output layer, and the probabilities that the softmax makes of them."""
    images, sums = data.load("digits"), runs.digit_scores()[1]
    all_p = np.asarray(jax.nn.softmax(sums))
    right = np.argmax(all_p, axis=1) == images.y_test
    place = int(np.argmin(np.where(right, np.abs(all_p.max(axis=1) - 0.75), 1.0)))  # right, and not quite sure
    z, p = sums[place], all_p[place]
    figure = canvas.Picture(figsize=(8.4, 2.03), layout="constrained")
    grid = figure.add_gridspec(1, 3, width_ratios=(0.8, 1.6, 1.6))
    picture = figure.add_subplot(grid[0])
    picture.imshow(images.x_test[place].reshape(8, 8), cmap="Greys", interpolation="nearest")
    picture.set_title(f"a {images.y_test[place]}", fontsize=13)
    picture.axis("off")
    for k, (bars, name, color) in enumerate(((z, "sums $z_k$", "grey"), (p, "softmax: $p_k$", "blue")), start=1):
        axes = figure.add_subplot(grid[k])
        axes.bar(range(10), bars, color=palette[color])
        axes.set_title(name, fontsize=13)
        axes.set(xticks=range(10), xlabel="class")
        axes.grid(visible=False, axis="x")
    axes.set_ylim(0, 1)
    return figure


@style.context()
def dead() -> Figure:
    """Hidden neurons that no digit switches on any more, after a single step with each rate."""
    figure, (axes,) = canvas.blank(3.7)
    rates = np.geomspace(0.1, 100, 20).astype(np.float32)
    axes.plot(rates, runs.dead(tuple(float(rate) for rate in rates)), "o-", color=palette["vermilion"])
    axes.set(xscale="log", xlabel="learning rate of a single step", ylabel="dead of 32 neurons", ylim=(-1, 33))
    return fitted(figure, 4.7, 3.7)
