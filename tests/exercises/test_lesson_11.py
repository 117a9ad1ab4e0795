"""The references of lesson 11 agree with nnjax and JAX, and the sharded step is right on eight devices."""

import os
import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import flops
from nnjax.exercises import lesson_11_scaling as lesson
from nnjax.exercises.inputs import materialise
from nnjax.grading.answer_key import plan
from nnjax.grading.judging import WRONG
from tests.exercises.judged import verdict

ON_EIGHT = """
import jax
from nnjax.grading import running
from nnjax.grading.answer_key import plan
from nnjax.grading.judging import RIGHT, judge
from nnjax.exercises import get
from nnjax.exercises.lesson_11_scaling import NOT_CUT
from tests.exercises.answers.lesson_11_scaling import ANSWERS
assert jax.device_count() == 8
exercise = get("sharded_step")
cases, calls = plan(exercise, 0)
for body in (exercise.reference, *ANSWERS["sharded_step"]):
    found = judge(exercise.name, 0, running.run(body, cases, calls, 60))
    assert found.status == RIGHT, (body.__name__, found)
for mistake in exercise.mistakes:
    found = judge(exercise.name, 0, running.run(mistake.body, cases, calls, 60))
    assert found.sentence == mistake.sentence, (mistake.sentence, found)
for devices in (1, 2):
    for body in (exercise.reference, *ANSWERS["sharded_step"]):
        own = jax.make_mesh((devices,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
        elsewhere = lambda mesh, *others: body(own, *others)
        found = judge(exercise.name, 0, running.run(elsewhere, cases, calls, 60))
        assert found.sentence == NOT_CUT, (body.__name__, found)
"""


@pytest.mark.parametrize("seed", range(3))
def test_accumulated_gradients_are_those_of_one_big_batch(seed):
    for loss, params, batches in materialise(plan(lesson.accumulate_gradients, seed)[0]):
        whole = jax.tree.map(lambda *parts: jnp.concatenate(parts), *batches)
        came, right = lesson.accumulate_gradients.reference(loss, params, batches), jax.grad(loss)(params, whole)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), came, right)


def test_the_operations_are_those_that_nnjax_counts():
    for m, k, n in ((2, 3, 4), (5, 1, 7)):
        counted = flops.count(jnp.matmul, jnp.ones((m, k)), jnp.ones((k, n)))
        assert lesson.matmul_flops.reference(m, k, n) == counted


@pytest.mark.parametrize("seed", range(3))
def test_a_whole_number_must_be_exact(seed):
    def nearly(m, k, n):
        return 2 * m * k * n + m * k * n // 10_000_000

    found = verdict(lesson.matmul_flops, nearly, seed)
    assert found.status == WRONG
    assert re.fullmatch(r"The answer is \d{11,}; \d{11,} is right\.", found.sentence)
    found = verdict(lesson.matmul_flops, lambda m, k, n: 2.0 * m * k * n, seed)
    assert found.sentence == "The answer has dtype float64; integers are wanted."


@pytest.mark.slow
def test_a_sharded_step_is_judged_alike_on_eight_devices():
    asked = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    subprocess.run([sys.executable, "-c", ON_EIGHT], env={**os.environ, **asked}, check=True)
