"""Lesson 02: the reference solutions give what nnjax's own losses, models and gradients by hand give."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import activations, losses, manual
from nnjax.exercises import get
from nnjax.grading.judging import RIGHT
from nnjax.models import linear, logistic
from tests.exercises.judged import assert_alike, verdict

WITHIN = {"rtol": 1e-4, "atol": 1e-5}


def in_float64(function):
    return lambda *case: function(*jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), case))[1]


def test_losses_and_the_sigmoid_are_those_of_nnjax():
    assert_alike("squared_error", losses.squared_error, **WITHIN)
    assert_alike("binary_cross_entropy", losses.binary_cross_entropy, **WITHIN)
    assert_alike("sigmoid", activations.sigmoid, **WITHIN)


@pytest.mark.parametrize(
    ("name", "model", "by_hand"),
    [
        ("linear_gradient", linear, manual.linear.loss_and_grads),
        ("logistic_gradient", logistic, manual.logistic.loss_and_grads),
    ],
)
def test_gradients_are_those_by_hand_and_by_jax(name, model, by_hand):
    assert_alike(name, in_float64(by_hand), **WITHIN)
    assert_alike(name, jax.grad(model.loss), **WITHIN)


def tail(z):
    return jnp.log1p(jnp.exp(-jnp.abs(z)))


@pytest.mark.parametrize(
    ("softplus", "has_a_corner"),
    [
        (lambda z: jnp.logaddexp(0, z), False),
        (jax.nn.softplus, False),
        (lambda z: jnp.where(z > 0, z + tail(z), tail(z)), True),
        (lambda z: jax.nn.relu(z) + tail(z), True),
    ],
)
def test_a_slope_that_is_wrong_at_0_is_remarked_and_costs_nothing(softplus, has_a_corner):
    exercise = get("binary_cross_entropy")
    found = verdict(exercise, lambda logits, d: jnp.mean(softplus(logits) - d * logits), 0)
    assert (found.status, found.points) == (RIGHT, exercise.points)
    assert ("at a logit of exactly 0" in found.remark) == has_a_corner
