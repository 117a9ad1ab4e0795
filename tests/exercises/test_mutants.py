"""What mutants there are, and that those of an exercise that are judged right give what the reference gives."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax.exercises import get
from nnjax.exercises.inputs import materialise
from nnjax.grading.answer_key import plan
from tests.exercises.mutants import mutants, survivors


def half_sum(x, y):
    """Return something to change."""
    total = jnp.sum(x - y[1:], axis=0)
    return -total if total > 2 else total


def test_a_function_is_changed_in_one_place_at_a_time():
    assert {words for words, _ in mutants(half_sum)} == {
        "total = jnp.sum(x - y[1:], axis=0)  ->  pass",
        "-total if total > 2 else total  ->  -total",
        "-total if total > 2 else total  ->  total",
        "-total  ->  total",
        "total > 2  ->  total >= 2",
        "total > 2  ->  total < 2",
        *(f"2  ->  {number}" for number in ("3", "1", "-2", "2.02", "4")),
        "jnp.sum(x - y[1:], axis=0)  ->  x - y[1:]",
        "jnp.sum(x - y[1:], axis=0)  ->  jnp.sum(x - y[1:])",
        "jnp.sum(x - y[1:], axis=0)  ->  jnp.mean(x - y[1:], axis=0)",
        "0  ->  1",
        "0  ->  -1",
        "x - y[1:]  ->  x",
        "x - y[1:]  ->  y[1:]",
        "x - y[1:]  ->  y[1:] - x",
        "x - y[1:]  ->  x + y[1:]",
        "y[1:]  ->  y",
        "1:  ->  :",
        *(f"1  ->  {number}" for number in ("2", "0", "-1", "1.01")),
    }


def test_a_mutant_is_a_function_and_the_original_stays():
    changed = dict(mutants(half_sum))
    x, y = jnp.array([3.0, 4.0]), jnp.array([0.0, 1.0, 2.0])
    assert changed["x - y[1:]  ->  x + y[1:]"](x, y) == -10
    assert half_sum(x, y) == -4


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["neuron", "maxout", "mlp_apply", "dense_backward", "max_pool", "attention"])
def test_mutants_that_are_judged_right_give_the_right_values_on_other_seeds(name):
    exercise = get(name)
    for words, mutant in survivors(exercise):
        for seed in range(10, 20):
            for case in materialise(plan(exercise, seed)[0]):
                came, right = mutant(*case), exercise.reference(*case)
                same = partial(np.testing.assert_allclose, rtol=1e-3, atol=1e-3, err_msg=words)
                # Of an array also nested lists are right, which are no tree of arrays.
                if isinstance(right, jax.Array):
                    same(np.asarray(came, float), right)
                else:
                    jax.tree.map(lambda right, came, same=same: same(np.asarray(came, float), right), right, came)
