"""A step over several devices is marked on eight of them: what is right on one only is found."""

import pytest

from nnjax.exercises import get
from nnjax.grading import marking
from nnjax.grading.judging import RIGHT, WRONG
from nnjax.grading.sandbox import box
from nnjax.grading.submissions import students

SHARDED = """
import jax
from jax.sharding import PartitionSpec as P

def sharded_step(mesh, loss, params, batch, learning_rate):
    def step(params, batch):
        {grads}
        return jax.tree.map(lambda p, g: p - learning_rate * g, params, grads)

    return jax.shard_map(step, mesh=mesh, in_specs=(P(), P("data")), out_specs=P())(params, batch)
"""
PMEAN = 'grads = jax.grad(lambda p: jax.lax.pmean(loss(p, batch), "data"))(params)'
SUMMED = "grads = jax.grad(loss)(params, batch)"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("grads", "status", "said"), [(PMEAN, RIGHT, "Right."), (SUMMED, WRONG, "as many times too large as there are")]
)
def test_a_gradient_that_is_summed_over_the_devices_is_found(grads, status, said, sandbox, tmp_path):
    (tmp_path / "ada.py").write_text(SHARDED.format(grads=grads))
    (student,) = students(tmp_path)

    def run(kind, work, limits, cpu):
        return box.run(sandbox[kind], work, limits, cpu)

    (verdict,) = marking.mark(student, [get("sharded_step")], 1, run).verdicts
    assert verdict.status == status
    assert said in verdict.sentence
