"""What is compiled beforehand for the boxes: JAX's own operations, and nothing of a right answer."""

import subprocess
import sys

import pytest

from nnjax.grading.sandbox import compiled


def test_only_single_operations_of_jax_are_given(tmp_path):
    own, folder = tmp_path / "own", tmp_path / "folder"
    own.mkdir()
    folder.mkdir()
    given = {"jit_add-0a1b-cache", "jit__reduce_sum-77-cache", "jit__where-9-cache", "jit_dot_general-12-cache",
             "jit__bowl-8-cache"}  # fmt: skip
    kept = {"jit_scan-1-cache", "jit_while-2-cache", "jit_of_those-3-cache", "jit_dense-4-cache", "jit_softmax-5-cache",
            "jit__attention-6-cache", "jit_bowl-8-cache", "jit_step-7-cache", "jit_add-0a1b-atime",
            "jit_add"}  # fmt: skip
    for name in given | kept:
        (own / name).touch()
    compiled.give(own, folder)
    assert {path.name for path in folder.iterdir()} == given
    assert {path.name for path in own.iterdir()} == kept


def test_no_operation_that_is_given_holds_a_function():
    """Whatever JAX compiles with a function inside must not be among the names."""
    import jax
    import jax.numpy as jnp

    with_functions = {
        "scan": lambda f: jax.lax.scan(lambda c, x: (f(c), x), 0.0, jnp.ones(2)),
        "while": lambda f: jax.lax.while_loop(lambda c: c < 1, f, 0.0),
        "cond": lambda f: jax.lax.cond(jnp.asarray(True), f, f, 0.0),
        "reduce_window": lambda f: jax.lax.reduce_window(jnp.ones(4), 0.0, lambda a, b: f(a) + b, (2,), (1,), "VALID"),
    }
    assert with_functions.keys() <= compiled.AROUND
    assert not compiled.AROUND & compiled.operations()


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    own, folder = tmp_path_factory.mktemp("own"), tmp_path_factory.mktemp("folder")
    environment = compiled.writing(own) | {"JAX_PLATFORMS": "cpu"}
    subprocess.run(
        [sys.executable, "-m", "nnjax.grading.sandbox.compiled", str(own), str(folder), "rnn_step", "rnn_apply"],
        env=environment, check=True, timeout=300,
    )  # fmt: skip
    return folder


def test_a_process_that_reads_them_compiles_no_operation_again_and_writes_none(filled):
    before = {path.name for path in filled.iterdir()}
    program = """
import jax._src.compiler as compiler
from nnjax.exercises import get
from nnjax.grading import running
from nnjax.grading.answer_key import plan
names = []
compile = compiler.backend_compile_and_load
def counting(*args, **kwargs):
    names.append(str(args[1].operation.attributes["sym_name"]))
    return compile(*args, **kwargs)
compiler.backend_compile_and_load = counting
exercise = get("rnn_step")
cases, calls = plan(exercise, 99)
assert not any(one.failure for one in running.run(exercise.reference, cases, calls, 60))
print(sorted(set(names)))
"""
    environment = compiled.reading(filled) | {"JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "['\"jit_of_those\"']"
    assert {path.name for path in filled.iterdir()} == before


def test_the_scan_of_a_reference_is_not_among_them(filled):
    names = {path.name.rsplit("-", 2)[0] for path in filled.iterdir()}
    assert {"jit_tanh", "jit_add"} <= names
    assert not names & {"jit_scan", "jit_of_those", "jit_rnn_apply", "jit_rnn_step"}
