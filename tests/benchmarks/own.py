"""The networks in nnjax, trained by ``training.fit``, as its users train them."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import jax

from nnjax import models, optimizers, training
from nnjax.data import Dataset
from tests.benchmarks import networks


def cnn(net: networks.CNN, steps: int) -> Callable[[], float]:
    inputs, *filters = net.channels
    shape = (net.side, net.side, inputs)
    params = models.cnn.init(jax.random.key(0), shape, filters, (net.hidden,), net.classes, kernel=net.kernel)
    return _training(models.cnn.apply, params, net, steps)


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
