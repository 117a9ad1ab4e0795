"""Lessons 03 to 06: multilayer perceptrons. XOR, curved boundaries, the worked example, digits, tuning."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array

from nnjax import activations, certify, data, losses, manual, optimizers, training
from nnjax.data import Dataset
from nnjax.models import mlp
from nnjax.tour.stop import Stop, trained, worst_gradient_error

# The two-two-two network of lesson 04: inputs .05, .10, weights .15 to .55, biases .35 and .60, targets .01 and .99.
WORKED_PARAMS = [
    {"W": np.array([[0.15, 0.25], [0.20, 0.30]]), "b": np.array([0.35, 0.35])},
    {"W": np.array([[0.40, 0.50], [0.45, 0.55]]), "b": np.array([0.60, 0.60])},
]
WORKED_X, WORKED_D = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])
WORKED_SETTINGS: dict[str, Any] = {"activation": "sigmoid", "output_activation": "sigmoid"}


def mlp_stop(
    keys: Array,
    lesson: str,
    dataset: Dataset,
    hidden: Sequence[int],
    *,
    optimizer: optax.GradientTransformation,
    epochs: int,
    batch_size: int,
    activation: str = "relu",
    dropout: float = 0.0,
    name: str = "",
) -> tuple[Stop, training.FitMany]:
    """Train an MLP with softmax output from every key; return the stop, without pictures, and all that was learnt."""
    sizes = (dataset.x.shape[1], *hidden, len(dataset.classes))
    kind = "" if activation == "relu" else f" {activation}"
    return trained(
        keys, lesson, f"MLP {'-'.join(map(str, sizes))}{kind}{name}", dataset,
        init=partial(mlp.init, sizes=sizes, activation=activation),
        apply=partial(mlp.apply, activation=activation, dropout=dropout),
        loss=partial(mlp.loss, activation=activation),
        by_hand=partial(manual.mlp.loss_and_grads, activation=activation),
        optimizer=optimizer, epochs=epochs, batch_size=batch_size,
    )  # fmt: skip


def xor(keys: Array) -> Stop:
    """Learn XOR, which one neuron cannot, with a hidden layer of eight."""
    return mlp_stop(
        keys, "03", data.load("xor"), (8,), activation="tanh", optimizer=optimizers.adam(0.05), epochs=150,
        batch_size=4,
    )[0]  # fmt: skip


def plane(keys: Array, name: str, hidden: Sequence[int], epochs: int) -> Stop:
    """Separate two classes of points in the plane by a curved boundary, and draw it."""
    dataset = data.standardize(data.load(name))
    stop, result = mlp_stop(keys, "03", dataset, hidden, optimizer=optimizers.adam(0.01), epochs=epochs, batch_size=32)

    def boundary() -> Any:
        from nnjax import viz

        params = jax.tree.map(lambda p: p[0], result.params)
        return viz.decision_boundary(
            mlp.apply, params, dataset.x, dataset.y, x_test=dataset.x_test, y_test=dataset.y_test,
            classes=dataset.classes, title=f"{stop.network} separates the {name}",
        )  # fmt: skip

    return stop._replace(pictures={f"boundary_{name}.png": boundary})


def worked_example(keys: Array) -> Stop:
    """Backpropagate the two-two-two network with every number known; nothing is random, all seeds agree."""
    loss = partial(mlp.loss, criterion=losses.squared_error, **WORKED_SETTINGS)
    by_hand: Any = partial(manual.mlp.loss_and_grads, criterion=manual.losses.squared_error, **WORKED_SETTINGS)
    error = certify.gradient_error(loss, by_hand, WORKED_PARAMS, WORKED_X, WORKED_D)
    total, _ = by_hand(WORKED_PARAMS, WORKED_X, WORKED_D)
    return Stop("04", "MLP 2-2-2 sigmoid", "worked example", "E = ", np.full(len(keys), total), error, {}, places=9)


def digits_sigmoid(keys: Array) -> Stop:
    """Train the network of the first textbooks, one sigmoid layer by plain gradient descent, on real digits."""
    return mlp_stop(
        keys, "04", _digits(), (30,), activation="sigmoid", optimizer=optimizers.sgd(1.0), epochs=60,
        batch_size=10,
    )[0]  # fmt: skip


def digits(keys: Array) -> Stop:
    """Train the lesson's classifier, and show where it still errs."""
    dataset = _digits()
    stop, result = mlp_stop(keys, "05", dataset, (128, 64), optimizer=optimizers.adam(0.002), epochs=40, batch_size=32)
    images = data.load("digits").x_test

    def probabilities() -> np.ndarray:
        params = jax.tree.map(lambda p: p[0], result.params)
        return np.asarray(activations.softmax(mlp.apply(params, jnp.asarray(dataset.x_test))))

    def loss_curves() -> Any:
        from nnjax import viz

        return viz.loss_curves(result.history, log=True)

    def accuracy_curves() -> Any:
        from nnjax import viz

        return viz.accuracy_curves(result.history)

    def confusion() -> Any:
        from nnjax import viz

        return viz.confusion_matrix(dataset.y_test, probabilities().argmax(-1), dataset.classes)

    def mistakes() -> Any:
        from nnjax import viz

        return viz.worst_mistakes(images, dataset.y_test, probabilities(), dataset.classes)

    return stop._replace(
        pictures={
            "digits_loss.svg": loss_curves,
            "digits_accuracy.svg": accuracy_curves,
            "digits_confusion.svg": confusion,
            "digits_mistakes.png": mistakes,
        }
    )


def raced(keys: Array, name: str, optimizer: optax.GradientTransformation) -> Stop:
    """Train the same small network for the same few epochs with another optimizer."""
    stop, _ = mlp_stop(keys, "06", _digits(), (64,), optimizer=optimizer, epochs=10, batch_size=32, name=f", {name}")
    if name != "Adam":
        return stop

    def race() -> Any:
        from nnjax import viz

        racers = {
            "SGD": optimizers.sgd(0.03),
            "momentum": optimizers.sgd(0.03, 0.8),
            "RMSProp": optimizers.rmsprop(0.1),
            "Adam": optimizers.adam(0.3),
        }
        return viz.optimizer_race_animation(racers)

    return stop._replace(pictures={"optimizer_race.gif": race})


def digits_dropout(keys: Array) -> Stop:
    """Train a wider network with dropout, which needs more epochs and generalises better."""
    return mlp_stop(
        keys, "06", _digits(), (256,), optimizer=optimizers.adam(0.002), epochs=60, batch_size=32,
        dropout=0.3, name=", dropout",
    )[0]  # fmt: skip


def learning_rates(keys: Array) -> Stop:
    """Train 64 learning rates at once under vmap; the score is that of the best rate."""
    dataset, rates = _digits(), np.geomspace(1e-3, 10, 64).astype(np.float32)
    sizes = (dataset.x.shape[1], 32, len(dataset.classes))
    result = training.fit_many(
        mlp.apply, partial(mlp.init, sizes=sizes), dataset, epochs=5, keys=keys, optimizer=optimizers.sgd,
        settings={"learning_rate": rates}, batch_size=32, progress=False,
    )  # fmt: skip
    final = np.asarray(result.history["val_accuracy"])[:, :, -1]
    best = int(np.argmax(final.mean(axis=1)))
    params = jax.tree.map(lambda p: p[best], result.params)
    error = worst_gradient_error(mlp.loss, manual.mlp.loss_and_grads, params, dataset.x, dataset.y)

    def sweep() -> Any:
        from nnjax import viz

        return viz.rate_sweep(rates, final, quantity="test accuracy")

    network = f"MLP {'-'.join(map(str, sizes))}, rate {rates[best]:.1g}"
    return Stop("06", network, "digits", "accuracy", final[best], error, {"learning_rates.svg": sweep})


def _digits() -> Dataset:
    return data.flatten(data.load("digits"))
