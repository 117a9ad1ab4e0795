"""The figures of the deck of lesson 6: optimizers, first weights, normalisation, and what stops overfitting."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from nnjax import optimizers
from nnjax.slides.figures import fitted
from nnjax.slides.lesson_06_tuning import many as tuning_64
from nnjax.slides.lesson_06_tuning import parts
from nnjax.slides.lesson_06_tuning import runs as tuning
from nnjax.viz import canvas, compare_curves, optimizer_race, palette, style

NEURONS, SAMPLES = [1, 2, 3, 4, 6, 8, 16, 32], [16, 32, 64, 128, 256, 512, 768, 1152]
PRICES = [0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1]
DROPS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9]
RACERS = {
    "descent": optimizers.sgd(0.09),
    "momentum": optimizers.sgd(0.03, momentum=0.8),
    "RMSProp": optimizers.rmsprop(0.15),
    "Adam": optimizers.adam(0.5),
}


def riddle() -> Iterator[Figure]:
    """The losses of two networks of five layers, first without and then with what they differ in."""
    told = {"left alone": "first weights 0.01,\nplain steps", "tuned": "He's first weights,\nmomentum"}
    for names in ({"left alone": "network A", "tuned": "network B"}, told):
        with style.context():
            figure, (axes,) = canvas.blank()
            for name, color, line in (("left alone", "vermilion", "--"), ("tuned", "blue", "-")):
                seen, right = tuning.riddle()[name]
                smooth = seen.reshape(-1, 12).mean(1)
                axes.plot(12 * np.arange(len(smooth)) + 6, smooth, color=palette[color], linestyle=line, linewidth=2.6)
                label = f"{names[name]}\nreads {right:.0f} %"
                axes.text(294, smooth[-1], label, va="center", fontsize=13, color=palette[color], linespacing=1.15)
            axes.set(xlabel="step", ylabel="training loss", xlim=(0, 410), ylim=(-0.25, 2.7))
            axes.set_xticks([0, 100, 200])
            parts.larger(axes)
            yield fitted(figure, 7.6, 3.3 if names is not told else 3.7)


@style.context()
def bouncing() -> Figure:
    """The path of plain descent in a ravine."""
    figure, (axes,) = canvas.blank()
    parts.ravine(axes, 0.09, 0.0)
    return fitted(figure, 5.0, 3.6)


@style.context()
def rolling() -> Figure:
    """The path of a ball in the same ravine."""
    figure, (axes,) = canvas.blank()
    parts.ravine(axes, 0.03, 0.8)
    return fitted(figure, 5.0, 3.6)


@style.context()
def gradient_sizes() -> Figure:
    """How many weights of a network have small and large gradients."""
    figure, (axes,) = canvas.blank()
    sizes = tuning.gradient_sizes()
    axes.hist(sizes[sizes > 0], bins=np.geomspace(1e-5, 0.2, 30).tolist(), color=palette["blue"])
    axes.set_xscale("log")
    axes.set(xlabel="usual size of a weight's gradient", ylabel="weights")
    axes.set_title(f"({np.sum(sizes == 0)} more, of pixels always white: 0)", loc="center", fontsize=12)
    parts.larger(axes, 12)
    return fitted(figure, 4.8, 3.3)


def race() -> Figure:
    """The paths of four optimizers in the ravine."""
    figure = optimizer_race(RACERS, steps=40)
    parts.larger(figure.axes[0], 12)
    return fitted(figure, 8.4, 3.85)


def digits_race() -> Figure:
    """The training loss of four optimizers on digits."""
    figure = compare_curves(tuning.race(), quantity="training loss", log=True)
    parts.larger(figure.axes[0], 12)
    return fitted(figure, 8.2, 3.6)


@style.context()
def signal() -> Figure:
    """The size of the numbers in each of ten layers, for four sizes of the first weights."""
    figure, (axes,) = canvas.blank()
    for name, deviation, color, marker in (
        ("0.5", 0.5, "purple", "D"),
        ("He", tuning.he(64), "blue", "o"),
        ("Glorot", np.sqrt(1 / 64), "orange", "^"),
        ("0.01", 0.01, "vermilion", "s"),
    ):
        rng, h, found = np.random.default_rng(4), tuning.digits().x[:200], []
        h = (h - h.mean()) / h.std()
        for _ in range(10):
            h = np.maximum(0, h @ rng.normal(0, deviation, (64, 64)))
            found.append(np.sqrt(np.mean(h**2)))
        axes.semilogy(range(1, 11), found, marker + "-", color=palette[color])
        axes.text(10.3, found[-1], name, va="center", fontsize=14, color=palette[color])
    axes.set(xlabel="layer", ylabel="root mean square of h", xlim=(0.7, 11.6))
    axes.set_xticks(range(1, 11))
    axes.minorticks_off()
    parts.larger(axes)
    return fitted(figure, 8.2, 3.75)


@style.context()
def batch() -> Figure:
    """A batch as a table: layer normalisation goes along a row, batch normalisation down a column."""
    figure, (axes,) = canvas.blank()
    parts.batch(axes)
    return fitted(figure, 5.0, 3.8)


@style.context()
def forgiving() -> Figure:
    """The loss that eight hidden layers reach, by the size of the first weights, without and with normalisation."""
    figure, (axes,) = canvas.blank()
    factors, without, normal = tuning.normalised()
    axes.plot(factors, without, "s--", color=palette["vermilion"], label="without")
    axes.plot(factors, normal, "o-", color=palette["blue"], label="with layer normalisation")
    axes.set(xlabel="first weights, as a multiple of He's", ylabel="loss after 150 steps", ylim=(0, 3.15))
    axes.set_xticks(factors, [f"{factor:g}" for factor in factors])
    axes.legend(fontsize=13, loc="upper center")
    parts.larger(axes)
    return fitted(figure, 8.2, 3.75)


@style.context()
def capacity() -> Figure:
    """Training and validation accuracy by the number of hidden neurons."""
    figure, (axes,) = canvas.blank()
    history = tuning_64.experiment("neurons", NEURONS, "samples", SAMPLES)[1]
    for key, color, label, marker in (
        ("accuracy", "orange", "training", "s"),
        ("val_accuracy", "blue", "validation", "o"),
    ):
        parts.course(axes, history[key][:8, :, -1], NEURONS, color, label, marker)
    axes.set(xlabel="hidden neurons", ylabel="right (%)", ylim=(10, 97))
    axes.text(0.9, 88, "underfits", fontsize=15, ha="center", color=palette["grey"])
    axes.text(6.5, 40, "overfits", fontsize=15, ha="center", color=palette["grey"])
    axes.legend(fontsize=13, loc="lower right")
    parts.larger(axes)
    return fitted(figure, 8.2, 3.75)


@style.context()
def more_data() -> Figure:
    """Training and validation accuracy of the largest network by the number of training digits."""
    figure, (axes,) = canvas.blank()
    history = tuning_64.experiment("neurons", NEURONS, "samples", SAMPLES)[1]
    for key, color, label, marker in (
        ("accuracy", "orange", "training", "s"),
        ("val_accuracy", "blue", "validation", "o"),
    ):
        parts.course(axes, history[key][8:, :, -1], SAMPLES, color, label, marker)
    axes.set(xlabel="training digits", ylabel="right (%)", ylim=(10, 105))
    axes.legend(fontsize=12, loc="lower right")
    parts.larger(axes, 12)
    return fitted(figure, 4.7, 3.4)


@style.context()
def shrinking() -> Figure:
    """One weight under an L1 price and under an L2 price alone, step by step."""
    figure, (axes,) = canvas.blank()
    steps = np.arange(41)
    axes.plot(steps, np.maximum(0, 1 - 0.04 * steps), color=palette["vermilion"])
    axes.plot(steps, 0.93**steps, "--", color=palette["blue"])
    axes.text(13, 0.56, "L1", fontsize=15, color=palette["vermilion"], va="bottom")
    axes.text(31, 0.14, "L2", fontsize=15, color=palette["blue"], va="bottom")
    axes.set(xlabel="step", ylabel="a weight", ylim=(-0.03, 1.03), xlim=(0, 40))
    parts.larger(axes)
    return fitted(figure, 4.6, 3.6)


@style.context()
def prices() -> Figure:
    """Training and validation accuracy by the rate of an L1 and of an L2 penalty."""
    figure, panels = canvas.blank(3.6, 1, 2, sharey=True)
    params, history = tuning_64.experiment("l1", PRICES, "l2", PRICES)
    W = np.abs(np.asarray(params[0]["W"])).reshape(16, -1)
    for axes, first, name in zip(panels, (0, 8), ("L1", "L2"), strict=True):
        for key, color, label, marker in (
            ("accuracy", "orange", "training", "s"),
            ("val_accuracy", "blue", "validation", "o"),
        ):
            parts.course(axes, history[key][first : first + 8, :, -1], PRICES, color, label, marker)
        axes.set_xticks(range(8), ["0", "10⁻⁴", "", "10⁻³", "", "10⁻²", "", "10⁻¹"])
        best = first + history["val_accuracy"][first : first + 8, :, -1].mean(1).argmax()
        none = 100 * np.mean(W[best] < 0.005)
        axes.set_title(f"{name}: at the best rate {none:.0f} % of the\nfirst layer's weights are below 0.005",
                       loc="center", fontsize=13)  # fmt: skip
        axes.set_xlabel("rate λ/m")
        parts.larger(axes)
    panels[0].set_ylabel("right (%)", fontsize=13)
    panels[0].legend(fontsize=12, loc="lower left")
    return fitted(figure, 8.4, 3.75)


@style.context()
def dropped() -> Figure:
    """A network in three training steps, each time without other neurons, and in evaluation."""
    figure, panels = canvas.blank(3.0, 1, 4)
    rng = np.random.default_rng(3)
    for axes, title in zip(panels, ("step 1", "step 2", "step 3", "evaluation"), strict=True):
        whole = title == "evaluation"
        there = [[True] * 4, *[[whole or bool(rng.random() > 0.4) for _ in range(5)] for _ in range(1)], [True] * 3]
        parts.dropped(axes, there, title)
    return fitted(figure, 8.4, 2.4)


@style.context()
def dropout() -> Figure:
    """Training and validation accuracy by the share of neurons that are dropped."""
    figure, (axes,) = canvas.blank()
    history = tuning_64.experiment("dropout", DROPS)[1]
    for key, color, label, marker in (
        ("accuracy", "orange", "training", "s"),
        ("val_accuracy", "blue", "validation", "o"),
    ):
        parts.course(axes, history[key][:8, :, -1], DROPS, color, label, marker)
    axes.set(xlabel="probability to drop a hidden neuron", ylabel="right (%)")
    axes.legend(fontsize=13)
    parts.larger(axes)
    return fitted(figure, 8.2, 3.75)


def stopping() -> Iterator[Figure]:
    """The validation loss round by round, first as it is seen, then with its lowest place."""
    history = tuning_64.experiment("dropout", DROPS)[1]
    loss = history["val_loss"][8:].reshape(32, -1)
    right = history["val_accuracy"][8:].reshape(32, -1).mean(0)
    best = int(loss.mean(0).argmin())
    for told in (False, True):
        with style.context():
            figure, (axes,) = canvas.blank()
            rounds = np.arange(1, loss.shape[1] + 1)
            axes.plot(rounds, loss[:4].T, color=palette["sky"], linewidth=1.0)
            axes.plot(rounds, loss.mean(0), color=palette["blue"], linewidth=3.2)
            axes.set(xlabel="round of 12 steps", ylabel="validation loss", xlim=(1, loss.shape[1]))
            if told:
                axes.axvline(best + 1, color=palette["vermilion"], linestyle="--")
                said = f"lowest after round {best + 1}: {right[best]:.0f} % right,\nat the end: {right[-1]:.0f} %"
                axes.text(best + 2.2, axes.get_ylim()[1], said, va="top", fontsize=14)
            parts.larger(axes)
            yield fitted(figure, 7.4 if not told else 8.2, 3.2)


@style.context()
def trials() -> Figure:
    """Nine trials on a grid test three values of the setting that matters, nine random ones test nine."""
    figure, panels = canvas.blank(3.6, 1, 2)
    grid = np.stack(np.meshgrid([0.17, 0.5, 0.83], [0.17, 0.5, 0.83]), -1).reshape(-1, 2)
    parts.trials(panels[0], grid, "a grid: 3 values tested")
    rng = np.random.default_rng(2)
    drawn = np.stack([(rng.permutation(9) + rng.random(9)) / 9, rng.random(9)], axis=1)
    parts.trials(panels[1], drawn, "at random: 9 values tested")
    return fitted(figure, 8.0, 3.7)


@style.context()
def search() -> Figure:
    """The validation accuracy of 64 networks against each of the five settings that were drawn at random."""
    figure, panels = canvas.blank(3.4, 1, 5, sharey=True)
    trial, score = tuning_64.search()
    names = {
        "rate": "learning rate",
        "neurons": "neurons",
        "layers": "layers",
        "tanh": "ReLU, tanh",
        "batch": "batch size",
    }
    for axes, (name, label) in zip(panels, names.items(), strict=True):
        values = trial[name]
        axes.plot(values, score, "o", color=palette["blue"], markersize=4.5)
        if name in ("neurons", "rate", "batch"):
            axes.set_xscale("log")
        axes.set_xlabel(label)
        axes.minorticks_off()
        parts.larger(axes, 12)
    panels[1].set_xticks([4, 8, 16, 32], ["4", "8", "16", "32"])
    panels[2].set(xticks=[1, 2], xlim=(0.5, 2.5))
    panels[3].set(xlim=(-0.5, 1.5))
    panels[3].set_xticks([0, 1], ["ReLU", "tanh"])
    panels[3].set_xlabel("activation")
    panels[4].set_xticks([2, 8, 32], ["2", "8", "32"])
    panels[0].set_xticks([1e-4, 1e-2], ["10⁻⁴", "10⁻²"])
    panels[0].set_ylabel("validation, right (%)", fontsize=12)
    return fitted(figure, 8.5, 3.75)


@style.context()
def together() -> Figure:
    """The test accuracy of 32 plain networks and of 32 with dropout and an L2 penalty."""
    figure, (axes,) = canvas.blank()
    for place, (name, right) in enumerate(tuning_64.together().items()):
        spread = np.random.default_rng(place).uniform(-0.12, 0.12, len(right))
        axes.plot(right, place + spread, "o", color=palette["blue" if place else "vermilion"], markersize=6, alpha=0.8)
        axes.text(
            right.mean(), place + 0.22, f"{name}: {right.mean():.1f} ± {right.std():.1f} %", ha="center", fontsize=15
        )
    low, high = axes.get_xlim()
    axes.set(xlim=(low - 2, high + 2), ylim=(-0.4, 1.6), yticks=[], xlabel="test digits read rightly (%)")
    axes.spines["left"].set_visible(False)
    parts.larger(axes)
    return fitted(figure, 8.2, 3.5)


@style.context()
def forgetting() -> Figure:
    """The path of Adam in the ravine, and of an Adam that starts anew in every step."""
    figure, (axes,) = canvas.blank()
    parts.forgetting(axes)
    return fitted(figure, 4.5, 3.7)
