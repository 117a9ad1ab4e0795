"""Cases of the models: the loss of a random batch, differentiated by all parameters."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import numpy as np

from nnjax import layers, losses, manual, models
from nnjax.certify.engine import Case

Cases = Callable[[np.random.Generator], Iterator[Case]]


def of_model(params: Any, x: np.ndarray, d: np.ndarray, loss: Callable[..., Any], by_hand: Callable[..., Any]) -> Case:
    """Return the case of ``loss(params, x, d)`` against ``by_hand(params, x, d) -> (loss, grads)``."""
    return Case(
        params,
        lambda params: loss(params, jax.numpy.asarray(x), jax.numpy.asarray(d)),
        lambda params, dy: by_hand(params, x, d),
    )


def _one_layer(name: str, targets: str, rng: np.random.Generator) -> Iterator[Case]:
    model, by_hand = getattr(models, name), getattr(manual, name)
    for batch, inputs, outputs in ((5, 3, ()), (4, 2, (3,)), (1, 6, (1,))):
        params = {"W": rng.normal(size=(inputs, *outputs)), "b": np.asarray(rng.normal(size=outputs))}
        shape = (batch, *outputs)
        d = rng.integers(0, 2, shape) if targets == "binary" else rng.normal(size=shape)
        yield of_model(params, rng.normal(size=(batch, inputs)), d, model.loss, by_hand.loss_and_grads)


def _random_mlp(rng: np.random.Generator, sizes: tuple[int, ...], activation: Any) -> Any:
    # Only the shapes come from init: its biases are zero, where a wrong gradient could hide.
    shapes = jax.eval_shape(partial(models.mlp.init, sizes=sizes, activation=activation, pieces=3), jax.random.key(0))
    return jax.tree.map(lambda p: rng.normal(0, 0.7, p.shape), shapes)


def _mlp(rng: np.random.Generator) -> Iterator[Case]:
    activations: list[Any] = [
        "relu", "sigmoid", "tanh", "leaky_relu", "elu", "gelu", "prelu", "maxout", ("tanh", "maxout", "prelu"),
    ]  # fmt: skip
    for activation in activations:
        hidden = (4, 3, 4) if isinstance(activation, tuple) else (5, 4)
        params = _random_mlp(rng, (3, *hidden, 4), activation)
        x, labels = rng.normal(size=(6, 3)), rng.integers(0, 4, 6)
        loss = partial(models.mlp.loss, activation=activation)
        yield of_model(params, x, labels, loss, partial(manual.mlp.loss_and_grads, activation=activation))
    yield from _mlp_outputs(rng)
    yield _mlp_dropout(rng)


def _mlp_outputs(rng: np.random.Generator) -> Iterator[Case]:
    """No hidden layer; and the quadratic cost of a sigmoid output, as in the worked example of lesson 04."""
    yield of_model(
        _random_mlp(rng, (3, 2), "relu"), rng.normal(size=(4, 3)), rng.integers(0, 2, 4),
        models.mlp.loss, manual.mlp.loss_and_grads,
    )  # fmt: skip
    settings: dict[str, Any] = {"activation": "sigmoid", "output_activation": "sigmoid"}
    yield of_model(
        _random_mlp(rng, (2, 3, 2), "sigmoid"), rng.normal(size=(5, 2)), rng.uniform(size=(5, 2)),
        partial(models.mlp.loss, criterion=losses.squared_error, **settings),
        partial(manual.mlp.loss_and_grads, criterion=manual.losses.squared_error, **settings),
    )  # fmt: skip


def _mlp_dropout(rng: np.random.Generator) -> Case:
    key, rate, batch = jax.random.key(7), 0.4, 6
    params = _random_mlp(rng, (3, 8, 5, 2), "relu")
    masks = [
        np.asarray(layers.dropout.mask(k, (batch, size), rate), np.float64)
        for k, size in zip(jax.random.split(key, 2), (8, 5), strict=True)
    ]
    return of_model(
        params, rng.normal(size=(batch, 3)), rng.integers(0, 2, batch),
        partial(models.mlp.loss, dropout=rate, key=key),
        partial(manual.mlp.loss_and_grads, masks=masks, rate=rate),
    )  # fmt: skip


CASES: dict[str, Cases] = {
    "models.perceptron": partial(_one_layer, "perceptron", "binary"),
    "models.adaline": partial(_one_layer, "adaline", "binary"),
    "models.linear": partial(_one_layer, "linear", "real"),
    "models.logistic": partial(_one_layer, "logistic", "binary"),
    "models.mlp": _mlp,
}
