"""Lessons 01 and 02: single neurons. Perceptron, ADALINE, MADALINE, linear and logistic regression."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from nnjax import data, losses, manual, models, optimizers, training
from nnjax.data import Dataset
from nnjax.models import adaline, linear, logistic, perceptron
from nnjax.tour.stop import Stop, worst_gradient_error


def perceptron_stop(keys: Array, dataset: Dataset, label: str, *, epochs: int = 25) -> Stop:
    """Train a perceptron by Rosenblatt's rule, sample after sample, from every key."""
    x, y = jnp.asarray(dataset.x), jnp.asarray(dataset.y)

    def train(key: Array) -> tuple[Any, Any, Any]:
        start = perceptron.init(key, x.shape[1])
        return start, *perceptron.train(start, x, y, 0.1, epochs)

    start, params, history = jax.jit(jax.vmap(train))(keys)
    scores = _accuracy(partial(jax.vmap(perceptron.apply, (0, None)), params), dataset)
    error = worst_gradient_error(models.perceptron.loss, manual.perceptron.loss_and_grads, params, dataset.x, dataset.y)

    def line() -> Any:
        from nnjax import viz

        first_start, first_history = jax.tree.map(lambda leaf: np.asarray(leaf[0]), (start, history))
        return viz.perceptron_animation(first_start, first_history, dataset.x, dataset.y)

    pictures = {f"perceptron_{dataset.name}.gif": line} if x.shape[1] == 2 else {}
    return Stop("01", "perceptron", label, "accuracy", scores, error, pictures)


def gate(keys: Array, name: str) -> Stop:
    """Train a perceptron on a logic gate; XOR is the one that it cannot learn (Minsky and Papert, 1969)."""
    return perceptron_stop(keys, data.load(name), f"{name} (no line)" if name == "xor" else name)


def iris_perceptron(keys: Array) -> Stop:
    """Tell setosa from the other two irises, which a plane can do."""
    iris = data.standardize(data.load("iris"))
    setosa = iris._replace(y=(iris.y == 0).astype(np.int32), y_test=(iris.y_test == 0).astype(np.int32))
    return perceptron_stop(keys, setosa, "iris: setosa")


def iris_adaline(keys: Array) -> Stop:
    """Tell virginica from versicolor, which overlap: ADALINE finds the line of least squared error."""
    iris = data.load("iris")
    train, test = iris.y > 0, iris.y_test > 0
    pair = data.standardize(
        iris._replace(x=iris.x[train], y=iris.y[train] - 1, x_test=iris.x_test[test], y_test=iris.y_test[test] - 1)
    )
    x, y = jnp.asarray(pair.x), jnp.asarray(pair.y)
    rate = 0.5 * adaline.largest_stable_rate(x)

    def train_one(key: Array) -> Any:
        return jax.lax.fori_loop(0, 500, lambda _, p: adaline.update(p, x, y, rate), adaline.init(key, x.shape[1]))

    params = jax.jit(jax.vmap(train_one))(keys)
    scores = _accuracy(partial(jax.vmap(adaline.predict, (0, None)), params), pair)
    error = worst_gradient_error(adaline.loss, manual.adaline.loss_and_grads, params, pair.x, pair.y)
    return Stop("01", "ADALINE", "iris: virginica", "accuracy", scores, error, {})


def xor_madaline(keys: Array) -> Stop:
    """Learn XOR with two ADALINEs and an OR, corrected by least disturbance; inputs are -1 and 1, as in Widrow's."""
    xor, units, votes, epochs = data.load("xor"), 2, 1, 100
    xor = xor._replace(x=2 * xor.x - 1, x_test=2 * xor.x_test - 1)
    x, y = jnp.tile(jnp.asarray(xor.x), (epochs, 1)), jnp.tile(jnp.asarray(xor.y), epochs)

    def train(key: Array) -> Any:
        def sample(params: Any, xy: Any) -> tuple[Any, None]:
            return adaline.madaline_update(params, xy[0], xy[1], 0.6, votes=votes), None

        return jax.lax.scan(sample, adaline.madaline_init(key, 2, units), (x, y))[0]

    params = jax.jit(jax.vmap(train))(keys)
    scores = _accuracy(partial(jax.vmap(partial(adaline.madaline_apply, votes=votes), (0, None)), params), xor)
    targets = np.tile(xor.y[:, None], units)
    error = worst_gradient_error(adaline.loss, manual.adaline.loss_and_grads, params, xor.x, targets)
    return Stop("01", f"MADALINE, {units} units", "xor", "accuracy", scores, error, {})


def diabetes_linear(keys: Array) -> Stop:
    """Predict the progress of diabetes after a year by linear regression; the score is R^2 on test patients."""
    raw = data.standardize(data.load("diabetes"))
    mean, deviation = raw.y.mean(), raw.y.std()
    diabetes = raw._replace(y=(raw.y - mean) / deviation, y_test=(raw.y_test - mean) / deviation)
    inputs = diabetes.x.shape[1]
    result = training.fit_many(
        linear.apply, partial(linear.init, inputs=inputs), diabetes, epochs=100, keys=keys, progress=False,
        loss=losses.squared_error, optimizer=optimizers.sgd(0.02), batch_size=32,
    )  # fmt: skip
    predicted = np.asarray(jax.vmap(linear.apply, (0, None))(result.params, jnp.asarray(diabetes.x_test)))
    left = np.mean((predicted - diabetes.y_test) ** 2, axis=1)
    scores = 1 - left / np.var(diabetes.y_test)
    error = worst_gradient_error(linear.loss, manual.linear.loss_and_grads, result.params, diabetes.x, diabetes.y)
    return Stop("02", "linear regression", "diabetes", "R² ", scores, error, {})


def breast_cancer_logistic(keys: Array) -> Stop:
    """Tell benign from malignant tumours by logistic regression."""
    cancer = data.standardize(data.load("breast_cancer"))
    result = training.fit_many(
        logistic.apply, partial(logistic.init, inputs=cancer.x.shape[1]), cancer, epochs=50, keys=keys, progress=False,
        loss=losses.binary_cross_entropy, optimizer=optimizers.sgd(0.1), batch_size=32,
    )  # fmt: skip
    scores = _accuracy(lambda x: jax.vmap(logistic.apply, (0, None))(result.params, x) > 0, cancer)
    error = worst_gradient_error(logistic.loss, manual.logistic.loss_and_grads, result.params, cancer.x, cancer.y)

    def curves() -> Any:
        from nnjax import viz

        return viz.loss_curves(result.history)

    return Stop(
        "02", "logistic regression", "breast cancer", "accuracy", scores, error, {"logistic_curves.svg": curves}
    )


def _accuracy(predict: Any, dataset: Dataset) -> np.ndarray:
    """Return the share of right answers on the test rows, one for each network; predict(x) is (networks, rows)."""
    return np.mean(np.asarray(predict(jnp.asarray(dataset.x_test))) == dataset.y_test, axis=1)
