"""Options of XLA: those that this version knows, in both forms, and programs that are kept."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np

from nnjax import compiling


def test_xla_knows_the_options_in_both_forms():
    x = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    quick = jax.jit(lambda x: jnp.tanh(x @ x.T).sum(axis=0), compiler_options=compiling.QUICK)
    np.testing.assert_allclose(quick(x), np.tanh(x @ x.T).sum(axis=0), rtol=1e-5, atol=1e-6)
    # XLA ends the process at an option that it does not know.
    environment = os.environ | {"XLA_FLAGS": compiling.flags(compiling.QUICK)}
    done = subprocess.run(
        [sys.executable, "-c", "import jax; print(jax.numpy.ones(3).sum())"],
        env=environment, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert float(done.stdout) == 3


def test_flags_are_written_as_xla_reads_them():
    assert compiling.flags({"xla_a": 0, "xla_b": False, "xla_c": True}) == "--xla_a=0 --xla_b=false --xla_c=true"


def test_the_users_own_flags_stay(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "")
    compiling.quickly()
    assert os.environ["XLA_FLAGS"] == ""
    monkeypatch.delenv("XLA_FLAGS")
    compiling.quickly()
    assert os.environ["XLA_FLAGS"] == compiling.flags(compiling.QUICK)


def test_what_is_compiled_is_found_again(tmp_path):
    program = "import jax; print(jax.jit(lambda x: jax.numpy.sin(x) + 1)(jax.numpy.ones(3)))"
    found = []
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", program], env=os.environ | compiling.keeping(tmp_path), check=True, timeout=120,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        found.append({path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()})
    assert found[0] == found[1]
    assert any(name.startswith("jit__lambda") for name in found[0])
