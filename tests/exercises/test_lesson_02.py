"""Lesson 02: the reference solutions give what nnjax's own losses, models and gradients by hand give."""

import jax
import numpy as np
import pytest

from nnjax import activations, losses, manual
from nnjax.exercises import get
from nnjax.exercises.inputs import materialise
from nnjax.grading.judging import plan
from nnjax.models import linear, logistic


def assert_alike(name, own):
    for seed in range(3):
        for case in plan(get(name), seed)[0]:
            came, right = get(name).reference(*materialise(case)), own(*materialise(case))
            jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), came, right)


def in_float64(function):
    return lambda *case: function(*jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), case))[1]


def test_losses_and_the_sigmoid_are_those_of_nnjax():
    assert_alike("squared_error", losses.squared_error)
    assert_alike("binary_cross_entropy", losses.binary_cross_entropy)
    assert_alike("sigmoid", activations.sigmoid)


@pytest.mark.parametrize(
    ("name", "model", "by_hand"),
    [
        ("linear_gradient", linear, manual.linear.loss_and_grads),
        ("logistic_gradient", logistic, manual.logistic.loss_and_grads),
    ],
)
def test_gradients_are_those_by_hand_and_by_jax(name, model, by_hand):
    assert_alike(name, in_float64(by_hand))
    assert_alike(name, jax.grad(model.loss))
