"""The references of lesson 03 are nnjax's own functions, under the names of the exercises."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import activations, layers
from nnjax.exercises import get
from nnjax.exercises.inputs import materialise
from nnjax.grading.answer_key import plan
from nnjax.models import mlp
from tests.exercises.judged import assert_alike

OWN = {
    "dense": layers.dense.apply,
    "leaky_relu": lambda z, slope: activations.leaky_relu(z, slope=slope),
    "elu": lambda z, alpha: activations.elu(z, alpha=alpha),
    "maxout": layers.maxout.apply,
    "mlp_apply": mlp.apply,
    "mlp_init": mlp.init,
}


@pytest.mark.parametrize("name", OWN)
def test_references_agree_with_nnjax(name):
    assert_alike(name, OWN[name])


def test_xor_params_are_those_of_an_mlp():
    outputs = mlp.apply(get("xor_params").reference(), jnp.float32([[0, 0], [0, 1], [1, 0], [1, 1]]))
    np.testing.assert_array_equal(outputs, [[0], [1], [1], [0]])


def test_a_collapsed_network_computes_what_the_layers_do():
    for case in plan(get("collapse"), 0)[0]:
        (params,) = materialise(case)
        x = jax.random.normal(jax.random.key(0), (4, params[0]["W"].shape[0]))
        deep = mlp.apply(params, x, activation="identity")
        joined = layers.dense.apply(get("collapse").reference(params), x)
        np.testing.assert_allclose(joined, deep, rtol=1e-4, atol=1e-4)
