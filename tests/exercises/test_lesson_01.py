"""Lesson 01: the reference solutions give what nnjax's own perceptron and ADALINE give."""

import pytest

from nnjax.exercises import get
from nnjax.grading.judging import WRONG
from nnjax.models import adaline, perceptron
from tests.exercises.judged import assert_alike, verdict


def test_references_are_the_models_functions():
    assert_alike("neuron", perceptron.apply)
    assert_alike("perceptron_update", perceptron.update)
    assert_alike("perceptron_train", lambda *case: perceptron.train(*case)[0])
    assert_alike("hebb_update", perceptron.hebb_update)
    assert_alike("adaline_update", adaline.update)


@pytest.mark.parametrize("seed", range(5))
def test_the_very_last_sample_of_the_training_counts(seed):
    def without_it(params, xs, ys, learning_rate, epochs):
        params, _ = perceptron.train(params, xs, ys, learning_rate, epochs - 1)
        return perceptron.train(params, xs[:-1], ys[:-1], learning_rate, 1)[0]

    assert verdict(get("perceptron_train"), without_it, seed, laws=False).status == WRONG
