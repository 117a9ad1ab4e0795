"""Cases of convolution, pooling and the networks of images: kernels, strides, paddings, dilations, groups, ties."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from nnjax import layers
from nnjax.certify.engine import Case
from nnjax.certify.layer_cases import of_layer
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


CASES: dict[str, Cases] = {
    "layers.conv1d": partial(_conv, "conv1d", CONV1D),
    "layers.conv2d": partial(_conv, "conv2d", CONV2D),
    "layers.max_pool": partial(_pool, "max_pool"),
    "layers.average_pool": partial(_pool, "average_pool"),
    "layers.global_max_pool": partial(_global_pool, "global_max_pool"),
    "layers.global_average_pool": partial(_global_pool, "global_average_pool"),
    "layers.adaptive_average_pool": _adaptive_pool,
}
