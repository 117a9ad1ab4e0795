"""The multilayer perceptron: h = g(h W + b) layer by layer, a plain or activated output, dropout between.

``params`` is a list of dense layers, the last of which is the output. Hidden layers may be maxout ones, or carry the
learned "slope" of a PReLU. Such networks learn by backpropagation (Rumelhart, Hinton and Williams, 1986).
"""

from collections.abc import Callable, Sequence
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Num

from nnjax import activations, layers, losses
from nnjax.checks import require_sizes, unknown
from nnjax.initializers import Initializer, Key, he_normal

Layer = dict[str, Array]
Params = list[Layer]
Activation = str | Callable[[Array], Array]
Scalar = Float[Array, ""]

NAMES = (*activations.BY_NAME, "prelu", "maxout")


def init(
    key: Key,
    sizes: Sequence[int],
    *,
    activation: Activation | Sequence[Activation] = "relu",
    pieces: int = 2,
    initializer: Initializer = he_normal,
) -> Params:
    """Return the layers of a network with ``sizes`` = (inputs, hidden, ..., outputs), each from a key of its own.

    ``activation``, the same as in ``apply``, matters here where it learns: "prelu" adds a "slope" (features,) of 0.25,
    "maxout" makes ``pieces`` linear maps. Raises ValueError for fewer than two sizes, a size below 1, an unknown name.
    """
    require_sizes("sizes", sizes, least=2)
    names = [*_per_hidden_layer(activation, len(sizes) - 2), "identity"]
    params = []
    for k, inputs, outputs, name in zip(jax.random.split(key, len(names)), sizes, sizes[1:], names, strict=False):
        if name == "maxout":
            layer = layers.maxout.init(k, inputs, outputs, pieces=pieces, initializer=initializer)
        else:
            layer = layers.dense.init(k, inputs, outputs, initializer=initializer)
        params.append(layer | {"slope": jnp.full(outputs, 0.25)} if name == "prelu" else layer)
    return params


def apply(
    params: Params,
    x: Float[Array, "*batch inputs"],
    *,
    activation: Activation | Sequence[Activation] = "relu",
    output_activation: Activation = "identity",
    dropout: float | Scalar = 0.0,
    key: Key | None = None,
) -> Float[Array, "*batch outputs"]:
    """Return the outputs: logits for classification, values for regression.

    ``activation`` is one for all hidden layers or a sequence, one for each: a name or a function of the pre-activation.
    ``dropout`` is the rate at which hidden units are dropped in training, when there is a ``key``.
    Raises ValueError for an unknown name, a wrong number of activations, layers made for another one, or a wrong shape.
    """
    if not isinstance(params, Sequence) or not params:
        what = "empty" if isinstance(params, Sequence) else f"a {type(params).__name__}"
        raise ValueError(f"params is {what}; it must be the list of layers that init returned")
    *hidden, output = params
    names = _per_hidden_layer(activation, len(hidden))
    keys = [None] * len(hidden) if key is None else jax.random.split(key, len(hidden))
    h = x
    for layer, name, k in zip(hidden, names, keys, strict=True):
        h = layers.dropout.apply(_hidden(layer, h, name), dropout, key=k)
    return _elementwise("output_activation", output_activation)(layers.dense.apply(output, h))


def loss(
    params: Params,
    x: Float[Array, "batch inputs"],
    targets: Num[Array, "batch *outputs"],
    *,
    activation: Activation | Sequence[Activation] = "relu",
    output_activation: Activation = "identity",
    dropout: float | Scalar = 0.0,
    key: Key | None = None,
    criterion: Callable[[Array, Array], Array] = losses.cross_entropy,
) -> Scalar:
    """Return criterion(outputs, targets): by default the cross-entropy of logits with integer labels."""
    forward = partial(apply, activation=activation, output_activation=output_activation, dropout=dropout, key=key)
    return criterion(forward(params, x), targets)


def _hidden(layer: Layer, x: Array, activation: Activation) -> Array:
    made_for = "maxout" if layer["W"].ndim == 3 else "prelu" if "slope" in layer else "a plain activation"
    wanted = activation if activation in ("maxout", "prelu") else "a plain activation"
    if wanted != made_for:
        raise ValueError(f"activation is {activation!r}; the layer was made for {made_for}: init and apply must agree")
    if activation == "maxout":
        return layers.maxout.apply(layer, x)
    a = layers.dense.apply(layer, x)
    return activations.prelu(a, layer["slope"]) if activation == "prelu" else _elementwise("activation", activation)(a)


def _elementwise(argument: str, activation: Activation) -> Callable[[Array], Array]:
    if callable(activation):
        return activation
    if activation not in activations.BY_NAME:
        raise unknown(argument, activation, activations.BY_NAME)
    return activations.BY_NAME[activation]


def _per_hidden_layer(activation: Activation | Sequence[Activation], count: int) -> list[Activation]:
    if isinstance(activation, str) or callable(activation):
        names: list[Activation] = [activation] * count
    else:
        names = list(activation)
    if len(names) != count:
        raise ValueError(f"activation names {len(names)} activations; the network has {count} hidden layers")
    for name in names:
        if not callable(name) and name not in NAMES:
            raise unknown("activation", name, NAMES)
    return names
