"""The order of the Taylor remainder: two for a gradient, one for anything else."""

import numpy as np
import pytest

from nnjax.exercises.exercise import Loss
from nnjax.grading.taylor import order

LOSS = Loss(lambda case, p: float(np.mean(np.tanh(case[0] @ p["W"] + p["b"]) ** 2)), lambda case: case[1])


@pytest.mark.parametrize("seed", range(5))
def test_order_tells_a_gradient_from_a_wrong_one(seed):
    rng = np.random.default_rng(seed)
    x, params = rng.normal(size=(6, 3)), {"W": rng.normal(size=3), "b": rng.normal(size=())}
    h = np.tanh(x @ params["W"] + params["b"])
    dz = 2 * h * (1 - h**2) / len(x)
    right = {"W": x.T @ dz, "b": dz.sum()}
    assert order(LOSS, (x, params), right) > 1.9
    for wrong in ({"W": 2 * right["W"], "b": right["b"]}, {"W": right["W"], "b": -right["b"]}):
        assert order(LOSS, (x, params), wrong) < 1.3


def test_a_loss_that_is_linear_leaves_no_remainder():
    loss = Loss(lambda case, p: float(case[0] @ p), lambda case: case[1])
    w = np.array([1.0, -2.0])
    assert order(loss, (w, np.zeros(2)), w) == 2
    assert order(loss, (w, np.zeros(2)), 2 * w) < 1.1
