"""The networks in Flax NNX, as its documentation would have them written: the twins of ``nnjax.interop``."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from nnjax.data import Dataset
from nnjax.interop.flax import convolutional, dense, recurrent, transformer
from tests.benchmarks import networks


def cnn(net: networks.CNN, steps: int) -> Callable[[], float]:
    kernels, sizes = 2 * [(net.kernel, net.kernel)], (net.flat, net.hidden, net.classes)
    model = convolutional.CNN(net.channels, sizes, kernels=kernels, pools=(2, 2), rngs=nnx.Rngs(0))
    return _training(model, *net.data(steps), net.batch)


def lstm(net: networks.LSTM, steps: int) -> Callable[[], float]:
    model = recurrent.LanguageModel(net.tokens, (net.width, net.hidden), cell="lstm", rngs=nnx.Rngs(0))
    return _training(model, *net.data(steps), net.batch)


def gpt(net: networks.GPT, steps: int) -> Callable[[], float]:
    model = transformer.LanguageModel(
        net.tokens, width=net.width, layers=net.blocks, heads=net.heads, length=net.time, hidden=4 * net.width,
        rngs=nnx.Rngs(0),
    )  # fmt: skip
    return _training(model, *net.data(steps), net.batch)


def _training(model: nnx.Module, x: np.ndarray, y: np.ndarray, batch: int) -> Callable[[], float]:
    optimizer, step = nnx.Optimizer(model, optax.adam(networks.RATE), wrt=nnx.Param), _step()
    x, y = (jnp.asarray(a).reshape(-1, batch, *a.shape[1:]) for a in (x, y))
    examples = list(zip(x, y, strict=True))

    def run() -> float:
        for one in examples:
            value = step(model, optimizer, *one)
        return float(value)

    return run


def _step() -> Callable[..., jax.Array]:
    @nnx.jit
    def step(model, optimizer, x, y):
        def loss(model):
            return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()

        value, grads = nnx.value_and_grad(loss)(model)
        optimizer.update(model, grads)
        return value

    return step


def mlp(net: networks.MLP, dataset: Dataset, epochs: int) -> Callable[[], None]:
    *hidden, _ = net.sizes[1:]
    model = dense.MLP(net.sizes, activations=[*[nnx.relu] * len(hidden), lambda x: x], rngs=nnx.Rngs(0))
    optimizer, step = nnx.Optimizer(model, optax.sgd(net.rate), wrt=nnx.Param), _step()

    def run() -> None:
        rng = np.random.default_rng(0)
        for _ in range(epochs):
            for rows in networks.batches(rng, len(dataset.x), net.batch):
                value = step(model, optimizer, dataset.x[rows], dataset.y[rows])
        value.block_until_ready()

    return run
