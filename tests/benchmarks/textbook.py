"""The network of the first textbooks, [784, 30, 10]: plain SGD, batch 10, rate 3, quadratic cost, 30 epochs.

Compared with the same thing in NumPy, twice: the loop of the textbooks, which backpropagates one example after the
other, and the same with whole mini-batches as matrices (``nnjax.manual``).
"""

from functools import partial

import jax
import numpy as np

from nnjax import losses, manual, models, optimizers, training
from tests.benchmarks.measure import in_turns, mnist, seconds, spread

SIZES, BATCH, RATE, EPOCHS, SEEDS = (784, 30, 10), 10, 3.0, 30, 3
SETTINGS = {"activation": "sigmoid", "output_activation": "sigmoid"}


def unit_variance(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    return jax.random.normal(key, shape) / shape[0] ** 0.5


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def numpy_loop_epoch(
    params: list[tuple[np.ndarray, np.ndarray]], x: np.ndarray, d: np.ndarray, order: np.ndarray
) -> None:
    """Descend one epoch in place, example after example, each a column, the gradients of a mini-batch summed."""
    for rows in order.reshape(-1, BATCH):
        sums = [(np.zeros_like(W), np.zeros_like(b)) for W, b in params]
        for row in rows:
            h, caches = x[row][:, None], []
            for W, b in params:
                a = W @ h + b
                caches.append((h, a))
                h = sigmoid(a)
            dh = h - d[row][:, None]
            for (W, _), (dW, db), (below, a) in reversed(list(zip(params, sums, caches, strict=True))):
                delta = dh * sigmoid(a) * (1 - sigmoid(a))
                dW += delta @ below.T
                db += delta
                dh = W.T @ delta
        for (W, b), (dW, db) in zip(params, sums, strict=True):
            W -= RATE / BATCH * dW
            b -= RATE / BATCH * db


def numpy_batches_epoch(params: list[dict[str, np.ndarray]], x: np.ndarray, d: np.ndarray, order: np.ndarray) -> None:
    """Descend one epoch in place, mini-batches as matrices, with the gradient by hand of the course."""
    for rows in order.reshape(-1, BATCH):
        _, grads = manual.mlp.loss_and_grads(
            params, x[rows], d[rows], criterion=manual.losses.squared_error, **SETTINGS
        )
        for layer, layer_grads in zip(params, grads, strict=True):
            for name in layer:
                layer[name] -= RATE * layer_grads[name]


def run() -> list[tuple[str, str, str]]:
    dataset = mnist()
    one_hot = np.eye(10, dtype=np.float32)
    x, d, x_test = dataset.x, one_hot[dataset.y], dataset.x_test
    ready = dataset._replace(y=d, y_test=one_hot[dataset.y_test])
    optimizer, apply = optimizers.sgd(RATE), partial(models.mlp.apply, **SETTINGS)
    # Standard normal weights divided by sqrt(inputs): both start from the same numbers.
    init = partial(models.mlp.init, sizes=SIZES, initializer=unit_variance)

    def ours(seed: int, epochs: int) -> training.Fit:
        return training.fit(
            apply, init(jax.random.key(seed)), ready, epochs=epochs, key=jax.random.key(seed),
            loss=losses.squared_error, optimizer=optimizer, batch_size=BATCH, progress=False,
        )  # fmt: skip

    def starting(seed: int) -> list[dict[str, np.ndarray]]:
        return jax.tree.map(lambda leaf: np.array(leaf, np.float64), init(jax.random.key(seed)))

    def numpy_accuracy(seed: int) -> float:
        params, rng = starting(seed), np.random.default_rng(seed)
        for _ in range(EPOCHS):
            numpy_batches_epoch(params, x, d, rng.permutation(len(x)))
        y, _ = manual.mlp.forward(params, x_test, **SETTINGS)
        return float(np.mean(y.argmax(1) == dataset.y_test))

    fitted = [ours(seed, EPOCHS).history["val_accuracy"][-1] for seed in range(SEEDS)]
    by_numpy = [numpy_accuracy(seed) for seed in range(SEEDS)]

    columns = [(layer["W"].T.copy(), layer["b"][:, None].copy()) for layer in starting(0)]
    x64, order = x.astype(np.float64), np.random.default_rng(0).permutation(len(x))
    part = len(x) // 10  # a tenth of an epoch of the slow loop is enough to time it
    own = in_turns({"ours": lambda: ours(0, 4)}, 3)["ours"] / 4
    loop = np.array([seconds(lambda: numpy_loop_epoch(columns, x64, d, order[:part])) * 10 for _ in range(3)])
    matrices = np.array([seconds(lambda: numpy_batches_epoch(starting(0), x, d, order)) for _ in range(3)])
    name = "[784, 30, 10], SGD 3.0, batch 10, quadratic cost, 30 epochs"

    def percent(values: list[float]) -> str:
        return f"{100 * np.mean(values):.2f} ± {100 * np.std(values):.2f}"

    return [
        (f"{name}: accuracy, %, {SEEDS} seeds", percent(fitted), "as good as NumPy"),
        ("the same in NumPy: accuracy, %", percent(by_numpy), ""),
        ("NumPy, example after example: times as long", spread(loop / own, ".0f"), "at least 10"),
        ("NumPy, mini-batches as matrices: times as long", spread(matrices / own, ".1f"), ""),
    ]
