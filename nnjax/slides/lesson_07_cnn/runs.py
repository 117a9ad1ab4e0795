"""The networks that deck 7 trains: digits on larger sheets, a perceptron, two convolutional networks, one of text."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from nnjax import data, layers, losses, models, optimizers

Params = Any
Apply = Callable[[Params, Any], Any]
SYMBOLS = data.unicode.SYMBOLS


class Sheets(NamedTuple):
    """Digits of 8 by 8 pixels for training and for validation, not yet on their sheets, and their labels."""

    x: np.ndarray
    y: np.ndarray
    x_valid: np.ndarray
    y_valid: np.ndarray


@cache
def digits() -> Sheets:
    """Return 1152 digits to learn from and 285 to judge by."""
    all_of_them = data.load("digits")
    order = np.random.default_rng(0).permutation(len(all_of_them.x))
    train, valid = order[:1152], order[1152:]
    return Sheets(all_of_them.x[train], all_of_them.y[train], all_of_them.x[valid], all_of_them.y[valid])


def on_a_sheet(images: np.ndarray, across: int = 0) -> np.ndarray:
    """Put images of 8 x 8 pixels on sheets of 12 x 12, moved to the right from the middle."""
    sheet = np.zeros((len(images), 12, 12, 1), np.float32)
    sheet[:, 2:10, 2 + across : 10 + across] = images
    return sheet


def shuffled(images: np.ndarray) -> np.ndarray:
    """Change the places of the pixels, in all images in the same way."""
    order = np.random.default_rng(2).permutation(144)
    return images.reshape(len(images), -1)[:, order].reshape(images.shape)


@partial(jax.jit, static_argnames="apply")
def _learn(apply: Apply, starts: Params, rows: Any, x: Any, labels: Any) -> Params:
    adam = optimizers.adam(3e-3)

    def step(carry: Any, rows: Any) -> Any:
        def cost(params: Params) -> Any:
            return losses.cross_entropy(apply(params, x[rows]), labels[rows])

        updates, state = adam.update(jax.grad(cost)(carry[0]), carry[1])
        return (optax.apply_updates(carry[0], updates), state), None

    def one(params: Params, rows: Any) -> Params:
        return jax.lax.scan(step, (params, adam.init(params)), rows)[0][0]

    return jax.vmap(one)(starts, rows)


def _train(init: Any, apply: Apply, x: np.ndarray, y: np.ndarray, steps: int = 360, seeds: int = 3) -> Params:
    each = [init(key) for key in jax.random.split(jax.random.key(1), seeds)]
    starts = jax.tree.map(lambda *leaves: np.stack(leaves), *each)
    rows = np.random.default_rng(2).integers(0, len(x), (seeds, steps, 32))
    return _learn(apply, starts, rows, x, y)


@partial(jax.jit, static_argnames="apply")
def _right(apply: Apply, params: Params, x: Any, labels: Any) -> Any:
    z = jax.vmap(apply, (0, None))(params, x)
    return 100 * jnp.mean(z.argmax(axis=-1) == labels, axis=-1)


def right(apply: Apply, params: Params, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the share of right answers of each seed, in per cent."""
    return np.asarray(_right(apply, params, x, y))


def mlp_apply(params: Params, images: Any) -> Any:
    """Return the logits of the perceptron."""
    return models.mlp.apply(params, images.reshape(len(images), -1))


def _pool(x: Any) -> Any:
    pairs = jnp.maximum(x[:, ::2], x[:, 1::2])
    return jnp.maximum(pairs[:, :, ::2], pairs[:, :, 1::2])


def features(params: Params, x: Any) -> tuple[Any, Any]:
    """Return the maps of the first convolution and those of the second."""
    x, conv = jnp.asarray(x), partial(layers.conv.conv2d_apply, padding="SAME")
    first = jax.nn.relu(conv(params["conv1"], x))
    return first, jax.nn.relu(conv(params["conv2"], _pool(first)))


def flat_apply(params: Params, x: Any) -> Any:
    """Return the logits of the network that flattens its last maps."""
    last = _pool(features(params, x)[1])
    return layers.dense.apply(params["dense"], last.reshape(len(x), -1))


def global_apply(params: Params, x: Any) -> Any:
    """Return the logits of the network that pools its last maps globally."""
    return layers.dense.apply(params["dense"], features(params, x)[1].max(axis=(1, 2)))


def _cnn_init(key: Any, inputs: int) -> Params:
    a, b, c = jax.random.split(key, 3)
    conv = layers.conv.conv2d_init
    return {"conv1": conv(a, 3, 1, 8), "conv2": conv(b, 3, 8, 32), "dense": layers.dense.init(c, inputs, 10)}


@cache
def perceptron(mixed: bool = False) -> Params:
    """Return the perceptrons of three seeds, trained on sheets as they are or with shuffled pixels."""
    sheets = on_a_sheet(digits().x)
    x = shuffled(sheets) if mixed else sheets
    return _train(lambda key: models.mlp.init(key, (144, 64, 10)), mlp_apply, x, digits().y)


@cache
def flat() -> Params:
    """Return the networks of three seeds that flatten."""
    return _train(partial(_cnn_init, inputs=288), flat_apply, on_a_sheet(digits().x), digits().y)


@cache
def pooled() -> Params:
    """Return the networks of three seeds that pool globally."""
    return _train(partial(_cnn_init, inputs=32), global_apply, on_a_sheet(digits().x), digits().y, 600)


def _text_init(key: Any, classes: int) -> Params:
    *keys, last = jax.random.split(key, 4)
    convs = [layers.conv.conv1d_init(k, w, len(SYMBOLS), 16) for k, w in zip(keys, (2, 3, 4), strict=True)]
    return {"conv": convs, "dense": layers.dense.init(last, 48, classes)}


def text_apply(params: Params, tokens: Any) -> Any:
    """Return the logits of the network of names."""
    x = jax.nn.one_hot(tokens, len(SYMBOLS))
    found = []
    for layer in params["conv"]:
        width = len(layer["W"])
        padded = jnp.pad(x, ((0, 0), (0, width - 1), (0, 0)))
        stops = padded.shape[1] - width + 1
        answers = sum(padded[:, k : k + stops] @ layer["W"][k] for k in range(width)) + layer["b"]
        found.append(jax.nn.relu(answers).max(axis=1))
    return layers.dense.apply(params["dense"], jnp.concatenate(found, axis=-1))


@cache
def names() -> tuple[Any, Params]:
    """Return the names of letters by script, and the trained network."""
    scripts = data.load("unicode_scripts")
    init = partial(_text_init, classes=len(scripts.classes))
    return scripts, _train(init, text_apply, scripts.x, scripts.y, seeds=1)


def first(params: Params) -> Params:
    """Return the network of the first seed."""
    return jax.tree.map(lambda leaf: leaf[0], params)


def size(params: Params) -> int:
    """Return the number of parameters of one of several networks that were trained side by side."""
    return sum(leaf[0].size for leaf in jax.tree.leaves(params))
