"""Linear and logistic regression and the MLP in Flax: ``nnx.Linear`` and functions between."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import jax
from flax import nnx
from jaxtyping import PyTree

from nnjax.interop.flax.twin import Slot, Twin, activation_of, dense_slots, slot


class Neurons(Twin):
    """x W + b: one layer, or a single neuron, ``outputs=None``, with one number for each example."""

    def __init__(self, inputs: int, outputs: int | None, *, rngs: nnx.Rngs):
        self.layer = nnx.Linear(inputs, outputs or 1, rngs=rngs)
        self.single = outputs is None

    def __call__(self, x: jax.Array) -> jax.Array:
        """Return x W + b."""
        y = self.layer(x)
        return y[..., 0] if self.single else y

    @classmethod
    def like(cls, params: PyTree) -> "Neurons":
        """Return the layer of the sizes of ``params``."""
        inputs, *outputs = params["W"].shape
        return cls(inputs, *(outputs or [None]), rngs=nnx.Rngs(0))

    def slots(self) -> dict[str, Slot]:
        """Return {"W", "b"}."""
        if self.single:
            return {"W": slot(self.layer.kernel, self.layer.kernel.shape[:1]), "b": slot(self.layer.bias, ())}
        return dense_slots(self.layer)


class MLP(Twin):
    """h = g(h W + b), layer by layer, with dropout after each hidden one; one activation for each layer."""

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activations: Sequence[Callable[[jax.Array], jax.Array]],
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ):
        self.layers = nnx.List([nnx.Linear(i, o, rngs=rngs) for i, o in pairwise(sizes)])
        self.activations = tuple(activations)
        self.dropout = nnx.Dropout(dropout, rngs=rngs if dropout else None)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Return the outputs, (batch, outputs)."""
        *hidden, output = zip(self.layers, self.activations, strict=True)
        for layer, activation in hidden:
            x = self.dropout(activation(layer(x)))
        layer, activation = output
        return activation(layer(x))

    @classmethod
    def like(
        cls, params: PyTree, *, activation: Any = "relu", output_activation: Any = "identity", dropout: float = 0.0
    ) -> "MLP":
        """Return the network of the sizes of ``params``; the settings are those of ``models.mlp.apply``."""
        one_for_all = isinstance(activation, str) or callable(activation)
        names = [activation] * (len(params) - 1) if one_for_all else list(activation)
        if len(names) != len(params) - 1:
            raise ValueError(
                f"activation names {len(names)} activations; the network has {len(params) - 1} hidden layers"
            )
        functions = [activation_of("activation", name) for name in names]
        functions.append(activation_of("output_activation", output_activation))
        sizes = [layer["W"].shape[-2] for layer in params] + [params[-1]["W"].shape[-1]]
        return cls(sizes, activations=functions, dropout=dropout, rngs=nnx.Rngs(0))

    def slots(self) -> list[dict[str, Slot]]:
        """Return a list of {"W", "b"}."""
        return [dense_slots(layer) for layer in self.layers]
