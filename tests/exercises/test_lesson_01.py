"""Lesson 01: the reference solutions give what nnjax's own perceptron and ADALINE give."""

import jax
import numpy as np

from nnjax.exercises import get
from nnjax.exercises.inputs import materialise
from nnjax.grading.judging import plan
from nnjax.models import adaline, perceptron


def assert_alike(name, own):
    for seed in range(3):
        for case in plan(get(name), seed)[0]:
            came, right = get(name).reference(*materialise(case)), own(*materialise(case))
            jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), came, right)


def test_references_are_the_models_functions():
    assert_alike("neuron", perceptron.apply)
    assert_alike("perceptron_update", perceptron.update)
    assert_alike("perceptron_train", lambda *case: perceptron.train(*case)[0])
    assert_alike("hebb_update", perceptron.hebb_update)
    assert_alike("adaline_update", adaline.update)
