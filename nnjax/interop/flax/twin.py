"""What all twins have: slots, the places in the module for the parameters of nnjax."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import PyTree

from nnjax import activations
from nnjax.checks import unknown


@dataclass(frozen=True)
class Slot:
    """A variable of the module, and the shape that nnjax gives to the same numbers in the same order."""

    variable: nnx.Variable
    shape: tuple[int, ...]


class Twin(nnx.Module):
    """A module that stands for a model.

    Its class has ``like(params, **settings)``, which returns a module of the sizes of the parameters, and ``slots``.
    """

    def slots(self) -> PyTree:
        """Return the parameters of the model with a ``Slot`` in place of each array."""
        raise NotImplementedError


def filled(twin: Any, params: PyTree, settings: dict[str, Any]) -> Twin:
    """Return the twin with the numbers of ``params`` in evaluation; nothing is drawn at random on the way."""
    given = jax.tree.map(np.shape, params)
    try:
        module = nnx.eval_shape(lambda: twin.like(params, **settings))
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(f"params have the shapes {given}, which are not those of the model: {error!r}") from error
    wanted = jax.tree.map(lambda slot: slot.shape, module.slots())
    if given != wanted:
        raise ValueError(f"params have the shapes {given}; the twin in Flax is for {wanted}")

    def fill(slot: Slot, leaf: Any) -> None:
        slot.variable.update_from_state(nnx.Param(jnp.asarray(leaf).reshape(slot.variable.shape)))

    jax.tree.map(fill, module.slots(), params)
    nnx.reseed(module, default=0, carry=0)
    module.eval()
    return module


def slot(variable: Any, shape: tuple[int, ...] | None = None) -> Slot:
    """Return the slot of a variable, by default of the same shape in nnjax."""
    return Slot(variable, variable.shape if shape is None else shape)


def dense_slots(layer: nnx.Linear | nnx.Conv) -> dict[str, Slot]:
    """Return the slots of a dense layer or a convolution."""
    return {"W": slot(layer.kernel), "b": slot(layer.bias)}


BY_NAME: dict[str, Callable[[jax.Array], jax.Array]] = {
    "identity": activations.identity,
    "step": activations.step,
    "sigmoid": nnx.sigmoid,
    "tanh": nnx.tanh,
    "relu": nnx.relu,
    "leaky_relu": partial(nnx.leaky_relu, negative_slope=0.1),
    "elu": nnx.elu,
    "gelu": partial(nnx.gelu, approximate=False),
}
"""Flax's activations by our names, at our settings; those that it has not are our own functions."""


def activation_of(argument: str, activation: Any) -> Callable[[jax.Array], jax.Array]:
    """Return the function of a name, or the function itself; raise ValueError for a name without a twin."""
    if callable(activation):
        return activation
    if activation in ("maxout", "prelu"):
        raise ValueError(f"{argument} is {activation!r}, which has no twin in Flax with a parameter for each feature")
    if activation not in BY_NAME:
        raise unknown(argument, activation, BY_NAME)
    return BY_NAME[activation]
