"""Cases of convolution, pooling and the networks of images: kernels, strides, paddings, dilations, groups, ties."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import numpy as np

from nnjax import layers, manual, models
from nnjax.certify.engine import Case
from nnjax.certify.layer_cases import of_layer
from nnjax.certify.model_cases import of_model
from nnjax.manual import conv, pooling

Cases = Callable[[np.random.Generator], Iterator[Case]]

CONV1D: list[tuple[tuple[int, int, int], int, int, dict[str, Any]]] = [
    ((2, 5, 2), 3, 2, {}),
    ((1, 3, 1), 3, 2, {}),  # a single place
    ((2, 1, 3), 1, 1, {}),  # length 1
    ((2, 7, 1), 3, 2, {"padding": "SAME", "stride": 2, "dilation": 2}),
    ((1, 6, 4), 2, 4, {"padding": (3, 0), "dilation": 3, "groups": 2}),
]  # (batch, length, inputs), kernel, outputs, settings

CONV2D: list[tuple[tuple[int, int, int, int], tuple[int, int], int, dict[str, Any]]] = [
    ((2, 4, 5, 2), (3, 2), 2, {}),
    ((1, 3, 3, 1), (3, 3), 1, {}),
    ((2, 5, 4, 1), (2, 3), 2, {"stride": 2, "padding": "SAME"}),
    ((1, 6, 5, 2), (3, 2), 1, {"stride": (2, 3), "padding": 1, "dilation": (1, 2)}),
    ((1, 4, 3, 4), (2, 2), 6, {"padding": ((0, 2), (1, 0)), "groups": 2}),
    ((2, 3, 3, 3), (3, 3), 3, {"padding": "SAME", "groups": 3}),  # each channel for itself
]

POOLS: list[tuple[tuple[int, ...], Any, dict[str, Any]]] = [
    ((2, 4, 6, 2), 2, {}),
    ((1, 5, 7, 2), 2, {}),  # a remainder is dropped
    ((2, 7, 7, 1), 3, {"stride": 2}),  # overlapping, as in AlexNet
    ((1, 5, 6, 1), (3, 2), {"stride": (2, 3), "padding": ((1, 2), (0, 1))}),
    ((2, 5, 4, 2), 3, {"stride": 2, "padding": "SAME"}),
    ((3, 7, 2), 3, {"padding": 1}),
    ((1, 1, 2), 1, {}),
]  # shape, size, settings


def _conv(name: str, settings: list[Any], rng: np.random.Generator) -> Iterator[Case]:
    apply = getattr(layers.conv, f"{name}_apply")
    for shape, kernel, outputs, setting in settings:
        sizes = (kernel,) if isinstance(kernel, int) else kernel
        W = rng.normal(size=(*sizes, shape[-1] // setting.get("groups", 1), outputs))
        params = {"W": W, "b": rng.normal(size=outputs)}
        settled = partial(apply, **setting), partial(conv.forward, **setting)
        yield of_layer(params, rng.normal(size=shape), *settled, conv.backward)


def _without_params(x: np.ndarray, apply: Callable[..., Any], name: str, *arguments: Any, **setting: Any) -> Case:
    forward, backward = getattr(pooling, f"{name}_forward"), getattr(pooling, f"{name}_backward")

    def by_hand(x: Any, dy: Any) -> tuple[Any, Any]:
        y, cache = forward(x, *arguments, **setting)
        return y, None if dy is None else backward(cache, dy)

    return Case(x, lambda x: apply(x, *arguments, **setting), by_hand)


def spread(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return numbers of which no two are nearer than 0.1: where two could change places there is no derivative."""
    return 0.1 * rng.permutation(int(np.prod(shape))).reshape(shape) - 2.0


def _pool(name: str, rng: np.random.Generator) -> Iterator[Case]:
    apply = getattr(layers.pooling, name)
    for shape, size, setting in POOLS:
        yield _without_params(spread(rng, shape), apply, name, size, **setting)


def _global_pool(name: str, rng: np.random.Generator) -> Iterator[Case]:
    for shape in ((2, 3, 4, 2), (1, 5, 3), (2, 1, 1, 2)):
        yield _without_params(spread(rng, shape), getattr(layers.pooling, name), name)


def _adaptive_pool(rng: np.random.Generator) -> Iterator[Case]:
    for shape, lengths in (((2, 5, 7, 2), (2, 3)), ((1, 6, 6, 1), 3), ((2, 3, 2), 5), ((1, 1, 3), 1)):
        apply = layers.pooling.adaptive_average_pool
        yield _without_params(rng.normal(size=shape), apply, "adaptive_average_pool", lengths)


def _random_like(rng: np.random.Generator, init: Callable[[Any], Any]) -> Any:
    """Return parameters shaped as ``init(key)`` has them, biases random too: at 0 a wrong gradient could hide."""
    return jax.tree.map(lambda p: rng.normal(0, 0.5, p.shape), jax.eval_shape(init, jax.random.key(0)))


CNNS: list[tuple[tuple[int, int, int], dict[str, Any], dict[str, Any]]] = [
    ((4, 6, 1), {"filters": (2, 3), "hidden": (4,), "kernel": 3}, {}),
    ((5, 5, 2), {"filters": (2,), "hidden": (), "kernel": 2}, {"size": 3, "stride": 2}),  # overlapping
    ((3, 4, 1), {"filters": (2, 1, 2), "hidden": (3, 3), "kernel": (2, 3, 1)}, {"pooled": (1,)}),
]  # shape of an image, what init is told, how maps are pooled


def _cnn(rng: np.random.Generator) -> Iterator[Case]:
    for shape, made, layout in CNNS:
        params = _random_like(rng, partial(models.cnn.init, shape=shape, classes=3, **made, **layout))
        x, labels = rng.normal(size=(2, *shape)), rng.integers(0, 3, 2)
        by_hand = partial(manual.cnn.loss_and_grads, **layout)
        yield of_model(params, x, labels, partial(models.cnn.loss, **layout), by_hand)
    key, rate = jax.random.key(3), 0.4
    params = _random_like(rng, partial(models.cnn.init, shape=(4, 4, 1), filters=(2,), hidden=(6,), kernel=3))
    mask = np.asarray(layers.dropout.mask(jax.random.split(key, 1)[0], (3, 6), rate), np.float64)
    yield of_model(
        params, rng.normal(size=(3, 4, 4, 1)), rng.integers(0, 10, 3),
        partial(models.cnn.loss, dropout=rate, key=key),
        partial(manual.cnn.loss_and_grads, masks=[mask], rate=rate),
    )  # fmt: skip


def _alexnet(rng: np.random.Generator) -> Iterator[Case]:
    """The layout with fewer maps; images of 15 x 15 are the smallest that it takes."""
    for channels in (1, 2, 3):
        made: dict[str, Any] = {"filters": (2, 1, 2, 1, 2), "hidden": (3, 2), "classes": 3, "kernel": (3, 3, 1, 2, 1)}
        shape = (15, 15, channels)
        params = _random_like(rng, partial(models.cnn.init, shape=shape, **made, **models.alexnet.LAYOUT))
        x, labels = rng.normal(size=(2, *shape)), rng.integers(0, 3, 2)
        yield of_model(params, x, labels, models.alexnet.loss, manual.alexnet.loss_and_grads)


def _lenet(rng: np.random.Generator) -> Iterator[Case]:
    by_hand = partial(manual.lenet.loss_and_grads, table=models.lenet.TABLE, codes=models.lenet.CODES)
    for batch in (1, 2, 3):
        params = jax.tree.map(np.asarray, models.lenet.init(jax.random.key(int(rng.integers(1 << 30)))))
        x, labels = rng.uniform(size=(batch, 32, 32, 1)), rng.integers(0, 10, batch)
        yield along_directions(params, x, labels, models.lenet.loss, by_hand, rng)


def _text_cnn(rng: np.random.Generator) -> Iterator[Case]:
    for batch, length, grams in ((2, 6, (2, 3)), (3, 3, (1, 3)), (1, 4, (4,))):
        params = _random_like(rng, partial(models.text_cnn.init, tokens=5, classes=3, width=3, grams=grams, filters=2))
        tokens, labels = rng.integers(0, 5, (batch, length)), rng.integers(0, 3, batch)
        yield of_model(params, tokens, labels, models.text_cnn.loss, manual.text_cnn.loss_and_grads)
    key, rate = jax.random.key(5), 0.5
    mask = np.asarray(layers.dropout.mask(key, (4, 4), rate), np.float64)
    params = _random_like(rng, partial(models.text_cnn.init, tokens=5, classes=3, width=2, grams=(1, 2), filters=2))
    yield of_model(
        params, rng.integers(0, 5, (4, 5)), rng.integers(0, 3, 4),
        partial(models.text_cnn.loss, dropout=rate, key=key),
        partial(manual.text_cnn.loss_and_grads, mask=mask, rate=rate),
    )  # fmt: skip


def along_directions(
    params: Any, x: np.ndarray, targets: np.ndarray, loss: Any, loss_and_grads: Any, rng: np.random.Generator
) -> Case:
    """Return the case of a network too large for a difference at every weight: along six random directions.

    The inputs are t, the network's parameters are params + sum_k t_k direction_k, and the gradient by t_k is the sum
    over all weights of gradient times direction_k.
    """
    base = jax.tree.map(lambda p: np.asarray(p, np.float64), params)
    directions = jax.tree.map(lambda p: 0.1 * rng.normal(size=(6, *p.shape)), base)

    def moved(t: Any) -> Any:
        return jax.tree.map(lambda p, d: p + (t.reshape(-1, *[1] * p.ndim) * d).sum(axis=0), base, directions)

    def by_hand(t: Any, dy: Any) -> tuple[Any, Any]:
        value, grads = loss_and_grads(moved(t), x, targets)
        if dy is None:
            return value, None
        along = jax.tree.map(lambda g, d: (g * d).reshape(len(d), -1).sum(axis=1), grads, directions)
        return value, dy * sum(jax.tree.leaves(along))

    return Case(np.zeros(6), lambda t: loss(moved(t), jax.numpy.asarray(x), jax.numpy.asarray(targets)), by_hand)


CASES: dict[str, Cases] = {
    "models.cnn": _cnn,
    "models.lenet": _lenet,
    "models.alexnet": _alexnet,
    "models.text_cnn": _text_cnn,
    "layers.conv1d": partial(_conv, "conv1d", CONV1D),
    "layers.conv2d": partial(_conv, "conv2d", CONV2D),
    "layers.max_pool": partial(_pool, "max_pool"),
    "layers.average_pool": partial(_pool, "average_pool"),
    "layers.global_max_pool": partial(_global_pool, "global_max_pool"),
    "layers.global_average_pool": partial(_global_pool, "global_average_pool"),
    "layers.adaptive_average_pool": _adaptive_pool,
}
