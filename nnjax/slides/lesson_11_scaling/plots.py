"""Some plots of lesson 11's deck: the measured roofline, trainings in sixteen bits, and two mistakes."""

import numpy as np
from matplotlib.figure import Figure

from nnjax.slides.figures import fitted
from nnjax.slides.lesson_11_scaling import runs
from nnjax.viz import canvas, style
from nnjax.viz.style import palette


@style.context()
def roofline() -> Figure:
    """Return a layer and a sum under the measured roof, and what one sample costs in a batch."""
    figure, (left, right) = canvas.blank(3.7, 1, 2, gridspec_kw={"width_ratios": [1.55, 1]})
    found = runs.speeds()
    best, moved = max(one.rate for one in found.values()), max(one.moved for one in found.values())
    grid = np.geomspace(0.13, 300, 200)
    left.plot(grid, np.minimum(1, grid * moved / best), color=palette["grey"], label="the best that was measured")
    for name, one in found.items():
        summing = name == "sum"
        left.plot(one.intensity, one.rate / best, "s" if summing else "o", markersize=8,
                  color=palette["vermilion" if summing else "blue"])  # fmt: skip
        left.annotate(str(name), (one.intensity, one.rate / best), (7, -13), textcoords="offset points", fontsize=12)
    low = min(one.rate for one in found.values()) / best
    left.set(xscale="log", yscale="log", xlim=(0.13, 300), ylim=(0.4 * low, 2.2))
    left.set(xlabel="FLOPs for each byte moved", ylabel="speed (best = 1)")
    left.set_xticks([1, 10, 100], ["1", "10", "100"])
    left.set_yticks([0.1, 1], ["0.1", "1"])
    left.minorticks_off()
    left.legend(loc="lower right", fontsize=11)
    share = np.array([found[m].each / found[1].each for m in runs.SAMPLES])
    right.bar(range(len(share)), share, color=palette["blue"], width=0.65)
    for place, value in enumerate(share):
        right.text(place, value + 0.02, f"{value:.2f}", ha="center", fontsize=12)
    right.set(xlabel="samples in the batch", ylabel="time a sample (alone = 1)", ylim=(0, 1.12))
    right.set_xticks(range(len(share)), [str(m) for m in runs.SAMPLES])
    right.grid(visible=False, axis="x")
    return fitted(figure, 8.4, 3.02)


@style.context()
def halves() -> Figure:
    """Return trainings in 32 and 16 bits: the loss after each pass, and how many digits are right with four seeds."""
    figure, (left, right) = canvas.blank(3.6, 1, 2)
    # Three curves lie on top of each other: the widest is drawn first.
    looks = (("pale", "solid", 9), ("blue", "solid", 4), ("vermilion", "solid", 3), ("black", "dotted", 2))
    for (name, (curve, _, _)), (color, line, width) in zip(runs.sixteen_bits().items(), looks, strict=False):
        left.plot(range(1, 21), curve, color=palette[color], linestyle=line, linewidth=width, label=name)
    left.set(xlabel="pass", ylabel="loss", yscale="log", ylim=(0.015, 30), xlim=(0, 20.5), xticks=[0, 5, 10, 15, 20])
    left.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
    left.minorticks_off()
    left.legend(fontsize=11, loc="lower left")
    names = list(runs.sixteen_bits())
    for row, name in enumerate(names):
        rights = runs.sixteen_bits()[name][1]
        right.plot(rights, [-row] * len(rights), "o", color=palette["blue"], alpha=0.55, markersize=9)
        lost = max(rights) < 20
        right.text(max(rights) + 6 if lost else min(rights) - 6, -row, f"{np.mean(rights):.1f} %", va="center",
                   ha="left" if lost else "right", fontsize=12)  # fmt: skip
    right.set_yticks([-row for row in range(len(names))], names, fontsize=11)
    right.set(xlabel="unseen digits right (%)", xlim=(0, 104), ylim=(-len(names) + 0.5, 0.5))
    return fitted(figure, 8.4, 3.8)


@style.context()
def summed() -> Figure:
    """Return the losses where gradients are added up over devices and nobody divides."""
    figure, (axes,) = canvas.blank(3.4)
    for number, count in enumerate((1, 4, 8)):
        look = style.series((0, 2, 3)[number]) | {"marker": ""}
        axes.plot(range(60), np.minimum(runs.summed(count), 6), label=f"{count} device{'s' * (count > 1)}", **look)
    axes.set(xlabel="step", ylabel="loss", ylim=(0, 6))
    axes.legend(fontsize=12, loc="upper right")
    return fitted(figure, 4.2, 2.8)


@style.context()
def forgotten() -> Figure:
    """Return how far a resumed run is from the unbroken one, with and without Adam's state."""
    figure, (axes,) = canvas.blank(3.4)
    kept, lost = runs.forgotten()
    for curve, label, number in ((lost, "without Adam's state", 3), (kept, "with it: the same bits", 0)):
        look = style.series(number) | {"marker": ""}
        axes.plot(range(61, 111), curve, label=label, **look)
    axes.set(xlabel="step", ylabel="relative difference", ylim=(-0.03, 0.85))
    axes.legend(fontsize=12, loc="upper left")
    return fitted(figure, 4.2, 2.8)
