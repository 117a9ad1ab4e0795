"""Lesson 01: the reference solutions give what nnjax's own perceptron and ADALINE give."""

from nnjax.models import adaline, perceptron
from tests.exercises.judged import assert_alike


def test_references_are_the_models_functions():
    assert_alike("neuron", perceptron.apply)
    assert_alike("perceptron_update", perceptron.update)
    assert_alike("perceptron_train", lambda *case: perceptron.train(*case)[0])
    assert_alike("hebb_update", perceptron.hebb_update)
    assert_alike("adaline_update", adaline.update)
