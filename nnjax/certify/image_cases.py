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
from nnjax.manual import conv, local_response, pooling

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


def _local_response(rng: np.random.Generator) -> Iterator[Case]:
    settings: list[tuple[tuple[int, ...], dict[str, Any]]] = [
        ((2, 7), {}),
        ((1, 2, 2, 4), {"alpha": 0.5, "depth": 3}),
        ((2, 1), {"alpha": 1.0, "bias": 1.0}),
    ]
    for shape, setting in settings:

        def by_hand(x: Any, dy: Any, setting: Any = setting) -> tuple[Any, Any]:
            y, cache = local_response.forward(x, **setting)
            return y, None if dy is None else local_response.backward(cache, dy)

        yield Case(rng.normal(size=shape), partial(layers.local_response.apply, **setting), by_hand)


def _drawn(rng: np.random.Generator, init: Callable[..., Any], size: float = 0.5) -> Any:
    """Return parameters without a zero; only their shapes come from ``init(key)``."""
    shapes = jax.eval_shape(init, jax.random.key(0))
    return jax.tree.map(lambda p: rng.normal(0, size, p.shape), shapes)


CNNS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"shape": (4, 5, 1), "filters": (2, 2), "hidden": (3,)}, {"kernel": 3}, {}),
    ({"shape": (5, 4, 2), "filters": (2,), "hidden": ()}, {"kernel": 2}, {"padding": "VALID"}),
    ({"shape": (4, 4, 1), "filters": (2, 1, 2), "hidden": (2, 2)}, {"kernel": (3, 1, 3)}, {"pool": (1, 2, 2)}),
]  # sizes, settings of init alone, settings of both


def _cnn(rng: np.random.Generator) -> Iterator[Case]:
    for sizes, setting, both in CNNS:
        params = _drawn(rng, partial(models.cnn.init, classes=3, **sizes, **setting, **both))
        yield of_model(
            params, rng.normal(size=(3, *sizes["shape"])), rng.integers(0, 3, 3),
            partial(models.cnn.loss, **both), partial(manual.cnn.loss_and_grads, **both),
        )  # fmt: skip
    key, rate, batch = jax.random.key(3), 0.4, 4
    params = _drawn(rng, partial(models.cnn.init, shape=(4, 4, 1), filters=(3,), hidden=(5,), classes=2, kernel=3))
    yield of_model(
        params, rng.normal(size=(batch, 4, 4, 1)), rng.integers(0, 2, batch),
        partial(models.cnn.loss, dropout=rate, key=key),
        partial(manual.cnn.loss_and_grads, masks=_masks(key, batch, (12, 5), rate), rate=rate),
    )  # fmt: skip


def _masks(key: Any, batch: int, sizes: tuple[int, ...], rate: float) -> list[np.ndarray]:
    """Return the dropout masks of the flattened maps and the hidden layers, from the keys that the models take."""
    first, rest = jax.random.split(key)
    keys = [first, *jax.random.split(rest, len(sizes) - 1)]
    shapes = [(batch, size) for size in sizes]
    return [np.asarray(layers.dropout.mask(k, shape, rate), np.float64) for k, shape in zip(keys, shapes, strict=True)]


def _alexnet(rng: np.random.Generator) -> Iterator[Case]:
    key, rate = jax.random.key(5), 0.5
    for batch, shape, dropped in ((2, (3, 4, 1), False), (1, (5, 3, 2), False), (3, (4, 4, 1), True)):
        sizes: dict[str, Any] = {"shape": shape, "filters": (2,) * 5, "hidden": (3, 2), "classes": 3}
        params = _drawn(rng, partial(models.alexnet.init, **sizes))
        loss, by_hand = models.alexnet.loss, manual.alexnet.loss_and_grads
        if dropped:
            loss = partial(loss, key=key)
            by_hand = partial(by_hand, masks=_masks(key, batch, (2, 3, 2), rate), rate=rate)
        yield of_model(params, rng.normal(size=(batch, *shape)), rng.integers(0, 3, batch), loss, by_hand)


def along(rng: np.random.Generator, params: Any, case: Callable[[Any], Case], directions: int = 5) -> Case:
    """Return the case of the loss at params + sum_k t_k D_k, differentiated by the t_k: dE/dt_k = sum dE/dparams D_k.

    The D_k are random and move every parameter, so it certifies the gradient of a network of which there are too many
    to be moved one by one; ``case(params)`` is the case in all of them.
    """
    whole = case(params)
    moves = [jax.tree.map(lambda p: rng.normal(0, 0.1, p.shape), params) for _ in range(directions)]

    def at(t: Any) -> Any:
        return jax.tree.map(lambda p, *d: p + sum(t[k] * d[k] for k in range(directions)), params, *moves)

    def by_hand(t: Any, dy: Any) -> tuple[Any, Any]:
        loss, grads = whole.by_hand(at(t), dy)
        slopes = [sum(np.sum(a * b) for a, b in zip(*map(jax.tree.leaves, (grads, d)), strict=True)) for d in moves]
        return loss, np.array(slopes)

    return Case(np.zeros(directions), lambda t: whole.apply(at(t)), by_hand)


def _lenet(rng: np.random.Generator) -> Iterator[Case]:
    by_hand = partial(manual.lenet.loss_and_grads, codes=models.lenet.CODES)
    for batch, side in ((2, 28), (1, 32), (3, 28)):
        params = _drawn(rng, models.lenet.init, 0.1)
        x, labels = rng.uniform(size=(batch, side, side, 1)), rng.integers(0, 10, batch)
        yield along(rng, params, partial(of_model, x=x, d=labels, loss=models.lenet.loss, by_hand=by_hand))


def _text_cnn(rng: np.random.Generator) -> Iterator[Case]:
    for batch, time, kernels in ((2, 4, (2, 3)), (1, 1, (2, 4)), (3, 5, (1,))):
        params = _drawn(rng, partial(models.text_cnn.init, tokens=4, classes=3, width=2, filters=2, kernels=kernels))
        x, labels = rng.integers(0, 4, (batch, time)), rng.integers(0, 3, batch)
        yield of_model(params, x, labels, models.text_cnn.loss, manual.text_cnn.loss_and_grads)
    key, rate = jax.random.key(3), 0.4
    mask = np.asarray(layers.dropout.mask(key, (3, 2), rate), np.float64)
    yield of_model(
        params, x, labels, partial(models.text_cnn.loss, dropout=rate, key=key),
        partial(manual.text_cnn.loss_and_grads, mask=mask, rate=rate),
    )  # fmt: skip


CASES: dict[str, Cases] = {
    "layers.conv1d": partial(_conv, "conv1d", CONV1D),
    "layers.conv2d": partial(_conv, "conv2d", CONV2D),
    "layers.max_pool": partial(_pool, "max_pool"),
    "layers.average_pool": partial(_pool, "average_pool"),
    "layers.global_max_pool": partial(_global_pool, "global_max_pool"),
    "layers.global_average_pool": partial(_global_pool, "global_average_pool"),
    "layers.adaptive_average_pool": _adaptive_pool,
    "layers.local_response": _local_response,
    "models.cnn": _cnn,
    "models.alexnet": _alexnet,
    "models.lenet": _lenet,
    "models.text_cnn": _text_cnn,
}
