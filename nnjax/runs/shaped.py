"""The networks of images and texts: convolutional, recurrent, transformers; each from settings and its data.

Each function returns (init, apply, loss, data), the data as the network reads them.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from nnjax import data, losses, models
from nnjax.data import Dataset
from nnjax.runs.settings import Settings

Parts = tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any], Dataset]


def cnn(settings: Settings, dataset: Dataset) -> Parts:
    """Return the convolutional network, its kernels of one size; raises ValueError for more poolings than fit."""
    height, width = dataset.x.shape[1:3]
    most = min(height, width).bit_length() - 1
    if len(settings.filters) > most:
        raise ValueError(
            f"filters asks for {len(settings.filters)} convolutions, each of which halves the images; "
            f"those of {settings.data}, {height} x {width}, can be halved {most} times"
        )
    init = partial(
        models.cnn.init, shape=dataset.x.shape[1:], filters=settings.filters, hidden=settings.hidden,
        classes=len(dataset.classes), kernel=settings.kernel,
    )  # fmt: skip
    return init, partial(models.cnn.apply, dropout=settings.dropout), losses.cross_entropy, dataset


def lenet(settings: Settings, dataset: Dataset) -> Parts:
    """Return LeNet-5, for ten classes; raises ValueError for images of another size."""
    shape, classes = dataset.x.shape[1:], len(dataset.classes)
    if shape not in ((28, 28, 1), (32, 32, 1)) or classes != 10:
        size = " x ".join(map(str, shape))
        raise ValueError(
            f"{settings.data} has images of {size} in {classes} classes; "
            "lenet wants 28 x 28 x 1 or 32 x 32 x 1 in 10 classes"
        )
    return models.lenet.init, models.lenet.apply, losses.cross_entropy, dataset


def alexnet(settings: Settings, dataset: Dataset) -> Parts:
    """Return AlexNet at small size, with its own numbers of filters."""
    init = partial(models.alexnet.init, shape=dataset.x.shape[1:], hidden=settings.hidden, classes=len(dataset.classes))
    return init, partial(models.alexnet.apply, dropout=settings.dropout), losses.cross_entropy, dataset


def text_cnn(settings: Settings, dataset: Dataset) -> Parts:
    """Return the convolutional network of text, with its own filters, for the tokens that occur."""
    tokens = int(max(dataset.x.max(), dataset.x_test.max())) + 1
    init = partial(models.text_cnn.init, tokens=tokens, classes=len(dataset.classes), width=settings.width)
    return init, partial(models.text_cnn.apply, dropout=settings.dropout), losses.cross_entropy, dataset


def rnn_of_images(settings: Settings, dataset: Dataset) -> Parts:
    """Return the recurrent classifier and the images as sequences of rows, (n, rows, columns * channels)."""
    x, x_test = (images.reshape(*images.shape[:2], -1) for images in (dataset.x, dataset.x_test))
    init = partial(models.rnn.init, sizes=(x.shape[-1], *settings.hidden, len(dataset.classes)), cell=settings.cell)
    apply = partial(models.rnn.apply, cell=settings.cell)
    return init, apply, losses.cross_entropy, dataset._replace(x=x, x_test=x_test)


def rnn_of_text(settings: Settings, dataset: Dataset) -> Parts:
    """Return the recurrent language model and the text in windows."""
    init = partial(
        models.rnn_language.init, tokens=len(dataset.classes), sizes=(settings.width, *settings.hidden),
        cell=settings.cell,
    )  # fmt: skip
    apply = partial(models.rnn_language.apply, cell=settings.cell)
    return init, apply, losses.cross_entropy, _windows(settings, dataset)


def transformer_of_images(settings: Settings, dataset: Dataset) -> Parts:
    """Return the vision transformer."""
    init = partial(
        models.vision_transformer.init, shape=dataset.x.shape[1:], classes=len(dataset.classes), patch=settings.patch,
        width=settings.width, layers=settings.layers, heads=settings.heads,
    )  # fmt: skip
    apply = partial(
        models.vision_transformer.apply, heads=settings.heads, patch=settings.patch, dropout=settings.dropout
    )
    return init, apply, losses.cross_entropy, dataset


def transformer_of_text(settings: Settings, dataset: Dataset) -> Parts:
    """Return the causal language model, which has places for one window, and the text in windows."""
    init = partial(
        models.transformer.init, tokens=len(dataset.classes), width=settings.width, layers=settings.layers,
        heads=settings.heads, length=settings.length,
    )  # fmt: skip
    apply = partial(models.transformer.apply, heads=settings.heads, dropout=settings.dropout)
    return init, apply, losses.cross_entropy, _windows(settings, dataset)


def _windows(settings: Settings, dataset: Dataset) -> Dataset:
    shortest = min(len(dataset.x), len(dataset.x_test))
    if settings.length > shortest:
        raise ValueError(
            f"length is {settings.length}; {settings.model} reads windows of that length, and {settings.data} "
            f"has {len(dataset.x)} characters to train on and {len(dataset.x_test)} to test on"
        )
    return data.windows(dataset, settings.length)


BUILDERS: dict[tuple[str, str], Callable[[Settings, Dataset], Parts]] = {
    ("cnn", "images"): cnn,
    ("lenet", "images"): lenet,
    ("alexnet", "images"): alexnet,
    ("text_cnn", "texts"): text_cnn,
    ("rnn", "images"): rnn_of_images,
    ("rnn", "stream"): rnn_of_text,
    ("transformer", "images"): transformer_of_images,
    ("transformer", "stream"): transformer_of_text,
}
"""The function for each model and kind of data."""
