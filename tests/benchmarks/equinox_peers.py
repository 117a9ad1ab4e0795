"""The networks in Equinox, as its documentation would have them written: a model of one example, under ``vmap``."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from nnjax.data import Dataset
from tests.benchmarks import networks


class CNN(eqx.Module):
    conv1: eqx.nn.Conv2d
    conv2: eqx.nn.Conv2d
    pool: eqx.nn.MaxPool2d
    dense1: eqx.nn.Linear
    dense2: eqx.nn.Linear

    def __init__(self, net: networks.CNN, *, key: jax.Array):
        keys, (inputs, first, second) = jax.random.split(key, 4), net.channels
        self.conv1 = eqx.nn.Conv2d(inputs, first, net.kernel, padding="SAME", key=keys[0])
        self.conv2 = eqx.nn.Conv2d(first, second, net.kernel, padding="SAME", key=keys[1])
        self.pool = eqx.nn.MaxPool2d(2, 2)
        self.dense1 = eqx.nn.Linear(net.flat, net.hidden, key=keys[2])
        self.dense2 = eqx.nn.Linear(net.hidden, net.classes, key=keys[3])

    def __call__(self, x: jax.Array) -> jax.Array:
        x = self.pool(jax.nn.relu(self.conv1(x)))
        x = self.pool(jax.nn.relu(self.conv2(x)))
        return self.dense2(jax.nn.relu(self.dense1(x.ravel())))


class LSTM(eqx.Module):
    embedding: eqx.nn.Embedding
    cell: eqx.nn.LSTMCell
    output: eqx.nn.Linear

    def __init__(self, net: networks.LSTM, *, key: jax.Array):
        keys = jax.random.split(key, 3)
        self.embedding = eqx.nn.Embedding(net.tokens, net.width, key=keys[0])
        self.cell = eqx.nn.LSTMCell(net.width, net.hidden, key=keys[1])
        self.output = eqx.nn.Linear(net.hidden, net.tokens, key=keys[2])

    def __call__(self, tokens: jax.Array) -> jax.Array:
        def step(state, x):
            state = self.cell(x, state)
            return state, state[0]

        start = jnp.zeros(self.cell.hidden_size), jnp.zeros(self.cell.hidden_size)
        _, outputs = jax.lax.scan(step, start, jax.vmap(self.embedding)(tokens))
        return jax.vmap(self.output)(outputs)


class Block(eqx.Module):
    norm1: eqx.nn.LayerNorm
    attention: eqx.nn.MultiheadAttention
    norm2: eqx.nn.LayerNorm
    mlp: eqx.nn.MLP

    def __init__(self, net: networks.GPT, *, key: jax.Array):
        keys = jax.random.split(key)
        self.norm1, self.norm2 = eqx.nn.LayerNorm(net.width), eqx.nn.LayerNorm(net.width)
        self.attention = eqx.nn.MultiheadAttention(net.heads, net.width, key=keys[0])
        self.mlp = eqx.nn.MLP(net.width, net.width, 4 * net.width, 1, key=keys[1])

    def __call__(self, x: jax.Array) -> jax.Array:
        mask = jnp.tril(jnp.ones((len(x), len(x)), bool))
        normed = jax.vmap(self.norm1)(x)
        x = x + self.attention(normed, normed, normed, mask=mask)
        return x + jax.vmap(self.mlp)(jax.vmap(self.norm2)(x))


class GPT(eqx.Module):
    embedding: eqx.nn.Embedding
    positions: eqx.nn.Embedding
    blocks: list[Block]
    norm: eqx.nn.LayerNorm
    output: eqx.nn.Linear

    def __init__(self, net: networks.GPT, *, key: jax.Array):
        keys = jax.random.split(key, 3 + net.blocks)
        self.embedding = eqx.nn.Embedding(net.tokens, net.width, key=keys[0])
        self.positions = eqx.nn.Embedding(net.time, net.width, key=keys[1])
        self.norm, self.output = eqx.nn.LayerNorm(net.width), eqx.nn.Linear(net.width, net.tokens, key=keys[2])
        self.blocks = [Block(net, key=k) for k in keys[3:]]

    def __call__(self, tokens: jax.Array) -> jax.Array:
        x = jax.vmap(self.embedding)(tokens) + jax.vmap(self.positions)(jnp.arange(len(tokens)))
        for block in self.blocks:
            x = block(x)
        return jax.vmap(lambda row: self.output(self.norm(row)))(x)


def cnn(net: networks.CNN, steps: int) -> Callable[[], float]:
    x, y = net.data(steps)
    return _training(CNN(net, key=jax.random.key(0)), x.transpose(0, 3, 1, 2), y, net.batch)


def lstm(net: networks.LSTM, steps: int) -> Callable[[], float]:
    return _training(LSTM(net, key=jax.random.key(0)), *net.data(steps), net.batch)


def gpt(net: networks.GPT, steps: int) -> Callable[[], float]:
    return _training(GPT(net, key=jax.random.key(0)), *net.data(steps), net.batch)


def _training(model: Any, x: np.ndarray, y: np.ndarray, batch: int) -> Callable[[], float]:
    start, step = _step(model, optax.adam(networks.RATE))
    x, y = (jnp.asarray(a).reshape(-1, batch, *a.shape[1:]) for a in (x, y))
    examples = list(zip(x, y, strict=True))

    def run() -> float:
        trained, state = model, start
        for one in examples:
            trained, state, value = step(trained, state, *one)
        return float(value)

    return run


def _step(model: Any, optimizer: optax.GradientTransformation) -> tuple[Any, Callable[..., tuple[Any, Any, jax.Array]]]:
    @eqx.filter_jit
    def step(model, state, x, y):
        def loss(model):
            return optax.softmax_cross_entropy_with_integer_labels(jax.vmap(model)(x), y).mean()

        value, grads = eqx.filter_value_and_grad(loss)(model)
        updates, state = optimizer.update(grads, state)
        return eqx.apply_updates(model, updates), state, value

    return optimizer.init(eqx.filter(model, eqx.is_array)), step


def mlp(net: networks.MLP, dataset: Dataset, epochs: int) -> Callable[[], None]:
    inputs, hidden, *_, outputs = net.sizes
    model = eqx.nn.MLP(inputs, outputs, hidden, len(net.sizes) - 2, key=jax.random.key(0))
    start, step = _step(model, optax.sgd(net.rate))

    def run() -> None:
        rng, trained, state = np.random.default_rng(0), model, start
        for _ in range(epochs):
            for rows in networks.batches(rng, len(dataset.x), net.batch):
                trained, state, value = step(trained, state, jnp.asarray(dataset.x[rows]), jnp.asarray(dataset.y[rows]))
        value.block_until_ready()

    return run
