"""The references of lesson 10 are nnjax's own functions."""

import jax.numpy as jnp
import numpy as np
import pytest

from nnjax.exercises import lesson_10_milestones as lesson
from nnjax.exercises.inputs import materialise
from nnjax.grading.answer_key import plan
from nnjax.grading.judging import WRONG
from nnjax.models import gan, hopfield
from tests.exercises.judged import assert_alike, verdict

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


@pytest.mark.slow
@pytest.mark.parametrize(
    "order",
    [
        lambda n: [*range(0, n, 2), *range(1, n, 2)],
        lambda n: [*range(1, n), 0],
        lambda n: [*range(n), *range(n - 1, -1, -1)],
        lambda n: np.random.default_rng(0).permutation(n),
    ],
    ids=["even before odd", "from neuron 1", "to and fro", "at random"],
)
def test_neurons_in_another_order_are_wrong_and_not_called_a_sweep_too_many(order):
    for seed in range(10):
        found = verdict(
            lesson.hopfield_recall,
            lambda weights, state, steps: lesson._recall(weights, state, steps, order=order),
            seed,
        )
        assert found.status == WRONG
        assert found.sentence != "That is one sweep too many."


def test_a_batch_of_one_keeps_its_axis():
    def squeezed(weights, state):
        return jnp.squeeze(lesson.hopfield_energy.reference(weights, state))

    assert verdict(lesson.hopfield_energy, squeezed, 0).status == WRONG
