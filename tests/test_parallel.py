"""The sharded step: on eight simulated devices and in two processes the same as on one, and the errors in words."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nnjax import models, optimizers, parallel

ROOT = Path(__file__).parent.parent
ADAM = optimizers.adam(0.01)

# What all scripts start with: three steps of Adam on the rows that are given, on all devices that there are.
STEPS = """
import sys, warnings
warnings.simplefilter("error")
import jax
import numpy as np
from nnjax import models, optimizers, parallel

def loss(params, batch):
    return models.mlp.loss(params, *batch)

def steps(rows):
    x, labels = np.load(sys.argv[1])["x"][rows], np.load(sys.argv[1])["labels"][rows]
    mesh, optimizer = parallel.data_mesh(), optimizers.adam(0.01)
    params = models.mlp.init(jax.random.key(0), (5, 7, 3))
    params, state = parallel.replicate(mesh, (params, optimizer.init(params)))
    batch, values = parallel.scatter(mesh, (x, labels)), []
    for _ in range(3):
        params, state, value = parallel.step(mesh, loss, optimizer, params, state, batch)
        values.append(float(value))
    return batch, params, state, values
"""
ON_EIGHT = """
jax.config.update("jax_num_cpu_devices", 8)
batch, params, state, values = steps(slice(None))
assert len(batch[0].sharding.device_set) == jax.device_count() == 8
assert {shard.data.shape for shard in batch[0].addressable_shards} == {(3, 5)}
assert all(leaf.sharding.is_fully_replicated for leaf in jax.tree.leaves((params, state)))
text = parallel.step.lower(parallel.data_mesh(), loss, optimizers.adam(0.01), params, state, batch).compile().as_text()
assert "all-reduce" in text

# A text so long that attention walks over its batch in a loop, which XLA cannot cut.
gpt = models.transformer.init(jax.random.key(0), 11, width=16, layers=1, heads=4, length=256)
gpt, rest = parallel.replicate(parallel.data_mesh(), (gpt, optimizers.adam(0.01).init(gpt)))
tokens = parallel.scatter(parallel.data_mesh(), np.zeros((8, 256), np.int32))
def loss_of_text(params, tokens):
    return models.transformer.loss(params, tokens, tokens, heads=4)
long = parallel.step.lower(parallel.data_mesh(), loss_of_text, optimizers.adam(0.01), gpt, rest, tokens)
assert "all-gather" not in long.compile().as_text()

def refused(call, words):
    try:
        call()
    except ValueError as error:
        assert words in str(error), error
    else:
        raise AssertionError(words)

four, everyone = parallel.data_mesh(4), parallel.data_mesh()
assert four.devices.size == 4
refused(lambda: parallel.data_mesh(9), "devices is 9; JAX sees 8 here")
uneven = {"x": np.ones((8, 2)), "y": np.ones(6)}
refused(lambda: parallel.scatter(everyone, uneven), "batch['y'] has shape (6,); its first axis cannot be cut into 8")
np.savez(sys.argv[2], *jax.tree.leaves(params), np.array(values))
"""
IN_TWO = """
jax.config.update("jax_num_cpu_devices", 2)
process = int(sys.argv[4])
jax.distributed.initialize(sys.argv[3], 2, process, initialization_timeout=60)
assert (jax.process_count(), jax.device_count(), jax.local_device_count()) == (2, 4, 2)
batch, params, state, values = steps(slice(12 * process, 12 * process + 12))
assert batch[0].shape == (24, 5)
assert {shard.data.shape for shard in batch[0].addressable_shards} == {(6, 5)}
if process == 1:
    try:
        parallel.scatter(parallel.data_mesh(2), np.ones((4, 2)))
    except ValueError as error:
        assert str(error) == "the mesh has no device of this process, which is number 1", error
    else:
        raise AssertionError
np.savez(f"{sys.argv[2]}{process}", *map(np.asarray, jax.tree.leaves(params)), np.array(values))
"""


def loss(params, batch):
    return models.mlp.loss(params, *batch)


@pytest.fixture
def rows(tmp_path):
    """Return a file with 24 random samples, and the samples."""
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(24, 5)).astype(np.float32), rng.integers(0, 3, 24).astype(np.int32)
    np.savez(tmp_path / "rows.npz", x=x, labels=labels)
    return tmp_path / "rows.npz", (jnp.asarray(x), jnp.asarray(labels))


def on_one(batch):
    """Return the leaves and the losses of three plain steps."""
    params = models.mlp.init(jax.random.key(0), (5, 7, 3))
    state, values = ADAM.init(params), []
    for _ in range(3):
        value, grads = jax.value_and_grad(loss)(params, batch)
        updates, state = ADAM.update(grads, state, params)
        params = jax.tree.map(jnp.add, params, updates)
        values.append(float(value))
    return [*jax.tree.leaves(params), np.array(values)]


def start(code, *arguments):
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""}
    command = [sys.executable, "-c", STEPS + code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def end(*processes):
    """Wait for all; kill them all when one fails or takes too long."""
    try:
        for process in processes:
            _, errors = process.communicate(timeout=180)
            assert process.returncode == 0, errors
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def same(file, expected):
    with np.load(file) as found:
        for mine, theirs in zip(found.values(), expected, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=2e-6)


def test_a_step_on_all_devices_here_is_the_plain_one(rows):
    mesh = parallel.data_mesh()
    params = models.mlp.init(jax.random.key(0), (5, 7, 3))
    params, state = parallel.replicate(mesh, (params, ADAM.init(params)))
    batch, values = parallel.scatter(mesh, rows[1]), []
    for _ in range(3):
        params, state, value = parallel.step(mesh, loss, ADAM, params, state, batch)
        values.append(float(value))
    for mine, theirs in zip([*jax.tree.leaves(params), np.array(values)], on_one(rows[1]), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=2e-6)


def test_the_arguments_stay_as_they_are(rows):
    mesh = parallel.data_mesh()
    params = parallel.replicate(mesh, models.mlp.init(jax.random.key(0), (5, 7, 3)))
    before = jax.tree.map(np.array, params)
    parallel.step(mesh, loss, ADAM, params, ADAM.init(params), parallel.scatter(mesh, rows[1]))
    jax.tree.map(np.testing.assert_array_equal, params, before)


@pytest.mark.parametrize("devices", [0, -1, 1000])
def test_a_mesh_of_devices_that_are_not_there_is_refused(devices):
    with pytest.raises(ValueError, match=f"devices is {devices}; JAX sees {jax.device_count()} here"):
        parallel.data_mesh(devices)


@pytest.mark.parametrize("leaf", [np.float32(1), np.zeros((0, 3), np.float32)])
def test_a_leaf_without_rows_is_named(leaf):
    with pytest.raises(ValueError, match=r"batch\[1\] has shape .*; its first axis cannot be cut into"):
        parallel.scatter(parallel.data_mesh(), (np.ones((8, 2), np.float32), leaf))


@pytest.mark.slow
def test_eight_devices_make_the_same_steps(rows, tmp_path):
    end(start(ON_EIGHT, rows[0], tmp_path / "eight.npz"))
    same(tmp_path / "eight.npz", on_one(rows[1]))


@pytest.mark.slow
def test_two_processes_make_the_same_steps(rows, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    end(*(start(IN_TWO, rows[0], tmp_path / "process", address, process) for process in (0, 1)))
    for process in (0, 1):
        same(tmp_path / f"process{process}.npz", on_one(rows[1]))
