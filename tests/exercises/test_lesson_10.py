"""The references of lesson 10 are nnjax's own functions."""

import numpy as np
import pytest

from nnjax.exercises import lesson_10_milestones as lesson
from nnjax.exercises.inputs import materialise
from nnjax.grading.answer_key import plan
from nnjax.models import gan, hopfield
from tests.exercises.judged import assert_alike

SAME = {
    "hopfield_store": hopfield.store,
    "hopfield_energy": hopfield.energy,
    "gan_losses": gan.losses,
}


@pytest.mark.parametrize("name", SAME)
def test_a_reference_equals_nnjax(name):
    assert_alike(name, SAME[name], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_recall_equals_nnjax(seed):
    for weights, state, steps in materialise(plan(lesson.hopfield_recall, seed)[0]):
        own = hopfield.recall(weights, state, steps)
        assert np.array_equal(lesson.hopfield_recall.reference(weights, state, steps), own)
