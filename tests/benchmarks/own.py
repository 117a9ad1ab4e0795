"""The networks in nnjax, trained by ``training.fit``, as its users train them."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import jax

from nnjax import activations, layers, models, optimizers, training
from nnjax.data import Dataset
from tests.benchmarks import networks


def cnn(net: networks.CNN, steps: int) -> Callable[[], float]:
    keys, (inputs, first, second) = jax.random.split(jax.random.key(0), 4), net.channels
    params = {
        "conv": [
            layers.conv.conv2d_init(keys[0], net.kernel, inputs, first),
            layers.conv.conv2d_init(keys[1], net.kernel, first, second),
        ],
        "dense": [
            layers.dense.init(keys[2], net.flat, net.hidden),
            layers.dense.init(keys[3], net.hidden, net.classes),
        ],
    }
    return _training(_cnn, params, net, steps)


def _cnn(params: Any, x: jax.Array) -> jax.Array:
    for conv in params["conv"]:
        x = layers.pooling.max_pool(activations.relu(layers.conv.conv2d_apply(conv, x, padding="SAME")), 2)
    return models.mlp.apply(params["dense"], x.reshape(len(x), -1))


def lstm(net: networks.LSTM, steps: int) -> Callable[[], float]:
    params = models.rnn_language.init(jax.random.key(0), net.tokens, (net.width, net.hidden), cell="lstm")
    return _training(partial(models.rnn_language.apply, cell="lstm"), params, net, steps)


def gpt(net: networks.GPT, steps: int) -> Callable[[], float]:
    params = models.transformer.init(
        jax.random.key(0), net.tokens, width=net.width, layers=net.blocks, heads=net.heads, length=net.time
    )
    return _training(partial(models.transformer.apply, heads=net.heads), params, net, steps)


def _training(apply: Callable[..., Any], params: Any, net: Any, steps: int) -> Callable[[], float]:
    x, y = net.data(steps)
    return _fit(apply, params, SimpleNamespace(x=x, y=y), 1, optimizers.adam(networks.RATE), net.batch)


def _fit(
    apply: Callable[..., Any], params: Any, dataset: Any, epochs: int, optimizer: Any, batch: int
) -> Callable[[], float]:
    def run() -> float:
        fitted = training.fit(
            apply, params, dataset, epochs=epochs, key=jax.random.key(1), optimizer=optimizer, batch_size=batch,
            progress=False,
        )  # fmt: skip
        return float(fitted.history["loss"][-1])

    return run


def mlp(net: networks.MLP, dataset: Dataset, epochs: int) -> Callable[[], float]:
    params = models.mlp.init(jax.random.key(0), net.sizes)
    examples = SimpleNamespace(x=dataset.x, y=dataset.y)
    return _fit(models.mlp.apply, params, examples, epochs, optimizers.sgd(net.rate), net.batch)
