"""Lesson 00: the reference solutions give what nnjax's own functions, SciPy and Optax give."""

import jax
import numpy as np
import optax
import pytest
from scipy.spatial.distance import cdist

from nnjax import data, optimizers
from nnjax.exercises import get
from nnjax.exercises.inputs import materialise
from nnjax.grading.judging import plan


def cases(name):
    return [materialise(case) for seed in range(3) for case in plan(get(name), seed)[0]]


def test_standardize_is_that_of_the_data_sets():
    for (x,) in cases("standardize"):
        table = np.asarray(x)
        dataset = data.load("iris")._replace(x=table, x_test=table)
        right = data.standardize(dataset).x
        np.testing.assert_allclose(get("standardize").reference(x), right, rtol=1e-4, atol=1e-4)


def test_pairwise_distances_are_those_of_scipy():
    for x, y in cases("pairwise_distances"):
        right = cdist(np.asarray(x, float), np.asarray(y, float))
        np.testing.assert_allclose(get("pairwise_distances").reference(x, y), right, rtol=1e-5)


@pytest.mark.parametrize("package", [optimizers, optax])
def test_sgd_update_is_the_optimizers(package):
    for params, grads, learning_rate in cases("sgd_update"):
        optimizer = package.sgd(learning_rate)
        updates, _ = optimizer.update(grads, optimizer.init(params), params)
        right = optax.apply_updates(params, updates)
        came = get("sgd_update").reference(params, grads, learning_rate)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), came, right)
