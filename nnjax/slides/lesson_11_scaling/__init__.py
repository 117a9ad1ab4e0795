"""The figures of lesson 11's deck: devices, fusion, the roofline, cut batches, sixteen bits, and two mistakes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnjax.slides.figures import fitted
from nnjax.slides.lesson_11_scaling import drawings, formats, plots, runs
from nnjax.slides.lesson_11_scaling import eight as scaling_eight
from nnjax.viz import canvas, style
from nnjax.viz.style import palette


@style.context()
def work() -> Figure:
    """The operations of three trainings, from the digits of this course to GPT-3."""
    figure, (axes,) = canvas.blank(2.4)
    trainings = (
        ("small digits, 20 passes\n9,610 parameters", runs.parameters((64, 128, 10)), 20 * 1408, "blue"),
        ("MNIST, 10 passes\n669,706 parameters", runs.parameters((784, 512, 512, 10)), 10 * 60000, "blue"),
        ("GPT-3\n175 billion parameters", int(drawings.WEIGHTS), int(drawings.TOKENS), "vermilion"),
    )
    for row, (_, count, samples, color) in enumerate(trainings):
        total = 6.0 * count * samples
        axes.plot([1e6, total], [-row, -row], color=palette[color], linewidth=9, solid_capstyle="butt")
        power = int(np.log10(total))
        said = f"{total / 10**power:.0f} · $10^{{{power}}}$"
        inside = row == 2
        axes.text(total * (0.4 if inside else 2.5), -row + (0.34 if inside else 0), said, va="center", fontsize=13,
                  ha="right" if inside else "left")  # fmt: skip
    axes.set(xscale="log", xlim=(1e6, 2e24), ylim=(-2.5, 0.5), xlabel="additions and multiplications of a training")
    axes.set_yticks([0, -1, -2], [name for name, *_ in trainings], fontsize=12)
    axes.set_xticks([10.0**power for power in (6, 9, 12, 15, 18, 21, 24)])
    axes.grid(visible=False, axis="y")
    return fitted(figure, 7.1, 2.6)


def devices() -> Figure:
    """A CPU, a GPU, a TPU, each with its memory, and a pod."""
    return drawings.devices()


def loops() -> Figure:
    """Six operations one by one, and as one loop."""
    return drawings.loops()


@style.context()
def fused() -> Figure:
    """The time of 2 to 32 operations on each number, one by one and fused."""
    figure, (axes,) = canvas.blank(3.6)
    apart, together = runs.fusion()
    axes.plot(runs.OPERATIONS, apart, label="one by one", **style.series(3))
    axes.plot(runs.OPERATIONS, together, label="fused", **style.series(0))
    axes.set(xscale="log", yscale="log", xlabel="operations on each number", ylabel="time (fused, 2 operations = 1)")
    axes.set_xticks(runs.OPERATIONS, [str(n) for n in runs.OPERATIONS])
    ticks = [1, 4, 16, 64, 256]
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    axes.set_ylim(0.5, max(2.0 * apart.max(), 8))
    axes.minorticks_off()
    axes.legend(loc="upper left", fontsize=12)
    return fitted(figure, 4.9, 3.75)


def matmul() -> Figure:
    """One entry of a product of matrices, with the row and the column that make it."""
    return drawings.matmul()


def cluster() -> Figure:
    """What GPT-3 needs in memory and in time."""
    return drawings.cluster()


@style.context()
def roof() -> Figure:
    """The roofline as an idea: a slope, where memory is too slow, and a ceiling, where arithmetic is."""
    figure, (axes,) = canvas.blank(3.7)
    axes.fill_between([0.02, 1], [0.02, 1], 0.003, color=style.tint("orange", 0.25), linewidth=0)
    axes.fill_between([1, 50], [1, 1], 0.003, color=style.tint("blue", 0.2), linewidth=0)
    axes.plot([0.02, 1, 50], [0.02, 1, 1], color="black", linewidth=3)
    axes.text(0.1, 0.2, r"$I$ · bandwidth", rotation=45, rotation_mode="anchor", ha="center", fontsize=13)
    axes.text(7, 1.2, "peak", ha="center", fontsize=13)
    axes.text(0.17, 0.012, "bound by\nmemory", ha="center", fontsize=13)
    axes.text(7, 0.06, "bound by\ncomputation", ha="center", fontsize=13)
    axes.set(xscale="log", yscale="log", xlim=(0.02, 50), ylim=(0.005, 2.5))
    axes.set(xlabel="intensity $I$: FLOPs for each byte moved", ylabel="speed: FLOPs a second")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.minorticks_off()
    return fitted(figure, 4.7, 3.75)


def roofline() -> Figure:
    """A layer and a sum under the measured roof, and what one sample costs in a batch."""
    return plots.roofline()


@style.context()
def pieces() -> Figure:
    """The losses of 16 digits in four pieces, the mean of each piece and the mean of all."""
    figure, (axes,) = canvas.blank(2.4)
    losses = runs.sample_losses(16)
    colors = ("blue", "orange", "green", "purple")
    for piece, color in enumerate(colors):
        take = np.arange(4 * piece, 4 * piece + 4)
        at = take + 0.6 * piece
        axes.bar(at, losses[take], color=style.tint(color, 0.45), width=0.8)
        axes.plot([at[0] - 0.45, at[-1] + 0.45], [losses[take].mean()] * 2, color=palette[color], linewidth=5)
        axes.text(at.mean(), 0.2, f"$S_{piece + 1}$", ha="center", fontsize=14)
    axes.plot([-0.6, 18.3], [losses.mean()] * 2, color="black", linestyle="--", linewidth=1.6)
    axes.text(18.45, losses.mean(), "$C$", va="center", fontsize=15)
    axes.set(ylabel="loss $C_i$", xlim=(-0.7, 19.2), xticks=[], ylim=(0, 3.5))
    axes.grid(visible=False)
    return fitted(figure, 8.4, 2.35)


@style.context()
def uneven() -> Figure:
    """Three pieces of 64, 63 and 1 samples."""
    figure, (axes,) = canvas.blank(1.6)
    start = 0
    for size, color in ((64, "blue"), (63, "orange"), (1, "vermilion")):
        look: dict[str, Any] = {"facecolor": style.tint(color, 0.5), "edgecolor": palette[color]}
        axes.broken_barh([(start, size)], (0, 1), linewidth=1.2, **look)
        at, where = (start + size / 2, 0.5) if size > 1 else (start + 0.5, 1.35)
        axes.text(at, where, str(size), ha="center", va="center", fontsize=18)
        start += size + 3
    axes.set(xlim=(-1, 136), ylim=(-0.05, 1.7))
    axes.axis("off")
    return fitted(figure, 7.2, 1.25)


@style.context()
def kilobytes() -> Figure:
    """The memory for values on the way, for a batch at once and in pieces."""
    figure, (axes,) = canvas.blank(3.7)
    found = runs.kilobytes()
    axes.bar(range(len(found)), found, color=palette["blue"], width=0.65)
    for place, value in enumerate(found):
        axes.text(place, value + 35, f"{value:,.0f}", ha="center", fontsize=13)
    axes.set_xticks(range(len(found)), [str(count) for count in runs.PIECES])
    axes.set(xlabel="pieces of a batch of 1,408", ylabel="KB for values on the way", ylim=(0, 1.12 * max(found)))
    axes.grid(visible=False, axis="x")
    return fitted(figure, 4.7, 3.75)


def eight() -> Figure:
    """Eight devices, each with all parameters and its own rows; only gradients travel."""
    return drawings.eight()


def allreduce() -> Figure:
    """The gradients by the output biases on eight devices, before and after the mean is taken."""
    found = scaling_eight.measure()
    return drawings.allreduce(np.array(found["said"]), np.array(found["heard"]))


@style.context()
def same() -> Figure:
    """A training on eight devices and on one: the losses, and how far the parameters lie apart."""
    figure, (left, right) = canvas.blank(3.6, 1, 2)
    found = scaling_eight.measure()
    steps = np.arange(1, len(found["one"]) + 1)
    left.plot(steps, found["eight"], color=palette["blue"], label="8 devices")
    left.plot(steps[::3], found["one"][::3], "o", color=palette["vermilion"], markersize=5, label="1 device")
    left.set(xlabel="step", ylabel="loss", ylim=(0, None))
    left.legend(fontsize=12)
    right.plot(steps, found["apart"], color=palette["blue"])
    right.axhline(2.0**-23, color=palette["grey"], linestyle="--")
    right.text(steps[-1], 2.0**-23 * 0.75, "from 1 to the next float32", ha="right", va="top", fontsize=11)
    right.set(xlabel="step", ylabel="relative difference of parameters", yscale="log", ylim=(1e-8, 1e-4))
    right.minorticks_off()
    return fitted(figure, 8.4, 3.35)


def layouts() -> Figure:
    """Which device holds which block of x, W and their product, in two ways to cut."""
    return drawings.layouts(scaling_eight.measure()["layouts"])


def processes() -> Figure:
    """Two processes with four devices each: one program, one mesh."""
    return drawings.processes()


def bits() -> Figure:
    """The bits of float32, bfloat16 and float16, and what they can hold."""
    return formats.bits()


@style.context()
def tiny() -> Figure:
    """The errors at the outputs, as they are and times 2 to the 24, over what float16 can hold."""
    figure, (axes,) = canvas.blank(3.2)
    errors, edges = runs.errors_at_outputs(), list(range(-60, 17))
    for scale, color, name in ((1, "vermilion", "as they are"), (runs.BATCH, "blue", "times $2^{24}$")):
        axes.hist(np.log2(scale * errors), edges, color=palette[color], alpha=0.75, label=name)
    axes.axvspan(-25, 16, color=palette["pale"], alpha=0.6, zorder=0, label="what float16 can hold")
    axes.set(xlabel="size of an error at the outputs (power of 2)", ylabel="errors", xlim=(-60, 46))
    axes.legend(fontsize=12, loc="upper right", borderaxespad=0.1)
    return fitted(figure, 8.4, 2.9)


def halves() -> Figure:
    """Trainings in 32 and 16 bits: the loss after each pass, and how many digits are right with four seeds."""
    return plots.halves()


def wrong() -> Iterator[Figure]:
    """A sum in the place of the mean, on 1, 4 and 8 devices, and a run that went on without Adam's state."""
    yield plots.summed()
    yield plots.forgotten()
