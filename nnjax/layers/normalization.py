"""Normalisation: numbers are brought to mean 0 and variance 1, then scaled and shifted by learned parameters.

Layer normalisation takes the mean and variance over the features of one example (Ba, Kiros and Hinton, 2016); batch
normalisation takes them over the batch, one feature at a time (Ioffe and Szegedy, 2015), and keeps running averages
for evaluation. That state is passed in and handed back.

The gradient of layer normalisation is the one derived by hand (``nnjax.manual.normalization``), given to JAX: it passes
over the numbers fewer times, which tells in a transformer, where every branch begins with it.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nnjax.checks import require_between, require_last_axis, require_not_empty, require_sizes

Params = dict[str, Array]
State = dict[str, Array]


def layer_norm_init(features: int) -> Params:
    """Return {"scale": ones, "bias": zeros}, each (features,). Raises ValueError for a size below 1."""
    require_sizes("features", [features])
    return {"scale": jnp.ones(features), "bias": jnp.zeros(features)}


def layer_norm_apply(
    params: Params, x: Float[Array, "*batch features"], *, eps: float = 1e-5
) -> Float[Array, "*batch features"]:
    """Return scale * (x - mean) / sqrt(variance + eps) + bias, mean and variance over the features of each example."""
    require_last_axis("x", x, params["scale"].shape[0], "layer normalisation")
    require_between("eps", eps, 0, float("inf"), high_included=False)
    kept = jnp.result_type(x, *params.values(), float)
    params, x = jax.tree.map(partial(_wide, dtype=kept), (params, x))
    return _layer_norm(params, x, eps).astype(kept)


def batch_norm_init(features: int) -> tuple[Params, State]:
    """Return the parameters {"scale", "bias"} and the running {"mean": zeros, "var": ones}, each (features,)."""
    return layer_norm_init(features), {"mean": jnp.zeros(features), "var": jnp.ones(features)}


def batch_norm_apply(
    params: Params,
    state: State,
    x: Float[Array, "*batch features"],
    *,
    train: bool,
    momentum: float = 0.9,
    eps: float = 1e-5,
) -> tuple[Float[Array, "*batch features"], State]:
    """Return (y, state), y = scale * (x - mean) / sqrt(var + eps) + bias, one mean and variance for each feature.

    In training they are those of x over all axes but the last, and each running average moves towards them:
    new = momentum * old + (1 - momentum) * current. In evaluation the running averages are used and not changed.
    Raises ValueError when the features do not fit, the momentum is not between 0 and 1, or training has no batch.
    """
    require_last_axis("x", x, params["scale"].shape[0], "batch normalisation")
    require_between("momentum", momentum, 0, 1)
    require_between("eps", eps, 0, float("inf"), high_included=False)
    kept = jnp.result_type(x, *params.values(), *(() if train else state.values()), float)
    of_x, x = jnp.result_type(x, float), _wide(x, kept)
    if train:
        require_not_empty("x", x, axes=2)
        axes = tuple(range(x.ndim - 1))
        mean = jnp.mean(x, axis=axes)
        var = jnp.mean((x - mean) ** 2, axis=axes)
        current = {"mean": mean, "var": var}
        state = {
            name: (momentum * old + (1 - momentum) * current[name]).astype(jnp.result_type(old, of_x))
            for name, old in state.items()
        }
    else:
        mean, var = state["mean"], state["var"]
    return (params["scale"] * (x - mean) / jnp.sqrt(var + eps) + params["bias"]).astype(kept), state


def _wide(leaf: Array, dtype: Any) -> Array:
    """Return the leaf in ``dtype``, float32 at least: the square of a number of float16 may overflow."""
    return leaf.astype(jnp.promote_types(dtype, jnp.float32))


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _layer_norm(params: Params, x: Array, eps: float) -> Array:
    return _forward(params, x, eps)[0]


def _forward(params: Params, x: Array, eps: float) -> tuple[Array, Any]:
    centred = x - jnp.mean(x, axis=-1, keepdims=True)
    s = jnp.sqrt(jnp.mean(centred**2, axis=-1, keepdims=True) + eps)
    u = centred / s
    return params["scale"] * u + params["bias"], (params, u, s)


def _backward(eps: float, cache: Any, dy: Array) -> tuple[Params, Array]:
    params, u, s = cache
    du = params["scale"] * dy
    along_u = u * jnp.mean(du * u, axis=-1, keepdims=True)
    dx = (du - jnp.mean(du, axis=-1, keepdims=True) - along_u) / s
    examples = tuple(range(dy.ndim - 1))
    return {"scale": jnp.sum(dy * u, axis=examples), "bias": jnp.sum(dy, axis=examples)}, dx


_layer_norm.defvjp(_forward, _backward)
