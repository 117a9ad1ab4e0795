"""The network of self-play by hand (Silver et al., 2017): one trunk, two heads, two errors that meet again.

Forward, x the board seen from the side of the player to move (own stones 1, the opponent's -1)::

    h = trunk(x)          z = h W_p + b_p, p = softmax over the empty squares          v = tanh(a), a = h . w_v + b_v

    E = 1/n sum [ -sum_k s_k log p_k + 1/2 (v - q)^2 ]          s the search's shares, q what came of them

Backward. The two heads are two losses, each with its well-known beginning::

    dz = (p - s) / n          0 on taken squares, where both are 0
    da = (v - q) / n * (1 - v^2)

h feeds both heads, so what they send back adds up, and one backward pass takes it through the trunk::

    dh = dz W_p^T + da w_v^T
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Real
from numpy import ndarray

from nnjax.manual import dense, losses, mlp

Params = dict[str, Any]
Outputs = tuple[Float[ndarray, "batch 9"], Float[ndarray, " batch"]]
IMPOSSIBLE = -1e9


def forward(params: Params, boards: Real[ndarray, "batch 9"]) -> tuple[Outputs, Any]:
    """Return ((logits, values), cache); the logits of taken squares are -1e9."""
    x = boards * (1.0 - 2 * boards.sum(axis=1, keepdims=True))
    h, trunk = mlp.forward(params["trunk"], x, output_activation="relu")
    z, policy = dense.forward(params["policy"], h)
    a, value = dense.forward(params["value"], h)
    v = np.tanh(a)
    return (np.where(boards == 0, z, IMPOSSIBLE), v), (boards == 0, v, trunk, policy, value)


def backward(params: Params, cache: Any, dlogits: Float[ndarray, "batch 9"], dv: Float[ndarray, " batch"]) -> Params:
    """Return the gradients, shaped like params, from those by the logits and the values."""
    empty, v, trunk, policy, value = cache
    dh_policy, policy_grads = dense.backward(params["policy"], policy, np.where(empty, dlogits, 0.0))
    dh_value, value_grads = dense.backward(params["value"], value, dv * (1 - v**2))
    _, trunk_grads = mlp.backward(params["trunk"], trunk, dh_policy + dh_value, output_activation="relu")
    return {"trunk": trunk_grads, "policy": policy_grads, "value": value_grads}


def loss_and_grads(
    params: Params, boards: Real[ndarray, "batch 9"], targets: tuple[Float[ndarray, "batch 9"], Real[ndarray, " batch"]]
) -> tuple[Any, Params]:
    """Return (E, grads), that of ``jax.value_and_grad(models.selfplay.loss)``; ``targets`` = (shares, worth)."""
    shares, worth = targets
    (logits, v), cache = forward(params, boards)
    policy_loss, dlogits = losses.cross_entropy(logits, shares)
    value_loss, dv = losses.squared_error(v, worth)
    return policy_loss + value_loss, backward(params, cache, dlogits, dv)
