"""The figures of the deck of lesson 7: filters, where they stop, and networks that see."""

import numpy as np
from matplotlib.figure import Figure

from nnjax import data
from nnjax.slides.figures import fitted
from nnjax.slides.lesson_07_cnn import parts
from nnjax.slides.lesson_07_cnn import runs as seeing
from nnjax.viz import canvas, cells, convolution_animation, kernel_stops, maps_diagram, palette, style
from nnjax.viz.tiles import POSITIVE, SIGNED


@style.context()
def moved() -> Figure:
    """One digit on its sheet, and moved to the right by one pixel and by two."""
    figure, panels = canvas.blank(2.7, 1, 3)
    digit = seeing.digits().x_valid[seeing.digits().y_valid == 4][:1]
    for across, (axes, title) in enumerate(
        zip(panels, ("as in training", "1 pixel to the right", "2 pixels to the right"), strict=True)
    ):
        parts.image(axes, seeing.on_a_sheet(digit, across)[0, ..., 0], title, 13)
    return fitted(figure, 7.0, 2.75)


@style.context()
def perceptron_moved() -> Figure:
    """The share of digits that a perceptron reads, by how far they have moved."""
    figure, (axes,) = canvas.blank()
    held = seeing.digits()
    for across in range(3):
        sheets = seeing.on_a_sheet(held.x_valid, across)
        right = seeing.right(seeing.mlp_apply, seeing.perceptron(), sheets, held.y_valid)
        axes.bar(across, right.mean(), yerr=right.std(), capsize=5, width=0.55, color=palette["blue"])
        axes.text(across, right.mean() + 4, f"{right.mean():.0f} %", ha="center", fontsize=16, fontweight="bold")
    axes.axhline(10, color=palette["vermilion"], linestyle="--", linewidth=1.6)
    axes.text(2.42, 13, "guessing", color=palette["vermilion"], ha="left", fontsize=13)
    axes.set(ylim=(0, 108), xlim=(-0.5, 3.0), ylabel="digits read rightly (%)", xlabel="moved to the right by (pixels)")
    axes.set_xticks(range(3))
    axes.grid(visible=False, axis="x")
    parts.larger(axes, 13)
    return fitted(figure, 8.0, 3.8)


@style.context()
def shuffled() -> Figure:
    """Digits as they are and with all pixels shuffled alike, and how well a perceptron reads either."""
    figure, panels = canvas.blank(3.0, 1, 7, gridspec_kw={"width_ratios": [1, 1, 1, 0.35, 1, 1, 1]})
    held = seeing.digits()
    sheets, tests = seeing.on_a_sheet(held.x[[0, 6, 2]]), seeing.on_a_sheet(held.x_valid)
    panels[3].axis("off")
    for axes, image in zip(panels[:3] + panels[4:], (*sheets, *seeing.shuffled(sheets)), strict=True):
        parts.image(axes, image[..., 0])
    for axes, name, mixed, x in (
        (panels[1], "as they are", False, tests),
        (panels[5], "shuffled", True, seeing.shuffled(tests)),
    ):
        right = seeing.right(seeing.mlp_apply, seeing.perceptron(mixed), x, held.y_valid)
        axes.set_title(f"{name}\n{right.mean():.1f} ± {right.std():.1f} % right", loc="center", fontsize=15, pad=12)
    return fitted(figure, 8.4, 2.3)


def filter_walk() -> Figure:
    """A kernel of three weights at each of its stops over seven inputs."""
    return fitted(kernel_stops(7, 3, weights=parts.WEIGHTS), 5.0, 3.6)


def padding() -> Figure:
    """The stops of the kernel where a zero has been added at either end."""
    return fitted(kernel_stops(7, 3, padding=1, rows=7), 4.9, 3.9)


def stride() -> Figure:
    """The stops of the kernel where each move goes two places, with padding."""
    return fitted(kernel_stops(7, 3, padding=1, stride=2, rows=5), 4.1, 2.35)


def dilation() -> Figure:
    """The stops of a kernel with holes, with padding."""
    return fitted(kernel_stops(7, 3, padding=1, dilation=2), 4.1, 2.35)


@style.context()
def responses() -> Figure:
    """A noisy signal with steps, its running mean, and what an edge detector makes of it."""
    figure, panels = canvas.blank(3.0, 1, 3, sharex=True, sharey=True)
    signal = np.repeat([0.2, 0.9, 0.9, 0.4], 10) + 0.06 * np.random.default_rng(3).normal(size=40)
    for axes, y, title, color in (
        (panels[0], signal, "input", "grey"),
        (panels[1], parts.sweep(signal, np.ones(5) / 5), "five times 1/5", "blue"),
        (panels[2], parts.sweep(signal, np.array([-1, -1, 0, 1, 1]) / 2), "(−1, −1, 0, 1, 1) / 2", "vermilion"),
    ):
        axes.plot(y, "o-", color=palette[color], linewidth=1.4, markersize=4)
        axes.set_title(title, loc="center", fontsize=14)
        axes.set_xlabel("place", fontsize=12)
    panels[0].set_ylabel("value", fontsize=12)
    panels[0].set_ylim(-0.8, 1.25)
    return fitted(figure, 8.4, 3.1)


@style.context()
def window() -> Figure:
    """A kernel of 3 x 3 on a part of a digit, and the sum of products that is one number of the output."""
    part = np.round(4 * data.load("digits").x[8, 1:6, 1:6, 0])
    animation = convolution_animation(part, parts.UPPER, stride=2, padding=1)
    animation.draw(4)
    figure = animation.figure
    (axes,) = figure.axes
    figure.suptitle("")
    axes.set_title("", loc="center")
    axes.set_position((0.0, 0.0, 1.0, 0.95))
    for text in axes.texts:
        text.set_fontsize(11.5)
    return fitted(figure, 8.2, 3.1)


@style.context()
def edges() -> Figure:
    """A digit, three kernels, and the feature maps that they make of it."""
    figure, panels = canvas.blank(3.6, 2, 4, gridspec_kw={"height_ratios": [0.62, 1]})
    image = seeing.on_a_sheet(data.load("digits").x[8:9])[0, ..., 0]
    parts.image(panels[4], image, "input")
    panels[0].axis("off")
    kernels = (("upper edges", parts.UPPER), ("left edges", parts.UPPER.T), ("blur", np.ones((3, 3)) / 3))
    for k, (name, W) in enumerate(kernels, start=1):
        parts.image(panels[k], W, cmap=SIGNED, vmin=-1.4, vmax=1.4)
        for (i, j), value in np.ndenumerate(W):
            text = "1/3" if 0 < value < 1 else f"{value:.0f}".replace("-", "−")
            color = "white" if value < 0 else "black"
            panels[k].text(j, i, text, ha="center", va="center", fontsize=12, color=color)
        parts.image(panels[4 + k], parts.sweep(image, W), name, cmap=SIGNED, vmin=-3, vmax=3)
    return fitted(figure, 8.0, 3.6)


@style.context()
def follows() -> Figure:
    """An image and its feature map, and both again after the image has moved."""
    figure, panels = canvas.blank(2.0, 1, 5, gridspec_kw={"width_ratios": [1, 1, 0.4, 1, 1]})
    panels[2].axis("off")
    for first, across, name in ((0, -2, "image"), (3, 2, "moved")):
        pixels = seeing.on_a_sheet(data.load("digits").x[8:9], across)[0, ..., 0]
        parts.image(panels[first], pixels, name, 13)
        parts.image(panels[first + 1], parts.sweep(pixels, parts.UPPER.T), "its map", 13, cmap=SIGNED, vmin=-3, vmax=3)
    return fitted(figure, 8.4, 1.8)


@style.context()
def channels() -> Figure:
    """A window through all channels of an image, and the one number that it becomes in one of several maps."""
    figure, (axes,) = canvas.blank()
    parts.channels(axes)
    return fitted(figure, 7.0, 3.1)


@style.context()
def windows_as_rows() -> Figure:
    """An image of 3 x 3, its four windows of 2 x 2 as the rows of a matrix, and the product with the kernel."""
    image, W = np.array([[1.0, 3, 0], [2, 9, 1], [0, 4, 5]]), np.array([[1.0, 0], [-1, 2]])
    X = np.lib.stride_tricks.sliding_window_view(image, (2, 2)).reshape(4, 4)
    tables = {"image": image, "X: each window a row": X, "W": W.reshape(4, 1), "Y = X W": (X @ W.reshape(4, 1))}
    figure, axes, (pixels, rows, _, products) = cells.sheet(tables)
    for text in axes.texts:
        text.set_fontsize(15)
    for i in range(4):
        for patch in (*rows.patches[i], *products.patches[i]):
            patch.set_facecolor(parts.TINTS[i])
    for patch in pixels.patches[:2, :2].ravel():
        patch.set_facecolor(parts.TINTS[0])
    return fitted(figure, 8.4, 2.9)


@style.context()
def band() -> Figure:
    """The weight matrix of the dense layer that a convolution is: a band of three numbers, zeros elsewhere."""
    figure, (axes,) = canvas.blank()
    parts.band(axes)
    return fitted(figure, 5.0, 3.9)


@style.context()
def backwards() -> Figure:
    """Inputs and outputs of a convolution: the windows that one input stands in, and what each hands back to it."""
    figure, (axes,) = canvas.blank()
    parts.backwards(axes)
    return fitted(figure, 4.4, 3.9)


@style.context()
def pools() -> Figure:
    """Four windows of 2 x 2, the largest number of each and the mean of each."""
    figure, (axes,) = canvas.blank()
    parts.pools(axes)
    return fitted(figure, 4.9, 3.8)


@style.context()
def global_pooling() -> Figure:
    """Maps of three sizes, each of which becomes one number for each channel."""
    figure, (axes,) = canvas.blank()
    parts.sizes(axes)
    return fitted(figure, 5.0, 3.7)


def network() -> Figure:
    """The convolutional network of the lesson, layer by layer with the shapes of its maps."""
    stages: list[tuple[tuple[int, ...], str]] = [
        ((12, 12, 1), "image"), ((12, 12, 8), "convolution\n3 × 3, ReLU"), ((6, 6, 8), "max pool\n2 × 2"),
        ((6, 6, 32), "convolution\n3 × 3, ReLU"), ((32,), "global\nmax pool"), ((10,), "dense:\nlogits"),
    ]  # fmt: skip
    return fitted(maps_diagram(stages, gap=1.05, size=12, strong={(0, 1), (0, 3)}), 8.4, 2.0)


@style.context()
def wanderers() -> Figure:
    """The share of digits read rightly by three networks, by how far the digits have moved."""
    figure, (axes,) = canvas.blank()
    held, shifts = seeing.digits(), range(-2, 3)
    for name, apply, params, color, marker in (
        ("perceptron", seeing.mlp_apply, seeing.perceptron(), "vermilion", "s"),
        ("CNN, flattened", seeing.flat_apply, seeing.flat(), "orange", "D"),
        ("CNN, global pooling", seeing.global_apply, seeing.pooled(), "blue", "o"),
    ):
        sheets = [seeing.on_a_sheet(held.x_valid, across) for across in shifts]
        runs = np.array([seeing.right(apply, params, sheet, held.y_valid) for sheet in sheets])
        axes.errorbar(shifts, runs.mean(1), runs.std(1), fmt=marker + "-", capsize=4, color=palette[color])
        label = f"{name}\n{seeing.size(params):,} parameters"
        axes.text(2.15, runs.mean(1)[-1], label, va="center", fontsize=13, linespacing=1.1)
    axes.set(xlabel="digits moved to the right by (pixels)", ylabel="read rightly (%)", ylim=(0, 104), xlim=(-2.1, 4.1))
    axes.set_xticks(shifts)
    parts.larger(axes, 13)
    return fitted(figure, 8.4, 3.85)


@style.context()
def learned() -> Figure:
    """The filters of the first layer of a trained network, and the maps that they make of a digit."""
    figure, panels = canvas.blank(3.0, 2, 9, gridspec_kw={"width_ratios": [1.5] + [1] * 8})
    params, image = seeing.first(seeing.pooled()), seeing.on_a_sheet(seeing.digits().x_valid[:1])
    maps = np.asarray(seeing.features(params, image)[0])[0]
    W = np.asarray(params["conv1"]["W"])[:, :, 0]
    most = np.abs(W).max()
    panels[0].axis("off")
    parts.image(panels[9], image[0, ..., 0], "digit", 12)
    for k in range(8):
        parts.image(panels[1 + k], W[..., k], f"filter {k}", 12, cmap=SIGNED, vmin=-most, vmax=most)
        parts.image(panels[10 + k], maps[..., k], cmap=POSITIVE, vmin=0, vmax=maps.max())
    return fitted(figure, 8.5, 2.75)


@style.context()
def favourites() -> Figure:
    """For four filters of the second layer the windows of the digits that they answer to most."""
    figure, panels = canvas.blank(3.6, 4, 7, gridspec_kw={"wspace": 0.04, "hspace": 0.04})
    sheets = seeing.on_a_sheet(seeing.digits().x_valid)
    second = np.asarray(seeing.features(seeing.first(seeing.pooled()), sheets)[1])
    padded = np.pad(sheets, ((0, 0), (4, 4), (4, 4), (0, 0)))
    for row, f in enumerate(np.argsort(-second.mean(axis=(0, 1, 2)))[:4]):
        peak = second[..., f].reshape(len(second), -1)
        for column, n in enumerate(np.argsort(-peak.max(axis=1))[:7]):
            p, q = np.unravel_index(peak[n].argmax(), (6, 6))
            axes = panels[7 * row + column]
            parts.image(axes, padded[n, 2 * p + 1 : 2 * p + 9, 2 * q + 1 : 2 * q + 9, 0])
            if column == 0:
                axes.set_ylabel(f"filter {f}", fontsize=12)
    return fitted(figure, 5.6, 3.3)


def ancestors() -> Figure:
    """The layers of LeNet-5 and, at small size, of AlexNet, with the shapes of their maps."""
    lenet: list[tuple[tuple[int, ...], str]] = [
        ((32, 32, 1), "LeNet-5"), ((28, 28, 6), "conv 5 × 5"), ((14, 14, 6), "pool"), ((10, 10, 16), "conv 5 × 5"),
        ((5, 5, 16), "pool"), ((120,), "conv"), ((84,), "dense"), ((10,), "out"),
    ]  # fmt: skip
    alexnet: list[tuple[tuple[int, ...], str]] = [
        ((28, 28, 1), "AlexNet"), ((14, 14, 32), "conv 5 × 5,\npool"), ((7, 7, 64), "conv 5 × 5,\npool"),
        ((7, 7, 96), "conv 3 × 3"), ((7, 7, 96), "conv 3 × 3"), ((4, 4, 64), "conv 3 × 3,\npool"),
        ((256,), "dense"), ((256,), "dense"), ((10,), "out"),
    ]  # fmt: skip
    return fitted(maps_diagram(lenet, alexnet, gap=0.76, size=11), 8.5, 3.4)


@style.context()
def groups() -> Figure:
    """What some filters for three letters answer to most, and the script for which each speaks."""
    figure, (axes,) = canvas.blank(3.6)
    scripts, params = seeing.names()
    reader = seeing.first(params)
    layer, weights = reader["conv"][1], np.asarray(reader["dense"]["W"])[16:32]
    found = np.lib.stride_tricks.sliding_window_view(scripts.x_test, 3, axis=1).reshape(-1, 3)
    found = np.unique(found[(found != 0).all(axis=1)], axis=0)
    answers = sum(np.asarray(layer["W"])[k][found[:, k]] for k in range(3))
    for row, f in enumerate(np.argsort(-weights.max(axis=1))[:6]):
        best = [data.text.decode(found[i], seeing.SYMBOLS) for i in np.argsort(-answers[:, f])[:3]]
        for column, letters in enumerate(best):
            box = {"facecolor": style.tint("orange", 0.25), "edgecolor": "none", "boxstyle": "round,pad=0.25"}
            axes.text(1.4 * column, -row, letters.replace(" ", "␣"), ha="center", va="center", fontsize=14,
                      family="monospace", bbox=box)  # fmt: skip
        axes.text(4.0, -row, f"→  {scripts.classes[weights[f].argmax()]}", va="center", fontsize=13)
    right = seeing.right(seeing.text_apply, params, scripts.x_test, scripts.y_test)[0]
    most = 100 * np.bincount(scripts.y_test).max() / len(scripts.y_test)
    said = f"{right:.0f} % of the test names right,\nalways the most frequent script: {most:.0f} %"
    axes.text(-0.5, -6.0, said, va="top", fontsize=13)
    axes.set(xlim=(-0.7, 8.0), ylim=(-7.4, 0.6))
    axes.axis("off")
    return fitted(figure, 5.0, 3.85)


@style.context()
def reshaped() -> Figure:
    """An image stored with its channels first, brought into the other order in two ways."""
    figure, panels = canvas.blank(3.0, 1, 3)
    image = np.ones((24, 24, 3), np.float32)
    image[4:20, 4:12], image[4:20, 12:20] = (0.0, 0.45, 0.7), (0.84, 0.37, 0.0)
    stored = image.transpose(2, 0, 1)
    for axes, shown, title in zip(
        panels, (image, stored.transpose(1, 2, 0), stored.reshape(24, 24, 3)),
        ("the image", "transposed", "reshaped"), strict=True,
    ):  # fmt: skip
        parts.image(axes, shown, title, 14)
    return fitted(figure, 4.05, 1.7)
