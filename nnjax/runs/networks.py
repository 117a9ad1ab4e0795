"""From settings to a network with its data: what kind of data each model takes, and how they are brought together."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, PyTree

from nnjax import data, losses, models
from nnjax.data import Dataset
from nnjax.runs import shaped
from nnjax.runs.settings import Settings, check

KINDS = {
    "rows": "rows of numbers",
    "images": "images",
    "texts": "texts with a label each",
    "stream": "a stream of text",
}
"""The kinds of data, in words."""

TAKES = dict.fromkeys(("perceptron", "adaline", "linear", "logistic", "mlp"), ("rows", "images")) | {
    "cnn": ("images",),
    "lenet": ("images",),
    "alexnet": ("images",),
    "text_cnn": ("texts",),
    "rnn": ("images", "stream"),
    "transformer": ("images", "stream"),
}
"""The kinds of data that each model takes."""


class Network(NamedTuple):
    """A model made ready for ``fit``: its two functions, its loss and the data with targets as it wants them."""

    init: Callable[[Array], PyTree]
    apply: Callable[..., Any]
    loss: Callable[..., Any]
    dataset: Dataset


def prepare(settings: Settings, *, originals: Any = None) -> Network:
    """Load the data and bind the model to them; raises ValueError when the two do not go together.

    Models of rows: images are flattened, other inputs standardised. A classifier of two classes is one neuron with
    targets 0 and 1, of more classes a neuron each with one-hot targets; the MLP has a softmax over the classes. Only
    linear regression and the MLP (one output, squared error) take targets that are numbers.

    Models of images and texts have a softmax. The convolutional networks take images as they are, the RNN reads them
    row by row, the transformer patch by patch. Of a stream of text both learn to predict the next character, in windows
    of ``length``.
    """
    check(settings)
    dataset = data.load(settings.data, originals=originals)
    kind = kind_of(dataset)
    if kind not in TAKES[settings.model]:
        wanted = " or ".join(KINDS[one] for one in TAKES[settings.model])
        raise ValueError(f"{settings.data} holds {KINDS[kind]}; {settings.model} wants {wanted}")
    if "rows" not in TAKES[settings.model]:
        return Network(*shaped.BUILDERS[settings.model, kind](settings, dataset))
    dataset = data.flatten(dataset) if kind == "images" else data.standardize(dataset)
    return _mlp(settings, dataset) if settings.model == "mlp" else _one_layer(settings, dataset)


def kind_of(dataset: Dataset) -> str:
    """Return which of ``KINDS`` the inputs are."""
    if np.issubdtype(dataset.x.dtype, np.integer):
        return "stream" if dataset.x.ndim == 1 else "texts"
    return "images" if dataset.x.ndim > 2 else "rows"


def _one_layer(settings: Settings, dataset: Dataset) -> Network:
    inputs, classes = dataset.x.shape[1], len(dataset.classes)
    if (settings.model == "linear") == bool(classes):
        kind = f"{classes} classes" if classes else "numbers as targets"
        fitting = "perceptron, adaline, logistic or mlp" if classes else "linear or mlp"
        raise ValueError(f"{settings.data} has {kind}; {settings.model} does not fit them, use {fitting}")
    model = getattr(models, settings.model)
    outputs = None if classes <= 2 else classes
    if outputs:
        one_hot = np.eye(classes, dtype=np.float32)
        dataset = dataset._replace(y=one_hot[dataset.y], y_test=one_hot[dataset.y_test])
    apply, loss = _ONE_LAYER[settings.model]
    return Network(partial(model.init, inputs=inputs, outputs=outputs), apply, loss, dataset)


# The perceptron is trained on its pre-activation, whose sign is its answer.
_ONE_LAYER: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "perceptron": (models.linear.apply, losses.perceptron_criterion),
    "adaline": (models.adaline.apply, losses.squared_error),
    "linear": (models.linear.apply, losses.squared_error),
    "logistic": (models.logistic.apply, losses.binary_cross_entropy),
}


def _mlp(settings: Settings, dataset: Dataset) -> Network:
    if not dataset.classes:
        dataset = dataset._replace(y=dataset.y.reshape(-1, 1), y_test=dataset.y_test.reshape(-1, 1))
    sizes = (dataset.x.shape[1], *settings.hidden, len(dataset.classes) or 1)
    return Network(
        partial(models.mlp.init, sizes=sizes, activation=settings.activation),
        partial(models.mlp.apply, activation=settings.activation, dropout=settings.dropout),
        losses.cross_entropy if dataset.classes else losses.squared_error,
        dataset,
    )
