"""The figures of the deck of lesson 5: digits, surprise, batches, curves, and the mistakes of a classifier."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from nnjax import data, models
from nnjax.slides.figures import fitted
from nnjax.slides.lesson_05_training import parts, runs
from nnjax.viz import canvas, compare_curves, confusion_matrix, network_diagram, palette, style, worst_mistakes


@style.context()
def twenty() -> Figure:
    """Twenty handwritten digits of 8 by 8 pixels."""
    figure, panels = canvas.blank(3.0, 2, 10)
    for axes, pixels in zip(panels, data.load("digits").x[:20, ..., 0], strict=True):
        parts.image(axes, pixels)
    return fitted(figure, 7.4, 1.75)


@style.context()
def as_numbers() -> Figure:
    """A digit as an image, and as the network gets it."""
    figure, panels = canvas.blank(3.6, 1, 2)
    pixels = data.load("digits").x[0, ..., 0]
    parts.image(panels[0], pixels)
    parts.numbers(panels[1], pixels)
    return fitted(figure, 7.4, 3.5)


@style.context()
def three_parts() -> Figure:
    """The digits, cut into training, validation and test."""
    figure, (axes,) = canvas.blank()
    held = runs.digits()
    parts.three(axes, (len(held.x), len(held.x_valid), len(held.x_test)))
    return fitted(figure, 8.4, 3.4)


@style.context()
def luck() -> Figure:
    """The validation accuracy of 200 equally good classifiers, and what the best of them reaches on the test."""
    figure, (axes,) = canvas.blank()
    rng = np.random.default_rng(0)
    chosen, after = rng.binomial(285, 0.9, 200) / 2.85, rng.binomial(360, 0.9, 200) / 3.6
    best = int(chosen.argmax())
    axes.hist(chosen, bins=24, color=style.tint("blue", 0.6))
    top = axes.get_ylim()[1]
    axes.axvline(90, color="black", linewidth=1.6)
    axes.text(89.9, 1.02 * top, "truth: 90 %", ha="right", fontsize=14)
    axes.plot([chosen[best]] * 2, [0, 0.72 * top], color=palette["vermilion"], linewidth=3)
    axes.plot([after[best]] * 2, [0, 0.6 * top], color=palette["green"], linewidth=3)
    said = f"the best of 200 on\nvalidation: {chosen[best]:.1f} %"
    axes.text(chosen[best], 0.76 * top, said, ha="center", va="bottom", fontsize=14, color=palette["vermilion"])
    said = f"the same one on\nthe test: {after[best]:.1f} %"
    axes.text(after[best] + 0.15, 0.46 * top, said, va="bottom", fontsize=14, color=palette["green"])
    axes.set(xlabel="right (%)", ylabel="classifiers", xlim=(84, 97), ylim=(0, 1.15 * top))
    parts.larger(axes)
    return fitted(figure, 8.2, 3.75)


@style.context()
def one_hot() -> Figure:
    """Three labels as rows of ten places."""
    figure, (axes,) = canvas.blank()
    parts.one_hot(axes, (3, 9, 1))
    return fitted(figure, 8.2, 2.6)


@style.context()
def softmax() -> Figure:
    """The logits of an untrained network for one digit, and the probabilities that softmax makes of them."""
    figure, panels = canvas.blank(3.0, 1, 2)
    z = np.asarray(models.mlp.apply(runs.start(), jnp.asarray(runs.digits().x[:1])))[0]
    y = np.asarray(jax.nn.softmax(z))
    for axes, values, title in ((panels[0], z, "logits $z_k$"), (panels[1], y, "probabilities $y_k$")):
        colors = [palette["vermilion"] if k == values.argmax() else palette["blue"] for k in range(10)]
        axes.bar(range(10), values, color=colors)
        axes.set_title(title, loc="center", fontsize=14)
        axes.set_xticks(range(10))
        axes.set_xlabel("class")
        axes.grid(visible=False, axis="x")
        parts.larger(axes, 12)
    return fitted(figure, 8.2, 2.5)


@style.context()
def network() -> Figure:
    """The network 64-128-10."""
    picture = network_diagram((64, 128, 10), captions=("64 pixels", "128 ReLU", "10 logits"), wide=2.1)
    return fitted(picture, 4.6, 3.7)


@style.context()
def picked() -> Figure:
    """The probabilities that an untrained network gives the classes of one digit, and the surprise at the true one."""
    figure, (axes,) = canvas.blank()
    label = int(runs.digits().y[0])
    y = np.asarray(jax.nn.softmax(models.mlp.apply(runs.start(), jnp.asarray(runs.digits().x[:1]))))[0]
    axes.bar(range(10), y, color=[palette["vermilion"] if k == label else style.tint("blue", 0.5) for k in range(10)])
    said = f"true class {label}: y = {y[label]:.2f}\nsurprise: {-np.log(y[label]):.2f}"
    axes.set_title(said, loc="center", fontsize=14)
    axes.set_xticks(range(10))
    axes.set(xlabel="class", ylabel="probability $y_k$")
    axes.grid(visible=False, axis="x")
    parts.larger(axes, 12)
    return fitted(figure, 4.4, 3.6)


@style.context()
def surprise() -> Figure:
    """The surprise by the probability that was given to the true class."""
    figure, (axes,) = canvas.blank()
    p = np.linspace(0.004, 1, 300)
    axes.plot(p, -np.log(p), color=palette["blue"], linewidth=2.6)
    for text, q in (("sure and wrong", 0.01), ("a guess among ten", 0.1), ("undecided", 0.5), ("sure and right", 0.95)):
        axes.plot(q, -np.log(q), "o", color=palette["vermilion"], markersize=9)
        axes.text(q + 0.03, -np.log(q) + 0.2, f"{text}: {-np.log(q):.2f}", fontsize=14)
    axes.set(xlabel="probability given to the true class", ylabel="surprise", ylim=(-0.1, 5.5), xlim=(0, 1.3))
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    parts.larger(axes)
    return fitted(figure, 8.2, 3.75)


@style.context()
def slopes() -> Figure:
    """Loss and accuracy on thirty digits along a line through weight space: one slopes, the other jumps."""
    figure, panels = canvas.blank(3.4, 1, 2)
    places, loss, right = runs.along_a_line()
    for axes, values, label, color in (
        (panels[0], loss, "loss", "blue"),
        (panels[1], 100 * right, "accuracy (%)", "vermilion"),
    ):
        axes.plot(places, values, color=palette[color], linewidth=2.4)
        axes.set(xlabel="way through weight space", ylabel=label)
        axes.set_xticks([])
        parts.larger(axes)
    return fitted(figure, 8.4, 3.2)


@style.context()
def noise() -> Figure:
    """How far the gradient of a mini-batch is from the whole one, by its size."""
    figure, (axes,) = canvas.blank()
    sizes, off = runs.noise()
    axes.loglog(sizes, off, "o-", color=palette["blue"], label="measured, mean of 40 mini-batches")
    axes.loglog(sizes, off[0] / np.sqrt(sizes), "--", color=palette["grey"], label="proportional to $1/\\sqrt{m}$")
    axes.set(xlabel="samples in the mini-batch, $m$", ylabel="error / size of the gradient")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_yticks([0.25, 0.5, 1, 2, 4], ["1/4", "1/2", "1", "2", "4"])
    axes.minorticks_off()
    axes.legend(fontsize=13)
    parts.larger(axes)
    return fitted(figure, 8.2, 3.7)


@style.context()
def epoch() -> Figure:
    """Twelve samples, shuffled anew in each epoch and cut into batches."""
    figure, (axes,) = canvas.blank()
    parts.epoch(axes)
    return fitted(figure, 8.2, 3.3)


@style.context()
def compiled() -> Figure:
    """How long an epoch takes as a loop and as one compiled scan."""
    figure, (axes,) = canvas.blank()
    names = list(runs.seconds())
    for place, seconds in enumerate(runs.seconds().values()):
        axes.barh(-place, 1000 * seconds, color=palette["blue" if place else "vermilion"], height=0.6)
        axes.text(1000 * seconds, -place, f" {1000 * seconds:.2f} ms", va="center", fontsize=14)
    axes.set_yticks([0, -1], names)
    axes.set(xlabel="an epoch of 36 batches (ms)", ylim=(-1.5, 0.5))
    axes.set_xlim(right=1.25 * axes.get_xlim()[1])
    axes.grid(visible=False, axis="y")
    parts.larger(axes)
    return fitted(figure, 8.0, 1.5)


def courses() -> Iterator[Figure]:
    """Three trainings, first as they are seen, then with what they say."""
    for told in (False, True):
        with style.context():
            figure, panels = canvas.blank(3.0, 1, 3)
            for axes, (name, loss, unseen), letter in zip(panels, runs.three_courses(), "ABC", strict=True):
                epochs = np.arange(1, len(loss) + 1)
                axes.plot(epochs, loss, color=palette["orange"], linestyle="--", label="training")
                axes.plot(epochs, unseen, color=palette["blue"], label="validation")
                axes.set(ylim=(0, 2.8), xlabel="epoch")
                axes.set_title(f"{letter}: {name}" if told else letter, loc="center", fontsize=14)
                parts.larger(axes, 12)
            panels[0].set_ylabel("loss", fontsize=13)
            panels[0].legend(fontsize=12, loc="lower left")
            yield fitted(figure, 7.8 if not told else 8.4, 2.9 if not told else 2.5)


@style.context()
def many() -> Figure:
    """The validation accuracy of eight seeds by the epoch, and where each ends."""
    figure, panels = canvas.blank(3.4, 1, 2, gridspec_kw={"width_ratios": [1.5, 1]})
    right = 100 * runs.seeds()["val_accuracy"]
    panels[0].plot(np.arange(1, right.shape[1] + 1), right.T, color=palette["sky"], linewidth=1.2)
    panels[0].plot(np.arange(1, right.shape[1] + 1), right.mean(0), color=palette["blue"], linewidth=3)
    panels[0].set(xlabel="epoch", ylabel="validation, right (%)", ylim=(80, 98))
    for i, end in enumerate(np.sort(right[:, -1])):
        panels[1].plot(end, i, "o", color=palette["blue"], markersize=9)
    mean, spread = right[:, -1].mean(), right[:, -1].std()
    panels[1].axvspan(mean - spread, mean + spread, color=style.tint("orange", 0.35), zorder=0)
    panels[1].set_title(f"{mean:.1f} ± {spread:.1f} %", loc="center", fontsize=15)
    panels[1].set(xlabel="at the end (%)", yticks=[], ylabel="eight seeds")
    panels[1].set_xlim(mean - 1.5, mean + 1.5)
    for axes in panels:
        parts.larger(axes)
    return fitted(figure, 8.4, 3.6)


def batch_sizes() -> Figure:
    """The validation accuracy of three batch sizes by the epoch."""
    figure = compare_curves(runs.by_batch_size(), quantity="validation accuracy")
    parts.larger(figure.axes[0])
    return fitted(figure, 8.2, 3.75)


def confusion() -> Figure:
    """The confusion matrix of the test digits."""
    z = runs.examined()
    figure = confusion_matrix(runs.digits().y_test, z.argmax(axis=1), data.load("digits").classes)
    q = float(np.mean(z.argmax(axis=1) == runs.digits().y_test))
    with style.context():
        deviation = 100 * np.sqrt(q * (1 - q) / len(z))
        figure.axes[0].set_title(f"{100 * q:.1f} ± {deviation:.1f} % of {len(z)} right", loc="center", fontsize=13)
    return fitted(figure, 5.0, 3.9)


def worst() -> Figure:
    """The test digits of whose wrong class the network was surest."""
    y = np.asarray(jax.nn.softmax(runs.examined()))
    pictures = runs.digits().x_test.reshape(-1, 8, 8)
    figure = worst_mistakes(pictures, runs.digits().y_test, y, data.load("digits").classes, count=6)
    for axes in figure.axes:
        axes.title.set_fontsize(13)
    return fitted(figure, 8.4, 2.8)


@style.context()
def practice() -> Figure:
    """Twenty digits of the project: blurred, shifted, noisy."""
    figure, panels = canvas.blank(3.0, 2, 10)
    held = runs.practice()
    for axes, pixels, label in zip(panels, held.x[:20, ..., 0], held.y[:20], strict=True):
        parts.image(axes, pixels, str(label), 13)
    return fitted(figure, 8.4, 2.3)


@style.context()
def baselines() -> Figure:
    """What two simple networks reach on the project's digits."""
    figure, (axes,) = canvas.blank()
    for place, (train, valid) in enumerate(runs.baselines().values()):
        for shift, value, color in ((-0.19, train, "orange"), (0.19, valid, "blue")):
            axes.bar(place + shift, value, width=0.36, color=palette[color])
            axes.text(place + shift, value + 1, f"{value:.0f}", ha="center", fontsize=14)
    axes.set_xticks([0, 1], list(runs.baselines()), fontsize=14)
    axes.set(ylabel="right (%)", ylim=(0, 100))
    axes.text(-0.37, 103, "training", fontsize=13, color=palette["orange"], fontweight="bold")
    axes.text(0.25, 103, "validation", fontsize=13, color=palette["blue"], fontweight="bold")
    axes.grid(visible=False, axis="x")
    parts.larger(axes)
    return fitted(figure, 4.3, 3.6)


@style.context()
def twice() -> Figure:
    """The training loss with one softmax and with two, and the lowest that two can reach."""
    figure, (axes,) = canvas.blank()
    once, two = runs.softmax_twice()
    epochs = np.arange(1, len(once) + 1)
    axes.plot(epochs, two, color=palette["vermilion"], linestyle="--")
    axes.plot(epochs, once, color=palette["blue"])
    lowest = -np.log(np.e / (np.e + 9))
    axes.axhline(lowest, color=palette["grey"], linestyle=":")
    axes.text(30.5, two[-1] + 0.05, "softmax twice", fontsize=14, va="bottom", color=palette["vermilion"])
    axes.text(30.5, lowest - 0.05, f"lowest possible: {lowest:.2f}", fontsize=14, va="top", color=palette["grey"])
    axes.text(30.5, once[-1], "once", fontsize=14, va="bottom", color=palette["blue"])
    axes.set(xlabel="epoch", ylabel="training loss", xlim=(0, 45), ylim=(0, 2.5))
    axes.set_xticks([0, 10, 20, 30])
    parts.larger(axes)
    return fitted(figure, 8.2, 3.2)


@style.context()
def orders() -> Figure:
    """The validation accuracy batch by batch, for shuffled data and for data sorted by class."""
    figure, (axes,) = canvas.blank()
    for (name, right), color, line in zip(runs.orders().items(), ("blue", "vermilion"), ("-", "--"), strict=True):
        axes.plot(np.arange(1, len(right) + 1), right, color=palette[color], linestyle=line)
        axes.text(len(right) + 2, right[-1], name, va="center", fontsize=14, color=palette[color])
    axes.set(xlabel="batch", ylabel="validation, right (%)", ylim=(0, 100), xlim=(0, 142))
    axes.set_xticks([0, 36, 72, 108])
    parts.larger(axes)
    return fitted(figure, 8.2, 3.75)
