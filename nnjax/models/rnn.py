"""The recurrent classifier: a sequence is read step by step, and what is remembered at its end is classified.

A stack of recurrent layers (Elman, 1990), each reading the outputs of the one below, and a dense layer on the last
state of the topmost: logits = h_T W + b.
"""

from collections.abc import Sequence
from typing import Any

import jax
from jaxtyping import Array, Float, Num

from nnjax import layers, losses
from nnjax.checks import require_sizes, unknown
from nnjax.initializers import Key, glorot_uniform

Params = dict[str, Any]
Scalar = Float[Array, ""]

CELLS: dict[str, Any] = {"elman": layers.elman, "gru": layers.gru, "lstm": layers.lstm}
"""The recurrent layers by name."""
GATES = {"elman": 1, "gru": 3, "lstm": 4}
"""The number of blocks of columns in their weights."""


def init(key: Key, sizes: Sequence[int], *, cell: str = "lstm") -> Params:
    """Return {"recurrent": [layer, ...], "output": dense} for ``sizes`` = (inputs, hidden, ..., classes).

    ``cell``: "elman", "lstm" or "gru", the same as in ``apply``. Raises ValueError for fewer than three sizes, a size
    below 1, an unknown cell.
    """
    require_sizes("sizes", sizes, least=3)
    *keys, last = jax.random.split(key, len(sizes) - 1)
    output = layers.dense.init(last, sizes[-2], sizes[-1], initializer=glorot_uniform)
    return {"recurrent": stack_init(keys, sizes[:-1], cell=cell), "output": output}


def apply(
    params: Params, x: Float[Array, "batch time features"], *, cell: str = "lstm"
) -> Float[Array, "batch classes"]:
    """Return the logits of the classes after the last time step; an image (rows, columns) is read row by row.

    Raises ValueError for an empty sequence, wrong features, an unknown cell or layers that were made for another one.
    """
    outputs, _ = stack_apply(params["recurrent"], x, cell=cell)
    return layers.dense.apply(params["output"], outputs[:, -1])


def loss(
    params: Params, x: Float[Array, "batch time features"], targets: Num[Array, "batch *classes"], *, cell: str = "lstm"
) -> Scalar:
    """Return the cross-entropy of the logits with the labels."""
    return losses.cross_entropy(apply(params, x, cell=cell), targets)


def stack_init(keys: Sequence[Key], sizes: Sequence[int], *, cell: str) -> list[Params]:
    """Return recurrent layers one upon the other, of ``sizes`` = (inputs, hidden, ...), each from its own key."""
    _check_name(cell)
    return [CELLS[cell].init(*one) for one in zip(keys, sizes[:-1], sizes[1:], strict=True)]


def stack_apply(
    params: list[Params], xs: Float[Array, "batch time features"], states: list[Any] | None = None, *, cell: str
) -> tuple[Float[Array, "batch time hidden"], list[Any]]:
    """Return the outputs of the topmost layer at every time step, and the last state of each layer.

    ``states`` is where the layers begin (None: at zeros). Raises ValueError as ``apply`` does.
    """
    require_cell(cell, params)
    last = []
    for layer, state in zip(params, states or [None] * len(params), strict=True):
        xs, state = CELLS[cell].apply(layer, xs, state)
        last.append(state)
    return xs, last


def stack_step(
    params: list[Params], states: list[Any], x: Float[Array, "batch features"], *, cell: str
) -> tuple[Float[Array, "batch hidden"], list[Any]]:
    """Return the output of the topmost layer and the new states after one time step."""
    new = []
    for layer, state in zip(params, states, strict=True):
        new.append(CELLS[cell].step(layer, state, x))
        x = new[-1][0] if isinstance(new[-1], tuple) else new[-1]
    return x, new


def require_cell(cell: str, params: list[Params]) -> None:
    """Raise ValueError unless ``cell`` is known and the layers have its number of gates."""
    _check_name(cell)
    for layer in params:
        hidden, columns = layer["Wh"].shape
        if columns != GATES[cell] * hidden:
            made_for = {gates: name for name, gates in GATES.items()}.get(columns // hidden, "none of them")
            raise ValueError(f"cell is {cell!r}; the layer was made for {made_for!r}: init and apply must agree")


def _check_name(cell: str) -> None:
    if cell not in CELLS:
        raise unknown("cell", cell, CELLS)
