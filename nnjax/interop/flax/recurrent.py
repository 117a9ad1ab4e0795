"""The recurrent classifier and language model in Flax: ``nnx.RNN`` over a cell, a layer of it upon the other."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import jax
from flax import nnx
from jaxtyping import PyTree

from nnjax.checks import unknown
from nnjax.interop.flax.twin import Slot, Twin, dense_slots, slot
from nnjax.models import rnn

CELLS = {"elman": nnx.SimpleCell, "lstm": nnx.OptimizedLSTMCell}
"""The cells of Flax that compute the same as ours."""


class Stack(nnx.Module):
    """Recurrent layers of ``sizes`` = (inputs, hidden, ...): outputs of all time steps."""

    def __init__(self, sizes: Sequence[int], *, cell: str, rngs: nnx.Rngs):
        self.layers = nnx.List([nnx.RNN(_cell(cell, i, h, rngs), rngs=rngs) for i, h in pairwise(sizes)])

    def __call__(self, x: jax.Array) -> jax.Array:
        """Return the outputs of the topmost layer, (batch, time, hidden)."""
        for layer in self.layers:
            x = layer(x)
        return x

    def slots(self) -> list[dict[str, Slot]]:
        """Return a list of {"Wx", "Wh", "b"}."""
        return [_cell_slots(layer.cell) for layer in self.layers]


class Classifier(Twin):
    """Logits of the classes from the outputs of the last time step."""

    def __init__(self, sizes: Sequence[int], *, cell: str = "lstm", rngs: nnx.Rngs):
        self.recurrent = Stack(sizes[:-1], cell=cell, rngs=rngs)
        self.output = nnx.Linear(sizes[-2], sizes[-1], rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Return the logits, (batch, classes)."""
        return self.output(self.recurrent(x)[:, -1])

    @classmethod
    def like(cls, params: PyTree, *, cell: str = "lstm") -> "Classifier":
        """Return the network of the sizes of ``params``; the setting is that of ``models.rnn.apply``."""
        sizes = [*_sizes(params, cell), params["output"]["W"].shape[1]]
        return cls(sizes, cell=cell, rngs=nnx.Rngs(0))

    def slots(self) -> dict[str, Any]:
        """Return {"recurrent", "output"}."""
        return {"recurrent": self.recurrent.slots(), "output": dense_slots(self.output)}


class LanguageModel(Twin):
    """Logits of the next token after each of the tokens."""

    def __init__(self, tokens: int, sizes: Sequence[int], *, cell: str = "lstm", rngs: nnx.Rngs):
        self.embedding = nnx.Embed(tokens, sizes[0], rngs=rngs)
        self.recurrent = Stack(sizes, cell=cell, rngs=rngs)
        self.output = nnx.Linear(sizes[-1], tokens, rngs=rngs)

    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Return the logits, (batch, time, tokens)."""
        return self.output(self.recurrent(self.embedding(tokens)))

    @classmethod
    def like(cls, params: PyTree, *, cell: str = "lstm") -> "LanguageModel":
        """Return the network of the sizes of ``params``; the setting is that of ``models.rnn_language.apply``."""
        return cls(params["output"]["W"].shape[1], _sizes(params, cell), cell=cell, rngs=nnx.Rngs(0))

    def slots(self) -> dict[str, Any]:
        """Return {"embedding", "recurrent", "output"}."""
        return {
            "embedding": {"W": slot(self.embedding.embedding)},
            "recurrent": self.recurrent.slots(),
            "output": dense_slots(self.output),
        }


def _sizes(params: PyTree, cell: str) -> list[int]:
    if cell == "gru":
        raise ValueError(
            "cell is 'gru', which has no twin in Flax: its GRU applies the reset gate after the product with Wh_n, "
            "ours before it, as published"
        )
    if cell not in CELLS:
        raise unknown("cell", cell, CELLS)
    rnn.require_cell(cell, params["recurrent"])
    return [params["recurrent"][0]["Wx"].shape[0], *(layer["Wh"].shape[0] for layer in params["recurrent"])]


def _cell(name: str, inputs: int, hidden: int, rngs: nnx.Rngs) -> Any:
    if name == "elman":
        return nnx.SimpleCell(inputs, hidden, dtype=None, rngs=rngs)  # the dtype of the weights, not always float32
    return CELLS[name](inputs, hidden, rngs=rngs)


def _cell_slots(cell: Any) -> dict[str, Slot]:
    """Return {"Wx", "Wh", "b"}: Flax, too, keeps the gates beside one another in the order i f g o."""
    biased = cell.dense_i if isinstance(cell, nnx.SimpleCell) else cell.dense_h
    return {"Wx": slot(cell.dense_i.kernel), "Wh": slot(cell.dense_h.kernel), "b": slot(biased.bias)}
