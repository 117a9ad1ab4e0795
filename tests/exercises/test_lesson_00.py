"""Lesson 00: the reference solutions give what nnjax's own functions, SciPy and Optax give."""

import numpy as np
import optax
import pytest
from scipy.spatial.distance import cdist

from nnjax import data, optimizers
from nnjax.exercises import get
from tests.exercises.judged import drawn, equal


def test_standardize_is_that_of_the_data_sets():
    for (x,) in drawn(get("standardize")):
        table = np.asarray(x)
        dataset = data.load("iris")._replace(x=table, x_test=table)
        right = data.standardize(dataset).x
        np.testing.assert_allclose(get("standardize").reference(x), right, rtol=1e-4, atol=1e-4)


def test_pairwise_distances_are_those_of_scipy():
    for x, y in drawn(get("pairwise_distances")):
        right = cdist(np.asarray(x, float), np.asarray(y, float))
        np.testing.assert_allclose(get("pairwise_distances").reference(x, y), right, rtol=1e-5)


@pytest.mark.parametrize("package", [optimizers, optax])
def test_sgd_update_is_the_optimizers(package):
    for params, grads, learning_rate in drawn(get("sgd_update")):
        optimizer = package.sgd(learning_rate)
        updates, _ = optimizer.update(grads, optimizer.init(params), params)
        right = optax.apply_updates(params, updates)
        equal(get("sgd_update").reference(params, grads, learning_rate), right)
