"""What an exercise may be called with beside arrays: keys, functions and meshes, written down as plain data.

Inputs are drawn outside the place where a learner's code runs and travel there as data. A ``Key`` becomes a JAX key, a
``Function`` one of the named functions below, a ``Mesh`` a mesh of devices, at the moment of the call.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Key(NamedTuple):
    """A JAX key, ``jax.random.key(seed)``."""

    seed: int


class Function(NamedTuple):
    """The function ``FUNCTIONS[name]`` with its constants; ``words`` says to a reader what it is."""

    name: str
    constants: tuple[Any, ...] = ()
    words: str = ""


class Mesh(NamedTuple):
    """A mesh of all devices of the machine, at most ``devices``, along one axis called ``axis``."""

    devices: int
    axis: str = "data"


# One program each, where the operations one by one would be three to five.
@jax.jit
def _bowl(x: Any, centre: Any, steepness: Any) -> Any:
    return jnp.sum(steepness * (x - centre) ** 2) / 2


@jax.jit
def _waves(x: Any, frequencies: Any) -> Any:
    return jnp.sum(jnp.sin(frequencies * x))


@jax.jit
def _ripple(x: Any, frequencies: Any) -> Any:
    return jnp.sin(jnp.sum(frequencies * x))


PROGRAMS = ("_bowl", "_waves", "_ripple")


def cubic(a: Any, b: Any) -> Callable[[Any], Any]:
    """Return f(x) = a x^3 + b x, from numbers to numbers."""
    return lambda x: a * x**3 + b * x


def sine(a: Any, b: Any) -> Callable[[Any], Any]:
    """Return f(x) = sin(a x) + b, from numbers to numbers."""
    return lambda x: jnp.sin(a * x) + b


def bowl(centre: Any, steepness: Any) -> Callable[[Any], Any]:
    """Return f(x) = 1/2 sum(steepness (x - centre)^2), from arrays of one shape to a number."""
    return lambda x: _bowl(x, centre, steepness)


def bowl_gradient(centre: Any, steepness: Any) -> Callable[[Any], Any]:
    """Return the gradient of ``bowl``: x -> steepness (x - centre), also of a pytree of such arrays."""
    return lambda x: jax.tree.map(lambda x, c, s: s * (x - c), x, centre, steepness)


def waves(frequencies: Any) -> Callable[[Any], Any]:
    """Return f(x) = sum(sin(frequencies x)), from arrays of one shape to a number."""
    return lambda x: _waves(x, frequencies)


def ripple(frequencies: Any) -> Callable[[Any], Any]:
    """Return f(x) = sin(sum(frequencies x)), from arrays of one shape to a number, each slope hanging on all of x."""
    return lambda x: _ripple(x, frequencies)


def scaled_waves_gradient(frequencies: Any, scale: Any) -> Callable[[Any], Any]:
    """Return ``scale`` times the gradient of ``waves``: the right one at scale 1, a wrong one elsewhere."""
    return lambda x: scale * frequencies * jnp.cos(frequencies * x)


def linear_loss() -> Callable[[Any, Any], Any]:
    """Return loss(params, (x, y)) = the batch mean of 1/2 ||x W + b - y||^2."""

    def loss(params: Any, batch: Any) -> Any:
        x, y = batch
        return jnp.mean(jnp.sum((x @ params["W"] + params["b"] - y) ** 2, axis=-1)) / 2

    return loss


def network_loss() -> Callable[[Any, Any], Any]:
    """Return ``linear_loss`` of a network, params {"hidden", "out"}: two dense layers with tanh between them."""

    def loss(params: Any, batch: Any) -> Any:
        x, y = batch
        h = jnp.tanh(x @ params["hidden"]["W"] + params["hidden"]["b"])
        return linear_loss()(params["out"], (h, y))

    return loss


FUNCTIONS: dict[str, Callable[..., Callable[..., Any]]] = {
    maker.__name__: maker
    for maker in (cubic, sine, bowl, bowl_gradient, waves, ripple, scaled_waves_gradient, linear_loss, network_loss)
}


def materialise(tree: Any) -> Any:
    """Return the inputs as a learner's function gets them: NumPy's values become JAX arrays, keys keys, and so on."""
    if isinstance(tree, Key):
        return jax.random.key(tree.seed)
    if isinstance(tree, Function):
        return FUNCTIONS[tree.name](*materialise(tree.constants))
    if isinstance(tree, Mesh):
        devices = min(tree.devices, jax.device_count())
        # Auto, the default of JAX 0.8: with Explicit axes most right answers (shard_map, constraints) are refused.
        return jax.make_mesh((devices,), (tree.axis,), axis_types=(jax.sharding.AxisType.Auto,))
    if isinstance(tree, dict):
        return {name: materialise(value) for name, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(materialise(value) for value in tree)
    # Unlike jnp.asarray it compiles nothing, which for the small arrays of an exercise takes longer than all else.
    return jax.device_put(np.asarray(tree)) if isinstance(tree, (np.ndarray, np.generic)) else tree


def is_static(leaf: Any) -> bool:
    """Tell whether an argument cannot be traced: numbers of Python, words, None, functions and meshes."""
    return not isinstance(leaf, jax.Array)
