"""The Hopfield network by hand (Hopfield, 1982): no loss, but an energy, E = -1/2 sum_ij W_ij s_i s_j.

W is symmetric with a zero diagonal, s_i is +1 or -1. The input of neuron i from all others is h_i = sum_j W_ij s_j.

Why E falls. Take out of the sum the terms that hold s_i; there are two of each, W_ij = W_ji, and W_ii = 0::

    E = -s_i h_i + terms without s_i                     dE/ds_i = -h_i               dE/ds = -W s

An update turns s_i over only where s_i h_i < 0. Then -s_i h_i goes from |h_i| to -|h_i|: E falls by 2 |h_i|. There are
finitely many states, so after finitely many such falls nothing moves any more.

Why Hebb's rule. E is linear in each weight, dE/dW_ij = -1/2 s_i s_j, so stepping against this slope at a pattern x,
W <- W + eta x x^T, digs a valley there. That is Hebb's rule, and summed over the patterns with eta = 1/N it is::

    W = 1/N X^T X, diagonal 0        (N, patterns) (patterns, N)

Why x^p is then a fixed point, if the patterns are few. Put it in, and split off its own term of the sum::

    h_i = 1/N sum_q sum_(j != i) x_qi x_qj x_pj = x_pi (N - 1)/N + 1/N sum_(q != p) x_qi sum_(j != i) x_qj x_pj

The first part has the right sign and size 1. The second, the crosstalk, is for random patterns a sum of about P N signs
over N, of size sqrt(P/N): what decides is the load P/N, and memory breaks down where it reaches 0.138.
"""

import numpy as np
from jaxtyping import Float, Num
from numpy import ndarray


def store(patterns: Num[ndarray, "patterns neurons"]) -> Float[ndarray, "neurons neurons"]:
    """Return W = 1/N X^T X with a zero diagonal."""
    weights = patterns.T @ patterns / patterns.shape[1]
    np.fill_diagonal(weights, 0)
    return weights


def energy(
    weights: Float[ndarray, "neurons neurons"], state: Num[ndarray, "batch neurons"]
) -> tuple[Float[ndarray, " batch"], ndarray]:
    """Return (E, cache), one energy for each state; the cache is h = s W, what reaches each neuron."""
    h = state @ weights
    return -0.5 * (h * state).sum(axis=1), h


def energy_backward(
    state: Num[ndarray, "batch neurons"], h: Float[ndarray, "batch neurons"], dE: Float[ndarray, " batch"]
) -> tuple[Float[ndarray, "batch neurons"], Float[ndarray, "neurons neurons"]]:
    """Return (ds, dW): -h for each state, and -1/2 s s^T summed over the states, both times dE."""
    return -dE[:, None] * h, -0.5 * (dE[:, None] * state).T @ state


def recall(
    weights: Float[ndarray, "neurons neurons"], state: Num[ndarray, "batch neurons"], steps: int = 1
) -> Num[ndarray, "batch neurons"]:
    """Return the states after ``steps`` sweeps: neuron after neuron takes the sign of h_i, and keeps its own at 0."""
    s = state.copy()
    for _ in range(steps):
        for i in range(len(weights)):
            h = s @ weights[i]
            s[:, i] = np.where(h == 0, s[:, i], np.sign(h))
    return s
