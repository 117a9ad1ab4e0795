"""What a box does not import is there for whoever asks for it, and JAX works without it."""

import os
import subprocess
import sys

import pytest

from nnjax.grading.sandbox.unneeded import NAMES

BEGIN = """
from nnjax.grading.sandbox.unneeded import NAMES, left_out
with left_out():
    import jax
"""


def said(program: str) -> str:
    # JAX has long been imported in this process.
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ | {"JAX_PLATFORMS": "cpu"}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_jax_asks_for_each_of_them() -> None:
    program = "import sys, jax, jaxlib.mlir.dialects.mhlo; from nnjax.grading.sandbox.unneeded import NAMES\n"
    assert said(program + "print([name for name in NAMES if name not in sys.modules])") == "[]\n"


@pytest.mark.parametrize("name", NAMES)
def test_who_asks_afterwards_gets_the_module_whole(name: str) -> None:
    parent, _, child = name.rpartition(".")
    same = f"import {name}; print(len(vars({name})))\n" + (
        f"from {parent} import {child} as m; print(len(vars(m)))" * bool(parent)
    )
    left, whole = said(BEGIN + same), said("import jax\n" + same)
    assert left == whole


def test_kernels_in_pallas_work():
    program = """
from jax.experimental import pallas as pl
import jax.experimental.pallas.tpu
import jax.numpy as jnp
def double(x, y):
    y[...] = 2 * x[...]
x = jnp.arange(8.0)
print(pl.pallas_call(double, out_shape=x, interpret=True)(x))
"""
    assert said(BEGIN + program) == said(program)


def test_numbers_and_gradients_are_as_ever() -> None:
    program = (
        "import jax, jax.numpy as jnp\nx = jnp.linspace(-1.0, 2.0, 12).reshape(3, 4)\n"
        "f = lambda x: jnp.sum(jax.nn.softmax(jnp.sin(x) @ x.T) * jnp.linalg.norm(x))\n"
        "print(jax.jit(jax.value_and_grad(f))(x))\n"
    )
    assert said(BEGIN + program) == said(program)
